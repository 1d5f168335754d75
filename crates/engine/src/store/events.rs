//! Events, and the runs that listen for them.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, insert_all, params};

use crate::run::RunId;

campanile_db::columns! { columns, at: id, tenant, name, at, data }
campanile_db::columns! { wait_columns, wait_at: run_id, key, kind, tenant, event, equal, expression, expires }

/// A stored event.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) at: Timestamp,
    /// JSON.
    pub(crate) data: String,
}

/// Stores an event. Returns `false` when one with this id was stored before.
pub(crate) async fn insert(tx: &mut Tx, event: &EventRow) -> Result<bool> {
    let (sql, params) = insert!("event" {
        id: &event.id,
        tenant: &event.tenant,
        name: &event.name,
        at: event.at,
        data: &event.data,
    } "ON CONFLICT (id) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Events of a name in a tenant after the cursor, oldest first. Their data must contain this text.
pub(crate) async fn since(
    tx: &mut Tx,
    tenant: &str,
    name: &str,
    (at, id): (Timestamp, &str),
    holding: &str,
    limit: i64,
) -> Result<Vec<EventRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM event
        WHERE tenant = $1 AND name = $2 AND (at, id) > ($3, $4) AND data LIKE $5 ESCAPE '!' ORDER BY at, id LIMIT $6"
    );
    let escaped = holding.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    tx.all(sql, params![tenant, name, at, id, format!("%{escaped}%"), limit], |row| {
        Ok(EventRow {
            id: row.get(at::id)?,
            tenant: row.get(at::tenant)?,
            name: row.get(at::name)?,
            at: row.get(at::at)?,
            data: row.get(at::data)?,
        })
    })
    .await
}

/// The effect of an event on a listening run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitKind {
    GoOn,
    Cancel,
}

/// A wait of a run for an event.
#[derive(Debug, Clone)]
pub(crate) struct WaitRow {
    pub(crate) run: RunId,
    pub(crate) key: String,
    pub(crate) kind: WaitKind,
    pub(crate) tenant: String,
    pub(crate) event: String,
    /// The equality as `path=json`, or empty.
    pub(crate) equal: String,
    pub(crate) expression: Option<String>,
    pub(crate) expires: Timestamp,
}

pub(crate) async fn listen(tx: &mut Tx, waits: &[WaitRow]) -> Result<()> {
    let (bulk, rows) = insert_all!(waits.iter() => |wait| "wait" {
        run_id: text = wait.run.as_str(),
        key: text = &wait.key,
        kind: bigint = i64::from(wait.kind == WaitKind::Cancel),
        tenant: text = &wait.tenant,
        event: text = &wait.event,
        equal: text = &wait.equal,
        expression: text = wait.expression.as_deref(),
        expires: bigint = wait.expires,
    } "ON CONFLICT (run_id, key) DO NOTHING");
    tx.execute_many(bulk.each, &rows).await?;
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

/// True if runs have listened for this event by this path.
pub(crate) async fn knows_path(tx: &mut Tx, event: &str, path: &str) -> Result<bool> {
    let sql = "SELECT path FROM wait_path WHERE event = $1 AND path = $2";
    Ok(tx.first(sql, params![event, path], |row| row.get::<String>(0)).await?.is_some())
}

/// The waits for this event with this equality that have not expired, ordered by run and key.
pub(crate) async fn listeners(
    tx: &mut Tx,
    tenant: &str,
    event: &str,
    equal: &str,
    now: Timestamp,
) -> Result<Vec<WaitRow>> {
    let sql = concat!(
        "SELECT ",
        wait_columns!(),
        " FROM wait WHERE tenant = $1 AND event = $2 AND equal = $3 AND expires >= $4 ORDER BY run_id, key"
    );
    tx.all(sql, params![tenant, event, equal, now], |row| {
        Ok(WaitRow {
            run: RunId::from(row.get::<String>(wait_at::run_id)?),
            key: row.get(wait_at::key)?,
            kind: if row.get::<i64>(wait_at::kind)? == 1 { WaitKind::Cancel } else { WaitKind::GoOn },
            tenant: row.get(wait_at::tenant)?,
            event: row.get(wait_at::event)?,
            equal: row.get(wait_at::equal)?,
            expression: row.get(wait_at::expression)?,
            expires: row.get(wait_at::expires)?,
        })
    })
    .await
}

/// Stops listening. Returns `false` when the wait was already deleted.
pub(crate) async fn stop_listening(tx: &mut Tx, run: &RunId, key: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM wait WHERE run_id = $1 AND key = $2", params![run.as_str(), key]).await? == 1)
}

/// Deletes the waits and the inbox of a run that has ended.
pub(crate) async fn forget_run(tx: &mut Tx, run: &RunId) -> Result<()> {
    tx.execute("DELETE FROM wait WHERE run_id = $1", params![run.as_str()]).await?;
    tx.execute("DELETE FROM inbox WHERE run_id = $1", params![run.as_str()]).await?;
    Ok(())
}
