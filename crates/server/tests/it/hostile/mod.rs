//! Sends hostile requests to every route: without a key, with a secret key, with a portal token,
//! with an end user's token, and over a socket.
//!
//! Each request must be answered, and none with an error of the server (5xx). Meanwhile the process
//! must live, answer health checks quickly, and use no more memory.

mod routes;
mod values;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use campanile_testkit::server::{Api, SECRET_KEY, Server};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::door::resident;
use crate::knock::access::{in_seconds, public_key, signed};
use crate::on_each_server;

const MIB: u64 = 1024 * 1024;
/// The growth of resident memory that is allowed, in bytes. In builds for tests it has the schemas of two
/// hundred operations as well, each made ready when its operation is first called.
const GROWTH: u64 = 150 * MIB;
/// The number of requests at a time. More would slow down a small machine by their number alone.
const TOGETHER: usize = 3;
/// The longest time of the walk on each database. Without other tests it takes less than one minute.
const BOUND: Duration = Duration::from_secs(180);

/// A request, ready to be sent.
struct HostileRequest {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The headers with a caller's credentials.
type Credentials = Vec<(String, String)>;

fn with_bearer(token: &str, more: &[(&str, &str)]) -> Credentials {
    let bearer = ("authorization".to_owned(), format!("Bearer {token}"));
    let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    [bearer, ("content-type".to_owned(), "application/json".to_owned())].into_iter().chain(more).collect()
}

/// Creates items with the id `x`, so that requests for them get far.
async fn furnish(server: &Server) {
    let put = async |method, path: &str, body: Value| {
        let headers = with_bearer(SECRET_KEY, &[]);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = server.ask(method, path, &headers, body.to_string().into_bytes()).await.unwrap();
        assert!(answer.status < 300, "{method} {path}: {}", answer.json);
    };
    put("POST", "/api/v1/app", json!({ "name": "x", "uid": "x" })).await;
    put("POST", "/api/v1/event-type", json!({ "name": "a.b", "description": "x" })).await;
    put("POST", "/api/v1/app/x/endpoint", json!({ "url": "http://127.0.0.1:1/", "uid": "x", "disabled": true })).await;
    put("PUT", "/v1/users/x", json!({ "name": "x" })).await;
    put("PUT", "/v1/objects/x/x", json!({ "name": "x" })).await;
    let step = json!({ "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
        "template": { "markdown_body": "{{ recipient.name }}: {{ actor.name }} {{ name }}" } });
    put("PUT", "/v1/workflows/x?commit=true", json!({ "workflow": { "name": "x", "steps": [step] } })).await;
}

/// The callers.
async fn callers(server: &Server) -> Vec<Credentials> {
    let portal = server.post("/api/v1/auth/app-portal-access/x", &json!({})).await.unwrap().json;
    let key = public_key(server).await;
    let signing = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
    let token = signed(signing["private_key"].as_str().unwrap(), &json!({ "sub": "x", "exp": in_seconds(3_600) }));
    vec![
        vec![("content-type".to_owned(), "application/json".to_owned())],
        with_bearer(SECRET_KEY, &[]),
        with_bearer(portal["token"].as_str().unwrap(), &[]),
        with_bearer(&key, &[("x-knock-user-token", &token)]),
    ]
}

/// Hostile queries, paths and bodies for every route, by every caller.
fn over_all_routes(routes: &[routes::Route], callers: &[Credentials]) -> Vec<HostileRequest> {
    let (queries, parts, bodies) = (values::queries(), values::parts(), values::raw_bodies());
    let mut asked = Vec::new();
    for (n, route) in routes.iter().filter(|route| route.is_walked()).enumerate() {
        for (m, headers) in callers.iter().enumerate() {
            let mut add = |path: String, body: Vec<u8>| {
                asked.push(HostileRequest { method: route.method, path, headers: headers.clone(), body });
            };
            // Each caller sends a part of the requests to every route; together they send all.
            let mine = |all: usize| (0..all).filter(move |k| (k + n) % 4 == m || m == 1);
            for k in mine(queries.len()) {
                add(format!("{}?{}", route.filled("x"), queries[k]), Vec::new());
            }
            if route.has_place() {
                mine(parts.len()).for_each(|k| add(route.filled(&parts[k]), b"{}".to_vec()));
            }
            if route.method != "GET" {
                mine(bodies.len()).for_each(|k| add(route.filled("x"), bodies[k].clone()));
            }
        }
    }
    asked
}

/// Valid requests with one value replaced by a hostile one.
fn with_one_bad_value(headers: &Credentials) -> Vec<HostileRequest> {
    let values = values::values();
    let mut asked = Vec::new();
    for (method, path, body) in values::fine() {
        for body in values::replaced(&body, &values) {
            let body = body.to_string().into_bytes();
            asked.push(HostileRequest { method, path: path.to_owned(), headers: headers.clone(), body });
        }
    }
    asked
}

/// Sends everything, a few at a time. Returns the requests that met an error of the server.
async fn ask_all(api: &Api, asked: Vec<HostileRequest>) -> Vec<String> {
    let answers = futures_util::stream::iter(asked).map(async |asked| {
        let headers: Vec<(&str, &str)> = asked.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let shown = || format!("{} {:.120} {:.300}", asked.method, asked.path, String::from_utf8_lossy(&asked.body));
        match api.ask(asked.method, &asked.path, &headers, asked.body.clone()).await {
            Ok(answer) if answer.status < 500 => None,
            Ok(answer) => Some(format!("{}: {} {:.300}", shown(), answer.status, answer.json.to_string())),
            Err(error) => Some(format!("{}: {error}", shown())),
        }
    });
    answers.buffer_unordered(TOGETHER).filter_map(async |fault| fault).collect().await
}

/// Frames that no library would send.
async fn over_a_socket(server: &Server, caller: &Credentials) {
    let text = |name: &str| caller.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap();
    let (key, token) = (text("authorization").trim_start_matches("Bearer "), text("x-knock-user-token"));
    let url =
        server.url(&format!("/ws/v1/websocket?api_key={key}&user_token={token}&vsn=2.0.0")).replacen("http", "ws", 1);
    let join = |options: Value| json!(["1", "1", "feeds:in-app:x", "phx_join", options]).to_string();
    let mut frames = vec![
        "[".repeat(60_000),
        "{\"a\":".repeat(10_000),
        "[]".to_owned(),
        "null".to_owned(),
        json!(["1", "1", "\u{0}", "phx_join", {}]).to_string(),
        json!(["1", "1", "x".repeat(60_000), "phx_join", {}]).to_string(),
        join(json!({ format!("a{}", "[a]".repeat(15_000)): "x" })),
        join(json!({ "client": { format!("a{}", "[]".repeat(20_000)): "x" } })),
        join(Value::Object((0..3_000).map(|n| (format!("client_{n}"), json!({}))).collect())),
    ];
    frames.extend(
        values::values().into_iter().map(|value| join(json!({ "client": { "status": value, "tenant": value } }))),
    );
    for frame in frames {
        let Ok((mut socket, _)) = connect_async(&url).await else { panic!("a socket is let in") };
        let _ = socket.send(Message::text(frame)).await;
        let _ = tokio::time::timeout(Duration::from_millis(30), socket.next()).await;
    }
}

/// Calls the health check until `stop`. Returns the time of each call.
fn watch(api: Api, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<Vec<Duration>> {
    tokio::spawn(async move {
        let mut took = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            let answer = api.ask("GET", "/api/_health/live", &[], Vec::new()).await;
            assert_eq!(answer.map(|answer| answer.status), Ok(200));
            took.push(began.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        took
    })
}

/// The resident memory when it is below this limit, or after half a minute: accepted work goes on
/// for a while.
async fn settled(server: &Server, below: u64) -> u64 {
    let began = Instant::now();
    while resident(server) >= below && began.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    resident(server)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hostile_on_any_route_stops_slows_or_swells_the_server() {
    // No limit of requests for tokens: it would keep out most of the walk.
    on_each_server(&[("CAMPANILE_HTTP_REQUESTS_PER_TOKEN", "0")], async |server| {
        furnish(&server).await;
        let (routes, callers, api) = (routes::all(&server).await, callers(&server).await, server.api());
        let (process, before, began) = (server.process_id(), resident(&server), Instant::now());
        let stop = Arc::new(AtomicBool::new(false));
        let watching = watch(server.api(), stop.clone());
        let mut faults = ask_all(&api, over_all_routes(&routes, &callers)).await;
        println!("all routes: {:?}, {} MiB", began.elapsed(), resident(&server) / MIB);
        faults.extend(ask_all(&api, with_one_bad_value(&callers[1])).await);
        println!("all values: {:?}, {} MiB", began.elapsed(), resident(&server) / MIB);
        over_a_socket(&server, &callers[3]).await;
        stop.store(true, Ordering::Relaxed);
        let mut took = watching.await.expect("the server says that it lives");
        took.sort();
        let (p99, most) = (took[took.len() * 99 / 100], took[took.len() - 1]);
        println!("health: p99 {p99:?}, most {most:?}; {:?} in all", began.elapsed());
        assert!(faults.is_empty(), "{} faults of ours, such as {:#?}", faults.len(), &faults[..faults.len().min(12)]);
        assert_eq!(server.process_id(), process);
        // Measured alone on two cores: 17 ms at p99 and 130 ms at most. Other tests run beside this
        // one.
        assert!(p99 < Duration::from_millis(300) && most < Duration::from_secs(5), "health took {p99:?}, {most:?}");
        let after = settled(&server, before + GROWTH).await;
        println!("memory: {} → {} MiB", before / MIB, after / MIB);
        assert!(after < before + GROWTH, "{} → {} MiB", before / MIB, after / MIB);
        assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    })
    .await;
}
