//! Tells the people and systems that should know of new observations.

use campanile_accounts::live::LiveEventKind;
use campanile_accounts::{OrganisationId, Workspace, WorkspaceId, people};
use campanile_base::Result;
use campanile_db::Tx;
use campanile_memory::Observation;
use campanile_notify::workflows::OBSERVATION_CAPTURED;
use serde_json::{Value, json};

use crate::{App, members, outbound};

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

/// Counts new observations of a tool's history, and tells open pages of one of them. Nobody else hears
/// of them.
pub(super) fn history_captured(
    tx: &mut Tx,
    app: &App,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    observations: &[Observation],
) {
    let Some(last) = observations.last() else { return };
    let (live, id) = (app.live.clone(), last.id.clone());
    let (organisation, workspace) = (organisation.clone(), workspace.clone());
    let providers: Vec<String> = observations.iter().map(|observation| observation.provider.clone()).collect();
    tx.after_commit(move || {
        live.tell(&organisation, &workspace, LiveEventKind::Observation, id.as_str());
        for provider in providers {
            metrics::counter!("campanile_observations_total", "provider" => provider).increment(1);
        }
    });
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
