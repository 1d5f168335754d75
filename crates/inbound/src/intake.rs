//! Takes deliveries in: found, verified, read, stored, acknowledged, in that order.

use std::sync::Arc;
use std::time::Duration;

use campanile_base::{Clock, Timestamp, Vault};
use campanile_db::{Apply, Db, Lane};
use campanile_engine::{Engine, NewJob};
use serde::{Deserialize, Serialize};

use crate::deliveries::{self, Delivery, DeliveryId};
use crate::provider::{Outline, Provider};
use crate::{Code, IngestError, sources};

/// The kind of job that processes a delivery.
pub const PROCESS: &str = "inbound.process";

/// How far the sender's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(60);

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

/// A source that deliveries may be for, with its sealed secret.
#[derive(Debug, Clone)]
pub struct KnownSource {
    provider: Provider,
    source: sources::Source,
    sealed: String,
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
    /// The workspace it belongs to, for those who watch.
    pub workspace: campanile_accounts::WorkspaceId,
}

/// The entrance for deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    db: Db,
    clock: Clock,
    vault: Vault,
    max_age: Option<Duration>,
    accept: Lane<Arc<Delivery>, bool>,
}

impl Intake {
    /// An entrance that refuses deliveries that were sent longer than `max_age` ago, where the
    /// provider signs that time; `None` asks for no age.
    pub fn start(db: Db, clock: Clock, vault: Vault, engine: Engine, max_age: Option<Duration>) -> Self {
        let apply: Apply<Arc<Delivery>, bool> = Arc::new(move |tx, group| {
            let engine = engine.clone();
            Box::pin(async move {
                let rows: Vec<&Delivery> = group.iter().map(AsRef::as_ref).collect();
                let stored = deliveries::insert_many(tx, &rows).await?;
                let fresh = rows.iter().zip(&stored).filter(|(_, stored)| **stored == 1);
                let jobs = fresh.map(|(delivery, _)| process_job(delivery)).collect();
                engine.enqueue_all(tx, jobs).await?;
                Ok(stored.into_iter().map(|rows| rows == 1).collect())
            })
        });
        let accept = Lane::start(db.clone(), apply);
        Self { db, clock, vault, max_age, accept }
    }

    /// The source at a path, to be found before a body is read.
    ///
    /// # Errors
    /// `NotFound` where there is no such provider, or no source of it at the path.
    pub async fn source_at(&self, provider: &str, path: &str) -> Result<KnownSource, IngestError> {
        let unknown = |what| IngestError::new(Code::NotFound, format!("there is no such {what}"));
        let provider = Provider::parse(provider).ok_or_else(|| unknown("provider"))?;
        let path = path.to_owned();
        let found =
            self.db.read(move |tx| Box::pin(async move { sources::at_path(tx, provider, &path).await })).await?;
        let (source, sealed) = found.ok_or_else(|| unknown("source"))?;
        Ok(KnownSource { provider, source, sealed })
    }

    /// Takes a delivery in. When this returns `Ok` it is durable, or was before.
    ///
    /// # Errors
    /// Why it was not taken; then nothing was stored.
    pub async fn receive(&self, known: KnownSource, arrival: Arrival) -> Result<Receipt, IngestError> {
        let KnownSource { provider, source, sealed } = known;
        let Arrival { headers, body } = arrival;
        provider.verify(&self.vault.open(&sealed)?, &headers, &body)?;

        if body.is_empty() {
            return Err(IngestError::new(Code::MissingPayload, "the body is empty"));
        }
        let outline: Outline =
            deliveries::parse_body(&headers, &body).map_err(|e| IngestError::new(Code::InvalidPayload, e))?;
        let envelope = provider.envelope(&headers, &body, &outline)?;
        let now = self.clock.now();
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
            workspace: delivery.workspace_id.clone(),
        })
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

fn process_job(delivery: &Delivery) -> NewJob {
    let args = ProcessArgs { delivery: delivery.id.as_str().to_owned() };
    NewJob::new(PROCESS, delivery.organisation_id.as_str(), &args)
}
