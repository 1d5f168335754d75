//! Removes deliveries that are no longer kept: they hold the raw bodies, up to 25 MiB each. And secrets of sources that were replaced,
//! once they are taken no longer.
//!
//! One that has not been dealt with is kept, however old it is. A repeat of one that is gone is taken for a new delivery;
//! what it tells of is still remembered no second time.

use std::time::Duration;

use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Db, params};

use crate::sources;

/// How many go in one transaction: their bodies may be large.
const TOGETHER: i64 = 100;

/// Removes the deliveries that came so long ago, and have been dealt with.
///
/// # Errors
/// `Unavailable`.
pub async fn tidy(db: &Db, now: Timestamp, keep_deliveries: Option<Duration>) -> Result<()> {
    db.write(move |tx| Box::pin(async move { sources::forget_previous(tx, now).await })).await?;
    let Some(kept) = keep_deliveries else { return Ok(()) };
    let old = lowest_id("dlv", now.minus(kept));
    loop {
        let old = old.clone();
        let removed: u64 = db
            .write(move |tx| {
                Box::pin(async move {
                    let sql = "DELETE FROM delivery WHERE id IN
                        (SELECT id FROM delivery WHERE id < $1 AND status <> 'received' ORDER BY id LIMIT $2)";
                    tx.execute(sql, params![&old, TOGETHER]).await
                })
            })
            .await?;
        if removed < TOGETHER.unsigned_abs() {
            return Ok(());
        }
    }
}
