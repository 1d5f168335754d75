//! What is written down of attempts, and what they lead to.

use std::sync::Arc;

use campanile_accounts::live::NewsKind;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::NewJob;

use super::{DeliverArgs, Plan, again};
use crate::attempts::{self, Attempt, MANUAL};
use crate::directory::{Entry, Target};
use crate::lines::{Joining, Waiting};
use crate::messages::Message;
use crate::operational::{self, AttemptChange};
use crate::{Webhooks, applications, endpoints};

/// An attempt that was made.
pub(crate) struct Made {
    pub(crate) target: Arc<Target>,
    pub(crate) attempt: Attempt,
    pub(crate) plan: Plan,
}

/// What a job has come to.
pub(crate) struct Settled {
    pub(crate) entry: Arc<Entry>,
    pub(crate) message: Arc<Message>,
    pub(crate) made: Vec<Made>,
    /// What is to wait its turn.
    pub(crate) postponed: Vec<DeliverArgs>,
    /// What is to stand in an endpoint's line.
    pub(crate) queued: Vec<(Arc<Target>, Waiting)>,
}

impl Settled {
    /// Nothing yet.
    pub(crate) fn of(entry: &Arc<Entry>, message: &Arc<Message>) -> Self {
        let (made, postponed, queued) = (Vec::new(), Vec::new(), Vec::new());
        Self { entry: entry.clone(), message: message.clone(), made, postponed, queued }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.made.is_empty() && self.postponed.is_empty() && self.queued.is_empty()
    }

    /// What is left of a job when this is written down.
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

    /// The next attempt after this one, if there is to be one.
    fn next(&self, made: &Made) -> Option<NewJob> {
        let wait = made.plan.wait()?;
        let failures = u32::try_from(made.attempt.number).unwrap_or(0) + 1;
        let endpoints = vec![made.target.endpoint.id.to_string()];
        let args = DeliverArgs { failures, ..DeliverArgs::of(&self.message, endpoints) };
        Some(self.again(&args).after(wait))
    }
}

/// Writes down what is known of a job that goes on, and strikes it off the job.
pub(super) async fn strike_off(webhooks: &Webhooks, settled: Settled, job: &str, rest: DeliverArgs) -> Result<Settled> {
    let empty = Settled::of(&settled.entry, &settled.message);
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

/// Writes down what jobs have come to.
pub(super) async fn write_down(tx: &mut Tx, webhooks: &Webhooks, settled: &[Arc<Settled>]) -> Result<()> {
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
                // The schedule goes on as planned.
                attempt.next_at = attempts::queries::next_planned(tx, &attempt).await?;
            }
            attempts.push(attempt);
            jobs.extend(settled.next(made));
        }
    }
    attempts::queries::insert(tx, &attempts).await?;
    for settled in settled {
        follow_up_all(tx, webhooks, settled).await?;
    }
    // Last, since whoever comes to a line holds it.
    joining.store(tx, webhooks.clock.now(), &mut jobs).await?;
    webhooks.engine.enqueue_all(tx, jobs).await?;
    Ok(())
}

/// What attempts lead to beside themselves.
pub(crate) async fn follow_up_all(tx: &mut Tx, webhooks: &Webhooks, settled: &Settled) -> Result<()> {
    for made in &settled.made {
        follow_up(tx, webhooks, settled, made).await?;
    }
    Ok(())
}

/// What an attempt leads to beside itself.
async fn follow_up(tx: &mut Tx, webhooks: &Webhooks, settled: &Settled, made: &Made) -> Result<()> {
    let (application, endpoint) = (&settled.entry.application, &made.target.endpoint);
    match &made.plan {
        Plan::Delivered if made.target.is_failing => {
            if endpoints::queries::works_again(tx, &endpoint.id).await? {
                applications::touch(tx, webhooks, &application.id).await?;
            }
        }
        Plan::Delivered | Plan::Again(_) | Plan::Abort => {}
        Plan::Disable => {
            endpoints::disable(tx, webhooks, application, endpoint, None, "the endpoint asked for it").await?;
        }
        Plan::GiveUp if made.attempt.number == MANUAL => {}
        Plan::GiveUp => gave_up(tx, webhooks, settled, made).await?,
    }
    let (is_success, is_last) = (made.plan == Plan::Delivered, made.plan.wait().is_none());
    if made.attempt.number != MANUAL
        && let Some(change) = AttemptChange::of(&made.attempt, is_success, is_last)
    {
        operational::attempted(tx, webhooks, application, &settled.message, &made.attempt, change).await?;
    }
    // The workspace whose application this is, for those who watch it; others watch nothing.
    if let Some(workspace) = application.kind.workspace() {
        let (live, organisation) = (webhooks.live.clone(), application.organisation_id.clone());
        let (workspace, id) = (workspace.clone(), made.attempt.id.clone());
        tx.after_commit(move || live.tell(&organisation, &workspace, NewsKind::Attempt, id.as_str()));
    }
    Ok(())
}

async fn gave_up(tx: &mut Tx, webhooks: &Webhooks, settled: &Settled, made: &Made) -> Result<()> {
    let (application, endpoint) = (&settled.entry.application, &made.target.endpoint);
    let now = webhooks.clock.now();
    let since: Option<Timestamp> = endpoints::queries::gave_up(tx, &endpoint.id, now).await?;
    if since == Some(now) {
        // Those who deliver to it are to know that a success is news.
        applications::touch(tx, webhooks, &application.id).await?;
    }
    match since.is_some_and(|since| now.since(since) > webhooks.settings.disable_after) {
        true => {
            let why = "the endpoint has taken nothing for too long";
            endpoints::disable(tx, webhooks, application, endpoint, since, why).await
        }
        false => Ok(()),
    }
}
