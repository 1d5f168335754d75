//! Sources: where a provider's deliveries arrive, for which workspace, signed with which secret.
//!
//! A source's path is part of the address that is given to the provider. It is unguessable unless
//! it was chosen, and is no secret: what is not signed is refused.

mod queries;

use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, Permission, Workspace, WorkspaceId};
use campanile_base::{Clock, Error, Result, Secret, Timestamp, Vault, random_token};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Provider;

pub(crate) use queries::forget_previous;

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
    /// Until when the secret before the present one is taken as well.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub previous_secret_until: Option<Timestamp>,
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

/// The time for which a secret is taken after it was replaced.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);
/// The fewest characters of a secret.
const SHORTEST_SECRET: usize = 8;

/// A source with what its deliveries may be signed with: its secret, and for a while the one before, both sealed.
#[derive(Debug, Clone)]
pub(crate) struct SealedSource {
    pub(crate) source: Source,
    pub(crate) secret: String,
    pub(crate) previous: Option<(String, Timestamp)>,
}

fn checked(secret: Option<Secret>) -> Result<Secret> {
    match secret {
        Some(secret) if secret.expose().chars().count() < SHORTEST_SECRET => {
            Err(Error::invalid_field("secret", format!("must have at least {SHORTEST_SECRET} characters")))
        }
        Some(secret) => Ok(secret),
        None => Ok(Secret::new(random_token(""))),
    }
}

/// Makes a source. Its secret is returned once and cannot be had again.
///
/// # Errors
/// `Conflict` when the path is taken, `Invalid` when it cannot be part of an address or the secret is too short.
pub async fn create(
    tx: &mut Tx,
    clock: &Clock,
    vault: &Vault,
    caller: &Caller,
    workspace: &Workspace,
    new: NewSource,
) -> Result<(Source, Secret)> {
    caller.must(Permission::Configure)?;
    let secret = checked(new.secret)?;
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
        previous_secret_until: None,
    };
    if !queries::insert(tx, &source, &vault.seal(&secret)).await? {
        return Err(Error::conflict(format!("the path {:?} is taken", source.path)));
    }
    let about = serde_json::json!({ "provider": source.provider, "path": source.path });
    activity::record(tx, clock, caller, Action::SourceCreated, source.id.as_str(), about).await?;
    Ok((source, secret))
}

/// The fate of a source's secret when it is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// It is taken for a day more, so that nothing is refused while the provider's setting is changed.
    Day,
    /// It is refused at once, and the one before it as well: somebody else may know it.
    None,
}

/// Replaces a source's secret, by one that is made up when absent.
///
/// # Errors
/// `NotFound` for another organisation's source; `InvalidField` when the secret is too short; `Conflict` while the secret
/// before is still taken, since the provider may use it: a request that is repeated shuts nobody out.
pub async fn rotate(
    tx: &mut Tx,
    clock: &Clock,
    vault: &Vault,
    caller: &Caller,
    id: &SourceId,
    secret: Option<Secret>,
    overlap: Overlap,
) -> Result<(Source, Secret)> {
    caller.must(Permission::Configure)?;
    let (secret, now) = (checked(secret)?, clock.now());
    let sealed = vault.seal(&secret);
    let rotated = match overlap {
        Overlap::Day => queries::rotate(tx, &caller.organisation, id, &sealed, now, now.plus(OVERLAP)).await?,
        Overlap::None => queries::replace_secret(tx, &caller.organisation, id, &sealed).await?,
    };
    let Some(source) = rotated else {
        let source = queries::find(tx, &caller.organisation, id).await?.ok_or(Error::NotFound("source"))?;
        let until = source.previous_secret_until.map(|until| until.to_string()).unwrap_or_default();
        return Err(Error::conflict(format!(
            "the secret before is taken until {until}; to end that and the present one now, say \"overlap\": false"
        )));
    };
    let about = serde_json::json!({ "previous_secret_until": source.previous_secret_until });
    activity::record(tx, clock, caller, Action::SourceSecretRotated, id.as_str(), about).await?;
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

/// The source at a path with its sealed secrets.
pub(crate) async fn at_path(tx: &mut Tx, provider: Provider, path: &str) -> campanile_db::Result<Option<SealedSource>> {
    queries::at_path(tx, provider, path).await
}

/// Any source's sealed secret, to try a key on.
///
/// # Errors
/// What the database says.
pub async fn any_sealed(tx: &mut Tx) -> campanile_db::Result<Option<String>> {
    queries::any_sealed(tx).await
}
