//! Actors: the accounts behind events, under one name across providers.
//!
//! A [person](crate::people) may have several of them. The name is `{provider}:{id}`. Vercel knows its
//! authors only by their GitHub login, so they are mapped to GitHub users: by a commit that a GitHub push
//! has named, otherwise by the login. If the push arrives after the deployment, the deployment's actor is
//! corrected, and its counts are moved.

mod queries;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{ReferenceKind, SourceEvent};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;

use crate::observations::{Draft, ObservedActor};
use crate::people::{links, profiles};

/// An actor, and the method by which they were identified.
#[derive(Debug)]
struct Resolved {
    canonical_id: String,
    /// `github_id`, `commit_sha`, `username` or `none`.
    method: &'static str,
}

/// Identifies the actor of an observation, and records their activity. The caller holds the lock of
/// the workspace.
pub(crate) async fn resolve(tx: &mut Tx, draft: &mut Draft<'_>, now: Timestamp) -> Result<()> {
    let (event, organisation, workspace) = (draft.event, draft.organisation, draft.observation.workspace_id.clone());
    let Some(actor) = &event.actor else { return Ok(()) };
    let commit = event.references.iter().find(|reference| reference.kind == ReferenceKind::Commit);
    let commit = commit.and_then(|reference| reference.key.as_deref());
    let Resolved { canonical_id, method } = match event.provider.as_str() {
        "github" => Resolved { canonical_id: format!("github:{}", actor.id), method: "github_id" },
        "vercel" => vercel_author(tx, organisation, &workspace, &actor.name, commit).await?,
        provider => Resolved { canonical_id: format!("{provider}:{}", actor.id), method: "none" },
    };
    // An account of the provider itself is told by the event, not found by a method.
    let found = if event.provider == "vercel" { method } else { "webhook" };
    let is_new = queries::upsert_identity(tx, organisation, event, actor, (&canonical_id, found), now).await?;
    if is_new {
        join(tx, organisation, event, &canonical_id, now).await?;
    }
    profiles::record(tx, draft, &canonical_id, actor).await?;
    if let ("push", Some(commit)) = (event.event_type.as_str(), commit) {
        let (ids, moved) = queries::deployments_by_login(tx, &workspace, commit).await?;
        if !ids.is_empty() {
            queries::set_actor(tx, &ids, &canonical_id).await?;
            profiles::move_to(tx, &workspace, &moved, &canonical_id, actor).await?;
        }
    }
    draft.actor_method = method;
    draft.observation.actor = Some(ObservedActor { actor_id: canonical_id, told: actor.clone() });
    Ok(())
}

/// Joins an account with the person it belongs to, when it is new or its mail address is.
async fn join(
    tx: &mut Tx,
    organisation: &OrganisationId,
    event: &SourceEvent,
    canonical_id: &str,
    now: Timestamp,
) -> Result<()> {
    let Some(actor) = &event.actor else { return Ok(()) };
    if event.provider == "github" {
        links::join_login(tx, organisation, &actor.name, canonical_id, now).await?;
    }
    match links::email_key(actor.email.as_deref()) {
        Some(email) => links::join_by_email(tx, organisation, &event.provider, canonical_id, &email, now).await,
        None => Ok(()),
    }
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
