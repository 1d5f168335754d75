//! Decides who hears what through which channel, and delivers it.
//!
//! # The life of a notification
//! 1. A [trigger](triggers) names a workflow and its recipients: users, or objects with [subscribers](subscriptions). It is accepted in the
//!    transaction of what caused it, or with others that come in at the same time.
//! 2. Each recipient has a [run](runs) of their own, which takes the workflow's steps: delays, batches, throttles, branches, and channels.
//! 3. A channel step asks whether a message may be [sent](sending): conditions, addresses, and the recipient's [preferences].
//! 4. A [message](messages) is rendered and stored. In a [feed](feeds) it is where it belongs; others are carried by their
//!    [channel](channels), in a job of their own.
//!
//! A mail may reach a mailbox twice when the process dies between the server's yes and our note of it; both copies then have the same
//! Message-ID, by which mail programs tell.
//!
//! # Whose what is
//! Everything is an organisation's. A workspace is a tenant, members are users; both by their own ids.

pub mod audiences;
pub mod bulk;
pub mod channel_data;
pub mod channels;
pub mod conditions;
mod duties;
pub mod feeds;
pub mod guides;
mod markdown;
pub mod messages;
pub mod preferences;
pub mod recipients;
pub mod reference;
pub mod resources;
pub mod runs;
pub mod schedules;
pub mod sending;
pub mod signals;
pub mod slack;
pub mod subscriptions;
pub mod suites;
pub mod suppressions;
pub mod teams;
mod template;
pub mod tracking;
pub mod triggers;
pub mod workflows;

use std::sync::{Arc, OnceLock};

use campanile_accounts::live::Live;
use campanile_base::{Clock, Vault};
use campanile_db::{Db, Migrations};
use campanile_engine::{Engine, Registry};
use campanile_net::Client;
use campanile_sandbox::Sandbox;

pub use channels::email::smtp::Mailer;
pub use duties::Keep;
pub use reference::Reference;
pub use template::{Template, TemplateError};

/// The tables of notifications.
pub const MIGRATIONS: Migrations = Migrations {
    component: "notify",
    files: &[
        include_str!("../migrations/1_notify.sql"),
        include_str!("../migrations/2_knock.sql"),
        include_str!("../migrations/3_signals.sql"),
        include_str!("../migrations/4_suppressions.sql"),
    ],
};

/// What the pillar works with. Cheap to clone.
#[derive(Clone)]
pub struct Notify {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Seals what must not be read from the tables.
    pub vault: Vault,
    /// Runs workflows, and hands messages over.
    pub engine: Engine,
    /// Asks systems of others.
    pub client: Client,
    /// The mail server of channels that have none of their own, where one is set.
    pub mailer: Option<Mailer>,
    /// Tells of feed items.
    pub live: Live,
    /// Where people reach this server, without a slash at the end.
    pub base_url: Arc<str>,
    /// Who watches which feed.
    pub feeds: feeds::Feeds,
    channels: channels::Known,
    mail_connections: channels::email::MailConnections,
    shelves: resources::Shelves,
    provider_tokens: channels::ProviderTokens,
    programs: workflows::Programs,
    listener: Arc<OnceLock<Arc<dyn signals::Listener>>>,
    accepts: Arc<OnceLock<triggers::Accepts>>,
    begins: Arc<OnceLock<triggers::Begins>>,
    recent: sending::Recent,
    /// Threads on which documents of others are parsed and rendered.
    pub sandbox: Sandbox,
}

/// What the pillar is made of.
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
    /// The pillar over these.
    pub fn new(config: Config) -> Self {
        let Config { db, clock, vault, engine, client, mailer, live, sandbox, base_url } = config;
        Self {
            db,
            clock,
            vault,
            engine,
            client,
            mailer,
            live,
            base_url: base_url.into(),
            feeds: Default::default(),
            channels: Default::default(),
            mail_connections: Default::default(),
            shelves: Default::default(),
            provider_tokens: Default::default(),
            programs: Default::default(),
            listener: Default::default(),
            accepts: Default::default(),
            begins: Default::default(),
            recent: Default::default(),
            sandbox,
        }
    }

    /// Lets somebody hear of what happens; the first who asks does.
    pub fn listened_by(&self, listener: Arc<dyn signals::Listener>) {
        let _ = self.listener.set(listener);
    }

    /// Without the lanes: a lane that held itself would never end.
    fn within(&self) -> Self {
        Self { accepts: Arc::default(), begins: Arc::default(), ..self.clone() }
    }
}

/// Registers the pillar's jobs; what is old is removed as `keep` says.
pub fn register(registry: &mut Registry, notify: &Notify, keep: Keep) {
    triggers::register(registry, notify);
    runs::register(registry, notify);
    sending::register(registry, notify);
    schedules::register(registry, notify);
    bulk::register(registry, notify);
    duties::register(registry, notify, keep);
}

/// Gives an organisation what everybody has from the start, where it has it not yet.
///
/// # Errors
/// What the database says.
pub async fn seed(
    tx: &mut campanile_db::Tx,
    notify: &Notify,
    organisation: &campanile_accounts::OrganisationId,
) -> campanile_base::Result<()> {
    channels::seed(tx, notify, organisation).await?;
    workflows::seed(tx, notify, organisation).await
}
