//! The SQL of the counters of attempts.

use std::collections::BTreeMap;

use campanile_accounts::OrganisationId;
use campanile_base::{Timestamp, new_id};
use campanile_db::{Result, Tx, insert_all, params};

use super::{Counted, Key};

campanile_db::columns! { columns, at: organisation_id, application_id, hour, outcome, bucket, attempts }
campanile_db::columns! { sum_columns, sum_at: outcome, bucket, attempts = "CAST(SUM(attempts) AS BIGINT)" }

/// Stores counts as rows of their own.
pub(super) async fn insert(tx: &mut Tx, counts: BTreeMap<Key, i64>, now: Timestamp) -> Result<()> {
    let (bulk, rows) = insert_all!(counts.into_iter() => |(key, attempts)| "webhook_tally" {
        id: text = new_id("wty", now),
        organisation_id: text = key.organisation,
        application_id: text = key.application,
        hour: bigint = key.hour,
        outcome: bigint = key.outcome,
        bucket: bigint = key.bucket,
        attempts: bigint = attempts,
    });
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// Takes at most `limit` rows of counts.
pub(super) async fn take(tx: &mut Tx, limit: i64) -> Result<Vec<(Key, i64)>> {
    let sql = concat!(
        "DELETE FROM webhook_tally WHERE id IN (SELECT id FROM webhook_tally ORDER BY id LIMIT $1) RETURNING ",
        columns!()
    );
    tx.all(sql, params![limit], |row| {
        let key = Key {
            organisation: row.get(at::organisation_id)?,
            application: row.get(at::application_id)?,
            hour: row.get(at::hour)?,
            outcome: row.get(at::outcome)?,
            bucket: row.get(at::bucket)?,
        };
        Ok((key, row.get(at::attempts)?))
    })
    .await
}

/// Adds counts to the counters.
pub(super) async fn add(tx: &mut Tx, counts: BTreeMap<Key, i64>) -> Result<()> {
    let (bulk, rows) = insert_all!(counts.into_iter() => |(key, attempts)| "webhook_stat" {
        organisation_id: text = key.organisation,
        application_id: text = key.application,
        hour: bigint = key.hour,
        outcome: bigint = key.outcome,
        bucket: bigint = key.bucket,
        attempts: bigint = attempts,
    } "ON CONFLICT (organisation_id, application_id, hour, outcome, bucket)
        DO UPDATE SET attempts = webhook_stat.attempts + excluded.attempts");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// The counts of an organisation, or of one of its applications, from an hour on.
pub(super) async fn since(
    tx: &mut Tx,
    organisation: &OrganisationId,
    application: Option<&str>,
    hour: i64,
) -> Result<Vec<Counted>> {
    let sql = concat!(
        "SELECT ",
        sum_columns!(),
        " FROM (
            SELECT outcome, bucket, attempts FROM webhook_stat
            WHERE organisation_id = $1 AND application_id = $2 AND hour >= $3
            UNION ALL
            SELECT outcome, bucket, attempts FROM webhook_tally
            WHERE organisation_id = $1 AND ($2 = '' OR application_id = $2) AND hour >= $3
        ) AS counted GROUP BY outcome, bucket"
    );
    tx.all(sql, params![organisation.as_str(), application.unwrap_or_default(), hour], |row| {
        Ok(Counted {
            outcome: row.get(sum_at::outcome)?,
            bucket: row.get(sum_at::bucket)?,
            attempts: row.get(sum_at::attempts)?,
        })
    })
    .await
}

/// Removes the counters before an hour.
pub(super) async fn remove_before(tx: &mut Tx, hour: i64) -> Result<u64> {
    tx.execute("DELETE FROM webhook_stat WHERE hour < $1", params![hour]).await
}
