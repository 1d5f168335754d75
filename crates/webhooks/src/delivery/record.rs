//! Records the outcome of attempts and their consequences: another attempt, a notice, a disabled
//! endpoint.

use std::sync::Arc;

use campanile_accounts::live::LiveEventKind;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::NewJob;

use super::{DeliverArgs, Plan, again};
use crate::directory::{self, Entry, Target};
use crate::lines::queue::Joining;
use crate::lines::waiting::Waiting;
use crate::model::applications::Application;
use crate::model::attempts::{self, Attempt, MANUAL};
use crate::model::endpoints;
use crate::model::messages::Message;
use crate::notice::{self, AttemptChange};
use crate::{Webhooks, health, statistics};

/// An attempt that was made.
pub(crate) struct MadeAttempt {
    pub(crate) target: Arc<Target>,
    pub(crate) attempt: Attempt,
    pub(crate) plan: Plan,
}

/// The outcome of a job.
pub(crate) struct DeliveryOutcome {
    pub(crate) entry: Arc<Entry>,
    pub(crate) message: Arc<Message>,
    pub(crate) made: Vec<MadeAttempt>,
    /// Attempts that are left to other jobs.
    pub(crate) postponed: Vec<DeliverArgs>,
    /// Deliveries that join an endpoint's line.
    pub(crate) queued: Vec<(Arc<Target>, Waiting)>,
}

impl DeliveryOutcome {
    /// An outcome without attempts.
    pub(crate) fn of(entry: &Arc<Entry>, message: &Arc<Message>) -> Self {
        let (made, postponed, queued) = (Vec::new(), Vec::new(), Vec::new());
        Self { entry: entry.clone(), message: message.clone(), made, postponed, queued }
    }

    /// The attempts that were made, with their application.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = (&Application, &Attempt)> {
        self.made.iter().map(|made| (&self.entry.application, &made.attempt))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.made.is_empty() && self.postponed.is_empty() && self.queued.is_empty()
    }

    /// The arguments of a job without the endpoints that this outcome settles.
    pub(super) fn rest_of(&self, args: &DeliverArgs) -> DeliverArgs {
        let is_settled = |endpoint: &&String| {
            self.made.iter().any(|made| made.target.endpoint.id.as_str() == endpoint.as_str())
                || self.postponed.iter().any(|postponed| postponed.endpoints.contains(endpoint))
                || self.queued.iter().any(|(target, _)| target.endpoint.id.as_str() == endpoint.as_str())
        };
        let endpoints = args.endpoints.iter().filter(|endpoint| !is_settled(endpoint)).cloned().collect();
        DeliverArgs { endpoints, ..args.clone() }
    }

    fn again(&self, args: &DeliverArgs) -> NewJob {
        again(&self.entry.application.organisation_id, args)
    }

    /// The job of the next attempt after this one, if there is one.
    fn next(&self, made: &MadeAttempt) -> Option<NewJob> {
        let wait = made.plan.wait()?;
        let failures = u32::try_from(made.attempt.number).unwrap_or(0) + 1;
        let endpoints = vec![made.target.endpoint.id.to_string()];
        let args = DeliverArgs { failures, ..DeliverArgs::of(&self.message, endpoints) };
        Some(self.again(&args).after(wait))
    }
}

/// Records the known outcomes of a job that continues, and removes their endpoints from the job.
pub(super) async fn strike_off(
    webhooks: &Webhooks,
    settled: DeliveryOutcome,
    job: &str,
    rest: DeliverArgs,
) -> Result<DeliveryOutcome> {
    let empty = DeliveryOutcome::of(&settled.entry, &settled.message);
    let (within, job, settled) = (webhooks.clone(), job.to_owned(), [Arc::new(settled)]);
    let written = webhooks.db.write(move |tx| {
        Box::pin(async move {
            if !within.engine.change_args(tx, &job, &rest).await? {
                return Err(Error::conflict("the job is somebody else's by now"));
            }
            write_down(tx, &within, &settled).await
        })
    });
    written.await?;
    Ok(empty)
}

