//! The SQL of sources.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Select, Tx, insert, params};

use super::{LinkedResource, SealedSource, Source, SourceId};
use crate::Provider;
use crate::connections::ConnectionId;

campanile_db::columns! {
    columns, at:
    id, organisation_id, workspace_id, provider, path, created_at, previous_until,
    connection_id, resource_kind, resource_id,
    resource_name = "(SELECT name FROM connection_resource WHERE connection_resource.connection_id = source.connection_id
        AND kind = source.resource_kind AND provider_id = source.resource_id)",
}
campanile_db::columns! { sealed_columns, sealed_at after at: secret, previous_secret }

/// Inserts a source. `false` if its path is taken, or its resource linked in its workspace.
pub(super) async fn insert(tx: &mut Tx, source: &Source, sealed: &str) -> Result<bool> {
    let Source { id, organisation_id, workspace_id, provider, path, created_at, resource, .. } = source;
    let resource = resource.as_ref();
    let (sql, params) = insert!("source" {
        id: id.as_str(),
        organisation_id: organisation_id.as_str(),
        workspace_id: workspace_id.as_str(),
        provider: provider.as_str(),
        path: path,
        secret: sealed,
        created_at: *created_at,
        connection_id: resource.map(|resource| resource.connection_id.as_str()),
        resource_kind: resource.map(|resource| resource.kind.as_str()),
        resource_id: resource.map(|resource| resource.provider_id.as_str()),
    } "ON CONFLICT DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Deletes the sources of a connection, and returns them.
pub(super) async fn delete_of_connection(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
) -> Result<Vec<Source>> {
    let sql = concat!("DELETE FROM source WHERE organisation_id = $1 AND connection_id = $2 RETURNING ", columns!());
    tx.all(sql, params![organisation.as_str(), connection.as_str()], read).await
}

/// The number of sources that a connection has in all workspaces.
pub(crate) async fn number_of_connection(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
) -> Result<i64> {
    let sql = "SELECT count(*) FROM source WHERE organisation_id = $1 AND connection_id = $2";
    tx.one(sql, params![organisation.as_str(), connection.as_str()], |row| row.get(0)).await
}

/// A source, and the resource that it is.
pub(crate) struct LinkedPlace {
    pub(crate) kind: String,
    pub(crate) resource: String,
    pub(crate) source: SourceId,
    pub(crate) workspace: WorkspaceId,
}

/// The sources of a connection's resources with these ids.
pub(crate) async fn places(
    tx: &mut Tx,
    (organisation, connection): (&OrganisationId, &ConnectionId),
    resources: &[&str],
) -> Result<Vec<LinkedPlace>> {
    let sql = "SELECT resource_kind, resource_id, id, workspace_id FROM source
        WHERE organisation_id = ? AND connection_id = ?";
    Select::new(sql, [organisation.as_str(), connection.as_str()])
        .and_in("resource_id", resources.iter().copied())
        .then(" ORDER BY id")
        .all(tx, |row| {
            Ok(LinkedPlace {
                kind: row.get(0)?,
                resource: row.get(1)?,
                source: SourceId::from(row.get::<String>(2)?),
                workspace: WorkspaceId::from(row.get::<String>(3)?),
            })
        })
        .await
}

/// Deletes a source; `None` if there was none.
pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, id: &SourceId) -> Result<Option<Source>> {
    let sql = concat!("DELETE FROM source WHERE organisation_id = $1 AND id = $2 RETURNING ", columns!());
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

/// Replaces a secret; the old one is accepted until `until`. Changes nothing while an earlier one
/// is still accepted.
pub(super) async fn rotate(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &SourceId,
    sealed: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Source>> {
    let sql = concat!(
        "UPDATE source SET previous_secret = secret, previous_until = $5, secret = $3
        WHERE organisation_id = $1 AND id = $2 AND (previous_until IS NULL OR previous_until <= $4) RETURNING ",
        columns!()
    );
    tx.first(sql, params![organisation.as_str(), id.as_str(), sealed, now, until], read).await
}

/// Replaces the secret, and removes the previous one.
pub(super) async fn replace_secret(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &SourceId,
    sealed: &str,
) -> Result<Option<Source>> {
    let sql = concat!(
        "UPDATE source SET previous_secret = NULL, previous_until = NULL, secret = $3
        WHERE organisation_id = $1 AND id = $2 RETURNING ",
        columns!()
    );
    tx.first(sql, params![organisation.as_str(), id.as_str(), sealed], read).await
}

/// Removes previous secrets that are no longer accepted.
pub(crate) async fn forget_previous(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE source SET previous_secret = NULL, previous_until = NULL WHERE previous_until <= $1";
    tx.execute(sql, params![now]).await
}

/// The sources of a connection in all workspaces, oldest first.
pub async fn of_connection(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
) -> Result<Vec<Source>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM source WHERE organisation_id = $1 AND connection_id = $2 ORDER BY created_at, id"
    );
    tx.all(sql, params![organisation.as_str(), connection.as_str()], read).await
}

pub(crate) async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &SourceId) -> Result<Option<Source>> {
    let sql = concat!("SELECT ", columns!(), " FROM source WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

/// The sources of a workspace that are this resource of a provider.
pub(super) async fn of_resource(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    provider: Provider,
    (kind, id): (&str, &str),
) -> Result<Vec<Source>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM source WHERE organisation_id = $1 AND workspace_id = $2 AND provider = $3 AND resource_kind = $4
            AND resource_id = $5 ORDER BY created_at, id"
    );
    tx.all(sql, params![organisation.as_str(), workspace.as_str(), provider.as_str(), kind, id], read).await
}

