//! The SQL of passages and of their numbers.

use std::collections::BTreeMap;
use std::ops::Range;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::Reference;
use campanile_db::{Result, Row, Select, Tx, insert_all, json_text, params, row};

use super::{NewChunk, ObservationPiece, Owner, Passage, SummaryPiece};
use crate::documents::document::{Chunk, Document, DocumentId};
use crate::observations::{ClusterId, Observation, ObservationId, OwnAddress};

campanile_db::columns! {
    columns, at:
    no = "passage.no",
    part = "passage.part",
    id = "observation.id",
    source_id = "observation.source_id",
    provider = "observation.provider",
    event_type = "observation.type",
    title = "observation.title",
    significance = "observation.significance",
    category = "observation.category",
    topics = "observation.topics",
    actor = "observation.actor",
    cluster_id = "observation.cluster_id",
    occurred_at = "observation.occurred_at",
    captured_at = "observation.captured_at",
    metadata = "observation.metadata",
    text = "observation.body",
    refs = "observation.refs",
    repository = "observation.repository",
}
campanile_db::columns! {
    chunk_columns, chunk_at:
    no = "chunk.no",
    headings = "chunk.headings",
    text = "chunk.text",
    stored_at = "chunk.stored_at",
    id = "document.id",
    source = "document.source",
    source_id = "document.source_id",
    external_id = "document.external_id",
    parent_id = "document.parent_id",
    path = "document.path",
    title = "document.title",
    slug = "document.slug",
    description = "document.description",
    tags = "document.tags",
    url = "document.url",
    format = "document.format",
    passages = "document.passages",
    bytes = "document.bytes",
    created_at = "document.created_at",
    updated_at = "document.updated_at",
}
campanile_db::columns! {
    summary_columns, summary_at:
    no = "passage.no",
    id = "cluster.id",
    title = "cluster.title",
    text = "cluster.summary",
    sources = "cluster.sources",
    actors = "cluster.actors",
    topics = "cluster.topics",
    last_at = "cluster.last_at",
}
campanile_db::columns! { head_columns, head_at: next_no, next_removal, first_removal }

/// The next numbers of a workspace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number of the next passage.
    pub(crate) next_no: i64,
    /// The place of the next removal.
    pub(crate) next_removal: i64,
    /// The first removal whose row is still there.
    pub(crate) first_removal: i64,
}

pub(crate) async fn head(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Head> {
    let sql = concat!("SELECT ", head_columns!(), " FROM search_head WHERE workspace_id = $1");
    let read = |row: &Row<'_>| {
        Ok(Head {
            next_no: row.get(head_at::next_no)?,
            next_removal: row.get(head_at::next_removal)?,
            first_removal: row.get(head_at::first_removal)?,
        })
    };
    Ok(tx.first(sql, params![workspace.as_str()], read).await?.unwrap_or_default())
}

/// Takes numbers for passages. Returns the one behind the last.
pub(super) async fn take_numbers(tx: &mut Tx, workspace: &WorkspaceId, passages: i64) -> Result<i64> {
    let sql = "INSERT INTO search_head (workspace_id, next_no, next_removal, first_removal) VALUES ($1, $2, 0, 0)
        ON CONFLICT (workspace_id) DO UPDATE SET next_no = search_head.next_no + excluded.next_no RETURNING next_no";
    tx.one(sql, params![workspace.as_str(), passages], |row| row.get(0)).await
}

pub(super) async fn take_removals(tx: &mut Tx, workspace: &str, removals: i64) -> Result<i64> {
    let sql = "UPDATE search_head SET next_removal = next_removal + $2 WHERE workspace_id = $1 RETURNING next_removal";
    tx.one(sql, params![workspace, removals], |row| row.get(0)).await
}

