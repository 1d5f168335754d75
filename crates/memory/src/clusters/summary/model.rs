//! A summary by the language model of the server: for workspaces that have switched it on, while the organisation has
//! tokens left.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_models::{ModelError, Usage, usage};

use super::{SummaryDraft, SummaryInput, prompt, reply};
use crate::{Memory, workspace_settings};

/// The permission of a model to write a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permit {
    /// It may not: no model is set, or the workspace has not switched it on.
    Off,
    /// It might, but the tokens of the month are used up.
    UsedUp,
    /// It may.
    Given,
}

/// Looks whether a model may write summaries for a workspace.
pub(super) async fn permit(
    tx: &mut Tx,
    memory: &Memory,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    now: Timestamp,
) -> Result<Permit> {
    if memory.writer.is_none() || !workspace_settings::of(tx, workspace).await?.model_summaries {
        return Ok(Permit::Off);
    }
    let most = memory.models.choice.writer_monthly_tokens;
    let is_used_up = usage::is_used_up(tx, organisation, most, now).await?;
    Ok(if is_used_up { Permit::UsedUp } else { Permit::Given })
}

/// The summary of the model, and the cost of the call. No summary if the model failed, or its reply is no summary.
pub(super) async fn write(
    memory: &Memory,
    input: &SummaryInput,
    permit: Permit,
) -> (Option<SummaryDraft>, Option<Usage>) {
    let Some(writer) = memory.writer.as_ref().filter(|_| permit != Permit::Off) else { return (None, None) };
    if permit == Permit::UsedUp {
        note("used_up");
        return (None, None);
    }
    let written = match writer.write(&prompt::prompt(input)).await {
        Ok(written) => written,
        Err(error) => {
            note(if matches!(error, ModelError::Busy(_) | ModelError::Resting(_)) { "busy" } else { "failed" });
            tracing::info!(%error, "a summary is made without the language model");
            return (None, None);
        }
    };
    let draft = match reply::summary(&written.text, input) {
        Ok(text) => {
            note("taken");
            Some(SummaryDraft { text, method: writer.name().to_owned() })
        }
        Err(error) => {
            note(error.as_str());
            tracing::info!(%error, "a summary is made without the language model");
            None
        }
    };
    (draft, Some(written.usage))
}

fn note(outcome: &'static str) {
    let job = super::job::SUMMARY;
    metrics::counter!("campanile_understanding_total", "job" => job, "outcome" => outcome).increment(1);
}
