//! The way of a delivery to an app: from the account to its connections, and to the sources of its
//! resource in each workspace.
//!
//! An app has one address for all accounts. A connection is found by the app and the account, and
//! sources by the connection and the resource. The app of an organisation reaches the connections of
//! that organisation only; the app of the whole server reaches those that were proven to be theirs.

pub(crate) mod queries;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Provider;
use crate::connections::{self, Connection, ConnectionId};
use crate::deliveries::{Delivery, DeliveryId, Origin};
use crate::sources::SourceId;

/// The most events of a connection that are counted apart.
const EVENTS: i64 = 200;

/// A verified delivery to an app.
#[derive(Debug, Clone)]
pub(crate) struct AppDelivery {
    pub(crate) app_id: String,
    /// The owner of the app; `None` for the app of the whole server.
    pub(crate) owner: Option<OrganisationId>,
    pub(crate) provider: Provider,
    /// The provider's id of the account that it is about.
    pub(crate) account: String,
    /// The provider's id of the resource that it is about.
    pub(crate) resource: Option<String>,
    pub(crate) delivery_id: String,
    pub(crate) event: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: Timestamp,
}

/// A source that a delivery is for.
#[derive(Debug, Clone)]
pub(crate) struct TargetSource {
    pub(crate) organisation: OrganisationId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) source: SourceId,
}

/// The place that a delivery goes to.
#[derive(Debug)]
pub(crate) enum Route {
    /// Nobody has connected the account.
    Nobody,
    /// Somebody had, and has disconnected it.
    Closed,
    /// Sources of the resource, in any number of workspaces, and the connections without one.
    Found { targets: Vec<TargetSource>, without: Vec<Connection> },
}

/// The number of deliveries of an event that were for resources that are not linked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnlinkedCount {
    /// The event, as the provider names it.
    pub event: String,
    /// The number of deliveries.
    pub number: i64,
    /// The time of the last one.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
}

impl AppDelivery {
    /// The same without headers and body, to find its way.
    pub(crate) fn clone_without_body(&self) -> Self {
        Self {
            app_id: self.app_id.clone(),
            owner: self.owner.clone(),
            account: self.account.clone(),
            resource: self.resource.clone(),
            delivery_id: self.delivery_id.clone(),
            event: self.event.clone(),
            headers: Vec::new(),
            body: Vec::new(),
            ..*self
        }
    }

    /// The row of it for a source.
    pub(crate) fn for_source(&self, target: TargetSource) -> Delivery {
        Delivery {
            id: DeliveryId::new(self.received_at),
            organisation_id: target.organisation,
            workspace_id: target.workspace,
            source_id: target.source,
            provider: self.provider,
            delivery_id: self.delivery_id.clone(),
            event: self.event.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            received_at: self.received_at,
            origin: Origin::Webhook,
        }
    }
}

/// The open connections of an account by an app.
pub(crate) async fn open_connections(
    tx: &mut Tx,
    (app_id, owner): (&str, Option<&OrganisationId>),
    account: &str,
) -> campanile_db::Result<Vec<Connection>> {
    let all = connections::queries::of_app(tx, (app_id, owner), account).await?;
    Ok(all.into_iter().filter(|connection| connection.status.is_open()).collect())
}

/// Finds the way of a delivery.
pub(crate) async fn find(tx: &mut Tx, delivery: &AppDelivery) -> campanile_db::Result<Route> {
    let of = (delivery.app_id.as_str(), delivery.owner.as_ref());
    let all = connections::queries::of_app(tx, of, &delivery.account).await?;
    if all.is_empty() {
        return Ok(Route::Nobody);
    }
    let (mut targets, mut without, mut is_open) = (Vec::new(), Vec::new(), false);
    for connection in all.into_iter().filter(|connection| connection.status.is_open()) {
        is_open = true;
        let found = match &delivery.resource {
            Some(resource) => queries::sources_of(tx, &connection, resource).await?,
            None => Vec::new(),
        };
        match found.is_empty() {
            true => without.push(connection),
            false => targets.extend(found),
        }
    }
    Ok(if is_open { Route::Found { targets, without } } else { Route::Closed })
}

/// Counts a delivery of a resource that is not linked. Rare events beyond a number of them are counted
/// together.
pub(crate) async fn count_unlinked(
    tx: &mut Tx,
    connection: &Connection,
    event: &str,
    now: Timestamp,
) -> campanile_db::Result<()> {
    let known = queries::add_unlinked(tx, connection, event, now).await?;
    if !known {
        let is_full = queries::number_of_unlinked(tx, connection).await? >= EVENTS;
        queries::insert_unlinked(tx, connection, if is_full { "other" } else { event }, now).await?;
    }
    Ok(())
}

/// The deliveries of a connection that were for resources that are not linked, by event.
///
/// # Errors
/// `NotFound` for another organisation's connection.
pub async fn unlinked(tx: &mut Tx, organisation: &OrganisationId, id: &ConnectionId) -> Result<Vec<UnlinkedCount>> {
    connections::find(tx, organisation, id).await?;
    Ok(queries::unlinked(tx, organisation, id).await?)
}
