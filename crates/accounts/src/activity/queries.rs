//! The SQL of the activity trail.

use campanile_base::{Cursor, PageSize};
use campanile_db::{Result, Tx, insert, params};

use super::Activity;
use crate::OrganisationId;

campanile_db::columns! { columns, at: id, at, actor_kind, actor_id, action, subject_id, result, metadata }

pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, activity: &Activity) -> Result<u64> {
    let Activity { id, at, actor_kind, actor_id, action, subject_id, result, metadata } = activity;
    let (sql, params) = insert!("activity" {
        id: id,
        organisation_id: organisation.as_str(),
        at: *at,
        actor_kind: actor_kind,
        actor_id: actor_id,
        action: action,
        subject_id: subject_id,
        result: result,
        metadata: metadata.to_string(),
    });
    tx.execute(sql, &params).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<Activity>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM activity WHERE organisation_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4"
    );
    tx.all(sql, params![organisation.as_str(), from.at, &from.id, size.to_fetch()], |row| {
        Ok(Activity {
            id: row.get(at::id)?,
            at: row.get(at::at)?,
            actor_kind: row.get(at::actor_kind)?,
            actor_id: row.get(at::actor_id)?,
            action: row.get(at::action)?,
            subject_id: row.get(at::subject_id)?,
            result: row.get(at::result)?,
            metadata: row.json(at::metadata)?,
        })
    })
    .await
}
