//! Memory keys: read the memory of one workspace, for assistants and other programs.
//!
//! A key is `mk_` and 43 characters, and is shown once. Only its SHA-256 and its first characters
//! are stored. It opens the searches of its workspace and the tools for assistants. Whoever steals
//! it can change nothing, and learns nothing of other workspaces.

mod queries;

use campanile_base::{Clock, Error, Result, Secret, Thing, Timestamp, new_id, random_token, sha256_hex};
use campanile_db::{Db, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::{Actor, Caller, OrganisationId, Permission, Role, WorkspaceId, keys, organisations};

const PREFIX: &str = "mk_";
/// The number of characters of a key that may be shown.
const SHOWN: usize = 7;

/// A key, as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MemoryKey {
    /// Its id.
    pub id: String,
    /// Its purpose.
    pub name: String,
    /// The workspace that it reads.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// Its first characters.
    pub prefix: String,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time of its last use, up to an hour before the latest; `null` if it was never used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

/// The holder of a memory key.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The holder as a caller with the lowest role.
    pub caller: Caller,
    /// The workspace that they may read.
    pub workspace: WorkspaceId,
}

/// True for a text that looks like a memory key.
pub fn is_memory_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Creates a key. The key itself is returned once and cannot be read again.
///
/// # Errors
/// `Invalid` for a name outside 1 to 100 characters, `NotFound` for another organisation's
/// workspace, `Forbidden` for anyone but an owner.
pub async fn create(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<(MemoryKey, Secret)> {
    caller.must(Permission::Administer)?;
    keys::check_name(name)?;
    let workspace = organisations::workspace(tx, workspace).await?;
    if workspace.organisation_id != caller.organisation {
        return Err(Error::NotFound(Thing::Workspace));
    }
    let secret = Secret::new(random_token(PREFIX));
    let now = clock.now();
    let key = MemoryKey {
        id: new_id("key", now),
        name: name.to_owned(),
        workspace_id: workspace.id,
        prefix: secret.expose().chars().take(SHOWN).collect(),
        created_at: now,
        last_used_at: None,
    };
    queries::insert(tx, &caller.organisation, &key, &sha256_hex(secret.expose())).await?;
    let about = serde_json::json!({ "name": name, "prefix": key.prefix, "workspace_id": key.workspace_id });
    activity::record(tx, clock, caller, Action::KeyCreated, &key.id, about).await?;
    Ok((key, secret))
}

/// Revokes a key, at once.
///
/// # Errors
/// `NotFound` when it belongs to another organisation, or is revoked already.
pub async fn revoke(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    caller.must(Permission::Administer)?;
    if !queries::revoke(tx, &caller.organisation, id, clock.now()).await? {
        return Err(Error::NotFound(Thing::Key));
    }
    activity::record(tx, clock, caller, Action::KeyRevoked, id, serde_json::json!({})).await
}

/// The keys that are not revoked, oldest first.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<MemoryKey>> {
    Ok(queries::list(tx, organisation).await?)
}

/// Records the use of a key.
pub async fn used(tx: &mut Tx, id: &str, now: Timestamp) -> Result<()> {
    queries::used(tx, id, now).await?;
    Ok(())
}

/// Looks up the holder of a key.
///
/// # Errors
/// `Unauthenticated` for an unknown or revoked key.
pub async fn recognise(db: &Db, key: &str) -> Result<Holder> {
    let hash = sha256_hex(key);
    let found = db.read(move |tx| Box::pin(async move { queries::by_hash(tx, &hash).await })).await?;
    let (id, organisation, workspace) = found.ok_or(Error::Unauthenticated("this memory key is not known"))?;
    Ok(Holder { caller: Caller { organisation, actor: Actor::Key(id), role: Role::Staff }, workspace })
}
