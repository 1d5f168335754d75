//! The SQL of schedules.

use campanile_accounts::OrganisationId;
use campanile_db::{Range, Result, Row, Tx, params, ranged};
use serde::Serialize;
use serde_json::Value;

use super::{Filter, Schedule};
use crate::Reference;

macro_rules! columns {
    () => {
        "id, place, workflow, collection, recipient_id, tenant, actor, data, repeats, scheduled_at, ending_at, next_at,
         last_at, revision, inserted_at, updated_at"
    };
}

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, schedule: &Schedule) -> Result<u64> {
    let sql =
        "INSERT INTO schedule (organisation_id, id, place, workflow, collection, recipient_id, tenant, actor, data,
            repeats, scheduled_at, ending_at, next_at, last_at, revision, inserted_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        ON CONFLICT (organisation_id, id) DO UPDATE SET tenant = excluded.tenant, actor = excluded.actor,
            data = excluded.data, repeats = excluded.repeats, scheduled_at = excluded.scheduled_at,
            ending_at = excluded.ending_at, next_at = excluded.next_at, last_at = excluded.last_at,
            revision = excluded.revision, updated_at = excluded.updated_at";
    let params = params![
        organisation.as_str(),
        &schedule.id,
        &schedule.place,
        &schedule.workflow,
        &schedule.recipient.collection,
        &schedule.recipient.id,
        schedule.tenant.as_deref(),
        schedule.actor.as_ref().map(json),
        json(&schedule.data),
        json(&schedule.repeats),
        schedule.scheduled_at,
        schedule.ending_at,
        schedule.next_at,
        schedule.last_at,
        schedule.revision,
        schedule.inserted_at,
        schedule.updated_at
    ];
    tx.execute(sql, params).await
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
    let sql = ranged!(
        range,
        "place",
        "SELECT ",
        columns!(),
        " FROM schedule WHERE organisation_id = $1 AND (CAST($5 AS TEXT) IS NULL OR workflow = $5)
            AND (CAST($6 AS TEXT) IS NULL OR (collection = $6 AND recipient_id = $7))
            AND (CAST($8 AS TEXT) IS NULL OR tenant = $8)"
    );
    let recipient = filter.recipient.as_ref();
    let params = params![
        organisation.as_str(),
        &range.low,
        &range.high,
        range.limit,
        filter.workflow.as_deref(),
        recipient.map(|recipient| recipient.collection.as_str()),
        recipient.map(|recipient| recipient.id.as_str()),
        filter.tenant.as_deref()
    ];
    tx.all(sql, params, read).await
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn read(row: &Row<'_>) -> Result<Schedule> {
    let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap_or_default();
    let actor: Option<String> = row.get(6)?;
    Ok(Schedule {
        id: row.get(0)?,
        place: row.get(1)?,
        workflow: row.get(2)?,
        recipient: Reference { collection: row.get(3)?, id: row.get(4)? },
        tenant: row.get(5)?,
        actor: actor.and_then(|actor| Reference::parse(&parsed(actor)).ok()),
        data: parsed(row.get(7)?).as_object().cloned().unwrap_or_default(),
        repeats: parsed(row.get(8)?).as_array().cloned().unwrap_or_default(),
        scheduled_at: row.get(9)?,
        ending_at: row.get(10)?,
        next_at: row.get(11)?,
        last_at: row.get(12)?,
        revision: row.get(13)?,
        inserted_at: row.get(14)?,
        updated_at: row.get(15)?,
    })
}
