//! The SQL of assignment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Select, Tx, insert, insert_all, json_text, params, row};
use campanile_embed::Vector;
use campanile_search::terms::Splitter;
use serde::Deserialize;

use super::Link;
use super::gathering::{Centroid, Gathering, Subject, ToldState};
use super::observed::{MOST_ENTITIES, Observed, ObservedPerson, SubjectState, is_open, mean};
use super::topic_counts::TopicCounts;
use super::words;
use crate::clusters::{LONGEST, OPEN, headline};
use crate::observations::{ClusterId, ObservedActor};
use crate::vectors::Progress;

/// The states that are read for some issues and pull requests.
const MOST_STATES: i64 = 2_000;

campanile_db::columns! {
    observed_columns, observed_at:
    id = "observation.id",
    organisation_id = "observation.organisation_id",
    provider = "observation.provider",
    event_type = "observation.type",
    title = "observation.title",
    body = "SUBSTR(observation.body, 1, 1000)",
    significance = "observation.significance",
    topics = "observation.topics",
    actor = "observation.actor",
    actor_id = "observation.actor_id",
    entities = "observation.entities",
    occurred_at = "observation.occurred_at",
    captured_at = "observation.captured_at",
    cluster_id = "observation.cluster_id",
}
campanile_db::columns! {
    cluster_columns, cluster_at:
    id, organisation_id, label, title, significance, observations, first_at, last_at, sources, actors, entities,
    topics, terms, subjects, is_completed, embedder_id, centroid, vectors, created_at,
}

