//! Sources: where a provider's deliveries arrive, for which workspace, signed with which secret.
//!
//! A source's path is part of the address that is given to the provider. It is unguessable unless
//! it was chosen, and is no secret: what is not signed is refused.

mod queries;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, Permission, Workspace, WorkspaceId};
use campanile_base::{Clock, Error, Result, Secret, Timestamp, Vault, random_token};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Provider;

campanile_base::id_type!(
    /// One source.
    pub SourceId, "src"
);

/// One connected thing of a connector, as it is listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Source {
    /// Its id.
    #[schema(value_type = String)]
    pub id: SourceId,
    /// Whose it is.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Where its observations go.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// Who sends.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The last part of the address that deliveries are sent to.
    pub path: String,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A source to be made.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// Who sends.
    pub provider: Provider,
    /// The path; made up when absent.
    pub path: Option<String>,
    /// The secret that the provider signs with; made up when absent.
    pub secret: Option<Secret>,
}

/// Makes a source. Its secret is returned once and cannot be had again.
///
/// # Errors
/// `Conflict` when the path is taken, `Invalid` when it cannot be part of an address.
pub async fn create(
    tx: &mut Tx,
    clock: &Clock,
    vault: &Vault,
    caller: &Caller,
    workspace: &Workspace,
    new: NewSource,
) -> Result<(Source, Secret)> {
    caller.must(Permission::Configure)?;
    let secret = new.secret.unwrap_or_else(|| Secret::new(random_token("")));
    let path = new.path.unwrap_or_else(|| random_token("")[..22].to_owned());
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if path.is_empty() || path.len() > 64 || !path.chars().all(plain) {
        return Err(Error::invalid("a path must be 1 to 64 letters, digits, dots, dashes or underscores"));
    }
    let source = Source {
        id: SourceId::new(clock.now()),
        organisation_id: caller.organisation.clone(),
        workspace_id: workspace.id.clone(),
        provider: new.provider,
        path,
        created_at: clock.now(),
    };
    if !queries::insert(tx, &source, &vault.seal(&secret)).await? {
        return Err(Error::conflict(format!("the path {:?} is taken", source.path)));
    }
    let about = serde_json::json!({ "provider": source.provider, "path": source.path });
    activity::record(tx, clock, caller, Action::SourceCreated, source.id.as_str(), about).await?;
    Ok((source, secret))
}

/// Removes a source, and answers what it was: what is sent to its path from now on is refused; what came stays.
///
/// # Errors
/// `NotFound` for another organisation's source.
pub async fn delete(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &SourceId) -> Result<Source> {
    caller.must(Permission::Configure)?;
    let source = queries::delete(tx, &caller.organisation, id).await?.ok_or(Error::NotFound("source"))?;
    activity::record(tx, clock, caller, Action::SourceDeleted, id.as_str(), serde_json::json!({})).await?;
    Ok(source)
}

/// The sources of a workspace, oldest first.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Source>> {
    Ok(queries::list(tx, workspace).await?)
}

/// The source at a path and its sealed secret.
pub(crate) async fn at_path(
    tx: &mut Tx,
    provider: Provider,
    path: &str,
) -> campanile_db::Result<Option<(Source, String)>> {
    queries::at_path(tx, provider, path).await
}

/// Any source's sealed secret, to try a key on.
///
/// # Errors
/// What the database says.
pub async fn any_sealed(tx: &mut Tx) -> campanile_db::Result<Option<String>> {
    queries::any_sealed(tx).await
}
