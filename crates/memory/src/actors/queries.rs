//! The SQL of actors.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_base::source_event::{EventActor, SourceEvent};
use campanile_db::{Result, Row, Tx, insert, params, row};

use crate::people::links;
use crate::people::profiles::Removed;

/// Stores an account that an event names. Returns true if it is new, or has another mail address than
/// before.
pub(super) async fn upsert_identity(
    tx: &mut Tx,
    organisation: &OrganisationId,
    event: &SourceEvent,
    actor: &EventActor,
    (canonical_id, method): (&str, &str),
    now: Timestamp,
) -> Result<bool> {
    let email_key = links::email_key(actor.email.as_deref());
    let (sql, params) = insert!("actor_identity" {
        organisation_id: organisation.as_str(),
        provider: &event.provider,
        provider_id: &actor.id,
        canonical_id: canonical_id,
        username: &actor.name,
        name_key: actor.name.to_lowercase(),
        email: actor.email.as_deref(),
        email_key: email_key.as_deref(),
        avatar_url: actor.avatar_url.as_deref(),
        method: method,
        seen_at: now,
    } "ON CONFLICT (organisation_id, provider, provider_id) DO UPDATE SET
        canonical_id = excluded.canonical_id, username = excluded.username, name_key = excluded.name_key,
        email = COALESCE(excluded.email, actor_identity.email),
        email_key = COALESCE(excluded.email_key, actor_identity.email_key),
        avatar_url = COALESCE(excluded.avatar_url, actor_identity.avatar_url), method = excluded.method,
        seen_at = excluded.seen_at
        RETURNING joined_for");
    let joined_for: Option<String> = tx.one(sql, &params, |row| row.get(0)).await?;
    let is_new = joined_for.as_deref().is_none_or(|known| email_key.as_deref().is_some_and(|email| email != known));
    if is_new {
        let sql = "UPDATE actor_identity SET joined_for = COALESCE($4, joined_for, '')
            WHERE organisation_id = $1 AND provider = $2 AND provider_id = $3";
        tx.execute(sql, params![organisation.as_str(), &event.provider, &actor.id, email_key]).await?;
    }
    Ok(is_new)
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

/// The deployments of a commit whose actor was identified by the login only: their ids, and what was
/// counted of them.
pub(super) async fn deployments_by_login(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    commit: &str,
) -> Result<(Vec<String>, Vec<Removed>)> {
    let sql = "SELECT observation.id, observation.actor_id, observation.provider, observation.type,
            observation.topics, observation.occurred_at
        FROM observation_reference AS reference
        JOIN observation ON observation.id = reference.observation_id
        WHERE reference.workspace_id = $1 AND reference.kind = 'commit' AND reference.key = $2
            AND observation.provider = 'vercel' AND observation.actor_method = 'username'
            AND observation.actor_id IS NOT NULL";
    let read = |row: &Row<'_>| {
        let counted = Removed {
            actor_id: row.get(1)?,
            provider: row.get(2)?,
            event_type: row.get(3)?,
            topics: row.json(4)?,
            occurred_at: row.get(5)?,
        };
        Ok((row.get(0)?, counted))
    };
    Ok(tx.all(sql, params![workspace.as_str(), commit], read).await?.into_iter().unzip())
}

/// Sets the actor of observations to the one who was identified by a commit.
pub(super) async fn set_actor(tx: &mut Tx, observations: &[String], canonical_id: &str) -> Result<()> {
    let sql = "UPDATE observation SET actor_id = $2, actor_method = 'commit_sha' WHERE id = $1";
    let rows: Vec<_> = observations.iter().map(|id| row![id, canonical_id]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}
