//! Takes deliveries in: found, verified, read, stored, acknowledged, in that order.
//!
//! Small deliveries are verified and read in place. Large ones ([`LARGE_DELIVERY`]) go one at a time, on a thread of their
//! own: so neither the processors nor the memory are theirs, however many come at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, Permission, WorkspaceId};
use campanile_base::bounds::LARGE_DELIVERY;
use campanile_base::{Clock, Error, Secret, Timestamp, Vault};
use campanile_db::{Apply, Db, Lane, Tx};
use campanile_engine::{Engine, NewJob};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::deliveries::{self, Delivery, DeliveryId, DeliverySummary};
use crate::provider::{Envelope, Outline, Provider};
use crate::sources::{self, SealedSource};
use crate::{Code, IngestError, Normalised, normalise};

/// The kind of job that processes a delivery.
pub const PROCESS: &str = "inbound.process";

/// How far the sender's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(60);

/// For how long a large delivery that is stored waits behind those that arrive.
const BEHIND: Duration = Duration::from_secs(20);

/// Headers that are credentials of somebody and are not kept.
const NOT_KEPT: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// What the job is stored with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProcessArgs {
    /// The delivery.
    pub delivery: String,
}

/// A request that claims to be a delivery.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// A source that deliveries may be for, with its sealed secrets.
#[derive(Debug, Clone)]
pub struct KnownSource {
    provider: Provider,
    sealed: SealedSource,
}

/// What the sender is told.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Our id of the delivery.
    pub id: DeliveryId,
    /// The provider's id of it.
    pub delivery_id: String,
    /// Whether it was stored now, and not before.
    pub is_new: bool,
    /// The organisation it belongs to, for those who watch.
    pub organisation: OrganisationId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The status that says to the sender that it was taken.
    pub status: u16,
}

/// The entrance for deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    db: Db,
    clock: Clock,
    vault: Vault,
    engine: Engine,
    max_age: Option<Duration>,
    accept: Lane<Arc<Delivery>, bool>,
    large: Large,
}

/// The one place of large deliveries. Cheap to clone; the clones share it.
#[derive(Debug, Clone)]
struct Large {
    place: Arc<Semaphore>,
    /// How many have arrived and are not stored yet: they are in memory, those that are stored are not.
    arriving: Arc<AtomicUsize>,
}

impl Large {
    fn new() -> Self {
        Self { place: Arc::new(Semaphore::new(1)), arriving: Arc::default() }
    }

    /// Runs `work` over a body: a large one in its turn, on a thread of its own. Answers the turn too: whoever holds it
    /// keeps other large ones waiting.
    async fn run<B, T>(&self, body: B, length: usize, work: fn(B) -> T) -> campanile_base::Result<(T, Option<Turn>)>
    where
        B: Send + 'static,
        T: Send + 'static,
    {
        if length < LARGE_DELIVERY {
            return Ok((work(body), None));
        }
        let arriving = self.arrives();
        let turn = self.turn().await?;
        Turn { _arriving: Some(arriving), ..turn }.run(body, work).await
    }

    async fn turn(&self) -> campanile_base::Result<Turn> {
        let place = self.place.clone().acquire_owned().await.map_err(Error::internal)?;
        Ok(Turn { _place: place, _arriving: None })
    }

    /// Counts one that has arrived.
    fn arrives(&self) -> Arriving {
        self.arriving.fetch_add(1, Ordering::Relaxed);
        Arriving(self.arriving.clone())
    }

