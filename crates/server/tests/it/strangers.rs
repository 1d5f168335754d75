//! Another organisation on the same server, which must see and change nothing.

use campanile_accounts::{Caller, keys, organisations};
use campanile_base::Clock;
use campanile_testkit::server::Server;

/// A secret key of an organisation with one workspace, made beside the server, and the workspace.
pub(crate) async fn other_organisation(server: &Server) -> (String, String) {
    let db = server.open_database().await;
    let made: campanile_base::Result<(String, String)> = db
        .write(|tx| {
            Box::pin(async move {
                let clock = Clock::System;
                let caller = Caller::system(organisations::create(tx, &clock, "Somebody else").await?);
                let workspace = organisations::create_workspace(tx, &clock, &caller, "theirs").await?;
                let (_, secret) = keys::create(tx, &clock, &caller, "their key").await?;
                Ok((secret.expose().to_owned(), workspace.id.to_string()))
            })
        })
        .await;
    made.unwrap()
}
