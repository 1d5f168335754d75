//! The pipeline from a delivery to webhooks and notifications.
//!
//! ```text
//! delivery received ─▶ normalised ─▶ remembered ─▶ observation captured ─┬▶ webhook observation.created
//!                                                                        ├▶ notification of the members, if significant
//!                                                                        └▶ the workspace's Slack channel, if significant to it
//! ```
//!
//! Some seconds later, the memory assigns the observation to a cluster. A cluster that has got its second
//! observation is announced as `cluster.created`, by a job of its own.
//!
//! [Observations by people and programs](crate::own_observations) go the same way without a delivery.
//!
//! A page of a tool's history is a delivery as well. It is remembered, tied and gathered like any other,
//! and rings nobody: no notification, no webhook of an observation, and none of a cluster that consists
//! of history alone.
//!
//! [`App::connect`] and [`App::disconnect`] send the events of sources. All webhooks go out through
//! [`outbound`].
//!
//! Each delivery has one job, and one transaction does all of its work. The observations, the
//! message with its deliveries, the notification's trigger and the delivery's own end commit
//! together with the job's completion. So a crash at any point repeats all of it or nothing.
//! Deliveries that have been read at the same time share that transaction and its statements. If it
//! fails, each has one of its own, so that one that cannot be remembered holds up no other.

mod announcement;
mod processing;

use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::organisations;
use campanile_base::{Error, Result};
use campanile_db::{Engine, Tx};
use campanile_engine::{Backoff, JobOptions, Outcome, Registry};
use campanile_inbound::deliveries::{self, Settlement};
use campanile_inbound::{PROCESS, PROCESS_PULLED, ProcessArgs};
use campanile_memory::clusters::{self, CLUSTER_CREATED, ClusterCreatedArgs};

use crate::{App, outbound};
use processing::ReadDelivery;

pub(crate) use announcement::captured;

/// The number of deliveries that a node processes at a time, and so the most that share a transaction. SQLite
/// has one writer, and a long transaction delays the deliveries that wait to be accepted. PostgreSQL saves a
/// round trip for each delivery that shares a statement.
fn concurrency(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 4,
        Engine::Postgres => 128,
    }
}

/// The number of pages of history that a node processes at a time.
const PULLED_CONCURRENCY: usize = 2;

/// The reason that members see for a delivery whose job was given up.
const GIVEN_UP: &str = "it could not be processed, for a reason that the log tells; it can be processed again";

/// Registers the jobs that process deliveries and announce clusters.
pub(crate) fn register(registry: &mut Registry, app: &App) {
    let options = JobOptions {
        max_attempts: 5,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(60) },
        ..JobOptions::default()
    };
    for (kind, concurrency) in [(PROCESS, concurrency(app.db.engine())), (PROCESS_PULLED, PULLED_CONCURRENCY)] {
        let within = app.clone();
        registry.register(kind, JobOptions { concurrency, settles_apart: true, ..options.clone() }, move |attempt| {
            let app = within.clone();
            async move { processing::process(app, attempt.job.args()?).await }
        });
        let within = app.clone();
        registry.settle(kind, move |tx, read: Vec<Arc<ReadDelivery>>| {
            let app = within.clone();
            Box::pin(async move { Ok(processing::settle(tx, &app, &read).await?) })
        });
        let within = app.clone();
        registry.on_death(kind, move |tx, job, _| {
            let (app, args) = (within.clone(), job.args::<ProcessArgs>().ok());
            Box::pin(async move {
                let Some(ProcessArgs { delivery }) = args else { return Ok(()) };
                given_up(tx, &app, &delivery).await
            })
        });
    }
    let within = app.clone();
    registry.register(CLUSTER_CREATED, options, move |attempt| {
        let app = within.clone();
        async move { cluster_created(app, attempt.job.args()?).await }
    });
}

/// Ends a delivery whose job was given up.
async fn given_up(tx: &mut Tx, app: &App, delivery: &str) -> campanile_db::Result<()> {
    // The database's message is for the log and the dead letter only.
    let failed = Settlement::Failed(GIVEN_UP.to_owned());
    deliveries::settle(tx, &[(delivery, &failed)], app.clock.now()).await?;
    let Some((organisation, id)) = deliveries::history_page(tx, delivery).await? else { return Ok(()) };
    app.connectors.count_processed(tx, &organisation, &id, 0, true).await.map_err(campanile_db::Error::from)
}

/// Announces a cluster, unless it consists of history alone. It may be gone by now, or its workspace.
async fn cluster_created(app: App, ClusterCreatedArgs { workspace, cluster }: ClusterCreatedArgs) -> Result<Outcome> {
    let announce = Outcome::done().with(move |tx| {
        Box::pin(async move {
            let Some(found) = clusters::by_id(tx, &workspace, &cluster, app.clock.now()).await? else { return Ok(()) };
            let workspace = match organisations::workspace(tx, &workspace).await {
                Ok(workspace) => workspace,
                Err(Error::NotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            if clusters::is_history(tx, &workspace.id, found.id.as_str()).await? {
                return Ok(());
            }
            outbound::cluster_created(tx, &app, &workspace, &found).await
        })
    });
    Ok(announce)
}
