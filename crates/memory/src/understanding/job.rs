//! The jobs that have a language model read an observation.

use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result};
use campanile_engine::{Backoff, JobOptions, NewJob, Registry, Verdict};
use campanile_models::usage::{self, Count, Purpose};
use campanile_models::{ModelError, Prompt, Written};
use serde::{Deserialize, Serialize};

use super::reply::{ModelCategory, ModelEntity};
use super::{prompt, queries, reply};
use crate::observations::{self, Observation, ObservationDetail, ObservationId};
use crate::{Memory, passages};

const CLASSIFY: &str = "memory.classify";
const ENTITIES: &str = "memory.llm-entities";
/// The pause after a model that is busy and names none.
const PAUSE: Duration = Duration::from_secs(30);
/// A busy model is waited for until the observation is this old.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Jobs for people's eyes go first.
const PRIORITY: i64 = 10;

#[derive(Serialize, Deserialize)]
struct ReadingArgs {
    organisation: OrganisationId,
    workspace: WorkspaceId,
    observation: ObservationId,
}

/// The outcome of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Something was taken from the model.
    Taken,
    /// The model is not sure enough, or said nothing new.
    Unsure,
    /// The reply could not be read.
    Unreadable,
    /// The tokens of the month are used up.
    UsedUp,
    /// The observation is gone, or no model is set.
    Gone,
    /// The model has too much to do, for so long.
    Busy(Duration),
}

impl Outcome {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Unsure => "unsure",
            Self::Unreadable => "unreadable",
            Self::UsedUp => "used_up",
            Self::Gone => "gone",
            Self::Busy(_) => "busy",
        }
    }
}

/// Registers the jobs.
pub(crate) fn register(registry: &mut Registry, memory: &Memory) {
    let options = JobOptions {
        max_attempts: 3,
        backoff: Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(300) },
        concurrency: 4,
        timeout: Duration::from_secs(60),
        ..JobOptions::default()
    };
    for kind in [CLASSIFY, ENTITIES] {
        let within = memory.clone();
        registry.register(kind, options.clone(), move |attempt| {
            let memory = within.clone();
            async move {
                let ReadingArgs { organisation, workspace, observation } = attempt.job.args()?;
                let outcome = match kind {
                    CLASSIFY => classify(&memory, &organisation, &workspace, observation.as_str()).await?,
                    _ => find_entities(&memory, &organisation, &workspace, observation.as_str()).await?,
                };
                metrics::counter!("campanile_understanding_total", "job" => kind, "outcome" => outcome.as_str())
                    .increment(1);
                Ok(match outcome {
                    Outcome::Busy(after) => {
                        let reason = "the model is busy".to_owned();
                        campanile_engine::Outcome::of(Verdict::PutOff { after, reason })
                    }
                    _ => campanile_engine::Outcome::done(),
                })
            }
        });
    }
}

pub(super) fn classification(organisation: &OrganisationId, observation: &Observation) -> NewJob {
    job(CLASSIFY, organisation, observation)
}

pub(super) fn entities(organisation: &OrganisationId, observation: &Observation) -> NewJob {
    job(ENTITIES, organisation, observation)
}

fn job(kind: &'static str, organisation: &OrganisationId, observation: &Observation) -> NewJob {
    let args = ReadingArgs {
        organisation: organisation.clone(),
        workspace: observation.workspace_id.clone(),
        observation: observation.id.clone(),
    };
    let word = format!("{kind}:{}", observation.id);
    NewJob::new(kind, organisation.as_str(), &args).dedupe(word).priority(PRIORITY)
}

