//! An answer of quotations alone, without a session: for assistants, which keep their conversation
//! themselves and have a model of their own.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Result;
use campanile_memory::search::Mode;

use crate::answer::AnswerPassage;
use crate::retrieval::look;
use crate::{Answers, extract, question};

/// An answer of sentences as they stand in passages, and of known states.
#[derive(Debug, Clone)]
pub struct Quotation {
    /// False if nothing in the workspace answers the question.
    pub answered: bool,
    /// The text. It cites passages by their numbers, as `[1]`.
    pub text: String,
    /// The passages, in the order of their numbers.
    pub passages: Vec<AnswerPassage>,
}

/// Answers a question by quotations. Nothing is stored.
///
/// # Errors
/// `Invalid` for a question out of bounds; `TooMany` when all processors search.
pub async fn quote(
    answers: &Answers,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    text: &str,
) -> Result<Quotation> {
    let question = question::read(text, None, answers.clock.now())?;
    let found = look(answers, organisation, workspace, &question, Mode::Balanced).await?;
    let lines = extract::lines(&question, &found);
    let answered = lines.is_some();
    let text = lines.map_or_else(|| extract::NOTHING.to_owned(), |lines| lines.join("\n"));
    let passages = if answered { found.passages() } else { Vec::new() };
    Ok(Quotation { answered, text, passages })
}
