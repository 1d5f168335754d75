//! Signals: events that happen to a message, a run, a recipient, an audience, or in another system.
//!
//! # Receivers
//! Runs that [wait](crate::workflows::Wait) for an event, and the organisation's own systems,
//! through a [`Listener`]. Both are notified in the transaction of the event. So an event that is
//! rolled back is never reported, and a reported event cannot get lost.
//!
//! # Cost
//! Usually no run waits and no system listens. So an event is first named in a few words, and one
//! query answers if there is a receiver. Only then are its details read.
//!
//! # Waiting
//! A run that reaches such a step stores a row that describes the event, in the transaction that
//! writes the run. A later event finds the row, and enqueues a job that checks the step's
//! [conditions](campanile_documents::waits::conditions). If they hold, this job takes the row and
//! the run goes on in it. A job for the end of the waiting time also tries to take the row. Only
//! one job can take it, so exactly one of them continues the run, even if several come at the same
//! time.

mod queries;

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::{BoxFuture, Tx};
use serde_json::{Map, Value, json};

use crate::messages::{self, Event, EventKind, Message};
use crate::runs::resume_job::look_job;
use crate::{Notify, Reference};

pub(crate) use campanile_documents::waits::{AwaitedEvent, conditions, left};
pub(crate) use queries::{Waiting, forget, open, take};

/// The systems of an organisation that are notified of events, beside its runs.
pub trait Listener: Send + Sync {
    /// True if any system of the organisation wants to be notified.
    fn listens<'t>(&'t self, tx: &'t mut Tx, organisation: &'t OrganisationId) -> BoxFuture<'t, Result<bool>>;

    /// Notifies the organisation's systems.
    fn tell<'t>(
        &'t self,
        tx: &'t mut Tx,
        organisation: &'t OrganisationId,
        news: Vec<SignalNotice>,
    ) -> BoxFuture<'t, Result<()>>;
}

/// A notice for a listener: one of the documented events, as `message.read`.
#[derive(Debug, Clone)]
pub struct SignalNotice {
    /// The name of the event.
    pub event: String,
    /// The time of the event.
    pub at: Timestamp,
    /// The message, run or document, as the API shows it.
    pub data: Value,
    /// Further data of the event.
    pub event_data: Option<Value>,
}

/// An event, in few words.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// Lines were added to a message's log.
    Message { id: String, lines: String },
    /// A run has begun, ended, or gone wrong.
    Run { event: &'static str, workflow: String, recipient: Reference, data: Map<String, Value>, view: Value },
    /// The properties of a recipient have changed.
    Recipient { whom: Reference, properties: Map<String, Value> },
    /// A user was added to an audience, or removed from it.
    Audience { event: &'static str, key: String, user: String },
    /// Another system has reported an event.
    Source { event: String, whom: Reference, data: Value },
    /// A document was written, or committed.
    Document { event: String, view: Value, event_data: Option<Value> },
}

/// The kinds of receivers that an event has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interest {
    is_awaited: bool,
    listens: bool,
}

/// An event with the details that its receivers get.
struct Signal {
    event: String,
    /// The source: `workflow/welcome`, or the key of an audience.
    source: String,
    recipient: Option<Reference>,
    /// The data on which conditions are evaluated.
    about: Value,
    news: Option<SignalNotice>,
}

impl Happening {
    pub(crate) fn message(message: &Message) -> Self {
        Self::Message { id: message.id.clone(), lines: message.log.clone() }
    }

    /// The names that runs can wait for; empty if no run can wait for the event.
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

/// Notifies all receivers of these events.
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

/// The receivers of these events; `None` if no run waits for one of them and no system listens.
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

/// Notifies the receivers that [`interest`] has found.
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

/// Enqueues jobs for the runs that wait for one of these signals.
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
        signals
            .iter()
            .filter(is_it)
            .map(|signal| look_job(organisation, &waiting.run, waiting.pause, signal.about.clone()))
    });
    notify.engine.enqueue_all(tx, jobs.collect()).await.map(drop).map_err(Error::from)
}

/// Reads the details of events.
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
                signals.extend(messages::events_in(&id, &lines)?.into_iter().map(|event| of_message(message, event)));
            }
            Happening::Run { event, workflow, recipient, data, view } => {
                let word = format!("workflow.{event}");
                let about = json!({ "type": word, "data": data, "workflow_recipient_run": view });
                let news = SignalNotice {
                    event: format!("workflow_recipient_run.{event}"),
                    at: now,
                    data: view,
                    event_data: None,
                };
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
                let news = SignalNotice { event: event.clone(), at: now, data: view, event_data };
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
    // The listener is not told of the first steps of a message: they are known to the system that
    // triggered it.
    let is_told = event.kind.is_told();
    let news = is_told.then(|| SignalNotice { event: name.clone(), at: event.at, data: view, event_data: event.data });
    let source = format!("{}/{}", message.source.kind, message.source.key);
    Signal { event: name, source, recipient: Some(message.recipient.clone()), about, news }
}

/// A signal that only runs wait for.
fn of_others(event: String, source: String, whom: Reference, about: Value) -> Signal {
    Signal { event, source, recipient: Some(whom), about, news: None }
}

/// Reports an event from another system, for each recipient that it names.
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
