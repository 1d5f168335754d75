//! Search over the memory of a workspace, with sources that exist.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result};
use campanile_inbound::Provider;
use campanile_memory::documents::API_SOURCE;
use campanile_memory::observations::MANUAL_SOURCE;
use campanile_memory::search::{self, SearchReply, SearchRequest};

use crate::App;

impl App {
    /// Searches a workspace.
    ///
    /// # Errors
    /// `InvalidField` for an unknown source, and as [`search::search`].
    pub async fn search(
        &self,
        organisation: &OrganisationId,
        workspace: &WorkspaceId,
        request: SearchRequest,
    ) -> Result<SearchReply> {
        known_sources(&request.sources())?;
        search::search(&self.memory, organisation, workspace, request).await
    }
}

/// The sources beside connected tools: the API, and members.
pub const OWN_SOURCES: [&str; 2] = [API_SOURCE, MANUAL_SOURCE];

/// A source that does not exist is an error: an empty answer would look as if nothing had happened. Sources are
/// read in any case, as all filters of a search.
pub fn known_sources(sources: &[String]) -> Result<()> {
    let is_known = |source: &str| OWN_SOURCES.contains(&source) || Provider::parse(source).is_some();
    match sources.iter().find(|source| !is_known(&source.trim().to_lowercase())) {
        None => Ok(()),
        Some(unknown) => {
            let known = Provider::ALL.map(Provider::as_str).into_iter().chain(OWN_SOURCES);
            let known = known.collect::<Vec<_>>().join(", ");
            Err(Error::invalid_field("source", format!("{unknown:?} is not known; known are {known}")))
        }
    }
}