/// The workspaces with passages whose observations are not assigned yet.
pub(crate) async fn behind(tx: &mut Tx) -> Result<Vec<WorkspaceId>> {
    let sql = "SELECT head.workspace_id FROM search_head AS head
        LEFT JOIN cluster_progress AS progress ON progress.workspace_id = head.workspace_id
        WHERE head.next_no > 0
            AND (progress.workspace_id IS NULL
                OR progress.ranges <> '[[0,' || CAST(head.next_no AS TEXT) || ']]')";
    tx.all(sql, params![], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// The passages of a workspace whose observations are assigned.
pub(super) async fn progress(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Progress> {
    let sql = "SELECT ranges FROM cluster_progress WHERE workspace_id = $1";
    Ok(tx.first(sql, params![workspace.as_str()], |row: &Row<'_>| row.json(0)).await?.unwrap_or_default())
}

pub(super) async fn store_progress(tx: &mut Tx, of: &WorkspaceId, progress: &Progress, added: i64) -> Result<u64> {
    let (sql, params) = insert!("cluster_progress" {
        workspace_id: of.as_str(),
        ranges: json_text(progress),
        observations: added,
    } "ON CONFLICT (workspace_id) DO UPDATE SET
        ranges = excluded.ranges, observations = cluster_progress.observations + excluded.observations");
    tx.execute(sql, &params).await
}

/// The observations whose first passages have these numbers, in the order in which they happened.
pub(super) async fn observed(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    numbers: Range<i64>,
    embedder: Option<&str>,
) -> Result<Vec<Observed>> {
    let sql = concat!(
        "SELECT ",
        observed_columns!(),
        " FROM passage JOIN observation ON observation.id = passage.owner_id
        WHERE passage.workspace_id = $1 AND passage.no >= $2 AND passage.no < $3
            AND passage.kind = 'observation' AND passage.part = 0
        ORDER BY observation.occurred_at, passage.no"
    );
    let mut splitter = Splitter::default();
    let params = params![workspace.as_str(), numbers.start, numbers.end];
    let mut observed = tx.all(sql, params, |row| read_observed(row, &mut splitter)).await?;
    if let Some(embedder) = embedder {
        let mut vectors = vectors_of(tx, workspace, numbers, embedder).await?;
        observed.iter_mut().for_each(|one| one.vector = vectors.remove(&one.id).and_then(|all| mean(&all)));
    }
    let mut subjects = subjects_of(tx, workspace, &observed).await?;
    observed.iter_mut().for_each(|one| one.subjects = subjects.remove(&one.id).unwrap_or_default());
    Ok(observed)
}

/// The observations of a cluster in the order in which they happened, at most `most`.
pub(super) async fn of_cluster(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    cluster: &ClusterId,
    most: usize,
) -> Result<Vec<Observed>> {
    let sql = concat!(
        "SELECT ",
        observed_columns!(),
        " FROM observation WHERE workspace_id = $1 AND cluster_id = $2 ORDER BY occurred_at, id LIMIT $3"
    );
    let mut splitter = Splitter::default();
    let params = params![workspace.as_str(), cluster.as_str(), most as i64];
    let mut observed = tx.all(sql, params, |row| read_observed(row, &mut splitter)).await?;
    let mut subjects = subjects_of(tx, workspace, &observed).await?;
    observed.iter_mut().for_each(|one| one.subjects = subjects.remove(&one.id).unwrap_or_default());
    Ok(observed)
}

/// Sets what a cluster names, and drops its summary, which quotes what is gone.
pub(super) async fn set_content(tx: &mut Tx, of: &WorkspaceId, cluster: &Gathering) -> Result<u64> {
    let sql = "UPDATE cluster SET
        observations = (SELECT COUNT(*) FROM observation WHERE workspace_id = $1 AND cluster_id = $2),
        title = $3, label = CASE WHEN label <> title THEN label ELSE $3 END, significance = $4, first_at = $5,
        sources = $6, actors = $7, entities = $8, topics = $9, terms = $10, subjects = $11, is_completed = $12,
        summary = NULL, summary_method = NULL, summary_topics = NULL, summary_at = NULL
        WHERE workspace_id = $1 AND id = $2";
    let params = params![
        of.as_str(),
        cluster.id.as_str(),
        &cluster.title,
        cluster.significance,
        cluster.first_at,
        json_text(&cluster.sources),
        json_text(&cluster.actors),
        json_text(&cluster.entities),
        json_text(&cluster.topics),
        json_text(&rounded(&cluster.terms)),
        json_text(&cluster.subjects),
        cluster.is_completed,
    ];
    tx.execute(sql, params).await
}

#[derive(Deserialize)]
struct StoredEntity {
    category: String,
    key: String,
}

fn read_observed(row: &Row<'_>, splitter: &mut Splitter) -> Result<Observed> {
    let title: String = row.get(observed_at::title)?;
    let title = headline(&title).to_owned();
    let body: String = row.get(observed_at::body)?;
    let entities: Vec<StoredEntity> = row.json(observed_at::entities)?;
    let entities = entities.into_iter().take(MOST_ENTITIES);
    let (provider, event_type): (String, String) = (row.get(observed_at::provider)?, row.get(observed_at::event_type)?);
    let mut topics: Vec<String> = row.json(observed_at::topics)?;
    // Classification begins with these two; they tell nothing of the thing itself.
    topics.retain(|topic| *topic != provider.to_lowercase() && *topic != event_type.to_lowercase());
    let actor: Option<ObservedActor> = row.json_if_any(observed_at::actor)?;
    // The id is corrected once the person is known better; the rest is what the provider told.
    let actor_id: Option<String> = row.get(observed_at::actor_id)?;
    Ok(Observed {
        id: row.get(observed_at::id)?,
        organisation: row.get(observed_at::organisation_id)?,
        provider,
        terms: words::terms(splitter, &title, &body),
        title,
        significance: row.get(observed_at::significance)?,
        topics,
        actor: actor.zip(actor_id).map(|(actor, id)| ObservedPerson { person: id.clone(), id, name: actor.told.name }),
        entities: entities.map(|entity| format!("{}:{}", entity.category, entity.key.to_lowercase())).collect(),
        vector: None,
        subjects: Vec::new(),
        occurred_at: row.get(observed_at::occurred_at)?,
        captured_at: row.get(observed_at::captured_at)?,
        cluster: row.get::<Option<String>>(observed_at::cluster_id)?.map(ClusterId::from),
        was_redirected: false,
    })
}

/// The vectors of passages by the observation to which they belong.
async fn vectors_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    numbers: Range<i64>,
    embedder: &str,
) -> Result<HashMap<String, Vec<Vector>>> {
    let sql = "SELECT passage.owner_id, passage_vector.data FROM passage_vector
        JOIN passage ON passage.workspace_id = passage_vector.workspace_id AND passage.no = passage_vector.no
        WHERE passage_vector.workspace_id = $1 AND passage_vector.embedder_id = $2
            AND passage_vector.no >= $3 AND passage_vector.no < $4 AND passage.kind = 'observation'";
    let params = params![workspace.as_str(), embedder, numbers.start, numbers.end];
    let rows = tx.all(sql, params, |row| Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?))).await?;
    let mut vectors: HashMap<String, Vec<Vector>> = HashMap::new();
    for (owner, bytes) in rows {
        let vector = Vector::from_bytes(&bytes, bytes.len().saturating_sub(size_of::<f32>()));
        vectors.entry(owner).or_default().extend(vector);
    }
    Ok(vectors)
}

/// The states of issues and pull requests that observations tell.
async fn subjects_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    observed: &[Observed],
) -> Result<HashMap<String, Vec<SubjectState>>> {
    let mut subjects: HashMap<String, Vec<SubjectState>> = HashMap::new();
    if observed.is_empty() {
        return Ok(subjects);
    }
    let sql = "SELECT observation_id, entity_key, value FROM temporal_state WHERE workspace_id = ?";
    let rows = Select::new(sql, [workspace.as_str()])
        .and_in("observation_id", observed.iter().map(|one| one.id.as_str()))
        .and("state_type = 'status' AND entity_type IN ('issue', 'pr') AND value IS NOT NULL")
        .all(tx, |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?)))
        .await?;
    for (id, key, value) in rows {
        subjects.entry(id).or_default().push(SubjectState { key, is_open: is_open(&value) });
    }
    Ok(subjects)
}

