//! The SQL of actors.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_base::source_event::EventActor;
use campanile_db::{Result, Tx, insert, params, row};

pub(super) async fn upsert_identity(
    tx: &mut Tx,
    organisation: &OrganisationId,
    provider: &str,
    actor: &EventActor,
    canonical_id: &str,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("actor_identity" {
        organisation_id: organisation.as_str(),
        provider: provider,
        provider_id: &actor.id,
        canonical_id: canonical_id,
        username: &actor.name,
        email: actor.email.as_deref(),
        avatar_url: actor.avatar_url.as_deref(),
        method: "webhook",
        seen_at: now,
    } "ON CONFLICT (organisation_id, provider, provider_id) DO UPDATE SET
        canonical_id = excluded.canonical_id, username = excluded.username,
        email = COALESCE(excluded.email, actor_identity.email),
        avatar_url = COALESCE(excluded.avatar_url, actor_identity.avatar_url), seen_at = excluded.seen_at");
    tx.execute(sql, &params).await
}

pub(super) async fn upsert_profile(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    canonical_id: &str,
    actor: &EventActor,
    active_at: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("actor_profile" {
        workspace_id: workspace.as_str(),
        actor_id: canonical_id,
        display_name: &actor.name,
        email: actor.email.as_deref(),
        observations: 1_i64,
        last_active_at: active_at,
    } "ON CONFLICT (workspace_id, actor_id) DO UPDATE SET
        observations = actor_profile.observations + 1,
        email = COALESCE(excluded.email, actor_profile.email),
        last_active_at = CASE WHEN excluded.last_active_at > actor_profile.last_active_at
            THEN excluded.last_active_at ELSE actor_profile.last_active_at END");
    tx.execute(sql, &params).await
}

pub(super) async fn by_username(
    tx: &mut Tx,
    organisation: &OrganisationId,
    provider: &str,
    username: &str,
) -> Result<Option<String>> {
    let sql = "SELECT canonical_id FROM actor_identity
        WHERE organisation_id = $1 AND provider = $2 AND username = $3 ORDER BY seen_at DESC LIMIT 1";
    tx.first(sql, params![organisation.as_str(), provider, username], |row| row.get(0)).await
}

/// The actor who pushed a commit, according to GitHub's push events.
pub(super) async fn pusher_of(tx: &mut Tx, workspace: &WorkspaceId, commit: &str) -> Result<Option<String>> {
    let sql = "SELECT observation.actor_id FROM observation_reference AS reference
        JOIN observation ON observation.id = reference.observation_id
        WHERE reference.workspace_id = $1 AND reference.kind = 'commit' AND reference.key = $2
            AND observation.provider = 'github' AND observation.type = 'push' AND observation.actor_id IS NOT NULL
        LIMIT 1";
    tx.first(sql, params![workspace.as_str(), commit], |row| row.get(0)).await
}

/// The deployments of a commit whose actor was identified by the login only.
pub(super) async fn deployments_by_login(tx: &mut Tx, workspace: &WorkspaceId, commit: &str) -> Result<Vec<String>> {
    let sql = "SELECT observation.id FROM observation_reference AS reference
        JOIN observation ON observation.id = reference.observation_id
        WHERE reference.workspace_id = $1 AND reference.kind = 'commit' AND reference.key = $2
            AND observation.provider = 'vercel' AND observation.actor_method = 'username'";
    tx.all(sql, params![workspace.as_str(), commit], |row| row.get(0)).await
}

/// Sets the actor of observations to the one who was identified by a commit.
pub(super) async fn set_actor(tx: &mut Tx, observations: &[String], canonical_id: &str) -> Result<()> {
    let sql = "UPDATE observation SET actor_id = $2, actor_method = 'commit_sha' WHERE id = $1";
    let rows: Vec<_> = observations.iter().map(|id| row![id, canonical_id]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}
