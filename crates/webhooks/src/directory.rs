//! Who is to be told: applications with their endpoints, kept in memory for those who send.
//!
//! A copy is as old as the revision that it was read with. Who accepts messages asks for the
//! revision in the same transaction, so a message goes to exactly the endpoints that are there when it is
//! accepted. Who delivers makes do with a copy that was found true within the last second; a change on
//! this node shows at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp, uuid_of};
use campanile_db::{Db, Tx};
use campanile_net::SigningSecret;

use crate::Webhooks;
use crate::applications::{self, Application, ApplicationId, ApplicationKind};
use crate::endpoints::access::{self, Access};
use crate::endpoints::headers::{self, Headers};
use crate::endpoints::{Endpoint, Way, queries};
use crate::messages::Message;
use crate::scripts::Owner;
use crate::transformations::{self, Transformation};

/// How long a copy is taken for true where other nodes may change what it is of.
const FRESH: Duration = Duration::from_secs(1);
/// How many applications are kept.
const KEPT: usize = 10_000;

/// An endpoint, with everything that a delivery to it needs.
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    organisation: OrganisationId,
    /// The current secret, then those that still sign beside it, with when they run out.
    secrets: Vec<(SigningSecret, Timestamp)>,
    pub(crate) headers: Headers,
    pub(crate) transformation: Transformation,
    pub(crate) access: Access,
    /// Whether messages to it were given up since the last success.
    pub(crate) is_failing: bool,
    /// What the hosted service for notifications would call the organisation's environment, where this is told of
    /// [those](applications::NOTIFICATIONS).
    pub(crate) environment: Option<String>,
}

/// How fast messages go to an endpoint, and in what order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each as it comes, beside others.
    AsItComes,
    /// Like that, but so many a second at most.
    Throttled(i64),
    /// One request after another.
    InOrder { batch_size: i64, max_wait: i64 },
    /// As the receiver asks for them.
    Polled,
}

impl Target {
    /// Whose it is.
    pub(crate) fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// Whose script it has.
    pub(crate) fn owner(&self) -> Owner<'_> {
        Owner {
            organisation: self.organisation.as_str(),
            application: self.endpoint.application_id.as_str(),
            place: self.endpoint.id.as_str(),
        }
    }

    /// How fast messages go to it. Its own limit wins over its application's.
    pub(crate) fn pace(&self, application: &Application) -> Pace {
        match self.endpoint.way {
            Way::InOrder { batch_size, max_wait } => Pace::InOrder { batch_size, max_wait },
            Way::Polled => Pace::Polled,
            Way::Push => match self.endpoint.throttle_rate.or(application.throttle_rate) {
                Some(rate) if rate > 0 => Pace::Throttled(rate),
                _ => Pace::AsItComes,
            },
        }
    }

    /// What signs at a time, the current secret first.
    pub(crate) fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &SigningSecret> {
        self.secrets.iter().filter(move |(_, until)| *until > now).map(|(secret, _)| secret)
    }

    /// Whether a message goes to it.
    pub(crate) fn wants(&self, message: &Message) -> bool {
        let endpoint = &self.endpoint;
        let type_fits = endpoint.filter_types.as_ref().is_none_or(|types| types.contains(&message.event_type));
        let channel_fits = endpoint.channels.as_ref().is_none_or(|wanted| {
            message.channels.as_ref().is_some_and(|channels| channels.iter().any(|channel| wanted.contains(channel)))
        });
        !endpoint.disabled && type_fits && channel_fits
    }
}

/// An application as it was read.
pub(crate) struct Entry {
    pub(crate) application: Application,
    pub(crate) targets: Vec<Arc<Target>>,
}

impl Entry {
    pub(crate) fn target(&self, id: &str) -> Option<&Arc<Target>> {
        self.targets.iter().find(|target| target.endpoint.id.as_str() == id)
    }
}

/// What is kept, and when it was last found true.
type Entries = HashMap<ApplicationId, (Arc<Entry>, Instant)>;

/// The copies. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    entries: Arc<Mutex<Entries>>,
    /// Which applications are those of notifications.
    notifications: Arc<Mutex<HashMap<OrganisationId, ApplicationId>>>,
}

impl Directory {
    /// Forgets a copy: what it is of has changed.
    pub(crate) fn forget(&self, id: &ApplicationId) {
        self.entries().remove(id);
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().expect("nobody panics while they hold the directory")
    }

    /// The copy of this revision, if it is kept.
    fn of_revision(&self, id: &ApplicationId, revision: i64) -> Option<Arc<Entry>> {
        let mut entries = self.entries();
        let (entry, checked) = entries.get_mut(id).filter(|(entry, _)| entry.application.revision == revision)?;
        *checked = Instant::now();
        Some(entry.clone())
    }

    fn keep(&self, entry: Arc<Entry>) {
        let application = &entry.application;
        if application.kind == ApplicationKind::Notifications {
            let mut known = self.notifications.lock().expect("nobody panics while they hold it");
            known.insert(application.organisation_id.clone(), application.id.clone());
        }
        let mut entries = self.entries();
        if entries.len() >= KEPT {
            entries.clear();
        }
        entries.insert(entry.application.id.clone(), (entry, Instant::now()));
    }

    /// The copy of an organisation's application for notifications, where it is good enough for who sends.
    pub(crate) fn notifications(&self, webhooks: &Webhooks, organisation: &OrganisationId) -> Option<Arc<Entry>> {
        let id = self.notifications.lock().expect("nobody panics while they hold it").get(organisation).cloned()?;
        let (entry, checked) = self.entries().get(&id).cloned()?;
        (is_alone(&webhooks.db) || checked.elapsed() < FRESH).then_some(entry)
    }

    /// An application as it is in this transaction, of which its revision is known.
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
        // What was read within a transaction may be its own change; it is kept once it is another's, too.
        if entry.application.revision == revision {
            let (directory, kept) = (self.clone(), entry.clone());
            tx.after_commit(move || directory.keep(kept));
        }
        Ok(Some(entry))
    }

    /// An application for a delivery; `None` when it is gone.
    pub(crate) async fn for_delivery(&self, webhooks: &Webhooks, id: &ApplicationId) -> Result<Option<Arc<Entry>>> {
        let kept = self.entries().get(id).cloned();
        if let Some((entry, checked)) = &kept
            && (is_alone(&webhooks.db) || checked.elapsed() < FRESH)
        {
            return Ok(Some(entry.clone()));
        }
        let (directory, within, id) = (self.clone(), webhooks.clone(), id.clone());
        let read = webhooks.db.read(move |tx| {
            Box::pin(async move {
                let Some(revision) = applications::queries::revision(tx, id.as_str()).await? else { return Ok(None) };
                if let Some(entry) = directory.of_revision(&id, revision) {
                    return Ok(Some(entry));
                }
                let Some(entry) = read(tx, &within, id.as_str()).await? else { return Ok(None) };
                // Statements of a read see a moment each: what changed between them is read again by the next.
                if applications::queries::revision(tx, id.as_str()).await? == Some(entry.application.revision) {
                    directory.keep(entry.clone());
                }
                Ok::<_, campanile_base::Error>(Some(entry))
            })
        });
        read.await
    }
}

/// Whether nobody else can change the database.
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
            transformation: transformations::opened(webhooks, sealed.transformation.as_deref())?,
            access: access::opened(webhooks, &sealed.access)?,
            is_failing: sealed.is_failing,
            environment: environment.clone(),
            organisation: application.organisation_id.clone(),
            endpoint: sealed.endpoint,
        };
        targets.push(Arc::new(target));
    }
    Ok(Some(Arc::new(Entry { application, targets })))
}
