//! The SQL of integrations.

use campanile_db::{Result, Row, Tx, params};

use super::{Integration, IntegrationId};
use crate::applications::ApplicationId;
use campanile_db::{Range, ranged};

pub(super) async fn insert(
    tx: &mut Tx,
    application: &ApplicationId,
    integration: &Integration,
    key: &str,
) -> Result<u64> {
    let sql = "INSERT INTO integration (id, application_id, name, feature_flags, key, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = params![
        integration.id.as_str(),
        application.as_str(),
        &integration.name,
        flags(integration),
        key,
        integration.created_at,
        integration.updated_at
    ];
    tx.execute(sql, params).await
}

pub(super) async fn update(tx: &mut Tx, application: &ApplicationId, integration: &Integration) -> Result<u64> {
    let sql = "UPDATE integration SET name = $3, feature_flags = $4, updated_at = $5
        WHERE application_id = $1 AND id = $2";
    let params = params![
        application.as_str(),
        integration.id.as_str(),
        &integration.name,
        flags(integration),
        integration.updated_at
    ];
    tx.execute(sql, params).await
}

pub(super) async fn delete(tx: &mut Tx, application: &ApplicationId, id: &IntegrationId) -> Result<u64> {
    let sql = "DELETE FROM integration WHERE application_id = $1 AND id = $2";
    tx.execute(sql, params![application.as_str(), id.as_str()]).await
}

pub(super) async fn key(tx: &mut Tx, application: &ApplicationId, id: &IntegrationId) -> Result<Option<String>> {
    let sql = "SELECT key FROM integration WHERE application_id = $1 AND id = $2";
    tx.first(sql, params![application.as_str(), id.as_str()], |row| row.get(0)).await
}

pub(super) async fn set_key(tx: &mut Tx, application: &ApplicationId, id: &IntegrationId, sealed: &str) -> Result<u64> {
    let sql = "UPDATE integration SET key = $3 WHERE application_id = $1 AND id = $2";
    tx.execute(sql, params![application.as_str(), id.as_str(), sealed]).await
}

pub(super) async fn by_id(tx: &mut Tx, application: &ApplicationId, id: &str) -> Result<Option<Integration>> {
    let sql = "SELECT id, name, feature_flags, created_at, updated_at FROM integration
        WHERE application_id = $1 AND id = $2";
    tx.first(sql, params![application.as_str(), id], read).await
}

pub(super) async fn list(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Integration>> {
    let sql = ranged!(
        range,
        "id",
        "SELECT id, name, feature_flags, created_at, updated_at FROM integration WHERE application_id = $1"
    );
    tx.all(sql, params![application.as_str(), &range.low, &range.high, range.limit], read).await
}

fn flags(integration: &Integration) -> String {
    serde_json::to_string(&integration.feature_flags).unwrap_or_default()
}

fn read(row: &Row<'_>) -> Result<Integration> {
    Ok(Integration {
        id: IntegrationId::from(row.get::<String>(0)?),
        name: row.get(1)?,
        feature_flags: serde_json::from_str(&row.get::<String>(2)?).unwrap_or_default(),
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}
