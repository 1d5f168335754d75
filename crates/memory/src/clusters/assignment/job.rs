//! The job that assigns the observations of a workspace.

use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_engine::{Backoff, JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};

use super::assign;
use crate::Memory;

const CLUSTER: &str = "memory.cluster";
/// A run ends after this time, so that other workspaces have their turn.
const TURN: Duration = Duration::from_secs(5);

#[derive(Serialize, Deserialize)]
struct AssignArgs {
    workspace: WorkspaceId,
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, memory: &Memory) {
    let options = JobOptions {
        max_attempts: 6,
        backoff: Backoff::Exponential { first: Duration::from_secs(2), most: Duration::from_secs(300) },
        concurrency: 1,
        timeout: Duration::from_secs(120),
        ..JobOptions::default()
    };
    let within = memory.clone();
    registry.register(CLUSTER, options, move |attempt| {
        let memory = within.clone();
        async move {
            let AssignArgs { workspace } = attempt.job.args()?;
            assign(&memory, &workspace, TURN).await?;
            Ok(Outcome::done())
        }
    });
}

/// The job for a workspace. There is one at a time.
pub(crate) fn job(organisation: &OrganisationId, workspace: &WorkspaceId) -> NewJob {
    let args = AssignArgs { workspace: workspace.clone() };
    NewJob::new(CLUSTER, organisation.as_str(), &args).dedupe(format!("{CLUSTER}:{workspace}"))
}
