//! The SQL of observations and entities.

use std::collections::{BTreeMap, HashSet};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::source_event::{Reference, SourceEvent};
use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::{
    Bulk, Result, Row, Select, Stretch, Tx, beginning_with, containing, insert_all, json_text, params, row,
};

use crate::entities::Entity;

use super::{ClusterId, Draft, Filter, Observation, ObservationDetail, ObservationId, OwnAddress};

campanile_db::columns! {
    columns, at:
    id, workspace_id, source_id, provider, event_type = "type", title, significance, category, topics, actor,
    cluster_id, occurred_at, captured_at, refs, metadata,
}
campanile_db::columns! { detail_columns, detail_at after at: body, entities, category_method, category_confidence }
campanile_db::columns! { reference_columns, reference_at after detail_at: reference_role, reference_label }

/// The identities among those of some events that the workspace remembers.
pub(crate) async fn known(tx: &mut Tx, workspace: &WorkspaceId, events: &[SourceEvent]) -> Result<HashSet<String>> {
    let bulk = Bulk {
        each: "SELECT source_id FROM observation WHERE workspace_id = $1 AND source_id = $2",
        together: "SELECT observation.source_id FROM unnest($1::text[], $2::text[]) AS asked (workspace, source)
            JOIN observation ON observation.workspace_id = asked.workspace AND observation.source_id = asked.source",
        is_searched: false,
    };
    let rows: Vec<_> = events.iter().map(|event| row![workspace.as_str(), &event.source_id]).collect();
    Ok(tx.gather(bulk, &rows, |row| row.get(0)).await?.into_iter().collect())
}

