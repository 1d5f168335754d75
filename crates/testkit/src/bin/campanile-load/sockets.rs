//! Feeds in real time: the delay from a trigger to the page, and the cost of idle sockets.
//!
//! * *push*: 200 users with an open socket each, and 100 triggers a second for 30 seconds, evenly, each
//!   for the next user in turn. Measured to the frame on the socket, both from the trigger's answer and
//!   from its sending.
//! * *sockets*: 10,000 sockets that have joined their feed and get nothing but heartbeats. Measured is
//!   the server's memory before and after.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_testkit::mailbox::Mailbox;
use campanile_testkit::server::Server;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::notify::{feed, put, request, start, workflow};
use crate::{Line, cpu_seconds, resident};

const WATCHERS: u64 = 200;
const EVERY: Duration = Duration::from_millis(10);
const TRIGGERS: u64 = 3_000;
const IDLE: u64 = 10_000;
/// The number of sockets that are opened at the same time.
const OPENING: usize = 64;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Makes a public key that may act for any user: the load has a key, and no user tokens.
async fn public_key(server: &Server) -> String {
    put(server, "/api/browser-security", json!({ "needs_user_tokens": false })).await;
    let made = server.post("/api/public-keys", &json!({ "name": "load" })).await.expect("an answer");
    made.json["key"].as_str().expect("a key was made").to_owned()
}

async fn channel(server: &Server) -> String {
    let found = server.get("/v1/channels/in-app").await.expect("an answer");
    found.json["id"].as_str().expect("every organisation has a feed").to_owned()
}

async fn open(server: &Server, key: &str, channel: &str, user: u64) -> Socket {
    let url = server.url(&format!("/ws/v1/websocket?api_key={key}&vsn=2.0.0")).replacen("http", "ws", 1);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("the socket opens");
    let join = json!(["1", "1", format!("feeds:{channel}:user-{user}"), "phx_join", {}]);
    socket.send(Message::text(join.to_string())).await.expect("the socket is open");
    let reply = socket.next().await.expect("a reply").expect("the socket is open");
    assert!(reply.to_text().is_ok_and(|text| text.contains("\"ok\"")), "{reply}");
    socket
}

pub(crate) async fn push(name: &str, database: TestDatabase) {
    let server = start(database, &Mailbox::start().await).await;
    workflow(&server, json!([feed()])).await;
    let (key, channel) = (public_key(&server).await, channel(&server).await);
    let (heard, mut pushes) = mpsc::unbounded_channel();
    let mut listeners = Vec::new();
    for user in 0..WATCHERS {
        let (mut socket, heard) = (open(&server, &key, &channel, user).await, heard.clone());
        listeners.push(tokio::spawn(async move {
            while let Some(Ok(frame)) = socket.next().await {
                if frame.to_text().is_ok_and(|text| text.contains("new-message")) {
                    let _ = heard.send((user, Instant::now()));
                }
            }
        }));
    }
    let cpu = cpu_seconds(&server);
    let times: Arc<Mutex<HashMap<u64, (Instant, Instant)>>> = Arc::default();
    let (mut since_sent, mut since_answered) = (Vec::new(), Vec::new());
    let told = tokio::spawn(triggers(server.url(""), times.clone()));
    let mut due = TRIGGERS;
    while due > 0 {
        let push = tokio::time::timeout(Duration::from_secs(20), pushes.recv()).await;
        let (user, at) = push.expect("pushes come").expect("the sockets are open");
        // The trigger's answer may come after the push, so wait for it for a moment.
        let mut known = None;
        for _ in 0..2_000 {
            known = times.lock().expect("nobody panics while they hold it").remove(&user);
            if known.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        let (sent, answered) = known.expect("the trigger was answered");
        since_sent.push(at.duration_since(sent));
        since_answered.push(at.saturating_duration_since(answered));
        due -= 1;
    }
    told.await.expect("the load does not fail");
    let cpu = cpu_seconds(&server) - cpu;
    let shown = |mut times: Vec<Duration>| {
        times.sort_unstable();
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1_000.0;
        format!("p50 {:.2}, p99 {:.2}, slowest {:.2} ms", at(0.5), at(0.99), at(1.0))
    };
    println!(
        "{name}, push: 100 triggers/s, {TRIGGERS} pushes; from the answer {}; from the sending {}; {:.3} CPU s per 1,000, {} MiB",
        shown(since_answered),
        shown(since_sent),
        cpu / TRIGGERS as f64 * 1_000.0,
        resident(&server) / 1024,
    );
    listeners.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Sends the triggers at even intervals, over four connections in turn.
async fn triggers(url: String, times: Arc<Mutex<HashMap<u64, (Instant, Instant)>>>) {
    let address = url.trim_start_matches("http://").to_owned();
    let began = tokio::time::Instant::now();
    let lines = (0..4u64).map(|first| {
        let (address, times) = (address.clone(), times.clone());
        tokio::spawn(async move {
            let mut line = Line::open(&address).await;
            for number in (first..TRIGGERS).step_by(4) {
                tokio::time::sleep_until(began + EVERY * number as u32).await;
                let (user, sent) = (number % WATCHERS, Instant::now());
                assert_eq!(line.ask(&request(&address, user)).await, 200);
                let known = (sent, Instant::now());
                times.lock().expect("nobody panics while they hold it").insert(user, known);
            }
        })
    });
    for line in lines.collect::<Vec<_>>() {
        line.await.expect("the load does not fail");
    }
}

pub(crate) async fn idle(name: &str, database: TestDatabase) {
    let server = start(database, &Mailbox::start().await).await;
    let (key, channel) = (public_key(&server).await, channel(&server).await);
    let before = resident(&server);
    let began = Instant::now();
    let mut sockets = Vec::with_capacity(IDLE as usize);
    let mut next = 0;
    while next < IDLE {
        let some = (next..IDLE.min(next + OPENING as u64)).map(|user| open(&server, &key, &channel, user));
        sockets.extend(futures_util::future::join_all(some).await);
        next += OPENING as u64;
    }
    let opened = began.elapsed();
    // Each socket sends one heartbeat, as libraries do every 30 seconds.
    let beat: Value = json!([null, "2", "phoenix", "heartbeat", {}]);
    for socket in &mut sockets {
        socket.send(Message::text(beat.to_string())).await.expect("the socket is open");
        socket.next().await.expect("a reply").expect("the socket is open");
    }
    let cpu = cpu_seconds(&server);
    tokio::time::sleep(Duration::from_secs(20)).await;
    println!(
        "{name}, sockets: {} joined in {:.1} s; {} MiB before, {} after; {:.2} s of a processor in 20 idle seconds",
        sockets.len(),
        opened.as_secs_f64(),
        before / 1024,
        resident(&server) / 1024,
        cpu_seconds(&server) - cpu,
    );
}
