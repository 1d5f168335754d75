//! The SQL of feedback.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Cursor, PageSize};
use campanile_db::{Result, Tx, insert, params};

use super::{Feedback, Verdict};
use crate::sessions::Owner;

campanile_db::columns! { columns, at: id, verdict, question, result_id, request_id, note, created_at }

/// The question of a request, if it was one of the same person, or of a program.
pub(super) async fn question_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    owner: &Owner,
    request: &str,
) -> Result<Option<String>> {
    let sql =
        "SELECT answer_turn.question FROM answer_turn JOIN answer_session ON answer_session.id = answer_turn.session_id
        WHERE answer_turn.workspace_id = $1 AND answer_turn.request_id = $2
            AND ($3 = 'key' OR (answer_session.owner_kind = $3 AND answer_session.owner_id = $4))";
    tx.first(sql, params![workspace.as_str(), request, owner.kind, &owner.id], |row| row.get(0)).await
}

pub(super) async fn insert(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    owner: &Owner,
    feedback: &Feedback,
) -> Result<u64> {
    let (sql, params) = insert!("search_feedback" {
        id: &feedback.id,
        organisation_id: organisation.as_str(),
        workspace_id: workspace.as_str(),
        actor_kind: owner.kind,
        actor_id: &owner.id,
        verdict: feedback.verdict.as_str(),
        question: feedback.question.as_deref(),
        result_id: feedback.result_id.as_deref(),
        request_id: feedback.request_id.as_deref(),
        note: feedback.note.as_deref(),
        created_at: feedback.created_at,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn list(tx: &mut Tx, workspace: &WorkspaceId, from: &Cursor, size: PageSize) -> Result<Vec<Feedback>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM search_feedback WHERE workspace_id = $1 AND (created_at, id) < ($2, $3)
            ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    tx.all(sql, params![workspace.as_str(), from.at, &from.id, size.to_fetch()], |row| {
        Ok(Feedback {
            id: row.get(at::id)?,
            verdict: row.word(at::verdict, Verdict::parse)?,
            question: row.get(at::question)?,
            result_id: row.get(at::result_id)?,
            request_id: row.get(at::request_id)?,
            note: row.get(at::note)?,
            created_at: row.get(at::created_at)?,
        })
    })
    .await
}

/// Removes some feedback with an id below `old`. Returns its number.
pub(crate) async fn forget_old(tx: &mut Tx, old: &str, most: i64) -> Result<u64> {
    let sql =
        "DELETE FROM search_feedback WHERE id IN (SELECT id FROM search_feedback WHERE id < $1 ORDER BY id LIMIT $2)";
    tx.execute(sql, params![old, most]).await
}
