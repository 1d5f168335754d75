//! Two organisations on one server. One of them does every hostile thing that a manager can do.
//!
//! The quiet one sends twenty messages and triggers ten notifications a second, at even intervals.
//! It measures the time from the intended sending to the arrival, first alone, then beside its
//! hostile neighbour. The neighbour sends as many messages as the server accepts (a million at
//! most) to endpoints that are dead, slow, or have endless scripts. It triggers workflows with
//! templates that never end, grow without limit, or panic, for recipients with huge amounts of HTML
//! as names. And it has schemas compiled that double in size. The server's health is checked all
//! the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use campanile_accounts::{Caller, keys, organisations};
use campanile_base::{Clock, Error, Secret};
use campanile_db::testing::TestDatabase;
use campanile_testkit::server::{Api, SECRET_KEY, Server};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::sink::Sink;
use crate::{binary, resident, spread};

const THEIRS: &str = "sk_neighbour_0123456789abcdefgh";
/// The time between two messages of the quiet one. Every second message comes with a notification.
const EVERY: Duration = Duration::from_millis(50);
const ALONE: Duration = Duration::from_secs(60);
const BESIDE: Duration = Duration::from_secs(300);
const MOST_MESSAGES: u64 = 1_000_000;

pub(crate) async fn measure(name: &str, database: TestDatabase, phases: &[&str]) {
    let brief = phases.contains(&"brief");
    let (alone, beside) = if brief { (ALONE / 6, BESIDE / 10) } else { (ALONE, BESIDE) };
    let server = start(database).await;
    let (messages, notifications) = (Sink::start().await, Sink::start().await);
    let quiet = Quiet::settle(&server, &messages, &notifications).await;
    let health = Health::watch(server.api());
    let told = async |phase: &str, lasting| {
        let sent = quiet.send(lasting, &messages, &notifications).await;
        let lost = |sink: &Sink, sent: u64| sent.saturating_sub(sink.arrived.requests.load(Ordering::SeqCst));
        let waits = |sink: &Sink| spread(&mut sink.arrived.waits.lock().expect("nobody panics"));
        println!(
            "{name}, {phase}: messages {} ({} of {} missing), notifications {} ({} of {} missing); health {}; {} MiB",
            waits(&messages),
            lost(&messages, sent.0),
            sent.0,
            waits(&notifications),
            lost(&notifications, sent.1),
            sent.1,
            health.take(),
            resident(&server) / 1024,
        );
    };
    told("alone", alone).await;
    let hostile = Hostile::begin(&server).await;
    told("beside a hostile neighbour", beside).await;
    println!("{name}, the neighbour did: {}; {} MiB", hostile.stop().await, resident(&server) / 1024);
    let answer = server.get("/api/_health/live").await.expect("the server lives");
    assert_eq!(answer.status, 200);
}

/// A server with two organisations. The second is written into the database, because no page or API
/// founds a second one yet.
async fn start(database: TestDatabase) -> Server {
    let mut server = Server::start(binary(), database, &[("CAMPANILE_LOG", "error")]).await;
    server.kill().await;
    let db = server.open_database().await;
    let founded = db.write(|tx| {
        Box::pin(async move {
            let clock = Clock::System;
            let caller = Caller::system(organisations::create(tx, &clock, "Neighbours").await?);
            keys::adopt(tx, &clock, &caller, "theirs", &Secret::new(THEIRS.to_owned())).await?;
            Ok::<_, Error>(())
        })
    });
    founded.await.expect("the database is there");
    drop(db);
    server.restart().await;
    server
}

/// Calls with a key. Returns the status.
async fn call(api: &Api, key: &str, method: &'static str, path: &str, body: &Value) -> Result<u16, String> {
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let answer = api.ask(method, path, &headers, body.to_string().into_bytes()).await?;
    Ok(answer.status)
}

async fn must(api: &Api, key: &str, method: &'static str, path: &str, body: Value) {
    let status = call(api, key, method, path, &body).await;
    assert!(status.as_ref().is_ok_and(|status| *status < 300), "{method} {path}: {status:?}");
}

/// The organisation that must not be affected.
struct Quiet {
    api: Api,
}

impl Quiet {
    async fn settle(server: &Server, messages: &Sink, notifications: &Sink) -> Self {
        let api = server.api();
        must(&api, SECRET_KEY, "POST", "/api/v1/app", json!({ "name": "quiet", "uid": "quiet" })).await;
        let endpoint = json!({ "url": format!("{}/0", messages.address) });
        must(&api, SECRET_KEY, "POST", "/api/v1/app/quiet/endpoint", endpoint).await;
        let channel = json!({ "type": "http", "provider": "http_knock_webhook" });
        must(&api, SECRET_KEY, "PUT", "/v1/channels/hook", channel).await;
        let feed = json!({ "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
            "template": { "markdown_body": "**{{ recipient.id }}**: {{ n }}", "action_url": "/" } });
        let hook = json!({ "ref": "hook", "type": "channel", "channel_key": "hook", "channel_type": "http",
            "template": { "url": format!("{}/0", notifications.address), "method": "post",
                "body": "{\"n\":{{ n }},\"at\":{{ at }},\"x\":0}" } });
        let workflow = json!({ "workflow": { "name": "quiet", "steps": [feed, hook] } });
        must(&api, SECRET_KEY, "PUT", "/v1/workflows/quiet?commit=true", workflow).await;
        Self { api }
    }

