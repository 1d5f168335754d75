//! The SQL of sessions and their turns.

use campanile_accounts::{Caller, OrganisationId, WorkspaceId};
use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::{Result, Row, Tx, insert, insert_all, json_text, params, row};

use super::{AnswerSession, AnswerTurn, Owner, TurnState};
use crate::answer::Answer;

campanile_db::columns! { columns, at: id, workspace_id, title, turns, created_at, updated_at }
campanile_db::columns! { owner_columns, owner_at after at: owner_kind, owner_id }
campanile_db::columns! { turn_columns, turn_at: question, no, answer, began_at }
campanile_db::columns! { quote_columns, quote_at: organisation_id, subject_id, session_id, no }

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

pub(super) async fn set_answer(tx: &mut Tx, organisation: &OrganisationId, answer: &Answer) -> Result<()> {
    let sql = "UPDATE answer_turn SET answer = $4 WHERE organisation_id = $1 AND session_id = $2 AND no = $3";
    let params = params![organisation.as_str(), &answer.session, answer.turn, json_text(answer)];
    tx.execute(sql, params).await.map(drop)
}

pub(super) async fn answer_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    session: &str,
    no: i64,
) -> Result<Option<Answer>> {
    let sql = "SELECT answer FROM answer_turn
        WHERE organisation_id = $1 AND session_id = $2 AND no = $3 AND answer IS NOT NULL";
    tx.first(sql, params![organisation.as_str(), session, no], |row| row.json(0)).await
}

/// Lists the observations and documents that a stored answer has passages of. A session that was removed meanwhile
/// gets none.
pub(super) async fn insert_quotes(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (session, no): (&str, i64),
    subjects: &[String],
) -> Result<()> {
    // The time says only that it is done.
    let listed = "UPDATE answer_turn SET quotes_listed_at = began_at
        WHERE organisation_id = $1 AND session_id = $2 AND no = $3";
    if tx.execute(listed, params![organisation.as_str(), session, no]).await? == 0 {
        return Ok(());
    }
    let (bulk, rows) = insert_all!(subjects.iter() => |subject| "answer_quote" {
        subject_id: text = subject,
        session_id: text = session,
        no: bigint = no,
        organisation_id: text = organisation.as_str(),
    } "ON CONFLICT DO NOTHING");
    tx.change(bulk, &rows).await.map(drop)
}

/// A passage of a stored answer.
pub(super) struct Quote {
    pub(super) organisation: String,
    pub(super) subject: String,
    pub(super) session: String,
    pub(super) no: i64,
}

/// Some quotes of an observation or a document.
pub(super) async fn quotes_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    subject: &str,
    most: i64,
) -> Result<Vec<Quote>> {
    let sql = concat!(
        "SELECT ",
        quote_columns!(),
        " FROM answer_quote WHERE organisation_id = $1 AND subject_id = $2 ORDER BY session_id, no LIMIT $3"
    );
    tx.all(sql, params![organisation.as_str(), subject, most], read_quote).await
}

/// Some quotes of subjects from one id to before another, in all organisations.
pub(super) async fn quotes_between(tx: &mut Tx, first: &str, end: &str, most: i64) -> Result<Vec<Quote>> {
    let sql = concat!(
        "SELECT ",
        quote_columns!(),
        " FROM answer_quote WHERE subject_id >= $1 AND subject_id < $2 ORDER BY subject_id, session_id, no LIMIT $3"
    );
    tx.all(sql, params![first, end, most], read_quote).await
}

pub(super) async fn remove_quotes(tx: &mut Tx, quotes: &[Quote]) -> Result<()> {
    let rows: Vec<_> = quotes.iter().map(|quote| row![&quote.subject, &quote.session, quote.no]).collect();
    let sql = "DELETE FROM answer_quote WHERE subject_id = $1 AND session_id = $2 AND no = $3";
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Some answers whose quotes are not listed, each with its organisation.
pub(super) async fn unlisted(tx: &mut Tx, most: i64) -> Result<Vec<(String, Answer)>> {
    let sql = "SELECT organisation_id, answer FROM answer_turn
        WHERE quotes_listed_at IS NULL AND answer IS NOT NULL LIMIT $1";
    tx.all(sql, params![most], |row| Ok((row.get(0)?, row.json(1)?))).await
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
    tx.execute_many("DELETE FROM answer_quote WHERE session_id = $1", &rows).await?;
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

fn read_quote(row: &Row<'_>) -> Result<Quote> {
    Ok(Quote {
        organisation: row.get(quote_at::organisation_id)?,
        subject: row.get(quote_at::subject_id)?,
        session: row.get(quote_at::session_id)?,
        no: row.get(quote_at::no)?,
    })
}
