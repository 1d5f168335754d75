//! Sessions: questions that follow each other, with their answers.
//!
//! A turn is stored when its question is taken, and gets its answer when that has ended. A person sees their own
//! sessions only; a program with a secret key sees all of its organisation.

mod forgetting;
mod queries;

use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Actor, Caller, WorkspaceId};
use campanile_base::{Cursor, Error, Page, PageSize, Result, Thing, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::Answers;
use crate::answer::Answer;
use crate::question::cut;

pub use forgetting::forget_document;
pub(crate) use forgetting::forget_observations;
pub(crate) use queries::forget_old;

/// The most turns of a session.
const MOST_TURNS: i64 = 200;
/// The longest title, in characters.
const TITLE: usize = 120;
/// The time after which a turn without an answer was interrupted: longer than any answer takes.
const INTERRUPTED_AFTER: Duration = Duration::from_secs(90);
/// The turns before a question that it may lean on.
const EARLIER: i64 = 3;

campanile_base::id_type!(
    /// One session.
    pub(crate) SessionId, "ans"
);

/// A session, as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerSession {
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// The first question.
    pub title: String,
    /// The number of its turns.
    pub turns: i64,
    /// The time of the first question.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time of the last question.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A session with its turns.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionDetail {
    /// The fields that a list shows.
    #[serde(flatten)]
    pub session: AnswerSession,
    /// The turns, in order.
    pub data: Vec<AnswerTurn>,
}

/// The state of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TurnState {
    /// It is being answered.
    Running,
    /// It has its answer.
    Done,
    /// It has none and gets none: its process has ended.
    Interrupted,
}

/// A question with its answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerTurn {
    /// Its number, from 1.
    pub turn: i64,
    /// The question.
    pub question: String,
    /// The state.
    pub state: TurnState,
    /// The time of the question.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// The answer, once it has ended.
    pub answer: Option<Answer>,
}

/// An earlier turn, for a question that leans on it.
#[derive(Debug, Clone)]
pub(crate) struct PastTurn {
    pub(crate) question: String,
    pub(crate) answer: String,
}

/// The owner of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
}

impl Owner {
    pub(crate) fn of(caller: &Caller) -> Self {
        let (kind, id) = match &caller.actor {
            Actor::Person(id) => ("person", id.to_string()),
            Actor::Key(id) => ("key", id.clone()),
            Actor::Application(id) => ("application", id.clone()),
            Actor::System => ("system", String::new()),
        };
        Self { kind, id }
    }
}

/// The last turns of a session, the oldest first.
///
/// # Errors
/// `NotFound` if the caller has no such session in this workspace; `Conflict` if it is full.
pub(crate) async fn earlier(
    tx: &mut Tx,
    caller: &Caller,
    workspace: &WorkspaceId,
    session: &str,
) -> Result<Vec<PastTurn>> {
    let known = found(tx, caller, session).await?;
    if known.workspace_id != workspace.as_str() {
        return Err(Error::NotFound(Thing::Session));
    }
    if known.turns >= MOST_TURNS {
        return Err(full());
    }
    let turns = queries::last_turns(tx, session, EARLIER).await?;
    let past = turns.into_iter().rev().map(|turn| PastTurn {
        question: turn.question,
        answer: turn.answer.map(|answer| answer.text).unwrap_or_default(),
    });
    Ok(past.collect())
}

/// Begins a turn: of this session, or of a new one. Returns the session and the number of the turn.
pub(crate) async fn begin(
    tx: &mut Tx,
    caller: &Caller,
    workspace: &WorkspaceId,
    session: Option<&str>,
    (question, request_id): (&str, &str),
    now: Timestamp,
) -> Result<(String, i64)> {
    let (id, turn) = match session {
        Some(id) => {
            let turn = queries::take_turn(tx, &caller.organisation, id, MOST_TURNS, now).await?;
            (id.to_owned(), turn.ok_or_else(full)?)
        }
        None => {
            let id = SessionId::new(now).to_string();
            let session = AnswerSession {
                id: id.clone(),
                workspace_id: workspace.to_string(),
                title: cut(question, TITLE),
                turns: 1,
                created_at: now,
                updated_at: now,
            };
            queries::insert(tx, &caller.organisation, &Owner::of(caller), &session).await?;
            (id, 1)
        }
    };
    queries::insert_turn(tx, caller, workspace, (&id, turn), (question, request_id), now).await?;
    Ok((id, turn))
}

