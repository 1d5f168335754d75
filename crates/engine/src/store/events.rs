//! Events, and the runs that listen for them.

use campanile_base::Timestamp;
use campanile_db::{Param, Result, Tx, params, row};

use crate::run::RunId;

/// An event as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) at: Timestamp,
    /// JSON.
    pub(crate) data: String,
}

/// Stores an event; `false` when one with this id was said before.
pub(crate) async fn insert(tx: &mut Tx, event: &EventRow) -> Result<bool> {
    let sql = "INSERT INTO event (id, tenant, name, at, data) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";
    let params = params![&event.id, &event.tenant, &event.name, event.at, &event.data];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Events of a name in a tenant, from the oldest after the cursor on, whose data hold this text
/// somewhere.
pub(crate) async fn since(
    tx: &mut Tx,
    tenant: &str,
    name: &str,
    (at, id): (Timestamp, &str),
    holding: &str,
    limit: i64,
) -> Result<Vec<EventRow>> {
    let sql = "SELECT id, tenant, name, at, data FROM event
        WHERE tenant = $1 AND name = $2 AND (at, id) > ($3, $4) AND data LIKE $5 ESCAPE '!' ORDER BY at, id LIMIT $6";
    let escaped = holding.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    tx.all(sql, params![tenant, name, at, id, format!("%{escaped}%"), limit], |row| {
        Ok(EventRow { id: row.get(0)?, tenant: row.get(1)?, name: row.get(2)?, at: row.get(3)?, data: row.get(4)? })
    })
    .await
}

/// What a listening run does when its event comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitKind {
    GoOn,
    Cancel,
}

/// A run that listens.
#[derive(Debug, Clone)]
pub(crate) struct WaitRow {
    pub(crate) run: RunId,
    pub(crate) key: String,
    pub(crate) kind: WaitKind,
    pub(crate) tenant: String,
    pub(crate) event: String,
    /// `path=json`, or nothing.
    pub(crate) equal: String,
    pub(crate) expression: Option<String>,
    pub(crate) expires: Timestamp,
}

pub(crate) async fn listen(tx: &mut Tx, waits: &[WaitRow]) -> Result<()> {
    let sql = "INSERT INTO wait (run_id, key, kind, tenant, event, equal, expression, expires)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (run_id, key) DO NOTHING";
    let as_row = |wait: &WaitRow| -> Vec<Param<'static>> {
        row![
            wait.run.to_string(),
            wait.key.clone(),
            i64::from(wait.kind == WaitKind::Cancel),
            wait.tenant.clone(),
            wait.event.clone(),
            wait.equal.clone(),
            wait.expression.clone(),
            wait.expires
        ]
    };
    let rows: Vec<_> = waits.iter().map(as_row).collect();
    tx.execute_many(sql, &rows).await?;
    let sql = "INSERT INTO wait_path (event, path) VALUES ($1, $2) ON CONFLICT (event, path) DO NOTHING";
    for wait in waits {
        let path = wait.equal.split_once('=').map_or("", |(path, _)| path);
        tx.execute(sql, params![&wait.event, path]).await?;
    }
    Ok(())
}

/// The paths by which runs have listened for this event.
pub(crate) async fn paths(tx: &mut Tx, event: &str) -> Result<Vec<String>> {
    tx.all("SELECT path FROM wait_path WHERE event = $1", params![event], |row| row.get(0)).await
}

/// Whether runs have listened for this event by this path.
pub(crate) async fn knows_path(tx: &mut Tx, event: &str, path: &str) -> Result<bool> {
    let sql = "SELECT path FROM wait_path WHERE event = $1 AND path = $2";
    Ok(tx.first(sql, params![event, path], |row| row.get::<String>(0)).await?.is_some())
}

/// Those who listen for this event with this equality, after `run` in order.
pub(crate) async fn listeners(
    tx: &mut Tx,
    tenant: &str,
    event: &str,
    equal: &str,
    now: Timestamp,
) -> Result<Vec<WaitRow>> {
    let sql = "SELECT run_id, key, kind, tenant, event, equal, expression, expires FROM wait
        WHERE tenant = $1 AND event = $2 AND equal = $3 AND expires >= $4 ORDER BY run_id, key";
    tx.all(sql, params![tenant, event, equal, now], |row| {
        Ok(WaitRow {
            run: RunId::from(row.get::<String>(0)?),
            key: row.get(1)?,
            kind: if row.get::<i64>(2)? == 1 { WaitKind::Cancel } else { WaitKind::GoOn },
            tenant: row.get(3)?,
            event: row.get(4)?,
            equal: row.get(5)?,
            expression: row.get(6)?,
            expires: row.get(7)?,
        })
    })
    .await
}

/// Stops listening; `false` when somebody else was quicker.
pub(crate) async fn stop_listening(tx: &mut Tx, run: &RunId, key: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM wait WHERE run_id = $1 AND key = $2", params![run.as_str(), key]).await? == 1)
}

/// Everything that a run that has ended leaves behind.
pub(crate) async fn forget_run(tx: &mut Tx, run: &RunId) -> Result<()> {
    tx.execute("DELETE FROM wait WHERE run_id = $1", params![run.as_str()]).await?;
    tx.execute("DELETE FROM inbox WHERE run_id = $1", params![run.as_str()]).await?;
    Ok(())
}