/// The identities of a happening that are remembered between two times. Those of one happening
/// begin alike, with a text that ends with a colon.
pub(super) async fn of_happening(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    happening: &str,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<String>> {
    let behind = format!("{};", happening.trim_end_matches(':'));
    let sql = "SELECT source_id FROM observation WHERE workspace_id = $1 AND source_id >= $2 AND source_id < $3
        AND occurred_at BETWEEN $4 AND $5";
    let params = params![workspace.as_str(), happening, behind.as_str(), from, until];
    tx.all(sql, params, |row| row.get(0)).await
}

pub(crate) async fn insert(tx: &mut Tx, drafts: &[Draft<'_>]) -> Result<()> {
    let (bulk, rows) = insert_all!(drafts.iter() => |draft| "observation" {
        id: text = draft.observation.id.as_str(),
        organisation_id: text = draft.organisation.as_str(),
        workspace_id: text = draft.observation.workspace_id.as_str(),
        source_id: text = &draft.observation.source_id,
        provider: text = &draft.observation.provider,
        type: text = &draft.observation.event_type,
        title: text = &draft.observation.title,
        body: text = &draft.event.body,
        significance: bigint = draft.observation.significance,
        category: text = &draft.observation.category,
        topics: text = json_text(&draft.observation.topics),
        actor: text = draft.observation.actor.as_ref().map(json_text),
        actor_id: text = draft.observation.actor.as_ref().map(|actor| actor.actor_id.as_str()),
        actor_method: text = draft.actor_method,
        refs: text = json_text(&draft.event.references),
        entities: text = json_text(&draft.entities),
        metadata: text = json_text(&draft.event.metadata),
        repository: text = draft.event.repository.as_deref().unwrap_or_default(),
        cluster_id: text = draft.observation.cluster_id.as_ref().map(|id| id.as_str()),
        occurred_at: bigint = draft.observation.occurred_at,
        captured_at: bigint = draft.observation.captured_at,
        brought_by: text = draft.brought_by,
    });
    tx.change(bulk, &rows).await.map(drop)
}

/// An entity of some observations.
struct EntityRow<'d> {
    entity: &'d Entity,
    first: &'d Observation,
    occurrences: i64,
}

/// Stores the entities of observations. They are sorted by key, so that concurrent transactions
/// do not deadlock.
pub(crate) async fn upsert_entities(tx: &mut Tx, workspace: &WorkspaceId, drafts: &[Draft<'_>]) -> Result<()> {
    let mut entities: BTreeMap<(&str, String), EntityRow<'_>> = BTreeMap::new();
    for draft in drafts {
        for entity in &draft.entities {
            let row = EntityRow { entity, first: &draft.observation, occurrences: 0 };
            entities.entry((entity.category, entity.key.to_lowercase())).or_insert(row).occurrences += 1;
        }
    }
    let (bulk, rows) = insert_all!(entities.into_iter() => |((category, key), EntityRow { entity, first, occurrences })| "entity" {
        workspace_id: text = workspace.as_str(),
        category: text = category,
        key: text = key,
        value: text = &entity.value,
        confidence: float8 = entity.confidence,
        evidence: text = &entity.evidence,
        first_observation_id: text = first.id.as_str(),
        occurrences: bigint = occurrences,
        last_seen_at: bigint = first.captured_at,
    } "ON CONFLICT (workspace_id, category, key) DO UPDATE SET
        occurrences = entity.occurrences + excluded.occurrences, last_seen_at = excluded.last_seen_at");
    tx.change(bulk, &rows).await.map(drop)
}

/// The stretch of a workspace's observations that a page with a filter reads.
pub(super) async fn stretch(tx: &mut Tx, workspace: &WorkspaceId, filter: &Filter, from: &Cursor) -> Result<Stretch> {
    let sql = "SELECT occurred_at, id FROM observation WHERE workspace_id = $1 AND (occurred_at, id) < ($2, $3)
        ORDER BY occurred_at DESC, id DESC LIMIT 2 OFFSET $4";
    Stretch::filtered(tx, sql, workspace.as_str(), from, (filter.after, filter.before), ROWS_LOOKED_AT).await
}

/// The observations of a workspace between two cursors that match a filter, newest first.
pub(super) async fn list(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    (from, until): (&Cursor, &Cursor),
    size: PageSize,
) -> Result<Vec<Observation>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM observation WHERE workspace_id = ? AND (occurred_at, id) < (?, ?) AND (occurred_at, id) > (?, ?)"
    );
    let mut select =
        Select::new(sql, params![workspace.as_str(), from.at, &from.id, until.at, &until.id].iter().cloned())
            .and_if("provider = ?", filter.provider.as_deref());
    if let Some(kind) = filter.event_type.as_deref() {
        let under = beginning_with(&format!("{kind}."));
        select = select.and_with("(type = ? OR type LIKE ? ESCAPE '\\')", [kind.to_owned(), under]);
    }
    select = select.and_in("actor_id", filter.actor_ids.iter().map(String::as_str));
    if let Some(actor) = filter.actor.as_deref().filter(|_| filter.actor_ids.is_empty()) {
        let named = containing(&format!("\"name\":{}", json_text(actor)));
        select = select.and_with("(actor_id = ? OR actor LIKE ? ESCAPE '\\')", [actor.to_owned(), named]);
    }
    if let Some(entity) = filter.entity.as_deref() {
        // The fields of an entity are stored in this order.
        let category =
            filter.entity_category.as_deref().map(|category| format!("\"category\":{},", json_text(category)));
        let key = json_text(&entity.to_lowercase());
        let named = containing(&format!("{}\"key\":{key}", category.unwrap_or_default()));
        select = select.and_with("LOWER(entities) LIKE ? ESCAPE '\\'", [named]);
    }
    let topic = |topic: &str| containing(&json_text(&topic.to_lowercase()));
    select
        .and_if("topics LIKE ? ESCAPE '\\'", filter.topic.as_deref().map(topic))
        .and_if("category = ?", filter.category.as_deref())
        .and_if("significance >= ?", filter.min_significance)
        .and_if("occurred_at >= ?", filter.after)
        .and_if("occurred_at < ?", filter.before)
        .then_with(" ORDER BY occurred_at DESC, id DESC LIMIT ?", [size.to_fetch()])
        .all(tx, read)
        .await
}

/// The observations of one actor in a workspace before a place, newest first.
pub(crate) async fn by_actor(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    actor: &str,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<Observation>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM observation WHERE workspace_id = $1 AND actor_id = $2 AND (occurred_at, id) < ($3, $4)
        ORDER BY occurred_at DESC, id DESC LIMIT $5"
    );
    tx.all(sql, params![workspace.as_str(), actor, from.at, &from.id, size.to_fetch()], read).await
}

