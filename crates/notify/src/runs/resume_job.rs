//! The job that continues a waiting run, as it is stored.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::new_uuid;
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of job.
pub(super) const RESUME: &str = "notify.resume";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Args {
    pub(super) organisation: OrganisationId,
    pub(super) run: String,
    /// The number of the run's wait that the job ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pause: Option<u32>,
    /// An event that has happened, and a unique name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<(String, Value)>,
}

/// A job that ends a run's next wait, after a time. `pauses` is the number of its waits so far.
pub(super) fn job(organisation: &OrganisationId, run: &str, pauses: u32, after: Option<Duration>) -> NewJob {
    let args = Args { organisation: organisation.clone(), run: run.to_owned(), pause: Some(pauses + 1), event: None };
    NewJob::new(RESUME, organisation.as_str(), &args).after(after.unwrap_or_default())
}

/// A job that checks if a run's batch has closed.
pub(super) fn job_of(organisation: &OrganisationId, run: &str) -> NewJob {
    let args = Args { organisation: organisation.clone(), run: run.to_owned(), pause: None, event: None };
    NewJob::new(RESUME, organisation.as_str(), &args)
}

/// A job that checks if an event is the one that a run waits for. `pause` is the number of the
/// wait.
pub(crate) fn look_job(organisation: &OrganisationId, run: &str, pause: u32, about: Value) -> NewJob {
    let event = Some((new_uuid(), about));
    let args = Args { organisation: organisation.clone(), run: run.to_owned(), pause: Some(pause), event };
    NewJob::new(RESUME, organisation.as_str(), &args)
}
