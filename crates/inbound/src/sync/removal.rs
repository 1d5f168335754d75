//! Removes all that is known of a source's documents, and its upkeep, after the source was removed.

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::Tx;

use super::{configuration, syncs, versions};
use crate::sources::SourceId;
use crate::{handshakes, upkeep};

/// The rows that are removed at a time.
const TOGETHER: u64 = 1_000;

/// Removes some rows. Returns `false` when none is left.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_some(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<bool> {
    let most = i64::try_from(TOGETHER).expect("it is small");
    if versions::queries::forget_some(tx, organisation, source, most).await? == TOGETHER {
        return Ok(true);
    }
    syncs::queries::forget_all(tx, organisation, source).await?;
    configuration::queries::forget(tx, organisation, source).await?;
    upkeep::queries::forget(tx, organisation, source).await?;
    handshakes::forget(tx, organisation, source).await?;
    Ok(false)
}
