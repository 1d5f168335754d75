//! The SQL of the activity trail.

use campanile_base::{Cursor, PageSize};
use campanile_db::{Result, Row, Select, Tx, insert, params};

use super::{Activity, Filter};
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
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<Activity>> {
    let sql = concat!("SELECT ", columns!(), " FROM activity WHERE organisation_id = ? AND (at, id) < (?, ?)");
    let mut select = Select::new(sql, params![organisation.as_str(), from.at, &from.id].iter().cloned());
    if let Some(action) = filter.action.as_deref() {
        select = select.and_with("(action = ? OR action LIKE ? || '.%')", [action, action]);
    }
    select
        .and_if("actor_kind = ?", filter.actor_kind.as_deref())
        .and_if("actor_id = ?", filter.actor.as_deref())
        .and_if("subject_id = ?", filter.subject.as_deref())
        .and_if("at >= ?", filter.after)
        .and_if("at < ?", filter.before)
        .then_with(" ORDER BY at DESC, id DESC LIMIT ?", [size.to_fetch()])
        .all(tx, read)
        .await
}

fn read(row: &Row<'_>) -> Result<Activity> {
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
}
