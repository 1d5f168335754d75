//! Feedback: what people say of results and answers. It can be read as a set to judge searches by.

mod queries;

use campanile_accounts::{Caller, WorkspaceId};
use campanile_base::{Cursor, Error, Page, PageSize, Result, Timestamp, new_id};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Answers;
use crate::question::LONGEST;
use crate::sessions::Owner;

pub(crate) use queries::forget_old;

/// The longest note, in characters.
const LONGEST_NOTE: usize = 2_000;
/// The longest id, in characters.
const LONGEST_ID: usize = 100;

/// The judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It helped.
    Good,
    /// It did not.
    Bad,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Good, Self::Bad].into_iter().find(|verdict| verdict.as_str() == text)
    }
}

/// The verdict of a person on a result or an answer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackRequest {
    /// The judgement.
    pub verdict: Verdict,
    /// The request that had the result: `requestId` of its answer.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The result; of the whole answer when absent.
    #[serde(default)]
    pub id: Option<String>,
    /// The question; that of the request when absent, if the request was a question.
    #[serde(default)]
    pub question: Option<String>,
    /// Further words.
    #[serde(default)]
    pub note: Option<String>,
}

/// Feedback, as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// Its id.
    pub id: String,
    /// The judgement.
    pub verdict: Verdict,
    /// The question.
    pub question: Option<String>,
    /// The result that it is about; `null` for the whole answer.
    pub result_id: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// Further words.
    pub note: Option<String>,
    /// The time.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Stores feedback.
///
/// # Errors
/// `InvalidField` for a text that is too long, or feedback about nothing.
pub async fn give_feedback(
    answers: &Answers,
    caller: &Caller,
    workspace: &WorkspaceId,
    given: FeedbackRequest,
) -> Result<Feedback> {
    let bounded = |field: &'static str, text: &Option<String>, most: usize| match text {
        Some(text) if text.chars().count() > most || text.contains('\0') => {
            Err(Error::invalid_field(field, format!("must have at most {most} characters, without U+0000")))
        }
        _ => Ok(()),
    };
    bounded("requestId", &given.request_id, LONGEST_ID)?;
    bounded("id", &given.id, LONGEST_ID)?;
    bounded("question", &given.question, LONGEST)?;
    bounded("note", &given.note, LONGEST_NOTE)?;
    if given.request_id.is_none() && given.id.is_none() {
        return Err(Error::invalid("feedback is about a request or a result: requestId or id must be given"));
    }
    let now = answers.clock.now();
    let mut feedback = Feedback {
        id: new_id("fb", now),
        verdict: given.verdict,
        question: given.question,
        result_id: given.id,
        request_id: given.request_id,
        note: given.note,
        created_at: now,
    };
    let (organisation, workspace, owner) = (caller.organisation.clone(), workspace.clone(), Owner::of(caller));
    let stored = answers.db.write(move |tx| {
        Box::pin(async move {
            if let (None, Some(request)) = (&feedback.question, &feedback.request_id) {
                feedback.question = queries::question_of(tx, &workspace, &owner, request).await?;
            }
            queries::insert(tx, &organisation, &workspace, &owner, &feedback).await?;
            Ok::<_, Error>(feedback)
        })
    });
    stored.await
}

/// The feedback of a workspace, the newest first.
///
/// # Errors
/// `Unavailable`.
pub async fn feedback(
    answers: &Answers,
    workspace: &WorkspaceId,
    from: Cursor,
    size: PageSize,
) -> Result<Page<Feedback>> {
    let workspace = workspace.clone();
    let read =
        answers.db.read(move |tx| Box::pin(async move { queries::list(tx, &workspace, &from, size).await })).await?;
    Ok(Page::of(read, size, |last| Cursor { at: last.created_at, id: last.id.clone() }))
}
