//! The job that makes the summary of a cluster.

use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_engine::{Backoff, JobOptions, NewJob, Outcome, Registry, Verdict};
use serde::{Deserialize, Serialize};

use super::{FEWEST, SummaryOutcome, summarise};
use crate::Memory;
use crate::observations::ClusterId;

pub(super) const SUMMARY: &str = "memory.cluster-summary";

#[derive(Serialize, Deserialize)]
struct SummaryArgs {
    workspace: WorkspaceId,
    cluster: String,
}

/// A cluster that got observations.
#[derive(Debug, Clone, Copy)]
pub(in crate::clusters) struct Size<'c> {
    pub(in crate::clusters) organisation: &'c str,
    pub(in crate::clusters) cluster: &'c ClusterId,
    pub(in crate::clusters) observations: i64,
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, memory: &Memory) {
    let options = JobOptions {
        max_attempts: 3,
        backoff: Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(300) },
        concurrency: 1,
        timeout: Duration::from_secs(60),
        ..JobOptions::default()
    };
    let within = memory.clone();
    registry.register(SUMMARY, options, move |attempt| {
        let memory = within.clone();
        async move {
            let SummaryArgs { workspace, cluster } = attempt.job.args()?;
            let organisation = OrganisationId::from(attempt.job.tenant.to_string());
            let outcome = summarise(&memory, &organisation, &workspace, &cluster).await?;
            Ok(match outcome {
                SummaryOutcome::NotDue(after) => Outcome::of(Verdict::PutOff { after, reason: String::new() }),
                _ => Outcome::done(),
            })
        }
    });
}

/// The job for a cluster that is large enough. It waits until nothing was added for a while; there is
/// one at a time.
pub(in crate::clusters) fn due(memory: &Memory, workspace: &WorkspaceId, size: Size<'_>) -> Option<NewJob> {
    let args = SummaryArgs { workspace: workspace.clone(), cluster: size.cluster.to_string() };
    (size.observations >= FEWEST).then(|| {
        NewJob::new(SUMMARY, size.organisation, &args)
            .dedupe(format!("{SUMMARY}:{}", size.cluster))
            .after(memory.settings.summary_delay)
    })
}