/// Inserts passages of owners and parts, with the numbers from `first` on.
pub(super) async fn insert(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    kind: &str,
    first: i64,
    parts: &[(&str, i64)],
) -> Result<()> {
    let (bulk, rows) = insert_all!((first..).zip(parts) => |(no, (owner, part))| "passage" {
        workspace_id: text = workspace.as_str(),
        no: bigint = no,
        kind: text = kind,
        owner_id: text = *owner,
        part: bigint = *part,
    });
    tx.change(bulk, &rows).await.map(drop)
}

/// Inserts chunks with the numbers from `first` on, and their passages.
pub(super) async fn insert_chunks(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    document: &Document,
    first: i64,
    chunks: &[NewChunk<'_>],
) -> Result<()> {
    let (bulk, rows) = insert_all!((first..).zip(chunks) => |(no, _)| "passage" {
        workspace_id: text = workspace.as_str(),
        no: bigint = no,
        kind: text = "chunk",
        owner_id: text = document.id.as_str(),
        part: bigint = no,
    });
    tx.change(bulk, &rows).await?;
    let (bulk, rows) = insert_all!((first..).zip(chunks) => |(no, chunk)| "chunk" {
        workspace_id: text = workspace.as_str(),
        no: bigint = no,
        document_id: text = document.id.as_str(),
        hash: text = chunk.hash,
        headings: text = json_text(chunk.headings),
        body_start: bigint = chunk.body.0,
        body_end: bigint = chunk.body.1,
        tokens: bigint = chunk.tokens,
        text: text = chunk.text,
        stored_at: bigint = document.updated_at,
    });
    tx.change(bulk, &rows).await.map(drop)
}

/// Deletes chunks and their passages by their numbers.
pub(super) async fn delete_chunks(tx: &mut Tx, workspace: &WorkspaceId, numbers: &[i64]) -> Result<()> {
    let rows: Vec<_> = numbers.iter().map(|no| row![workspace.as_str(), *no]).collect();
    tx.execute_many("DELETE FROM passage WHERE workspace_id = $1 AND no = $2", &rows).await?;
    tx.execute_many("DELETE FROM chunk WHERE workspace_id = $1 AND no = $2", &rows).await.map(drop)
}

/// Deletes the passages of an observation or a cluster. Returns their numbers.
pub(super) async fn delete(tx: &mut Tx, workspace: &str, owner: &str) -> Result<Vec<i64>> {
    let sql = "DELETE FROM passage WHERE workspace_id = $1 AND owner_id = $2 RETURNING no";
    tx.all(sql, params![workspace, owner], |row| row.get(0)).await
}

pub(super) async fn note_removed(tx: &mut Tx, workspace: &str, first: i64, gone: &[i64]) -> Result<()> {
    let (bulk, rows) = insert_all!((first..).zip(gone) => |(seq, no)| "passage_removed" {
        workspace_id: text = workspace,
        seq: bigint = seq,
        no: bigint = *no,
    });
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// The numbers of passages that were removed from this removal on.
pub(crate) async fn removed_since(tx: &mut Tx, workspace: &WorkspaceId, seq: i64) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT seq, no FROM passage_removed WHERE workspace_id = $1 AND seq >= $2 ORDER BY seq";
    tx.all(sql, params![workspace.as_str(), seq], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The passages of a range of numbers, in order.
pub(crate) async fn between(tx: &mut Tx, workspace: &WorkspaceId, range: Range<i64>) -> Result<Vec<Passage>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM passage JOIN observation ON observation.id = passage.owner_id
        WHERE passage.workspace_id = $1 AND passage.no >= $2 AND passage.no < $3 ORDER BY passage.no"
    );
    let params = params![workspace.as_str(), range.start, range.end];
    let mut passages = tx.all(sql, params, |row| read(row, workspace)).await?;
    // Most workspaces have observations alone, and need one query.
    if (passages.len() as i64) < range.end - range.start {
        let sql = concat!(
            "SELECT ",
            chunk_columns!(),
            " FROM chunk JOIN document ON document.id = chunk.document_id
            WHERE chunk.workspace_id = $1 AND chunk.no >= $2 AND chunk.no < $3 ORDER BY chunk.no"
        );
        passages.extend(tx.all(sql, params, |row| read_chunk(row, workspace)).await?);
        let sql = concat!(
            "SELECT ",
            summary_columns!(),
            " FROM passage JOIN cluster ON cluster.id = passage.owner_id AND cluster.summary IS NOT NULL
            WHERE passage.workspace_id = $1 AND passage.no >= $2 AND passage.no < $3 AND passage.kind = 'summary'"
        );
        passages.extend(tx.all(sql, params, read_summary).await?);
        passages.sort_by_key(|passage| passage.no);
    }
    Ok(passages)
}

/// The passages with these numbers, in no order. Those that are gone are left out.
pub(crate) async fn numbered(tx: &mut Tx, workspace: &WorkspaceId, numbers: &[u32]) -> Result<Vec<Passage>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let listed = || numbers.iter().map(|no| i64::from(*no));
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM passage JOIN observation ON observation.id = passage.owner_id WHERE passage.workspace_id = ?"
    );
    let select = Select::new(sql, [workspace.as_str()]).and_in("passage.no", listed());
    let mut passages = select.all(tx, |row| read(row, workspace)).await?;
    if passages.len() < numbers.len() {
        let sql = concat!(
            "SELECT ",
            chunk_columns!(),
            " FROM chunk JOIN document ON document.id = chunk.document_id WHERE chunk.workspace_id = ?"
        );
        let select = Select::new(sql, [workspace.as_str()]).and_in("chunk.no", listed());
        passages.extend(select.all(tx, |row| read_chunk(row, workspace)).await?);
    }
    if passages.len() < numbers.len() {
        let sql = concat!(
            "SELECT ",
            summary_columns!(),
            " FROM passage JOIN cluster ON cluster.id = passage.owner_id AND cluster.summary IS NOT NULL
            WHERE passage.workspace_id = ?"
        );
        let select = Select::new(sql, [workspace.as_str()]).and_in("passage.no", listed());
        passages.extend(select.all(tx, read_summary).await?);
    }
    Ok(passages)
}

