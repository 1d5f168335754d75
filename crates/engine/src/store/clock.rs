//! The stored time, against which jumps of the clock are detected.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

pub(crate) async fn noted(tx: &mut Tx) -> Result<Option<Timestamp>> {
    tx.first("SELECT seen_at FROM engine_clock WHERE id = 1", params![], |row| row.get(0)).await
}

pub(crate) async fn note(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO engine_clock (id, seen_at) VALUES (1, $1)
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
    tx.execute(sql, params![now]).await
}