/// Records the outcomes of jobs.
pub(super) async fn write_down(tx: &mut Tx, webhooks: &Webhooks, settled: &[Arc<DeliveryOutcome>]) -> Result<()> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let (mut jobs, mut joining) = (Vec::new(), Joining::default());
    for settled in settled {
        jobs.extend(settled.postponed.iter().map(|args| settled.again(args)));
        for (target, waiting) in &settled.queued {
            joining.add(&settled.entry.application, target, waiting.clone());
        }
        for made in &settled.made {
            let mut attempt = made.attempt.clone();
            if attempt.number == MANUAL && made.plan != Plan::Delivered {
                // The schedule continues as planned.
                attempt.next_at = attempts::queries::next_planned(tx, &attempt).await?;
            }
            attempts.push(attempt);
            jobs.extend(settled.next(made));
        }
    }
    attempts::queries::insert(tx, &attempts).await?;
    statistics::count(tx, webhooks, settled.iter().flat_map(|settled| settled.attempts())).await?;
    for settled in settled {
        follow_up_all(tx, webhooks, settled).await?;
    }
    // Last, since joining a line locks its row.
    joining.store(tx, webhooks.clock.now(), &mut jobs).await?;
    webhooks.engine.enqueue_all(tx, jobs).await?;
    Ok(())
}

/// Handles the consequences of attempts.
pub(crate) async fn follow_up_all(tx: &mut Tx, webhooks: &Webhooks, settled: &DeliveryOutcome) -> Result<()> {
    for made in &settled.made {
        follow_up(tx, webhooks, settled, made).await?;
    }
    Ok(())
}

/// Handles the consequences of an attempt: the endpoint's state, notices, and the live view.
async fn follow_up(tx: &mut Tx, webhooks: &Webhooks, settled: &DeliveryOutcome, made: &MadeAttempt) -> Result<()> {
    let (application, endpoint) = (&settled.entry.application, &made.target.endpoint);
    match &made.plan {
        Plan::Delivered if made.target.is_failing => {
            if endpoints::queries::works_again(tx, &endpoint.id).await? {
                directory::changed(tx, webhooks, &application.id).await?;
            }
        }
        Plan::Delivered | Plan::Again(_) | Plan::Abort => {}
        Plan::Disable => {
            health::disable(tx, webhooks, application, endpoint, None, "the endpoint asked for it").await?;
        }
        Plan::GiveUp if made.attempt.number == MANUAL => {}
        Plan::GiveUp => gave_up(tx, webhooks, settled, made).await?,
    }
    let (is_success, is_last) = (made.plan == Plan::Delivered, made.plan.wait().is_none());
    if made.attempt.number != MANUAL
        && let Some(change) = AttemptChange::of(&made.attempt, is_success, is_last)
    {
        notice::attempted(tx, webhooks, application, &settled.message, &made.attempt, change).await?;
    }
    // Live events go only to a workspace's application; other applications have no live view.
    if let Some(workspace) = application.kind.workspace() {
        let (live, organisation) = (webhooks.live.clone(), application.organisation_id.clone());
        let (workspace, id) = (workspace.clone(), made.attempt.id.clone());
        tx.after_commit(move || live.tell(&organisation, &workspace, LiveEventKind::Attempt, id.as_str()));
    }
    Ok(())
}

async fn gave_up(tx: &mut Tx, webhooks: &Webhooks, settled: &DeliveryOutcome, made: &MadeAttempt) -> Result<()> {
    let (application, endpoint) = (&settled.entry.application, &made.target.endpoint);
    let now = webhooks.clock.now();
    let since: Option<Timestamp> = endpoints::queries::gave_up(tx, &endpoint.id, now).await?;
    if since == Some(now) {
        // The cached copies must know that the endpoint is failing, so that a success is recorded.
        directory::changed(tx, webhooks, &application.id).await?;
    }
    match since.is_some_and(|since| now.since(since) > webhooks.settings.disable_after) {
        true => {
            let why = "the endpoint has taken nothing for too long";
            health::disable(tx, webhooks, application, endpoint, since, why).await
        }
        false => Ok(()),
    }
}
