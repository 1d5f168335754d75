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

impl DocumentId {
    /// True for a text in the form of an id.
    pub fn is_id(text: &str) -> bool {
        text.strip_prefix("doc_")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
    }
}

/// The source that a document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceName {
    /// The tool, such as `github`.
    pub kind: String,
    /// The connected source.
    pub id: String,
}

impl SourceName {
    /// The source of documents that were added through our own API.
    pub fn api() -> Self {
        Self { kind: API_SOURCE.to_owned(), id: API_SOURCE.to_owned() }
    }
}

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

/// The documents that a list includes. All given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A place: the document there, and all below it.
    pub path: Option<String>,
    /// The tool that they come from.
    pub source: Option<String>,
    /// A part of the title. Upper and lower case of ASCII letters are the same.
    pub title: Option<String>,
    /// The document below which they stand.
    pub parent: Option<DocumentId>,
}

impl Filter {
    pub(super) fn is_everything(&self) -> bool {
        [&self.path, &self.source, &self.title].iter().all(|text| text.is_none()) && self.parent.is_none()
    }
}

/// A document with its text and its passages.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentDetail {
    /// The fields that a list shows.
    #[serde(flatten)]
    pub document: Document,
    /// The whole text: without front matter, and without the tags of HTML and MDX.
    pub text: String,
    /// The passages, in the order of the text.
    pub chunks: Vec<ChunkView>,
}

/// A passage of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChunkView {
    /// Its number in the workspace. It stays while headings and text stay.
    pub no: i64,
    /// The headings under which it stands, from the outermost on, without the title.
    pub headings: Vec<String>,
    /// Its first character in the text (Unicode scalar values).
    pub start: usize,
    /// The character behind its last.
    pub end: usize,
    /// Its size in tokens, estimated.
    pub tokens: i64,
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
