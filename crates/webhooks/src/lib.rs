//! Applications, endpoints, messages, attempts: delivers signed HTTP until it is answered.
//!
//! # The life of a message
//! 1. [`messages::send`] stores the message in the caller's transaction, and a job for every
//!    endpoint of its application that is enabled and lets it through.
//! 2. Each job is one [delivery](delivery): the endpoint's current address and secrets are
//!    read, the payload is signed as it is stored, and sent. The attempt is written down in the
//!    transaction that ends or postpones the job.
//! 3. Anything but a 2xx is tried again on the retry schedule, give or take a fifth; the
//!    receiver's Retry-After is heeded within twice the planned wait. After the last try the job
//!    is a dead letter.
//! 4. An endpoint that answers 410, or has taken nothing for five days, is disabled.
//!
//! One endpoint never holds up another: deliveries share a limit per endpoint, and the engine
//! takes turns between organisations.

pub mod applications;
pub mod attempts;
pub mod delivery;
pub mod endpoints;
pub mod messages;
mod names;

use std::time::Duration;

use campanile_accounts::live::Live;
use campanile_base::{Clock, Vault};
use campanile_db::{Db, Migrations};
use campanile_engine::Engine;
use campanile_net::Client;

pub use names::{check_name, check_uid};

/// The tables of outbound webhooks.
pub const MIGRATIONS: Migrations =
    Migrations { component: "webhooks", files: &[include_str!("../migrations/1_webhooks.sql")] };

/// What the pillar works with. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
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
}

impl Default for Settings {
    /// Eight attempts over 27 hours, half a minute each, five days.
    fn default() -> Self {
        let hour = 3600;
        let waits = [5, 300, 1_800, 2 * hour, 5 * hour, 10 * hour, 10 * hour];
        Self {
            retry_schedule: waits.into_iter().map(Duration::from_secs).collect(),
            request_timeout: Duration::from_secs(30),
            disable_after: Duration::from_secs(120 * 3600),
        }
    }
}
