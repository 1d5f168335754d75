//! Connections: the accounts of tools that an organisation has connected, their tokens, and a log of
//! what happened to them.
//!
//! # Life cycle
//! * **pending**: somebody has asked the owner of the account to install our app.
//! * **active**: the provider accepts our tokens.
//! * **degraded**: three calls in a row have failed. It is still used, and recovers by itself.
//! * **revoked**: the provider no longer accepts our tokens. A person has to connect it again.
//! * **suspended**: the owner of the account has suspended our app. Nothing is read until they resume it.
//! * **closing**: somebody disconnects it. From here on nothing uses it any more.
//! * **closed**: its tokens are erased. The row stays, so that it is known what was connected, and
//!   the same account can be connected again.
//!
//! Every change of the status is one function, [`change_status`]. It names the status that it
//! changes from, so of two that race one does nothing. It writes the log, the activity trail and the
//! engine's event in the same transaction.
//!
//! Here are only the rows. The calls to providers are in `connectors`.

pub(crate) mod log;
pub(crate) mod queries;
pub(crate) mod resources;
pub(crate) mod states;
mod status;
pub(crate) mod tokens;
mod transition;

use campanile_accounts::OrganisationId;
use campanile_base::{Cursor, Error, Page, PageSize, Result, Thing, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Provider;

pub(crate) use log::note;
pub use log::{LogEvent, LogLine, Trigger, log_page};
pub use resources::{Resource, page as resource_page};
pub use status::Status;
pub(crate) use tokens::{Credentials, HeldTokens, Lifetime};
pub(crate) use transition::{Change, change_status};

campanile_base::id_type!(
    /// One connection.
    pub ConnectionId, "con"
);

/// A connected account of a tool.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ToolConnection)]
pub struct Connection {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ConnectionId,
    /// The owner.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The tool.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The provider's id of the account.
    pub account_id: String,
    /// The account's name at the provider, as it was last seen.
    pub account_label: String,
    /// The way in which it was connected.
    pub kind: ConnectionKind,
    /// The app that was installed; `null` for another kind. `server` is the app of the whole server.
    pub app_id: Option<String>,
    /// The permissions that the provider granted; empty if it does not say.
    pub scopes: Vec<String>,
    /// Its status.
    pub status: Status,
    /// The reason for the status; `null` for an active one.
    pub status_reason: Option<String>,
    /// The time since when it has this status.
    #[schema(value_type = String, format = DateTime)]
    pub status_at: Timestamp,
    /// The id of the member or the key that connected it.
    pub connected_by: String,
    /// The time of the last call that the provider accepted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    /// The time at which the present token runs out; `null` if it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The failures since the last good call.
    pub failures: i64,
    /// The calls that the provider allows in its period; `null` if it does not say.
    pub limit_total: Option<i64>,
    /// The calls that are left of them.
    pub limit_remaining: Option<i64>,
    /// The time at which the period ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub limit_reset_at: Option<Timestamp>,
    /// The time at which the account was first connected.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The calls that a provider allows, from the headers of its answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The calls of a period.
    pub(crate) total: Option<i64>,
    /// The calls that are left of them.
    pub(crate) remaining: Option<i64>,
    /// The end of the period.
    pub(crate) reset_at: Option<Timestamp>,
}

/// The way in which an account was connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConnectionKind {
    /// Our app was installed at the provider. Its tokens are made for each hour, and not stored.
    App,
    /// A person consented at the provider.
    Oauth,
    /// A person entered a token of theirs.
    Token,
}

impl ConnectionKind {
    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Oauth => "oauth",
            Self::Token => "token",
        }
    }

    fn from_stored(text: &str) -> Self {
        match text {
            "app" => Self::App,
            "token" => Self::Token,
            _ => Self::Oauth,
        }
    }
}

/// The connection with this id.
///
/// # Errors
/// `NotFound` for another organisation's connection.
pub async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &ConnectionId) -> Result<Connection> {
    queries::find(tx, organisation, id).await?.ok_or(Error::NotFound(Thing::Connection))
}

/// A page of the connections of an organisation, newest first; closed ones too.
pub async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Connection>> {
    let found = queries::page(tx, organisation, from, size).await?;
    Ok(Page::of(found, size, |last| Cursor { at: last.created_at, id: last.id.to_string() }))
}
