//! The SQL of event types.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Range, Result, Row, Tx, insert, json_text, params, ranged};

use super::EventType;

campanile_db::columns! {
    columns, at:
    name, description, archived, deprecated, schemas, feature_flags, group_name, created_at, updated_at,
}

/// Stores an event type, or replaces one of this name.
pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, event_type: &EventType) -> Result<u64> {
    let (sql, params) = insert!("event_type" {
        organisation_id: organisation.as_str(),
        name: &event_type.name,
        description: &event_type.description,
        archived: event_type.archived,
        deprecated: event_type.deprecated,
        schemas: event_type.schemas.as_ref().map(json_text),
        feature_flags: event_type.feature_flags.as_ref().map(json_text),
        group_name: event_type.group_name.as_deref(),
        created_at: event_type.created_at,
        updated_at: event_type.updated_at,
    } "ON CONFLICT (organisation_id, name) DO UPDATE SET description = excluded.description,
        archived = excluded.archived, deprecated = excluded.deprecated, schemas = excluded.schemas,
        feature_flags = excluded.feature_flags, group_name = excluded.group_name, updated_at = excluded.updated_at");
    tx.execute(sql, &params).await
}

pub(super) async fn archive(tx: &mut Tx, organisation: &OrganisationId, name: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE event_type SET archived = TRUE, updated_at = $3 WHERE organisation_id = $1 AND name = $2";
    Ok(tx.execute(sql, params![organisation.as_str(), name, now]).await? == 1)
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, name: &str) -> Result<bool> {
    let sql = "DELETE FROM event_type WHERE organisation_id = $1 AND name = $2";
    Ok(tx.execute(sql, params![organisation.as_str(), name]).await? == 1)
}

pub(super) async fn by_name(tx: &mut Tx, organisation: &OrganisationId, name: &str) -> Result<Option<EventType>> {
    let sql = concat!("SELECT ", columns!(), " FROM event_type WHERE organisation_id = $1 AND name = $2");
    tx.first(sql, params![organisation.as_str(), name], read).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    include_archived: bool,
    range: &Range,
) -> Result<Vec<EventType>> {
    let sql = ranged!(
        range,
        "name",
        "SELECT ",
        columns!(),
        " FROM event_type WHERE organisation_id = $1 AND (CAST($5 AS BOOLEAN) OR NOT archived)"
    );
    let params = params![organisation.as_str(), &range.low, &range.high, range.limit, include_archived];
    tx.all(sql, params, read).await
}

fn read(row: &Row<'_>) -> Result<EventType> {
    let feature_flags: Option<Vec<String>> = row.json_if_any(at::feature_flags)?;
    Ok(EventType {
        name: row.get(at::name)?,
        description: row.get(at::description)?,
        archived: row.get(at::archived)?,
        deprecated: row.get(at::deprecated)?,
        schemas: row.json_if_any(at::schemas)?,
        feature_flag: feature_flags.as_ref().and_then(|flags| flags.first().cloned()),
        feature_flags,
        group_name: row.get(at::group_name)?,
        created_at: row.get(at::created_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}
