//! The job that processes a stored delivery.

use campanile_accounts::OrganisationId;
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};

use super::Origin;

/// The kind of job that processes a delivery.
pub const PROCESS: &str = "inbound.process";
/// The kind of job that processes a page that was fetched, behind the deliveries of today.
pub const PROCESS_PULLED: &str = "inbound.process.pulled";

/// The arguments of the job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProcessArgs {
    /// The delivery.
    pub delivery: String,
}

/// The job for a delivery that came this way.
pub(crate) fn process_job(organisation: &OrganisationId, delivery: &str, origin: Origin) -> NewJob {
    let args = ProcessArgs { delivery: delivery.to_owned() };
    match origin.is_pulled() {
        true => NewJob::new(PROCESS_PULLED, organisation.as_str(), &args).priority(priority(origin)),
        false => NewJob::new(PROCESS, organisation.as_str(), &args),
    }
}

/// The priority of a page among the pages of an organisation: a lower number goes first.
fn priority(origin: Origin) -> i64 {
    match origin {
        Origin::Reconcile => 20,
        Origin::Backfill => 10,
        Origin::Poll | Origin::Webhook | Origin::Manual | Origin::Api => 0,
    }
}
