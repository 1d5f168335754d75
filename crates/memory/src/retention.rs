//! Removes observations past their retention, if one is configured. By default, all are kept.
//!
//! The passages, references, edges and states of an observation are removed with it, and the cluster of
//! which it was the last. Entities and actors are removed
//! once no observation has named them for the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Row, Sweep, Tx, params, row};
use campanile_engine::Engine;

use crate::people::profiles::{self, Removed};
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
/// Profiles without observations. Those that are counted go with the last of them.
const PROFILES: Sweep = Sweep {
    keys: 2,
    page: "SELECT workspace_id, actor_id, last_active_at < $3 AND NOT EXISTS
            (SELECT 1 FROM observation WHERE observation.workspace_id = actor_profile.workspace_id
                AND observation.actor_id = actor_profile.actor_id)
        FROM actor_profile WHERE (workspace_id, actor_id) > ($1, $2) ORDER BY workspace_id, actor_id LIMIT $4",
    remove: "DELETE FROM actor_profile WHERE workspace_id = $1 AND actor_id = $2 AND last_active_at < $3
        AND NOT EXISTS (SELECT 1 FROM observation WHERE observation.workspace_id = $1 AND observation.actor_id = $2)",
};
const IDENTITIES: Sweep = Sweep {
    keys: 3,
    page: "SELECT organisation_id, provider, provider_id, seen_at < $4 FROM actor_identity
        WHERE (organisation_id, provider, provider_id) > ($1, $2, $3)
        ORDER BY organisation_id, provider, provider_id LIMIT $5",
    remove: "DELETE FROM actor_identity WHERE organisation_id = $1 AND provider = $2 AND provider_id = $3
        AND seen_at < $4",
};
/// Links of actors whom no event has named for so long that they are gone.
const LINKS: Sweep = Sweep {
    keys: 2,
    page: "SELECT organisation_id, actor_id, joined_at < $3 AND NOT EXISTS
            (SELECT 1 FROM actor_identity WHERE actor_identity.organisation_id = actor_person.organisation_id
                AND actor_identity.canonical_id = actor_person.actor_id) AND actor_id NOT LIKE 'member:%'
        FROM actor_person WHERE (organisation_id, actor_id) > ($1, $2) ORDER BY organisation_id, actor_id LIMIT $4",
    remove: "DELETE FROM actor_person WHERE organisation_id = $1 AND actor_id = $2 AND joined_at < $3",
};
const APART: Sweep = Sweep {
    keys: 3,
    page: "SELECT organisation_id, actor_id, other_id, said_at < $4 AND (NOT EXISTS
            (SELECT 1 FROM actor_identity WHERE actor_identity.organisation_id = actor_apart.organisation_id
                AND actor_identity.canonical_id = actor_apart.actor_id) AND actor_id NOT LIKE 'member:%'
            OR NOT EXISTS
            (SELECT 1 FROM actor_identity WHERE actor_identity.organisation_id = actor_apart.organisation_id
                AND actor_identity.canonical_id = actor_apart.other_id) AND other_id NOT LIKE 'member:%')
        FROM actor_apart WHERE (organisation_id, actor_id, other_id) > ($1, $2, $3)
        ORDER BY organisation_id, actor_id, other_id LIMIT $5",
    remove: "DELETE FROM actor_apart WHERE organisation_id = $1 AND actor_id = $2 AND other_id = $3 AND said_at < $4",
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

/// Counts the profiles of an earlier version, removes observations that were stored longer ago than `keep_observations`, and then what
/// belonged to them.
///
/// # Errors
/// `Unavailable`.
pub async fn tidy(memory: &Memory, now: Timestamp, keep_observations: Option<Duration>) -> Result<()> {
    profiles::count_earlier(&memory.db).await?;
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
    for sweep in [ENTITIES, PROFILES, IDENTITIES, LINKS, APART] {
        db.sweep(sweep, before, TOGETHER).await?;
    }
    Ok(())
}

/// Removes some observations with an id below `old`. Returns their number.
async fn forget_some(tx: &mut Tx, engine: &Engine, old: &str) -> campanile_db::Result<usize> {
    let sql = "SELECT organisation_id, workspace_id, id, actor_id, provider, type, topics, occurred_at, cluster_id
        FROM observation WHERE id < $1 ORDER BY id LIMIT $2";
    let found = tx.all(sql, params![old, TOGETHER], read).await?;
    remove(tx, engine, found).await
}

