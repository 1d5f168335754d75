//! The nouns of webhooks: their types, ids and SQL. Nothing here changes more than one of them.
//!
//! An *application* owns *endpoints* and *messages*. An *attempt* is one try to deliver a message
//! to an endpoint. Operations on them are in the modules of the same names, one layer above.

pub(crate) mod applications;
pub mod attempts;
pub(crate) mod endpoints;
pub(crate) mod integrations;
pub(crate) mod messages;
pub(crate) mod transformations;
