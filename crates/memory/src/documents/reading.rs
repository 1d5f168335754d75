//! Lists of documents, and a document with its text.

use campanile_accounts::WorkspaceId;
use campanile_base::bounds::{KEPT_DOCUMENT_PASSAGES, KEPT_DOCUMENTS_OF_A_FILTER};
use campanile_base::{Cursor, Error, Page, PageSize, Result};
use campanile_db::{Db, Stretch, Tx};

use super::document::{ChunkView, Document, DocumentDetail, DocumentId, Filter};
use super::queries;

/// A page of a workspace's documents, those that changed last first. With a filter, a bounded number
/// of rows is read for one page.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Document>> {
    let stretch = match filter.is_everything() {
        true => Stretch::unfiltered(from),
        false => queries::stretch(tx, workspace, from).await?,
    };
    let rows = queries::list(tx, workspace, filter, (&stretch.from, &stretch.until), size).await?;
    Ok(stretch.page(rows, size, |last| Cursor { at: last.updated_at, id: last.id.to_string() }))
}

/// A document by its id, or by its external id among those that were added through the API.
pub async fn get(tx: &mut Tx, workspace: &WorkspaceId, named: &str) -> campanile_db::Result<Option<Document>> {
    let Some(id) = queries::named(tx, workspace, named).await? else { return Ok(None) };
    Ok(queries::by_id(tx, workspace, id.as_str()).await?.map(|stored| stored.document))
}

/// The document of a result of a search: of its own id, or of the id of one of its passages. A passage that is
/// gone has none.
pub async fn of_result(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> campanile_db::Result<Option<DocumentDetail>> {
    let (document, passage) = id.split_once('#').map_or((id, None), |(document, passage)| (document, Some(passage)));
    let has = |found: &DocumentDetail, no: &str| found.chunks.iter().any(|chunk| chunk.no.to_string() == no);
    let found = detail(tx, workspace, document).await?;
    Ok(found.filter(|found| passage.is_none_or(|no| has(found, no))))
}

/// A document by its id, or by its external id, with its text.
pub async fn detail(tx: &mut Tx, workspace: &WorkspaceId, named: &str) -> campanile_db::Result<Option<DocumentDetail>> {
    let Some(id) = queries::named(tx, workspace, named).await? else { return Ok(None) };
    let Some(stored) = queries::by_id(tx, workspace, id.as_str()).await? else { return Ok(None) };
    let text = queries::text(tx, workspace, &id).await?;
    let mut chunks = queries::views(tx, workspace, &id, KEPT_DOCUMENT_PASSAGES as i64).await?;
    count_characters(&text, &mut chunks);
    Ok(Some(DocumentDetail { document: stored.document, text, chunks }))
}

/// Turns the bytes of chunks, in their order, into characters of the text.
pub(super) fn count_characters(text: &str, chunks: &mut [ChunkView]) {
    let mut places: Vec<&mut usize> = chunks.iter_mut().flat_map(|chunk| [&mut chunk.start, &mut chunk.end]).collect();
    places.sort_by_key(|place| **place);
    let (mut at, mut characters) = (0, 0);
    for place in places {
        let until = (*place).clamp(at, text.len());
        characters += text.get(at..until).map_or(0, |passed| passed.chars().count());
        (at, *place) = (until, characters);
    }
}

/// The ids of the documents that a filter names: by ids, and by places.
///
/// # Errors
/// `Invalid` for a place with too many documents.
pub(crate) async fn ids_of(db: &Db, workspace: &WorkspaceId, named: &[String]) -> Result<Vec<String>> {
    let (mut ids, places): (Vec<String>, Vec<String>) =
        named.iter().map(|name| name.trim().to_owned()).partition(|name| DocumentId::is_id(name));
    for place in places {
        let of = workspace.clone();
        let most = KEPT_DOCUMENTS_OF_A_FILTER as i64;
        let found =
            db.read(move |tx| Box::pin(async move { queries::ids_at(tx, &of, &place, most + 1).await })).await?;
        ids.extend(found);
        if ids.len() > KEPT_DOCUMENTS_OF_A_FILTER {
            let why = format!("must name at most {KEPT_DOCUMENTS_OF_A_FILTER} documents; name a longer path");
            return Err(Error::invalid_field("documents", why));
        }
    }
    Ok(ids)
}
