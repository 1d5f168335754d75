//! Removes sessions and feedback past their retention, and from the answers of the others the texts of
//! observations past theirs.

use std::time::Duration;

use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::Db;

use crate::{feedback, sessions};

/// The number of rows that are removed at a time.
const TOGETHER: i64 = 500;

/// Removes sessions without a question for `keep_sessions`, feedback older than `keep_feedback`, and what stored
/// answers quote of observations older than `keep_observations`. `None` keeps them for ever.
///
/// # Errors
/// `Unavailable`.
pub async fn tidy(
    db: &Db,
    now: Timestamp,
    keep_sessions: Option<Duration>,
    keep_feedback: Option<Duration>,
    keep_observations: Option<Duration>,
) -> Result<()> {
    if let Some(kept) = keep_sessions {
        let before = now.minus(kept);
        while forget_sessions(db, before).await? == TOGETHER as usize {}
    }
    if let Some(kept) = keep_observations {
        sessions::forget_observations(db, now.minus(kept)).await?;
    }
    if let Some(kept) = keep_feedback {
        let old = lowest_id("fb", now.minus(kept));
        while forget_feedback(db, old.clone()).await? == TOGETHER.unsigned_abs() {}
    }
    Ok(())
}

async fn forget_sessions(db: &Db, before: Timestamp) -> Result<usize> {
    Ok(db.write(move |tx| Box::pin(async move { sessions::forget_old(tx, before, TOGETHER).await })).await?)
}

async fn forget_feedback(db: &Db, old: String) -> Result<u64> {
    Ok(db.write(move |tx| Box::pin(async move { feedback::forget_old(tx, &old, TOGETHER).await })).await?)
}
