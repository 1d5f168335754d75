//! The caller of an operation, and their permissions.

use campanile_base::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{OrganisationId, PersonId};

/// An authenticated caller. They can reach only data of their organisation.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The organisation whose data they can reach.
    pub organisation: OrganisationId,
    /// The identity.
    pub actor: Actor,
    /// The role, which gives their permissions.
    pub role: Role,
}

/// The actor of an operation, for the activity trail.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A signed-in person.
    Person(PersonId),
    /// A program with a secret key, by the key's id.
    Key(String),
    /// The holder of a token for one webhook application, by its id.
    Application(String),
    /// Campanile itself.
    System,
}

/// A member's role, or the role that a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, and uses what others set up.
    Staff,
    /// Sets up sources, endpoints and workspaces.
    Manager,
    /// Everything, people and keys included.
    Owner,
}

/// The permission that an operation requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See the organisation's data.
    Read,
    /// Change sources, endpoints, workspaces and their settings.
    Configure,
    /// Change people, roles and keys.
    Administer,
}

impl Caller {
    /// Campanile itself, on behalf of an organisation.
    pub fn system(organisation: OrganisationId) -> Self {
        Self { organisation, actor: Actor::System, role: Role::Owner }
    }

    /// Refuses unless the role includes `permission`.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must(&self, permission: Permission) -> Result<()> {
        let needed = match permission {
            Permission::Read => Role::Staff,
            Permission::Configure => Role::Manager,
            Permission::Administer => Role::Owner,
        };
        if self.role >= needed { Ok(()) } else { Err(Error::Forbidden("your role does not allow this")) }
    }
}

impl Actor {
    pub(crate) fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Person(id) => ("person", id.as_str()),
            Self::Key(id) => ("key", id),
            Self::Application(id) => ("application", id),
            Self::System => ("system", ""),
        }
    }
}

impl Role {
    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Staff => "staff",
        }
    }

    pub(crate) fn from_stored(text: &str) -> Self {
        match text {
            "owner" => Self::Owner,
            "manager" => Self::Manager,
            // The lowest role, in case a later version has stored an unknown one.
            _ => Self::Staff,
        }
    }
}
