//! Applications with their endpoints, cached in memory for accepting and delivering messages.
//!
//! Each copy belongs to one revision of its application. Accepting a message reads the current
//! revision in the same transaction, so the message goes to exactly the endpoints that exist when
//! it is accepted. Delivering uses a copy that was checked within the last second. A change on this
//! node is visible at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Cache, Clock, FOR_EVER, Result, Timestamp, uuid_of};
use campanile_db::{Db, Tx};
use campanile_net::SigningSecret;

use crate::Webhooks;
use crate::model::applications::{self, Application, ApplicationId, ApplicationKind};
use crate::model::endpoints::access::{self, Access};
use crate::model::endpoints::headers::{self, Headers};
use crate::model::endpoints::{DeliveryMode, Endpoint, queries};
use crate::model::messages::Message;
use crate::model::transformations::{self, Transformation};
use crate::scripts::Owner;

/// The time for which a copy is used unchecked where other nodes may change the database.
const FRESH: Duration = Duration::from_secs(1);
/// The maximum number of cached applications.
const KEPT: usize = 10_000;

/// An endpoint, with everything that a delivery to it needs.
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    organisation: OrganisationId,
    /// The current secret, then the replaced ones that still sign beside it; each with its expiry.
    secrets: Vec<(SigningSecret, Timestamp)>,
    pub(crate) headers: Headers,
    pub(crate) transformation: Transformation,
    pub(crate) access: Access,
    /// True if a message to it was given up since the last success.
    pub(crate) is_failing: bool,
    /// The environment id for the headers of the hosted notification service. Set only for the
    /// application for [notifications](applications::NOTIFICATIONS).
    pub(crate) environment: Option<String>,
}

/// The rate and order in which messages go to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each at once, in parallel with others.
    AsItComes,
    /// Each at once, but at most this many a second.
    Throttled(i64),
    /// One request after another.
    InOrder { batch_size: i64, max_wait: i64 },
    /// At the receiver's request.
    Polled,
}

impl Target {
    /// The organisation that owns it.
    pub(crate) fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// The owner of its script.
    pub(crate) fn owner(&self) -> Owner<'_> {
        Owner {
            organisation: self.organisation.as_str(),
            application: self.endpoint.application_id.as_str(),
            place: self.endpoint.id.as_str(),
        }
    }

    /// The pace of an endpoint. Its own limit wins over its application's.
    pub(crate) fn pace(&self, application: &Application) -> Pace {
        match self.endpoint.way {
            DeliveryMode::InOrder { batch_size, max_wait } => Pace::InOrder { batch_size, max_wait },
            DeliveryMode::Polled => Pace::Polled,
            DeliveryMode::Push => match self.endpoint.throttle_rate.or(application.throttle_rate) {
                Some(rate) if rate > 0 => Pace::Throttled(rate),
                _ => Pace::AsItComes,
            },
        }
    }

    /// The secrets that sign at this time, the current one first.
    pub(crate) fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &SigningSecret> {
        self.secrets.iter().filter(move |(_, until)| *until > now).map(|(secret, _)| secret)
    }

    /// True if the message matches its filters and it is enabled.
    pub(crate) fn wants(&self, message: &Message) -> bool {
        let endpoint = &self.endpoint;
        let type_fits = endpoint.filter_types.as_ref().is_none_or(|types| types.contains(&message.event_type));
        let channel_fits = endpoint.channels.as_ref().is_none_or(|wanted| {
            message.channels.as_ref().is_some_and(|channels| channels.iter().any(|channel| wanted.contains(channel)))
        });
        !endpoint.disabled && type_fits && channel_fits
    }
}

/// An application with its endpoints, as read at one revision.
pub(crate) struct Entry {
    pub(crate) application: Application,
    pub(crate) targets: Vec<Arc<Target>>,
}

impl Entry {
    pub(crate) fn target(&self, id: &str) -> Option<&Arc<Target>> {
        self.targets.iter().find(|target| target.endpoint.id.as_str() == id)
    }
}

/// A cached application.
struct CachedApplication {
    entry: Arc<Entry>,
    /// The time of its last check, in microseconds. It is set in place: a copy that another thread
    /// has dropped meanwhile does not come back.
    checked: AtomicI64,
}

/// The cache. Cheap to clone; clones share it.
#[derive(Clone)]
pub(crate) struct Directory {
    clock: Clock,
    copies: Cache<ApplicationId, Arc<CachedApplication>>,
    /// The application for notifications of each organisation.
    notifications: Cache<OrganisationId, ApplicationId>,
}

