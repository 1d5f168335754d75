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
//! Deliveries that have been read at the same time share that transaction and its statements. If it
//! fails, each has one of its own, so that one that cannot be remembered holds up no other.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::live::LiveEventKind;
use campanile_accounts::{Workspace, organisations, people};
use campanile_base::source_event::SourceEvent;
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::{Backoff, JobOptions, Outcome, Registry};
use campanile_inbound::deliveries::{self, Delivery, Settlement};
use campanile_inbound::github::pushes::DefaultBranchPush;
use campanile_inbound::repositories::{self, RepositoryChange};
use campanile_inbound::{NormalForm, PROCESS, ProcessArgs};
use campanile_memory::clusters::{self, CLUSTER_CREATED, ClusterCreatedArgs};
use campanile_memory::{Observation, RememberOutcome, remember};
use campanile_notify::workflows::OBSERVATION_CAPTURED;
use serde_json::{Value, json};

use crate::{App, document_sync, members, outbound};

/// The number of deliveries that a node processes at a time, and so the most that share a transaction. A
/// higher number would delay the deliveries that wait to be accepted.
const CONCURRENCY: usize = 32;

/// The reason that members see for a delivery whose job was given up.
const GIVEN_UP: &str = "it could not be processed, for a reason that the log tells; it can be processed again";

/// Registers the jobs that process deliveries and announce clusters.
pub(crate) fn register(registry: &mut Registry, app: &App) {
    let options = JobOptions {
        max_attempts: 5,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(60) },
        concurrency: CONCURRENCY,
        settles_apart: true,
        ..JobOptions::default()
    };
    let within = app.clone();
    registry.register(PROCESS, options, move |attempt| {
        let app = within.clone();
        async move { process(app, attempt.job.args()?).await }
    });
    let within = app.clone();
    registry.settle(PROCESS, move |tx, read: Vec<Arc<ReadDelivery>>| {
        let app = within.clone();
        Box::pin(async move { Ok(settle(tx, &app, &read).await?) })
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
            deliveries::settle(tx, &[(&delivery, &failed)], app.clock.now()).await
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

/// A delivery that was read.
struct ReadDelivery {
    /// Without its body.
    delivery: Delivery,
    form: Form,
}

/// The content of a delivery, as it is remembered.
enum Form {
    Events {
        events: Vec<SourceEvent>,
        changes: Vec<RepositoryChange>,
        /// The files that it changed may be documents.
        push: Option<DefaultBranchPush>,
    },
    /// There is nothing to remember.
    Nothing(Settlement),
}

async fn process(app: App, ProcessArgs { delivery }: ProcessArgs) -> Result<Outcome> {
    let Some((delivery, normalised)) = app.intake.normalise(delivery).await? else { return Ok(Outcome::done()) };
    let form = match normalised {
        Ok(NormalForm::Events { events, changes, push }) => Form::Events { events, changes, push },
        Ok(NormalForm::Skipped(reason)) => Form::Nothing(Settlement::Skipped(reason)),
        // A payload that cannot be read now will not be readable later.
        Err(error) => Form::Nothing(Settlement::Failed(error.to_string())),
    };
    Ok(Outcome::done().noting(ReadDelivery { delivery, form }))
}

/// Remembers what deliveries tell, and stores their results.
async fn settle(tx: &mut Tx, app: &App, read: &[Arc<ReadDelivery>]) -> Result<()> {
    let mut by_workspace: BTreeMap<&str, Vec<&ReadDelivery>> = BTreeMap::new();
    for one in read.iter().filter(|one| matches!(one.form, Form::Events { .. })) {
        by_workspace.entry(one.delivery.workspace_id.as_str()).or_default().push(one);
    }
    // All of them first, and in order: nodes that remember for the same workspaces wait one behind the other.
    for workspace in by_workspace.keys() {
        tx.lock(workspace).await?;
    }
    let mut settled: HashMap<&str, Settlement> = HashMap::new();
    for mut told in by_workspace.into_values() {
        told.sort_by_key(|one| (one.delivery.received_at, one.delivery.id.clone()));
        settled.extend(remember_all(tx, app, &told).await?);
    }
    let result = |one: &Arc<ReadDelivery>| match &one.form {
        Form::Nothing(settlement) => settlement.clone(),
        Form::Events { .. } => settled.get(one.delivery.id.as_str()).cloned().unwrap_or(Settlement::Processed),
    };
    let results: Vec<Settlement> = read.iter().map(result).collect();
    let rows: Vec<(&str, &Settlement)> =
        read.iter().zip(&results).map(|(one, result)| (one.delivery.id.as_str(), result)).collect();
    deliveries::settle(tx, &rows, app.clock.now()).await?;
    let (live, read) = (app.live.clone(), read.to_vec());
    tx.after_commit(move || {
        for Delivery { organisation_id, workspace_id, id, .. } in read.iter().map(|one| &one.delivery) {
            live.tell(organisation_id, workspace_id, LiveEventKind::Delivery, id.as_str());
        }
    });
    Ok(())
}

/// Remembers what deliveries of one workspace tell, in the order in which they arrived. Returns the result of each.
async fn remember_all<'d>(tx: &mut Tx, app: &App, told: &[&'d ReadDelivery]) -> Result<Vec<(&'d str, Settlement)>> {
    let Some(first) = told.first().map(|one| &one.delivery) else { return Ok(Vec::new()) };
    let (organisation, workspace) = (&first.organisation_id, &first.workspace_id);
    let (mut all, mut numbers) = (Vec::new(), Vec::with_capacity(told.len()));
    for ReadDelivery { delivery, form } in told {
        let Form::Events { events, changes, push } = form else { continue };
        repositories::apply(tx, &app.clock, organisation, &delivery.source_id, changes).await?;
        if let Some(push) = push {
            document_sync::request_syncs(tx, app, delivery, push).await?;
        }
        numbers.push((delivery.id.as_str(), events.len()));
        all.extend_from_slice(events);
    }
    repositories::names::resolve(tx, workspace, &mut all).await?;
    let mut outcomes = remember(tx, &app.memory, organisation, workspace, &all).await?.into_iter();
    let (mut captured_ones, mut settled) = (Vec::new(), Vec::with_capacity(numbers.len()));
    for (delivery, events) in numbers {
        let new: Vec<Observation> =
            outcomes.by_ref().take(events).filter_map(RememberOutcome::into_new).map(|new| *new).collect();
        settled.push((
            delivery,
            match new.is_empty() {
                true => Settlement::Skipped("what it tells of was remembered before".to_owned()),
                false => Settlement::Processed,
            },
        ));
        captured_ones.extend(new);
    }
    if !captured_ones.is_empty() {
        let workspace = organisations::workspace(tx, workspace).await?;
        captured(tx, app, &workspace, captured_ones).await?;
    }
    Ok(settled)
}

