//! Signals: something has happened, to a message, a run, a recipient, an audience, or in a system of others.
//!
//! # Who hears of it
//! Runs that [wait](crate::workflows::Wait) for it, and the organisation's own systems, by a [`Listener`]. Both hear of it in the transaction
//! in which it happens: what is rolled back was never told, and what is told cannot get lost.
//!
//! # What it costs
//! Mostly nobody waits, and nobody listens. So what has happened is named first, in a few words, and one question answers whether anybody
//! wants to know; only then is it read and put together.
//!
//! # Waiting
//! A run that comes to such a step leaves a row behind with what it waits for, in the transaction that writes the run. What happens later
//! finds the row and lets a job look whether the [conditions](wanted) of the step hold; the job that finds them good takes the row, and the
//! run goes on in it. The job that comes when the time is over takes the row, too: so one of them does, whatever comes at the same time.

mod queries;
mod wanted;

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::{BoxFuture, Tx};
use serde_json::{Map, Value, json};

use crate::messages::{self, Event, EventKind, Message};
use crate::{Notify, Reference, runs};

pub(crate) use queries::{Waiting, forget, open, take};
pub(crate) use wanted::check;
pub(crate) use wanted::{Wanted, conditions, left};

/// Whom an organisation lets know of what happens, beside its runs.
pub trait Listener: Send + Sync {
    /// Whether anybody listens.
    fn listens<'t>(&'t self, tx: &'t mut Tx, organisation: &'t OrganisationId) -> BoxFuture<'t, Result<bool>>;

    /// Tells of something.
    fn tell<'t>(
        &'t self,
        tx: &'t mut Tx,
        organisation: &'t OrganisationId,
        news: Vec<News>,
    ) -> BoxFuture<'t, Result<()>>;
}

/// Something to be told: the documented events, as `message.read`.
#[derive(Debug, Clone)]
pub struct News {
    /// What has happened.
    pub event: String,
    /// When.
    pub at: Timestamp,
    /// To what, as the API shows it.
    pub data: Value,
    /// What else there is to say.
    pub event_data: Option<Value>,
}

/// What has happened, in few words.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// Lines were added to a message's log.
    Message { id: String, lines: String },
    /// A run has begun, ended, or gone wrong.
    Run { event: &'static str, workflow: String, recipient: Reference, data: Map<String, Value>, view: Value },
    /// Something else is known of a recipient.
    Recipient { whom: Reference, properties: Map<String, Value> },
    /// Somebody has come to an audience, or has left it.
    Audience { event: &'static str, key: String, user: String },
    /// A system of others has told of something.
    Source { event: String, whom: Reference, data: Value },
    /// A document was written, or committed.
    Document { event: String, view: Value, event_data: Option<Value> },
}

/// Who wants to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interest {
    is_awaited: bool,
    listens: bool,
}

/// Something that has happened, as those are told who wait and listen.
struct Signal {
    event: String,
    /// What it has happened to: `workflow/welcome`, or the key of an audience.
    source: String,
    recipient: Option<Reference>,
    /// What conditions are asked of.
    about: Value,
    news: Option<News>,
}

impl Happening {
    pub(crate) fn message(message: &Message) -> Self {
        Self::Message { id: message.id.clone(), lines: message.log.clone() }
    }

    /// The words that are waited for; none where nobody can.
    fn events(&self) -> Vec<String> {
        match self {
            Self::Message { lines, .. } => messages::kinds_in(lines).map(EventKind::name).collect(),
            Self::Run { event, .. } => vec![format!("workflow.{event}")],
            Self::Recipient { .. } => vec!["recipient.updated".to_owned()],
            Self::Audience { event, .. } => vec![format!("audience.{event}")],
            Self::Source { .. } => vec!["source.event".to_owned()],
            Self::Document { .. } => Vec::new(),
        }
    }
}

/// Lets everybody know who waits or listens.
///
/// # Errors
/// What the database says.
pub(crate) async fn raise(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    happened: Vec<Happening>,
) -> Result<()> {
    if happened.is_empty() {
        return Ok(());
    }
    let mut events: Vec<String> = happened.iter().flat_map(Happening::events).collect();
    events.sort_unstable();
    events.dedup();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    match interest(tx, notify, organisation, &events).await? {
        Some(interest) => tell(tx, notify, organisation, interest, happened).await,
        None => Ok(()),
    }
}

/// Whether anybody waits for one of these events, or anybody listens at all.
///
/// # Errors
/// What the database says.
pub(crate) async fn interest(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    events: &[&str],
) -> Result<Option<Interest>> {
    let is_awaited = queries::is_awaited(tx, organisation, events).await?;
    let listens = match notify.listener.get() {
        Some(listener) => listener.listens(tx, organisation).await?,
        None => false,
    };
    Ok((is_awaited || listens).then_some(Interest { is_awaited, listens }))
}

