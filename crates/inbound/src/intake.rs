//! Receives deliveries: finds the source or the app, verifies, parses, stores, acknowledges, in that
//! order. The deliveries of an app are in `apps`.
//!
//! Small deliveries are verified and parsed at once. Large ones ([`LARGE_DELIVERY`]) are handled
//! one at a time, each on its own thread. So they occupy neither all processors nor all memory,
//! however many arrive at once.

mod adoption;
mod apps;
mod heard;
mod large;
mod receipt;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, Permission, WorkspaceId};
use campanile_base::bounds::LARGE_DELIVERY;
use campanile_base::{Clock, Error, Secret, Thing, Timestamp, Vault};
use campanile_db::{Apply, Db, Lane, Tx};
use campanile_engine::Engine;
use serde_json::json;

use crate::apps::OpenApp;
use crate::connectors::Connectors;
use crate::deliveries::{self, Delivery, DeliveryId, DeliverySummary, Origin, process_job};
use crate::envelope::{Envelope, Outline};
use crate::provider::Provider;
use crate::signing::GITLAB_TOKEN;
use crate::sources::{self, SealedSource};
use crate::{Code, IngestError, NormalForm, adapters, handshakes, normalise};

pub use receipt::{Receipt, ReceiptResult, StoredDelivery};

use large::Large;

/// The time by which the sender's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(60);

/// Headers with credentials, which are not stored.
const NOT_KEPT: [&str; 4] = ["authorization", "cookie", "proxy-authorization", GITLAB_TOKEN];

/// A request that may be a delivery; it is not verified yet.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// The receiver at an address.
#[derive(Debug, Clone)]
pub struct KnownAddress(Receiver);

#[derive(Debug, Clone)]
enum Receiver {
    /// A source, with its encrypted secrets.
    Source(Provider, Box<SealedSource>),
    /// An app, which receives for all accounts that have installed it.
    App(Box<OpenApp>),
}

/// The entry point for deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    db: Db,
    clock: Clock,
    vault: Vault,
    engine: Engine,
    max_age: Option<Duration>,
    accept: Lane<Arc<Delivery>, bool>,
    large: Large,
    /// The apps, and the connections of the accounts that have installed them.
    connectors: Option<Connectors>,
    /// The time at which each app, and each linked source, was last recorded as delivered to.
    heard: Arc<Mutex<HashMap<String, Timestamp>>>,
}

impl Intake {
    /// Starts the intake. Deliveries that were sent longer than `max_age` ago are refused, if the
    /// provider signs the time of sending. `None` disables the check.
    pub fn start(db: Db, clock: Clock, vault: Vault, engine: Engine, max_age: Option<Duration>) -> Self {
        let within = engine.clone();
        let apply: Apply<Arc<Delivery>, bool> = Arc::new(move |tx, group| {
            let engine = within.clone();
            Box::pin(async move {
                let rows: Vec<&Delivery> = group.iter().map(AsRef::as_ref).collect();
                let stored = deliveries::insert_many(tx, &rows).await?;
                let fresh = rows.iter().zip(&stored).filter(|(_, stored)| **stored == 1);
                let jobs = fresh
                    .map(|(delivery, _)| process_job(&delivery.organisation_id, delivery.id.as_str(), delivery.origin))
                    .collect();
                engine.enqueue_all(tx, jobs).await?;
                Ok(stored.into_iter().map(|rows| rows == 1).collect())
            })
        });
        let accept = Lane::start(db.clone(), apply);
        Self { db, clock, vault, engine, max_age, accept, large: Large::new(), connectors: None, heard: Arc::default() }
    }

    /// Receives deliveries to apps as well.
    pub fn with_apps(self, connectors: Connectors) -> Self {
        Self { connectors: Some(connectors), ..self }
    }

    /// The source or the app at an address. It is looked up before the body is read.
    ///
    /// # Errors
    /// `NotFound` for an unknown provider, and for a path without a source or an app of that provider.
    pub async fn receiver_at(&self, provider: &str, path: &str) -> Result<KnownAddress, IngestError> {
        let unknown = |what| IngestError::new(Code::NotFound, format!("there is no such {what}"));
        let provider = Provider::parse(provider).ok_or_else(|| unknown("provider"))?;
        // No path contains it, so the database is not asked.
        if path.contains('\0') {
            return Err(unknown("source"));
        }
        let place = path.to_owned();
        let found =
            self.db.read(move |tx| Box::pin(async move { sources::at_path(tx, provider, &place).await })).await?;
        if let Some(sealed) = found {
            return Ok(KnownAddress(Receiver::Source(provider, Box::new(sealed))));
        }
        let app = match &self.connectors {
            Some(connectors) => connectors.app_at(provider, path).await?,
            None => None,
        };
        let app = app.ok_or_else(|| unknown("source"))?;
        Ok(KnownAddress(Receiver::App(Box::new(app))))
    }

