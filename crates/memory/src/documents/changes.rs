//! Stores and removes documents, each with its chunks, in the caller's transaction.

use std::collections::{HashMap, HashSet};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::Tx;

use super::document::{Document, DocumentId, SourceName};
use super::prepared::PreparedDocument;
use super::queries::{self, StoredChunk, StoredDocument};
use crate::Memory;
use crate::passages::{self, NewChunk};
use crate::search::merge;

/// The most documents above another.
const DEEPEST: usize = 32;

/// A change of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Created,
    /// It is another than before.
    Updated,
    /// It is as it was, and nothing was written.
    Unchanged,
}

/// A document that was stored.
#[derive(Debug, Clone)]
pub struct DocumentChange {
    /// The document as it is now.
    pub document: Document,
    /// The change.
    pub change: Change,
    /// The passages that are new.
    pub added: usize,
    /// The passages that are gone.
    pub removed: usize,
}

/// Stores a document: the one with this `id`, or else the one with its external id, or a new one.
///
/// # Errors
/// `NotFound` for an unknown id; `Conflict` if the external id is another document's, or the
/// document comes from another source; `Invalid` for a parent that cannot be.
pub async fn put(
    tx: &mut Tx,
    memory: &Memory,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    source: &SourceName,
    id: Option<&DocumentId>,
    prepared: &PreparedDocument,
) -> Result<DocumentChange> {
    // One change of a workspace at a time: two of the same document must see each other.
    tx.lock(workspace.as_str()).await?;
    let known = known(tx, workspace, source, id, prepared).await?;
    let now = memory.clock.now();
    let id = known.as_ref().map_or_else(|| DocumentId::new(now), |known| known.document.id.clone());
    let parent = parent(tx, workspace, &id, prepared.parent.as_deref()).await?;
    let created_at = known.as_ref().map_or(now, |known| known.document.created_at);
    let document = described(prepared, source, (id, workspace.clone(), parent), (created_at, now));
    let stored = queries::chunks(tx, workspace, &document.id).await?;
    if let Some(known) = &known
        && is_unchanged(known, &document, prepared, stored.len())
    {
        let (document, change) = (known.document.clone(), Change::Unchanged);
        return Ok(DocumentChange { document, change, added: 0, removed: 0 });
    }
    let row = StoredDocument {
        document,
        content_hash: prepared.content_hash.clone(),
        config_hash: prepared.config_hash.clone(),
    };
    queries::upsert(tx, organisation, &row).await?;
    queries::upsert_text(tx, workspace, &row.document.id, prepared.split.text.as_bytes()).await?;
    let (added, removed) =
        replace_chunks(tx, memory, (organisation, workspace), (&row.document, prepared), stored).await?;
    let change = if known.is_some() { Change::Updated } else { Change::Created };
    Ok(DocumentChange { document: row.document, change, added, removed })
}

/// Removes a document with its chunks. Returns it, or `None` if there is none.
pub async fn delete(
    tx: &mut Tx,
    memory: &Memory,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    id: &DocumentId,
) -> Result<Option<Document>> {
    tx.lock(workspace.as_str()).await?;
    let Some(known) = queries::by_id(tx, workspace, id.as_str()).await? else { return Ok(None) };
    let chunks = queries::chunks(tx, workspace, id).await?;
    let numbers: Vec<i64> = chunks.iter().map(|chunk| chunk.no).collect();
    passages::remove_chunks(tx, workspace, &numbers).await?;
    queries::orphan(tx, workspace, id).await?;
    queries::delete(tx, workspace, id).await?;
    memory.engine.enqueue(tx, merge::job(organisation, workspace)).await?;
    Ok(Some(known.document))
}

/// The document that is replaced.
async fn known(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source: &SourceName,
    id: Option<&DocumentId>,
    prepared: &PreparedDocument,
) -> Result<Option<StoredDocument>> {
    let namesake = queries::by_external_id(tx, workspace, &source.id, &prepared.external_id).await?;
    let Some(id) = id else { return Ok(namesake) };
    let known = queries::by_id(tx, workspace, id.as_str()).await?.ok_or(Error::NotFound(Thing::Document))?;
    if known.document.source_id != source.id {
        return Err(Error::conflict(format!("the document comes from {} and is changed there", known.document.source)));
    }
    if namesake.is_some_and(|namesake| namesake.document.id != *id) {
        return Err(Error::conflict("another document has this external id"));
    }
    Ok(Some(known))
}

