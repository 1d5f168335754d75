//! Assistants that a member has connected: OAuth 2.1 for programs that read the memory.
//!
//! # The way of a connection
//! 1. A program [registers](clients) as a client: a name, and the addresses that it may be sent back
//!    to. It gets no secret. A registration that nobody uses expires.
//! 2. A member who is signed in agrees that the client reads one workspace ([`consents`]). That
//!    makes a code, which works once and for a minute.
//! 3. The client exchanges the code for tokens ([`tokens`]). It proves with its verifier that it is
//!    the one that asked (PKCE). This makes a *connection*.
//! 4. An access token opens the tools of that workspace for an hour. A refresh token gets the next
//!    pair, and works once.
//!
//! # When it ends
//! A connection ends when the member or an owner revokes it, when the client does, when the member
//! leaves the organisation, and when it was not refreshed for 30 days. A code or a refresh token
//! that is used a second time was stolen, or its successor was: the connection ends at once.
//!
//! Codes and tokens are random and stored as their SHA-256. Each is bound to the address of the
//! tools (`resource`): a token that was made for another server is refused.

pub mod clients;
pub mod connections;
pub mod consents;
mod model;
mod queries;
pub mod tokens;

pub use model::{Client, Connection};

/// The one permission that a connection gives.
pub const SCOPE: &str = "memory:read";
