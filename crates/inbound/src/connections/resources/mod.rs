//! Resources: the teams, repositories and projects that a connected account has.
//!
//! They are learned page by page. A resource that a complete list did not have becomes inactive;
//! an incomplete list takes nothing away.

pub(crate) mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Cursor, Error, Page, PageSize, Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use super::ConnectionId;

/// The longest text to search for, in bytes.
const SEARCH_BYTES: usize = 200;

/// A resource of a connected account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Resource {
    /// The kind, such as `team`.
    pub kind: String,
    /// The provider's id of it.
    pub provider_id: String,
    /// Its name at the provider.
    pub name: String,
    /// Its page at the provider.
    pub url: Option<String>,
    /// True if only some people of the account see it.
    pub is_private: bool,
    /// True if it is archived at the provider.
    pub is_archived: bool,
    /// `active`, or `inactive` if the account does not have it any more.
    pub status: String,
    /// The time at which the provider last listed it.
    #[schema(value_type = String, format = DateTime)]
    pub listed_at: Timestamp,
}

/// A page of the resources of a connection whose names contain a text, by name.
///
/// # Errors
/// `NotFound` for another organisation's connection; `Invalid` for another list's cursor.
pub async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &ConnectionId,
    search: Option<&str>,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Resource>> {
    super::find(tx, organisation, id).await?;
    let search = search.map(str::trim).filter(|text| !text.is_empty()).map(str::to_lowercase);
    if search.as_ref().is_some_and(|text| text.len() > SEARCH_BYTES) {
        return Err(Error::invalid_field("search", format!("must have at most {SEARCH_BYTES} bytes")));
    }
    let found = queries::page(tx, organisation, id, search.as_deref(), read_place(from)?, size).await?;
    Ok(Page::of(found, size, place_of))
}

/// The place behind a resource: its name in lower case, and its id. Resources are ordered by name, not by time.
fn place_of(last: &Resource) -> Cursor {
    let id = campanile_db::json_text(&(last.name.to_lowercase(), &last.provider_id));
    Cursor { at: Timestamp::from_micros(0), id }
}

fn read_place(from: &Cursor) -> Result<Option<(String, String)>> {
    if from.id.is_empty() {
        return Ok(None);
    }
    let place = serde_json::from_str(&from.id).map(Some);
    place.map_err(|_| Error::invalid("cursor is not one that this list gave out"))
}