    /// Receives a delivery. When this returns `Ok`, the delivery is durable, now or since an
    /// earlier request.
    ///
    /// # Errors
    /// The reason for the refusal; nothing was stored.
    pub async fn receive(&self, known: KnownAddress, arrival: Arrival) -> Result<Receipt, IngestError> {
        match known.0 {
            Receiver::Source(provider, sealed) => self.receive_at_source(provider, *sealed, arrival).await,
            Receiver::App(app) => self.receive_at_app(*app, arrival).await,
        }
    }

    async fn receive_at_source(
        &self,
        provider: Provider,
        sealed: SealedSource,
        arrival: Arrival,
    ) -> Result<Receipt, IngestError> {
        let SealedSource { source, secret, previous } = sealed;
        let is_linked = source.resource.is_some();
        let Arrival { headers, body } = arrival;
        let (length, now) = (body.len(), self.clock.now());
        if let Some(token) = handshakes::token_in(provider, &body) {
            return self.receive_token(source, token).await;
        }
        let previous = previous.filter(|(_, until)| *until > now);
        let secrets = [Some(secret), previous.map(|(secret, _)| secret)].into_iter().flatten();
        let secrets = secrets.map(|sealed| self.vault.open(&sealed)).collect::<Result<_, _>>()?;
        let arrived = Arrived { provider, secrets, headers, body };
        // The slot is held until the delivery is stored: database drivers copy the body.
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
            headers: kept(headers),
            body,
            received_at: now,
            origin: Origin::Webhook,
        };
        let delivery = Arc::new(delivery);
        let is_new = self.accept.submit(delivery.clone()).await?;
        if is_linked {
            self.note_source_heard(&delivery.organisation_id, &delivery.source_id).await?;
        }
        let stored = StoredDelivery {
            id: delivery.id.clone(),
            organisation: delivery.organisation_id.clone(),
            workspace: delivery.workspace_id.clone(),
        };
        Ok(Receipt {
            id: Some(delivery.id.clone()),
            delivery_id: delivery.delivery_id.clone(),
            result: if is_new { ReceiptResult::Accepted } else { ReceiptResult::Duplicate },
            stored: is_new.then_some(stored).into_iter().collect(),
            status: provider.delivery_rules().success,
        })
    }

    /// Loads a stored delivery and converts it into normal form, like [`normalise`]. A large one
    /// waits for the slot and runs on its own thread. The delivery is returned without its body.
    /// `None` when it no longer exists.
    ///
    /// # Errors
    /// `Unavailable`; `Internal` when the work broke off. The error of [`normalise`] is in the
    /// inner result.
    pub async fn normalise(
        &self,
        id: String,
    ) -> campanile_base::Result<Option<(Delivery, campanile_base::Result<NormalForm>)>> {
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

    /// Processes a failed or skipped delivery again. Its payload is stored unchanged, and events
    /// that were remembered before are not remembered twice.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` in this workspace; `Conflict` if it is waiting or was processed.
    pub async fn process_again(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        workspace: &WorkspaceId,
        id: &str,
    ) -> campanile_base::Result<DeliverySummary> {
        caller.must(Permission::Configure)?;
        let reopened = deliveries::reopen(tx, workspace, id).await?;
        let found = deliveries::by_id(tx, workspace, id).await?.ok_or(Error::NotFound(Thing::Delivery))?;
        if !reopened {
            return Err(Error::conflict(format!(
                "the delivery is {}, and there is nothing to do again",
                found.summary.status
            )));
        }
        let about = json!({ "provider": found.summary.provider, "event": found.summary.event });
        activity::record(tx, &self.clock, caller, Action::DeliveryReopened, id, about).await?;
        self.engine.enqueue(tx, process_job(&caller.organisation, id, found.summary.origin)).await?;
        Ok(found.summary)
    }

    async fn load(&self, id: String, below: usize) -> campanile_db::Result<Option<deliveries::DeliveryRow>> {
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

/// A request whose source is known, and nothing else yet.
struct Arrived {
    provider: Provider,
    /// The current secret, and the previous one while it is still accepted.
    secrets: Vec<Secret>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Arrived {
    /// Checks the signature and the body, and reads the envelope. Returns `self` too, since this
    /// may run on another thread.
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
        adapters::envelope(*provider, headers, body, &outline)
    }
}

/// The headers of a delivery that are stored.
fn kept(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.into_iter().filter(|(name, _)| !NOT_KEPT.contains(&name.as_str())).collect()
}