/// The first passages of the observations to which edges lead from some others, with the other end
/// and the confidence of the edge: those of the highest confidence, at most `most` in each direction.
pub(crate) async fn neighbours_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    owners: &[&str],
    most: i64,
) -> Result<Vec<(Passage, String, f64)>> {
    let outgoing = concat!(
        "SELECT ",
        columns!(),
        ", edge.from_id, edge.confidence FROM edge
        JOIN observation ON observation.id = edge.to_id
        JOIN passage ON passage.workspace_id = edge.workspace_id AND passage.owner_id = edge.to_id AND passage.part = 0
        WHERE edge.workspace_id = ?"
    );
    let incoming = concat!(
        "SELECT ",
        columns!(),
        ", edge.to_id, edge.confidence FROM edge
        JOIN observation ON observation.id = edge.from_id
        JOIN passage ON passage.workspace_id = edge.workspace_id AND passage.owner_id = edge.from_id AND passage.part = 0
        WHERE edge.workspace_id = ?"
    );
    let end = at::repository + 1;
    let mut found = Vec::new();
    for (sql, near) in [(outgoing, "edge.from_id"), (incoming, "edge.to_id")] {
        let select = Select::new(sql, [workspace.as_str()])
            .and_in(near, owners.iter().copied())
            .then_with(" ORDER BY edge.confidence DESC, edge.id LIMIT ?", [most]);
        let edges = select.all(tx, |row| Ok((read(row, workspace)?, row.get(end)?, row.get(end + 1)?)));
        found.extend(edges.await?);
    }
    Ok(found)
}

