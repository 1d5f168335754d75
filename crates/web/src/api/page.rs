//! Pages, and the parameters that all lists share.

use campanile_accounts::{Caller, OrganisationId, WorkspaceId};
use campanile_base::{Cursor, Error, Page, PageSize, Result, Thing, Timestamp};
use campanile_db::{BoxFuture, Tx};
use campanile_http::Web;
use campanile_http::caller::{MemoryReader, workspace};
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

impl<T> From<Page<T>> for PageView<T> {
    fn from(page: Page<T>) -> Self {
        Self { data: page.data, next: page.next }
    }
}

impl<T> PageView<T> {
    /// A list that is short enough to be returned whole.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self { data, next: None }
    }
}

/// Reads an optional RFC 3339 time.
pub(crate) fn time(name: &str, text: Option<String>) -> Result<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    // In a query, a plus sign that was not encoded arrives as a space.
    let time = Timestamp::parse(&text.replace(' ', "+"));
    time.map(Some).ok_or_else(|| Error::invalid(format!("{name} must be an RFC 3339 time")))
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
    pub(crate) fn read(&self) -> Result<(Cursor, PageSize)> {
        Ok((Cursor::decode(self.cursor.as_deref())?, PageSize::new(self.limit)?))
    }
}