impl Directory {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, copies: Cache::new(KEPT), notifications: Cache::new(KEPT) }
    }

    /// Drops a copy, since its application has changed.
    pub(crate) fn forget(&self, id: &ApplicationId) {
        self.copies.remove(id);
    }

    /// The copy of this revision, if it is cached.
    fn of_revision(&self, id: &ApplicationId, revision: i64) -> Option<Arc<Entry>> {
        let now = self.clock.now();
        let copy = self.copies.get(id, now).filter(|copy| copy.entry.application.revision == revision)?;
        copy.checked.store(now.as_micros(), Ordering::Relaxed);
        Some(copy.entry.clone())
    }

    fn keep(&self, entry: Arc<Entry>) {
        let (application, now) = (&entry.application, self.clock.now());
        if application.kind == ApplicationKind::Notifications {
            self.notifications.insert(application.organisation_id.clone(), application.id.clone(), now, FOR_EVER);
        }
        let copy = CachedApplication { entry: entry.clone(), checked: AtomicI64::new(now.as_micros()) };
        self.copies.insert(application.id.clone(), Arc::new(copy), now, FOR_EVER);
    }

    /// The cached application for notifications of an organisation, if the copy is fresh enough to
    /// send with.
    pub(crate) fn notifications(&self, webhooks: &Webhooks, organisation: &OrganisationId) -> Option<Arc<Entry>> {
        let id = self.notifications.get(organisation, self.clock.now())?;
        self.fresh(webhooks, &id)
    }

    /// The cached copy, if it is fresh enough to send with.
    fn fresh(&self, webhooks: &Webhooks, id: &ApplicationId) -> Option<Arc<Entry>> {
        let now = self.clock.now();
        let copy = self.copies.get(id, now)?;
        let checked = Timestamp::from_micros(copy.checked.load(Ordering::Relaxed));
        // A check that is later than now stems from a clock that was put back.
        let is_fresh = checked <= now && now < checked.plus(FRESH);
        (is_alone(&webhooks.db) || is_fresh).then(|| copy.entry.clone())
    }

    /// An application as it is in this transaction. The caller has read its revision.
    pub(crate) async fn at_revision(
        &self,
        tx: &mut Tx,
        webhooks: &Webhooks,
        id: &ApplicationId,
        revision: i64,
    ) -> Result<Option<Arc<Entry>>> {
        if let Some(entry) = self.of_revision(id, revision) {
            return Ok(Some(entry));
        }
        let Some(entry) = read(tx, webhooks, id.as_str()).await? else { return Ok(None) };
        // The row may hold this transaction's own change: cache it only when the revision matches,
        // after commit.
        if entry.application.revision == revision {
            let (directory, kept) = (self.clone(), entry.clone());
            tx.after_commit(move || directory.keep(kept));
        }
        Ok(Some(entry))
    }

    /// An application for a delivery; `None` when it was deleted.
    pub(crate) async fn for_delivery(&self, webhooks: &Webhooks, id: &ApplicationId) -> Result<Option<Arc<Entry>>> {
        if let Some(entry) = self.fresh(webhooks, id) {
            return Ok(Some(entry));
        }
        let (directory, within, id) = (self.clone(), webhooks.clone(), id.clone());
        let read = webhooks.db.read(move |tx| {
            Box::pin(async move {
                let Some(revision) = applications::queries::revision(tx, id.as_str()).await? else { return Ok(None) };
                if let Some(entry) = directory.of_revision(&id, revision) {
                    return Ok(Some(entry));
                }
                let Some(entry) = read(tx, &within, id.as_str()).await? else { return Ok(None) };
                // Each statement of a read sees its own moment. A copy that changed in between is
                // not cached.
                if applications::queries::revision(tx, id.as_str()).await? == Some(entry.application.revision) {
                    directory.keep(entry.clone());
                }
                Ok::<_, campanile_base::Error>(Some(entry))
            })
        });
        read.await
    }
}

/// Marks an application or its endpoints as changed: raises the revision, so that copies are read
/// again.
pub(crate) async fn changed(tx: &mut Tx, webhooks: &Webhooks, id: &ApplicationId) -> Result<()> {
    applications::queries::raise_revision(tx, id).await?;
    let (directory, id) = (webhooks.directory.clone(), id.clone());
    tx.after_commit(move || directory.forget(&id));
    Ok(())
}

/// True if this node is the only one that can change the database.
fn is_alone(db: &Db) -> bool {
    db.engine() == campanile_db::Engine::Sqlite
}

async fn read(tx: &mut Tx, webhooks: &Webhooks, id: &str) -> Result<Option<Arc<Entry>>> {
    let now = webhooks.clock.now();
    let Some(application) = applications::queries::by_id(tx, id).await? else { return Ok(None) };
    let old = queries::old_secrets(tx, &application.id, now).await?;
    let mut targets = Vec::new();
    let is_notified = application.kind == ApplicationKind::Notifications;
    let environment = is_notified.then(|| uuid_of(&["environment", application.organisation_id.as_str()]));
    for sealed in queries::sealed(tx, &application.id).await? {
        let forever = Timestamp::from_micros(i64::MAX);
        let current = std::iter::once((&sealed.secret, forever));
        let of_endpoint = old.iter().filter(|old| old.endpoint == sealed.endpoint.id.as_str());
        let written = current.chain(of_endpoint.map(|old| (&old.secret, old.expires_at)));
        let mut secrets = Vec::new();
        for (secret, until) in written {
            let secret = SigningSecret::parse(webhooks.vault.open(secret)?.expose());
            secrets.push((secret.map_err(campanile_base::Error::internal)?, until));
        }
        let headers = headers::open(&webhooks.vault, sealed.headers.as_deref())?;
        let target = Target {
            secrets,
            headers,
            transformation: transformations::opened(&webhooks.vault, sealed.transformation.as_deref())?,
            access: access::opened(&webhooks.vault, &sealed.access)?,
            is_failing: sealed.is_failing,
            environment: environment.clone(),
            organisation: application.organisation_id.clone(),
            endpoint: sealed.endpoint,
        };
        targets.push(Arc::new(target));
    }
    Ok(Some(Arc::new(Entry { application, targets })))
}
