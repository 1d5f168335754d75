//! Decides who hears what through which channel, and delivers it.
//!
//! # The life of a notification
//! A trigger ([`workflows::trigger`]) is stored as a job in the transaction of what caused it.
//! The job renders its workflow's templates for every recipient and, in one transaction, puts an
//! item into each one's feed and stores a job for each mail. A mail's job hands it to the mail
//! server and writes down what the server said; a server that is away is tried again.
//!
//! A mail may reach a mailbox twice when the process dies between the server's yes and our note of
//! it; both copies then have the same Message-ID, by which mail programs tell.
//!
//! # The feed
//! In the Knock API's words: a *message* per recipient and channel; seen, read, interacted and
//! archived are times. The badge counts are read from indexes that hold only what is new.

pub mod channels;
pub mod messages;
mod template;
pub mod workflows;

use campanile_accounts::live::Live;
use campanile_base::Clock;
use campanile_db::{Db, Migrations};
use campanile_engine::{Engine, Registry};

pub use channels::email::Mailer;
pub use template::{Template, TemplateError};

/// The tables of notifications.
pub const MIGRATIONS: Migrations =
    Migrations { component: "notify", files: &[include_str!("../migrations/1_notify.sql")] };

/// What the pillar works with. Cheap to clone.
#[derive(Clone)]
pub struct Notify {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Runs workflows and mails.
    pub engine: Engine,
    /// The mail server, where one is set.
    pub mailer: Option<Mailer>,
    /// Tells of feed items.
    pub live: Live,
}

/// Registers the pillar's jobs.
pub fn register(registry: &mut Registry, notify: &Notify) {
    workflows::register(registry, notify);
    channels::email::register(registry, notify);
}
