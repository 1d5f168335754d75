//! The SQL of tasks.

use campanile_accounts::OrganisationId;
use campanile_base::{Timestamp, lowest_id};
use campanile_db::{Error, Result, Row, Tx, params};

use super::{Progress, Stored, Task, TaskId, TaskStatus};
use campanile_db::{Range, ranged};

macro_rules! columns {
    () => {
        "id, organisation_id, task, status, data, updated_at"
    };
}

pub(super) async fn insert(tx: &mut Tx, stored: &Stored, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO webhook_task (id, organisation_id, task, status, data, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)";
    let params = params![
        stored.task.id.as_str(),
        stored.organisation_id.as_str(),
        &stored.task.task,
        stored.task.status.as_str(),
        json(&stored.progress),
        now
    ];
    tx.execute(sql, params).await
}

pub(super) async fn update(tx: &mut Tx, stored: &Stored, status: TaskStatus, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE webhook_task SET status = $2, data = $3, updated_at = $4 WHERE id = $1";
    tx.execute(sql, params![stored.task.id.as_str(), status.as_str(), json(&stored.progress), now]).await
}

pub(super) async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Stored>> {
    let sql = concat!("SELECT ", columns!(), " FROM webhook_task WHERE id = $1");
    tx.first(sql, params![id], read).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    status: Option<TaskStatus>,
    task: Option<&str>,
    range: &Range,
) -> Result<Vec<Task>> {
    let sql = ranged!(
        range,
        "id",
        "SELECT ",
        columns!(),
        " FROM webhook_task WHERE organisation_id = $1 AND (CAST($5 AS TEXT) IS NULL OR status = $5)
            AND (CAST($6 AS TEXT) IS NULL OR task = $6)"
    );
    let status = status.map(TaskStatus::as_str);
    let params = params![organisation.as_str(), &range.low, &range.high, range.limit, status, task];
    Ok(tx.all(sql, params, read).await?.into_iter().map(|stored| stored.task).collect())
}

/// Removes ended tasks that began before a time, at most `limit`.
pub(crate) async fn tidy(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let sql = "DELETE FROM webhook_task WHERE id IN
        (SELECT id FROM webhook_task WHERE id < $1 AND status <> 'running' ORDER BY id LIMIT $2)";
    tx.execute(sql, params![lowest_id("qtask", before), limit]).await
}

fn json(progress: &Progress) -> String {
    serde_json::to_string(progress).expect("progress is plain data")
}

fn read(row: &Row<'_>) -> Result<Stored> {
    let unreadable = |e: serde_json::Error| Error::Column { column: 4, message: e.to_string() };
    let progress: Progress = serde_json::from_str(&row.get::<String>(4)?).map_err(unreadable)?;
    Ok(Stored {
        task: Task {
            id: TaskId::from(row.get::<String>(0)?),
            status: TaskStatus::parse(&row.get::<String>(3)?).unwrap_or(TaskStatus::Failed),
            task: row.get(2)?,
            data: progress.shown(),
            updated_at: row.get(5)?,
        },
        organisation_id: row.get::<String>(1)?.into(),
        progress,
    })
}
