//! The SQL of the budget.

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Tx, params};

pub(super) async fn tokens(tx: &mut Tx, organisation: &OrganisationId, month: &str) -> Result<i64> {
    let sql = "SELECT input_tokens + output_tokens FROM model_usage WHERE organisation_id = $1 AND month = $2";
    Ok(tx.first(sql, params![organisation.as_str(), month], |row| row.get(0)).await?.unwrap_or(0))
}

pub(super) async fn add(
    tx: &mut Tx,
    organisation: &OrganisationId,
    month: &str,
    input: i64,
    output: i64,
) -> Result<()> {
    let sql = "INSERT INTO model_usage (organisation_id, month, calls, input_tokens, output_tokens)
        VALUES ($1, $2, 1, $3, $4) ON CONFLICT (organisation_id, month) DO UPDATE SET calls = model_usage.calls + 1,
            input_tokens = model_usage.input_tokens + excluded.input_tokens,
            output_tokens = model_usage.output_tokens + excluded.output_tokens";
    tx.execute(sql, params![organisation.as_str(), month, input, output]).await.map(drop)
}

/// Removes what was counted before a month.
pub(crate) async fn forget_old(tx: &mut Tx, before: &str) -> Result<u64> {
    tx.execute("DELETE FROM model_usage WHERE month < $1", params![before]).await
}
