//! What is done from time to time: payloads expire, messages, their attempts and finished tasks are forgotten, tokens run out,
//! lines that nobody looks after are woken.
//!
//! Ids sort by time, so what is old is found at the low end of each application's messages. A little
//! is removed at a time, so that nobody waits for it.

use std::time::Duration;

use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Tx, params, row};
use campanile_engine::flow::Cron;
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};

use crate::{Webhooks, deleted, lines, requests, tasks, tokens};

/// How often.
const EVERY: &str = "*/10 * * * *";
/// How many rows go in one transaction, and how many transactions follow each other at most.
const TOGETHER: i64 = 1_000;
const ROUNDS: usize = 5_000;

pub(crate) fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let within = webhooks.clone();
    let workflow = Workflow::new("webhooks.tidy", 1, move |_: Ctx, _: serde_json::Value| {
        let webhooks = within.clone();
        async move { tidy(&webhooks).await.map_err(Failure::from) }
    });
    let backoff = Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(60) };
    let schedule = Cron::parse(EVERY).expect("the schedule is a constant");
    registry.workflow(workflow.on_cron(schedule).attempts(3).backoff(backoff));
}

/// Removes what has had its time, while the clock may be believed.
async fn tidy(webhooks: &Webhooks) -> Result<()> {
    let within = webhooks.clone();
    webhooks.db.write(move |tx| Box::pin(async move { lines::wake_all(tx, &within).await })).await?;
    let Some(now) = webhooks.engine.time_to_tidy().await? else { return Ok(()) };
    let mut after = String::new();
    for _ in 0..ROUNDS {
        let (keep, from) = (webhooks.settings.keep_messages, after.clone());
        let (removed, at) = webhooks
            .db
            .write(move |tx| Box::pin(async move { tidy_some(tx, now, now.minus(keep), &from).await }))
            .await?;
        if removed == 0 && at.is_empty() {
            break;
        }
        after = at;
    }
    // Last: an application goes once its messages have.
    deleted::tidy(webhooks, now).await
}

/// Removes a little of everything; of messages, those of the next application that has old ones. Answers how
/// much, and after which application to go on; none when all were looked at.
async fn tidy_some(tx: &mut Tx, now: Timestamp, before: Timestamp, after: &str) -> campanile_db::Result<(u64, String)> {
    let mut removed = requests::tidy(tx, now, TOGETHER).await? + tokens::queries::tidy(tx, now, TOGETHER).await?;
    removed += tasks::queries::tidy(tx, before, TOGETHER).await?;
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