    /// Waits for a turn behind those that arrive, for a while: they are in memory.
    async fn later_turn(&self) -> campanile_base::Result<Turn> {
        let began = Instant::now();
        while self.arriving.load(Ordering::Relaxed) > 0 && began.elapsed() < BEHIND {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.turn().await
    }
}

/// One of those that arrive, until it is stored or refused.
struct Arriving(Arc<AtomicUsize>);

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The right to be the one large delivery that is dealt with.
struct Turn {
    _place: OwnedSemaphorePermit,
    _arriving: Option<Arriving>,
}

impl Turn {
    async fn run<B, T>(self, body: B, work: fn(B) -> T) -> campanile_base::Result<(T, Option<Turn>)>
    where
        B: Send + 'static,
        T: Send + 'static,
    {
        let turn = self;
        let (done, result) = oneshot::channel();
        // The turn goes along: a sender that leaves does not let the next one begin while this one is still read.
        // The thread ends with its work: one of a pool would keep the memory that it has freed for itself.
        let thread = std::thread::Builder::new().name("large-delivery".into());
        let started = thread.spawn(move || drop(done.send((work(body), Some(turn)))));
        started.map_err(Error::internal)?;
        result.await.map_err(Error::internal)
    }
}

impl Intake {
    /// An entrance that refuses deliveries that were sent longer than `max_age` ago, where the
    /// provider signs that time; `None` asks for no age.
    pub fn start(db: Db, clock: Clock, vault: Vault, engine: Engine, max_age: Option<Duration>) -> Self {
        let within = engine.clone();
        let apply: Apply<Arc<Delivery>, bool> = Arc::new(move |tx, group| {
            let engine = within.clone();
            Box::pin(async move {
                let rows: Vec<&Delivery> = group.iter().map(AsRef::as_ref).collect();
                let stored = deliveries::insert_many(tx, &rows).await?;
                let fresh = rows.iter().zip(&stored).filter(|(_, stored)| **stored == 1);
                let jobs =
                    fresh.map(|(delivery, _)| process_job(&delivery.organisation_id, delivery.id.as_str())).collect();
                engine.enqueue_all(tx, jobs).await?;
                Ok(stored.into_iter().map(|rows| rows == 1).collect())
            })
        });
        let accept = Lane::start(db.clone(), apply);
        Self { db, clock, vault, engine, max_age, accept, large: Large::new() }
    }

    /// The source at a path, to be found before a body is read.
    ///
    /// # Errors
    /// `NotFound` where there is no such provider, or no source of it at the path.
    pub async fn source_at(&self, provider: &str, path: &str) -> Result<KnownSource, IngestError> {
        let unknown = |what| IngestError::new(Code::NotFound, format!("there is no such {what}"));
        let provider = Provider::parse(provider).ok_or_else(|| unknown("provider"))?;
        // No path has it, and no database is asked for it.
        if path.contains('\0') {
            return Err(unknown("source"));
        }
        let path = path.to_owned();
        let found =
            self.db.read(move |tx| Box::pin(async move { sources::at_path(tx, provider, &path).await })).await?;
        Ok(KnownSource { provider, sealed: found.ok_or_else(|| unknown("source"))? })
    }

    /// Takes a delivery in. When this returns `Ok` it is durable, or was before.
    ///
    /// # Errors
    /// Why it was not taken; then nothing was stored.
    pub async fn receive(&self, known: KnownSource, arrival: Arrival) -> Result<Receipt, IngestError> {
        let KnownSource { provider, sealed: SealedSource { source, secret, previous } } = known;
        let Arrival { headers, body } = arrival;
        let (length, now) = (body.len(), self.clock.now());
        let previous = previous.filter(|(_, until)| *until > now);
        let secrets = [Some(secret), previous.map(|(secret, _)| secret)].into_iter().flatten();
        let secrets = secrets.map(|sealed| self.vault.open(&sealed)).collect::<Result<_, _>>()?;
        let arrived = Arrived { provider, secrets, headers, body };
        // The turn is held until the delivery is stored: drivers copy what they store.
        let ((arrived, envelope), _turn) = self.large.run(arrived, length, Arrived::checked).await?;
        let (envelope, Arrived { headers, body, .. }) = (envelope?, arrived);
        self.check_age(envelope.sent_at, now)?;

        let delivery = Delivery {
            id: DeliveryId::new(now),
            organisation_id: source.organisation_id,
            workspace_id: source.workspace_id,
            source_id: source.id,
            provider,
            delivery_id: deliveries::storable(&envelope.delivery_id),
            event: deliveries::storable(&envelope.event),
            headers: headers.into_iter().filter(|(name, _)| !NOT_KEPT.contains(&name.as_str())).collect(),
            body,
            received_at: now,
        };
        let delivery = Arc::new(delivery);
        let is_new = self.accept.submit(delivery.clone()).await?;
        Ok(Receipt {
            id: delivery.id.clone(),
            delivery_id: delivery.delivery_id.clone(),
            is_new,
            organisation: delivery.organisation_id.clone(),
            workspace: delivery.workspace_id.clone(),
            status: provider.manners().success,
        })
    }

