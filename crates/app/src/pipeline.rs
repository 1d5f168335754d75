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
//! What people and programs [tell themselves](crate::own_observations) goes the same way without a delivery.
//!
//! [`App::connect`] and [`App::disconnect`] send the events of sources. All webhooks go out through
//! [`outbound`].
//!
//! Each delivery has one job, and one transaction does all of its work. The observations, the
//! message with its deliveries, the notification's trigger and the delivery's own end commit
//! together with the job's completion. So a crash at any point repeats all of it or nothing.

use std::time::Duration;

use campanile_accounts::live::LiveEventKind;
use campanile_accounts::{Workspace, organisations, people};
use campanile_base::source_event::SourceEvent;
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::{Backoff, JobOptions, Outcome, Registry};
use campanile_inbound::deliveries::{self, Delivery, Settlement};
use campanile_inbound::repositories::{self, RepositoryChange};
use campanile_inbound::{NormalForm, PROCESS, ProcessArgs};
use campanile_memory::clusters::{self, CLUSTER_CREATED, ClusterCreatedArgs};
use campanile_memory::{Observation, RememberOutcome, remember};
use campanile_notify::workflows::OBSERVATION_CAPTURED;
use serde_json::json;

use crate::{App, document_sync, members, outbound};

/// The number of deliveries that a node processes at a time. The database writes them one after the
/// other anyway. A higher number would only delay the deliveries that wait to be accepted.
const CONCURRENCY: usize = 4;

/// The reason that members see for a delivery whose job was given up.
const GIVEN_UP: &str = "it could not be processed, for a reason that the log tells; it can be processed again";

/// Registers the jobs that process deliveries and announce clusters.
pub(crate) fn register(registry: &mut Registry, app: &App) {
    let options = JobOptions {
        max_attempts: 5,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(60) },
        concurrency: CONCURRENCY,
        ..JobOptions::default()
    };
    let within = app.clone();
    registry.register(PROCESS, options, move |attempt| {
        let app = within.clone();
        async move { process(app, attempt.job.args()?).await }
    });
    let options = JobOptions {
        max_attempts: 5,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(60) },
        ..JobOptions::default()
    };
    let within = app.clone();
    registry.register(CLUSTER_CREATED, options, move |attempt| {
        let app = within.clone();
        async move { cluster_created(app, attempt.job.args()?).await }
    });
    let within = app.clone();
    registry.on_death(PROCESS, move |tx, job, _| {
        let (app, args) = (within.clone(), job.args::<ProcessArgs>().ok());
        // The database's message is for the log and the dead letter only.
        let failed = Settlement::Failed(GIVEN_UP.to_owned());
        Box::pin(async move {
            let Some(ProcessArgs { delivery }) = args else { return Ok(()) };
            deliveries::settle(tx, &delivery, &failed, app.clock.now()).await.map(drop)
        })
    });
}

