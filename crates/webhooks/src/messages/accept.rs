//! Accepts messages in groups; each message is stored completely or not at all.
//!
//! One transaction stores the messages of a group and their deliveries. A message whose event id is
//! taken is refused; the rest of the group is stored. A repeated request (same caller, same
//! idempotency key) is answered with the message of the first request. The key is stored with the
//! message, so the answer is certain even after a crash.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::{Apply, Lane, Tx};

use crate::directory::{Entry, Pace, Target};
use crate::lines::queue::Joining;
use crate::lines::waiting::Waiting;
use crate::model::applications::{Application, queries as application_queries};
use crate::model::endpoints::EndpointId;
use crate::model::messages::{Message, NewMessage, To, message_of, queries};
use crate::{Webhooks, applications, delivery};

/// The time for which a repeated request is answered with the message of the first.
const REPEATS: Duration = Duration::from_secs(12 * 3600);

/// A message to accept.
#[derive(Debug, Clone)]
pub(crate) struct SendRequest {
    caller: Arc<Caller>,
    to: To,
    new: NewMessage,
    /// The hash of the request, if the request has an idempotency key.
    request: Option<String>,
}

/// The result of an accepted message.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The message.
    pub message: Arc<Message>,
    /// True if an earlier request stored it.
    pub is_repeat: bool,
}

/// The reason why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendRefusal {
    /// There is no such application.
    NoApplication,
    /// The application has a message with this event id.
    EventIdTaken,
}

impl From<SendRefusal> for Error {
    fn from(refused: SendRefusal) -> Self {
        match refused {
            SendRefusal::NoApplication => Error::NotFound(Thing::Application),
            SendRefusal::EventIdTaken => Error::conflict("A message with that eventId already exists"),
        }
    }
}

pub(crate) type Accepts = Lane<SendRequest, std::result::Result<Accepted, SendRefusal>>;

/// Starts the lane of messages.
fn lane(webhooks: &Webhooks) -> Accepts {
    // A lane that held a strong reference would keep itself alive.
    let within = Arc::downgrade(&webhooks.0);
    let apply: Apply<SendRequest, std::result::Result<Accepted, SendRefusal>> = Arc::new(move |tx, asked| {
        let webhooks = within.upgrade().map(Webhooks);
        Box::pin(async move {
            let stopped = || campanile_db::Error::Unavailable("the server is stopping".into());
            Ok(accept_all(tx, &webhooks.ok_or_else(stopped)?, asked).await?)
        })
    });
    Lane::start(webhooks.db.clone(), apply)
}

/// Accepts a message. When this returns, the message and its deliveries are durable. `request` is
/// the hash that repetitions of this request share.
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
    Ok(lane.submit(SendRequest { caller, to, new, request }).await??)
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
    let entry = webhooks.directory.at_revision(tx, webhooks, id, revision).await?.ok_or(SendRefusal::NoApplication)?;
    let pending = vec![Pending {
        message: Arc::new(message_of(id, new.clone(), now)),
        request: None,
        entry,
        only_to: new.only_to,
    }];
    let stored = store(tx, webhooks, &pending, now).await?;
    let message = pending.into_iter().next().expect("there is one").message;
    if stored[0] { Ok(message) } else { Err(SendRefusal::EventIdTaken.into()) }
}

/// Like [`send`], for many messages at once. If one is refused, none may be committed.
///
/// # Errors
/// Like [`accept`].
pub async fn send_all(tx: &mut Tx, webhooks: &Webhooks, application: &Application, all: Vec<NewMessage>) -> Result<()> {
    let now = webhooks.clock.now();
    let (id, revision) = (&application.id, application.revision);
    let entry = webhooks.directory.at_revision(tx, webhooks, id, revision).await?.ok_or(SendRefusal::NoApplication)?;
    let pending = all.into_iter().map(|new| {
        let new = new.checked(now)?;
        let only_to = new.only_to.clone();
        Ok(Pending { message: Arc::new(message_of(id, new, now)), request: None, entry: entry.clone(), only_to })
    });
    let pending: Vec<Pending> = pending.collect::<Result<_>>()?;
    match store(tx, webhooks, &pending, now).await?.iter().all(|stored| *stored) {
        true => Ok(()),
        false => Err(SendRefusal::EventIdTaken.into()),
    }
}

/// A message that is to be stored.
struct Pending {
    message: Arc<Message>,
    request: Option<String>,
    entry: Arc<Entry>,
    only_to: Option<EndpointId>,
}

async fn accept_all(
    tx: &mut Tx,
    webhooks: &Webhooks,
    asked: Vec<SendRequest>,
) -> Result<Vec<std::result::Result<Accepted, SendRefusal>>> {
    let now = webhooks.clock.now();
    let entries = entries_of(tx, webhooks, &asked).await?;
    let mut pending = Vec::with_capacity(asked.len());
    let mut answers: Vec<std::result::Result<Accepted, SendRefusal>> = Vec::with_capacity(asked.len());
    let mut places = Vec::with_capacity(asked.len());
    for asked in asked {
        let key = (asked.caller.organisation.as_str().to_owned(), asked.to.application);
        let Some(entry) = entries.get(&key) else {
            answers.push(Err(SendRefusal::NoApplication));
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

/// The reason why a message could not be stored: it is a repeated request, or its event id is
/// taken.
async fn repeated_or_taken(
    tx: &mut Tx,
    webhooks: &Webhooks,
    pending: &Pending,
    now: Timestamp,
) -> Result<std::result::Result<Accepted, SendRefusal>> {
    let application = &pending.entry.application.id;
    let Some(request) = &pending.request else { return Ok(Err(SendRefusal::EventIdTaken)) };
    let Some(known) = queries::by_request(tx, application, request).await? else {
        return Ok(Err(SendRefusal::EventIdTaken));
    };
    if now.since(known.created_at) < REPEATS {
        return Ok(Ok(Accepted { message: Arc::new(known), is_repeat: true }));
    }
    // Too old to be the same request.
    queries::forget_request(tx, application, &known.id).await?;
    let stored = store(tx, webhooks, std::slice::from_ref(pending), now).await?;
    let accepted = Accepted { message: pending.message.clone(), is_repeat: false };
    Ok(if stored[0] { Ok(accepted) } else { Err(SendRefusal::EventIdTaken) })
}

/// The applications of these requests, as far as they exist or can be created.
async fn entries_of(
    tx: &mut Tx,
    webhooks: &Webhooks,
    asked: &[SendRequest],
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
            entries.insert(key, entry.ok_or(SendRefusal::NoApplication)?);
        }
    }
    Ok(entries)
}

/// Stores messages and their deliveries. Returns `true` for each that was stored.
async fn store(tx: &mut Tx, webhooks: &Webhooks, pending: &[Pending], now: Timestamp) -> Result<Vec<bool>> {
    let rows = pending.iter().map(|pending| (&*pending.message, pending.request.as_deref()));
    let stored = queries::insert(tx, rows).await?;
    let (mut jobs, mut joining) = (Vec::new(), Joining::default());
    for (pending, _) in pending.iter().zip(&stored).filter(|(_, stored)| **stored) {
        let wants = |target: &&Arc<Target>| match &pending.only_to {
            Some(only) => target.endpoint.id == *only && target.wants(&pending.message),
            None => target.wants(&pending.message),
        };
        let (message, application) = (&pending.message, &pending.entry.application);
        let mut endpoints = Vec::new();
        for target in pending.entry.targets.iter().filter(wants) {
            match target.pace(application) {
                Pace::AsItComes => endpoints.push(target.endpoint.id.to_string()),
                // A delayed message joins its line when it is due.
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
