//! The SQL of schedules.

use campanile_accounts::OrganisationId;
use campanile_db::{Range, Result, Row, Select, Tx, insert, json_text, params};

use super::{Filter, Schedule};
use crate::Reference;

campanile_db::columns! {
    columns, at:
    id, place, workflow, collection, recipient_id, tenant, actor, data, repeats, scheduled_at, ending_at, next_at,
    last_at, revision, inserted_at, updated_at,
}

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, schedule: &Schedule) -> Result<u64> {
    let (sql, params) = insert!("schedule" {
        organisation_id: organisation.as_str(),
        id: &schedule.id,
        place: &schedule.place,
        workflow: &schedule.workflow,
        collection: &schedule.recipient.collection,
        recipient_id: &schedule.recipient.id,
        tenant: schedule.tenant.as_deref(),
        actor: schedule.actor.as_ref().map(json_text),
        data: json_text(&schedule.data),
        repeats: json_text(&schedule.repeats),
        scheduled_at: schedule.scheduled_at,
        ending_at: schedule.ending_at,
        next_at: schedule.next_at,
        last_at: schedule.last_at,
        revision: schedule.revision,
        inserted_at: schedule.inserted_at,
        updated_at: schedule.updated_at,
    } "ON CONFLICT (organisation_id, id) DO UPDATE SET tenant = excluded.tenant, actor = excluded.actor,
        data = excluded.data, repeats = excluded.repeats, scheduled_at = excluded.scheduled_at,
        ending_at = excluded.ending_at, next_at = excluded.next_at, last_at = excluded.last_at,
        revision = excluded.revision, updated_at = excluded.updated_at");
    tx.execute(sql, &params).await
}

pub(super) async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Schedule>> {
    let sql = concat!("SELECT ", columns!(), " FROM schedule WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id], read).await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<u64> {
    tx.execute("DELETE FROM schedule WHERE organisation_id = $1 AND id = $2", params![organisation.as_str(), id]).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Schedule>> {
    let sql = concat!("SELECT ", columns!(), " FROM schedule WHERE organisation_id = ?");
    let recipient = filter.recipient.as_ref();
    Select::new(sql, [organisation.as_str()])
        .and_if("workflow = ?", filter.workflow.as_deref())
        .and_if("collection = ?", recipient.map(|recipient| &recipient.collection))
        .and_if("recipient_id = ?", recipient.map(|recipient| &recipient.id))
        .and_if("tenant = ?", filter.tenant.as_deref())
        .ranged("place", range)
        .all(tx, read)
        .await
}

fn read(row: &Row<'_>) -> Result<Schedule> {
    Ok(Schedule {
        id: row.get(at::id)?,
        place: row.get(at::place)?,
        workflow: row.get(at::workflow)?,
        recipient: Reference { collection: row.get(at::collection)?, id: row.get(at::recipient_id)? },
        tenant: row.get(at::tenant)?,
        actor: row.json_if_any(at::actor)?,
        data: row.json(at::data)?,
        repeats: row.json(at::repeats)?,
        scheduled_at: row.get(at::scheduled_at)?,
        ending_at: row.get(at::ending_at)?,
        next_at: row.get(at::next_at)?,
        last_at: row.get(at::last_at)?,
        revision: row.get(at::revision)?,
        inserted_at: row.get(at::inserted_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}
