//! Whose messages a caller may not read.
//!
//! Members read their own messages, and those who configure the organisation also read what its
//! customers' users are told: they set up what these are told. Nobody reads what another member is
//! told, in whatever role. Programs with a secret key read everything.

use campanile_base::Result;
use campanile_db::Tx;

use crate::{Actor, Caller, Permission, people};

/// The number of members up to which they are told apart from other users. In a larger organisation
/// every user's messages are closed to sessions, but one's own.
const MOST_MEMBERS: usize = 2_000;

/// The users whose messages are closed to a caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Privacy {
    /// No user's.
    #[default]
    Nobody,
    /// Every user's except this one's.
    AllBut(String),
    /// These users': the other members of the organisation, and who is invited to it.
    Members(Vec<String>),
}

impl Privacy {
    /// The privacy that a caller has to respect.
    pub async fn towards(tx: &mut Tx, caller: &Caller) -> Result<Self> {
        let Actor::Person(own) = &caller.actor else { return Ok(Self::Nobody) };
        if caller.must(Permission::Configure).is_err() {
            return Ok(Self::AllBut(own.to_string()));
        }
        let others = people::others(tx, &caller.organisation, own, MOST_MEMBERS + 1).await?;
        Ok(if others.len() > MOST_MEMBERS { Self::AllBut(own.to_string()) } else { Self::Members(others) })
    }

    /// True if the messages of this user are closed to the caller.
    pub fn closes(&self, user: &str) -> bool {
        match self {
            Self::Nobody => false,
            Self::AllBut(own) => own != user,
            Self::Members(others) => others.iter().any(|other| other == user),
        }
    }
}
