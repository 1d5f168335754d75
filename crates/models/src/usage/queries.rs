//! The SQL of the use of models.

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Row, Tx, params};

use super::Count;

/// The counts of a month, by purpose.
pub(super) async fn of_month(tx: &mut Tx, organisation: &OrganisationId, month: &str) -> Result<Vec<(String, Count)>> {
    let sql = "SELECT purpose, calls, input_tokens, output_tokens FROM provider_usage
        WHERE organisation_id = $1 AND month = $2 ORDER BY purpose";
    let number = |row: &Row<'_>, at| Ok::<_, campanile_db::Error>(u64::try_from(row.get::<i64>(at)?).unwrap_or(0));
    tx.all(sql, params![organisation.as_str(), month], |row| {
        let count = Count { calls: number(row, 1)?, input_tokens: number(row, 2)?, output_tokens: number(row, 3)? };
        Ok((row.get(0)?, count))
    })
    .await
}

pub(super) async fn add(
    tx: &mut Tx,
    organisation: &OrganisationId,
    month: &str,
    purpose: &str,
    count: Count,
) -> Result<()> {
    let sql = "INSERT INTO provider_usage (organisation_id, month, purpose, calls, input_tokens, output_tokens)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, month, purpose) DO UPDATE SET
            calls = provider_usage.calls + excluded.calls,
            input_tokens = provider_usage.input_tokens + excluded.input_tokens,
            output_tokens = provider_usage.output_tokens + excluded.output_tokens";
    // A provider that lies must not overflow the sum.
    let bounded = |number: u64| i64::try_from(number.min(1 << 50)).unwrap_or(0);
    let (calls, input, output) = (bounded(count.calls), bounded(count.input_tokens), bounded(count.output_tokens));
    tx.execute(sql, params![organisation.as_str(), month, purpose, calls, input, output]).await.map(drop)
}

/// Removes what was counted before a month.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_old(tx: &mut Tx, before: &str) -> Result<u64> {
    tx.execute("DELETE FROM provider_usage WHERE month < $1", params![before]).await
}
