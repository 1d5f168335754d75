//! Turns a provider's delivery into a verified, stored, normalised source event.
//!
//! # The life of a delivery
//! 1. [`Intake::receive`] finds the source by its path and checks the signature over the raw body,
//!    in constant time, before anything is parsed.
//! 2. What kind of event it is, the provider's id of the delivery and, where the provider signs
//!    it, the time of sending are read. An unreadable body ends here: nothing is stored.
//! 3. The delivery is stored verbatim, with its headers, together with the job that will process
//!    it. Only then is it acknowledged. A repeat, by the provider's id, is acknowledged too and
//!    stored no second time.
//! 4. The job, which the application composes, calls [`normalise`]: source events to remember and
//!    changes to the known repositories, or the reason why there is nothing to do.
//! 5. The delivery ends as *processed*, *skipped* with its reason, or *failed* with the error that
//!    the last attempt died of.
//!
//! # Adapters
//! Each provider is a folder: how it signs, how it names things, what its payloads become. Nothing
//! outside these folders knows the shape of a payload.
//!
//! # Replays
//! A captured delivery that is sent again is caught by its id. Its age is only judged where the
//! provider signs the time of *sending* (Linear): times inside a payload tell when something
//! happened, and providers redeliver hours later.

pub mod deliveries;
mod error;
mod github;
#[cfg(test)]
mod identity_tests;
mod intake;
mod linear;
mod payload;
mod provider;
pub mod repositories;
pub mod retention;
mod sentry;
pub mod sources;
mod vercel;

use campanile_base::source_event::SourceEvent;
use campanile_db::Migrations;

pub use error::{Code, IngestError};
pub use intake::{Arrival, Intake, KnownSource, PROCESS, ProcessArgs, Receipt};
pub use provider::{Manners, Provider};

use crate::deliveries::Delivery;
use crate::repositories::RepositoryChange;

/// The tables of the inbound side.
pub const MIGRATIONS: Migrations = Migrations {
    component: "inbound",
    files: &[
        include_str!("../migrations/1_inbound.sql"),
        include_str!("../migrations/2_names.sql"),
        include_str!("../migrations/3_rotation.sql"),
    ],
};

/// What a delivery means.
#[derive(Debug)]
pub enum Normalised {
    /// These events happened, and these repositories changed.
    Events {
        /// To be remembered.
        events: Vec<SourceEvent>,
        /// To be noted at the source.
        changes: Vec<RepositoryChange>,
    },
    /// There is nothing to do, and this is why.
    Skipped(String),
}

/// Puts a stored delivery into normal form. Pure: the same delivery always means the same.
///
/// # Errors
/// `Invalid` when a field that the event cannot do without is missing.
pub fn normalise(delivery: &Delivery) -> campanile_base::Result<Normalised> {
    let payload = delivery.payload()?;
    match delivery.provider {
        Provider::Github => github::normalise(&delivery.event, &payload, delivery),
        Provider::Vercel => vercel::normalise(&delivery.event, &payload, delivery),
        Provider::Linear => linear::normalise(&delivery.event, &payload, delivery),
        Provider::Sentry => sentry::normalise(&delivery.event, &payload, delivery),
    }
}
