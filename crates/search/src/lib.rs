//! Ranks passages of text. Pure: no storage, no clock, no async code.
//!
//! # The parts
//! * [`terms`]: the words of a text in the form in which they are stored and asked for.
//! * [`Query`]: a query as people write it, with phrases and `field:value` filters.
//! * [`Segment`]: an immutable list of passages by term, in one piece of bytes that a database can
//!   keep. [`Tail`]: the same for the newest passages, in memory, growing.
//! * [`Index`]: all segments of one workspace and its tail. It answers with the best passages by
//!   BM25, or by the similarity of their vectors, under a [`Filter`].
//! * [`Reading`]: a passage's own text beside a query: coverage, proximity, and the [`Snippet`].
//!
//! # Numbers
//! A passage has a number within its workspace, given in order and never used twice. A segment
//! covers a range of numbers, and the ranges of an index follow each other without gaps. So a list
//! of passages by term is a list of small differences.
//!
//! # Same scores everywhere
//! Frequencies and lengths are summed over all segments before anything is scored. So a score does
//! not depend on the borders of segments, on the database, or on the node.

mod bits;
mod bm25;
mod columns;
mod damaged;
mod facets;
mod filter;
mod index;
mod part;
mod postings;
mod query;
mod reading;
mod segment;
mod snippet;
mod tail;
mod term_field;
pub mod terms;
mod vectors;

pub use damaged::Damaged;
pub use facets::Facet;
pub use filter::Filter;
pub use index::{Found, Hit, Index};
pub use query::{Field, Query, QueryWord};
pub use reading::Reading;
pub use segment::Segment;
pub use snippet::{Highlight, Snippet};
pub use tail::{Passage, Tail};
pub use vectors::VectorRef;

/// The version of the terms and of the segments' format. Segments of another version are built anew
/// from the passages.
pub const FORMAT: u16 = 2;
