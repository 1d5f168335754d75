//! Deliveries of providers: how many are accepted in a second, and the time that each stage takes.
//!
//! Two phases, with everything switched on and one webhook endpoint. In *full*, 64 connections post
//! signed pushes as fast as they get answers. In *steady*, 300 a second are sent at even intervals,
//! which shows the time of each stage without queues. *Sustained* runs for a quarter of an hour (see
//! [`crate::sustained`]), instead of both.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_testkit::provider::sign;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::sink::Sink;
use crate::sustained::Flow;
use crate::{Line, binary, cpu_seconds, resident, spread};

const CONNECTIONS: usize = 64;
const FULL: Duration = Duration::from_secs(10);
const STEADY: Duration = Duration::from_secs(10);
const STEADY_RATE: u32 = 300;

pub(crate) async fn measure(database: TestDatabase, phases: &[&str]) {
    let name = database.name;
    if phases.contains(&"sustained") {
        return sustained(name, database, phases).await;
    }
    println!("{name}, {CONNECTIONS} connections, pushes of {} bytes, durable before the 202", push(0, 0, "").len());
    let mut receiver = Receiver::start().await;
    let server = Server::start(binary(), database, &[("CAMPANILE_LOG", "error")]).await;
    server.add_endpoint(&receiver.url()).await;
    let address = server.url("").trim_start_matches("http://").to_owned();

    let cpu = cpu_seconds(&server);
    let (accepted, mut waits) = full(&address).await;
    let spent = cpu_seconds(&server) - cpu;
    let rate = accepted as f64 / FULL.as_secs_f64();
    println!(
        "{name}, full: {rate:.0} accepted/s, {}, {:.3} CPU s per 1,000",
        spread(&mut waits),
        spent * 1_000.0 / accepted as f64
    );
    let draining = Instant::now();
    until_idle(&server).await;
    let arrived = drain(&mut receiver, accepted).await;
    println!(
        "{name}, full: everything processed and delivered {:.1} s after the load ended; {arrived} of {accepted} webhooks arrived",
        draining.elapsed().as_secs_f64()
    );

    let mut waits = steady(&address).await;
    println!("{name}, steady {STEADY_RATE}/s: accept {}", spread(&mut waits));
    until_idle(&server).await;
    stages(&server, name, waits.len()).await;
    println!("{name}: {} MiB resident\n", resident(&server) / 1024);
}

/// A push of the size of GitHub's. It is made from one template: processor time that the generator
/// uses is missing from the server, because they share the cores.
fn push(connection: u64, number: u64, note: &str) -> Vec<u8> {
    static TEMPLATE: LazyLock<String> = LazyLock::new(template);
    let sha = format!("{connection:08x}{number:032x}");
    let branch = format!("work-{connection}-{}", number / 5);
    TEMPLATE.replace("@sha@", &sha).replace("@branch@", &branch).replace("@note@", note).into_bytes()
}

/// A push with five commits, and the many URLs of a repository.
fn template() -> String {
    let sha = "@sha@";
    let commit = json!({
        "id": sha, "tree_id": sha, "distinct": true, "timestamp": "2026-02-04T10:00:00Z",
        "message": format!("fix(bell): @note@ring only once for {sha}\n\nThe clapper was not fenced."),
        "url": format!("https://github.com/acme/shop/commit/{sha}"), "added": [], "removed": [],
        "author": { "name": "Ada", "email": "ada@example.com", "username": "ada" },
        "modified": ["crates/bell/src/clapper.rs", "crates/bell/src/tower.rs", "docs/bell.md"],
    });
    let addresses: serde_json::Map<String, Value> = (0..40)
        .map(|n| (format!("address_{n}_url"), json!(format!("https://api.github.com/repos/acme/shop/part_{n}{{/id}}"))))
        .collect();
    let payload = json!({
        "ref": "refs/heads/@branch@", "before": "0".repeat(40), "after": sha, "forced": false,
        "commits": [commit, commit, commit, commit, commit], "head_commit": commit, "pusher": { "name": "ada" },
        "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main", "urls": addresses },
        "sender": { "id": 7, "login": "ada" },
    });
    payload.to_string()
}

