//! Joining a line, and waking it.
//!
//! A message gets its number in the transaction that accepts it, under a lock on the line's row. So
//! numbers become visible in order.

use std::collections::BTreeMap;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};

use super::queries;
use super::waiting::Waiting;
use crate::Webhooks;
use crate::directory::{Pace, Target};
use crate::model::applications::{Application, ApplicationId};
use crate::model::endpoints::EndpointId;

/// The kind of job that moves a line.
pub(super) const LINE: &str = "webhooks.line";
/// The time for which a line counts as awake after its job has worked on it.
pub(super) const AWAKE: Duration = Duration::from_secs(300);
/// The maximum number of forgotten lines that are woken at a time.
const AT_ONCE: i64 = 500;

/// The messages that join lines in one transaction. They are sorted by endpoint, so that all
/// transactions lock lines in the same order.
#[derive(Default)]
pub(crate) struct Joining(BTreeMap<String, Joiners>);

struct Joiners {
    organisation: OrganisationId,
    application: ApplicationId,
    is_polled: bool,
    waiting: Vec<Waiting>,
}

impl Joining {
    /// Adds a message to the line of an endpoint.
    pub(crate) fn add(&mut self, application: &Application, target: &Target, waiting: Waiting) {
        let joiners = self.0.entry(target.endpoint.id.to_string()).or_insert_with(|| Joiners {
            organisation: application.organisation_id.clone(),
            application: application.id.clone(),
            is_polled: target.pace(application) == Pace::Polled,
            waiting: Vec::new(),
        });
        joiners.waiting.push(waiting);
    }

    /// Numbers and stores the messages. Adds to `jobs` one job for each line that was asleep.
    pub(crate) async fn store(self, tx: &mut Tx, now: Timestamp, jobs: &mut Vec<NewJob>) -> Result<()> {
        for (endpoint, joiners) in self.0 {
            let many = joiners.waiting.len() as i64;
            let (last, awake_until) = queries::take_numbers(tx, &endpoint, &joiners.application, many).await?;
            queries::insert(tx, &endpoint, last - many + 1, &joiners.waiting).await?;
            if !joiners.is_polled && awake_until < now {
                queries::stay_awake(tx, &endpoint, now.plus(AWAKE)).await?;
                jobs.push(job(&joiners.organisation, &joiners.application, &endpoint));
            }
        }
        Ok(())
    }
}

/// The arguments of the job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LineArgs {
    pub(super) application: String,
    pub(super) endpoint: String,
}

/// A job that moves a line.
pub(super) fn job(organisation: &OrganisationId, application: &ApplicationId, endpoint: &str) -> NewJob {
    let args = LineArgs { application: application.to_string(), endpoint: endpoint.to_owned() };
    NewJob::new(LINE, organisation.as_str(), &args).key(endpoint)
}

/// Wakes a line if it holds messages: a change may now let it move.
pub(crate) async fn wake(tx: &mut Tx, webhooks: &Webhooks, application: &Application, id: &EndpointId) -> Result<()> {
    if queries::first(tx, id.as_str(), 1).await?.is_empty() {
        return Ok(());
    }
    queries::stay_awake(tx, id.as_str(), webhooks.clock.now().plus(AWAKE)).await?;
    webhooks.engine.enqueue(tx, job(&application.organisation_id, &application.id, id.as_str())).await?;
    Ok(())
}

/// Wakes lines that hold messages although no job looks after them.
pub(crate) async fn wake_all(tx: &mut Tx, webhooks: &Webhooks) -> Result<()> {
    let now = webhooks.clock.now();
    for forgotten in queries::forgotten(tx, now, AT_ONCE).await? {
        queries::stay_awake(tx, &forgotten.endpoint, now.plus(AWAKE)).await?;
        let job = job(&forgotten.organisation.into(), &forgotten.application.into(), &forgotten.endpoint);
        webhooks.engine.enqueue(tx, job).await?;
    }
    Ok(())
}
