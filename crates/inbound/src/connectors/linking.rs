//! Links resources of a connection: each becomes a source of a workspace.
//!
//! One request links up to fifty, all or none. A resource is linked once in a workspace, and may be
//! linked in several workspaces.

use campanile_accounts::{Caller, OrganisationId, Permission, Workspace, WorkspaceId};
use campanile_base::{Cursor, Error, Page, PageSize, Result};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Connectors;
use crate::connections::resources::queries as resources;
use crate::connections::{self, Connection, ConnectionId, Resource, Status, find, queries};
use crate::handshakes;
use crate::sources::{self, LinkedPlace, Source, SourceId};
use crate::upkeep::next_reconcile;
use crate::upkeep::queries as upkeep;

/// The most resources that one request links.
const TOGETHER: usize = 50;
/// The most sources that a connection has in all workspaces.
const SOURCES: i64 = 1_000;

/// A resource to link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceChoice {
    /// Its kind, such as `team`.
    pub kind: String,
    /// The provider's id of it.
    pub provider_id: String,
}

/// A resource of a connected account, and the sources that it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResourceWithSources {
    /// The resource.
    #[serde(flatten)]
    pub resource: Resource,
    /// The sources that it is, in all workspaces.
    pub sources: Vec<SourceOfResource>,
}

/// A source that a resource is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceOfResource {
    /// Its id.
    #[schema(value_type = String)]
    pub id: SourceId,
    /// Its workspace.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
}

impl Connectors {
    /// Links resources of a connection in a workspace. Either all of them become sources, or none. Their
    /// history is pulled from then on.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's connection; `InvalidField` for no or too
    /// many resources, for one that is named twice, and for one that the connection does not have;
    /// `Conflict` for a connection that is not in use, for a resource that is not there any more, and
    /// for one that is linked already.
    pub async fn link(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        workspace: &Workspace,
        id: &ConnectionId,
        choices: &[ResourceChoice],
    ) -> Result<Vec<Source>> {
        caller.must(Permission::Configure)?;
        if choices.is_empty() || choices.len() > TOGETHER {
            return Err(Error::invalid_field("resources", format!("must be 1 to {TOGETHER}")));
        }
        let connection = find(tx, &caller.organisation, id).await?;
        if !queries::hold_in_use(tx, &caller.organisation, id).await? {
            return Err(Error::conflict(unused(&connection)));
        }
        let number = sources::number_of_connection(tx, &caller.organisation, id).await?;
        if number + i64::try_from(choices.len()).map_err(Error::internal)? > SOURCES {
            return Err(Error::conflict(format!("a connection has at most {SOURCES} sources; it has {number}")));
        }
        let mut linked = Vec::with_capacity(choices.len());
        for (place, choice) in choices.iter().enumerate() {
            if choices[..place].contains(choice) {
                let twice = format!("has {} {:?} twice", choice.kind, choice.provider_id);
                return Err(Error::invalid_field("resources", twice));
            }
            let resource = chosen(tx, &connection, choice).await?;
            let with = (&self.engine, &self.clock, &self.vault);
            let source = sources::create_linked(tx, with, caller, workspace, &connection, &resource).await?;
            let already = || Error::conflict(format!("{} is linked in this workspace already", named(&resource)));
            let source = source.ok_or_else(already)?;
            let (now, of) = (self.clock.now(), (&source.id, &connection.id));
            let poll_at = now.plus(self.upkeep.poll.unwrap_or_default());
            let times = (next_reconcile(source.id.as_str(), now), poll_at);
            upkeep::begin(tx, &source.organisation_id, of, times, now).await?;
            if handshakes::sends_token(source.provider) {
                handshakes::begin(tx, &source.organisation_id, &source.id).await?;
            }
            linked.push(source);
        }
        self.begin_by_itself(tx, caller, &connection, &linked).await?;
        Ok(linked)
    }
}

async fn chosen(tx: &mut Tx, connection: &Connection, choice: &ResourceChoice) -> Result<Resource> {
    let ResourceChoice { kind, provider_id } = choice;
    let of = (&connection.organisation_id, &connection.id);
    let resource = resources::find(tx, of, (kind, provider_id)).await?;
    let unknown = || Error::invalid_field("resources", format!("the connection has no {kind} {provider_id:?}"));
    let resource = resource.ok_or_else(unknown)?;
    if resource.status != "active" {
        return Err(Error::conflict(format!(
            "{} is inactive: the account does not have it any more",
            named(&resource)
        )));
    }
    Ok(resource)
}

fn named(resource: &Resource) -> String {
    format!("the {} {:?} ({})", resource.kind, resource.name, resource.provider_id)
}

fn unused(connection: &Connection) -> String {
    match connection.status {
        Status::Revoked => "the provider no longer accepts the connection's tokens; connect it again".to_owned(),
        status => format!("the connection is {}", status.as_str()),
    }
}

/// A page of the resources of a connection whose names contain a text, by name, each with the
/// sources that it is.
///
/// # Errors
/// `NotFound` for another organisation's connection; `Invalid` for another list's cursor.
pub async fn resource_page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &ConnectionId,
    search: Option<&str>,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<ResourceWithSources>> {
    let Page { data, next } = connections::resource_page(tx, organisation, id, search, from, size).await?;
    if data.is_empty() {
        return Ok(Page { data: Vec::new(), next });
    }
    let ids: Vec<&str> = data.iter().map(|resource| resource.provider_id.as_str()).collect();
    let places = sources::places(tx, (organisation, id), &ids).await?;
    let data = data.into_iter().map(|resource| with_sources(resource, &places)).collect();
    Ok(Page { data, next })
}

fn with_sources(resource: Resource, places: &[LinkedPlace]) -> ResourceWithSources {
    let is_its = |place: &&LinkedPlace| place.kind == resource.kind && place.resource == resource.provider_id;
    let source =
        |place: &LinkedPlace| SourceOfResource { id: place.source.clone(), workspace_id: place.workspace.clone() };
    let sources = places.iter().filter(is_its).map(source).collect();
    ResourceWithSources { resource, sources }
}
