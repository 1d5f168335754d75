//! The SQL of summaries.

use std::collections::{BTreeMap, HashMap};

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Select, Tx, json_text, params};
use campanile_embed::Vector;
use campanile_search::terms::Splitter;

use super::{SummaryDraft, SummaryInput, SummaryText};
use crate::clusters::assignment::affinity::cosine;
use crate::clusters::assignment::words;
use crate::clusters::assignment::{characteristic, mean, numbers_of, topic_counts};
use crate::clusters::headline;

/// The observations that are read.
const NEWEST: i64 = 20;
/// The most key topics.
const MOST_TOPICS: usize = 5;

campanile_db::columns! {
    columns, at:
    observations, first_at, last_at, topics, terms, embedder_id, centroid, summary_at, changed_at,
}
campanile_db::columns! {
    text_columns, text_at: id, event_type = "type", title, body = "SUBSTR(body, 1, 1000)", significance, occurred_at,
}

/// A cluster to be summarised.
pub(super) struct FoundCluster {
    id: String,
    pub(super) observations: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    topics: BTreeMap<String, i64>,
    terms: BTreeMap<String, f32>,
    /// The mean of its vectors, and their model.
    centroid: Option<(String, Vec<f32>)>,
    pub(super) summary_at: Option<Timestamp>,
    pub(super) changed_at: Timestamp,
}

/// A cluster by its id.
pub(super) async fn cluster(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Option<FoundCluster>> {
    let sql = concat!("SELECT ", columns!(), " FROM cluster WHERE workspace_id = $1 AND id = $2");
    let read = |row: &Row<'_>| {
        let embedder: Option<String> = row.get(at::embedder_id)?;
        let bytes: Option<Vec<u8>> = row.get(at::centroid)?;
        Ok(FoundCluster {
            id: id.to_owned(),
            observations: row.get(at::observations)?,
            first_at: row.get(at::first_at)?,
            last_at: row.get(at::last_at)?,
            topics: row.json(at::topics)?,
            terms: row.json(at::terms)?,
            centroid: embedder.zip(bytes.map(|bytes| numbers_of(&bytes))),
            summary_at: row.get(at::summary_at)?,
            changed_at: row.get(at::changed_at)?,
        })
    };
    tx.first(sql, params![workspace.as_str(), id], read).await
}

/// The texts of the newest observations of a cluster, with its figures.
pub(super) async fn input(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    found: &FoundCluster,
    embedder: Option<&str>,
) -> Result<SummaryInput> {
    let sql = concat!(
        "SELECT ",
        text_columns!(),
        " FROM observation WHERE workspace_id = $1 AND cluster_id = $2 ORDER BY occurred_at DESC, id DESC LIMIT $3"
    );
    let mut splitter = Splitter::default();
    let params = params![workspace.as_str(), &found.id, NEWEST];
    let read = |row: &Row<'_>| {
        let (title, body): (String, String) = (row.get(text_at::title)?, row.get(text_at::body)?);
        let title = headline(&title).to_owned();
        let likeness = cosine(&words::terms(&mut splitter, &title, &body), &found.terms).clamp(0.0, 1.0);
        let (significance, occurred_at) = (row.get(text_at::significance)?, row.get(text_at::occurred_at)?);
        let (id, event_type): (String, String) = (row.get(text_at::id)?, row.get(text_at::event_type)?);
        Ok((id, SummaryText { event_type, title, body, significance, occurred_at, likeness }))
    };
    let mut texts: Vec<(String, SummaryText)> = tx.all(sql, params, read).await?;
    if let Some((_, centroid)) = found.centroid.as_ref().filter(|(model, _)| Some(model.as_str()) == embedder) {
        let ids: Vec<&str> = texts.iter().map(|(id, _)| id.as_str()).collect();
        let vectors = vectors_of(tx, workspace, embedder.unwrap_or_default(), &ids).await?;
        let centre = Vector::new(centroid);
        for (id, text) in &mut texts {
            let vector = vectors.get(id).and_then(|all| mean(all));
            if let Some((vector, centre)) = vector.zip(centre.as_ref()) {
                text.likeness = vector.similarity(centre).clamp(0.0, 1.0);
            }
        }
    }
    let counts = topic_counts(tx, workspace, found.topics.keys().map(String::as_str).collect()).await?;
    let sql = "SELECT type, COUNT(*) FROM observation WHERE workspace_id = $1 AND cluster_id = $2 GROUP BY type";
    let by_type = tx.all(sql, params![workspace.as_str(), &found.id], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(SummaryInput {
        observations: found.observations,
        first_at: found.first_at,
        last_at: found.last_at,
        by_type: by_type.into_iter().collect(),
        key_topics: characteristic(&found.topics, &counts).into_iter().take(MOST_TOPICS).collect(),
        texts: texts.into_iter().map(|(_, text)| text).collect(),
    })
}

/// The vectors of the passages of observations.
async fn vectors_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    embedder: &str,
    ids: &[&str],
) -> Result<HashMap<String, Vec<Vector>>> {
    let sql = "SELECT passage.owner_id, passage_vector.data FROM passage
        JOIN passage_vector ON passage_vector.workspace_id = passage.workspace_id AND passage_vector.no = passage.no
        WHERE passage.workspace_id = ? AND passage_vector.embedder_id = ?";
    let select = Select::new(sql, [workspace.as_str(), embedder]).and_in("passage.owner_id", ids.iter().copied());
    let rows = select.all(tx, |row| Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?))).await?;
    let mut vectors: HashMap<String, Vec<Vector>> = HashMap::new();
    for (owner, bytes) in rows {
        let vector = Vector::from_bytes(&bytes, bytes.len().saturating_sub(size_of::<f32>()));
        vectors.entry(owner).or_default().extend(vector);
    }
    Ok(vectors)
}

/// Stores a summary. Returns false if the cluster is gone.
pub(super) async fn store(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
    draft: &SummaryDraft,
    topics: &[String],
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE cluster SET summary = $3, summary_method = $4, summary_topics = $5, summary_at = $6
        WHERE workspace_id = $1 AND id = $2";
    let topics = json_text(topics);
    let params = params![workspace.as_str(), id, &draft.text, &draft.method, &topics, now];
    Ok(tx.execute(sql, params).await? == 1)
}
