//! The SQL of documents, their texts and their chunks.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::{Cursor, PageSize};
use campanile_db::{Result, Row, Select, Stretch, Tx, containing, insert, json_text, params, row};

use super::document::{API_SOURCE, ChunkView, Document, DocumentId, Filter};

campanile_db::columns! {
    columns, at:
    id, workspace_id, source, source_id, external_id, parent_id, path, title, slug, description, tags, url, format,
    passages, bytes, created_at, updated_at,
}
campanile_db::columns! { hash_columns, hash_at after at: content_hash, config_hash }

/// A document with the hashes by which a change is noticed.
#[derive(Debug, Clone)]
pub(super) struct StoredDocument {
    pub(super) document: Document,
    pub(super) content_hash: String,
    pub(super) config_hash: String,
}

/// A chunk, without its text.
#[derive(Debug, Clone)]
pub(super) struct StoredChunk {
    pub(super) no: i64,
    pub(super) hash: String,
    pub(super) body: (i64, i64),
}

pub(super) async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Option<StoredDocument>> {
    let sql =
        concat!("SELECT ", columns!(), ", ", hash_columns!(), " FROM document WHERE workspace_id = $1 AND id = $2");
    tx.first(sql, params![workspace.as_str(), id], read_stored).await
}

pub(super) async fn by_external_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source_id: &str,
    external_id: &str,
) -> Result<Option<StoredDocument>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", ",
        hash_columns!(),
        " FROM document WHERE workspace_id = $1 AND source_id = $2 AND external_id = $3"
    );
    tx.first(sql, params![workspace.as_str(), source_id, external_id], read_stored).await
}

/// The document with this id, or with this external id among those that were added through the API.
pub async fn named(tx: &mut Tx, workspace: &WorkspaceId, name: &str) -> Result<Option<DocumentId>> {
    let sql = "SELECT id FROM document WHERE workspace_id = $1 AND id = $2
        UNION ALL SELECT id FROM document WHERE workspace_id = $1 AND source_id = $3 AND external_id = $2";
    let params = params![workspace.as_str(), name, API_SOURCE];
    tx.first(sql, params, |row| row.get::<String>(0).map(DocumentId::from)).await
}

