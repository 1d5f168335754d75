//! The Model Context Protocol at `/mcp`: assistants search the memory of one workspace.
//!
//! # A call
//! 1. [`access`] finds the caller and the workspace. A memory key is bound to one; everybody else
//!    names it with `?workspace=`.
//! 2. [`endpoint`] checks that the body is one message of a bounded size, and hands it to `rmcp`,
//!    which knows the protocol in all its revisions. There are no sessions: each request stands for
//!    itself, so any node answers it.
//! 3. [`server`] lists the [`tools`] or calls one.
//!
//! All tools read. What they return was written by other people, and an assistant may mistake it
//! for instructions; a tool that writes would let a stranger's comment change something.
//!
//! # Errors
//! Faults of the protocol are errors of JSON-RPC. A tool that cannot answer returns a result with
//! `isError` and a sentence, which the model reads and can act on.

mod access;
mod endpoint;
mod server;
mod tools;

pub use endpoint::router;
