//! Pages and the parameters that every list has.

use campanile_accounts::{Caller, OrganisationId, WorkspaceId};
use campanile_base::{Cursor, Error, Page, PageSize, Result, Timestamp};
use campanile_db::{BoxFuture, Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Web;
use crate::caller::workspace;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageView<T> {
    /// The items, in the list's order.
    data: Vec<T>,
    /// Pass this as `cursor` to read on; `null` on the last page.
    next: Option<String>,
}

impl<T> From<Page<T>> for PageView<T> {
    fn from(page: Page<T>) -> Self {
        Self { data: page.data, next: page.next }
    }
}

impl<T> PageView<T> {
    /// A list that is short enough to be given whole.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self { data, next: None }
    }
}

/// Reads a time that may have been given.
pub(crate) fn time(name: &str, text: Option<String>) -> Result<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    // In a query a plus that nobody encoded arrives as a space.
    let time = Timestamp::parse(&text.replace(' ', "+"));
    time.map(Some).ok_or_else(|| Error::invalid(format!("{name} must be an RFC 3339 time")))
}

/// Where something is looked for that has an id.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Within {
    /// The workspace; any of the organisation's when absent.
    pub(crate) workspace: Option<String>,
}

impl Within {
    /// The workspace that is named, or the one where something with this id is: a link has its id alone.
    ///
    /// # Errors
    /// `NotFound` with the name of the thing, or of a workspace that is not theirs.
    pub(crate) async fn of<F>(self, web: &Web, caller: &Caller, thing: &'static str, look: F) -> Result<WorkspaceId>
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

/// What every list can be asked.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// The workspace; the organisation's first when absent.
    pub(crate) workspace: Option<String>,
    /// Where to read on: `next` of the page before.
    cursor: Option<String>,
    /// How many, from 1 to 200; 50 when absent.
    limit: Option<i64>,
}

impl Paging {
    pub(crate) fn read(&self) -> Result<(Cursor, PageSize)> {
        Ok((Cursor::decode(self.cursor.as_deref())?, PageSize::new(self.limit)?))
    }
}
