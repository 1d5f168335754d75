//! The SQL of endpoints and their secrets.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::{Endpoint, EndpointId};
use crate::applications::ApplicationId;

pub(super) async fn insert(tx: &mut Tx, endpoint: &Endpoint, sealed: &str) -> Result<bool> {
    let sql = "INSERT INTO endpoint (id, application_id, uid, url, description, version, disabled, filter_types,
            channels, metadata, secret, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (application_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL DO NOTHING";
    let params = params![
        endpoint.id.as_str(),
        endpoint.application_id.as_str(),
        endpoint.uid.as_deref(),
        &endpoint.url,
        &endpoint.description,
        endpoint.version,
        endpoint.disabled,
        endpoint.filter_types.as_ref().map(json),
        endpoint.channels.as_ref().map(json),
        json(&endpoint.metadata),
        sealed,
        endpoint.created_at,
        endpoint.updated_at
    ];
    Ok(tx.execute(sql, params).await? == 1)
}

pub(super) async fn update(tx: &mut Tx, endpoint: &Endpoint) -> Result<u64> {
    let sql = "UPDATE endpoint SET uid = $2, url = $3, description = $4, version = $5, disabled = $6,
            filter_types = $7, channels = $8, metadata = $9, updated_at = $10, failing_since = NULL
        WHERE id = $1 AND deleted_at IS NULL";
    let params = params![
        endpoint.id.as_str(),
        endpoint.uid.as_deref(),
        &endpoint.url,
        &endpoint.description,
        endpoint.version,
        endpoint.disabled,
        endpoint.filter_types.as_ref().map(json),
        endpoint.channels.as_ref().map(json),
        json(&endpoint.metadata),
        endpoint.updated_at
    ];
    tx.execute(sql, params).await
}

pub(super) async fn delete(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM endpoint_old_secret WHERE endpoint_id = $1", params![id.as_str()]).await?;
    tx.execute("UPDATE endpoint SET deleted_at = $2, disabled = TRUE WHERE id = $1", params![id.as_str(), now]).await
}

pub(super) async fn by_id_or_uid(
    tx: &mut Tx,
    application: &ApplicationId,
    id_or_uid: &str,
) -> Result<Option<Endpoint>> {
    let sql = "SELECT id, application_id, uid, url, description, version, disabled, filter_types, channels, metadata,
            created_at, updated_at FROM endpoint
        WHERE application_id = $1 AND (id = $2 OR uid = $2) AND deleted_at IS NULL";
    tx.first(sql, params![application.as_str(), id_or_uid], read).await
}

/// What a delivery needs to know of its endpoint, beside the endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    /// The uid of its application.
    pub(crate) application_uid: Option<String>,
    /// Whether messages to it were given up since the last success.
    pub(crate) is_failing: bool,
}

/// An endpoint that deliveries may go to: neither disabled nor deleted.
pub(crate) async fn target(tx: &mut Tx, id: &str) -> Result<Option<Target>> {
    let sql = "SELECT endpoint.id, endpoint.application_id, endpoint.uid, endpoint.url, endpoint.description,
            endpoint.version, endpoint.disabled, endpoint.filter_types, endpoint.channels, endpoint.metadata,
            endpoint.created_at, endpoint.updated_at, application.uid, endpoint.failing_since
        FROM endpoint JOIN application ON application.id = endpoint.application_id
        WHERE endpoint.id = $1 AND endpoint.deleted_at IS NULL AND endpoint.disabled = FALSE";
    tx.first(sql, params![id], |row| {
        let is_failing = row.get::<Option<Timestamp>>(13)?.is_some();
        Ok(Target { endpoint: read(row)?, application_uid: row.get(12)?, is_failing })
    })
    .await
}

pub(crate) async fn list(tx: &mut Tx, application: &ApplicationId) -> Result<Vec<Endpoint>> {
    let sql = "SELECT id, application_id, uid, url, description, version, disabled, filter_types, channels, metadata,
            created_at, updated_at FROM endpoint WHERE application_id = $1 AND deleted_at IS NULL ORDER BY id";
    tx.all(sql, params![application.as_str()], read).await
}

/// The sealed secrets that sign at `now`: the current one first, then old ones as they run out.
pub(crate) async fn secrets(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<Vec<String>> {
    let sql = "SELECT secret, CAST(0 AS BIGINT) AS expires_at FROM endpoint WHERE id = $1
        UNION ALL SELECT secret, expires_at FROM endpoint_old_secret WHERE endpoint_id = $1 AND expires_at > $2
        ORDER BY expires_at";
    tx.all(sql, params![id.as_str(), now], |row| row.get(0)).await
}

pub(super) async fn count_old_secrets(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<i64> {
    let sql = "SELECT count(*) FROM endpoint_old_secret WHERE endpoint_id = $1 AND expires_at > $2";
    tx.one(sql, params![id.as_str(), now], |row| row.get(0)).await
}

pub(super) async fn keep_old_secret(tx: &mut Tx, id: &EndpointId, expires: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO endpoint_old_secret (endpoint_id, secret, expires_at)
        SELECT id, secret, $2 FROM endpoint WHERE id = $1";
    tx.execute(sql, params![id.as_str(), expires]).await
}

pub(super) async fn set_secret(tx: &mut Tx, id: &EndpointId, sealed: &str, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint SET secret = $2, updated_at = $3 WHERE id = $1";
    tx.execute(sql, params![id.as_str(), sealed, now]).await
}

pub(crate) async fn disable(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint SET disabled = TRUE, updated_at = $2 WHERE id = $1 AND disabled = FALSE";
    tx.execute(sql, params![id.as_str(), now]).await
}

/// Forgets that messages were given up.
pub(crate) async fn works_again(tx: &mut Tx, id: &EndpointId) -> Result<u64> {
    let sql = "UPDATE endpoint SET failing_since = NULL WHERE id = $1";
    tx.execute(sql, params![id.as_str()]).await
}

/// Notes that a message was given up; answers since when that has been so.
pub(crate) async fn gave_up(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<Option<Timestamp>> {
    let sql = "UPDATE endpoint SET failing_since = COALESCE(failing_since, $2) WHERE id = $1 RETURNING failing_since";
    tx.first(sql, params![id.as_str(), now], |row| row.get(0)).await
}

fn read(row: &Row<'_>) -> Result<Endpoint> {
    let list = |index| {
        Ok::<_, campanile_db::Error>(
            row.get::<Option<String>>(index)?.and_then(|text| serde_json::from_str::<Vec<String>>(&text).ok()),
        )
    };
    let filter_types = list(7)?;
    Ok(Endpoint {
        id: EndpointId::from(row.get::<String>(0)?),
        application_id: ApplicationId::from(row.get::<String>(1)?),
        uid: row.get(2)?,
        url: row.get(3)?,
        description: row.get(4)?,
        version: row.get(5)?,
        disabled: row.get(6)?,
        event_types: filter_types.clone(),
        filter_types,
        channels: list(8)?,
        metadata: serde_json::from_str(&row.get::<String>(9)?).unwrap_or_default(),
        rate_limit: (),
        throttle_rate: (),
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("lists of names are plain data")
}