/// Posts on all connections as fast as they get answers. Returns the number of accepted requests,
/// and each wait.
async fn full(address: &str) -> (u64, Vec<Duration>) {
    let until = Instant::now() + FULL;
    let accepted = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..CONNECTIONS as u64)
        .map(|connection| {
            let (address, accepted) = (address.to_owned(), accepted.clone());
            tokio::spawn(async move {
                let mut line = Line::open(&address).await;
                let mut waits = Vec::new();
                for number in 0.. {
                    if Instant::now() >= until {
                        break;
                    }
                    let request = request(&address, connection, number);
                    let began = Instant::now();
                    assert_eq!(line.ask(&request).await, 202);
                    waits.push(began.elapsed());
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.expect("the load does not fail"));
    }
    (accepted.load(Ordering::Relaxed), waits)
}

/// Posts at even intervals, even while earlier requests wait for their answers.
async fn steady(address: &str) -> Vec<Duration> {
    let lines = Arc::new(tokio::sync::Mutex::new(Vec::new()));
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / STEADY_RATE);
    let mut tasks = Vec::new();
    for number in 0..u64::from(STEADY_RATE) * STEADY.as_secs() {
        ticks.tick().await;
        let (address, lines) = (address.to_owned(), lines.clone());
        let request = request(&address, 9_999, number);
        tasks.push(tokio::spawn(async move {
            let kept = lines.lock().await.pop();
            let mut line = match kept {
                Some(line) => line,
                None => Line::open(&address).await,
            };
            let began = Instant::now();
            assert_eq!(line.ask(&request).await, 202);
            let took = began.elapsed();
            lines.lock().await.push(line);
            took
        }));
    }
    let mut waits = Vec::new();
    for task in tasks {
        waits.push(task.await.expect("the load does not fail"));
    }
    waits
}

fn request(address: &str, connection: u64, number: u64) -> Vec<u8> {
    request_with(address, connection, number, "")
}

fn request_with(address: &str, connection: u64, number: u64, note: &str) -> Vec<u8> {
    let body = push(connection, number, note);
    let delivery = sign("github", SOURCE_SECRET, "push", &format!("{connection}-{number}"), &body);
    let headers: String = delivery.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "POST /api/ingest/github/github HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n{headers}\r\n",
        delivery.body.len()
    );
    [head.as_bytes(), &delivery.body].concat()
}

async fn sustained(name: &str, database: TestDatabase, words: &[&str]) {
    let sink = Sink::start().await;
    let server = Server::start(binary(), database, &[("CAMPANILE_LOG", "error")]).await;
    server.add_endpoint(&format!("{}/0", sink.address)).await;
    let address = server.url("").trim_start_matches("http://").to_owned();
    let flow = Flow {
        name: format!("{name}, ingest"),
        server: &server,
        sink: &sink,
        secret: None,
        request: Arc::new(move |number, at| {
            request_with(&address, 0, number, &format!("n={number} at={} ", at.as_micros()))
        }),
        status: 202,
    };
    flow.measure(words).await;
}

async fn until_idle(server: &Server) {
    loop {
        let page = server.get("/api/deliveries?status=received&limit=1").await.expect("the server answers");
        if page.json["data"].as_array().is_some_and(Vec::is_empty) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn drain(receiver: &mut Receiver, expected: u64) -> u64 {
    let mut arrived = 0;
    while arrived < expected {
        match tokio::time::timeout(Duration::from_secs(5), receiver.requests.recv()).await {
            Ok(Some(_)) => arrived += 1,
            _ => break,
        }
    }
    arrived
}

/// The times that the server has stored: from receipt to processing, and the webhook's own time.
async fn stages(server: &Server, name: &str, count: usize) {
    let micros = |value: &Value| -> i64 {
        let text = value.as_str().expect("it was settled");
        campanile_base::Timestamp::parse(text).expect("times are RFC 3339").as_micros()
    };
    let mut processed: Vec<Duration> = Vec::new();
    let mut cursor = String::new();
    while processed.len() < count {
        let page = server.get(&format!("/api/deliveries?limit=200{cursor}")).await.expect("the server answers").json;
        for delivery in page["data"].as_array().expect("a list has data") {
            let took = micros(&delivery["settled_at"]) - micros(&delivery["received_at"]);
            processed.push(Duration::from_micros(took.max(0) as u64));
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    processed.truncate(count);
    println!("{name}, steady: received to processed {}", spread(&mut processed));
    let page = server.get("/api/attempts?limit=200").await.expect("the server answers").json;
    let took = page["data"].as_array().expect("a list has data").iter();
    let mut took: Vec<Duration> =
        took.map(|attempt| Duration::from_millis(attempt["responseDurationMs"].as_u64().unwrap_or(0))).collect();
    println!("{name}, steady: webhook request {} (whole milliseconds)", spread(&mut took));
}
