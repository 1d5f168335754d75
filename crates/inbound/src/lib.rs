//! Receives the webhooks of providers: verifies and stores each delivery, and normalises it into
//! source events.
//!
//! # The life of a delivery
//! 1. [`Intake::receive`] finds the source by its path. It checks the signature over the raw body,
//!    in constant time, before anything is parsed.
//! 2. The event type, the provider's id of the delivery and, if the provider signs it, the time of
//!    sending are read. An unreadable body is refused here; nothing is stored.
//! 3. The delivery is stored unchanged, with its headers, together with the job that will process
//!    it. Only then is it acknowledged. A repeat, recognised by the provider's id, is acknowledged
//!    too but not stored again.
//! 4. The job, which the application composes, calls [`normalise`]. The result is source events to
//!    remember and changes to the known repositories, or the reason why there is nothing to do.
//! 5. The delivery ends as *processed*, *skipped* with the reason, or *failed* with the error of
//!    the last attempt.
//!
//! # Adapters
//! Each provider has a folder: its names, and the meaning of its payloads. Nothing outside these
//! folders knows the shape of a payload. The signatures of all of them are in `signing`.
//!
//! # Connections
//! A delivery needs no access to the provider. What does need it, such as listing the teams of an
//! account, uses a connection: [`connections`] has the rows, [`connectors`] the calls.
//!
//! # History
//! A connection also brings along what happened before: [`pulls`] has the rows, and pages of it are
//! deliveries like any other, which are remembered and ring nobody.
//!
//! # Upkeep
//! A linked source stays true by itself: [`upkeep`] has the rows. A tool that sends no webhooks is polled,
//! and every source is reconciled with its tool once a day.
//!
//! # Apps
//! An app of ours at a provider has one address for all accounts that install it: [`apps`] has the
//! rows, [`routing`] the way of a delivery to the workspaces. It then is like one to a source.
//!
//! # Replays
//! A captured delivery that is sent again is recognised by its id. Its age is checked only if the
//! provider signs the time of *sending* (Linear). Other times in a payload say when something
//! happened, and providers may deliver again hours later.

mod adapters;
#[cfg(test)]
mod address_tests;
pub mod apps;
mod commits;
pub mod connections;
pub mod connectors;
pub mod deliveries;
mod envelope;
mod error;
pub mod github;
pub mod gitlab;
pub mod handshakes;
#[cfg(test)]
mod identity_tests;
mod intake;
mod linear;
mod links;
mod normalisation;
mod normalised;
pub mod notion;
pub mod pagerduty;
mod payload;
mod provider;
pub mod pulls;
mod remote;
pub mod repositories;
pub mod retention;
pub mod routing;
mod sentry;
mod signing;
pub mod sources;
mod strays;
pub mod sync;
pub mod upkeep;
mod vercel;

use campanile_db::Migrations;

pub use connectors::Connectors;
pub use deliveries::{PROCESS, PROCESS_PULLED, ProcessArgs};
pub use error::{Code, IngestError};
pub use intake::{Arrival, Intake, KnownAddress, Receipt, ReceiptResult, StoredDelivery};
pub use normalisation::normalise;
pub use normalised::NormalForm;
pub use provider::{DeliveryRules, Provider};
pub use remote::{DocumentReading, FetchedDocument, ResourcePlace};

/// The tables of inbound webhooks.
pub const MIGRATIONS: Migrations = Migrations {
    component: "inbound",
    files: &[
        include_str!("../migrations/1_inbound.sql"),
        include_str!("../migrations/2_names.sql"),
        include_str!("../migrations/3_rotation.sql"),
        include_str!("../migrations/4_connections.sql"),
        include_str!("../migrations/5_linked_sources.sql"),
        include_str!("../migrations/6_history.sql"),
        include_str!("../migrations/7_apps.sql"),
        include_str!("../migrations/8_documents.sql"),
        include_str!("../migrations/9_upkeep.sql"),
        include_str!("../migrations/10_handshakes.sql"),
        include_str!("../migrations/11_deletion.sql"),
    ],
};
