//! Tests of the real binary from the outside, on both databases.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod answers;
mod backfills;
mod bodies;
mod characters;
mod clusters;
mod connections;
mod console_api;
mod deletion;
mod document_sync;
mod documents;
mod door;
mod drills;
mod durability;
mod engine_api;
mod entrance;
mod examples;
mod github;
mod github_deliveries;
mod hostile;
mod knock;
mod linked_sources;
mod lists;
mod live;
mod lossless;
mod mcp;
mod mcp_oauth;
mod members;
mod models;
mod notices;
mod notion;
mod operations;
mod operator;
mod outbound;
mod own_observations;
mod people;
mod permissions;
mod providers;
mod rounds;
mod search;
mod sentry;
mod stories;
mod strangers;
mod summaries;
mod svix;
mod tenancy;
mod threads;
mod tools;
mod traces;
mod vercel;
mod workflows;

use campanile_testkit::server::Server;

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_campanile");

/// Runs `test` on a server with SQLite, then on one with PostgreSQL.
async fn on_each_server<F: Future<Output = ()>>(settings: &[(&str, &str)], test: impl Fn(Server) -> F) {
    for database in campanile_db::testing::TestDatabase::each().await {
        println!("on {}", database.name);
        test(Server::start(BINARY, database, settings).await).await;
    }
}
