//! Sources: the addresses that a provider delivers to, each with its workspace and its signing
//! secret.
//!
//! A source's path is part of the address that is given to the provider. A generated path cannot be
//! guessed. The path is not a secret: unsigned requests are refused.
//!
//! A source is set up by hand, or is linked: then it is a resource of a [connection](crate::connections)
//! that was chosen in a workspace. A linked source has a path and a secret as well, so that webhooks
//! can be sent to it; its secret is shown when it is [replaced](rotate).
//!
//! A source that is removed sends the engine's event [`SOURCE_DISCONNECTED`], and one that is linked
//! sends [`SOURCE_LINKED`], in the same transaction.

mod queries;

use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, Permission, Workspace, WorkspaceId};
use campanile_base::{Clock, Error, Result, Secret, Thing, Timestamp, Vault, random_token};
use campanile_db::Tx;
use campanile_engine::{Engine, NewEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::connections::{Connection, ConnectionId, Resource};
use crate::{Provider, apps};

pub use queries::of_connection;
pub(crate) use queries::{LinkedPlace, forget_previous, number_of_connection, places};

/// The engine's event of a source that was linked.
pub const SOURCE_LINKED: &str = "source.linked";
/// The engine's event of a source that was removed.
pub const SOURCE_DISCONNECTED: &str = "source.disconnected";

campanile_base::id_type!(
    /// One source.
    pub SourceId, "src"
);

/// A source, as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Source {
    /// Its id.
    #[schema(value_type = String)]
    pub id: SourceId,
    /// The owner.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The workspace that receives its observations.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// The provider that sends to it.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The last part of the address that deliveries are sent to.
    pub path: String,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time until which the previous secret is accepted as well.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub previous_secret_until: Option<Timestamp>,
    /// The resource that is linked; `null` for a source that was set up by hand.
    pub resource: Option<LinkedResource>,
}

/// The resource of a connection that a source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkedResource {
    /// The connection.
    #[schema(value_type = String)]
    pub connection_id: ConnectionId,
    /// The kind, such as `team`.
    pub kind: String,
    /// The provider's id of it.
    pub provider_id: String,
    /// Its name at the provider, as it was last listed.
    pub name: Option<String>,
}

/// The data of [`SOURCE_LINKED`] and [`SOURCE_DISCONNECTED`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceEventData {
    /// The source.
    pub source: String,
    /// Its workspace.
    pub workspace: String,
    /// Its connection; `None` for one that was set up by hand.
    pub connection: Option<String>,
    /// The kind of its resource.
    pub kind: Option<String>,
    /// The provider's id of its resource.
    pub resource: Option<String>,
    /// True if the documents of a removed source are to be deleted as well.
    #[serde(default)]
    pub delete_documents: bool,
    /// True if everything that a removed source has brought is to be deleted.
    #[serde(default)]
    pub delete_data: bool,
}

/// The fate of the documents of a source that is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// They stay, and are searched as before.
    Keep,
    /// They are deleted, soon after.
    Delete,
    /// They are deleted with everything else that the source has brought: its deliveries, and what those
    /// told.
    DeleteWithAll,
}

/// The input to create a source.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// The provider that sends to it.
    pub provider: Provider,
    /// The path; generated if absent.
    pub path: Option<String>,
    /// The secret that the provider signs with; generated if absent.
    pub secret: Option<Secret>,
}

/// The time for which a replaced secret is still accepted.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);
/// The minimum length of a secret, in characters.
const SHORTEST_SECRET: usize = 8;

/// A source with its encrypted secret, and the previous one with the time until which it is
/// accepted.
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

/// Creates a source. Its secret is returned once and cannot be read again.
///
/// # Errors
/// `Conflict` when the path is taken, `Invalid` for a malformed path, `InvalidField` when the
/// secret is too short.
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
    let path = new.path.unwrap_or_else(new_path);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if path.is_empty() || path.len() > 64 || !path.chars().all(plain) {
        return Err(Error::invalid("a path must be 1 to 64 letters, digits, dots, dashes or underscores"));
    }
    let is_of_server = new.provider == Provider::Github && path == apps::PATH_OF_SERVER;
    if is_of_server || apps::queries::at_path(tx, new.provider, &path).await?.is_some() {
        return Err(Error::conflict(format!("the path {path:?} is taken by an app")));
    }
    let source = Source {
        id: SourceId::new(clock.now()),
        organisation_id: caller.organisation.clone(),
        workspace_id: workspace.id.clone(),
        provider: new.provider,
        path,
        created_at: clock.now(),
        previous_secret_until: None,
        resource: None,
    };
    if !queries::insert(tx, &source, &vault.seal(&secret)).await? {
        return Err(Error::conflict(format!("the path {:?} is taken", source.path)));
    }
    let about = json!({ "provider": source.provider, "path": source.path });
    activity::record(tx, clock, caller, Action::SourceCreated, source.id.as_str(), about).await?;
    Ok((source, secret))
}

fn new_path() -> String {
    random_token("")[..22].to_owned()
}

