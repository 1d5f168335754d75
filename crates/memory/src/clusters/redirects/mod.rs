//! Redirects: a cluster that was joined with another one is found by its former id. Each leads to the survivor in one
//! hop, and goes with it.

mod queries;

pub(super) use queries::{add, remove_to, survivor_of, survivors, workspace_of};