pub(super) async fn list(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Source>> {
    let sql = concat!("SELECT ", columns!(), " FROM source WHERE workspace_id = $1 ORDER BY created_at, id");
    tx.all(sql, params![workspace.as_str()], read).await
}

/// The one lookup without a tenant: the path determines the owner.
pub(super) async fn at_path(tx: &mut Tx, provider: Provider, path: &str) -> Result<Option<SealedSource>> {
    let sql = concat!("SELECT ", columns!(), ", ", sealed_columns!(), " FROM source WHERE provider = $1 AND path = $2");
    tx.first(sql, params![provider.as_str(), path], |row| {
        let (source, previous): (Source, Option<String>) = (read(row)?, row.get(sealed_at::previous_secret)?);
        let previous = previous.zip(source.previous_secret_until);
        Ok(SealedSource { source, secret: row.get(sealed_at::secret)?, previous })
    })
    .await
}

/// The encrypted secret of any source, to test the vault's key with.
pub(super) async fn any_sealed(tx: &mut Tx) -> Result<Option<String>> {
    tx.first("SELECT secret FROM source LIMIT 1", params![], |row| row.get(0)).await
}

fn read(row: &Row<'_>) -> Result<Source> {
    let provider = row.get::<String>(at::provider)?;
    let resource = match row.get::<Option<String>>(at::connection_id)? {
        None => None,
        Some(connection) => Some(LinkedResource {
            connection_id: ConnectionId::from(connection),
            kind: row.get(at::resource_kind)?,
            provider_id: row.get(at::resource_id)?,
            name: row.get(at::resource_name)?,
        }),
    };
    Ok(Source {
        id: SourceId::from(row.get::<String>(at::id)?),
        organisation_id: OrganisationId::from(row.get::<String>(at::organisation_id)?),
        workspace_id: WorkspaceId::from(row.get::<String>(at::workspace_id)?),
        provider: Provider::parse(&provider).expect("only known providers are stored"),
        path: row.get(at::path)?,
        created_at: row.get(at::created_at)?,
        previous_secret_until: row.get(at::previous_until)?,
        resource,
    })
}
