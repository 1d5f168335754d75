//! Actors: the people behind events, under one name across providers.
//!
//! The name is `{provider}:{id}`. Vercel knows its authors only by their GitHub login, so they are
//! mapped to GitHub users: by a commit that a GitHub push has named, otherwise by the login. If the
//! push arrives after the deployment, the deployment's actor is corrected.

mod queries;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{ReferenceKind, SourceEvent};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;

/// An actor, and the method by which they were identified.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) canonical_id: String,
    /// `github_id`, `commit_sha`, `username` or `none`.
    pub(crate) method: &'static str,
}

/// Identifies the actor of an event, and records their activity.
pub(crate) async fn resolve(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    event: &SourceEvent,
    now: Timestamp,
) -> Result<Option<Resolved>> {
    let Some(actor) = &event.actor else { return Ok(None) };
    let commit = event.references.iter().find(|reference| reference.kind == ReferenceKind::Commit);
    let commit = commit.and_then(|reference| reference.key.as_deref());
    let resolved = match event.provider.as_str() {
        "github" => Resolved { canonical_id: format!("github:{}", actor.id), method: "github_id" },
        "vercel" => vercel_author(tx, organisation, workspace, &actor.name, commit).await?,
        provider => Resolved { canonical_id: format!("{provider}:{}", actor.id), method: "none" },
    };
    queries::upsert_identity(tx, organisation, &event.provider, actor, &resolved.canonical_id, now).await?;
    queries::upsert_profile(tx, workspace, &resolved.canonical_id, actor, event.occurred_at).await?;
    if let ("push", Some(commit)) = (event.event_type.as_str(), commit) {
        let deployments = queries::deployments_by_login(tx, workspace, commit).await?;
        queries::set_actor(tx, &deployments, &resolved.canonical_id).await?;
    }
    Ok(Some(resolved))
}

async fn vercel_author(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    login: &str,
    commit: Option<&str>,
) -> Result<Resolved> {
    if let Some(commit) = commit
        && let Some(canonical_id) = queries::pusher_of(tx, workspace, commit).await?
    {
        return Ok(Resolved { canonical_id, method: "commit_sha" });
    }
    let known = queries::by_username(tx, organisation, "github", login).await?;
    Ok(Resolved { canonical_id: known.unwrap_or_else(|| format!("github:{login}")), method: "username" })
}
