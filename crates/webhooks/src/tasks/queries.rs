//! The SQL of tasks.

use campanile_accounts::OrganisationId;
use campanile_base::{Timestamp, lowest_id};
use campanile_db::{Range, Result, Row, Select, Tx, insert, json_text, params, row};

use super::{Progress, StoredTask, Task, TaskId, TaskStatus};

campanile_db::columns! { columns, at: id, organisation_id, task, status, data, updated_at }

pub(super) async fn insert(tx: &mut Tx, stored: &StoredTask, now: Timestamp) -> Result<u64> {
    let (sql, params) = insert!("webhook_task" {
        id: stored.task.id.as_str(),
        organisation_id: stored.organisation_id.as_str(),
        task: &stored.task.task,
        status: stored.task.status.as_str(),
        data: json_text(&stored.progress),
        created_at: now,
        updated_at: now,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn update(tx: &mut Tx, stored: &StoredTask, status: TaskStatus, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE webhook_task SET status = $2, data = $3, updated_at = $4 WHERE id = $1";
    tx.execute(sql, params![stored.task.id.as_str(), status.as_str(), json_text(&stored.progress), now]).await
}

pub(super) async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<StoredTask>> {
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
    let sql = concat!("SELECT ", columns!(), " FROM webhook_task WHERE organisation_id = ?");
    let select = Select::new(sql, [organisation.as_str()])
        .and_if("status = ?", status.map(TaskStatus::as_str))
        .and_if("task = ?", task)
        .ranged("id", range);
    Ok(select.all(tx, read).await?.into_iter().map(|stored| stored.task).collect())
}

/// Removes ended tasks that were created before a time, at most `limit`.
pub(crate) async fn tidy(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let sql = "DELETE FROM webhook_task WHERE id IN
        (SELECT id FROM webhook_task WHERE id < $1 AND status <> 'running' ORDER BY id LIMIT $2)";
    tx.execute(sql, params![lowest_id("qtask", before), limit]).await
}

fn read(row: &Row<'_>) -> Result<StoredTask> {
    let progress: Progress = row.json(at::data)?;
    Ok(StoredTask {
        task: Task {
            id: TaskId::from(row.get::<String>(at::id)?),
            status: row.word(at::status, TaskStatus::parse)?,
            task: row.get(at::task)?,
            data: progress.shown(),
            updated_at: row.get(at::updated_at)?,
        },
        organisation_id: row.get::<String>(at::organisation_id)?.into(),
        progress,
    })
}

/// The first failed attempt of each message that failed within a period and was not delivered in
/// it, with the message. Only attempts after `after`.
pub(super) async fn first_failures(
    tx: &mut Tx,
    endpoint: &str,
    after: &str,
    (from, until): (&str, &str),
    limit: i64,
) -> Result<Vec<(String, String)>> {
    let sql = "SELECT id, message_id FROM message_attempt AS attempt
        WHERE endpoint_id = $1 AND id > $2 AND id < $3 AND status = 2
            AND NOT EXISTS (SELECT 1 FROM message_attempt AS other WHERE other.endpoint_id || '' = $1
                AND other.message_id = attempt.message_id AND other.id > $4 AND other.id < $3
                AND (other.status = 0 OR (other.status = 2 AND other.id < attempt.id)))
        ORDER BY id LIMIT $5";
    let params = params![endpoint, after, until, from, limit];
    tx.all(sql, params, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The status of the last attempt of a message at an endpoint, and of its answer.
pub(super) async fn last_attempt(tx: &mut Tx, endpoint: &str, message: &str) -> Result<Option<(i64, i64)>> {
    let sql = "SELECT status, status_code FROM message_attempt WHERE message_id = $2 AND endpoint_id || '' = $1
        ORDER BY id DESC LIMIT 1";
    tx.first(sql, params![endpoint, message], |row| Ok((row.get(0)?, row.get(1)?))).await
}

pub(super) async fn messages_after(tx: &mut Tx, application: &str, after: &str, limit: i64) -> Result<Vec<String>> {
    let sql = "SELECT id FROM message WHERE application_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    tx.all(sql, params![application, after, limit], |row| row.get(0)).await
}

/// Clears the payloads of messages. Returns the number of payloads cleared.
pub(super) async fn expunge_payloads(tx: &mut Tx, application: &str, messages: &[String]) -> Result<u64> {
    let sql = "UPDATE message SET payload = NULL WHERE application_id = $1 AND id = $2 AND payload IS NOT NULL";
    let rows: Vec<_> = messages.iter().map(|id| row![application, id.as_str()]).collect();
    Ok(tx.execute_many(sql, &rows).await?.into_iter().sum())
}

/// Applications of an organisation after an id, each with its uid.
pub(super) async fn applications_after(
    tx: &mut Tx,
    organisation: &OrganisationId,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, Option<String>)>> {
    let sql = "SELECT id, uid FROM application WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL
        ORDER BY id LIMIT $3";
    tx.all(sql, params![organisation.as_str(), after, limit], |row| Ok((row.get(0)?, row.get(1)?))).await
}

pub(super) async fn count_messages(tx: &mut Tx, application: &str, from: &str, until: &str) -> Result<i64> {
    let sql = "SELECT count(*) FROM message WHERE application_id = $1 AND id > $2 AND id < $3";
    tx.one(sql, params![application, from, until], |row| row.get(0)).await
}

pub(super) async fn count_by_event_type(tx: &mut Tx, application: &str) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT event_type, count(*) FROM message WHERE application_id = $1 GROUP BY event_type";
    tx.all(sql, params![application], |row| Ok((row.get(0)?, row.get(1)?))).await
}
