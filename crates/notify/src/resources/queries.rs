//! The SQL of resources and their versions.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Range, Result, Row, Tx, params, ranged};
use serde_json::Value;

use super::{Resource, Version};

pub(super) async fn put(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: &str,
    key: &str,
    draft: &Value,
    now: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO resource (organisation_id, kind, key, is_active, draft, created_at, updated_at)
        VALUES ($1, $2, $3, FALSE, $4, $5, $5) ON CONFLICT (organisation_id, kind, key)
        DO UPDATE SET draft = excluded.draft, updated_at = excluded.updated_at";
    tx.execute(sql, params![organisation.as_str(), kind, key, draft.to_string(), now]).await
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
    let sql = "SELECT key, version_id, is_active, draft, created_at, updated_at FROM resource
        WHERE organisation_id = $1 AND kind = $2 AND key = $3";
    tx.first(sql, params![organisation.as_str(), kind, key], read).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: &str,
    range: &Range,
) -> Result<Vec<Resource>> {
    let sql = ranged!(
        range,
        "key",
        "SELECT key, version_id, is_active, draft, created_at, updated_at FROM resource
         WHERE organisation_id = $1 AND kind = $5"
    );
    tx.all(sql, params![organisation.as_str(), &range.low, &range.high, range.limit, kind], read).await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, kind: &str, key: &str) -> Result<u64> {
    let sql = "DELETE FROM resource WHERE organisation_id = $1 AND kind = $2 AND key = $3";
    tx.execute(sql, params![organisation.as_str(), kind, key]).await
}

pub(super) async fn insert_version(tx: &mut Tx, organisation: &OrganisationId, version: &Version) -> Result<u64> {
    let sql = "INSERT INTO resource_version (organisation_id, id, place, kind, key, body, note, author, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let params = params![
        organisation.as_str(),
        &version.id,
        &version.place,
        &version.kind,
        &version.key,
        version.body.to_string(),
        &version.note,
        &version.author,
        version.created_at
    ];
    tx.execute(sql, params).await
}

pub(super) async fn version(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Version>> {
    let sql = "SELECT id, place, kind, key, body, note, author, created_at FROM resource_version
        WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], read_version).await
}

pub(super) async fn versions(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Version>> {
    let sql = ranged!(
        range,
        "place",
        "SELECT id, place, kind, key, body, note, author, created_at FROM resource_version
         WHERE organisation_id = $1"
    );
    tx.all(sql, params![organisation.as_str(), &range.low, &range.high, range.limit], read_version).await
}

fn read(row: &Row<'_>) -> Result<Resource> {
    Ok(Resource {
        key: row.get(0)?,
        version_id: row.get(1)?,
        is_active: row.get(2)?,
        draft: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
    })
}

fn read_version(row: &Row<'_>) -> Result<Version> {
    Ok(Version {
        id: row.get(0)?,
        place: row.get(1)?,
        kind: row.get(2)?,
        key: row.get(3)?,
        body: serde_json::from_str(&row.get::<String>(4)?).unwrap_or_default(),
        note: row.get(5)?,
        author: row.get(6)?,
        created_at: row.get(7)?,
    })
}

/// What counts of a kind: keys, and what their versions say.
pub(super) async fn counting(tx: &mut Tx, organisation: &OrganisationId, kind: &str) -> Result<Vec<(String, Value)>> {
    let sql = "SELECT resource.key, resource_version.body FROM resource
        JOIN resource_version ON resource_version.organisation_id = resource.organisation_id
            AND resource_version.id = resource.version_id
        WHERE resource.organisation_id = $1 AND resource.kind = $2 ORDER BY resource.key LIMIT 1000";
    tx.all(sql, params![organisation.as_str(), kind], |row| {
        let body: String = row.get(1)?;
        Ok((row.get(0)?, serde_json::from_str(&body).unwrap_or_default()))
    })
    .await
}