/// Removes some of the observations that a source has brought into a workspace, with everything that
/// belongs to them alone. Returns their ids; none is left if there are none.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_brought(
    tx: &mut Tx,
    memory: &Memory,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    source: &str,
    most: i64,
) -> Result<Vec<String>> {
    tx.lock(workspace.as_str()).await?;
    let sql =
        "SELECT organisation_id, workspace_id, id, actor_id, provider, type, topics, occurred_at, cluster_id, entities
        FROM observation WHERE organisation_id = $1 AND workspace_id = $2 AND brought_by = $3 ORDER BY id LIMIT $4";
    let params = params![organisation.as_str(), workspace.as_str(), source, most];
    let found = tx.all(sql, params, |row| Ok((read(row)?, row.json::<Vec<NamedEntity>>(9)?))).await?;
    let mut named: BTreeMap<(String, String), i64> = BTreeMap::new();
    for entity in found.iter().flat_map(|(_, entities)| entities) {
        *named.entry((entity.category.clone(), entity.key.to_lowercase())).or_default() += 1;
    }
    let rows: Vec<_> =
        named.iter().map(|((category, key), number)| row![workspace.as_str(), category, key, *number]).collect();
    let fewer = "UPDATE entity SET occurrences = occurrences - $4
        WHERE workspace_id = $1 AND category = $2 AND key = $3";
    tx.execute_many(fewer, &rows).await?;
    let rows: Vec<_> = named.keys().map(|(category, key)| row![workspace.as_str(), category, key]).collect();
    let none = "DELETE FROM entity WHERE workspace_id = $1 AND category = $2 AND key = $3 AND occurrences <= 0";
    tx.execute_many(none, &rows).await?;
    let ids = found.iter().map(|((_, old), _)| old.id.clone()).collect();
    remove(tx, &memory.engine, found.into_iter().map(|(old, _)| old).collect()).await?;
    Ok(ids)
}

/// The number of observations that a source has brought into a workspace, up to a number.
///
/// # Errors
/// `Unavailable`.
pub async fn number_brought(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    source: &str,
    most: i64,
) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM observation
        WHERE organisation_id = $1 AND workspace_id = $2 AND brought_by = $3 LIMIT $4) AS counted";
    let params = params![organisation.as_str(), workspace.as_str(), source, most];
    Ok(tx.one(sql, params, |row| row.get(0)).await?)
}

/// Removes the references of observations that were removed. They have no index by observation, so all
/// are visited.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_references(memory: &Memory) -> Result<()> {
    Ok(memory.db.sweep(REFERENCES, memory.clock.now(), TOGETHER).await.map(drop)?)
}

/// An entity that an observation names.
#[derive(serde::Deserialize)]
struct NamedEntity {
    category: String,
    key: String,
}

/// Removes observations, with their passages and edges, and takes them away from the profiles of their
/// actors. Returns their number.
async fn remove(tx: &mut Tx, engine: &Engine, found: Vec<((String, String), Old)>) -> campanile_db::Result<usize> {
    let number = found.len();
    // In order, so that two removals at a time do not wait for each other.
    let mut by_workspace: BTreeMap<(String, String), Vec<Old>> = BTreeMap::new();
    for (of, old) in found {
        by_workspace.entry(of).or_default().push(old);
    }
    for ((workspace, organisation), old) in by_workspace {
        // The profiles of a workspace are changed by one at a time.
        tx.lock(&workspace).await?;
        let rows: Vec<_> = old.iter().map(|one| row![workspace.as_str(), &one.id]).collect();
        for sql in [
            "DELETE FROM edge WHERE workspace_id = $1 AND from_id = $2",
            "DELETE FROM edge WHERE workspace_id = $1 AND to_id = $2",
            "DELETE FROM observation WHERE workspace_id = $1 AND id = $2",
        ] {
            tx.execute_many(sql, &rows).await?;
        }
        let ids: Vec<&str> = old.iter().map(|one| one.id.as_str()).collect();
        passages::remove(tx, &workspace, &ids).await?;
        states::remove(tx, &workspace, &ids).await?;
        let left: BTreeSet<&str> = old.iter().filter_map(|one| one.cluster.as_deref()).collect();
        let of = WorkspaceId::from(workspace.clone());
        clusters::removal::shrink(tx, &of, &left).await?;
        let counted: Vec<Removed> = old.into_iter().filter_map(|one| one.counted).collect();
        profiles::forget(tx, &workspace, &counted).await?;
        engine.enqueue(tx, merge::job(&organisation.into(), &of)).await?;
    }
    Ok(number)
}

/// An observation to be removed.
struct Old {
    id: String,
    cluster: Option<String>,
    /// The fields that the profile of its actor has counted.
    counted: Option<Removed>,
}

/// The workspace with its organisation, and the observation.
fn read(row: &Row<'_>) -> campanile_db::Result<((String, String), Old)> {
    let actor: Option<String> = row.get(3)?;
    let counted = match actor {
        Some(actor_id) => Some(Removed {
            actor_id,
            provider: row.get(4)?,
            event_type: row.get(5)?,
            topics: row.json(6)?,
            occurred_at: row.get(7)?,
        }),
        None => None,
    };
    Ok(((row.get(1)?, row.get(0)?), Old { id: row.get(2)?, cluster: row.get(8)?, counted }))
}
