//! Embedding: passages get vectors, so that search finds what means the same in other words.
//!
//! # The cast
//! * The [`Embedder`] of a node: the model in the binary, one of a folder, or one of a provider. Its id
//!   stands beside each vector, and a query is only compared with vectors of its own embedder.
//! * The [embedders]: that one, and those of earlier settings that still [serve](crate::serving) a workspace.
//! * [`vectors`](crate::vectors): the rows. They are a log of their own, behind that of the passages.
//! * The [job](mod@job) `memory.embed`: one for a workspace at a time. It takes new passages first,
//!   and then earlier ones, the newest first; of many new ones, the newest. So an import does not keep
//!   today's events waiting. What is embedded is a short list of ranges of numbers.
//! * The [course](mod@course) of a workspace: after a change of the model, its vectors are made beside those that
//!   serve, and at the end both are swapped.
//! * The [watch](mod@crate::watch) of a node stores the job for workspaces with passages without vectors.
//!
//! # Failure
//! A passage has words before it has a vector, and is found by them. A model that cannot be loaded, or whose
//! provider does not answer, is told in each answer; search goes on by words alone. A provider that has to be left
//! alone, and a month whose tokens are used up, put the job off.

pub(crate) mod course;
pub(crate) mod embedder;
pub(crate) mod embedders;
pub(crate) mod job;
mod local;
mod start;
mod tidy;

pub use embedder::{Embedder, EmbedderSettings};
pub use job::embed;
pub use start::start;
pub use tidy::tidy;
