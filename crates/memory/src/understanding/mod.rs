//! Understanding: a language model reads observations again, and says more than patterns can.
//!
//! Off unless a model is set for the server and the workspace has switched it on. Nothing waits for it:
//! an observation is stored with the category and the entities that patterns find, and a [job](mod@job) adds to
//! them. What a model has said is marked as such.
//!
//! * Classification: for observations of significance 30 and more. A category that the model is less than 0.6 sure
//!   of is left to the patterns.
//! * Entities: for texts of 200 characters and more, a minute after they were stored. Only names that stand in the text
//!   are taken, of which the model is at least 0.65 sure, and at most fifteen.
//!
//! # Failure
//! A model that fails, is over the month's tokens, or babbles, leaves what the patterns have found.

mod job;
mod prompt;
mod queries;
mod reply;
#[cfg(test)]
mod tests;

use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Result;
use campanile_db::Tx;

use crate::observations::Draft;
use crate::{Memory, workspace_settings};

pub(crate) use job::register;
pub use job::{Outcome, classify, find_entities};

/// Observations below are left to the patterns.
const LOWEST_SIGNIFICANCE: i64 = 30;
/// Shorter texts are left to the patterns, in characters.
const SHORTEST_TEXT: usize = 200;
/// The wait before entities are looked for.
const DEBOUNCE: Duration = Duration::from_secs(60);

/// Has new observations of a workspace read by the model, as far as the workspace wants it.
pub(crate) async fn soon(
    tx: &mut Tx,
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    drafts: &[Draft<'_>],
) -> Result<()> {
    let is_significant = |draft: &Draft<'_>| draft.observation.significance >= LOWEST_SIGNIFICANCE;
    let is_long = |draft: &Draft<'_>| draft.event.body.chars().nth(SHORTEST_TEXT - 1).is_some();
    if memory.writer.is_none() || !drafts.iter().any(|draft| is_significant(draft) || is_long(draft)) {
        return Ok(());
    }
    let settings = workspace_settings::of(tx, workspace).await?;
    for draft in drafts {
        if settings.model_classification && is_significant(draft) {
            memory.engine.enqueue(tx, job::classification(organisation, &draft.observation)).await?;
        }
        if settings.model_entities && is_long(draft) {
            memory.engine.enqueue(tx, job::entities(organisation, &draft.observation).after(DEBOUNCE)).await?;
        }
    }
    Ok(())
}
