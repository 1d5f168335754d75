//! The SQL of the activity trail.

use campanile_base::{Cursor, PageSize};
use campanile_db::{Result, Tx, params};

use super::Activity;
use crate::OrganisationId;

pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, activity: &Activity) -> Result<u64> {
    let sql =
        "INSERT INTO activity (id, organisation_id, at, actor_kind, actor_id, action, subject_id, result, metadata)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let Activity { id, at, actor_kind, actor_id, action, subject_id, result, metadata } = activity;
    let metadata = metadata.to_string();
    let params = params![id, organisation.as_str(), *at, actor_kind, actor_id, action, subject_id, result, metadata];
    tx.execute(sql, params).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<Activity>> {
    let sql = "SELECT id, at, actor_kind, actor_id, action, subject_id, result, metadata FROM activity
        WHERE organisation_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4";
    tx.all(sql, params![organisation.as_str(), from.at, &from.id, size.to_fetch()], |row| {
        Ok(Activity {
            id: row.get(0)?,
            at: row.get(1)?,
            actor_kind: row.get(2)?,
            actor_id: row.get(3)?,
            action: row.get(4)?,
            subject_id: row.get(5)?,
            result: row.get(6)?,
            metadata: serde_json::from_str(&row.get::<String>(7)?).unwrap_or_default(),
        })
    })
    .await
}
