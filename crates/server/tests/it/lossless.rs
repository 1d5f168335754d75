//! Messages under failures: nodes are killed while messages come in and go out. Afterwards
//! everything is counted. Each accepted message must have arrived at each endpoint. It may have
//! arrived more than once only as often as requests were open when a node died.
//!
//! To an endpoint in strict order, the messages of one connection arrive in the order of sending,
//! except for repeats. Each message has an event id. If its answer is lost, it is sent again, and
//! the conflict shows that the first one was accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{Api, Server};
use serde_json::{Value, json};

use crate::BINARY;
use crate::rounds::rounds;

const CONNECTIONS: usize = 16;
const ENDPOINTS: usize = 2;
/// The number of messages that must be accepted before a node may be killed.
const PER_ROUND: usize = 5;
/// The pause between two messages of a connection.
const BETWEEN: Duration = Duration::from_millis(10);
/// The time before a node's death in which messages may be sent without a record of it.
const MOMENT: Duration = Duration::from_millis(50);
/// The number of messages in a request to the endpoint in strict order.
const BATCH: usize = 100;
const SETTINGS: [(&str, &str); 3] = [
    ("CAMPANILE_ENGINE_LEASE", "1s"),
    ("CAMPANILE_LOG", "off"),
    // Short waits: the receiver is never down, and attempts fail only because this test kills nodes.
    ("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "100ms,500ms,1s,2s"),
];

/// Sends messages to all nodes until it is stopped. Collects the event ids that were accepted.
struct Load {
    accepted: Arc<Mutex<BTreeSet<u64>>>,
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(nodes: Vec<Api>) -> Self {
        let (accepted, stop): (Arc<Mutex<BTreeSet<u64>>>, Arc<AtomicBool>) = Default::default();
        let numbers = Arc::new(AtomicU64::new(0));
        let tasks = (0..CONNECTIONS).map(|connection| {
            let api = nodes[connection % nodes.len()].clone();
            let (accepted, stop, numbers) = (accepted.clone(), stop.clone(), numbers.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    until_accepted(&api, number, connection).await;
                    accepted.lock().unwrap().insert(number);
                    tokio::time::sleep(BETWEEN).await;
                }
            })
        });
        let tasks = tasks.collect();
        Self { accepted, stop, tasks }
    }

    /// Waits until this many more messages were accepted.
    async fn goes_on(&self, more: usize) {
        let accepted = || self.accepted.lock().unwrap().len();
        let (before, began) = (accepted(), Instant::now());
        while accepted() < before + more {
            assert!(began.elapsed() < Duration::from_secs(60), "nothing is accepted any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn stop(self) -> BTreeSet<u64> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut self.accepted.lock().unwrap())
    }
}

/// Sends a message repeatedly until it is known to be accepted.
async fn until_accepted(api: &Api, number: u64, connection: usize) {
    let asked = json!({ "eventType": "drill", "eventId": format!("n{number}"), "payload": { "n": number, "from": connection } });
    loop {
        let answer = tokio::time::timeout(Duration::from_secs(2), api.post("/api/v1/app/drill/msg", &asked)).await;
        match answer {
            Ok(Ok(answer)) if matches!(answer.status, 202 | 409) => return,
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// For each endpoint, the number of arrivals of each message.
fn arrived(receivers: &mut [Receiver]) -> Vec<BTreeMap<u64, u64>> {
    let of_one = |receiver: &mut Receiver| {
        let mut times = BTreeMap::new();
        while let Ok(request) = receiver.requests.try_recv() {
            let payload: Value = serde_json::from_slice(&request.body).unwrap();
            *times.entry(payload["n"].as_u64().unwrap()).or_default() += 1;
        }
        times
    };
    receivers.iter_mut().map(of_one).collect()
}

/// The arrivals at an endpoint in strict order: for each connection the last number, by first
/// arrival.
#[derive(Default)]
struct InOrder {
    seen: BTreeSet<u64>,
    last: BTreeMap<u64, u64>,
}

impl InOrder {
    fn take_in(&mut self, receiver: &mut Receiver, what: &str) {
        while let Ok(request) = receiver.requests.try_recv() {
            let batch: Vec<Value> = serde_json::from_slice(&request.body).unwrap();
            for payload in batch.iter().map(|event| &event["payload"]) {
                let (number, from) = (payload["n"].as_u64().unwrap(), payload["from"].as_u64().unwrap());
                if self.seen.insert(number) {
                    let before = self.last.insert(from, number);
                    assert!(before < Some(number), "{what}: {number} came after {before:?}");
                }
            }
        }
    }
}

async fn drill(what: &str, mut nodes: Vec<Server>) {
    let mut receivers = Vec::new();
    let made = nodes[0].post("/api/v1/app", &json!({ "name": "drill", "uid": "drill" })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    for _ in 0..ENDPOINTS {
        let receiver = Receiver::start().await;
        let made = nodes[0].post("/api/v1/app/drill/endpoint", &json!({ "url": receiver.url() })).await.unwrap();
        assert_eq!(made.status, 201, "{}", made.json);
        receivers.push(receiver);
    }
    let mut in_order = (Receiver::start().await, InOrder::default());
    let asked = json!({ "type": "fifoEndpoint", "config": { "url": in_order.0.url() }, "batchSize": BATCH });
    let made = nodes[0].post("/api/v1/app/drill/destination", &asked).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    let load = Load::start(nodes.iter().map(Server::api).collect());
    let mut dice = 17_usize;
    for _ in 0..rounds() {
        load.goes_on(PER_ROUND).await;
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis(150 + (dice >> 33) as u64 % 200)).await;
        let node = (dice >> 40) % nodes.len();
        // Killed with SIGKILL, then started again.
        nodes[node].restart().await;
    }
    let accepted = load.stop().await;
    let began = Instant::now();
    let mut times: Vec<BTreeMap<u64, u64>> = vec![BTreeMap::new(); ENDPOINTS];
    loop {
        for (all, more) in times.iter_mut().zip(arrived(&mut receivers)) {
            more.into_iter().for_each(|(number, many)| *all.entry(number).or_default() += many);
        }
        in_order.1.take_in(&mut in_order.0, what);
        if accepted.is_subset(&in_order.1.seen)
            && times.iter().all(|times| accepted.iter().all(|number| times.contains_key(number)))
        {
            break;
        }
        let lost: Vec<usize> =
            times.iter().map(|times| accepted.iter().filter(|number| !times.contains_key(number)).count()).collect();
        let behind = accepted.difference(&in_order.1.seen).count();
        let late = began.elapsed() > Duration::from_secs(120);
        assert!(!late, "{what}: {lost:?} of {} were lost, and {behind} in order", accepted.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let drained = began.elapsed();
    let repeated: u64 = times.iter().flat_map(BTreeMap::values).map(|many| many - 1).sum();
    println!("{what}: {} accepted, all arrived, {repeated} more than once; drained in {drained:?}", accepted.len());
    // Repeats come from requests that were open when a node died: at most those that came in within
    // `MOMENT`, which is long enough for a slow disk.
    let most = rounds() * ENDPOINTS * CONNECTIONS * MOMENT.as_millis() as usize / BETWEEN.as_millis() as usize;
    assert!(repeated <= most as u64, "{what}: {repeated} came more than once");
}

#[tokio::test(flavor = "multi_thread")]
async fn drills_lose_no_message_on_one_node() {
    for database in TestDatabase::each().await {
        let what = format!("{}, SIGKILL", database.name);
        drill(&what, vec![Server::start(BINARY, database, &SETTINGS).await]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drills_lose_no_message_on_three_nodes() {
    let first = Server::start(BINARY, TestDatabase::postgres().await, &SETTINGS).await;
    let (second, third) = (first.beside().await, first.beside().await);
    drill("three nodes, SIGKILL", vec![first, second, third]).await;
}
