//! Removes data past its retention: expired payloads, messages with their attempts, tokens and
//! finished tasks.
//!
//! Deleting an application or endpoint only marks its row, since messages and attempts that are
//! still listed refer to it. The row, with its encrypted secrets, is removed here once the
//! retention of messages has passed. Secrets that a rotation has replaced are removed when they
//! expire.

use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Sweep, Tx, params, row};

use crate::{Webhooks, requests, statistics, tasks, tokens};

/// The number of rows that are read or removed at a time.
const TOGETHER: i64 = 1_000;

/// Expired secrets. The key is (endpoint, time); paging by the endpoint alone is enough.
const OLD_SECRETS: Sweep = Sweep {
    keys: 1,
    page: "SELECT endpoint_id, MIN(expires_at) < $2 FROM endpoint_old_secret WHERE endpoint_id > $1
        GROUP BY endpoint_id ORDER BY endpoint_id LIMIT $3",
    remove: "DELETE FROM endpoint_old_secret WHERE endpoint_id = $1 AND expires_at < $2",
};

/// Removes applications and endpoints that were deleted longer ago than messages are kept, and
/// expired secrets.
pub(crate) async fn tidy(webhooks: &Webhooks, now: Timestamp) -> Result<()> {
    let before = now.minus(webhooks.settings.keep_messages);
    webhooks.db.sweep(OLD_SECRETS, now, TOGETHER).await?;
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page =
            webhooks.db.read(move |tx| Box::pin(async move { endpoints_after(tx, &from, before).await })).await?;
        let Some((last, _)) = page.last() else { break };
        after = last.clone();
        let old: Vec<String> = page.into_iter().filter(|(_, is_old)| *is_old).map(|(id, _)| id).collect();
        webhooks.db.write(move |tx| Box::pin(async move { remove_endpoints(tx, &old).await })).await?;
    }
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page =
            webhooks.db.read(move |tx| Box::pin(async move { applications_after(tx, &from, before).await })).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = last.clone();
        let old: Vec<String> = page.into_iter().filter(|(_, is_old)| *is_old).map(|(id, _)| id).collect();
        webhooks.db.write(move |tx| Box::pin(async move { remove_applications(tx, &old).await })).await?;
    }
}

/// The endpoints after this one, each with `true` if it is to be removed.
async fn endpoints_after(tx: &mut Tx, after: &str, before: Timestamp) -> campanile_db::Result<Vec<(String, bool)>> {
    let sql = "SELECT id, deleted_at < $2 FROM endpoint WHERE id > $1 ORDER BY id LIMIT $3";
    tx.all(sql, params![after, before, TOGETHER], |row| Ok((row.get(0)?, row.get::<Option<bool>>(1)?.unwrap_or(false))))
        .await
}

/// The applications after this one, each with `true` if it is to be removed: deleted long ago, and
/// without messages and endpoints.
async fn applications_after(tx: &mut Tx, after: &str, before: Timestamp) -> campanile_db::Result<Vec<(String, bool)>> {
    let sql = "SELECT id, deleted_at < $2
            AND NOT EXISTS (SELECT 1 FROM message WHERE message.application_id = application.id)
            AND NOT EXISTS (SELECT 1 FROM endpoint WHERE endpoint.application_id = application.id)
        FROM application WHERE id > $1 ORDER BY id LIMIT $3";
    tx.all(sql, params![after, before, TOGETHER], |row| Ok((row.get(0)?, row.get::<Option<bool>>(1)?.unwrap_or(false))))
        .await
}

async fn remove_endpoints(tx: &mut Tx, ids: &[String]) -> campanile_db::Result<()> {
    let rows: Vec<_> = ids.iter().map(|id| row![id.as_str()]).collect();
    for sql in [
        "DELETE FROM endpoint_old_secret WHERE endpoint_id = $1",
        "DELETE FROM endpoint_waiting WHERE endpoint_id = $1",
        "DELETE FROM endpoint_consumer WHERE endpoint_id = $1",
        "DELETE FROM endpoint_line WHERE endpoint_id = $1",
        "DELETE FROM endpoint WHERE id = $1 AND deleted_at IS NOT NULL",
    ] {
        tx.execute_many(sql, &rows).await?;
    }
    Ok(())
}

async fn remove_applications(tx: &mut Tx, ids: &[String]) -> campanile_db::Result<()> {
    let rows: Vec<_> = ids.iter().map(|id| row![id.as_str()]).collect();
    for sql in [
        "DELETE FROM application_token WHERE application_id = $1",
        "DELETE FROM integration WHERE application_id = $1",
        "DELETE FROM application WHERE id = $1 AND deleted_at IS NOT NULL",
    ] {
        tx.execute_many(sql, &rows).await?;
    }
    Ok(())
}

/// Removes a few rows of each kind; of messages, only those of the next application. Returns the
/// number of removed rows, and the application to continue after. It is empty when all were
/// visited.
pub(crate) async fn tidy_some(
    tx: &mut Tx,
    now: Timestamp,
    before: Timestamp,
    after: &str,
) -> campanile_db::Result<(u64, String)> {
    let mut removed =
        requests::queries::tidy(tx, now, TOGETHER).await? + tokens::queries::tidy(tx, now, TOGETHER).await?;
    removed += tasks::queries::tidy(tx, before, TOGETHER).await? + statistics::tidy(tx, now).await?;
    let sql = "UPDATE message SET payload = NULL, expires_at = NULL WHERE (application_id, id) IN
        (SELECT application_id, id FROM message WHERE expires_at < $1 LIMIT $2)";
    removed += tx.execute(sql, params![now, TOGETHER]).await?;
    let sql = "SELECT id FROM application WHERE id > $1 ORDER BY id LIMIT 1";
    let Some(application) = tx.first(sql, params![after], |row| row.get::<String>(0)).await? else {
        return Ok((removed, String::new()));
    };
    let sql = "SELECT id FROM message WHERE application_id = $1 AND id < $2 ORDER BY id LIMIT $3";
    let params = params![&application, lowest_id("msg", before), TOGETHER];
    let old: Vec<String> = tx.all(sql, params, |row| row.get(0)).await?;
    let rows: Vec<_> = old.iter().map(|id| row![id.as_str()]).collect();
    tx.execute_many("DELETE FROM message_attempt WHERE message_id = $1", &rows).await?;
    tx.execute_many("DELETE FROM endpoint_waiting WHERE message_id = $1", &rows).await?;
    let rows: Vec<_> = old.iter().map(|id| row![application.as_str(), id.as_str()]).collect();
    tx.execute_many("DELETE FROM message WHERE application_id = $1 AND id = $2", &rows).await?;
    let is_done = (old.len() as i64) < TOGETHER;
    Ok((removed + old.len() as u64, if is_done { application } else { after.to_owned() }))
}