/// The parent by its id or its external id.
async fn parent(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    child: &DocumentId,
    named: Option<&str>,
) -> Result<Option<DocumentId>> {
    let Some(named) = named else { return Ok(None) };
    let found = queries::named(tx, workspace, named).await?;
    let parent = found.ok_or_else(|| Error::invalid_field("parent", "is no document of this workspace"))?;
    let mut above = Some(parent.clone());
    for _ in 0..DEEPEST {
        match above {
            None => return Ok(Some(parent)),
            Some(id) if id == *child => return Err(Error::invalid_field("parent", "stands below the document itself")),
            Some(id) => above = queries::parent_of(tx, workspace, &id).await?,
        }
    }
    Err(Error::invalid_field("parent", format!("stands below more than {DEEPEST} documents")))
}

fn described(
    prepared: &PreparedDocument,
    source: &SourceName,
    (id, workspace_id, parent_id): (DocumentId, WorkspaceId, Option<DocumentId>),
    (created_at, updated_at): (Timestamp, Timestamp),
) -> Document {
    let split = &prepared.split;
    Document {
        id,
        workspace_id,
        source: source.kind.clone(),
        source_id: source.id.clone(),
        external_id: prepared.external_id.clone(),
        parent_id,
        path: prepared.path.clone(),
        title: split.title.clone(),
        slug: split.slug.clone(),
        description: split.description.clone(),
        tags: split.tags.clone(),
        url: prepared.url.clone(),
        format: prepared.format.as_str().to_owned(),
        passages: split.pieces.len() as i64,
        bytes: split.text.len() as i64,
        created_at,
        updated_at,
    }
}

/// True if nothing is to be written. The passages are counted as well, in case some are missing.
fn is_unchanged(known: &StoredDocument, new: &Document, prepared: &PreparedDocument, chunks: usize) -> bool {
    let as_before = Document { updated_at: known.document.updated_at, ..new.clone() };
    known.content_hash == prepared.content_hash
        && known.config_hash == prepared.config_hash
        && known.document == as_before
        && chunks == prepared.hashes.len()
}

/// Removes the chunks that are gone, and adds those that are new. Returns their numbers.
async fn replace_chunks(
    tx: &mut Tx,
    memory: &Memory,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    (document, prepared): (&Document, &PreparedDocument),
    stored: Vec<StoredChunk>,
) -> Result<(usize, usize)> {
    let wanted: HashSet<&str> = prepared.hashes.iter().map(String::as_str).collect();
    let (kept, gone): (Vec<_>, Vec<_>) = stored.into_iter().partition(|chunk| wanted.contains(chunk.hash.as_str()));
    let gone: Vec<i64> = gone.iter().map(|chunk| chunk.no).collect();
    passages::remove_chunks(tx, workspace, &gone).await?;
    let kept: HashMap<&str, &StoredChunk> = kept.iter().map(|chunk| (chunk.hash.as_str(), chunk)).collect();
    let (mut new, mut moved) = (Vec::new(), Vec::new());
    for (piece, hash) in prepared.split.pieces.iter().zip(&prepared.hashes) {
        let body = (piece.range.start as i64, piece.range.end as i64);
        match kept.get(hash.as_str()) {
            Some(chunk) if chunk.body == body => {}
            Some(chunk) => moved.push((chunk.no, body)),
            None => new.push(NewChunk {
                hash,
                headings: &piece.headings,
                text: &prepared.split.text[piece.range.clone()],
                body,
                tokens: piece.tokens as i64,
            }),
        }
    }
    queries::move_chunks(tx, workspace, &moved).await?;
    let (before, after) = passages::add_chunks(tx, workspace, document, &new).await?;
    if !new.is_empty() {
        memory.work_later(tx, workspace);
    }
    if !gone.is_empty() || merge::is_due(memory, before, after) {
        memory.engine.enqueue(tx, merge::job(organisation, workspace)).await?;
    }
    Ok((new.len(), gone.len()))
}
