//! Organisations, workspaces, people, roles, keys, sessions and the activity trail.
//!
//! # The parts
//! An *organisation* owns data and keys. *People* join it with a role. A *workspace* is an isolated
//! memory inside it. A request with a secret key or a session becomes a [`Caller`]: an
//! organisation, an actor and a role in it. Every query of every crate takes its organisation or
//! workspace from a `Caller`, never from a request.
//!
//! # Stored secrets
//! Keys, sessions and sign-in links are random tokens of 256 bits. They are shown once and stored
//! as their SHA-256. Passwords are stored as argon2id hashes. None of them can be read back.
//!
//! # Access to organisations
//! A person may belong to several organisations. Nothing that one organisation knows or does gives
//! access to another. A sign-in link gives access to the organisation that it was created for. A
//! password that an owner has chosen for a member gives access to that owner's organisation only. A
//! person with an account joins another organisation by accepting its invitation ([`members`]).
//!
//! # The activity trail
//! Every change is recorded with its actor, action, subject, time and result, in the transaction of
//! the change itself ([`activity`]).

pub mod activity;
pub mod assistants;
mod caller;
mod first_run;
mod ids;
pub mod keys;
pub mod live;
pub mod members;
pub mod memory_keys;
pub mod organisations;
pub mod people;
mod privacy;
pub mod public_keys;
pub mod retention;
pub mod sessions;
pub mod user_tokens;

use campanile_db::Migrations;

pub use caller::{Actor, Caller, Permission, Role};
pub use first_run::{FirstRun, Founding, found};
pub use ids::{OrganisationId, PersonId, WorkspaceId};
pub use organisations::Workspace;
pub use privacy::Privacy;

/// The tables of accounts.
pub const MIGRATIONS: Migrations = Migrations {
    component: "accounts",
    files: &[
        include_str!("../migrations/1_accounts.sql"),
        include_str!("../migrations/2_browsers.sql"),
        include_str!("../migrations/3_members.sql"),
        include_str!("../migrations/4_key_use.sql"),
        include_str!("../migrations/5_activity_subject.sql"),
        include_str!("../migrations/6_joined.sql"),
        include_str!("../migrations/7_memory_keys.sql"),
        include_str!("../migrations/8_assistants.sql"),
        include_str!("../migrations/9_live.sql"),
    ],
};
