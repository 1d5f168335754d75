//! The budget of language models: their calls and tokens, by organisation and month.

mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_models::Usage;

pub(crate) use queries::forget_old;

/// The month of a time: `2026-10`.
pub(crate) fn month(at: Timestamp) -> String {
    at.to_string().chars().take(7).collect()
}

/// The tokens that an organisation has used in the month of `now`.
pub(crate) async fn used(tx: &mut Tx, organisation: &OrganisationId, now: Timestamp) -> Result<u64> {
    let used = queries::tokens(tx, organisation, &month(now)).await?;
    Ok(u64::try_from(used).unwrap_or(0))
}

/// Counts a call.
pub(crate) async fn count(tx: &mut Tx, organisation: &OrganisationId, usage: Usage, now: Timestamp) -> Result<()> {
    let tokens = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    let (input, output) = (tokens(usage.input_tokens), tokens(usage.output_tokens));
    Ok(queries::add(tx, organisation, &month(now), input, output).await?)
}