    /// Sends at even intervals, and waits for the arrivals. Returns the number of messages and of
    /// notifications.
    async fn send(&self, lasting: Duration, messages: &Sink, notifications: &Sink) -> (u64, u64) {
        let began = messages.begin(vec![None], true);
        notifications.begin(vec![None], true);
        let (mut sent, mut under_way) = ((0, 0), JoinSet::new());
        while began.elapsed() < lasting {
            let intended = EVERY * sent.0 as u32;
            tokio::time::sleep_until((began + intended).into()).await;
            let (n, at) = (sent.0, intended.as_micros() as u64);
            let api = self.api.clone();
            let body = json!({ "eventType": "a.b", "payload": { "n": n, "at": at, "x": 0 } });
            under_way.spawn(async move { must(&api, SECRET_KEY, "POST", "/api/v1/app/quiet/msg", body).await });
            sent.0 += 1;
            if n % 2 == 0 {
                let api = self.api.clone();
                let body = json!({ "recipients": [format!("user-{}", n % 100)], "data": { "n": n, "at": at } });
                under_way
                    .spawn(async move { must(&api, SECRET_KEY, "POST", "/v1/workflows/quiet/trigger", body).await });
                sent.1 += 1;
            }
        }
        while let Some(done) = under_way.join_next().await {
            done.expect("the quiet one is served");
        }
        messages.until(sent.0).await;
        notifications.until(sent.1).await;
        sent
    }
}

/// The response times of the health check, which is called all the time.
struct Health(Arc<std::sync::Mutex<Vec<Duration>>>);

