//! Embedding: passages get vectors, so that search finds what means the same in other words.
//!
//! # The cast
//! * The [`Embedder`] of a node: the model in the binary, or one of a folder. Its id stands beside
//!   each vector, and a query is only compared with vectors of its own embedder.
//! * [`vectors`](crate::vectors): the rows. They are a log of their own, behind that of the passages.
//! * The [job](mod@job) `memory.embed`: one for a workspace at a time. It takes new passages first,
//!   and then earlier ones, the newest first; of many new ones, the newest. So an import does not keep
//!   today's events waiting. What is embedded is a short list of ranges of numbers.
//! * The [watch](mod@crate::watch) of a node stores the job for workspaces with passages without vectors.
//!
//! # Failure
//! A passage has words before it has a vector, and is found by them. A model that cannot be loaded is logged, and told in each answer; search goes on by
//! words alone.

mod embedder;
pub(crate) mod job;

pub use embedder::{Embedder, EmbedderSettings};
pub use job::embed;
