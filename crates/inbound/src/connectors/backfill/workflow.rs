//! The engine workflows of a backfill: one runs its stretches in their order, one the pages of a stretch.
//!
//! A connection has one backfill at a time, and a stretch at a time: what follows refers to what was
//! pulled before, and a provider is not asked for two things at once. A stretch that sleeps holds no
//! slot.

use std::collections::HashSet;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_engine::flow::{CancelOn, Hold, Limit};
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};
use serde::{Deserialize, Serialize};

use super::fetching::PageOutcome;
use super::{BackfillEvent, CANCELLED, RECONCILE_REQUESTED, REQUESTED};
use crate::connectors::Connectors;
use crate::pulls::{BackfillId, PullRunId};

const BACKFILL: &str = "inbound.backfill";
const STRETCH: &str = "inbound.stretch";
const RECONCILE: &str = "inbound.reconcile";
const RECONCILE_STRETCH: &str = "inbound.reconcile-stretch";
/// The backfills, and the stretches, of all organisations that are under way together.
const TOGETHER: usize = 10;
/// The reconciles, and their stretches, of all organisations that are under way together.
const RECONCILES: usize = 5;
/// The most pages of a stretch.
const PAGES: usize = 500;
/// The longest time that a stretch takes, with its waits.
const LONGEST: Duration = Duration::from_secs(8 * 3_600);
/// The pause after a call without an answer, which doubles up to the longest.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(900);
/// The most calls in a row without an answer: about four hours.
const UNANSWERED: u32 = 22;

/// The data of a stretch.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StretchArgs {
    backfill: String,
    connection: String,
    stretch: String,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    let within = connectors.clone();
    let backfill = Workflow::new(BACKFILL, 1, move |ctx: Ctx, event: BackfillEvent| {
        let connectors = within.clone();
        async move { backfill(ctx, connectors, event, STRETCH).await }
    });
    let one_at_a_time = Limit::of(1).key("event.data.connection");
    let backfill = backfill.on_event(REQUESTED).limit(one_at_a_time).limit(Limit::of(TOGETHER)).hold(Hold::Run);
    registry.workflow(until_cancelled(backfill).attempts(5));

    registry.workflow(stretches(STRETCH, connectors).limit(Limit::of(TOGETHER)).hold(Hold::Step));
}

/// Registers the workflows of reconciles. They come behind those of backfills.
pub(in crate::connectors) fn register_reconcile(registry: &mut Registry, connectors: &Connectors) {
    let within = connectors.clone();
    let reconcile = Workflow::new(RECONCILE, 1, move |ctx: Ctx, event: BackfillEvent| {
        let connectors = within.clone();
        async move { backfill(ctx, connectors, event, RECONCILE_STRETCH).await }
    });
    let one_at_a_time = Limit::of(1).key("event.data.connection");
    let reconcile = reconcile.on_event(RECONCILE_REQUESTED).priority("20").limit(one_at_a_time);
    let reconcile = reconcile.limit(Limit::of(RECONCILES)).hold(Hold::Run);
    registry.workflow(until_cancelled(reconcile).attempts(5));
    let stretch = stretches(RECONCILE_STRETCH, connectors).priority("20").limit(Limit::of(RECONCILES));
    registry.workflow(stretch.hold(Hold::Step));
}

/// The workflow of one stretch.
fn stretches(name: &'static str, connectors: &Connectors) -> Workflow {
    let within = connectors.clone();
    let workflow = Workflow::new(name, 1, move |ctx: Ctx, args: StretchArgs| {
        let connectors = within.clone();
        async move { stretch(ctx, connectors, PullRunId::from(args.stretch)).await }
    });
    let backoff = Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(60) };
    until_cancelled(workflow).attempts(5).backoff(backoff)
}

fn until_cancelled(workflow: Workflow) -> Workflow {
    let cancelled = CancelOn::event(CANCELLED).same("data.backfill");
    workflow.cancel_on(cancelled).cancel_on(CancelOn::event("connection.closing").same("data.connection"))
}

