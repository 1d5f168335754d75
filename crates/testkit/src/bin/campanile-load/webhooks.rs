//! Outbound webhooks: the numbers of messages accepted and delivered in a second, and their times.
//!
//! * *closed*: 128 connections post messages of 256 bytes to one endpoint, as fast as they get answers.
//! * *large*: the same with 4 KB.
//! * *fan*: the same to ten endpoints.
//! * *open*: 300 messages a second at even intervals, measured from the intended time to the arrival.
//! * *sustained*: a quarter of an hour (see [`crate::sustained`]). Runs only on request.
//! * *dead* and *stored*: beside a burden (see [`crate::burden`]). Run only on request.
//! * *bare*: a signing client without a server: the most that the machine can send.
//!
//! The load, the server and the receiver share the machine. Every message is durable before its 202.
//! The receiver checks each signature, and that each message arrives once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use campanile_db::testing::TestDatabase;
use campanile_net::{AddressRules, Client, Request, SigningSecret};
use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::json;

use crate::sink::Sink;
use crate::sustained::Flow;
use crate::{Line, binary, burden, cpu_seconds, resident, spread};

const CONNECTIONS: usize = 128;
const LASTING: Duration = Duration::from_secs(10);
const OPEN_RATE: u32 = 300;

pub(crate) async fn measure(name: &str, database: impl AsyncFn() -> TestDatabase, phases: &[&str]) {
    let wanted = |phase: &str| phases.is_empty() || phases.contains(&phase);
    if wanted("bare") && name == "sqlite" {
        bare().await;
    }
    for (phase, size, endpoints) in [("closed", 256, 1), ("large", 4_096, 1), ("fan", 256, 10)] {
        if wanted(phase) {
            let world = World::start(database().await, endpoints).await;
            closed(name, phase, &world, size).await;
        }
    }
    if phases.contains(&"sustained") {
        let world = World::start(database().await, 1).await;
        let address = world.address.clone();
        let flow = Flow {
            name: format!("{name}, webhooks"),
            server: &world.server,
            sink: &world.sink,
            secret: world.secrets[0].clone(),
            request: Arc::new(move |number, at| request(&address, number, at, 256)),
            status: 202,
        };
        flow.measure(phases).await;
    }
    if phases.contains(&"dead") {
        burden::dead(name, database().await).await;
    }
    if phases.contains(&"stored") {
        burden::stored(name, database().await).await;
    }
    if wanted("open") {
        let world = World::start(database().await, 1).await;
        println!("{name}, idle: {} MiB resident", resident(&world.server) / 1024);
        open(name, &world).await;
    }
}

pub(crate) struct World {
    pub(crate) server: Server,
    sink: Sink,
    pub(crate) address: String,
    secrets: Vec<Option<SigningSecret>>,
}

impl World {
    async fn start(database: TestDatabase, endpoints: usize) -> Self {
        Self::start_with(database, endpoints, "1s,1s,1s").await
    }

    pub(crate) async fn start_with(database: TestDatabase, endpoints: usize, schedule: &str) -> Self {
        let settings = [("CAMPANILE_LOG", "warn"), ("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", schedule)];
        let server = Server::start(binary(), database, &settings).await;
        let sink = Sink::start().await;
        let made = server.post("/api/v1/app", &json!({ "name": "load", "uid": "load" })).await.expect("an answer");
        assert_eq!(made.status, 201, "{}", made.json);
        let mut secrets = Vec::new();
        for n in 0..endpoints {
            let asked = json!({ "url": format!("{}/{n}", sink.address) });
            let made = server.post("/api/v1/app/load/endpoint", &asked).await.expect("an answer").json;
            let path = format!("/api/v1/app/load/endpoint/{}/secret", made["id"].as_str().expect("it was made"));
            let key = server.get(&path).await.expect("an answer").json;
            secrets.push(SigningSecret::parse(key["key"].as_str().expect("it has one")).ok());
        }
        let address = server.url("").trim_start_matches("http://").to_owned();
        Self { server, sink, address, secrets }
    }

    fn request(&self, number: u64, at: Duration, size: usize) -> Vec<u8> {
        request(&self.address, number, at, size)
    }
}

/// A message of about this size, with its number and its intended time of sending.
fn payload(number: u64, at: Duration, size: usize) -> String {
    let mut payload = format!("{{\"n\":{number},\"at\":{},\"pad\":\"", at.as_micros());
    let pad = size.saturating_sub(payload.len() + 2);
    payload.extend(std::iter::repeat_n('x', pad));
    payload.push_str("\"}");
    payload
}

fn request(address: &str, number: u64, at: Duration, size: usize) -> Vec<u8> {
    message(address, "load", number, at, size)
}