/// Stores the answer of a turn. A session that was removed meanwhile stays removed.
pub(crate) async fn end(tx: &mut Tx, caller: &Caller, mut answer: Answer) -> Result<()> {
    forgetting::list_quotes(tx, &caller.organisation, &mut answer).await?;
    Ok(queries::set_answer(tx, &caller.organisation, &answer).await?)
}

fn full() -> Error {
    Error::conflict(format!("a session has at most {MOST_TURNS} questions; begin a new one"))
}

/// A session that the caller may read.
async fn found(tx: &mut Tx, caller: &Caller, id: &str) -> Result<AnswerSession> {
    let found = queries::by_id(tx, &caller.organisation, id).await?;
    let reader = Owner::of(caller);
    let is_readable = |kind: &str, owner: &str| reader.kind == "key" || kind == reader.kind && owner == reader.id;
    let found = found.filter(|(_, kind, owner)| is_readable(kind, owner));
    Ok(found.ok_or(Error::NotFound(Thing::Session))?.0)
}

/// The sessions in a workspace that the caller may read, the newest first: their own, or for a secret key all.
///
/// # Errors
/// `Unavailable`.
pub async fn sessions(
    answers: &Answers,
    caller: &Caller,
    workspace: &WorkspaceId,
    from: Cursor,
    size: PageSize,
) -> Result<Page<AnswerSession>> {
    let (organisation, owner, workspace) = (caller.organisation.clone(), Owner::of(caller), workspace.clone());
    let read = answers.db.read(move |tx| {
        Box::pin(async move { queries::list(tx, &organisation, &workspace, &owner, &from, size).await })
    });
    Ok(Page::of(read.await?, size, |last| Cursor { at: last.updated_at, id: last.id.clone() }))
}

/// A session with its turns.
///
/// # Errors
/// `NotFound` if the caller has no such session.
pub async fn session(answers: &Answers, caller: &Caller, id: String) -> Result<SessionDetail> {
    let (caller, now) = (caller.clone(), answers.clock.now());
    let tenant = caller.organisation.clone();
    let read = answers.db.read_in_turn(tenant.as_str(), move |tx| {
        Box::pin(async move {
            let session = found(tx, &caller, &id).await?;
            Ok::<_, Error>((session, queries::turns(tx, &id, MOST_TURNS).await?))
        })
    });
    let (session, turns) = read.await?;
    let data = turns.into_iter().map(|mut turn| {
        let is_late = turn.began_at.plus(INTERRUPTED_AFTER) < now;
        turn.state = match (&turn.answer, is_late) {
            (Some(_), _) => TurnState::Done,
            (None, false) => TurnState::Running,
            (None, true) => TurnState::Interrupted,
        };
        turn
    });
    Ok(SessionDetail { session, data: data.collect() })
}

/// Removes a session with its turns.
///
/// # Errors
/// `NotFound` if the caller has no such session.
pub async fn delete(answers: &Answers, caller: &Caller, id: String) -> Result<()> {
    let (caller, clock) = (caller.clone(), answers.clock.clone());
    let removed = answers.db.write(move |tx| {
        Box::pin(async move {
            let session = found(tx, &caller, &id).await?;
            queries::remove(tx, std::slice::from_ref(&id)).await?;
            // The questions themselves are nobody else's business.
            let metadata = json!({ "turns": session.turns });
            activity::record(tx, &clock, &caller, Action::AnswerSessionDeleted, &id, metadata).await
        })
    });
    removed.await
}