    /// Loads a stored delivery and puts it into normal form, like [`normalise`]; a large one in its turn, on a thread of its
    /// own. The delivery comes back without its body, which is needed no more; nothing comes where it is gone.
    ///
    /// # Errors
    /// `Unavailable`; `Internal` when the reading broke off. What [`normalise`] says is in the answer.
    pub async fn normalise(
        &self,
        id: String,
    ) -> campanile_base::Result<Option<(Delivery, campanile_base::Result<Normalised>)>> {
        let read = |delivery: Delivery| {
            let normalised = normalise(&delivery);
            (Delivery { body: Vec::new(), ..delivery }, normalised)
        };
        let Some(loaded) = self.load(id.clone(), LARGE_DELIVERY).await? else { return Ok(None) };
        if loaded.is_whole {
            return Ok(Some(read(loaded.delivery)));
        }
        let turn = self.large.later_turn().await?;
        let Some(loaded) = self.load(id, usize::MAX >> 1).await? else { return Ok(None) };
        Ok(Some(turn.run(loaded.delivery, read).await?.0))
    }

    /// Processes a delivery again that failed or was skipped: its payload is stored as it came, and what was remembered of it
    /// before is not remembered twice.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` in this workspace; `Conflict` where it is under way or was processed.
    pub async fn process_again(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        workspace: &WorkspaceId,
        id: &str,
    ) -> campanile_base::Result<DeliverySummary> {
        caller.must(Permission::Configure)?;
        let reopened = deliveries::reopen(tx, workspace, id).await?;
        let found = deliveries::by_id(tx, workspace, id).await?.ok_or(Error::NotFound("delivery"))?;
        if !reopened {
            return Err(Error::conflict(format!(
                "the delivery is {}, and there is nothing to do again",
                found.summary.status
            )));
        }
        let about = json!({ "provider": found.summary.provider, "event": found.summary.event });
        activity::record(tx, &self.clock, caller, Action::DeliveryReopened, id, about).await?;
        self.engine.enqueue(tx, process_job(&caller.organisation, id)).await?;
        Ok(found.summary)
    }

    async fn load(&self, id: String, below: usize) -> campanile_db::Result<Option<deliveries::Loaded>> {
        self.db.read(move |tx| Box::pin(async move { deliveries::load(tx, &id, below).await })).await
    }

    fn check_age(&self, sent_at: Option<Timestamp>, now: Timestamp) -> Result<(), IngestError> {
        let (Some(sent_at), Some(max_age)) = (sent_at, self.max_age) else { return Ok(()) };
        if now.since(sent_at) > max_age {
            return Err(IngestError::new(
                Code::TimestampTooOld,
                format!("the delivery was sent at {sent_at}, too long ago"),
            ));
        }
        if sent_at.since(now) > AHEAD {
            return Err(IngestError::new(
                Code::TimestampInvalid,
                format!("the delivery claims to be sent at {sent_at}"),
            ));
        }
        Ok(())
    }
}

/// A delivery whose source is known, and nothing else yet.
struct Arrived {
    provider: Provider,
    /// The last, and the one before while it is taken.
    secrets: Vec<Secret>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Arrived {
    /// Checks signature and body, and reads the outside. Gives itself back: it may have been moved to another thread.
    fn checked(self) -> (Self, Result<Envelope, IngestError>) {
        let envelope = self.envelope();
        (self, envelope)
    }

    fn envelope(&self) -> Result<Envelope, IngestError> {
        let Self { provider, secrets, headers, body } = self;
        provider.verify(secrets, headers, body)?;
        if body.is_empty() {
            return Err(IngestError::new(Code::MissingPayload, "the body is empty"));
        }
        let outline: Outline =
            deliveries::parse_body(headers, body).map_err(|e| IngestError::new(Code::InvalidPayload, e))?;
        provider.envelope(headers, body, &outline)
    }
}

fn process_job(organisation: &OrganisationId, delivery: &str) -> NewJob {
    NewJob::new(PROCESS, organisation.as_str(), &ProcessArgs { delivery: delivery.to_owned() })
}