/// The newest states that observations of any cluster tell of some issues and pull requests, the newest first.
pub(super) async fn states_of(tx: &mut Tx, workspace: &WorkspaceId, keys: &BTreeSet<&str>) -> Result<Vec<ToldState>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let sql =
        "SELECT temporal_state.entity_key, temporal_state.value, temporal_state.valid_from, observation.cluster_id
        FROM temporal_state JOIN observation ON observation.id = temporal_state.observation_id
        WHERE temporal_state.workspace_id = ?";
    Select::new(sql, [workspace.as_str()])
        .and_in("temporal_state.entity_key", keys.iter().copied())
        .and(
            "temporal_state.state_type = 'status' AND temporal_state.entity_type IN ('issue', 'pr')
            AND temporal_state.value IS NOT NULL",
        )
        .then_with(
            " ORDER BY temporal_state.valid_from DESC, temporal_state.observation_id DESC LIMIT ?",
            [MOST_STATES],
        )
        .all(tx, |row| {
            let (value, at): (String, Timestamp) = (row.get(1)?, row.get(2)?);
            let told = Subject { at: at.as_micros(), is_open: is_open(&value) };
            Ok(ToldState { key: row.get(0)?, told, cluster: row.get::<Option<String>>(3)?.map(ClusterId::from) })
        })
        .await
}

/// The edges of observations, each as seen from them.
pub(super) async fn links(tx: &mut Tx, workspace: &WorkspaceId, observed: &[Observed]) -> Result<Vec<Link>> {
    let ids = || observed.iter().map(|one| one.id.as_str());
    let read = |row: &Row<'_>| {
        let cluster = row.get::<Option<String>>(3)?.map(ClusterId::from);
        Ok(Link { from: row.get(0)?, to: row.get(1)?, edge_type: row.get(2)?, cluster })
    };
    let outgoing = "SELECT edge.from_id, edge.to_id, edge.type, other.cluster_id FROM edge
        JOIN observation AS other ON other.id = edge.to_id WHERE edge.workspace_id = ?";
    let incoming = "SELECT edge.to_id, edge.from_id, edge.type, other.cluster_id FROM edge
        JOIN observation AS other ON other.id = edge.from_id WHERE edge.workspace_id = ?";
    let mut links = Select::new(outgoing, [workspace.as_str()]).and_in("edge.from_id", ids()).all(tx, read).await?;
    links.extend(Select::new(incoming, [workspace.as_str()]).and_in("edge.to_id", ids()).all(tx, read).await?);
    Ok(links)
}

