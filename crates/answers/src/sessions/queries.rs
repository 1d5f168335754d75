//! The SQL of sessions and their turns.

use campanile_accounts::{Caller, OrganisationId, WorkspaceId};
use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::{Result, Row, Tx, insert, json_text, params, row};

use super::{AnswerSession, AnswerTurn, Owner, TurnState};
use crate::answer::Answer;

campanile_db::columns! { columns, at: id, workspace_id, title, turns, created_at, updated_at }
campanile_db::columns! { owner_columns, owner_at after at: owner_kind, owner_id }
campanile_db::columns! { turn_columns, turn_at: question, no, answer, began_at }

pub(super) async fn insert(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owner: &Owner,
    session: &AnswerSession,
) -> Result<u64> {
    let (sql, params) = insert!("answer_session" {
        id: &session.id,
        organisation_id: organisation.as_str(),
        workspace_id: &session.workspace_id,
        owner_kind: owner.kind,
        owner_id: &owner.id,
        title: &session.title,
        turns: session.turns,
        created_at: session.created_at,
        updated_at: session.updated_at,
    });
    tx.execute(sql, &params).await
}

/// Takes the number of the next turn, if there is one.
pub(super) async fn take_turn(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
    most: i64,
    now: Timestamp,
) -> Result<Option<i64>> {
    let sql = "UPDATE answer_session SET turns = turns + 1, updated_at = $4
        WHERE organisation_id = $1 AND id = $2 AND turns < $3 RETURNING turns";
    tx.first(sql, params![organisation.as_str(), id, most, now], |row| row.get(0)).await
}

pub(super) async fn insert_turn(
    tx: &mut Tx,
    caller: &Caller,
    workspace: &WorkspaceId,
    (session, no): (&str, i64),
    (question, request_id): (&str, &str),
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("answer_turn" {
        session_id: session,
        no: no,
        organisation_id: caller.organisation.as_str(),
        workspace_id: workspace.as_str(),
        question: question,
        answer: None::<&str>,
        request_id: request_id,
        began_at: now,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn set_answer(tx: &mut Tx, workspace: &WorkspaceId, answer: &Answer) -> Result<()> {
    let sql = "UPDATE answer_turn SET answer = $4 WHERE workspace_id = $1 AND session_id = $2 AND no = $3";
    let params = params![workspace.as_str(), &answer.session, answer.turn, json_text(answer)];
    tx.execute(sql, params).await.map(drop)
}

/// The place of an answer among those of its workspace: its request, its session, its number.
pub(super) type Place = (String, String, i64);

/// The answers of a workspace behind a place, in the order of their requests.
pub(super) async fn answered(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (request, session, no): &Place,
    most: i64,
) -> Result<Vec<(Place, Answer)>> {
    let sql = "SELECT request_id, session_id, no, answer FROM answer_turn
        WHERE workspace_id = $1 AND (request_id, session_id, no) > ($2, $3, $4) AND answer IS NOT NULL
        ORDER BY request_id, session_id, no LIMIT $5";
    let read = |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.json(3)?));
    tx.all(sql, params![workspace.as_str(), request, session, *no, most], read).await
}

/// A session of an organisation, with its owner.
pub(super) async fn by_id(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
) -> Result<Option<(AnswerSession, String, String)>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", ",
        owner_columns!(),
        " FROM answer_session WHERE organisation_id = $1 AND id = $2"
    );
    let read = |row: &Row<'_>| Ok((read(row)?, row.get(owner_at::owner_kind)?, row.get(owner_at::owner_id)?));
    tx.first(sql, params![organisation.as_str(), id], read).await
}

/// The sessions of a workspace that a reader may see, the newest first: a program with a secret key sees all.
pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    owner: &Owner,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<AnswerSession>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM answer_session WHERE organisation_id = $1 AND workspace_id = $2
            AND ($3 = 'key' OR owner_kind = $3 AND owner_id = $4) AND (updated_at, id) < ($5, $6) ORDER BY updated_at DESC, id DESC LIMIT $7"
    );
    let owned =
        params![organisation.as_str(), workspace.as_str(), owner.kind, &owner.id, from.at, &from.id, size.to_fetch()];
    tx.all(sql, owned, read).await
}

/// The turns of a session whose reader was checked, in order.
pub(super) async fn turns(tx: &mut Tx, session: &str, most: i64) -> Result<Vec<AnswerTurn>> {
    let sql = concat!("SELECT ", turn_columns!(), " FROM answer_turn WHERE session_id = $1 ORDER BY no LIMIT $2");
    tx.all(sql, params![session, most], read_turn).await
}

/// The last turns of a session whose reader was checked, the newest first.
pub(super) async fn last_turns(tx: &mut Tx, session: &str, most: i64) -> Result<Vec<AnswerTurn>> {
    let sql = concat!("SELECT ", turn_columns!(), " FROM answer_turn WHERE session_id = $1 ORDER BY no DESC LIMIT $2");
    tx.all(sql, params![session, most], read_turn).await
}

/// Removes sessions whose owner was checked, with their turns.
pub(super) async fn remove(tx: &mut Tx, ids: &[String]) -> Result<()> {
    let rows: Vec<_> = ids.iter().map(|id| row![id]).collect();
    tx.execute_many("DELETE FROM answer_turn WHERE session_id = $1", &rows).await?;
    tx.execute_many("DELETE FROM answer_session WHERE id = $1", &rows).await.map(drop)
}

/// Removes some sessions without a question since `before`. Returns their number.
pub(crate) async fn forget_old(tx: &mut Tx, before: Timestamp, most: i64) -> Result<usize> {
    let sql = "SELECT id FROM answer_session WHERE updated_at < $1 ORDER BY updated_at LIMIT $2";
    let old: Vec<String> = tx.all(sql, params![before, most], |row| row.get(0)).await?;
    remove(tx, &old).await?;
    Ok(old.len())
}

fn read(row: &Row<'_>) -> Result<AnswerSession> {
    Ok(AnswerSession {
        id: row.get(at::id)?,
        workspace_id: row.get(at::workspace_id)?,
        title: row.get(at::title)?,
        turns: row.get(at::turns)?,
        created_at: row.get(at::created_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}

fn read_turn(row: &Row<'_>) -> Result<AnswerTurn> {
    Ok(AnswerTurn {
        turn: row.get(turn_at::no)?,
        question: row.get(turn_at::question)?,
        // Decided by whoever knows the time.
        state: TurnState::Running,
        began_at: row.get(turn_at::began_at)?,
        answer: row.json_if_any(turn_at::answer)?,
    })
}