/// The observations of a cluster before a cursor, newest first.
pub(crate) async fn of_cluster(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    cluster: &str,
    from: &Cursor,
    most: i64,
) -> Result<Vec<Observation>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM observation WHERE workspace_id = $1 AND cluster_id = $2 AND (occurred_at, id) < ($3, $4)
        ORDER BY occurred_at DESC, id DESC LIMIT $5"
    );
    tx.all(sql, params![workspace.as_str(), cluster, from.at, &from.id, most], read).await
}

/// The workspace of an observation, within an organisation.
pub async fn workspace_of(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<WorkspaceId>> {
    let sql = "SELECT workspace_id FROM observation WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// The observation of an event by its identity.
pub async fn by_source_id(tx: &mut Tx, workspace: &WorkspaceId, source_id: &str) -> Result<Option<Observation>> {
    let sql = concat!("SELECT ", columns!(), " FROM observation WHERE workspace_id = $1 AND source_id = $2");
    tx.first(sql, params![workspace.as_str(), source_id], read).await
}

/// An observation of a workspace, with all its fields.
pub async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Option<ObservationDetail>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", ",
        detail_columns!(),
        " FROM observation WHERE workspace_id = $1 AND id = $2"
    );
    tx.first(sql, params![workspace.as_str(), id], read_detail).await
}

/// The newest observations that refer to a thing, by its kind and key: with the role of the reference, and its label.
pub(crate) async fn referring_to(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (kind, key): (&str, &str),
    most: i64,
) -> Result<Vec<(ObservationDetail, String, Option<String>)>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", ",
        detail_columns!(),
        ", ",
        reference_columns!(),
        " FROM (SELECT observation.*, reference.role AS reference_role, reference.label AS reference_label
            FROM observation_reference AS reference JOIN observation ON observation.id = reference.observation_id
            WHERE reference.workspace_id = $1 AND reference.kind = $2 AND reference.key = $3
            ORDER BY reference.observation_id DESC LIMIT $4) AS referring ORDER BY id DESC"
    );
    tx.all(sql, params![workspace.as_str(), kind, key, most], |row| {
        Ok((read_detail(row)?, row.get(reference_at::reference_role)?, row.get(reference_at::reference_label)?))
    })
    .await
}

fn read_detail(row: &Row<'_>) -> Result<ObservationDetail> {
    Ok(ObservationDetail {
        observation: read(row)?,
        body: row.get(detail_at::body)?,
        references: row.json(at::refs)?,
        entities: row.json(detail_at::entities)?,
        metadata: row.json(at::metadata)?,
        category_method: row.get(detail_at::category_method)?,
        category_confidence: row.get(detail_at::category_confidence)?,
    })
}

fn read(row: &Row<'_>) -> Result<Observation> {
    Ok(Observation {
        id: ObservationId::from(row.get::<String>(at::id)?),
        workspace_id: WorkspaceId::from(row.get::<String>(at::workspace_id)?),
        source_id: row.get(at::source_id)?,
        provider: row.get(at::provider)?,
        event_type: row.get(at::event_type)?,
        title: row.get(at::title)?,
        significance: row.get(at::significance)?,
        category: row.get(at::category)?,
        topics: row.json(at::topics)?,
        actor: row.json_if_any(at::actor)?,
        cluster_id: row.get::<Option<String>>(at::cluster_id)?.map(ClusterId::from),
        occurred_at: row.get(at::occurred_at)?,
        captured_at: row.get(at::captured_at)?,
        url: row.json::<OwnAddress>(at::metadata)?.or_of(&row.json::<Vec<Reference>>(at::refs)?),
    })
}
