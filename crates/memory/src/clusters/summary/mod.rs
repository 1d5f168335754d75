//! Summaries of clusters: a few sentences, which search finds as a passage of the kind `summary`.
//!
//! A cluster with five observations gets one, ten minutes after the last of them, and a new one a day
//! later at the earliest. The newest twenty observations are read, and the text is made outside of any
//! transaction: by the language [model], where the workspace has switched that on, or of sentences of the observations
//! ([extractive]). These serve as well whenever the model fails, is over the month's tokens, or writes something that is no summary.

mod extractive;
mod input;
pub(super) mod job;
mod model;
mod prompt;
mod queries;
mod reply;

#[cfg(test)]
mod tests;

use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Result;
use campanile_models::usage::{self, Count, Purpose};

use crate::search::merge;
use crate::{Memory, passages};
pub(super) use input::{SummaryInput, SummaryText};

pub(crate) use job::register;

/// The fewest observations of a cluster with a summary.
const FEWEST: i64 = 5;
/// The longest summary, in characters.
const LONGEST: usize = 500;
/// The time until a summary is made again.
const AGAIN: Duration = Duration::from_secs(24 * 3_600);

/// The text of a summary, and how it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SummaryDraft {
    /// At most 500 characters.
    pub(super) text: String,
    /// `extractive`, or the name of the model.
    pub(super) method: String,
}

/// The outcome of a look at a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummaryOutcome {
    /// A summary was made.
    Made,
    /// The cluster has too few observations.
    BelowThreshold,
    /// There is one of the last day, or an observation of the last minutes: it is due after this time.
    NotDue(Duration),
    /// There is no such cluster.
    ClusterNotFound,
    /// Its observations are gone.
    NoObservations,
}

impl SummaryOutcome {
    /// The word in metrics.
    fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::BelowThreshold => "below_threshold",
            Self::NotDue(_) => "not_due",
            Self::ClusterNotFound => "cluster_not_found",
            Self::NoObservations => "no_observations",
        }
    }
}

/// Makes the summary of a cluster, if it is due. The job does the same.
///
/// # Errors
/// `Unavailable`.
pub async fn summarise(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    cluster: &str,
) -> Result<SummaryOutcome> {
    let outcome = look(memory, organisation, workspace, cluster).await?;
    metrics::counter!("campanile_cluster_summaries_total", "outcome" => outcome.as_str()).increment(1);
    Ok(outcome)
}

async fn look(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    cluster: &str,
) -> Result<SummaryOutcome> {
    let (of, id, embedder) = (workspace.clone(), cluster.to_owned(), memory.embedder_id().map(str::to_owned));
    let (now, delay) = (memory.clock.now(), memory.settings.summary_delay);
    let (within, payer) = (memory.clone(), organisation.clone());
    let read = memory.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let Some(found) = queries::cluster(tx, &of, &id).await? else {
                return Ok(Err(SummaryOutcome::ClusterNotFound));
            };
            if found.observations < FEWEST {
                return Ok(Err(SummaryOutcome::BelowThreshold));
            }
            let again = found.summary_at.map(|made_at| made_at.plus(AGAIN));
            let due = again.into_iter().fold(found.changed_at.plus(delay), Ord::max);
            if now < due {
                return Ok(Err(SummaryOutcome::NotDue(due.since(now))));
            }
            let input = queries::input(tx, &of, &found, embedder.as_deref()).await?;
            let permit = model::permit(tx, &within, (&payer, &of), now).await?;
            Ok::<_, campanile_base::Error>(Ok((input, permit)))
        })
    });
    let (input, permit) = match read.await? {
        Ok(read) => read,
        Err(outcome) => return Ok(outcome),
    };
    if input.texts.is_empty() {
        return Ok(SummaryOutcome::NoObservations);
    }
    let (written, spent) = model::write(memory, &input, permit).await;
    let draft = written.unwrap_or_else(|| extractive::write(&input, now));
    let (within, tenant, of) = (memory.clone(), organisation.clone(), workspace.clone());
    let (id, topics) = (cluster.to_owned(), input.key_topics);
    let stored = memory.db.write(move |tx| {
        Box::pin(async move {
            if let Some(spent) = spent {
                usage::count(tx, &tenant, Purpose::Understanding, Count::call(spent), now).await?;
            }
            if !queries::store(tx, &of, &id, &draft, &topics, now).await? {
                return Ok(SummaryOutcome::ClusterNotFound);
            }
            let (before, after) = passages::replace_summary(tx, &of, &id).await?;
            within.work_later(tx, &of);
            if merge::is_due(&within, before, after) {
                within.engine.enqueue(tx, merge::job(&tenant, &of)).await?;
            }
            Ok::<_, campanile_base::Error>(SummaryOutcome::Made)
        })
    });
    stored.await
}
