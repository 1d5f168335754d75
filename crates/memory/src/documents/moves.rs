//! Gives a document another place in its source, without its content: the chunks stay, and so do
//! their vectors.

use campanile_accounts::WorkspaceId;
use campanile_base::Result;
use campanile_db::Tx;
use campanile_splitter::{Format, slug_of_path, title_of_path};

use super::document::{Document, DocumentId};
use super::queries;
use crate::Memory;

/// The new place of a document.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// The new name in its source.
    pub external_id: String,
    /// The new path.
    pub path: String,
    /// The address at which people read it now.
    pub url: Option<String>,
}

/// A document that has moved.
#[derive(Debug, Clone)]
pub struct MovedDocument {
    /// The document as it is now.
    pub document: Document,
    /// True if it must be stored again with its content: its title came from the old path, or its
    /// markup is another at the new one.
    pub needs_content: bool,
}

/// Moves the document of a source from one name to another. Returns `None` if there is none, or if
/// another document has the new name.
///
/// # Errors
/// `Unavailable`.
pub async fn relocate(
    tx: &mut Tx,
    memory: &Memory,
    workspace: &WorkspaceId,
    source_id: &str,
    from: &str,
    place: NewPlace,
) -> Result<Option<MovedDocument>> {
    tx.lock(workspace.as_str()).await?;
    let Some(known) = queries::by_external_id(tx, workspace, source_id, from).await? else { return Ok(None) };
    let is_taken = queries::by_external_id(tx, workspace, source_id, &place.external_id).await?.is_some();
    if is_taken && from != place.external_id {
        return Ok(None);
    }
    let before = known.document;
    let is_named_after_path = before.title == title_of_path(&before.path);
    let has_other_format = Format::of_path(&place.path).as_str() != before.format;
    // A slug that the document names itself stays.
    let slug = match before.slug == slug_of_path(&before.path, &before.title) {
        true => slug_of_path(&place.path, &before.title),
        false => before.slug.clone(),
    };
    let NewPlace { external_id, path, url } = place;
    let document = Document { external_id, path, url, slug, updated_at: memory.clock.now(), ..before };
    queries::set_place(tx, &document).await?;
    Ok(Some(MovedDocument { document, needs_content: is_named_after_path || has_other_format }))
}

/// The id of a source's document with this name.
pub async fn id_in_source(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    source_id: &str,
    external_id: &str,
) -> Result<Option<DocumentId>> {
    Ok(queries::by_external_id(tx, workspace, source_id, external_id).await?.map(|known| known.document.id))
}
