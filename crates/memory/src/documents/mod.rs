//! Documents: texts that a team keeps, such as manuals and pages of a wiki.

pub(crate) mod document;

pub use document::{API_SOURCE, Document, DocumentId};
