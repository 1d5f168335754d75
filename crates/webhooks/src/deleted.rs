//! Removes deleted applications and endpoints for good, with the secrets that are sealed in their rows.
//!
//! Deleting only marks them: attempts and messages that are still listed name them. Once the last of those can be gone,
//! after as long as messages are kept, the rows go. Secrets that a rotation has replaced go when they have run out.

use campanile_base::{Result, Timestamp};
use campanile_db::{Sweep, Tx, params, row};

use crate::Webhooks;

/// How many rows are looked at, or removed, at a time.
const TOGETHER: i64 = 1_000;

/// Secrets that have run out. A key of text and time: the text alone names the rows well enough.
const OLD_SECRETS: Sweep = Sweep {
    keys: 1,
    page: "SELECT endpoint_id, MIN(expires_at) < $2 FROM endpoint_old_secret WHERE endpoint_id > $1
        GROUP BY endpoint_id ORDER BY endpoint_id LIMIT $3",
    remove: "DELETE FROM endpoint_old_secret WHERE endpoint_id = $1 AND expires_at < $2",
};

/// Removes what was deleted as long ago as messages are kept, and secrets that have run out.
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

/// The endpoints after this one, and whether each is to go.
async fn endpoints_after(tx: &mut Tx, after: &str, before: Timestamp) -> campanile_db::Result<Vec<(String, bool)>> {
    let sql = "SELECT id, deleted_at < $2 FROM endpoint WHERE id > $1 ORDER BY id LIMIT $3";
    tx.all(sql, params![after, before, TOGETHER], |row| Ok((row.get(0)?, row.get::<Option<bool>>(1)?.unwrap_or(false))))
        .await
}

/// The applications after this one, and whether each is to go: it has no message and no endpoint any more.
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
