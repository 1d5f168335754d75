//! The SQL of resources.

use campanile_accounts::OrganisationId;
use campanile_base::{PageSize, Timestamp};
use campanile_db::{Result, Row, Select, Tx, containing, insert, params};

use super::super::ConnectionId;
use super::Resource;

campanile_db::columns! { columns, at: kind, provider_id, name, url, is_private, is_archived, status, listed_at }

/// Stores a resource that the provider has listed, unless something newer is known of it.
pub(crate) async fn put(
    tx: &mut Tx,
    (organisation, connection): (&OrganisationId, &ConnectionId),
    resource: &Resource,
) -> Result<u64> {
    let (sql, params) = insert!("connection_resource" {
        organisation_id: organisation.as_str(),
        connection_id: connection.as_str(),
        kind: &resource.kind,
        provider_id: &resource.provider_id,
        name: &resource.name,
        name_key: resource.name.to_lowercase(),
        first_name: &resource.name,
        url: resource.url.as_deref(),
        is_private: resource.is_private,
        is_archived: resource.is_archived,
        status: &resource.status,
        listed_at: resource.listed_at,
    } "ON CONFLICT (connection_id, kind, provider_id) DO UPDATE SET name = excluded.name,
        name_key = excluded.name_key, url = excluded.url, is_private = excluded.is_private,
        is_archived = excluded.is_archived, status = excluded.status, listed_at = excluded.listed_at
        WHERE connection_resource.listed_at <= excluded.listed_at");
    tx.execute(sql, &params).await
}

/// Makes a resource inactive that the account does not have any more.
pub(crate) async fn retire_one(
    tx: &mut Tx,
    (organisation, connection): (&OrganisationId, &ConnectionId),
    (kind, provider_id): (&str, &str),
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE connection_resource SET status = 'inactive', listed_at = $5
        WHERE organisation_id = $1 AND connection_id = $2 AND kind = $3 AND provider_id = $4";
    tx.execute(sql, params![organisation.as_str(), connection.as_str(), kind, provider_id, now]).await
}

/// Makes resources inactive that were last listed before a time.
pub(crate) async fn retire(
    tx: &mut Tx,
    (organisation, connection): (&OrganisationId, &ConnectionId),
    before: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE connection_resource SET status = 'inactive'
        WHERE organisation_id = $1 AND connection_id = $2 AND listed_at < $3 AND status = 'active'";
    tx.execute(sql, params![organisation.as_str(), connection.as_str(), before]).await
}

/// Removes the resources of a connection.
pub(crate) async fn forget_all(tx: &mut Tx, organisation: &OrganisationId, connection: &ConnectionId) -> Result<u64> {
    let sql = "DELETE FROM connection_resource WHERE organisation_id = $1 AND connection_id = $2";
    tx.execute(sql, params![organisation.as_str(), connection.as_str()]).await
}

/// A resource of a connection.
pub(crate) async fn find(
    tx: &mut Tx,
    (organisation, connection): (&OrganisationId, &ConnectionId),
    (kind, provider_id): (&str, &str),
) -> Result<Option<Resource>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM connection_resource WHERE organisation_id = $1 AND connection_id = $2 AND kind = $3 AND provider_id = $4"
    );
    tx.first(sql, params![organisation.as_str(), connection.as_str(), kind, provider_id], read).await
}

pub(super) async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
    search: Option<&str>,
    after: Option<(String, String)>,
    size: PageSize,
) -> Result<Vec<Resource>> {
    let sql =
        concat!("SELECT ", columns!(), " FROM connection_resource WHERE organisation_id = ? AND connection_id = ?");
    let mut select = Select::new(sql, [organisation.as_str(), connection.as_str()])
        .and_if("name_key LIKE ? ESCAPE '\\'", search.map(containing));
    if let Some((name, id)) = after {
        select = select.and_with("(name_key, provider_id) > (?, ?)", [name, id]);
    }
    select.then_with(" ORDER BY name_key, provider_id LIMIT ?", [size.to_fetch()]).all(tx, read).await
}

fn read(row: &Row<'_>) -> Result<Resource> {
    Ok(Resource {
        kind: row.get(at::kind)?,
        provider_id: row.get(at::provider_id)?,
        name: row.get(at::name)?,
        url: row.get(at::url)?,
        is_private: row.get(at::is_private)?,
        is_archived: row.get(at::is_archived)?,
        status: row.get(at::status)?,
        listed_at: row.get(at::listed_at)?,
    })
}
