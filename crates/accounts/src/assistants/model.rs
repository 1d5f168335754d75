//! A registered client and a connection, as they are stored and read.

use campanile_base::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{PersonId, WorkspaceId};

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its name, as it calls itself.
    pub name: String,
    /// The addresses that a person may be sent back to.
    pub redirect_uris: Vec<String>,
}

/// An assistant that a member has connected.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Connection {
    /// Its id.
    pub id: String,
    /// The name of the assistant, as it calls itself.
    pub client_name: String,
    /// The workspace that it reads.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// The member on whose behalf it reads.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// The member's mail address.
    pub person_email: String,
    /// The time at which the member agreed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time of its last use, up to an hour before the latest; `null` if it was never used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// The time at which it ends unless the assistant renews it.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