/// Announces a cluster. It may be gone by now, or its workspace.
async fn cluster_created(app: App, ClusterCreatedArgs { workspace, cluster }: ClusterCreatedArgs) -> Result<Outcome> {
    let announce = Outcome::done().with(move |tx| {
        Box::pin(async move {
            let Some(found) = clusters::by_id(tx, &workspace, &cluster, app.clock.now()).await? else { return Ok(()) };
            let workspace = match organisations::workspace(tx, &workspace).await {
                Ok(workspace) => workspace,
                Err(Error::NotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            outbound::cluster_created(tx, &app, &workspace, &found).await
        })
    });
    Ok(announce)
}

async fn process(app: App, ProcessArgs { delivery }: ProcessArgs) -> Result<Outcome> {
    let Some((delivery, normalised)) = app.intake.normalise(delivery).await? else { return Ok(Outcome::done()) };
    let outcome = match normalised {
        Ok(NormalForm::Events { events, changes, push }) => Outcome::done().with(move |tx| {
            Box::pin(async move {
                if let Some(push) = &push {
                    document_sync::request_syncs(tx, &app, &delivery, push).await?;
                }
                remember_all(tx, &app, &delivery, events, changes).await
            })
        }),
        Ok(NormalForm::Skipped(reason)) => settled(app, delivery, Settlement::Skipped(reason)),
        // A payload that cannot be read now will not be readable later.
        Err(error) => settled(app, delivery, Settlement::Failed(error.to_string())),
    };
    Ok(outcome)
}

fn settled(app: App, delivery: Delivery, settlement: Settlement) -> Outcome {
    Outcome::done().with(move |tx| Box::pin(async move { settle(tx, &app, &delivery, settlement).await }))
}

async fn settle(tx: &mut Tx, app: &App, delivery: &Delivery, settlement: Settlement) -> Result<()> {
    deliveries::settle(tx, delivery.id.as_str(), &settlement, app.clock.now()).await?;
    let (live, organisation) = (app.live.clone(), delivery.organisation_id.clone());
    let (workspace, id) = (delivery.workspace_id.clone(), delivery.id.clone());
    tx.after_commit(move || live.tell(&organisation, &workspace, LiveEventKind::Delivery, id.as_str()));
    Ok(())
}

async fn remember_all(
    tx: &mut Tx,
    app: &App,
    delivery: &Delivery,
    mut events: Vec<SourceEvent>,
    changes: Vec<RepositoryChange>,
) -> Result<()> {
    let organisation = &delivery.organisation_id;
    repositories::apply(tx, &app.clock, organisation, &delivery.source_id, &changes).await?;
    for event in &mut events {
        repositories::names::resolve(tx, &delivery.workspace_id, event).await?;
    }
    let outcomes = remember(tx, &app.memory, organisation, &delivery.workspace_id, &events).await?.into_iter();
    let new: Vec<Box<Observation>> = outcomes.filter_map(RememberOutcome::into_new).collect();
    if new.is_empty() {
        let known = Settlement::Skipped("what it tells of was remembered before".to_owned());
        return settle(tx, app, delivery, known).await;
    }
    let workspace = organisations::workspace(tx, &delivery.workspace_id).await?;
    for observation in new {
        captured(tx, app, &workspace, &observation).await?;
    }
    settle(tx, app, delivery, Settlement::Processed).await
}

/// Sends webhooks, notifications and live events for a new observation.
pub(crate) async fn captured(tx: &mut Tx, app: &App, workspace: &Workspace, observation: &Observation) -> Result<()> {
    outbound::observation_created(tx, app, workspace, observation).await?;
    tell(tx, app, workspace, observation).await?;
    let (live, id) = (app.live.clone(), observation.id.clone());
    let (organisation, workspace) = (workspace.organisation_id.clone(), workspace.id.clone());
    tx.after_commit(move || live.tell(&organisation, &workspace, LiveEventKind::Observation, id.as_str()));
    metrics::counter!("campanile_observations_total", "provider" => observation.provider.clone()).increment(1);
    Ok(())
}

/// Notifies the members if the observation reaches the workspace's threshold, and the workspace's
/// Slack channel if it reaches the channel's.
async fn tell(tx: &mut Tx, app: &App, workspace: &Workspace, observation: &Observation) -> Result<()> {
    let is_significant = observation.significance >= workspace.notify_threshold;
    if !is_significant && !members::channel_wants(tx, workspace, observation.significance).await? {
        return Ok(());
    }
    let data = json!({
        "observationId": observation.id,
        "observationType": observation.event_type,
        "significanceScore": observation.significance,
        "topics": observation.topics,
        "clusterId": observation.cluster_id,
        "clusterIsNew": observation.cluster_id.as_ref().map(|_| false),
        "workspaceId": workspace.id,
        "title": observation.title,
        "type": observation.event_type,
        "significance": observation.significance,
        "workspace": workspace.name,
        "workspaceUrl": app.base_url,
        "url": format!("{}/observations/{}", app.base_url, observation.id),
        "digest": { "unit": "seconds", "value": app.digest.as_secs() },
    });
    if !is_significant {
        return members::tell_channel(tx, app, workspace, OBSERVATION_CAPTURED, data).await;
    }
    let members = people::members(tx, &workspace.organisation_id).await?;
    members::tell(tx, app, workspace, &members, OBSERVATION_CAPTURED, data).await
}