/// Sends webhooks, notifications and live events for new observations of a workspace.
pub(crate) async fn captured(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    observations: Vec<Observation>,
) -> Result<()> {
    outbound::observations_created(tx, app, workspace, &observations).await?;
    tell(tx, app, workspace, &observations).await?;
    let live = app.live.clone();
    let (organisation, workspace) = (workspace.organisation_id.clone(), workspace.id.clone());
    tx.after_commit(move || {
        for observation in observations {
            live.tell(&organisation, &workspace, LiveEventKind::Observation, observation.id.as_str());
            metrics::counter!("campanile_observations_total", "provider" => observation.provider).increment(1);
        }
    });
    Ok(())
}

/// Notifies the members of the observations that reach the workspace's threshold, and the workspace's
/// Slack channel of those that reach the channel's.
async fn tell(tx: &mut Tx, app: &App, workspace: &Workspace, observations: &[Observation]) -> Result<()> {
    let is_significant = |observation: &&Observation| observation.significance >= workspace.notify_threshold;
    let (significant, others): (Vec<&Observation>, Vec<&Observation>) =
        observations.iter().partition(|one| is_significant(one));
    if !others.is_empty()
        && let Some(least) = members::channel_threshold(tx, workspace).await?
    {
        for observation in others.into_iter().filter(|one| one.significance as f64 >= least) {
            let data = notified(app, workspace, observation);
            members::tell_channel(tx, app, workspace, OBSERVATION_CAPTURED, data).await?;
        }
    }
    if significant.is_empty() {
        return Ok(());
    }
    let members = people::members(tx, &workspace.organisation_id).await?;
    let all = significant.into_iter().map(|observation| notified(app, workspace, observation)).collect();
    members::tell(tx, app, workspace, &members, OBSERVATION_CAPTURED, all).await
}

/// The data of a notification of an observation.
fn notified(app: &App, workspace: &Workspace, observation: &Observation) -> Value {
    json!({
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
    })
}