/// Lets those know who are [interested](interest).
///
/// # Errors
/// What the database says.
pub(crate) async fn tell(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    interest: Interest,
    happened: Vec<Happening>,
) -> Result<()> {
    let signals = signals(tx, organisation, happened, notify.clock.now()).await?;
    if interest.is_awaited {
        wake(tx, notify, organisation, &signals).await?;
    }
    match notify.listener.get().filter(|_| interest.listens) {
        Some(listener) => {
            let news = signals.into_iter().filter_map(|signal| signal.news).collect();
            listener.tell(tx, organisation, news).await
        }
        None => Ok(()),
    }
}

/// Lets the runs look that wait for one of these.
async fn wake(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, signals: &[Signal]) -> Result<()> {
    let asked = signals.iter().filter_map(|signal| Some((signal.event.as_str(), signal.recipient.as_ref()?)));
    let asked: Vec<(&str, &Reference)> = asked.collect();
    let waiting = queries::waiting(tx, organisation, &asked).await?;
    let jobs = waiting.iter().flat_map(|waiting| {
        let is_it = |signal: &&Signal| {
            signal.event == waiting.event
                && signal.source == waiting.source
                && signal.recipient.as_ref() == Some(&waiting.recipient)
        };
        signals.iter().filter(is_it).map(|signal| runs::look_job(organisation, waiting, signal.about.clone()))
    });
    notify.engine.enqueue_all(tx, jobs.collect()).await.map(drop).map_err(Error::from)
}

/// Puts together what has happened.
async fn signals(
    tx: &mut Tx,
    organisation: &OrganisationId,
    happened: Vec<Happening>,
    now: Timestamp,
) -> Result<Vec<Signal>> {
    let named = happened.iter().filter_map(|happening| match happening {
        Happening::Message { id, .. } => Some(id.clone()),
        _ => None,
    });
    let named: Vec<String> = named.collect();
    let found = messages::these(tx, organisation, &named).await?;
    let found: HashMap<&str, &Message> = found.iter().map(|message| (message.id.as_str(), message)).collect();
    let mut signals = Vec::new();
    for happening in happened {
        match happening {
            Happening::Message { id, lines } => {
                let Some(message) = found.get(id.as_str()) else { continue };
                signals.extend(messages::events_in(&id, &lines).into_iter().map(|event| of_message(message, event)));
            }
            Happening::Run { event, workflow, recipient, data, view } => {
                let word = format!("workflow.{event}");
                let about = json!({ "type": word, "data": data, "workflow_recipient_run": view });
                let news =
                    News { event: format!("workflow_recipient_run.{event}"), at: now, data: view, event_data: None };
                let (recipient, news) = (Some(recipient), Some(news));
                signals.push(Signal { event: word, source: workflow, recipient, about, news });
            }
            Happening::Recipient { whom, properties } => {
                let about = json!({ "type": "recipient.updated", "data": properties });
                signals.push(of_others("recipient.updated".to_owned(), String::new(), whom, about));
            }
            Happening::Audience { event, key, user } => {
                let event = format!("audience.{event}");
                let about = json!({ "type": event, "audience_key": key, "data": {} });
                signals.push(of_others(event, key, Reference::user(user), about));
            }
            Happening::Source { event, whom, data } => {
                let about = json!({ "type": event, "data": data });
                signals.push(of_others("source.event".to_owned(), event, whom, about));
            }
            Happening::Document { event, view, event_data } => {
                let news = News { event: event.clone(), at: now, data: view, event_data };
                let (source, about) = Default::default();
                signals.push(Signal { event, source, recipient: None, about, news: Some(news) });
            }
        }
    }
    Ok(signals)
}

fn of_message(message: &Message, event: Event) -> Signal {
    let name = event.kind.name();
    let view = message.view(None);
    let mut about = view.clone();
    about["type"] = Value::String(name.clone());
    about["event_data"] = event.data.clone().unwrap_or_default();
    // How a message began is not told: it is known to whom triggered it.
    let is_told = event.kind.is_told();
    let news = is_told.then(|| News { event: name.clone(), at: event.at, data: view, event_data: event.data });
    let source = format!("{}/{}", message.source.kind, message.source.key);
    Signal { event: name, source, recipient: Some(message.recipient.clone()), about, news }
}

/// What only runs wait for.
fn of_others(event: String, source: String, whom: Reference, about: Value) -> Signal {
    Signal { event, source, recipient: Some(whom), about, news: None }
}

/// Tells of what a system of others has sent, for each recipient that it names.
///
/// # Errors
/// What the database says.
pub async fn of_source(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    event: &str,
    data: &Value,
) -> Result<()> {
    let named = ["user_id", "userId", "recipient"].into_iter().filter_map(|name| data.get(name));
    let listed = data.get("recipients").and_then(Value::as_array).into_iter().flatten();
    let whom = named.chain(listed).filter_map(|named| Reference::parse(named).ok());
    let happened =
        whom.map(|whom| Happening::Source { event: event.to_owned(), whom, data: data.clone() }).collect::<Vec<_>>();
    raise(tx, notify, organisation, happened).await
}