/// The workspace of a document, within an organisation.
pub async fn workspace_of(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<WorkspaceId>> {
    let sql = "SELECT workspace_id FROM document WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

pub(super) async fn parent_of(tx: &mut Tx, workspace: &WorkspaceId, id: &DocumentId) -> Result<Option<DocumentId>> {
    let sql = "SELECT parent_id FROM document WHERE workspace_id = $1 AND id = $2";
    let read = |row: &Row<'_>| row.get::<Option<String>>(0);
    Ok(tx.first(sql, params![workspace.as_str(), id.as_str()], read).await?.flatten().map(DocumentId::from))
}

/// The ids of the document at a place and of all below it, and of the one with this external id.
pub(super) async fn ids_at(tx: &mut Tx, workspace: &WorkspaceId, place: &str, most: i64) -> Result<Vec<String>> {
    let (path, from, until) = below(place);
    let sql = "SELECT id FROM document WHERE workspace_id = $1 AND path = $2
        UNION ALL SELECT id FROM document WHERE workspace_id = $1 AND path >= $3 AND path < $4
        UNION ALL SELECT id FROM document WHERE workspace_id = $1 AND source_id = $5 AND external_id = $6 LIMIT $7";
    let params = params![workspace.as_str(), path, from, until, API_SOURCE, place, most];
    tx.all(sql, params, |row| row.get(0)).await
}

/// A place, and the range of the paths below it: `0` is the character behind `/`.
fn below(place: &str) -> (String, String, String) {
    let path = place.trim_matches('/');
    (path.to_owned(), format!("{path}/"), format!("{path}0"))
}

pub(super) async fn upsert(tx: &mut Tx, organisation: &OrganisationId, row: &StoredDocument) -> Result<u64> {
    let StoredDocument { document, content_hash, config_hash } = row;
    let (sql, params) = insert!("document" {
        id: document.id.as_str(),
        organisation_id: organisation.as_str(),
        workspace_id: document.workspace_id.as_str(),
        source: &document.source,
        source_id: &document.source_id,
        external_id: &document.external_id,
        parent_id: document.parent_id.as_ref().map(DocumentId::as_str),
        path: &document.path,
        title: &document.title,
        slug: &document.slug,
        description: document.description.as_deref(),
        tags: json_text(&document.tags),
        url: document.url.as_deref(),
        format: &document.format,
        content_hash: content_hash,
        config_hash: config_hash,
        passages: document.passages,
        bytes: document.bytes,
        created_at: document.created_at,
        updated_at: document.updated_at,
    } "ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, parent_id = excluded.parent_id,
        path = excluded.path, title = excluded.title, slug = excluded.slug, description = excluded.description,
        tags = excluded.tags, url = excluded.url, format = excluded.format, content_hash = excluded.content_hash,
        config_hash = excluded.config_hash, passages = excluded.passages, bytes = excluded.bytes,
        updated_at = excluded.updated_at WHERE document.workspace_id = excluded.workspace_id");
    tx.execute(sql, &params).await
}

/// Writes the place of a document: its name in its source, path, address and slug.
pub(super) async fn set_place(tx: &mut Tx, document: &Document) -> Result<u64> {
    let Document { id, workspace_id, external_id, path, url, slug, updated_at, .. } = document;
    let sql = "UPDATE document SET external_id = $3, path = $4, url = $5, slug = $6, updated_at = $7
        WHERE workspace_id = $1 AND id = $2";
    let params = params![workspace_id.as_str(), id.as_str(), external_id, path, url.as_deref(), slug, *updated_at];
    tx.execute(sql, params).await
}

pub(super) async fn upsert_text(tx: &mut Tx, workspace: &WorkspaceId, id: &DocumentId, data: &[u8]) -> Result<u64> {
    let (sql, params) = insert!("document_text" {
        document_id: id.as_str(),
        workspace_id: workspace.as_str(),
        data: data,
    } "ON CONFLICT (document_id) DO UPDATE SET data = excluded.data
        WHERE document_text.workspace_id = excluded.workspace_id");
    tx.execute(sql, &params).await
}

pub(super) async fn text(tx: &mut Tx, workspace: &WorkspaceId, id: &DocumentId) -> Result<String> {
    let sql = "SELECT data FROM document_text WHERE workspace_id = $1 AND document_id = $2";
    let data = tx.first(sql, params![workspace.as_str(), id.as_str()], |row| row.get::<Vec<u8>>(0)).await?;
    Ok(String::from_utf8_lossy(&data.unwrap_or_default()).into_owned())
}

pub(super) async fn chunks(tx: &mut Tx, workspace: &WorkspaceId, id: &DocumentId) -> Result<Vec<StoredChunk>> {
    let sql = "SELECT no, hash, body_start, body_end FROM chunk WHERE workspace_id = $1 AND document_id = $2";
    tx.all(sql, params![workspace.as_str(), id.as_str()], |row| {
        Ok(StoredChunk { no: row.get(0)?, hash: row.get(1)?, body: (row.get(2)?, row.get(3)?) })
    })
    .await
}

/// The chunks of a document in the order of its text, with their bytes.
pub(super) async fn views(tx: &mut Tx, workspace: &WorkspaceId, id: &DocumentId, most: i64) -> Result<Vec<ChunkView>> {
    let sql = "SELECT no, headings, body_start, body_end, tokens FROM chunk
        WHERE workspace_id = $1 AND document_id = $2 ORDER BY body_start, no LIMIT $3";
    tx.all(sql, params![workspace.as_str(), id.as_str(), most], |row| {
        let headings: Vec<String> = row.json(1)?;
        Ok(ChunkView {
            no: row.get(0)?,
            headings: headings.into_iter().skip(1).collect(),
            start: usize::try_from(row.get::<i64>(2)?).unwrap_or(0),
            end: usize::try_from(row.get::<i64>(3)?).unwrap_or(0),
            tokens: row.get(4)?,
        })
    })
    .await
}

/// Notes where chunks stand now.
pub(super) async fn move_chunks(tx: &mut Tx, workspace: &WorkspaceId, moved: &[(i64, (i64, i64))]) -> Result<()> {
    let rows: Vec<_> = moved.iter().map(|(no, body)| row![workspace.as_str(), *no, body.0, body.1]).collect();
    let sql = "UPDATE chunk SET body_start = $3, body_end = $4 WHERE workspace_id = $1 AND no = $2";
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Takes a document from its children.
pub(super) async fn orphan(tx: &mut Tx, workspace: &WorkspaceId, parent: &DocumentId) -> Result<u64> {
    let sql = "UPDATE document SET parent_id = NULL WHERE workspace_id = $1 AND parent_id = $2";
    tx.execute(sql, params![workspace.as_str(), parent.as_str()]).await
}

/// Deletes a document and its text.
pub(super) async fn delete(tx: &mut Tx, workspace: &WorkspaceId, id: &DocumentId) -> Result<()> {
    let params = params![workspace.as_str(), id.as_str()];
    tx.execute("DELETE FROM document_text WHERE workspace_id = $1 AND document_id = $2", params).await?;
    tx.execute("DELETE FROM document WHERE workspace_id = $1 AND id = $2", params).await.map(drop)
}

/// The stretch of a workspace's documents that a page with a filter reads.
pub(super) async fn stretch(tx: &mut Tx, workspace: &WorkspaceId, from: &Cursor) -> Result<Stretch> {
    let sql = "SELECT updated_at, id FROM document WHERE workspace_id = $1 AND (updated_at, id) < ($2, $3)
        ORDER BY updated_at DESC, id DESC LIMIT 2 OFFSET $4";
    Stretch::filtered(tx, sql, workspace.as_str(), from, (None, None), ROWS_LOOKED_AT).await
}

/// The documents of a workspace between two cursors that match a filter, those that changed last
/// first.
pub(super) async fn list(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    (from, until): (&Cursor, &Cursor),
    size: PageSize,
) -> Result<Vec<Document>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM document WHERE workspace_id = ? AND (updated_at, id) < (?, ?) AND (updated_at, id) > (?, ?)"
    );
    let places = params![workspace.as_str(), from.at, &from.id, until.at, &until.id];
    let mut select = Select::new(sql, places.iter().cloned())
        .and_if("source = ?", filter.source.as_deref())
        .and_if("parent_id = ?", filter.parent.as_ref().map(DocumentId::as_str));
    if let Some(place) = &filter.path {
        let (path, from, until) = below(place);
        select = select.and_with("(path = ? OR (path >= ? AND path < ?))", [path, from, until]);
    }
    // Both databases know the lower case of ASCII alone.
    let title = |title: &str| containing(&title.to_ascii_lowercase());
    select
        .and_if("LOWER(title) LIKE ? ESCAPE '\\'", filter.title.as_deref().map(title))
        .then_with(" ORDER BY updated_at DESC, id DESC LIMIT ?", [size.to_fetch()])
        .all(tx, read)
        .await
}

fn read(row: &Row<'_>) -> Result<Document> {
    Ok(Document {
        id: DocumentId::from(row.get::<String>(at::id)?),
        workspace_id: WorkspaceId::from(row.get::<String>(at::workspace_id)?),
        source: row.get(at::source)?,
        source_id: row.get(at::source_id)?,
        external_id: row.get(at::external_id)?,
        parent_id: row.get::<Option<String>>(at::parent_id)?.map(DocumentId::from),
        path: row.get(at::path)?,
        title: row.get(at::title)?,
        slug: row.get(at::slug)?,
        description: row.get(at::description)?,
        tags: row.json(at::tags)?,
        url: row.get(at::url)?,
        format: row.get(at::format)?,
        passages: row.get(at::passages)?,
        bytes: row.get(at::bytes)?,
        created_at: row.get(at::created_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}

fn read_stored(row: &Row<'_>) -> Result<StoredDocument> {
    Ok(StoredDocument {
        document: read(row)?,
        content_hash: row.get(hash_at::content_hash)?,
        config_hash: row.get(hash_at::config_hash)?,
    })
}
