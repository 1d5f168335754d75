//! Applications, endpoints, messages, attempts: delivers signed HTTP until it is answered.
//!
//! # The life of a message
//! 1. [`messages::accept`] hands it to a lane: those that come in at the same time are stored together, each
//!    with a job for every endpoint of its application that is enabled and lets it through.
//! 2. Each job is one [delivery](delivery): the endpoint's current address and secrets are taken from the
//!    [`directory`], the payload is signed as it is stored, and sent. The attempt is written down in the
//!    transaction that ends or postpones the job, together with all that end at the same time.
//! 3. Anything but a 2xx is tried again on the retry schedule, give or take a fifth; the
//!    receiver's Retry-After is heeded within twice the planned wait.
//! 4. An endpoint that answers 410, or has taken nothing for five days, is disabled. The organisation
//!    is told of that by [operational webhooks](operational).
//! 5. Somebody may ask for another attempt of one message, or of many by a [task](tasks).
//!
//! One endpoint never holds up another: deliveries share a limit per endpoint, and the engine
//! takes turns between organisations.

pub mod applications;
pub mod attempts;
mod deleted;
pub mod delivery;
mod directory;
mod duties;
pub mod endpoints;
pub mod event_types;
pub mod integrations;
pub mod lines;
pub mod messages;
mod names;
pub mod operational;
pub mod requests;
pub mod scripts;
pub mod tasks;
pub mod tokens;
pub mod transformations;

use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use campanile_accounts::live::Live;
use campanile_base::{Clock, Vault};
use campanile_db::{Db, Migrations};
use campanile_engine::{Engine, Registry};
use campanile_net::Client;
use campanile_sandbox::Sandbox;

use directory::Directory;
use messages::Recent;
pub use names::check_count;
use scripts::Scripts;

/// The tables of outbound webhooks.
pub const MIGRATIONS: Migrations = Migrations {
    component: "webhooks",
    files: &[
        include_str!("../migrations/1_webhooks.sql"),
        include_str!("../migrations/2_complete.sql"),
        include_str!("../migrations/3_ways.sql"),
        include_str!("../migrations/4_sealed_answers.sql"),
        include_str!("../migrations/5_kinds.sql"),
    ],
};

/// What the pillar is made of.
#[allow(missing_docs, reason = "the names are those of the pillar")]
pub struct Config {
    pub db: Db,
    pub clock: Clock,
    pub vault: Vault,
    pub engine: Engine,
    pub client: Client,
    pub live: Live,
    pub sandbox: Sandbox,
    pub settings: Settings,
}

/// What the pillar works with. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(Arc<Parts>);

/// What all its handles share.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Seals the endpoints' secrets.
    pub vault: Vault,
    /// Runs the deliveries.
    pub engine: Engine,
    /// Sends them.
    pub client: Client,
    /// Tells of attempts.
    pub live: Live,
    /// How deliveries are made.
    pub settings: Settings,
    scripts: Scripts,
    sandbox: Sandbox,
    directory: Directory,
    recent: Recent,
    accepts: OnceLock<messages::Accepts>,
    underway: delivery::Underway,
    failures: delivery::Failures,
    tokens: endpoints::access::Tokens,
}

impl Deref for Webhooks {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Webhooks {
    /// The pillar over these.
    pub fn new(config: Config) -> Self {
        let Config { db, clock, vault, engine, client, live, sandbox, settings } = config;
        let (directory, recent, accepts, tokens, failures) = Default::default();
        let underway = delivery::Underway::of(client.turns());
        let scripts = Scripts::of_this_machine(settings.script_worker.clone());
        let parts = Parts {
            db,
            clock,
            vault,
            engine,
            client,
            live,
            settings,
            scripts,
            sandbox,
            directory,
            recent,
            accepts,
            underway,
            failures,
            tokens,
        };
        Self(Arc::new(parts))
    }

    /// Registers everything that it does by itself.
    pub fn register(&self, registry: &mut Registry) {
        delivery::register(registry, self);
        lines::register(registry, self);
        tasks::register(registry, self);
        duties::register(registry, self);
    }
}

/// How deliveries are made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The waits after each failure; one attempt more than there are waits.
    pub retry_schedule: Vec<Duration>,
    /// The time for one attempt.
    pub request_timeout: Duration,
    /// How long an endpoint may take nothing before it is disabled.
    pub disable_after: Duration,
    /// Whether endpoints must have `https://` addresses.
    pub https_only: bool,
    /// What kind of secret is made up for an endpoint.
    pub key_type: KeyType,
    /// How long messages and their attempts are kept.
    pub keep_messages: Duration,
    /// The program that runs scripts.
    pub script_worker: scripts::Program,
}

/// A kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// Shared with the receiver.
    Hmac256,
    /// A private key, of which the receiver has the public one.
    Ed25519,
}

impl Default for Settings {
    /// Eight attempts over 27 hours, half a minute each, five days; kept for 90 days.
    fn default() -> Self {
        let hour = 3600;
        let waits = [5, 300, 1_800, 2 * hour, 5 * hour, 10 * hour, 10 * hour];
        Self {
            retry_schedule: waits.into_iter().map(Duration::from_secs).collect(),
            request_timeout: Duration::from_secs(30),
            disable_after: Duration::from_secs(120 * 3600),
            https_only: false,
            key_type: KeyType::Hmac256,
            keep_messages: Duration::from_secs(90 * 24 * 3600),
            script_worker: scripts::Program::default(),
        }
    }
}
