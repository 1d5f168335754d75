//! The SQL of observations and entities.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Cursor, PageSize};
use campanile_db::{Result, Row, Tx, params, row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Draft, Filter, Observation, ObservationDetail, ObservationId};

pub(super) async fn is_known(tx: &mut Tx, workspace: &WorkspaceId, source_id: &str) -> Result<bool> {
    let sql = "SELECT id FROM observation WHERE workspace_id = $1 AND source_id = $2";
    Ok(tx.first(sql, params![workspace.as_str(), source_id], |row| row.get::<String>(0)).await?.is_some())
}

pub(super) async fn insert(tx: &mut Tx, draft: &Draft<'_>) -> Result<u64> {
    let sql = "INSERT INTO observation (id, organisation_id, workspace_id, source_id, provider, type, title, body,
            significance, category, topics, actor, actor_id, actor_method, refs, entities, metadata, occurred_at,
            captured_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    let Draft { observation, event, entities, organisation, actor_method } = draft;
    let params = params![
        observation.id.as_str(),
        organisation.as_str(),
        observation.workspace_id.as_str(),
        &observation.source_id,
        &observation.provider,
        &observation.event_type,
        &observation.title,
        &event.body,
        observation.significance,
        &observation.category,
        json(&observation.topics),
        observation.actor.as_ref().map(json),
        observation.actor.as_ref().map(|actor| actor.actor_id.as_str()),
        *actor_method,
        json(&event.references),
        json(entities),
        json(&event.metadata),
        observation.occurred_at,
        observation.captured_at
    ];
    tx.execute(sql, params).await
}

/// In the order of their keys, so that two transactions never wait for each other in a circle.
pub(super) async fn upsert_entities(tx: &mut Tx, draft: &Draft<'_>) -> Result<()> {
    let sql = "INSERT INTO entity (workspace_id, category, key, value, confidence, evidence, first_observation_id,
            occurrences, last_seen_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)
        ON CONFLICT (workspace_id, category, key) DO UPDATE SET
            occurrences = entity.occurrences + 1, last_seen_at = excluded.last_seen_at";
    let observation = &draft.observation;
    let mut entities: Vec<_> = draft.entities.iter().collect();
    entities.sort_by_key(|entity| (entity.category, entity.key.to_lowercase()));
    let rows: Vec<_> = entities
        .into_iter()
        .map(|entity| {
            row![
                observation.workspace_id.as_str(),
                entity.category,
                entity.key.to_lowercase(),
                &entity.value,
                entity.confidence,
                &entity.evidence,
                observation.id.as_str(),
                observation.captured_at
            ]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Where a page that begins at a place stops looking: the last observation that is looked at, and the next one.
pub(super) async fn looked_at(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    from: &Cursor,
    most: i64,
) -> Result<Option<(Cursor, Cursor)>> {
    let sql = "SELECT occurred_at, id FROM observation WHERE workspace_id = $1 AND (occurred_at, id) < ($2, $3)
        ORDER BY occurred_at DESC, id DESC LIMIT 2 OFFSET $4";
    let params = params![workspace.as_str(), from.at, &from.id, most - 1];
    let rows = tx.all(sql, params, |row| Ok(Cursor { at: row.get(0)?, id: row.get(1)? })).await?;
    let both: Option<[Cursor; 2]> = rows.try_into().ok();
    Ok(both.map(|[last, next]| (last, next)))
}

/// The observations of a workspace between two places that a filter lets through, newest first.
pub(super) async fn list(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    (from, until): (&Cursor, &Cursor),
    size: PageSize,
) -> Result<Vec<Observation>> {
    let sql = "SELECT id, workspace_id, source_id, provider, type, title, significance, category, topics, actor,
            occurred_at, captured_at FROM observation
        WHERE workspace_id = $1 AND (occurred_at, id) < ($2, $3)
            AND (CAST($4 AS TEXT) IS NULL OR provider = $4)
            AND (CAST($5 AS TEXT) IS NULL OR type = $5 OR type LIKE $5 || '.%')
            AND (CAST($6 AS TEXT) IS NULL OR actor_id = $6 OR actor LIKE $7 ESCAPE '\\')
            AND (CAST($8 AS TEXT) IS NULL OR topics LIKE $8 ESCAPE '\\')
            AND significance >= $9 AND occurred_at >= $10 AND occurred_at < $11 AND (occurred_at, id) > ($13, $14)
        ORDER BY occurred_at DESC, id DESC LIMIT $12";
    let params = params![
        workspace.as_str(),
        from.at,
        &from.id,
        filter.provider.as_deref(),
        filter.event_type.as_deref(),
        filter.actor.as_deref(),
        filter.actor.as_deref().map(|name| format!("%\"name\":{}%", escaped(&json(name)))),
        filter.topic.as_deref().map(|topic| format!("%{}%", escaped(&json(topic.to_lowercase())))),
        filter.min_significance.unwrap_or(0),
        filter.after.map_or(i64::MIN, |at| at.as_micros()),
        filter.before.map_or(i64::MAX, |at| at.as_micros()),
        size.to_fetch(),
        until.at,
        &until.id
    ];
    tx.all(sql, params, read).await
}

/// In which of an organisation's workspaces an observation was remembered.
///
/// # Errors
/// What the database says.
pub async fn workspace_of(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<WorkspaceId>> {
    let sql = "SELECT workspace_id FROM observation WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// An observation of a workspace, whole.
///
/// # Errors
/// What the database says.
pub async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Option<ObservationDetail>> {
    let sql = "SELECT id, workspace_id, source_id, provider, type, title, significance, category, topics, actor,
            occurred_at, captured_at, body, refs, entities, metadata FROM observation
        WHERE workspace_id = $1 AND id = $2";
    tx.first(sql, params![workspace.as_str(), id], |row| {
        Ok(ObservationDetail {
            observation: read(row)?,
            body: row.get(12)?,
            references: parsed(&row.get::<String>(13)?),
            entities: parsed(&row.get::<String>(14)?),
            metadata: parsed(&row.get::<String>(15)?),
        })
    })
    .await
}

fn read(row: &Row<'_>) -> Result<Observation> {
    Ok(Observation {
        id: ObservationId::from(row.get::<String>(0)?),
        workspace_id: WorkspaceId::from(row.get::<String>(1)?),
        source_id: row.get(2)?,
        provider: row.get(3)?,
        event_type: row.get(4)?,
        title: row.get(5)?,
        significance: row.get(6)?,
        category: row.get(7)?,
        topics: parsed(&row.get::<String>(8)?),
        actor: row.get::<Option<String>>(9)?.and_then(|text| serde_json::from_str(&text).ok()),
        occurred_at: row.get(10)?,
        captured_at: row.get(11)?,
    })
}

fn json(value: impl Serialize) -> String {
    serde_json::to_string(&value).expect("what memory stores is plain data")
}

fn parsed<T: DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

/// Takes the meaning from LIKE's own characters.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
