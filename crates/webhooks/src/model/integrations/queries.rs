//! The SQL of integrations.

use campanile_db::{Range, Result, Row, Tx, insert, json_text, params, ranged};

use super::{Integration, IntegrationId};
use crate::model::applications::ApplicationId;

campanile_db::columns! { columns, at: id, name, feature_flags, created_at, updated_at }

pub(crate) async fn insert(
    tx: &mut Tx,
    application: &ApplicationId,
    integration: &Integration,
    key: &str,
) -> Result<u64> {
    let (sql, params) = insert!("integration" {
        id: integration.id.as_str(),
        application_id: application.as_str(),
        name: &integration.name,
        feature_flags: flags(integration),
        key: key,
        created_at: integration.created_at,
        updated_at: integration.updated_at,
    });
    tx.execute(sql, &params).await
}

pub(crate) async fn update(tx: &mut Tx, application: &ApplicationId, integration: &Integration) -> Result<u64> {
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

pub(crate) async fn delete(tx: &mut Tx, application: &ApplicationId, id: &IntegrationId) -> Result<u64> {
    let sql = "DELETE FROM integration WHERE application_id = $1 AND id = $2";
    tx.execute(sql, params![application.as_str(), id.as_str()]).await
}

pub(crate) async fn key(tx: &mut Tx, application: &ApplicationId, id: &IntegrationId) -> Result<Option<String>> {
    let sql = "SELECT key FROM integration WHERE application_id = $1 AND id = $2";
    tx.first(sql, params![application.as_str(), id.as_str()], |row| row.get(0)).await
}

pub(crate) async fn set_key(tx: &mut Tx, application: &ApplicationId, id: &IntegrationId, sealed: &str) -> Result<u64> {
    let sql = "UPDATE integration SET key = $3 WHERE application_id = $1 AND id = $2";
    tx.execute(sql, params![application.as_str(), id.as_str(), sealed]).await
}

pub(crate) async fn by_id(tx: &mut Tx, application: &ApplicationId, id: &str) -> Result<Option<Integration>> {
    let sql = concat!("SELECT ", columns!(), " FROM integration WHERE application_id = $1 AND id = $2");
    tx.first(sql, params![application.as_str(), id], read).await
}

pub(crate) async fn list(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Integration>> {
    let sql = ranged!(range, "id", "SELECT ", columns!(), " FROM integration WHERE application_id = $1");
    tx.all(sql, params![application.as_str(), &range.low, &range.high, range.limit], read).await
}

fn flags(integration: &Integration) -> String {
    json_text(&integration.feature_flags)
}

fn read(row: &Row<'_>) -> Result<Integration> {
    Ok(Integration {
        id: IntegrationId::from(row.get::<String>(at::id)?),
        name: row.get(at::name)?,
        feature_flags: row.json(at::feature_flags)?,
        created_at: row.get(at::created_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}