/// The request that sends a message to an application.
pub(crate) fn message(address: &str, application: &str, number: u64, at: Duration, size: usize) -> Vec<u8> {
    let body = format!("{{\"eventType\":\"load.test\",\"payload\":{}}}", payload(number, at, size));
    let head = format!(
        "POST /api/v1/app/{application}/msg?with_content=false HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {SECRET_KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

pub(crate) async fn closed(name: &str, phase: &str, world: &World, size: usize) {
    let endpoints = world.secrets.len() as u64;
    // A warm-up: in its first seconds a server is not as fast as later.
    run(world, Duration::from_secs(2), size).await;
    let cpu = cpu_seconds(&world.server);
    let (accepted, mut waits, stored) = run(world, LASTING, size).await;
    let done = world.sink.until(accepted * endpoints).await;
    let cpu = cpu_seconds(&world.server) - cpu;
    let arrived = &world.sink.arrived;
    let load = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    println!(
        "{name}, {phase}: {:.0} messages/s accepted, {:.0}/s accepted and delivered to {endpoints}; accept {}; \
         {:.3} CPU s per 1,000 messages, {} MiB; arrived {} of {}, repeated {}, wrongly signed {}",
        accepted as f64 / stored.as_secs_f64(),
        accepted as f64 / done.as_secs_f64(),
        spread(&mut waits),
        cpu * 1_000.0 / accepted as f64,
        resident(&world.server) / 1024,
        load(&arrived.requests),
        accepted * endpoints,
        load(&arrived.repeated),
        load(&arrived.unsigned),
    );
}

/// Posts on all connections as fast as they get answers. Returns the number of accepted messages,
/// each wait, and the total time.
async fn run(world: &World, lasting: Duration, size: usize) -> (u64, Vec<Duration>, Duration) {
    let began = world.sink.begin(world.secrets.clone(), false);
    let numbers = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, numbers) = (world.address.clone(), numbers.clone());
            tokio::spawn(async move {
                let mut line = Line::open(&address).await;
                let mut waits = Vec::new();
                while began.elapsed() < lasting {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    let request = request(&address, number, began.elapsed(), size);
                    let sent = Instant::now();
                    assert_eq!(line.ask(&request).await, 202);
                    waits.push(sent.elapsed());
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.expect("the load does not fail"));
    }
    let accepted = numbers.load(Ordering::SeqCst);
    let stored = began.elapsed();
    if lasting < LASTING {
        world.sink.until(accepted * world.secrets.len() as u64).await;
    }
    (accepted, waits, stored)
}

/// Sends at even intervals, even while earlier requests wait. Measures from the intended time to the
/// arrival.
pub(crate) async fn open(name: &str, world: &World) {
    // A warm-up: in its first seconds a server is not as fast as later.
    run(world, Duration::from_secs(2), 256).await;
    let began = world.sink.begin(world.secrets.clone(), true);
    let lines = Arc::new(tokio::sync::Mutex::new(Vec::new()));
    let many = u64::from(OPEN_RATE) * LASTING.as_secs();
    let mut tasks = Vec::new();
    for number in 0..many {
        let intended = Duration::from_secs(1) * number as u32 / OPEN_RATE;
        tokio::time::sleep_until((began + intended).into()).await;
        let (address, lines) = (world.address.clone(), lines.clone());
        let request = world.request(number, intended, 256);
        tasks.push(tokio::spawn(async move {
            let kept = lines.lock().await.pop();
            let mut line = match kept {
                Some(line) => line,
                None => Line::open(&address).await,
            };
            assert_eq!(line.ask(&request).await, 202);
            lines.lock().await.push(line);
        }));
    }
    for task in tasks {
        task.await.expect("the load does not fail");
    }
    world.sink.until(many).await;
    let mut waits = std::mem::take(&mut *world.sink.arrived.waits.lock().expect("nobody panics"));
    println!(
        "{name}, open {OPEN_RATE}/s: end to end {}; arrived {} of {many}",
        spread(&mut waits),
        world.sink.arrived.requests.load(Ordering::SeqCst)
    );
}

/// A client that signs and sends, and nothing else.
async fn bare() {
    let sink = Sink::start().await;
    let secret = SigningSecret::generate();
    let client = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().expect("a constant range")]));
    let began = sink.begin(vec![Some(secret.clone())], false);
    let numbers = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (client, secret, numbers) = (client.clone(), secret.clone(), numbers.clone());
            let url = format!("{}/0", sink.address);
            tokio::spawn(async move {
                while began.elapsed() < LASTING {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    let body = payload(number, Duration::ZERO, 256);
                    let (id, now) = (format!("msg_{number}"), campanile_base::Clock::System.now().as_seconds());
                    let signature = secret.sign(&id, now, body.as_bytes());
                    let headers = [("svix-id", id), ("svix-timestamp", now.to_string()), ("svix-signature", signature)];
                    let sent = client.send(Request {
                        method: "POST",
                        url: url.clone(),
                        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
                        body: Bytes::from(body),
                        timeout: Duration::from_secs(30),
                        keep: 1_000,
                        tls: None,
                    });
                    assert_eq!(sent.await.expect("the receiver answers").status, 204);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the load does not fail");
    }
    println!("bare signed client: {:.0} requests/s", numbers.load(Ordering::SeqCst) as f64 / LASTING.as_secs_f64());
}