/// The clusters that are near in time: the nearest that ended before, and the nearest of the others, at most
/// `most` of each. A late event has its own neighbours, whatever happened since.
pub(super) async fn near(tx: &mut Tx, workspace: &WorkspaceId, at: Timestamp, most: usize) -> Result<Vec<ClusterId>> {
    let ended_before = "SELECT id FROM cluster WHERE workspace_id = $1 AND last_at >= $2 AND last_at <= $3
        ORDER BY last_at DESC, id DESC LIMIT $4";
    let before = params![workspace.as_str(), at.minus(OPEN), at, most as i64];
    let mut near = tx.all(ended_before, before, |row| row.get::<String>(0).map(ClusterId::from)).await?;
    let others = "SELECT id FROM cluster
        WHERE workspace_id = $1 AND last_at > $2 AND last_at <= $3 AND first_at <= $4
        ORDER BY last_at, id LIMIT $5";
    let after = params![workspace.as_str(), at, at.plus(OPEN + LONGEST), at.plus(OPEN), most as i64];
    near.extend(tx.all(others, after, |row| row.get::<String>(0).map(ClusterId::from)).await?);
    Ok(near)
}

/// Clusters by their ids. The mean of another model's vectors is left out.
pub(super) async fn loaded(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[&ClusterId],
    embedder: Option<&str>,
) -> Result<Vec<Gathering>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!("SELECT ", cluster_columns!(), " FROM cluster WHERE workspace_id = ?");
    let select = Select::new(sql, [workspace.as_str()]).and_in("id", ids.iter().map(|id| id.as_str()));
    select.all(tx, |row| read_cluster(row, embedder)).await
}

fn read_cluster(row: &Row<'_>, embedder: Option<&str>) -> Result<Gathering> {
    let known: Option<String> = row.get(cluster_at::embedder_id)?;
    let bytes: Option<Vec<u8>> = row.get(cluster_at::centroid)?;
    let vectors: i64 = row.get(cluster_at::vectors)?;
    let centroid = known.zip(bytes).filter(|(known, _)| Some(known.as_str()) == embedder);
    Ok(Gathering {
        id: ClusterId::from(row.get::<String>(cluster_at::id)?),
        organisation: row.get(cluster_at::organisation_id)?,
        label: row.get(cluster_at::label)?,
        title: row.get(cluster_at::title)?,
        significance: row.get(cluster_at::significance)?,
        observations: row.get(cluster_at::observations)?,
        first_at: row.get(cluster_at::first_at)?,
        last_at: row.get(cluster_at::last_at)?,
        sources: row.json(cluster_at::sources)?,
        actors: row.json(cluster_at::actors)?,
        people: BTreeSet::new(),
        entities: row.json(cluster_at::entities)?,
        topics: row.json(cluster_at::topics)?,
        terms: row.json(cluster_at::terms)?,
        subjects: row.json(cluster_at::subjects)?,
        is_completed: row.get(cluster_at::is_completed)?,
        centroid: centroid.map(|(embedder, bytes)| Centroid { embedder, numbers: numbers_of(&bytes), vectors }),
        created_at: row.get(cluster_at::created_at)?,
        known: row.get(cluster_at::observations)?,
    })
}

