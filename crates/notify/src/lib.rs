//! Notifications: decides who gets which message through which channel, and delivers it.
//!
//! # The life of a notification
//! 1. A [trigger](triggers) names a workflow and its recipients: users, or objects with
//!    [subscribers](subscriptions). It is accepted in the transaction of its cause, or together
//!    with other triggers that arrive at the same time.
//! 2. Each recipient has a [run](runs) of their own. The run takes the workflow's steps: delays,
//!    batches, throttles, branches, and channels.
//! 3. A channel step checks that a message may be [sent](sending): conditions, the recipient's
//!    [preferences], and addresses.
//! 4. A [message](messages) is rendered and stored. A [feed](feeds) item is delivered by that.
//!    Every other message is carried by its [channel](channels), in a job of its own.
//!
//! A mail may reach a mailbox twice: if the process dies after the mail server has accepted the
//! mail, and before this is stored. Both copies have the same Message-ID, so mail programs can
//! recognise the second one.
//!
//! # Ownership
//! All data belong to an organisation. A workspace is a tenant, and members are users. Both keep
//! their own ids.

pub mod audiences;
pub mod bulk;
pub mod channel_data;
pub mod channels;
pub mod feeds;
pub mod guides;
pub mod management;
pub mod messages;
pub mod preference_center;
pub mod preferences;
pub mod preview;
pub mod provider_callbacks;
pub mod recipients;
pub mod reference;
pub mod resources;
mod retention;
pub mod runs;
pub mod schedules;
pub mod sending;
pub mod signals;
pub mod slack;
pub mod subscriptions;
#[cfg(feature = "fixtures")]
pub mod suites;
pub mod suppressions;
pub mod teams;
pub mod tracking;
pub mod triggers;
pub mod workflows;

use std::sync::{Arc, OnceLock};

use campanile_accounts::OrganisationId;
use campanile_accounts::live::Live;
use campanile_base::{Cache, Clock, Vault};
use campanile_db::{Db, Migrations};
use campanile_engine::{Engine, Registry};
use campanile_net::Client;
use campanile_sandbox::Sandbox;

pub use campanile_channels::email::smtp::Mailer;
pub use campanile_documents::{Template, TemplateError, conditions};
pub use reference::Reference;
pub use retention::Keep;

/// The tables of notifications.
pub const MIGRATIONS: Migrations = Migrations {
    component: "notify",
    files: &[
        include_str!("../migrations/1_notify.sql"),
        include_str!("../migrations/2_knock.sql"),
        include_str!("../migrations/3_signals.sql"),
        include_str!("../migrations/4_suppressions.sql"),
        include_str!("../migrations/5_versions.sql"),
        include_str!("../migrations/6_search.sql"),
    ],
};

/// The pillar. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Notify {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Encrypts values that must not be readable in the tables.
    pub vault: Vault,
    /// Runs the jobs: of workflow runs, and of message deliveries.
    pub engine: Engine,
    /// Hands messages to providers.
    pub carriers: campanile_channels::Carriers,
    /// Notifies open pages of new messages.
    pub live: Live,
    /// The public address of this server, without a slash at the end.
    pub base_url: Arc<str>,
    /// The watchers of feeds on this node.
    pub feeds: feeds::Feeds,
    /// The channels of organisations.
    channels: Cache<OrganisationId, Arc<Vec<channels::Channel>>>,
    resources: Cache<OrganisationId, Arc<resources::SharedResources>>,
    /// The compiled versions of workflows.
    programs: Cache<String, Arc<workflows::Program>>,
    listener: Arc<OnceLock<Arc<dyn signals::Listener>>>,
    accepts: Arc<OnceLock<triggers::Accepts>>,
    begins: Arc<OnceLock<triggers::Begins>>,
    recent: sending::Recent,
    /// The threads that parse and render users' documents.
    pub sandbox: Sandbox,
}

/// The maximum number of organisations and of versions in a cache.
const MOST_CACHED: usize = 1_000;

/// The parts that the pillar is made of.
#[allow(missing_docs, reason = "the names are those of the pillar")]
pub struct Config {
    pub db: Db,
    pub clock: Clock,
    pub vault: Vault,
    pub engine: Engine,
    pub client: Client,
    pub mailer: Option<Mailer>,
    pub live: Live,
    pub sandbox: Sandbox,
    pub base_url: String,
}

impl Notify {
    /// Builds the pillar from its parts.
    pub fn new(config: Config) -> Self {
        let Config { db, clock, vault, engine, client, mailer, live, sandbox, base_url } = config;
        Self {
            db,
            carriers: campanile_channels::Carriers::new(client, mailer, clock.clone()),
            clock,
            vault,
            engine,
            live,
            base_url: base_url.into(),
            feeds: Default::default(),
            channels: Cache::new(MOST_CACHED),
            resources: Cache::new(MOST_CACHED),
            programs: Cache::new(MOST_CACHED),
            listener: Default::default(),
            accepts: Default::default(),
            begins: Default::default(),
            recent: Default::default(),
            sandbox,
        }
    }

    /// Sets the listener that is notified of events. Only the first call has an effect.
    pub fn listened_by(&self, listener: Arc<dyn signals::Listener>) {
        let _ = self.listener.set(listener);
    }

    /// A clone without the lanes. A lane that held a reference to itself would never end.
    fn within(&self) -> Self {
        Self { accepts: Arc::default(), begins: Arc::default(), ..self.clone() }
    }
}

/// Registers the pillar's jobs. `keep` says after which time old data are removed.
pub fn register(registry: &mut Registry, notify: &Notify, keep: Keep) {
    triggers::register(registry, notify);
    runs::register(registry, notify);
    sending::register(registry, notify);
    schedules::register(registry, notify);
    bulk::register(registry, notify);
    retention::register(registry, notify, keep);
}

/// Gives an organisation the standard channels and workflows, if it does not have them yet.
pub async fn seed(
    tx: &mut campanile_db::Tx,
    notify: &Notify,
    organisation: &campanile_accounts::OrganisationId,
) -> campanile_base::Result<()> {
    channels::seed(tx, notify, organisation).await?;
    workflows::seed(tx, notify, organisation).await
}