/// The numbers of the passages of an observation, a cluster or a document, in order.
pub(crate) async fn numbers_of(tx: &mut Tx, workspace: &WorkspaceId, owner: &str, most: i64) -> Result<Vec<u32>> {
    let sql = "SELECT no FROM passage WHERE workspace_id = $1 AND owner_id = $2
        UNION ALL SELECT no FROM chunk WHERE workspace_id = $1 AND document_id = $2
        ORDER BY no LIMIT $3";
    tx.all(sql, params![workspace.as_str(), owner, most], |row| number(row, 0)).await
}

fn number(row: &Row<'_>, column: usize) -> Result<u32> {
    Ok(u32::try_from(row.get::<i64>(column)?).unwrap_or(u32::MAX))
}

fn read(row: &Row<'_>, workspace: &WorkspaceId) -> Result<Passage> {
    let references: Vec<Reference> = row.json(at::refs)?;
    let observation = Observation {
        id: ObservationId::from(row.get::<String>(at::id)?),
        workspace_id: workspace.clone(),
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
        url: row.json::<OwnAddress>(at::metadata)?.or_of(&references),
    };
    let piece = ObservationPiece {
        part: usize::try_from(row.get::<i64>(at::part)?).unwrap_or(0),
        observation,
        text: row.get(at::text)?,
        references,
        repository: row.get(at::repository)?,
    };
    Ok(Passage { no: number(row, at::no)?, owner: Owner::Observation(Box::new(piece)) })
}

fn read_chunk(row: &Row<'_>, workspace: &WorkspaceId) -> Result<Passage> {
    let chunk = Chunk {
        headings: row.json(chunk_at::headings)?,
        text: row.get(chunk_at::text)?,
        stored_at: row.get(chunk_at::stored_at)?,
    };
    let document = Document {
        id: DocumentId::from(row.get::<String>(chunk_at::id)?),
        workspace_id: workspace.clone(),
        source: row.get(chunk_at::source)?,
        source_id: row.get(chunk_at::source_id)?,
        external_id: row.get(chunk_at::external_id)?,
        parent_id: row.get::<Option<String>>(chunk_at::parent_id)?.map(DocumentId::from),
        path: row.get(chunk_at::path)?,
        title: row.get(chunk_at::title)?,
        slug: row.get(chunk_at::slug)?,
        description: row.get(chunk_at::description)?,
        tags: row.json(chunk_at::tags)?,
        url: row.get(chunk_at::url)?,
        format: row.get(chunk_at::format)?,
        passages: row.get(chunk_at::passages)?,
        bytes: row.get(chunk_at::bytes)?,
        created_at: row.get(chunk_at::created_at)?,
        updated_at: row.get(chunk_at::updated_at)?,
    };
    Ok(Passage { no: number(row, chunk_at::no)?, owner: Owner::Document(Box::new((chunk, document))) })
}

#[derive(serde::Deserialize)]
struct Person {
    id: String,
    name: String,
}

fn read_summary(row: &Row<'_>) -> Result<Passage> {
    let sources: BTreeMap<String, i64> = row.json(summary_at::sources)?;
    let mut sources: Vec<(String, i64)> = sources.into_iter().collect();
    sources.sort_by_key(|(_, observations)| std::cmp::Reverse(*observations));
    let actors: Vec<Person> = row.json(summary_at::actors)?;
    let topics: BTreeMap<String, i64> = row.json(summary_at::topics)?;
    let piece = SummaryPiece {
        cluster: row.get(summary_at::id)?,
        title: row.get(summary_at::title)?,
        text: row.get(summary_at::text)?,
        sources: sources.into_iter().map(|(source, _)| source).collect(),
        actors: actors.into_iter().map(|actor| (actor.id, actor.name)).collect(),
        topics: topics.into_keys().collect(),
        last_at: row.get(summary_at::last_at)?,
    };
    Ok(Passage { no: number(row, summary_at::no)?, owner: Owner::Summary(Box::new(piece)) })
}