/// Runs the stretches of a backfill, each by the workflow of this name.
async fn backfill(
    ctx: Ctx,
    connectors: Connectors,
    event: BackfillEvent,
    workflow: &'static str,
) -> Result<usize, Failure> {
    let organisation = OrganisationId::from(ctx.tenant().to_owned());
    let of = (connectors.clone(), organisation.clone(), BackfillId::from(event.backfill.clone()));
    let planned = ctx.step("plan", move || {
        let (connectors, organisation, id) = of.clone();
        async move { connectors.waiting_stretches(organisation, id).await }
    });
    let stretches: Vec<String> = planned.await?;
    for stretch in &stretches {
        let BackfillEvent { backfill, connection } = event.clone();
        let args = StretchArgs { backfill, connection, stretch: stretch.clone() };
        let Err(error) = ctx.invoke::<(), _>(workflow, &args).await else { continue };
        let (connectors, organisation, id) =
            (connectors.clone(), organisation.clone(), PullRunId::from(stretch.clone()));
        let failed = ctx.transaction(&format!("fail {stretch}"), move |tx| {
            Box::pin(async move { Ok(connectors.end_fetching(tx, &organisation, &id, Some(&error.message)).await?) })
        });
        failed.await?;
    }
    Ok(stretches.len())
}

async fn stretch(ctx: Ctx, connectors: Connectors, id: PullRunId) -> Result<(), Failure> {
    let organisation = OrganisationId::from(ctx.tenant().to_owned());
    let of = (connectors.clone(), organisation.clone(), id.clone());
    let begin = ctx.transaction("begin", move |tx| {
        Box::pin(async move {
            let (connectors, organisation, id) = of;
            Ok(connectors.begin_fetching(tx, &organisation, &id).await?)
        })
    });
    if !begin.await? {
        return Ok(());
    }
    let problem = match pages(&ctx, &connectors, (&organisation, &id)).await {
        End::Gone => return Ok(()),
        End::Whole => None,
        End::Broken(problem) => Some(problem),
    };
    let end = ctx.transaction("end", move |tx| {
        Box::pin(async move { Ok(connectors.end_fetching(tx, &organisation, &id, problem.as_deref()).await?) })
    });
    end.await?;
    Ok(())
}

/// The end of the pages of a stretch.
enum End {
    /// All pages are stored.
    Whole,
    /// It was cancelled, or its source or connection is gone.
    Gone,
    /// It cannot go on, for this reason.
    Broken(String),
}

async fn pages(ctx: &Ctx, connectors: &Connectors, (organisation, id): (&OrganisationId, &PullRunId)) -> End {
    let broken = |problem: &str| End::Broken(problem.to_owned());
    let (began, mut cursors, mut number, mut unanswered) = (ctx.now(), HashSet::new(), 0, 0);
    loop {
        if number == PAGES {
            return broken("there is more history than 500 pages; choose a lower depth");
        }
        let of = (connectors.clone(), organisation.clone(), id.clone());
        let page = ctx.step(&format!("page {number}"), move || {
            let (connectors, organisation, id) = of.clone();
            async move { connectors.fetch_page(&organisation, &id).await }
        });
        let until: Timestamp = match page.await {
            Err(error) => return End::Broken(error.message),
            Ok(PageOutcome::Last) => return End::Whole,
            Ok(PageOutcome::Gone) => return End::Gone,
            Ok(PageOutcome::More { cursor }) => {
                (number, unanswered) = (number + 1, 0);
                if !cursors.insert(cursor) {
                    return broken("the provider's pages lead in a circle");
                }
                continue;
            }
            Ok(PageOutcome::Limited { until }) => until,
            Ok(PageOutcome::Unanswered { reason }) => {
                unanswered += 1;
                if unanswered == UNANSWERED {
                    return End::Broken(reason);
                }
                ctx.now().plus((PAUSE * 2_u32.pow(unanswered.min(8) - 1)).min(LONGEST_PAUSE))
            }
        };
        if until.since(began) > LONGEST {
            return broken("it took longer than eight hours");
        }
        ctx.sleep_until(until).await;
    }
}