/// Has the model classify an observation, and takes its category if it is sure. The job does the same.
///
/// # Errors
/// `Unavailable` when the model does not answer.
pub async fn classify(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<Outcome> {
    let (detail, written) = match read(memory, organisation, workspace, id, prompt::classification).await? {
        Ok(read) => read,
        Err(outcome) => return Ok(outcome),
    };
    let said = reply::category(&written.text);
    let outcome = match &said {
        Ok(Some(_)) => Outcome::Taken,
        Ok(None) => Outcome::Unsure,
        Err(_) => Outcome::Unreadable,
    };
    store(memory, (organisation, workspace), detail.observation, written, Change::Category(said.ok().flatten()))
        .await?;
    Ok(outcome)
}

/// Has the model look for entities, and adds those that are new. The job does the same.
///
/// # Errors
/// `Unavailable` when the model does not answer.
pub async fn find_entities(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<Outcome> {
    let (detail, written) = match read(memory, organisation, workspace, id, prompt::entities).await? {
        Ok(read) => read,
        Err(outcome) => return Ok(outcome),
    };
    let text = format!("{}\n{}", detail.observation.title, detail.body);
    let said = reply::entities(&written.text, &text);
    let outcome = match &said {
        Ok(found) if found.is_empty() => Outcome::Unsure,
        Ok(_) => Outcome::Taken,
        Err(_) => Outcome::Unreadable,
    };
    let found = Change::Entities(said.unwrap_or_default());
    store(memory, (organisation, workspace), detail.observation, written, found).await?;
    Ok(outcome)
}

/// Asks the model, unless the month's tokens are used up. `Err` has the outcome if there is nothing to read.
async fn read(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    id: &str,
    prompt: fn(&Observation, &str) -> Prompt,
) -> Result<std::result::Result<(ObservationDetail, Written), Outcome>> {
    let Some(writer) = &memory.writer else { return Ok(Err(Outcome::Gone)) };
    let (of, named, payer, now) = (workspace.clone(), id.to_owned(), organisation.clone(), memory.clock.now());
    let most = memory.models.choice.writer_monthly_tokens;
    let read = memory.db.read(move |tx| {
        Box::pin(async move {
            let found = observations::by_id(tx, &of, &named).await?;
            Ok::<_, Error>((found, usage::is_used_up(tx, &payer, most, now).await?))
        })
    });
    let (found, is_used_up) = read.await?;
    let Some(detail) = found else { return Ok(Err(Outcome::Gone)) };
    if is_used_up {
        return Ok(Err(Outcome::UsedUp));
    }
    let is_recent = now.since(detail.observation.captured_at) < PATIENCE;
    match writer.write(&prompt(&detail.observation, &detail.body)).await {
        Ok(written) => Ok(Ok((detail, written))),
        Err(ModelError::Busy(wait)) if is_recent => Ok(Err(Outcome::Busy(wait.unwrap_or(PAUSE)))),
        Err(ModelError::Resting(wait)) if is_recent => Ok(Err(Outcome::Busy(wait))),
        Err(error) => Err(Error::Unavailable { what: "the language model", source: Box::new(error) }),
    }
}

/// The thing that a model has said of an observation.
enum Change {
    Category(Option<ModelCategory>),
    Entities(Vec<ModelEntity>),
}

/// Stores what the model has said, with the cost of it.
async fn store(
    memory: &Memory,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    observation: Observation,
    written: Written,
    change: Change,
) -> Result<()> {
    let (within, of, payer, now) = (memory.clone(), workspace.clone(), organisation.clone(), memory.clock.now());
    let stored = memory.db.write(move |tx| {
        Box::pin(async move {
            usage::count(tx, &payer, Purpose::Understanding, Count::call(written.usage), now).await?;
            // As while it was remembered: one at a time.
            tx.lock(of.as_str()).await?;
            match change {
                Change::Category(None) => Ok(()),
                Change::Category(Some(said)) => {
                    let topics = topics(&observation, &said);
                    let body = queries::set_category(tx, &of, &observation.id, &said, &topics).await?;
                    let is_same = observation.category == said.category && observation.topics == topics;
                    if let (Some(body), false) = (body, is_same) {
                        // The words by which it can be filtered are part of its passages.
                        passages::remove(tx, of.as_str(), &[observation.id.as_str()]).await?;
                        passages::add(tx, &of, [(&observation.id, body.as_str())]).await?;
                        within.work_later(tx, &of);
                    }
                    Ok(())
                }
                Change::Entities(found) => Ok(queries::add_entities(tx, &of, &observation.id, found, now).await?),
            }
        })
    });
    stored.await
}

/// The topics of an observation, with the category of the model in place of the patterns' one.
fn topics(observation: &Observation, said: &ModelCategory) -> Vec<String> {
    let kept = observation.topics.iter().filter(|topic| **topic != observation.category).cloned();
    let mut topics: Vec<String> = Vec::new();
    for topic in kept.chain([said.category.to_owned()]).chain(said.topics.iter().cloned()) {
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    topics
}
