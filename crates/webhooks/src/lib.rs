//! Outbound webhooks: delivers signed HTTP requests to customers' endpoints until they are
//! accepted.
//!
//! The nouns are applications, endpoints, messages and attempts.
//!
//! # The life of a message
//! 1. [`messages::accept`] hands it to a lane. Messages that arrive at the same time are stored in
//!    one transaction. Each gets one job for all enabled endpoints of its application whose filters
//!    match.
//! 2. The job is its [delivery](delivery). It takes the endpoints' current addresses and secrets
//!    from the [`directory`], signs the payload exactly as stored, and sends it to all endpoints at
//!    the same time. The attempts are recorded in the transaction that ends the job, together with
//!    those of other jobs that end at the same time.
//! 3. Any answer but a 2xx is tried again on the retry schedule, give or take a fifth. The
//!    receiver's Retry-After is respected up to twice the planned wait.
//! 4. An endpoint that answers 410, or has accepted nothing for five days, is disabled. The
//!    organisation learns of it by [operational webhooks](operational).
//! 5. A user may ask for another attempt of one message, or of many by a [task](tasks).
//!
//! One endpoint never holds up another: deliveries share a limit per endpoint, and the engine takes
//! turns between organisations.

pub mod applications;
pub mod delivery;
mod directory;
pub mod endpoints;
pub mod event_types;
mod health;
pub mod integrations;
pub mod lines;
mod maintenance;
pub mod messages;
mod model;
mod names;
mod notice;
pub mod operational;
pub mod requests;
mod retention;
pub mod scripts;
pub mod statistics;
pub mod tasks;
pub mod tokens;
mod trail;
pub mod transformations;

use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use campanile_accounts::live::Live;
use campanile_base::{Cache, Clock, Vault};
use campanile_db::{Db, Migrations};
use campanile_engine::{Engine, Registry};
use campanile_net::Client;
use campanile_sandbox::Sandbox;

use directory::Directory;
pub use model::attempts;
use model::endpoints::EndpointId;
use model::messages::Recent;
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
        include_str!("../migrations/6_statistics.sql"),
    ],
};

/// The parts that [`Webhooks`] is built from.
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

/// Outbound webhooks. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Webhooks(Arc<Parts>);

/// The state that all clones of [`Webhooks`] share.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Encrypts the endpoints' secrets.
    pub vault: Vault,
    /// Runs the deliveries.
    pub engine: Engine,
    /// Sends the requests.
    pub client: Client,
    /// Announces attempts to live watchers.
    pub live: Live,
    /// The settings of deliveries.
    pub settings: Settings,
    scripts: Scripts,
    sandbox: Sandbox,
    directory: Directory,
    recent: Recent,
    accepts: OnceLock<messages::Accepts>,
    underway: delivery::EndpointLimits,
    failures: delivery::Failures,
    /// Access tokens for endpoints that require OAuth 2.
    tokens: Cache<EndpointId, String>,
    last_fold: statistics::LastFold,
}

/// The maximum number of access tokens that are kept. A token that gave way is asked for again.
const MOST_TOKENS: usize = 10_000;

impl Deref for Webhooks {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Webhooks {
    /// Builds it from its parts.
    pub fn new(config: Config) -> Self {
        let Config { db, clock, vault, engine, client, live, sandbox, settings } = config;
        let (recent, accepts, failures, last_fold) = Default::default();
        let directory = Directory::new(clock.clone());
        let underway = delivery::EndpointLimits::of(client.turns());
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
            tokens: Cache::new(MOST_TOKENS),
            last_fold,
        };
        Self(Arc::new(parts))
    }

    /// Registers all jobs, schedules and event handlers.
    pub fn register(&self, registry: &mut Registry) {
        delivery::register(registry, self);
        lines::register(registry, self);
        operational::register(registry, self);
        tasks::register(registry, self);
        statistics::register(registry, self);
        maintenance::register(registry, self);
    }
}

/// The settings of deliveries.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The waits after each failure. There is one more attempt than there are waits.
    pub retry_schedule: Vec<Duration>,
    /// The time limit of one attempt.
    pub request_timeout: Duration,
    /// The time after which an endpoint that has accepted nothing is disabled.
    pub disable_after: Duration,
    /// True if endpoints must have `https://` addresses.
    pub https_only: bool,
    /// The kind of secret that is generated for a new endpoint.
    pub key_type: KeyType,
    /// The retention of messages and their attempts.
    pub keep_messages: Duration,
    /// The program that runs scripts.
    pub script_worker: scripts::Program,
}

/// A kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// Shared with the receiver.
    Hmac256,
    /// A private key. The receiver has the public key.
    Ed25519,
}

impl Default for Settings {
    /// Eight attempts over 27 hours, 30 seconds each. A failing endpoint is disabled after five
    /// days; messages are kept for 90 days.
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