impl Health {
    fn watch(api: Api) -> Self {
        let waits: Arc<std::sync::Mutex<Vec<Duration>>> = Arc::default();
        let within = waits.clone();
        tokio::spawn(async move {
            loop {
                let began = Instant::now();
                let answer = api.ask("GET", "/api/_health/live", &[], Vec::new()).await;
                let took =
                    if answer.is_ok_and(|answer| answer.status == 200) { began.elapsed() } else { Duration::MAX / 4 };
                within.lock().expect("nobody panics").push(took);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Self(waits)
    }

    /// A summary of the response times since the last call of this function.
    fn take(&self) -> String {
        let mut waits = std::mem::take(&mut *self.0.lock().expect("nobody panics"));
        let most = waits.iter().max().copied().unwrap_or_default();
        format!("{}, most {:.0} ms", spread(&mut waits), most.as_secs_f64() * 1_000.0)
    }
}

/// The hostile organisation.
struct Hostile {
    stop: Arc<AtomicBool>,
    work: JoinSet<(&'static str, u64)>,
}

const ENDLESS: &str =
    "{% for i in (1..3000) %}{% for j in (1..3000) %}{% for k in (1..3000) %}{% endfor %}{% endfor %}{% endfor %}";
const NATIVE: &str = "function handler(x){let s='a'.repeat(1e7);x.payload=s.indexOf('a'.repeat(5e6)+'b');return x}";

impl Hostile {
    async fn begin(server: &Server) -> Self {
        let api = server.api();
        Self::furnish(&api).await;
        let stop = Arc::new(AtomicBool::new(false));
        let mut work = JoinSet::new();
        let mut does =
            |name: &'static str, together: usize, most: u64, act: fn(u64) -> (&'static str, String, Value)| {
                let count = Arc::new(AtomicU64::new(0));
                for _ in 0..together {
                    let (api, stop, count) = (api.clone(), stop.clone(), count.clone());
                    work.spawn(async move {
                        let mut done = 0;
                        while !stop.load(Ordering::Relaxed) {
                            let n = count.fetch_add(1, Ordering::Relaxed);
                            if n >= most {
                                break;
                            }
                            let (method, path, body) = act(n);
                            // It goes on, whatever the answer is.
                            match call(&api, THEIRS, method, &path, &body).await {
                                Ok(_) => done += 1,
                                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                            }
                        }
                        (name, done)
                    });
                }
            };
        does("messages", 8, MOST_MESSAGES, |n| {
            let app = ["dead", "loop", "native", "slow"][(n % 4) as usize];
            ("POST", format!("/api/v1/app/{app}/msg"), json!({ "eventType": "a.b", "payload": { "n": n } }))
        });
        does("triggers", 2, u64::MAX, |n| {
            let key = ["endless", "swelling", "panicking", "itself", "partial"][(n % 5) as usize];
            let recipients: Vec<String> = (0..40).map(|user| format!("user-{user}")).collect();
            ("POST", format!("/v1/workflows/{key}/trigger"), json!({ "recipients": recipients, "actor": "mountain" }))
        });
        does("previews", 2, u64::MAX, |_| {
            let path = "/v1/workflows/endless/steps/feed/preview_template".to_owned();
            ("POST", path, json!({ "recipient": "x", "template": { "markdown_body": ENDLESS } }))
        });
        does("simulations", 2, u64::MAX, |_| {
            let path = "/api/v1/app/dead/endpoint/dead/transformation/simulate".to_owned();
            ("POST", path, json!({ "code": NATIVE, "payload": {}, "eventType": "a.b" }))
        });
        does("schemas", 1, u64::MAX, |n| {
            let twice =
                |n: u32| json!({ "allOf": [{ "$ref": format!("#/$defs/a{n}") }, { "$ref": format!("#/$defs/a{n}") }] });
            let defs: Value =
                (0..30).map(|n| (format!("a{n}"), twice(n + 1))).collect::<serde_json::Map<_, _>>().into();
            let schema = json!({ "$defs": defs, "allOf": [{ "$ref": "#/$defs/a0" }] });
            (
                "POST",
                "/api/v1/event-type".to_owned(),
                json!({ "name": format!("s.n{n}"), "description": "x", "schemas": { "1": schema } }),
            )
        });
        does("preferences", 1, u64::MAX, |n| {
            let digest = json!({ "frequency": "daily", "interval": 1_000_000_000_000_i64 });
            (
                "PUT",
                format!("/v1/users/user-{}", n % 40),
                json!({ "name": "<div>".repeat(40_000), "digest_at": digest, "n": n }),
            )
        });
        does("lists", 2, u64::MAX, |_| {
            ("GET", "/api/v1/app/dead/msg?event_types=none.such&channel=none&tag=none".to_owned(), Value::Null)
        });
        Self { stop, work }
    }

    /// Creates applications and workflows of each hostile kind. The server may also refuse some
    /// when they are written, which is just as good.
    async fn furnish(api: &Api) {
        let slow = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let slow_url = format!("http://{}", slow.local_addr().expect("a listener has an address"));
        tokio::spawn(async move {
            // Connections are accepted, and never answered.
            let mut kept = Vec::new();
            while let Ok((stream, _)) = slow.accept().await {
                kept.push(stream);
                if kept.len() > 2_000 {
                    kept.clear();
                }
            }
        });
        for (app, url, code) in [
            ("dead", "http://127.0.0.1:9/".to_owned(), None),
            ("loop", "http://127.0.0.1:9/".to_owned(), Some("function handler(x){ for(;;); }")),
            ("native", "http://127.0.0.1:9/".to_owned(), Some(NATIVE)),
            ("slow", slow_url, None),
        ] {
            must(api, THEIRS, "POST", "/api/v1/app", json!({ "name": app, "uid": app })).await;
            let endpoint = json!({ "url": url, "uid": app });
            must(api, THEIRS, "POST", &format!("/api/v1/app/{app}/endpoint"), endpoint).await;
            if let Some(code) = code {
                let path = format!("/api/v1/app/{app}/endpoint/{app}/transformation");
                must(api, THEIRS, "PATCH", &path, json!({ "code": code, "enabled": true })).await;
            }
        }
        let swelling = (0..28).map(|_| "{% assign a = a | append: a %}").collect::<String>();
        let itself = json!({ "ref": "again", "type": "trigger_workflow", "settings": { "workflow_key": "itself", "recipients": "[\"user-1\", \"user-2\"]" } });
        let says = |body: &str| {
            json!({ "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
            "template": { "markdown_body": body, "action_url": "/" } })
        };
        let partial = json!({ "partial": { "name": "p", "type": "html", "content": "{% render 'p' %}" } });
        let _ = call(api, THEIRS, "PUT", "/v1/partials/p?commit=true", &partial).await;
        for (key, step) in [
            ("endless", says(&format!("{{{{ actor.name }}}}{ENDLESS}"))),
            ("swelling", says(&format!("{{% assign a = 'aaaaaaaaaa' %}}{swelling}{{{{ a }}}}"))),
            ("panicking", says("{{ -9223372036854775808 | divided_by: -1 }}")),
            ("itself", itself),
            ("partial", says("{% render 'p' %}{{ actor.name }} has commented")),
        ] {
            let workflow = json!({ "workflow": { "name": key, "steps": [step] } });
            let _ = call(api, THEIRS, "PUT", &format!("/v1/workflows/{key}?commit=true"), &workflow).await;
        }
        let _ = call(api, THEIRS, "PUT", "/v1/users/mountain", &json!({ "name": "<div>".repeat(40_000) })).await;
    }

    /// Stops the load. Returns the number of hostile requests of each kind.
    async fn stop(mut self) -> String {
        self.stop.store(true, Ordering::Relaxed);
        let mut counts: Vec<(&str, u64)> = Vec::new();
        while let Some(done) = self.work.join_next().await {
            let (name, count) = done.expect("the load does not fail");
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, all)) => *all += count,
                None => counts.push((name, count)),
            }
        }
        counts.sort_unstable();
        counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    }
}
