//! Organisations, workspaces, people, roles, keys, sessions and the activity trail.
//!
//! # The cast
//! An *organisation* owns data and keys. *People* join it with a role. A *workspace* is an
//! isolated body of memory inside it. Whoever calls, by a secret key or by a session, becomes a
//! [`Caller`]: an organisation and what may be done in it. Every query of every pillar takes its
//! organisation or workspace from a `Caller`, never from a request.
//!
//! # What is kept of a secret
//! Keys, sessions and sign-in links are random words of 256 bits, shown once and stored as their
//! SHA-256. Passwords are stored as argon2id hashes. Nothing here can be read back.
//!
//! # Who opens what
//! A person may belong to several organisations; nothing that one organisation knows or does opens another. A sign-in link opens
//! the organisation that it was made for. A password that an owner has chosen for somebody opens that owner's organisation. Who has
//! an account already joins another organisation by accepting its invitation ([`members`]).
//!
//! # The trail
//! Every change records who did what to what, when and with what result, in the transaction of
//! the change itself ([`activity`]).

pub mod activity;
mod caller;
mod first_run;
pub mod keys;
pub mod live;
pub mod members;
pub mod organisations;
pub mod people;
pub mod public_keys;
pub mod retention;
pub mod sessions;
pub mod user_tokens;

use campanile_db::Migrations;

pub use caller::{Actor, Caller, Permission, Role};
pub use first_run::{FirstRun, Founding, found};
pub use organisations::{OrganisationId, Workspace, WorkspaceId};
pub use people::PersonId;

/// The tables of accounts.
pub const MIGRATIONS: Migrations = Migrations {
    component: "accounts",
    files: &[
        include_str!("../migrations/1_accounts.sql"),
        include_str!("../migrations/2_browsers.sql"),
        include_str!("../migrations/3_members.sql"),
    ],
};