/// Creates the source of a connection's resource in a workspace. `None` if it is linked there already.
pub(crate) async fn create_linked(
    tx: &mut Tx,
    (engine, clock, vault): (&Engine, &Clock, &Vault),
    caller: &Caller,
    workspace: &Workspace,
    connection: &Connection,
    resource: &Resource,
) -> Result<Option<Source>> {
    let linked = LinkedResource {
        connection_id: connection.id.clone(),
        kind: resource.kind.clone(),
        provider_id: resource.provider_id.clone(),
        name: Some(resource.name.clone()),
    };
    let source = Source {
        id: SourceId::new(clock.now()),
        organisation_id: caller.organisation.clone(),
        workspace_id: workspace.id.clone(),
        provider: connection.provider,
        path: new_path(),
        created_at: clock.now(),
        previous_secret_until: None,
        resource: Some(linked),
    };
    if !queries::insert(tx, &source, &vault.seal(&checked(None)?)).await? {
        return Ok(None);
    }
    let about = json!({
        "provider": source.provider, "connection": connection.id, "account": connection.account_label,
        "kind": resource.kind, "resource": resource.provider_id, "name": resource.name,
    });
    activity::record(tx, clock, caller, Action::SourceLinked, source.id.as_str(), about).await?;
    send(tx, engine, SOURCE_LINKED, &source, Documents::Keep).await?;
    Ok(Some(source))
}

async fn send(tx: &mut Tx, engine: &Engine, name: &str, source: &Source, documents: Documents) -> Result<()> {
    let resource = source.resource.as_ref();
    let data = SourceEventData {
        source: source.id.to_string(),
        workspace: source.workspace_id.to_string(),
        connection: resource.map(|resource| resource.connection_id.to_string()),
        kind: resource.map(|resource| resource.kind.clone()),
        resource: resource.map(|resource| resource.provider_id.clone()),
        delete_documents: documents != Documents::Keep,
        delete_data: documents == Documents::DeleteWithAll,
    };
    engine.send(tx, NewEvent::new(name, source.organisation_id.as_str(), &data)).await?;
    Ok(())
}

/// The treatment of the old secret when it is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// It is accepted for one more day, so that no delivery is refused while the provider's setting
    /// is changed.
    Day,
    /// It is refused at once, and so is the previous one. For a secret that may have leaked.
    None,
}

/// Replaces a source's secret. A new one is generated if absent.
///
/// # Errors
/// `NotFound` for another organisation's source; `InvalidField` when the secret is too short;
/// `Conflict` while the previous secret is still accepted. The provider may still use that one, so
/// a repeated request must not end it.
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
        let source = find(tx, &caller.organisation, id).await?;
        let until = source.previous_secret_until.map(|until| until.to_string()).unwrap_or_default();
        return Err(Error::conflict(format!(
            "the secret before is taken until {until}; to end that and the present one now, say \"overlap\": false"
        )));
    };
    let about = json!({ "previous_secret_until": source.previous_secret_until });
    activity::record(tx, clock, caller, Action::SourceSecretRotated, id.as_str(), about).await?;
    Ok((source, secret))
}

/// Deletes a source. New deliveries to its path are refused; stored ones stay.
///
/// # Errors
/// `NotFound` for another organisation's source.
pub async fn delete(
    tx: &mut Tx,
    (engine, clock): (&Engine, &Clock),
    caller: &Caller,
    id: &SourceId,
    documents: Documents,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    let source = queries::delete(tx, &caller.organisation, id).await?.ok_or(Error::NotFound(Thing::Source))?;
    after_deletion(tx, (engine, clock), caller, &source, documents).await
}

/// Deletes the linked sources of a connection.
pub(crate) async fn delete_of_connection(
    tx: &mut Tx,
    (engine, clock): (&Engine, &Clock),
    by: &Caller,
    connection: &ConnectionId,
    documents: Documents,
) -> Result<()> {
    for source in queries::delete_of_connection(tx, &by.organisation, connection).await? {
        after_deletion(tx, (engine, clock), by, &source, documents).await?;
    }
    Ok(())
}

async fn after_deletion(
    tx: &mut Tx,
    (engine, clock): (&Engine, &Clock),
    by: &Caller,
    source: &Source,
    documents: Documents,
) -> Result<()> {
    let name = source.resource.as_ref().and_then(|resource| resource.name.as_deref());
    let about = json!({ "provider": source.provider, "path": source.path, "name": name });
    activity::record(tx, clock, by, Action::SourceDeleted, source.id.as_str(), about).await?;
    send(tx, engine, SOURCE_DISCONNECTED, source, documents).await
}

/// The source with this id.
///
/// # Errors
/// `NotFound` for another organisation's source.
pub async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &SourceId) -> Result<Source> {
    queries::find(tx, organisation, id).await?.ok_or(Error::NotFound(Thing::Source))
}

/// The source with this id; `None` if the organisation has no such source, or none any more.
pub async fn find_any(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &SourceId,
) -> campanile_db::Result<Option<Source>> {
    queries::find(tx, organisation, id).await
}

/// The sources of a workspace that are this resource of a provider.
pub async fn of_resource(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    provider: Provider,
    (kind, id): (&str, &str),
) -> Result<Vec<Source>> {
    Ok(queries::of_resource(tx, (organisation, workspace), provider, (kind, id)).await?)
}

/// The sources of a workspace, oldest first.
pub async fn list(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Source>> {
    Ok(queries::list(tx, workspace).await?)
}

/// The source at a path with its sealed secrets.
pub(crate) async fn at_path(tx: &mut Tx, provider: Provider, path: &str) -> campanile_db::Result<Option<SealedSource>> {
    queries::at_path(tx, provider, path).await
}

/// The encrypted secret of any source, to test the vault's key with.
pub async fn any_sealed(tx: &mut Tx) -> campanile_db::Result<Option<String>> {
    queries::any_sealed(tx).await
}
