//! Documents: texts that a team keeps, such as manuals and pages of a wiki.
//!
//! A document is [prepared](prepare) first: checked, and split into chunks. That needs no database,
//! and takes a moment for a long text. Then it is [stored](put) in the caller's transaction, and the
//! next search finds it. Whatever brings documents, the API or a connector, uses these two.
//!
//! # A change
//! A chunk is identified by its headings and its text. Those that are the same before and after
//! keep their rows and numbers, whatever else changes: so a change costs as much as it changes. A
//! document that moves to another place keeps all; a source that knows of the move need not send the
//! content ([`relocate`]). If content and rules are unchanged, nothing is written.
//!
//! # Parents
//! A document may stand below another. If that is removed, it stays, without a parent.

mod changes;
pub(crate) mod document;
mod moves;
mod prepared;
pub mod queries;
pub(crate) mod reading;
#[cfg(test)]
mod tests;

pub use changes::{Change, DocumentChange, delete, put};
pub use document::{API_SOURCE, ChunkView, Document, DocumentDetail, DocumentId, Filter, SourceName};
pub use moves::{MovedDocument, NewPlace, id_in_source, relocate};
pub use prepared::{DocumentInput, PreparedDocument, is_generated_code, prepare, text_of};
pub use queries::workspace_of;
pub use reading::{detail, get, of_result, page};
