//! Notifications: the time to notify many recipients, and the number of triggers handled in a
//! second.
//!
//! * *fan*: one trigger for an object with 10,000 subscribers, who each get a feed item; ten times.
//! * *single*: 64 connections trigger a workflow of two steps, feed and mail, for one recipient each,
//!   as fast as they get answers. It ends when the last mail has arrived.
//! * *digest*: 50,000 triggers for 10,000 recipients into a batch of five minutes, and the mails that
//!   follow.
//! * *sustained*: a quarter of an hour of single triggers (see [`crate::sustained`]). Each puts an item
//!   into a feed and calls a receiver. Runs only on request.
//!
//! Load, server and mail server share the machine. Every trigger is durable before its 200.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_testkit::mailbox::Mailbox;
use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::sink::Sink;
use crate::sustained::Flow;
use crate::{Line, binary, cpu_seconds, resident, sockets};

const SUBSCRIBERS: usize = 10_000;
const CONNECTIONS: u64 = 64;
const LASTING: Duration = Duration::from_secs(10);
/// The number of recipients of the single triggers.
const RECIPIENTS: u64 = 2_000;
/// The digest's number of triggers, its number of recipients, and its window in seconds.
const DIGESTED: u64 = 50_000;
const READERS: u64 = 10_000;
const WINDOW: u64 = 300;

pub(crate) async fn measure(name: &str, database: impl AsyncFn() -> TestDatabase, phases: &[&str]) {
    let wanted = |phase: &str| phases.is_empty() || phases.contains(&phase);
    if wanted("fan") {
        fan(name, database().await).await;
    }
    if wanted("single") {
        single(name, database().await).await;
    }
    if wanted("digest") {
        digest(name, database().await).await;
    }
    if phases.contains(&"sustained") {
        sustained(name, database().await, phases).await;
    }
    if wanted("push") {
        sockets::push(name, database().await).await;
    }
    if wanted("sockets") {
        sockets::idle(name, database().await).await;
    }
}

pub(crate) async fn start(database: TestDatabase, mailbox: &Mailbox) -> Server {
    let url = mailbox.url();
    Server::start(binary(), database, &[("CAMPANILE_LOG", "warn"), ("CAMPANILE_SMTP_URL", &url)]).await
}

