//! The SQL of profiles.

use std::collections::HashMap;

use campanile_accounts::WorkspaceId;
use campanile_base::{Cursor, Timestamp};
use campanile_db::{Bulk, Result, Row, Select, Tx, insert_all, json_text, params, row};

use super::{Activity, Counts, Profile, Removed};

campanile_db::columns! {
    columns, at: actor_id, display_name, observations, counts, first_seen_at, last_active_at,
}

/// The counts of some profiles, by actor: `None` for one that is not counted yet.
pub(super) async fn counts_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actors: &[&str],
) -> Result<HashMap<String, Option<Counts>>> {
    let bulk = Bulk {
        each: "SELECT actor_id, counts FROM actor_profile WHERE workspace_id = $1 AND actor_id = $2",
        together:
            "SELECT actor_profile.actor_id, actor_profile.counts
            FROM unnest($1::text[], $2::text[]) AS asked (workspace, actor)
            JOIN actor_profile ON actor_profile.workspace_id = asked.workspace AND actor_profile.actor_id = asked.actor",
        is_searched: false,
    };
    let rows: Vec<_> = actors.iter().map(|actor| row![workspace.as_str(), *actor]).collect();
    let found = tx.gather(bulk, &rows, |row| Ok((row.get(0)?, row.json_if_any(1)?))).await?;
    Ok(found.into_iter().collect())
}

