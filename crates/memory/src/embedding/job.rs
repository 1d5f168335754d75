//! The job that makes the vectors of a workspace.

use std::time::{Duration, Instant};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result};
use campanile_embed::Vector;
use campanile_engine::{Backoff, JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};

use crate::passages::{self, Passage};
use crate::vectors;
use crate::{Embedder, Memory};

const EMBED: &str = "memory.embed";
/// A run ends after this time, so that other workspaces have their turn.
const TURN: Duration = Duration::from_secs(10);

#[derive(Serialize, Deserialize)]
struct EmbedArgs {
    workspace: WorkspaceId,
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, memory: &Memory) {
    let options = JobOptions {
        max_attempts: 6,
        backoff: Backoff::Exponential { first: Duration::from_secs(2), most: Duration::from_secs(300) },
        concurrency: 1,
        timeout: Duration::from_secs(120),
        ..JobOptions::default()
    };
    let within = memory.clone();
    registry.register(EMBED, options, move |attempt| {
        let memory = within.clone();
        async move {
            let EmbedArgs { workspace } = attempt.job.args()?;
            embed(&memory, &workspace, TURN).await?;
            Ok(Outcome::done())
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
/// `Unavailable`; `Internal` when the model cannot be loaded.
pub async fn embed(memory: &Memory, workspace: &WorkspaceId, most: Duration) -> Result<()> {
    let Some(embedder) = memory.embedder.clone() else { return Ok(()) };
    let began = Instant::now();
    while began.elapsed() < most {
        let (of, id) = (workspace.clone(), embedder.id().to_owned());
        let read = memory.db.read(move |tx| {
            Box::pin(async move {
                let head = passages::head(tx, &of).await?;
                let begun = vectors::progress(tx, &of, &id).await?.unwrap_or_default();
                let Some(numbers) = begun.next(head.next_no) else { return Ok(None) };
                let passages = passages::between(tx, &of, numbers.clone()).await?;
                Ok::<_, campanile_db::Error>(Some((begun, numbers, passages)))
            })
        });
        let Some((begun, numbers, passages)) = read.await? else { return Ok(()) };
        let started = Instant::now();
        let made = vectors_of(embedder.clone(), passages).await?;
        metrics::counter!("campanile_embedded_passages_total").increment(made.len() as u64);
        metrics::histogram!("campanile_embedding_seconds").record(started.elapsed().as_secs_f64());
        let (of, id) = (workspace.clone(), embedder.id().to_owned());
        let stored = memory
            .db
            .write(move |tx| Box::pin(async move { vectors::store(tx, (&of, &id), (&begun, numbers), &made).await }));
        stored.await?;
    }
    Ok(())
}

/// The vectors of passages, with their numbers. A passage without a direction has none.
async fn vectors_of(embedder: std::sync::Arc<Embedder>, passages: Vec<Passage>) -> Result<Vec<(u32, Vector)>> {
    let made = tokio::task::spawn_blocking(move || {
        let texts: Vec<String> = passages.iter().map(Passage::embedded_text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = embedder.passages(&texts)?;
        let with_numbers = passages.iter().zip(vectors);
        Ok(with_numbers.filter_map(|(passage, vector)| Some((passage.no, vector?))).collect())
    });
    made.await.map_err(Error::internal)?
}
