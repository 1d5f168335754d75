//! The SQL of applications.

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Row, Tx, params};

use super::{Application, ApplicationId};

pub(super) async fn insert(tx: &mut Tx, application: &Application) -> Result<bool> {
    let sql = "INSERT INTO application (id, organisation_id, uid, name, metadata, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (organisation_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL DO NOTHING";
    let Application { id, organisation_id, uid, name, metadata, created_at, updated_at, .. } = application;
    let metadata = serde_json::to_string(metadata).unwrap_or_default();
    let uid = uid.as_deref();
    let params = params![id.as_str(), organisation_id.as_str(), uid, name, metadata, *created_at, *updated_at];
    Ok(tx.execute(sql, params).await? == 1)
}

pub(super) async fn by_id_or_uid(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id_or_uid: &str,
) -> Result<Option<Application>> {
    let sql = "SELECT id, organisation_id, uid, name, metadata, created_at, updated_at FROM application
        WHERE organisation_id = $1 AND (id = $2 OR uid = $2) AND deleted_at IS NULL";
    tx.first(sql, params![organisation.as_str(), id_or_uid], read).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    after: &str,
    limit: i64,
) -> Result<Vec<Application>> {
    let sql = "SELECT id, organisation_id, uid, name, metadata, created_at, updated_at FROM application
        WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3";
    tx.all(sql, params![organisation.as_str(), after, limit], read).await
}

fn read(row: &Row<'_>) -> Result<Application> {
    Ok(Application {
        id: ApplicationId::from(row.get::<String>(0)?),
        organisation_id: row.get::<String>(1)?.into(),
        uid: row.get(2)?,
        name: row.get(3)?,
        metadata: serde_json::from_str(&row.get::<String>(4)?).unwrap_or_default(),
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        throttle_rate: (),
    })
}