/// Stores further observations of actors, with the counts that include them.
pub(super) async fn upsert(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    rows: &[(&str, Activity<'_>, Option<Counts>)],
) -> Result<()> {
    let (bulk, rows) = insert_all!(rows.iter() => |(actor, activity, counts)| "actor_profile" {
        workspace_id: text = workspace.as_str(),
        actor_id: text = *actor,
        display_name: text = activity.name,
        email: text = activity.email,
        observations: bigint = activity.counted.len() as i64,
        counts: text = counts.as_ref().map(json_text),
        first_seen_at: bigint = activity.times().min(),
        last_active_at: bigint = activity.times().max(),
    } "ON CONFLICT (workspace_id, actor_id) DO UPDATE SET
        observations = actor_profile.observations + excluded.observations, counts = excluded.counts,
        display_name = excluded.display_name, email = COALESCE(excluded.email, actor_profile.email),
        first_seen_at = CASE WHEN excluded.first_seen_at < actor_profile.first_seen_at
            THEN excluded.first_seen_at ELSE actor_profile.first_seen_at END,
        last_active_at = CASE WHEN excluded.last_active_at > actor_profile.last_active_at
            THEN excluded.last_active_at ELSE actor_profile.last_active_at END");
    tx.change(bulk, &rows).await.map(drop)
}

/// The times of the first and the last observation of an actor that are left.
pub(super) async fn times(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &str,
) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    let sql = "SELECT MIN(occurred_at), MAX(occurred_at) FROM observation WHERE workspace_id = $1 AND actor_id = $2";
    tx.one(sql, params![workspace.as_str(), actor], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Stores that some observations are gone.
pub(super) async fn lessen(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &str,
    fewer: i64,
    counts: Option<&Counts>,
    (first, last): (Option<Timestamp>, Option<Timestamp>),
) -> Result<u64> {
    let sql = "UPDATE actor_profile SET observations = observations - $3, counts = $4, first_seen_at = $5,
        last_active_at = COALESCE($6, last_active_at) WHERE workspace_id = $1 AND actor_id = $2";
    tx.execute(sql, params![workspace.as_str(), actor, fewer, counts.map(json_text), first, last]).await
}

/// Deletes a profile that is counted and has no observations.
pub(super) async fn delete_empty(tx: &mut Tx, workspace: &WorkspaceId, actor: &str) -> Result<u64> {
    let sql = "DELETE FROM actor_profile
        WHERE workspace_id = $1 AND actor_id = $2 AND observations <= 0 AND counts IS NOT NULL";
    tx.execute(sql, params![workspace.as_str(), actor]).await
}

/// Some profiles that are not counted yet.
pub(super) async fn uncounted(tx: &mut Tx, most: i64) -> Result<Vec<(WorkspaceId, String)>> {
    let sql = "SELECT workspace_id, actor_id FROM actor_profile WHERE counts IS NULL
        ORDER BY workspace_id, actor_id LIMIT $1";
    tx.all(sql, params![most], |row| Ok((WorkspaceId::from(row.get::<String>(0)?), row.get(1)?))).await
}

/// The values of an uncounted profile that change with each observation.
pub(super) async fn state(tx: &mut Tx, workspace: &WorkspaceId, actor: &str) -> Result<Option<(i64, Timestamp)>> {
    let sql = "SELECT observations, last_active_at FROM actor_profile
        WHERE workspace_id = $1 AND actor_id = $2 AND counts IS NULL";
    tx.first(sql, params![workspace.as_str(), actor], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The observations of an actor behind a place, with their ids, the earliest first.
pub(super) async fn observations(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &str,
    (at, id): &(Timestamp, String),
    most: i64,
) -> Result<Vec<(String, Removed)>> {
    let sql = "SELECT id, actor_id, provider, type, topics, occurred_at FROM observation
        WHERE workspace_id = $1 AND actor_id = $2 AND (occurred_at, id) > ($3, $4) ORDER BY occurred_at, id LIMIT $5";
    let read = |row: &Row<'_>| {
        let removed = Removed {
            actor_id: row.get(1)?,
            provider: row.get(2)?,
            event_type: row.get(3)?,
            topics: row.json(4)?,
            occurred_at: row.get(5)?,
        };
        Ok((row.get(0)?, removed))
    };
    tx.all(sql, params![workspace.as_str(), actor, *at, id, most], read).await
}

/// Stores the counts of a profile that had none.
pub(super) async fn set_counts(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &str,
    counts: &Counts,
    number: i64,
    first: Option<Timestamp>,
) -> Result<u64> {
    let sql = "UPDATE actor_profile SET counts = $3, observations = $4, first_seen_at = $5
        WHERE workspace_id = $1 AND actor_id = $2 AND counts IS NULL";
    tx.execute(sql, params![workspace.as_str(), actor, json_text(counts), number, first]).await
}

/// The profiles of some actors in a workspace.
pub(crate) async fn of_actors(tx: &mut Tx, workspace: &WorkspaceId, actors: &[String]) -> Result<Vec<Profile>> {
    if actors.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!("SELECT ", columns!(), " FROM actor_profile WHERE workspace_id = ?");
    let actors = actors.iter().map(String::as_str);
    Select::new(sql, [workspace.as_str()]).and_in("actor_id", actors).all(tx, read).await
}

/// The actors of a workspace who were active before a place, the latest first. With `among`, only
/// these.
pub(crate) async fn recent(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    from: &Cursor,
    among: Option<&[String]>,
    most: i64,
) -> Result<Vec<(String, Timestamp)>> {
    let sql = "SELECT actor_id, last_active_at FROM actor_profile
        WHERE workspace_id = ? AND (last_active_at, actor_id) < (?, ?)";
    Select::new(sql, params![workspace.as_str(), from.at, &from.id].iter().cloned())
        .and_in("actor_id", among.unwrap_or_default().iter().map(String::as_str))
        .then_with(" ORDER BY last_active_at DESC, actor_id DESC LIMIT ?", [most])
        .all(tx, |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}

fn read(row: &Row<'_>) -> Result<Profile> {
    Ok(Profile {
        actor_id: row.get(at::actor_id)?,
        name: row.get(at::display_name)?,
        observations: row.get(at::observations)?,
        counts: row.json_if_any(at::counts)?,
        first_seen_at: row.get(at::first_seen_at)?,
        last_active_at: row.get(at::last_active_at)?,
    })
}