/// The numbers of a stored mean.
pub(in crate::clusters) fn numbers_of(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

pub(super) async fn store(tx: &mut Tx, of: &WorkspaceId, clusters: &[Gathering], now: Timestamp) -> Result<()> {
    let bytes =
        |centroid: &Centroid| centroid.numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let (bulk, rows) = insert_all!(clusters.iter() => |cluster| "cluster" {
        id: text = cluster.id.as_str(),
        organisation_id: text = &cluster.organisation,
        workspace_id: text = of.as_str(),
        label: text = &cluster.label,
        title: text = &cluster.title,
        significance: bigint = cluster.significance,
        observations: bigint = cluster.observations,
        first_at: bigint = cluster.first_at,
        last_at: bigint = cluster.last_at,
        sources: text = json_text(&cluster.sources),
        actors: text = json_text(&cluster.actors),
        entities: text = json_text(&cluster.entities),
        topics: text = json_text(&cluster.topics),
        terms: text = json_text(&rounded(&cluster.terms)),
        subjects: text = json_text(&cluster.subjects),
        is_completed: boolean = cluster.is_completed,
        embedder_id: text = cluster.centroid.as_ref().map(|centroid| centroid.embedder.as_str()),
        centroid: bytea = cluster.centroid.as_ref().map(bytes),
        vectors: bigint = cluster.centroid.as_ref().map_or(0, |centroid| centroid.vectors),
        created_at: bigint = cluster.created_at,
        changed_at: bigint = now,
    } "ON CONFLICT (id) DO UPDATE SET
        label = excluded.label, title = excluded.title, significance = excluded.significance,
        observations = excluded.observations, first_at = excluded.first_at, last_at = excluded.last_at,
        sources = excluded.sources, actors = excluded.actors, entities = excluded.entities,
        topics = excluded.topics, terms = excluded.terms, subjects = excluded.subjects,
        is_completed = excluded.is_completed, embedder_id = excluded.embedder_id, centroid = excluded.centroid,
        vectors = excluded.vectors, changed_at = excluded.changed_at");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// Weights with two decimals: they are written with each change.
fn rounded(terms: &BTreeMap<String, f32>) -> BTreeMap<&str, f64> {
    terms.iter().map(|(term, weight)| (term.as_str(), (f64::from(*weight) * 100.0).round() / 100.0)).collect()
}

/// Sets the clusters of observations.
pub(super) async fn set_clusters(tx: &mut Tx, of: &WorkspaceId, moved: &[(&str, &ClusterId)]) -> Result<()> {
    let sql = "UPDATE observation SET cluster_id = $3 WHERE workspace_id = $1 AND id = $2";
    let rows: Vec<_> = moved.iter().map(|(id, cluster)| row![of.as_str(), *id, cluster.as_str()]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Removes a cluster, which has no observation any more.
pub(in crate::clusters) async fn delete(tx: &mut Tx, of: &WorkspaceId, cluster: &str) -> Result<u64> {
    tx.execute("DELETE FROM cluster WHERE workspace_id = $1 AND id = $2", params![of.as_str(), cluster]).await
}

/// Counts the topics of observations.
pub(super) async fn count_topics(tx: &mut Tx, workspace: &WorkspaceId, observed: &[Observed]) -> Result<()> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    observed.iter().flat_map(|one| &one.topics).for_each(|topic| *counts.entry(topic).or_default() += 1);
    let (bulk, rows) = insert_all!(counts.into_iter() => |(topic, count)| "cluster_topic" {
        workspace_id: text = workspace.as_str(),
        topic: text = topic,
        observations: bigint = count,
    } "ON CONFLICT (workspace_id, topic) DO UPDATE SET
        observations = cluster_topic.observations + excluded.observations");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// The observations of a workspace that were assigned, and those with each of some topics.
pub(in crate::clusters) async fn topic_counts(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    mut topics: Vec<&str>,
) -> Result<TopicCounts> {
    topics.sort_unstable();
    topics.dedup();
    topics.truncate(1_000);
    let sql = "SELECT observations FROM cluster_progress WHERE workspace_id = $1";
    let observations = tx.first(sql, params![workspace.as_str()], |row| row.get(0)).await?.unwrap_or(0);
    let sql = "SELECT topic, observations FROM cluster_topic WHERE workspace_id = ?";
    let select = Select::new(sql, [workspace.as_str()]).and_in("topic", topics.iter().copied());
    let rows =
        if topics.is_empty() { Vec::new() } else { select.all(tx, |row| Ok((row.get(0)?, row.get(1)?))).await? };
    Ok(TopicCounts { observations, by_topic: rows.into_iter().collect() })
}
