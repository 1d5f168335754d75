//! Backfills that meet trouble: a server that is killed, and a provider that refuses, turns in a circle,
//! or hangs.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use campanile_testkit::linear::{HistoryConduct, LinearConduct};
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::{ended, latest, link, provider_with, stretch, tell};
use crate::on_each_server;
use crate::tools::{PATIENCE, delete, linear_settings, until};

/// The number of pages of the long history, and of the things on them.
const PAGES: u64 = 50;
const THINGS: u64 = PAGES * 50;

/// Everything of the long history is there, once.
async fn everything_is_there_once(server: &Server, connection: &str) {
    let backfill = ended(server, &latest(server, connection).await).await;
    assert_eq!(backfill["status"], "completed", "{backfill}");
    let issues = stretch(&backfill, "issue");
    let numbers = ["pages", "pages_processed", "produced", "remembered"].map(|name| issues[name].as_u64().unwrap());
    assert_eq!(numbers, [PAGES, PAGES, THINGS, THINGS], "{issues}");
    let pages = server.all("/api/deliveries?origin=backfill&event=pull:issue").await;
    let ids: HashSet<&str> = pages.iter().map(|page| page["delivery_id"].as_str().unwrap()).collect();
    assert_eq!((pages.len() as u64, ids.len() as u64), (PAGES, PAGES), "no page is stored twice");
    let seen = server.all("/api/observations").await;
    let sources: HashSet<&str> = seen.iter().map(|one| one["source_id"].as_str().unwrap()).collect();
    assert_eq!((seen.len() as u64, sources.len() as u64), (THINGS, THINGS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_middle_of_a_backfill_goes_on_where_it_was() {
    let provider = provider_with(0).await;
    for database in campanile_db::testing::TestDatabase::each().await {
        println!("on {}", database.name);
        tell(&provider, THINGS);
        let mut server = Server::start(crate::BINARY, database, &linear_settings(&provider)).await;
        provider.conduct_history(HistoryConduct::Takes(15));
        let (connection, _) = link(&server).await;
        let path = format!("/api/backfills/{}", latest(&server, &connection).await);
        for pages in [7, 20, 33] {
            until(&server, &path, |backfill| stretch(backfill, "issue")["pages"].as_i64().unwrap() >= pages).await;
            server.kill().await;
            server.restart().await;
        }
        everything_is_there_once(&server, &connection).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_every_twentieth_call_is_read_to_the_end() {
    let provider = provider_with(0).await;
    on_each_server(&linear_settings(&provider), async |server| {
        tell(&provider, THINGS);
        provider.conduct_history(HistoryConduct::LimitsEvery(20));
        let (connection, _) = link(&server).await;
        everything_is_there_once(&server, &connection).await;
        let calls = provider.history_calls();
        let pages: HashSet<_> = calls.iter().collect();
        assert_eq!(calls.len(), pages.len(), "no page is asked for twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_lead_in_a_circle_end_and_are_not_called_completed() {
    let provider = provider_with(0).await;
    on_each_server(&linear_settings(&provider), async |server| {
        tell(&provider, 120);
        provider.conduct_history(HistoryConduct::Circles);
        let (connection, _) = link(&server).await;
        let backfill = ended(&server, &latest(&server, &connection).await).await;
        assert_eq!(backfill["status"], "incomplete", "{backfill}");
        let issues = stretch(&backfill, "issue");
        assert_eq!(issues["status"], "failed");
        assert!(issues["reason"].as_str().unwrap().contains("in a circle"), "{issues}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnecting_ends_a_backfill_at_once_even_if_the_provider_hangs() {
    let provider = provider_with(0).await;
    on_each_server(&linear_settings(&provider), async |server| {
        tell(&provider, 500);
        provider.conduct_history(HistoryConduct::Hangs);
        let (connection, _) = link(&server).await;
        let (backfill, place) = (latest(&server, &connection).await, format!("/api/connections/{connection}"));
        until(&server, &format!("/api/backfills/{backfill}"), |found| {
            stretch(found, "issue")["status"] == json!("running")
        })
        .await;
        provider.conduct(LinearConduct::Hangs);
        let began = Instant::now();
        assert_eq!(delete(&server, &place).await, 202);
        let found = ended(&server, &backfill).await;
        assert_eq!((&found["status"], &stretch(&found, "cycle")["status"]), (&json!("cancelled"), &json!("cancelled")));
        assert!(began.elapsed() < Duration::from_secs(10), "it ends at once");
        until(&server, &place, |connection: &Value| connection["status"] == "closed").await;
        assert!(began.elapsed() < PATIENCE);
        provider.conduct(LinearConduct::Works);
        let active = server.all("/api/runs?name=inbound.stretch").await;
        assert!(active.iter().all(|run| run["status"] != "running"), "{active:?}");
    })
    .await;
}
