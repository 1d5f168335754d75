//! Documents and their chunks as stored and read.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

campanile_base::id_type!(
    /// One document.
    pub DocumentId, "doc"
);

/// The source of documents that were added through our own API.
pub const API_SOURCE: &str = "api";

/// A document, as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Its id.
    #[schema(value_type = String)]
    pub id: DocumentId,
    /// The workspace that it belongs to.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// The tool that it comes from; `api` if it was added through this API.
    pub source: String,
    /// The connected source that it comes from, or `api`.
    pub source_id: String,
    /// Its name in its source.
    pub external_id: String,
    /// The document below which it stands.
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<DocumentId>,
    /// Its place, such as `docs/deploy.md`.
    pub path: String,
    /// A title of one line.
    pub title: String,
    /// The last part of an address for it.
    pub slug: String,
    /// A summary, if the document begins with one.
    pub description: Option<String>,
    /// The tags that the document begins with.
    pub tags: Vec<String>,
    /// The address at which people read it.
    pub url: Option<String>,
    /// The markup: `markdown`, `mdx`, `html`, `rst`, `asciidoc`, `code` or `text`.
    pub format: String,
    /// The number of its passages.
    pub passages: i64,
    /// The length of its text in bytes.
    pub bytes: i64,
    /// The time at which it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time at which it changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A piece of a document that search finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The title of the document, and the headings under which it stands.
    pub(crate) headings: Vec<String>,
    /// Its text.
    pub(crate) text: String,
    /// The time at which this text was stored first.
    pub(crate) stored_at: Timestamp,
}