pub(crate) async fn put(server: &Server, path: &str, body: Value) {
    let authorization = format!("Bearer {SECRET_KEY}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let answer = server.ask("PUT", path, &headers, body.to_string().into_bytes()).await.expect("an answer");
    assert_eq!(answer.status / 100, 2, "{}", answer.json);
}

pub(crate) fn feed() -> Value {
    json!({ "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
        "template": { "markdown_body": "**{{ recipient.id }}**: {{ text }}", "action_url": "{{ vars.app_url }}/x" } })
}

fn mail() -> Value {
    json!({ "ref": "mail", "type": "channel", "channel_key": "email", "channel_type": "email",
        "template": { "subject": "{{ total_activities }} new", "html_body": "<p>Hello {{ recipient.id }}: {{ text }}</p>" } })
}

pub(crate) async fn workflow(server: &Server, steps: Value) {
    put(server, "/v1/workflows/load?commit=true", json!({ "workflow": { "name": "load", "steps": steps } })).await;
}

/// The number of items that were put into feeds, as the server counts them.
async fn items(server: &Server) -> u64 {
    let text = server.get("/metrics").await.expect("an answer").json;
    let line = text.as_str().unwrap_or_default().lines().find(|line| line.starts_with("campanile_feed_items_total "));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

async fn fan(name: &str, database: TestDatabase) {
    let server = start(database, &Mailbox::start().await).await;
    workflow(&server, json!([feed()])).await;
    let names: Vec<Value> = (0..SUBSCRIBERS).map(|number| json!(format!("user-{number}"))).collect();
    for some in names.chunks(100) {
        let body = json!({ "recipients": some });
        let made = server.post("/v1/objects/teams/all/subscriptions", &body).await.expect("an answer");
        assert_eq!(made.status, 200, "{}", made.json);
    }
    let (cpu, began, mut slowest) = (cpu_seconds(&server), Instant::now(), Duration::ZERO);
    let rounds = 10;
    for round in 1..=rounds {
        let (began, wanted) = (Instant::now(), round * SUBSCRIBERS as u64);
        let body = json!({ "recipients": [{ "id": "all", "collection": "teams" }], "data": { "text": "hello" } });
        let answer = server.post("/v1/workflows/load/trigger", &body).await.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.json);
        while items(&server).await < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest = slowest.max(began.elapsed());
    }
    let (all, took) = (rounds * SUBSCRIBERS as u64, began.elapsed());
    println!(
        "{name}, fan: {:.0} feed items/s, the slowest trigger for {SUBSCRIBERS} took {:.2} s; {:.3} CPU s per 1,000 items, {} MiB",
        all as f64 / took.as_secs_f64(),
        slowest.as_secs_f64(),
        (cpu_seconds(&server) - cpu) / all as f64 * 1_000.0,
        resident(&server) / 1024,
    );
}

/// Creates recipients who have a mail address.
async fn introduce(server: &Server, recipients: u64) {
    let users: Vec<Value> = (0..recipients)
        .map(|number| json!({ "id": format!("user-{number}"), "email": format!("user-{number}@example.com") }))
        .collect();
    for some in users.chunks(1_000) {
        let asked = server.post("/v1/users/bulk/identify", &json!({ "users": some })).await.expect("an answer");
        let path = format!("/v1/bulk_operations/{}", asked.json["id"].as_str().expect("it was asked for"));
        while server.get(&path).await.expect("an answer").json["status"] != "completed" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Triggers for the recipients in turn, as fast as the answers come, until a time or a number of
/// triggers is reached. Returns the number of triggers.
async fn triggers(server: &Server, recipients: u64, until: Instant, most: u64) -> u64 {
    let address = server.url("").trim_start_matches("http://").to_owned();
    let numbers = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, numbers) = (address.clone(), numbers.clone());
            tokio::spawn(async move {
                let mut line = Line::open(&address).await;
                let mut made = 0;
                while Instant::now() < until {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    if number >= most {
                        break;
                    }
                    assert_eq!(line.ask(&request(&address, number % recipients)).await, 200);
                    made += 1;
                }
                made
            })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += task.await.expect("the load does not fail");
    }
    made
}

pub(crate) fn request(address: &str, recipient: u64) -> Vec<u8> {
    request_with(address, recipient, &json!({ "text": "hello there" }))
}

fn request_with(address: &str, recipient: u64, data: &Value) -> Vec<u8> {
    let body = format!(r#"{{"recipients":["user-{recipient}"],"data":{data}}}"#);
    let head = format!(
        "POST /v1/workflows/load/trigger HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {SECRET_KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

async fn single(name: &str, database: TestDatabase) {
    let mut mailbox = Mailbox::start().await;
    let server = start(database, &mailbox).await;
    workflow(&server, json!([feed(), mail()])).await;
    introduce(&server, RECIPIENTS).await;
    let (cpu, began) = (cpu_seconds(&server), Instant::now());
    let made = triggers(&server, RECIPIENTS, began + LASTING, u64::MAX).await;
    let accepted = began.elapsed();
    for _ in 0..made {
        mailbox.mails.recv().await.expect("the mail comes");
    }
    let took = began.elapsed();
    println!(
        "{name}, single: {:.0} triggers/s accepted, {:.0}/s with their item and their mail; {:.3} CPU s per 1,000 triggers, {} MiB",
        made as f64 / accepted.as_secs_f64(),
        made as f64 / took.as_secs_f64(),
        (cpu_seconds(&server) - cpu) / made as f64 * 1_000.0,
        resident(&server) / 1024,
    );
}

async fn digest(name: &str, database: TestDatabase) {
    let mut mailbox = Mailbox::start().await;
    let server = start(database, &mailbox).await;
    let window = json!({ "batch_window": { "unit": "seconds", "value": WINDOW } });
    workflow(&server, json!([{ "ref": "gather", "type": "batch", "settings": window }, mail()])).await;
    introduce(&server, READERS).await;
    let (cpu, before, began) = (cpu_seconds(&server), resident(&server), Instant::now());
    let made = triggers(&server, READERS, began + Duration::from_secs(WINDOW / 2), DIGESTED).await;
    let (accepted, waiting) = (began.elapsed(), resident(&server));
    let (mut mails, mut told) = (0u64, 0u64);
    while told < made {
        let mail = tokio::time::timeout(Duration::from_secs(WINDOW + 60), mailbox.mails.recv()).await;
        let mail = mail.expect("mails come").expect("the mailbox stands");
        mails += 1;
        told += mail.subject().split(' ').next().and_then(|count| count.parse::<u64>().ok()).expect("a count");
    }
    println!(
        "{name}, digest: {made} triggers in {:.1} s ({:.0}/s), told by {mails} mails after {:.1} s; {:.3} CPU s per 1,000 triggers, {} MiB before, {} while all wait, {} after",
        accepted.as_secs_f64(),
        made as f64 / accepted.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        (cpu_seconds(&server) - cpu) / made as f64 * 1_000.0,
        before / 1024,
        waiting / 1024,
        resident(&server) / 1024,
    );
}

async fn sustained(name: &str, database: TestDatabase, words: &[&str]) {
    let sink = Sink::start().await;
    let server = start(database, &Mailbox::start().await).await;
    put(&server, "/v1/channels/hook", json!({ "type": "http", "provider": "http_knock_webhook" })).await;
    let hook = json!({ "ref": "hook", "type": "channel", "channel_key": "hook", "channel_type": "http",
        "template": { "url": format!("{}/0", sink.address), "method": "post",
            "body": "{\"n\":{{ n }},\"at\":{{ at }},\"x\":0}" } });
    workflow(&server, json!([feed(), hook])).await;
    introduce(&server, RECIPIENTS).await;
    let address = server.url("").trim_start_matches("http://").to_owned();
    let flow = Flow {
        name: format!("{name}, notify"),
        server: &server,
        sink: &sink,
        secret: None,
        request: Arc::new(move |number, at| {
            let data = json!({ "text": "hello there", "n": number, "at": at.as_micros() as u64 });
            request_with(&address, number % RECIPIENTS, &data)
        }),
        status: 200,
    };
    flow.measure(words).await;
}
