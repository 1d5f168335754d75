//! Pages, and the parameters that all lists share.

use std::sync::LazyLock;

use campanile_accounts::{Caller, OrganisationId, WorkspaceId};
use campanile_app::search::OWN_SOURCES;
use campanile_base::{Cursor, Error, Page, PageSize, Result, Thing, Timestamp};
use campanile_db::{BoxFuture, Tx};
use campanile_http::Web;
use campanile_http::caller::{MemoryReader, workspace};
use campanile_inbound::Provider;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageView<T> {
    /// The items, in the list's order.
    data: Vec<T>,
    /// Pass this as `cursor` to get the next page; `null` on the last page.
    next: Option<String>,
}

/// The lists that are read in pages: a cursor of one is refused by the others.
#[derive(Debug, Clone, Copy)]
pub(crate) enum List {
    Activity,
    AnswerFeedback,
    AnswerSessions,
    Attempts,
    Backfills,
    ClusterObservations,
    Clusters,
    ConnectionLog,
    Connections,
    Deliveries,
    Documents,
    EntitiesByName,
    EntitiesByNumber,
    EntitiesByTime,
    EntityObservations,
    Jobs,
    Notifications,
    Observations,
    People,
    PersonObservations,
    Resources,
    Runs,
    Sources,
    Suppressions,
}

impl List {
    /// The name in its cursors.
    fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::AnswerFeedback => "answer-feedback",
            Self::AnswerSessions => "answer-sessions",
            Self::Attempts => "attempts",
            Self::Backfills => "backfills",
            Self::ClusterObservations => "cluster-observations",
            Self::Clusters => "clusters",
            Self::ConnectionLog => "connection-log",
            Self::Connections => "connections",
            Self::Deliveries => "deliveries",
            Self::Documents => "documents",
            Self::EntitiesByName => "entities-by-name",
            Self::EntitiesByNumber => "entities-by-number",
            Self::EntitiesByTime => "entities-by-time",
            Self::EntityObservations => "entity-observations",
            Self::Jobs => "jobs",
            Self::Notifications => "notifications",
            Self::Observations => "observations",
            Self::People => "people",
            Self::PersonObservations => "person-observations",
            Self::Resources => "resources",
            Self::Runs => "runs",
            Self::Sources => "sources",
            Self::Suppressions => "suppressions",
        }
    }
}

impl<T> PageView<T> {
    /// A page of a list.
    pub(crate) fn of(list: List, page: Page<T>) -> Self {
        Self { data: page.data, next: page.next.map(|place| place.encode(list.name())) }
    }

    /// A list that is short enough to be returned whole.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self { data, next: None }
    }
}

/// Reads an optional time: RFC 3339, or a date, which begins at midnight UTC.
pub(crate) fn time(name: &'static str, text: Option<String>) -> Result<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    // In a query, a plus sign that was not encoded arrives as a space.
    let time = Timestamp::parse_time_or_date(&text.trim().replace(' ', "+"));
    time.map(Some).ok_or_else(|| Error::invalid_field(name, "must be an RFC 3339 time or a date such as 2026-11-02"))
}

/// The sources of observations, as filters name them.
pub(crate) static SOURCES: LazyLock<Vec<&str>> =
    LazyLock::new(|| Provider::ALL.map(Provider::as_str).into_iter().chain(OWN_SOURCES).collect());

/// Reads an optional filter whose values are a closed set, in any case. Another value is an error: an empty list would
/// look as if there were nothing.
pub(crate) fn one_of(name: &'static str, text: Option<String>, choices: &[&str]) -> Result<Option<String>> {
    match text.map(|text| text.trim().to_lowercase()) {
        Some(other) if !choices.contains(&other.as_str()) => {
            Err(Error::invalid_field(name, format!("must be one of {}", choices.join(", "))))
        }
        known => Ok(known),
    }
}

/// Reads the time span of statistics, as a number of hours.
pub(crate) fn hours(window: Option<&str>) -> Result<i64> {
    match window {
        None | Some("24h") => Ok(24),
        Some("7d") => Ok(7 * 24),
        Some("30d") => Ok(30 * 24),
        Some(other) => Err(Error::invalid(format!("window must be 24h, 7d or 30d, not {other:?}"))),
    }
}

/// The workspace to look in, for things that are named by an id.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Within {
    /// The workspace; any workspace of the organisation when absent.
    pub(crate) workspace: Option<String>,
}

impl Within {
    /// The workspace that a reader of the memory may look in.
    ///
    /// # Errors
    /// `NotFound` when the reader is bound to another workspace than the named one.
    pub(crate) fn bound_to(self, reader: &MemoryReader) -> Result<Self> {
        let workspace = reader.named(self.workspace.as_deref())?.map(str::to_owned);
        Ok(Self { workspace })
    }

    /// The named workspace, or else the workspace that holds the thing with this id. Links carry
    /// only the id.
    ///
    /// # Errors
    /// `NotFound` with the name of the thing, or if the workspace is not the organisation's.
    pub(crate) async fn of<F>(self, web: &Web, caller: &Caller, thing: Thing, look: F) -> Result<WorkspaceId>
    where
        F: for<'t> FnOnce(&'t mut Tx, OrganisationId) -> BoxFuture<'t, campanile_db::Result<Option<WorkspaceId>>>,
    {
        if self.workspace.is_some() {
            return Ok(workspace(&web.app, caller, self.workspace.as_deref()).await?.id);
        }
        let organisation = caller.organisation.clone();
        let found = web.app.db.read(move |tx| look(tx, organisation)).await?;
        found.ok_or(Error::NotFound(thing))
    }
}

/// The query parameters of every list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// The workspace; the organisation's first workspace when absent.
    pub(crate) workspace: Option<String>,
    /// The place to read on from: `next` of the page before.
    cursor: Option<String>,
    /// The number of items, from 1 to 200; 50 when absent.
    limit: Option<i64>,
}

impl Paging {
    /// The place and the size of the page, of this list.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list, and for a size out of bounds.
    pub(crate) fn read(&self, list: List) -> Result<(Cursor, PageSize)> {
        place(list, self.cursor.as_deref(), self.limit)
    }
}

/// The place and the size of a page of a list, from what a query has of them.
///
/// # Errors
/// `Invalid` for a cursor of another list, and for a size out of bounds.
pub(crate) fn place(list: List, cursor: Option<&str>, limit: Option<i64>) -> Result<(Cursor, PageSize)> {
    Ok((Cursor::decode(list.name(), cursor)?, PageSize::new(limit)?))
}
