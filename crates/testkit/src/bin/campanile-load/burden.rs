//! Measures messages that are sent beside a heavy load or a large database.
//!
//! * *dead*: 1,000,000 messages to an endpoint that accepts none. Measures other messages, from the
//!   intended time to their arrival at another endpoint, before and during the further attempts.
//! * *stored*: the cost of a message with 50,000 messages and attempts in the database, and with
//!   5,000,000.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use campanile_base::{Clock, lowest_id};
use campanile_db::testing::TestDatabase;
use campanile_db::{Db, Tx, params};
use serde_json::json;

use crate::webhooks::{World, closed, message, open};
use crate::{Line, resident};

const UNDELIVERABLE: u64 = 1_000_000;
const CONNECTIONS: usize = 128;
const STORED: [i64; 2] = [50_000, 5_000_000];
/// The number of messages that are inserted in one transaction.
const TOGETHER: i64 = 50_000;

pub(crate) async fn dead(name: &str, database: TestDatabase) {
    // As with the default schedule, the second attempt comes after five seconds and the third after
    // five minutes.
    let world = World::start_with(database, 1, "5s,5m,30m,2h").await;
    let made = world.server.post("/api/v1/app", &json!({ "name": "dead", "uid": "dead" })).await.expect("an answer");
    assert_eq!(made.status, 201, "{}", made.json);
    // No server listens on this port.
    let closed_port = json!({ "url": "http://127.0.0.1:9/" });
    let made = world.server.post("/api/v1/app/dead/endpoint", &closed_port).await.expect("an answer");
    assert_eq!(made.status, 201, "{}", made.json);
    open(&format!("{name}, before"), &world).await;
    let began = Instant::now();
    let numbers = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, numbers) = (world.address.clone(), numbers.clone());
            tokio::spawn(async move {
                let mut line = Line::open(&address).await;
                loop {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    if number >= UNDELIVERABLE {
                        return;
                    }
                    assert_eq!(line.ask(&message(&address, "dead", number, Duration::ZERO, 256)).await, 202);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the load does not fail");
    }
    println!(
        "{name}, dead: {UNDELIVERABLE} accepted in {:.0} s, {} MiB",
        began.elapsed().as_secs_f64(),
        resident(&world.server) / 1024
    );
    open(&format!("{name}, beside them at once"), &world).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    open(&format!("{name}, beside them a minute later"), &world).await;
}

pub(crate) async fn stored(name: &str, database: TestDatabase) {
    let mut world = World::start_with(database, 1, "5s,5m").await;
    let mut there = 0;
    for many in STORED {
        world.server.kill().await;
        fill(&world.server.open_database().await, there, many).await;
        there = many;
        world.server.restart().await;
        closed(name, &format!("with {many} stored"), &world, 256).await;
    }
}

/// Stores messages that are a month old, each with an attempt: those with numbers `from` to `to`.
async fn fill(db: &Db, from: i64, to: i64) {
    let began = Instant::now();
    let month = Clock::System.now().minus(Duration::from_secs(30 * 24 * 3_600));
    // Ids sort by time: each is a common part for the moment, and a number.
    let common = lowest_id("", month)[1..19].to_owned();
    for first in (from..to).step_by(TOGETHER as usize) {
        let (last, common, at) = ((first + TOGETHER).min(to) - 1, common.clone(), month.as_micros());
        let filled = db.write(move |tx| Box::pin(async move { fill_some(tx, &common, first, last, at).await }));
        filled.await.expect("the database takes it");
    }
    println!("filled up to {to} in {:.0} s", began.elapsed().as_secs_f64());
}

async fn fill_some(tx: &mut Tx, common: &str, first: i64, last: i64, at: i64) -> campanile_db::Result<()> {
    let messages =
        "WITH RECURSIVE numbers (n) AS (SELECT CAST($2 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < $3)
        INSERT INTO message (id, application_id, event_type, payload, created_at)
        SELECT 'msg_' || $1 || substr(CAST(1000000000 + n AS TEXT), 2),
            (SELECT id FROM application WHERE uid = 'load'), 'load.test',
            $5, CAST($4 AS BIGINT)
        FROM numbers";
    let attempts = "WITH RECURSIVE numbers (n) AS (SELECT CAST($2 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < $3)
        INSERT INTO message_attempt (message_id, id, endpoint_id, number, url, status, status_code, response, duration_ms,
            created_at)
        SELECT 'msg_' || $1 || substr(CAST(1000000000 + n AS TEXT), 2),
            'atmpt_' || $1 || substr(CAST(1000000000 + n AS TEXT), 2),
            (SELECT MIN(id) FROM endpoint), 0, 'http://127.0.0.1/', 0, 204, '', 1, CAST($4 AS BIGINT)
        FROM numbers";
    let payload = vec![b'x'; 256];
    tx.execute(messages, params![common, first, last, at, payload.as_slice()]).await?;
    tx.execute(attempts, params![common, first, last, at]).await?;
    Ok(())
}
