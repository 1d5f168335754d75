//! How messages are accepted: together, each wholly or not at all.
//!
//! One transaction stores the messages of a group and their deliveries. A message whose event id is taken is
//! refused by itself. A repeated request (same caller, same idempotency key) is answered with the
//! message that the first one made: the key is stored with the message, so whether the first
//! came through needs no second guess, not even after a crash.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::{Apply, Lane, Tx};

use super::{Message, MessageId, NewMessage, To, queries};
use crate::Webhooks;
use crate::applications::{self, Application, ApplicationId, queries as application_queries};
use crate::delivery;
use crate::directory::{Entry, Pace};
use crate::lines::{Joining, Waiting};

/// For how long a repeated request is answered with the message of the first.
const REPEATS: Duration = Duration::from_secs(12 * 3600);

/// A message on its way in.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    caller: Arc<Caller>,
    to: To,
    new: NewMessage,
    /// The hash of the request, if it says that it may be repeated.
    request: Option<String>,
}

/// What became of a message that was handed in.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The message.
    pub message: Arc<Message>,
    /// Whether an earlier request made it.
    pub is_repeat: bool,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no such application.
    NoApplication,
    /// The application has a message with this event id.
    EventIdTaken,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoApplication => Error::NotFound("application"),
            Refused::EventIdTaken => Error::conflict("A message with that eventId already exists"),
        }
    }
}

pub(crate) type Accepts = Lane<Asked, std::result::Result<Accepted, Refused>>;

/// Starts the lane of messages.
fn lane(webhooks: &Webhooks) -> Accepts {
    // A lane that held the pillar would keep itself alive.
    let within = Arc::downgrade(&webhooks.0);
    let apply: Apply<Asked, std::result::Result<Accepted, Refused>> = Arc::new(move |tx, asked| {
        let webhooks = within.upgrade().map(Webhooks);
        Box::pin(async move {
            let stopped = || campanile_db::Error::Unavailable("the server is stopping".into());
            Ok(accept_all(tx, &webhooks.ok_or_else(stopped)?, asked).await?)
        })
    });
    Lane::start(webhooks.db.clone(), apply)
}

/// Accepts a message: it is durable, and its deliveries with it, once this answers. `request` is what a
/// repetition of this request has in common with it.
///
/// # Errors
/// `InvalidField`, `NotFound` when there is no application, `Conflict` when the event id is taken.
pub async fn accept(
    webhooks: &Webhooks,
    caller: Arc<Caller>,
    to: To,
    new: NewMessage,
    request: Option<String>,
) -> Result<Accepted> {
    caller.must(Permission::Configure)?;
    let new = new.checked(webhooks.clock.now())?;
    if let Some(spec) = &to.create {
        spec.clone().checked()?;
    }
    let lane = webhooks.accepts.get_or_init(|| lane(webhooks));
    Ok(lane.submit(Asked { caller, to, new, request }).await??)
}

/// Like [`accept`], in the caller's transaction.
///
/// # Errors
/// Like [`accept`].
pub async fn send(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    new: NewMessage,
) -> Result<Arc<Message>> {
    let now = webhooks.clock.now();
    let new = new.checked(now)?;
    let (id, revision) = (&application.id, application.revision);
    let entry = webhooks.directory.at_revision(tx, webhooks, id, revision).await?.ok_or(Refused::NoApplication)?;
    let pending = vec![Pending {
        message: Arc::new(message_of(id, new.clone(), now)),
        request: None,
        entry,
        only_to: new.only_to,
    }];
    let stored = store(tx, webhooks, &pending, now).await?;
    let message = pending.into_iter().next().expect("there is one").message;
    if stored[0] { Ok(message) } else { Err(Refused::EventIdTaken.into()) }
}

/// Like [`send`], of many at once; none of them may be called by an event id.
///
/// # Errors
/// Like [`accept`].
pub async fn send_all(tx: &mut Tx, webhooks: &Webhooks, application: &Application, all: Vec<NewMessage>) -> Result<()> {
    let now = webhooks.clock.now();
    let (id, revision) = (&application.id, application.revision);
    let entry = webhooks.directory.at_revision(tx, webhooks, id, revision).await?.ok_or(Refused::NoApplication)?;
    let pending = all.into_iter().map(|new| {
        let new = new.checked(now)?;
        let only_to = new.only_to.clone();
        Ok(Pending { message: Arc::new(message_of(id, new, now)), request: None, entry: entry.clone(), only_to })
    });
    let pending: Vec<Pending> = pending.collect::<Result<_>>()?;
    store(tx, webhooks, &pending, now).await.map(drop)
}

/// A message that is to be stored.
struct Pending {
    message: Arc<Message>,
    request: Option<String>,
    entry: Arc<Entry>,
    only_to: Option<crate::endpoints::EndpointId>,
}

