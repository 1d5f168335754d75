//! Removes expired sessions, sign-in links and connections of assistants, and activity records past
//! their retention.

use std::time::Duration;

use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Db, Sweep, params};

/// The number of rows that are read or removed at a time.
const TOGETHER: i64 = 1_000;

const SESSIONS: Sweep = Sweep {
    keys: 1,
    page: "SELECT hash, expires_at < $2 FROM session WHERE hash > $1 ORDER BY hash LIMIT $3",
    remove: "DELETE FROM session WHERE hash = $1 AND expires_at < $2",
};
const SIGN_IN_LINKS: Sweep = Sweep {
    keys: 1,
    page: "SELECT hash, expires_at < $2 FROM sign_in_link WHERE hash > $1 ORDER BY hash LIMIT $3",
    remove: "DELETE FROM sign_in_link WHERE hash = $1 AND expires_at < $2",
};
const ASSISTANT_CLIENTS: Sweep = Sweep {
    keys: 1,
    page: "SELECT id, COALESCE(expires_at < $2, FALSE) FROM assistant_client WHERE id > $1 ORDER BY id LIMIT $3",
    remove: "DELETE FROM assistant_client WHERE id = $1 AND expires_at < $2",
};
const ASSISTANT_CODES: Sweep = Sweep {
    keys: 1,
    page: "SELECT hash, expires_at < $2 FROM assistant_code WHERE hash > $1 ORDER BY hash LIMIT $3",
    remove: "DELETE FROM assistant_code WHERE hash = $1 AND expires_at < $2",
};
const ASSISTANT_TOKENS: Sweep = Sweep {
    keys: 1,
    page: "SELECT hash, expires_at < $2 FROM assistant_token WHERE hash > $1 ORDER BY hash LIMIT $3",
    remove: "DELETE FROM assistant_token WHERE hash = $1 AND expires_at < $2",
};
const ASSISTANT_CONNECTIONS: Sweep = Sweep {
    keys: 1,
    page: "SELECT id, expires_at < $2 FROM assistant_connection WHERE id > $1 ORDER BY id LIMIT $3",
    remove: "DELETE FROM assistant_connection WHERE id = $1 AND expires_at < $2",
};

/// Removes expired sessions, sign-in links and connections of assistants, and activity records older than `keep_activity`.
/// `None` keeps the records for ever.
///
/// # Errors
/// `Unavailable`.
pub async fn tidy(db: &Db, now: Timestamp, keep_activity: Option<Duration>) -> Result<()> {
    db.sweep(SESSIONS, now, TOGETHER).await?;
    db.sweep(SIGN_IN_LINKS, now, TOGETHER).await?;
    for sweep in [ASSISTANT_CLIENTS, ASSISTANT_CODES, ASSISTANT_TOKENS, ASSISTANT_CONNECTIONS] {
        db.sweep(sweep, now, TOGETHER).await?;
    }
    let Some(kept) = keep_activity else { return Ok(()) };
    let old = lowest_id("act", now.minus(kept));
    loop {
        let old = old.clone();
        let removed: u64 = db
            .write(move |tx| {
                Box::pin(async move {
                    let sql = "DELETE FROM activity WHERE id IN
                        (SELECT id FROM activity WHERE id < $1 ORDER BY id LIMIT $2)";
                    tx.execute(sql, params![&old, TOGETHER]).await
                })
            })
            .await?;
        if removed < TOGETHER.unsigned_abs() {
            return Ok(());
        }
    }
}
