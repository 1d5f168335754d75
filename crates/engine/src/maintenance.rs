//! The engine's own periodic work, run as jobs: each exists once in the cluster and survives
//! crashes.
//!
//! * Each schedule of a workflow is one job, due at the planned time. When the job ends, the run
//!   for that time and the job's next time commit together. So no tick is lost, and none happens
//!   twice.
//! * Counters are folded every two seconds.
//! * Expired rows are removed in small portions, but only while the clock is trusted
//!   ([`crate::trusted_time`]).

use std::time::Duration;

use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::event::Event;
use crate::flow::admission::Request;
use crate::registry::{JobOptions, Registry};
use crate::run::{NewJob, Outcome, Verdict};
use crate::store::{history, runs, stats};
use crate::view::Schedule;
use crate::{Backoff, Engine, Settings, lifecycle};

const CRON: &str = "engine.cron";
const FOLD: &str = "engine.fold";
const TIDY: &str = "engine.tidy";

const FOLD_EVERY: Duration = Duration::from_secs(2);
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// The wait when there is more to do at once.
const MORE: Duration = Duration::from_millis(100);
/// The maximum number of rows that one transaction folds or removes.
const AT_ONCE: i64 = 2_000;

/// A planned time of a schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tick {
    workflow: String,
    cron: String,
    at: Timestamp,
    /// The planned time before this one; `None` until one has come.
    #[serde(default)]
    last: Option<Timestamp>,
}

pub(crate) fn register(registry: &mut Registry, engine: &Engine, settings: Settings) {
    let options = JobOptions {
        max_attempts: u32::MAX,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(30) },
        concurrency: 4,
        ..JobOptions::default()
    };
    let within = engine.clone();
    registry.register(CRON, options.clone(), move |attempt| {
        let engine = within.clone();
        async move { tick(engine, attempt.job.args()?) }
    });
    let within = engine.clone();
    registry.register(FOLD, options.clone(), move |_| {
        let engine = within.clone();
        async move {
            let folded = engine.db.write(|tx| Box::pin(async move { stats::fold(tx, AT_ONCE).await }));
            Ok(again(if folded.await? >= AT_ONCE as usize { MORE } else { FOLD_EVERY }))
        }
    });
    let within = engine.clone();
    registry.register(TIDY, options, move |_| {
        let engine = within.clone();
        async move {
            let Some(now) = engine.time_to_tidy().await? else { return Ok(again(TIDY_EVERY)) };
            let tidied =
                engine.db.write(move |tx| Box::pin(async move { history::tidy(tx, &settings, now, AT_ONCE).await }));
            Ok(again(if tidied.await? >= AT_ONCE as u64 { MORE } else { TIDY_EVERY }))
        }
    });
}

fn again(after: Duration) -> Outcome {
    Outcome::of(Verdict::PutOff { after, reason: String::new() })
}

/// Creates the jobs of the duties where they are missing. The job of a schedule that is no longer
/// declared ends by itself.
pub(crate) async fn begin(engine: &Engine) -> campanile_db::Result<()> {
    let now = engine.clock.now();
    let mut jobs = vec![NewJob::new(FOLD, "", &()).dedupe(FOLD), NewJob::new(TIDY, "", &()).dedupe(TIDY)];
    for workflow in engine.catalogue().workflows() {
        for cron in &workflow.options.crons {
            if let Some(at) = cron.after(now) {
                let (workflow, cron) = (workflow.name.to_owned(), cron.as_str().to_owned());
                jobs.push(tick_job(&Tick { workflow, cron, at, last: None }, now));
            }
        }
    }
    let engine = engine.clone();
    engine.clone().db.write(move |tx| Box::pin(async move { engine.enqueue_all(tx, jobs).await })).await.map(drop)
}

fn tick_job(tick: &Tick, now: Timestamp) -> NewJob {
    NewJob::new(CRON, "", tick).dedupe(key_of(&tick.workflow, &tick.cron)).after(tick.at.since(now))
}

/// The dedupe key of a schedule's job. It does not contain the planned time: there is one job per
/// schedule.
fn key_of(workflow: &str, cron: &str) -> String {
    format!("{CRON}:{workflow}:{cron}")
}

impl Engine {
    /// The schedules of all workflows, by the workflows' names.
    ///
    /// # Errors
    /// `Internal` when a schedule's job cannot be read.
    pub async fn schedules(&self, tx: &mut Tx) -> Result<Vec<Schedule>> {
        let mut schedules = Vec::new();
        for workflow in self.catalogue().workflows() {
            for cron in &workflow.options.crons {
                let job = runs::input_of_dedupe(tx, &key_of(workflow.name, cron.as_str())).await?;
                let tick: Option<Tick> =
                    job.map(|json| serde_json::from_str(&json)).transpose().map_err(Error::internal)?;
                schedules.push(Schedule {
                    workflow: workflow.name.to_owned(),
                    cron: cron.fields().to_owned(),
                    time_zone: cron.time_zone().to_owned(),
                    last_at: tick.as_ref().and_then(|tick| tick.last),
                    next_at: tick.map(|tick| tick.at),
                });
            }
        }
        schedules.sort_by(|a, b| (&a.workflow, &a.cron).cmp(&(&b.workflow, &b.cron)));
        Ok(schedules)
    }
}

/// Handles a planned time that has come.
fn tick(engine: Engine, tick: Tick) -> Result<Outcome> {
    let workflow = engine.catalogue().latest(&tick.workflow).cloned();
    let cron = workflow.as_ref().and_then(|w| w.options.crons.iter().find(|cron| cron.as_str() == tick.cron)).cloned();
    let (Some(workflow), Some(cron)) = (workflow, cron) else { return Ok(Outcome::done()) };
    let now = engine.clock.now();
    let (starts, next) = cron.keep(tick.at, now);
    Ok(Outcome::done().with(move |tx| {
        Box::pin(async move {
            for planned in starts {
                let data = json!({ "cron": tick.cron, "planned": planned });
                let event = Event { name: "engine/scheduled".to_owned(), ..Event::call(data, now) };
                let jitter = cron.jitter.mul_f64(chance());
                let due = Some(planned.plus(jitter));
                let request = Request { tenant: "".into(), event, cause: "cron", parent: None, due };
                lifecycle::admit(tx, &engine, &workflow, request, now).await?;
            }
            match next {
                Some(at) => plan(tx, &engine, &Tick { at, last: Some(tick.at), ..tick }, now).await,
                None => Ok(()),
            }
        })
    }))
}

/// Stores the job for the next time. The current job is still ending under the same dedupe key, so
/// the new one takes its place.
async fn plan(tx: &mut Tx, engine: &Engine, tick: &Tick, now: Timestamp) -> Result<()> {
    let stored = engine.enqueue(tx, tick_job(tick, now)).await?;
    if stored { Ok(()) } else { Err(Error::conflict("the schedule has another job already")) }
}

fn chance() -> f64 {
    f64::from(u32::from_le_bytes(campanile_base::random_bytes::<4>())) / f64::from(u32::MAX)
}
