//! The SQL of resources and their versions.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Range, Result, Row, Select, Tx, insert, json_text, params, ranged};
use serde_json::Value;

use super::{CurrentResource, Kind, Resource, Version, VersionFilter};

campanile_db::columns! {
    current_columns, current_at:
    key = "resource.key",
    version_id = "resource.version_id",
    is_active = "resource.is_active",
    document = "resource_version.body",
    created_at = "resource.created_at",
    updated_at = "resource.updated_at",
}
campanile_db::columns! { columns, at: key, version_id, is_active, draft, created_at, updated_at }
campanile_db::columns! { version_columns, version_at: id, place, kind, key, note, author, created_at }
campanile_db::columns! { body_columns, body_at after version_at: body }

pub(super) async fn put(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: &str,
    key: &str,
    draft: &Value,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("resource" {
        organisation_id: organisation.as_str(),
        kind: kind,
        key: key,
        is_active: false,
        draft: json_text(draft),
        created_at: now,
        updated_at: now,
    } "ON CONFLICT (organisation_id, kind, key)
        DO UPDATE SET draft = excluded.draft, updated_at = excluded.updated_at");
    tx.execute(sql, &params).await
}

pub(super) async fn set_version(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: &str,
    key: &str,
    version: &str,
) -> Result<u64> {
    let sql = "UPDATE resource SET version_id = $4 WHERE organisation_id = $1 AND kind = $2 AND key = $3";
    tx.execute(sql, params![organisation.as_str(), kind, key, version]).await
}

pub(super) async fn set_active(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: &str,
    key: &str,
    is_active: bool,
) -> Result<u64> {
    let sql = "UPDATE resource SET is_active = $4 WHERE organisation_id = $1 AND kind = $2 AND key = $3";
    tx.execute(sql, params![organisation.as_str(), kind, key, is_active]).await
}

pub(super) async fn get(tx: &mut Tx, organisation: &OrganisationId, kind: &str, key: &str) -> Result<Option<Resource>> {
    let sql = concat!("SELECT ", columns!(), " FROM resource WHERE organisation_id = $1 AND kind = $2 AND key = $3");
    tx.first(sql, params![organisation.as_str(), kind, key], read).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: &str,
    range: &Range,
) -> Result<Vec<Resource>> {
    let sql = ranged!(range, "key", "SELECT ", columns!(), " FROM resource WHERE organisation_id = $1 AND kind = $5");
    tx.all(sql, params![organisation.as_str(), &range.low, &range.high, range.limit, kind], read).await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, kind: &str, key: &str) -> Result<u64> {
    let sql = "DELETE FROM resource WHERE organisation_id = $1 AND kind = $2 AND key = $3";
    tx.execute(sql, params![organisation.as_str(), kind, key]).await
}

pub(super) async fn insert_version(
    tx: &mut Tx,
    organisation: &OrganisationId,
    version: &Version,
    document: &Value,
) -> Result<u64> {
    let (sql, params) = insert!("resource_version" {
        organisation_id: organisation.as_str(),
        id: &version.id,
        place: &version.place,
        kind: &version.kind,
        key: &version.key,
        body: json_text(document),
        note: &version.note,
        author: &version.author,
        created_at: version.created_at,
    });
    tx.execute(sql, &params).await
}

/// A version, with its document.
pub(super) async fn version(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<(Version, Value)>> {
    let sql = concat!(
        "SELECT ",
        version_columns!(),
        ", ",
        body_columns!(),
        " FROM resource_version WHERE organisation_id = $1 AND id = $2"
    );
    tx.first(sql, params![organisation.as_str(), id], |row| Ok((read_version(row)?, row.json(body_at::body)?))).await
}

pub(super) async fn versions(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &VersionFilter,
    range: &Range,
) -> Result<Vec<Version>> {
    let sql = concat!("SELECT ", version_columns!(), " FROM resource_version WHERE organisation_id = ?");
    Select::new(sql, [organisation.as_str()])
        .and_if("kind = ?", filter.kind.map(Kind::as_str))
        .and_if("key = ?", filter.key.as_deref())
        .ranged("place", range)
        .all(tx, read_version)
        .await
}

fn read(row: &Row<'_>) -> Result<Resource> {
    Ok(Resource {
        key: row.get(at::key)?,
        version_id: row.get(at::version_id)?,
        is_active: row.get(at::is_active)?,
        draft: row.json(at::draft)?,
        created_at: row.get(at::created_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}

fn read_version(row: &Row<'_>) -> Result<Version> {
    Ok(Version {
        id: row.get(version_at::id)?,
        place: row.get(version_at::place)?,
        kind: row.get(version_at::kind)?,
        key: row.get(version_at::key)?,
        note: row.get(version_at::note)?,
        author: row.get(version_at::author)?,
        created_at: row.get(version_at::created_at)?,
    })
}

/// Resources of a kind with their current versions.
pub(super) async fn current(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: &str,
    key: Option<&str>,
    range: &Range,
) -> Result<Vec<CurrentResource>> {
    let sql = concat!(
        "SELECT ",
        current_columns!(),
        " FROM resource JOIN resource_version ON resource_version.organisation_id = resource.organisation_id
            AND resource_version.id = resource.version_id
        WHERE resource.organisation_id = ? AND resource.kind = ?"
    );
    Select::new(sql, [organisation.as_str(), kind])
        .and_if("resource.key = ?", key)
        .ranged("resource.key", range)
        .all(tx, |row| {
            Ok(CurrentResource {
                key: row.get(current_at::key)?,
                version_id: row.get(current_at::version_id)?,
                is_active: row.get(current_at::is_active)?,
                document: row.json(current_at::document)?,
                created_at: row.get(current_at::created_at)?,
                updated_at: row.get(current_at::updated_at)?,
            })
        })
        .await
}

/// The current versions of a kind: keys and documents.
pub(super) async fn counting(tx: &mut Tx, organisation: &OrganisationId, kind: &str) -> Result<Vec<(String, Value)>> {
    let sql = "SELECT resource.key, resource_version.body FROM resource
        JOIN resource_version ON resource_version.organisation_id = resource.organisation_id
            AND resource_version.id = resource.version_id
        WHERE resource.organisation_id = $1 AND resource.kind = $2 ORDER BY resource.key LIMIT 1000";
    tx.all(sql, params![organisation.as_str(), kind], |row| Ok((row.get(0)?, row.json(1)?))).await
}
