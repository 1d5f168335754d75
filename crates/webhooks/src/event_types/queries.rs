//! The SQL of event types.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::EventType;
use campanile_db::{Range, ranged};

macro_rules! columns {
    () => {
        "name, description, archived, deprecated, schemas, feature_flags, group_name, created_at, updated_at"
    };
}

/// Stores an event type, over what was there.
pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, event_type: &EventType) -> Result<u64> {
    let sql =
        "INSERT INTO event_type (organisation_id, name, description, archived, deprecated, schemas, feature_flags,
            group_name, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (organisation_id, name) DO UPDATE SET description = excluded.description,
            archived = excluded.archived, deprecated = excluded.deprecated, schemas = excluded.schemas,
            feature_flags = excluded.feature_flags, group_name = excluded.group_name, updated_at = excluded.updated_at";
    let params = params![
        organisation.as_str(),
        &event_type.name,
        &event_type.description,
        event_type.archived,
        event_type.deprecated,
        event_type.schemas.as_ref().map(|schemas| serde_json::to_string(schemas).unwrap_or_default()),
        event_type.feature_flags.as_ref().map(|flags| serde_json::to_string(flags).unwrap_or_default()),
        event_type.group_name.as_deref(),
        event_type.created_at,
        event_type.updated_at
    ];
    tx.execute(sql, params).await
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
    let schemas: Option<String> = row.get(4)?;
    let feature_flags: Option<Vec<String>> =
        row.get::<Option<String>>(5)?.and_then(|text| serde_json::from_str(&text).ok());
    Ok(EventType {
        name: row.get(0)?,
        description: row.get(1)?,
        archived: row.get(2)?,
        deprecated: row.get(3)?,
        schemas: schemas.and_then(|text| serde_json::from_str(&text).ok()),
        feature_flag: feature_flags.as_ref().and_then(|flags| flags.first().cloned()),
        feature_flags,
        group_name: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}
