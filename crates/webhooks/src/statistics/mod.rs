//! Statistics of attempts: how many were delivered, how many failed, and how long the answers took.
//!
//! Attempts are counted in the transaction that records them, as rows of their own, so no two
//! transactions wait for one counter. A job folds these rows into counters by the hour: one for
//! each application, and one for the whole organisation. Readers add what is not folded yet.

mod queries;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::histogram::{bucket_of, percentile};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::{JobOptions, NewJob, Outcome, Registry, Verdict};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Webhooks;
use crate::model::applications::Application;
use crate::model::attempts::{Attempt, Status};

/// The kind of the job that folds the counts.
const FOLD: &str = "webhooks.fold";
/// The wait before counts are folded, and the minimum interval between two such jobs of a node.
const FOLD_AFTER: Duration = Duration::from_secs(2);
/// The wait when there is more to fold at once.
const MORE: Duration = Duration::from_millis(100);
/// The maximum number of rows that one transaction folds.
const AT_ONCE: i64 = 2_000;
/// The retention of counters.
const KEEP: Duration = Duration::from_secs(400 * 24 * 3_600);

/// The key under which attempts are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    organisation: String,
    application: String,
    hour: i64,
    outcome: i64,
    bucket: i64,
}

/// A sum of counts.
struct Counted {
    outcome: i64,
    bucket: i64,
    attempts: i64,
}

/// The time at which this node last asked for counts to be folded, in seconds.
#[derive(Default)]
pub(crate) struct LastFold(AtomicI64);

impl LastFold {
    /// True if it is time to ask again. Only one caller hears it.
    fn is_due(&self, now: Timestamp) -> bool {
        let (now, last) = (now.as_seconds(), self.0.load(Ordering::Relaxed));
        let is_due = now < last || now - last >= FOLD_AFTER.as_secs() as i64;
        is_due && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The attempts of a period.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = WebhookStatistics)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    /// The number of attempts that were answered with a 2xx.
    pub delivered: i64,
    /// The number of attempts that were not.
    pub failed: i64,
    /// The number of messages that a transformation has cancelled.
    pub canceled: i64,
    /// The share of delivered attempts among delivered and failed ones, from 0 to 1; `null` if there
    /// are none.
    pub success_rate: Option<f64>,
    /// The time in milliseconds within which 95 of 100 delivered attempts were answered, accurate to
    /// five percent; `null` if there are none.
    pub p95: Option<f64>,
}

/// Counts attempts, in the transaction that records them.
pub(crate) async fn count<'a>(
    tx: &mut Tx,
    webhooks: &Webhooks,
    attempts: impl Iterator<Item = (&'a Application, &'a Attempt)>,
) -> Result<()> {
    let now = webhooks.clock.now();
    let mut counts: BTreeMap<Key, i64> = BTreeMap::new();
    for (application, attempt) in attempts {
        let key = Key {
            organisation: application.organisation_id.to_string(),
            application: application.id.to_string(),
            hour: now.as_seconds() / 3_600,
            outcome: attempt.status.code(),
            bucket: bucket_of(attempt.duration_ms),
        };
        *counts.entry(key).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    queries::insert(tx, counts, now).await?;
    if webhooks.last_fold.is_due(now) {
        webhooks.engine.enqueue(tx, NewJob::new(FOLD, "", &()).dedupe(FOLD).after(FOLD_AFTER)).await?;
    }
    Ok(())
}

/// The attempts of an organisation, or of one of its applications, over the last `hours`.
pub async fn of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    application: Option<&Application>,
    (hours, now): (i64, Timestamp),
) -> Result<Statistics> {
    let first = now.as_seconds() / 3_600 - hours + 1;
    let mut sum = Statistics::default();
    let mut buckets: BTreeMap<i64, i64> = BTreeMap::new();
    for counted in queries::since(tx, organisation, application.map(|one| one.id.as_str()), first).await? {
        match Status::from_code(counted.outcome) {
            Some(Status::Success) => {
                sum.delivered += counted.attempts;
                *buckets.entry(counted.bucket).or_default() += counted.attempts;
            }
            Some(Status::Canceled) => sum.canceled += counted.attempts,
            Some(Status::Fail | Status::Sending | Status::Pending) | None => sum.failed += counted.attempts,
        }
    }
    let judged = sum.delivered + sum.failed;
    sum.success_rate = (judged > 0).then(|| sum.delivered as f64 / judged as f64);
    sum.p95 = (sum.delivered > 0).then(|| percentile(&buckets, 0.95));
    Ok(sum)
}

pub(crate) fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let within = webhooks.clone();
    registry.register(FOLD, JobOptions { concurrency: 1, ..JobOptions::default() }, move |_| {
        let webhooks = within.clone();
        async move {
            let folded = webhooks.db.write(|tx| Box::pin(async move { fold(tx).await })).await?;
            let is_all = folded < AT_ONCE as usize;
            Ok(if is_all {
                Outcome::done()
            } else {
                Outcome::of(Verdict::PutOff { after: MORE, reason: String::new() })
            })
        }
    });
}

/// Adds the oldest counts to the counters. Returns how many there were.
async fn fold(tx: &mut Tx) -> campanile_db::Result<usize> {
    let taken = queries::take(tx, AT_ONCE).await?;
    let many = taken.len();
    let mut sums: BTreeMap<Key, i64> = BTreeMap::new();
    for (key, attempts) in taken {
        let whole = Key { application: String::new(), ..key.clone() };
        *sums.entry(whole).or_default() += attempts;
        *sums.entry(key).or_default() += attempts;
    }
    queries::add(tx, sums).await?;
    Ok(many)
}

/// Removes old counters.
pub(crate) async fn tidy(tx: &mut Tx, now: Timestamp) -> campanile_db::Result<u64> {
    queries::remove_before(tx, now.minus(KEEP).as_seconds() / 3_600).await
}
