//! The SQL of the activity trail.

use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::{Cursor, Page, PageSize};
use campanile_db::{Result, Row, Select, Stretch, Tx, insert, params};

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

/// A page of the trail of an organisation, newest first. With a filter, at most [`ROWS_LOOKED_AT`]
/// records are read for one page; those of one subject have an index.
pub(super) async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Activity>> {
    let stretch = match filter.is_empty() || filter.subject.is_some() {
        true => Stretch::unfiltered(from),
        false => stretch(tx, organisation, filter, from).await?,
    };
    let (from, until) = (&stretch.from, &stretch.until);
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM activity WHERE organisation_id = ? AND (at, id) < (?, ?) AND (at, id) > (?, ?)"
    );
    let owner = params![organisation.as_str(), from.at, &from.id, until.at, &until.id];
    let mut select = Select::new(sql, owner.iter().cloned());
    if let Some(action) = filter.action.as_deref() {
        // `LIKE` takes large and small letters for the same on one of the databases.
        let first = action.chars().count() as i64 + 1;
        let under = params![action, first, format!("{action}.")].to_vec();
        select = select.and_with("(action = ? OR substr(action, 1, CAST(? AS INTEGER)) = ?)", under);
    }
    let rows = select
        .and_if("actor_kind = ?", filter.actor_kind.as_deref())
        .and_if("actor_id = ?", filter.actor.as_deref())
        .and_if("subject_id = ?", filter.subject.as_deref())
        .and_if("at >= ?", filter.after)
        .and_if("at < ?", filter.before)
        .then_with(" ORDER BY at DESC, id DESC LIMIT ?", [size.to_fetch()])
        .all(tx, read)
        .await?;
    Ok(stretch.page(rows, size, |last| Cursor { at: last.at, id: last.id.clone() }))
}

/// The stretch of an organisation's trail that a page with a filter reads.
async fn stretch(tx: &mut Tx, organisation: &OrganisationId, filter: &Filter, from: &Cursor) -> Result<Stretch> {
    let sql = "SELECT at, id FROM activity WHERE organisation_id = $1 AND (at, id) < ($2, $3)
        ORDER BY at DESC, id DESC LIMIT 2 OFFSET $4";
    Stretch::filtered(tx, sql, organisation.as_str(), from, (filter.after, filter.before), ROWS_LOOKED_AT).await
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
