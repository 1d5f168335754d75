//! Removes observations past their retention, if one is configured. By default, all are kept.
//!
//! The passages, references, edges and states of an observation are removed with it, and the cluster of
//! which it was the last. Entities and actors are removed
//! once no observation has named them for the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Row, Sweep, Tx, params, row};
use campanile_engine::Engine;

use crate::search::merge;
use crate::{Memory, clusters, passages, states};

/// The number of rows that are read or removed at a time.
const TOGETHER: i64 = 500;

const ENTITIES: Sweep = Sweep {
    keys: 3,
    page: "SELECT workspace_id, category, key, last_seen_at < $4 FROM entity
        WHERE (workspace_id, category, key) > ($1, $2, $3) ORDER BY workspace_id, category, key LIMIT $5",
    remove: "DELETE FROM entity WHERE workspace_id = $1 AND category = $2 AND key = $3 AND last_seen_at < $4",
};
const PROFILES: Sweep = Sweep {
    keys: 2,
    page: "SELECT workspace_id, actor_id, last_active_at < $3 FROM actor_profile
        WHERE (workspace_id, actor_id) > ($1, $2) ORDER BY workspace_id, actor_id LIMIT $4",
    remove: "DELETE FROM actor_profile WHERE workspace_id = $1 AND actor_id = $2 AND last_active_at < $3",
};
const IDENTITIES: Sweep = Sweep {
    keys: 3,
    page: "SELECT organisation_id, provider, provider_id, seen_at < $4 FROM actor_identity
        WHERE (organisation_id, provider, provider_id) > ($1, $2, $3)
        ORDER BY organisation_id, provider, provider_id LIMIT $5",
    remove: "DELETE FROM actor_identity WHERE organisation_id = $1 AND provider = $2 AND provider_id = $3
        AND seen_at < $4",
};
/// References whose observation was removed. They have no index by observation, so all are visited.
/// Their age does not matter; `$5` is only checked to be present.
const REFERENCES: Sweep = Sweep {
    keys: 4,
    page: "SELECT workspace_id, kind, key, observation_id, CAST($5 AS BIGINT) IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM observation WHERE observation.id = observation_reference.observation_id)
        FROM observation_reference WHERE (workspace_id, kind, key, observation_id) > ($1, $2, $3, $4)
        ORDER BY workspace_id, kind, key, observation_id LIMIT $6",
    remove: "DELETE FROM observation_reference WHERE workspace_id = $1 AND kind = $2 AND key = $3
        AND observation_id = $4 AND CAST($5 AS BIGINT) IS NOT NULL",
};

/// Removes observations that were stored longer ago than `keep_observations`, and then what
/// belonged to them.
///
/// # Errors
/// `Unavailable`.
pub async fn tidy(memory: &Memory, now: Timestamp, keep_observations: Option<Duration>) -> Result<()> {
    let Some(kept) = keep_observations else { return Ok(()) };
    let db = &memory.db;
    let before = now.minus(kept);
    let (old, mut is_any) = (lowest_id("obs", before), false);
    loop {
        let (old, engine) = (old.clone(), memory.engine.clone());
        let removed = db.write(move |tx| Box::pin(async move { forget_some(tx, &engine, &old).await })).await?;
        is_any |= removed > 0;
        if removed < TOGETHER as usize {
            break;
        }
    }
    if is_any {
        db.sweep(REFERENCES, before, TOGETHER).await?;
    }
    for sweep in [ENTITIES, PROFILES, IDENTITIES] {
        db.sweep(sweep, before, TOGETHER).await?;
    }
    Ok(())
}

/// Removes some observations with an id below `old`, with their passages and edges. Returns the
/// number of observations removed.
async fn forget_some(tx: &mut Tx, engine: &Engine, old: &str) -> campanile_db::Result<usize> {
    let sql =
        "SELECT organisation_id, workspace_id, id, cluster_id FROM observation WHERE id < $1 ORDER BY id LIMIT $2";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let found: Vec<(String, String, String, Option<String>)> = tx.all(sql, params![old, TOGETHER], read).await?;
    let rows: Vec<_> = found.iter().map(|(_, workspace, id, _)| row![workspace.as_str(), id.as_str()]).collect();
    for sql in [
        "DELETE FROM edge WHERE workspace_id = $1 AND from_id = $2",
        "DELETE FROM edge WHERE workspace_id = $1 AND to_id = $2",
        "DELETE FROM observation WHERE workspace_id = $1 AND id = $2",
    ] {
        tx.execute_many(sql, &rows).await?;
    }
    // In order, so that two removals at a time do not wait for each other.
    let mut by_workspace: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let mut clusters: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (organisation, workspace, id, cluster) in &found {
        by_workspace.entry((workspace, organisation)).or_default().push(id);
        clusters.entry(workspace).or_default().extend(cluster.as_deref());
    }
    for ((workspace, organisation), ids) in by_workspace {
        passages::remove(tx, workspace, &ids).await?;
        states::remove(tx, workspace, &ids).await?;
        let left = clusters.remove(workspace).unwrap_or_default();
        let (organisation, workspace) = (organisation.to_owned().into(), workspace.to_owned().into());
        clusters::removal::shrink(tx, &workspace, &left).await?;
        engine.enqueue(tx, merge::job(&organisation, &workspace)).await?;
    }
    Ok(found.len())
}
