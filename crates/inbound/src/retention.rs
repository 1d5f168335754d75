//! Removes deliveries past their retention, since they hold the raw bodies, up to 25 MiB each. Also
//! removes replaced secrets of sources once they are no longer accepted, authorisations that nobody
//! has finished, old lines of the logs of connections, old backfills and syncs of documents, and strays that
//! nobody has adopted.
//!
//! An unprocessed delivery is kept, however old it is. A repeat of a removed delivery is stored as
//! a new one; its events are still not remembered twice.

use std::time::Duration;

use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Db, params};

use crate::connections::{log, states};
use crate::pulls::PullMode;
use crate::pulls::queries as pulls;
use crate::sync::syncs;
use crate::{sources, strays};

/// The number of deliveries removed in one transaction. It is small, since their bodies may be
/// large.
const TOGETHER: i64 = 100;
/// The time for which the log of a connection, and a backfill that has ended, are kept.
const LOG_KEPT: Duration = Duration::from_secs(365 * 24 * 3_600);
/// The time for which a reconcile is kept: there is one of each source every day.
const RECONCILES_KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The time for which syncs of documents are kept.
const SYNCS_KEPT: Duration = Duration::from_secs(90 * 24 * 3_600);

/// Removes deliveries that arrived longer ago than `keep_deliveries` and were processed, skipped or
/// failed.
///
/// # Errors
/// `Unavailable`.
pub async fn tidy(db: &Db, now: Timestamp, keep_deliveries: Option<Duration>) -> Result<()> {
    db.write(move |tx| Box::pin(async move { sources::forget_previous(tx, now).await })).await?;
    db.write(move |tx| Box::pin(async move { states::queries::forget_expired(tx, now).await })).await?;
    forget_lines(db, lowest_id("cln", now.minus(LOG_KEPT))).await?;
    forget_pulls(db, PullMode::Backfill, lowest_id("bkf", now.minus(LOG_KEPT))).await?;
    forget_pulls(db, PullMode::Reconcile, lowest_id("bkf", now.minus(RECONCILES_KEPT))).await?;
    forget_syncs(db, now.minus(SYNCS_KEPT)).await?;
    forget_strays(db, lowest_id("sty", now.minus(strays::KEPT))).await?;
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

async fn forget_strays(db: &Db, old: String) -> Result<()> {
    loop {
        let old = old.clone();
        let removed: u64 =
            db.write(move |tx| Box::pin(async move { strays::queries::forget_old(tx, &old, TOGETHER).await })).await?;
        if removed < TOGETHER.unsigned_abs() {
            return Ok(());
        }
    }
}

async fn forget_lines(db: &Db, old: String) -> Result<()> {
    loop {
        let old = old.clone();
        let removed: u64 =
            db.write(move |tx| Box::pin(async move { log::queries::forget_old(tx, &old, TOGETHER).await })).await?;
        if removed < TOGETHER.unsigned_abs() {
            return Ok(());
        }
    }
}

async fn forget_pulls(db: &Db, mode: PullMode, old: String) -> Result<()> {
    loop {
        let old = old.clone();
        let removed: u64 =
            db.write(move |tx| Box::pin(async move { pulls::forget_old(tx, mode, &old, TOGETHER).await })).await?;
        if removed < TOGETHER.unsigned_abs() {
            return Ok(());
        }
    }
}

async fn forget_syncs(db: &Db, before: Timestamp) -> Result<()> {
    loop {
        let removed: u64 =
            db.write(move |tx| Box::pin(async move { syncs::queries::forget_old(tx, before, TOGETHER).await })).await?;
        if removed < TOGETHER.unsigned_abs() {
            return Ok(());
        }
    }
}