async fn accept_all(
    tx: &mut Tx,
    webhooks: &Webhooks,
    asked: Vec<Asked>,
) -> Result<Vec<std::result::Result<Accepted, Refused>>> {
    let now = webhooks.clock.now();
    let entries = entries_of(tx, webhooks, &asked).await?;
    let mut pending = Vec::with_capacity(asked.len());
    let mut answers: Vec<std::result::Result<Accepted, Refused>> = Vec::with_capacity(asked.len());
    let mut places = Vec::with_capacity(asked.len());
    for asked in asked {
        let key = (asked.caller.organisation.as_str().to_owned(), asked.to.application);
        let Some(entry) = entries.get(&key) else {
            answers.push(Err(Refused::NoApplication));
            continue;
        };
        let only_to = asked.new.only_to.clone();
        let message = Arc::new(message_of(&entry.application.id, asked.new, now));
        answers.push(Ok(Accepted { message: message.clone(), is_repeat: false }));
        places.push(answers.len() - 1);
        pending.push(Pending { message, request: asked.request, entry: entry.clone(), only_to });
    }
    let stored = store(tx, webhooks, &pending, now).await?;
    let refused: Vec<(usize, &Pending)> =
        places.into_iter().zip(&pending).zip(stored).filter(|(_, stored)| !stored).map(|(place, _)| place).collect();
    for (place, pending) in refused {
        answers[place] = repeated_or_taken(tx, webhooks, pending, now).await?;
    }
    Ok(answers)
}

/// Why a message could not be stored: it is there already, or its event id is another's.
async fn repeated_or_taken(
    tx: &mut Tx,
    webhooks: &Webhooks,
    pending: &Pending,
    now: Timestamp,
) -> Result<std::result::Result<Accepted, Refused>> {
    let application = &pending.entry.application.id;
    let Some(request) = &pending.request else { return Ok(Err(Refused::EventIdTaken)) };
    let Some(known) = queries::by_request(tx, application, request).await? else {
        return Ok(Err(Refused::EventIdTaken));
    };
    if now.since(known.created_at) < REPEATS {
        return Ok(Ok(Accepted { message: Arc::new(known), is_repeat: true }));
    }
    // Too long ago to be the same request.
    queries::forget_request(tx, application, &known.id).await?;
    let stored = store(tx, webhooks, std::slice::from_ref(pending), now).await?;
    let accepted = Accepted { message: pending.message.clone(), is_repeat: false };
    Ok(if stored[0] { Ok(accepted) } else { Err(Refused::EventIdTaken) })
}

/// The applications that these are for, so far as there are any.
async fn entries_of(
    tx: &mut Tx,
    webhooks: &Webhooks,
    asked: &[Asked],
) -> Result<HashMap<(String, String), Arc<Entry>>> {
    let mut words: Vec<(OrganisationId, String)> = Vec::new();
    for asked in asked {
        let word = (asked.caller.organisation.clone(), asked.to.application.clone());
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let mut entries = HashMap::new();
    for meant in application_queries::meant(tx, &words).await? {
        if let Some(entry) = webhooks.directory.at_revision(tx, webhooks, &meant.id, meant.revision).await? {
            entries.insert((meant.organisation, meant.word), entry);
        }
    }
    for asked in asked {
        let key = (asked.caller.organisation.as_str().to_owned(), asked.to.application.clone());
        if let (false, Some(spec)) = (entries.contains_key(&key), &asked.to.create) {
            let made = applications::create(tx, &webhooks.clock, &asked.caller, spec.clone()).await?;
            let entry = webhooks.directory.at_revision(tx, webhooks, &made.id, made.revision).await?;
            entries.insert(key, entry.ok_or(Refused::NoApplication)?);
        }
    }
    Ok(entries)
}

pub(super) fn message_of(application: &ApplicationId, new: NewMessage, now: Timestamp) -> Message {
    Message {
        id: MessageId::new(now),
        application_id: application.clone(),
        event_type: new.event_type,
        event_id: new.event_id,
        channels: new.channels,
        tags: new.tags,
        payload: Some(new.payload),
        content_type: new.content_type,
        transformations_params: new.transformations_params,
        created_at: now,
        deliver_at: new.deliver_at.filter(|at| *at > now),
        expires_at: new.keep_hours.map(|hours| now.plus(Duration::from_secs(3_600 * hours as u64))),
    }
}

/// Stores messages and their deliveries; answers which were stored.
async fn store(tx: &mut Tx, webhooks: &Webhooks, pending: &[Pending], now: Timestamp) -> Result<Vec<bool>> {
    let rows = pending.iter().map(|pending| (&*pending.message, pending.request.as_deref()));
    let stored = queries::insert(tx, rows).await?;
    let (mut jobs, mut joining) = (Vec::new(), Joining::default());
    for (pending, _) in pending.iter().zip(&stored).filter(|(_, stored)| **stored) {
        let wants = |target: &&Arc<crate::directory::Target>| match &pending.only_to {
            Some(only) => target.endpoint.id == *only && target.wants(&pending.message),
            None => target.wants(&pending.message),
        };
        let (message, application) = (&pending.message, &pending.entry.application);
        let mut endpoints = Vec::new();
        for target in pending.entry.targets.iter().filter(wants) {
            match target.pace(application) {
                Pace::AsItComes => endpoints.push(target.endpoint.id.to_string()),
                // It stands in line when its time has come.
                _ if message.deliver_at.is_some() => endpoints.push(target.endpoint.id.to_string()),
                _ => joining.add(application, target, Waiting::first(message)),
            }
        }
        if endpoints.is_empty() {
            continue;
        }
        let organisation = &application.organisation_id;
        let job = delivery::first(organisation, message, endpoints);
        match message.deliver_at {
            Some(at) => jobs.push(job.after(at.since(now))),
            None => {
                jobs.push(job);
                let (recent, message) = (webhooks.recent.clone(), message.clone());
                tx.after_commit(move || recent.keep(message));
            }
        }
    }
    joining.store(tx, now, &mut jobs).await?;
    webhooks.engine.enqueue_all(tx, jobs).await?;
    Ok(stored)
}
