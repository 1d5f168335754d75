//! The SQL of reading clusters.

use std::collections::BTreeMap;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::{Result, Row, Select, Stretch, Tx, containing, json_text, params};

use super::{Cluster, ClusterActor, ClusterFilter, ClusterName, ClusterSource, ClusterSummary};
use crate::clusters::status::ClusterStatus;
use crate::clusters::{LONGEST, SILENCE};
use crate::observations::ClusterId;

campanile_db::columns! {
    columns, at:
    id, organisation_id, label, title, observations, first_at, last_at, sources, actors, entities, topics, is_completed, vectors,
    summary, summary_method, summary_topics, summary_at,
}
campanile_db::columns! { name_columns, name_at: id, label, title, observations, is_completed, last_at }

/// The stretch of a workspace's clusters that a page reads.
pub(super) async fn stretch(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &ClusterFilter,
    from: &Cursor,
) -> Result<Stretch> {
    let sql = "SELECT last_at, id FROM cluster WHERE workspace_id = $1 AND (last_at, id) < ($2, $3)
        ORDER BY last_at DESC, id DESC LIMIT 2 OFFSET $4";
    Stretch::filtered(tx, sql, workspace.as_str(), from, (filter.since, None), ROWS_LOOKED_AT).await
}

/// The clusters of a workspace between two cursors that match a filter, the latest first; only those with observations of
/// one of these actors, if there are any.
pub(super) async fn list(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (filter, actors): (&ClusterFilter, &[String]),
    now: Timestamp,
    (from, until, size): (&Cursor, &Cursor, PageSize),
) -> Result<Vec<Cluster>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM cluster WHERE workspace_id = ? AND (last_at, id) < (?, ?) AND (last_at, id) > (?, ?)"
    );
    let mut select =
        Select::new(sql, params![workspace.as_str(), from.at, &from.id, until.at, &until.id].iter().cloned())
            .and_with("observations >= ?", [filter.min_observations])
            .and_if("last_at >= ?", filter.since)
            .and_if("first_at < ?", filter.until);
    let silent = now.minus(SILENCE);
    select = match filter.status {
        None => select,
        Some(ClusterStatus::Completed) => select.and("is_completed"),
        Some(ClusterStatus::Active) => select.and_with("NOT is_completed AND last_at >= ?", [silent]),
        Some(ClusterStatus::Stalled) => select.and_with("NOT is_completed AND last_at < ?", [silent]),
    };
    if let Some(source) = filter.source.as_deref() {
        select = select.and_with("sources LIKE ? ESCAPE '\\'", [containing(&format!("{}:", json_text(source)))]);
    }
    if !actors.is_empty() {
        let of_actors = " AND id IN (SELECT cluster_id FROM observation
            WHERE workspace_id = ? AND occurred_at >= ? AND occurred_at <= ?";
        select = select
            .then_with(of_actors, params![workspace.as_str(), until.at.minus(LONGEST), from.at].iter().cloned())
            .and_in("actor_id", actors.iter().map(String::as_str))
            .then(")");
    }
    let select = select.then_with(" ORDER BY last_at DESC, id DESC LIMIT ?", [size.to_fetch()]);
    select.all(tx, |row| read(row, workspace, now)).await
}

/// The workspace of a cluster, within an organisation.
pub(super) async fn workspace_of(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<WorkspaceId>> {
    let sql = "SELECT workspace_id FROM cluster WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// A cluster of a workspace.
pub(super) async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &str, now: Timestamp) -> Result<Option<Cluster>> {
    let sql = concat!("SELECT ", columns!(), " FROM cluster WHERE workspace_id = $1 AND id = $2");
    tx.first(sql, params![workspace.as_str(), id], |row| read(row, workspace, now)).await
}

/// The names of clusters of a workspace, in no order.
pub(crate) async fn named(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[&ClusterId],
    now: Timestamp,
) -> Result<Vec<ClusterName>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!("SELECT ", name_columns!(), " FROM cluster WHERE workspace_id = ?");
    let select = Select::new(sql, [workspace.as_str()]).and_in("id", ids.iter().map(|id| id.as_str()));
    let read = |row: &Row<'_>| {
        Ok(ClusterName {
            id: ClusterId::from(row.get::<String>(name_at::id)?),
            label: row.get(name_at::label)?,
            title: row.get(name_at::title)?,
            status: ClusterStatus::at(now, row.get(name_at::is_completed)?, row.get(name_at::last_at)?),
            observation_count: row.get(name_at::observations)?,
        })
    };
    select.all(tx, read).await
}

fn read(row: &Row<'_>, workspace: &WorkspaceId, now: Timestamp) -> Result<Cluster> {
    let (observations, vectors): (i64, i64) = (row.get(at::observations)?, row.get(at::vectors)?);
    let last_at = row.get(at::last_at)?;
    let mut actors: Vec<ClusterActor> = row.json(at::actors)?;
    actors.sort_by_key(|actor| std::cmp::Reverse(actor.observations));
    let sources = by_count(row.json(at::sources)?);
    let entities: Vec<String> = row.json(at::entities)?;
    let summary: Option<String> = row.get(at::summary)?;
    let method: Option<String> = row.get(at::summary_method)?;
    let made_at: Option<Timestamp> = row.get(at::summary_at)?;
    let key_topics: Option<Vec<String>> = row.json_if_any(at::summary_topics)?;
    let summary = summary.zip(method).zip(made_at).map(|((text, method), made_at)| ClusterSummary {
        text,
        method,
        key_topics: key_topics.unwrap_or_default(),
        made_at,
    });
    Ok(Cluster {
        id: ClusterId::from(row.get::<String>(at::id)?),
        organisation_id: OrganisationId::from(row.get::<String>(at::organisation_id)?),
        workspace_id: workspace.clone(),
        label: row.get(at::label)?,
        title: row.get(at::title)?,
        status: ClusterStatus::at(now, row.get(at::is_completed)?, last_at),
        observation_count: observations,
        first_at: row.get(at::first_at)?,
        last_at,
        sources: sources.into_iter().map(|(name, observations)| ClusterSource { name, observations }).collect(),
        actors,
        topics: by_count(row.json(at::topics)?).into_iter().map(|(topic, _)| topic).collect(),
        entities: entities
            .into_iter()
            .map(|entity| entity.split_once(':').map_or(entity.clone(), |(_, key)| key.to_owned()))
            .collect(),
        compared_by: match vectors {
            0 => "words",
            all if all >= observations => "vectors",
            _ => "both",
        },
        summary,
    })
}

/// Names with counts, the highest count first.
fn by_count(counts: BTreeMap<String, i64>) -> Vec<(String, i64)> {
    let mut ordered: Vec<(String, i64)> = counts.into_iter().collect();
    ordered.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ordered
}
