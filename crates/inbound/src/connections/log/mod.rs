//! The log of a connection: a line for each change of its status, and for each step of its end.

pub(crate) mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Cursor, Page, PageSize, Result, Timestamp, new_id};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Connection, ConnectionId, Status};

/// A line of the log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LogLine {
    /// Its id.
    pub id: String,
    /// The time of the event.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `requested`, `connected`, `degraded`, `recovered`, `revoked`, `suspended`, `closing`,
    /// `changed`, `access_revoked`, `left_behind`, `erased`, `data_deleted` or `closed`.
    pub event: String,
    /// The status before; `null` if it did not change.
    pub from_status: Option<String>,
    /// The status after; `null` if it did not change.
    pub to_status: Option<String>,
    /// The cause, in a sentence.
    pub reason: Option<String>,
    /// The kind of cause: `person`, `provider`, `health` or `system`.
    pub triggered_by: String,
}

/// An event of a connection. The stored names are never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEvent {
    /// Somebody has asked the owner of the account to install our app.
    Requested,
    /// It was connected, for the first time or again.
    Connected,
    /// Calls fail.
    Degraded,
    /// Calls succeed again.
    Recovered,
    /// The provider no longer accepts our tokens.
    Revoked,
    /// The owner of the account has suspended our app.
    Suspended,
    /// The account, its permissions or its resources have changed at the provider.
    Changed,
    /// Somebody disconnects it.
    Closing,
    /// The provider has ended our tokens.
    AccessRevoked,
    /// Something of us is left at the provider.
    LeftBehind,
    /// Our copy of the tokens was erased.
    Erased,
    /// The data that a source has brought was deleted.
    DataDeleted,
    /// It is disconnected.
    Closed,
}

impl LogEvent {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Connected => "connected",
            Self::Degraded => "degraded",
            Self::Recovered => "recovered",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Changed => "changed",
            Self::Closing => "closing",
            Self::AccessRevoked => "access_revoked",
            Self::LeftBehind => "left_behind",
            Self::Erased => "erased",
            Self::DataDeleted => "data_deleted",
            Self::Closed => "closed",
        }
    }
}

/// The kind of cause of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A person or a key.
    Person,
    /// An answer of the provider.
    Provider,
    /// A check of the connection.
    Health,
    /// Campanile's own work.
    System,
}

impl Trigger {
    fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Provider => "provider",
            Self::Health => "health",
            Self::System => "system",
        }
    }
}

/// Writes a line.
pub(crate) async fn note(
    tx: &mut Tx,
    connection: &Connection,
    at: Timestamp,
    event: LogEvent,
    statuses: Option<(Status, Status)>,
    reason: Option<&str>,
    trigger: Trigger,
) -> Result<()> {
    let line = LogLine {
        id: new_id("cln", at),
        at,
        event: event.as_str().to_owned(),
        from_status: statuses.map(|(from, _)| from.as_str().to_owned()),
        to_status: statuses.map(|(_, to)| to.as_str().to_owned()),
        reason: reason.map(str::to_owned),
        triggered_by: trigger.as_str().to_owned(),
    };
    queries::insert(tx, &connection.organisation_id, &connection.id, &line).await?;
    Ok(())
}

/// A page of the log of a connection, newest first.
///
/// # Errors
/// `NotFound` for another organisation's connection.
pub async fn log_page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &ConnectionId,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<LogLine>> {
    super::find(tx, organisation, id).await?;
    let found = queries::page(tx, organisation, id, from, size).await?;
    Ok(Page::of(found, size, |last| Cursor { at: last.at, id: last.id.clone() }))
}
