//! The job that makes the vectors of a workspace.

use std::time::{Duration, Instant};

use campanile_accounts::{OrganisationId, WorkspaceId, organisations};
use campanile_base::{Error, Result};
use campanile_embed::Vector;
use campanile_engine::{Backoff, JobOptions, NewJob, Outcome, Registry, Verdict};
use campanile_models::ModelError;
use campanile_models::usage::{self, Count, Purpose};
use serde::{Deserialize, Serialize};

use super::course::{self, Work};
use super::embedder::{Embedder, PassagesError};
use crate::passages::{self, Passage};
use crate::{Memory, serving, vectors};

const EMBED: &str = "memory.embed";
/// A run ends after this time, so that other workspaces have their turn.
const TURN: Duration = Duration::from_secs(10);
/// The workspaces at a time: one thread makes vectors here, and providers take four calls at once.
const HERE: usize = 1;
const OF_PROVIDER: usize = 4;
/// The pause after a failure of a provider that names none, and after one that will last.
const PAUSE: Duration = Duration::from_secs(30);
const LONG_PAUSE: Duration = Duration::from_secs(300);
/// The longest pause while another model serves: its vectors of what is new are made by the same job.
const BUILDING_PAUSE: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct EmbedArgs {
    workspace: WorkspaceId,
}

/// The end of a run.
enum Ended {
    Done,
    /// The provider has to be left alone, or the month's tokens are used up.
    Waits(Duration, String),
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, memory: &Memory) {
    let is_remote = memory.embedders.target().is_some_and(|target| target.is_remote());
    let options = JobOptions {
        max_attempts: 6,
        backoff: Backoff::Exponential { first: Duration::from_secs(2), most: Duration::from_secs(300) },
        concurrency: if is_remote { OF_PROVIDER } else { HERE },
        timeout: Duration::from_secs(120),
        ..JobOptions::default()
    };
    let within = memory.clone();
    registry.register(EMBED, options, move |attempt| {
        let memory = within.clone();
        async move {
            let EmbedArgs { workspace } = attempt.job.args()?;
            Ok(match run(&memory, &workspace, TURN).await? {
                Ended::Done => Outcome::done(),
                Ended::Waits(after, reason) => Outcome::of(Verdict::PutOff { after, reason }),
            })
        }
    });
}

/// The job for a workspace. There is one at a time.
pub(crate) fn job(organisation: &OrganisationId, workspace: &WorkspaceId) -> NewJob {
    let args = EmbedArgs { workspace: workspace.clone() };
    NewJob::new(EMBED, organisation.as_str(), &args).dedupe(format!("{EMBED}:{workspace}"))
}

/// Makes vectors for a workspace until all of its passages have one, or the time is over. The job
/// does the same.
///
/// # Errors
/// `Unavailable`, also when a provider has to be left alone; `Internal` when the model cannot be loaded.
pub async fn embed(memory: &Memory, workspace: &WorkspaceId, most: Duration) -> Result<()> {
    match run(memory, workspace, most).await? {
        Ended::Done => Ok(()),
        Ended::Waits(_, reason) => {
            Err(Error::Unavailable { what: "the model that makes vectors", source: reason.into() })
        }
    }
}

async fn run(memory: &Memory, workspace: &WorkspaceId, most: Duration) -> Result<Ended> {
    let began = Instant::now();
    while began.elapsed() < most {
        let work = match course::next(memory, workspace).await? {
            None => return Ok(Ended::Done),
            Some(Work::Swap) => {
                course::swap(memory, workspace).await?;
                continue;
            }
            Some(work) => work,
        };
        if let Some(waits) = make(memory, workspace, work).await? {
            return Ok(waits);
        }
    }
    Ok(Ended::Done)
}

/// Makes the vectors of some passages, and stores them with their cost.
async fn make(memory: &Memory, workspace: &WorkspaceId, work: Work) -> Result<Option<Ended>> {
    let Work::Embed { by, begun, numbers, is_building } = work else { return Ok(None) };
    let longest = if is_building { BUILDING_PAUSE } else { Duration::MAX };
    let organisation = match by.is_remote() {
        true => Some(organisation(memory, workspace).await?),
        false => None,
    };
    if let Some(organisation) = &organisation
        && is_used_up(memory, organisation).await?
    {
        let reason = "the tokens that may be embedded in this month are used up".to_owned();
        return Ok(Some(Ended::Waits(LONG_PAUSE.min(longest), reason)));
    }
    let (of, range) = (workspace.clone(), numbers.clone());
    let read = memory.db.read(move |tx| Box::pin(async move { passages::between(tx, &of, range).await }));
    let passages = read.await?;
    let started = Instant::now();
    let (made, cost) = match vectors_of(&by, passages).await {
        Ok(made) => made,
        Err(PassagesError::Local(error)) => return Err(error),
        Err(PassagesError::Provider(error)) => {
            let own =
                if matches!(error, ModelError::Unusable(_) | ModelError::Refused(_)) { LONG_PAUSE } else { PAUSE };
            let pause = error.retry_after().unwrap_or(own).min(longest);
            return Ok(Some(Ended::Waits(pause, error.to_string())));
        }
    };
    metrics::counter!("campanile_embedded_passages_total").increment(made.len() as u64);
    metrics::histogram!("campanile_embedding_seconds").record(started.elapsed().as_secs_f64());
    let (of, id, stored, now) = (workspace.clone(), by.id().to_owned(), by.stored(), memory.clock.now());
    let stored = memory.db.write(move |tx| {
        Box::pin(async move {
            if serving::begin(tx, &of, &id, now).await? > 0 {
                serving::keep_embedder(tx, &id, &stored, now).await?;
            }
            if let Some((_, vector)) = made.first() {
                let dimensions = vector.steps.len() as i64;
                let known = serving::note_dimensions(tx, &id, dimensions).await?;
                if known.is_some_and(|known| known != dimensions) {
                    return Err(Error::internal("another node has vectors of other dimensions by the same model"));
                }
            }
            vectors::store(tx, (&of, &id), (&begun, numbers), &made).await?;
            match organisation {
                Some(organisation) => usage::count(tx, &organisation, Purpose::Embeddings, cost, now).await,
                None => Ok(()),
            }
        })
    });
    stored.await?;
    Ok(None)
}

async fn organisation(memory: &Memory, workspace: &WorkspaceId) -> Result<OrganisationId> {
    let of = workspace.clone();
    let found = memory.db.read(move |tx| Box::pin(async move { organisations::workspace(tx, &of).await }));
    Ok(found.await?.organisation_id)
}

async fn is_used_up(memory: &Memory, organisation: &OrganisationId) -> Result<bool> {
    let most = memory.models.choice.embeddings_monthly_tokens;
    if most == 0 {
        return Ok(false);
    }
    let (of, now) = (organisation.clone(), memory.clock.now());
    let read =
        memory.db.read(move |tx| Box::pin(async move { usage::used(tx, &of, &[Purpose::Embeddings], now).await }));
    Ok(read.await? >= most)
}

/// The vectors of passages, with their numbers. A passage without a direction has none.
async fn vectors_of(
    by: &std::sync::Arc<Embedder>,
    passages: Vec<Passage>,
) -> Result<(Vec<(u32, Vector)>, Count), PassagesError> {
    if passages.is_empty() {
        return Ok((Vec::new(), Count::default()));
    }
    let (vectors, cost) = by.passages(passages.iter().map(Passage::embedded_text).collect()).await?;
    let with_numbers = passages.iter().zip(vectors);
    Ok((with_numbers.filter_map(|(passage, vector)| Some((passage.no, vector?))).collect(), cost))
}
