//! Backfills: the history of a connected account comes along.
//!
//! # The course of one
//! 1. [`Connectors::request_backfill`] stores the backfill and its stretches, and sends the event that
//!    starts it, in one transaction. One begins by itself when resources are linked.
//! 2. `workflow` runs the stretches one after the other, and `fetching` the pages of a stretch. A page
//!    is a step: it is fetched, and its delivery, its job and the cursor behind it are stored in one
//!    transaction. So a crash goes on behind the last page that was stored.
//! 3. The pipeline processes each page like a delivery, and `progress` counts it. The last page that is
//!    processed ends its stretch, and the last stretch the backfill.
//!
//! # Failure
//! A limit of the provider is waited for, without holding a slot. A provider that does not answer is
//! asked again after growing pauses. Anything else ends the stretch as failed, with the reason; the
//! other stretches go on, and the backfill is incomplete. It can be asked for again: a stretch that is
//! completed is pulled only from where it began.
//!
//! # History is silent
//! Deliveries of a backfill have the origin `backfill`, and the pipeline rings nobody for them.

mod fetching;
mod planning;
mod progress;
pub(super) mod workflow;

use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::Tx;
use campanile_engine::{NewEvent, Registry};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Connectors;
use crate::connections::{Connection, ConnectionId, find, queries as connections};
use crate::pulls::queries;
use crate::pulls::stretches::queries as stretches;
use crate::pulls::{self, BackfillDetail, BackfillId};
use crate::sources;

pub use planning::{BackfillEstimate, DEPTHS, StretchEstimate};

/// The event that starts a backfill, and the event that ends it early.
const REQUESTED: &str = "backfill.requested";
const CANCELLED: &str = "backfill.cancelled";
/// The event that starts a reconcile.
pub(super) const RECONCILE_REQUESTED: &str = "reconcile.requested";
/// The least time between two backfills of a connection that somebody asks for.
const BETWEEN: Duration = Duration::from_secs(3_600);

/// A backfill to begin.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackfillRequest {
    /// The number of days to go back: 1, 7, 30 or 90.
    pub depth: i64,
    /// The kinds of things, such as `issue`; those that the connector pulls by itself when absent.
    pub kinds: Option<Vec<String>>,
    /// The ids of sources of the connection; all of them when absent.
    pub sources: Option<Vec<String>>,
}

/// The data of the events of a backfill.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BackfillEvent {
    pub(super) backfill: String,
    pub(super) connection: String,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    workflow::register(registry, connectors);
}

impl Connectors {
    /// Begins to bring the history of a connection's sources along.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's connection; `InvalidField` for an unknown
    /// depth, kind or source, and for too many stretches; `Conflict` while one is active, and for a
    /// connection that is not in use; `TooManyFor` within an hour after the last one.
    pub async fn request_backfill(
        &self,
        caller: &Caller,
        id: &ConnectionId,
        request: BackfillRequest,
    ) -> Result<BackfillDetail> {
        caller.must(Permission::Configure)?;
        let (connectors, caller, id) = (self.clone(), caller.clone(), id.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let connection = find(tx, &caller.organisation, &id).await?;
                    // Requests for one connection wait for each other here.
                    if !connections::hold_in_use(tx, &caller.organisation, &id).await? {
                        return Err(Error::conflict("the connection is not in use"));
                    }
                    if queries::has_active(tx, &caller.organisation, &id).await? {
                        return Err(Error::conflict("a backfill of this connection is active"));
                    }
                    let next = next_allowed_at(tx, &caller.organisation, &id).await?;
                    let wait = next.map(|next| next.since(connectors.clock.now())).filter(|wait| !wait.is_zero());
                    if let Some(wait) = wait {
                        return Err(Error::TooManyFor(wait));
                    }
                    let all = sources::of_connection(tx, &caller.organisation, &id).await?;
                    let plan = connectors.plan(tx, &connection, all, &request).await?;
                    let begun = connectors.begin_backfill(tx, &caller, &connection, plan, false).await?;
                    pulls::find(tx, &caller.organisation, &begun).await
                })
            })
            .await
    }

    /// Cancels a backfill that is active. What it has brought stays.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's backfill; `Conflict` if it has ended.
    pub async fn cancel_backfill(&self, caller: &Caller, id: &BackfillId) -> Result<BackfillDetail> {
        caller.must(Permission::Configure)?;
        let (connectors, caller, id) = (self.clone(), caller.clone(), id.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let organisation = &caller.organisation;
                    let status = queries::lock(tx, organisation, &id).await?;
                    let status = status.ok_or(Error::NotFound(Thing::Backfill))?;
                    if status != "active" {
                        return Err(Error::conflict(format!("the backfill is {status}")));
                    }
                    let found = pulls::find(tx, organisation, &id).await?;
                    connectors.cancel(tx, organisation, &found.backfill.connection_id, &id, None).await?;
                    let about = json!({ "connection": found.backfill.connection_id, "depth": found.backfill.depth });
                    let (clock, action) = (&connectors.clock, Action::BackfillCancelled);
                    activity::record(tx, clock, &caller, action, id.as_str(), about).await?;
                    pulls::find(tx, organisation, &id).await
                })
            })
            .await
    }

    /// Cancels the backfills of a connection that is being disconnected.
    pub(super) async fn cancel_backfills(&self, tx: &mut Tx, connection: &Connection) -> Result<()> {
        let (organisation, id) = (&connection.organisation_id, &connection.id);
        for backfill in queries::active(tx, organisation, id).await? {
            queries::lock(tx, organisation, &backfill).await?;
            self.cancel(tx, organisation, id, &backfill, Some("the account was disconnected")).await?;
        }
        Ok(())
    }

    async fn cancel(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        connection: &ConnectionId,
        id: &BackfillId,
        reason: Option<&str>,
    ) -> Result<()> {
        let now = self.clock.now();
        stretches::cancel_all(tx, organisation, id, now).await?;
        queries::end(tx, (organisation, id), "cancelled", reason, now).await?;
        let data = BackfillEvent { backfill: id.to_string(), connection: connection.to_string() };
        self.engine.send(tx, NewEvent::new(CANCELLED, organisation.as_str(), &data)).await?;
        Ok(())
    }
}

/// The time from which on a backfill may be asked for again; `None` if none was asked for.
async fn next_allowed_at(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
) -> Result<Option<Timestamp>> {
    Ok(queries::last_requested(tx, organisation, connection).await?.map(|last| last.plus(BETWEEN)))
}
