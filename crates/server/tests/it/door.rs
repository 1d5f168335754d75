//! Limits that apply before a request is understood: sizes, times and counts, for callers without a
//! key.

use std::time::{Duration, Instant};

use campanile_testkit::provider::sign;
use campanile_testkit::server::{Answer, SOURCE_SECRET, Server};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::{BINARY, on_each_server};

const MIB: u64 = 1024 * 1024;

/// The resident memory of a process, in bytes.
pub(crate) fn resident(server: &Server) -> u64 {
    let path = format!("/proc/{}/status", server.process_id().expect("the server runs"));
    let status = std::fs::read_to_string(path).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}

/// A server with SQLite only: these tests do not depend on the database.
async fn server(wrapper: &[&str], settings: &[(&str, &str)]) -> Server {
    let database = campanile_db::testing::TestDatabase::sqlite();
    Server::start_within(wrapper, BINARY, database.into(), settings).await
}

/// A connection from a loopback address that is not the tests' own.
async fn stranger(server: &Server) -> std::io::Result<TcpStream> {
    let address = server.url("").trim_start_matches("http://").parse().unwrap();
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.2:0".parse().unwrap())?;
    socket.connect(address).await
}

async fn is_healthy(server: &Server) {
    let began = Instant::now();
    let answer = server.ask("GET", "/api/_health/live", &[], Vec::new()).await;
    assert_eq!(answer.map(|answer| answer.status), Ok(200));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

/// Everything that a connection returns until it is closed.
async fn said(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn brackets_without_a_key_do_not_end_the_process() {
    on_each_server(&[], async |server| {
        let paths = [
            "/ws/v1/websocket",
            "/providers/slack/authenticate",
            "/oauth/slack/callback",
            "/providers/ms-teams/authenticate",
            "/v1/users",
            "/api/v1/app",
            "/api/observations",
        ];
        let before = server.process_id();
        for path in paths {
            for (name, count) in [("[]", 20_000), ("[a]", 20_000), ("[]", 8_000), ("[a]", 5_000), (".a", 7_000)] {
                let query = format!("{path}?a{}=1", name.repeat(count));
                let answer = server.ask("GET", &query, &[], Vec::new()).await.unwrap();
                assert!(answer.status < 500, "{path} {name}×{count}: {}", answer.status);
            }
        }
        is_healthy(&server).await;
        assert_eq!(server.process_id(), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_strangers_make_up_take_no_memory() {
    let server = server(&[], &[]).await;
    is_healthy(&server).await;
    let before = resident(&server);
    let mut stream = stranger(&server).await.unwrap();
    for round in 0..20 {
        let requests: String = (0..1_000).map(|n| format!("Z{round}X{n} /x HTTP/1.1\r\nhost: x\r\n\r\n")).collect();
        let (mut reader, mut writer) = stream.split();
        let mut bytes = vec![0; 1 << 16];
        let (mut answered, writing) = (0, writer.write_all(requests.as_bytes()));
        let reading = async {
            while answered < 1_000 {
                let length = reader.read(&mut bytes).await.unwrap();
                assert!(length > 0);
                answered += String::from_utf8_lossy(&bytes[..length]).matches("HTTP/1.1 404").count();
            }
        };
        let (written, ()) = tokio::join!(writing, reading);
        written.unwrap();
    }
    let metrics = server.get("/metrics").await.unwrap().json;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("method=\"other\"") && !metrics.contains("Z1X"));
    assert!(resident(&server) < before + 40 * MIB, "{before} → {}", resident(&server));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_for_a_source_that_is_not_there_is_not_read() {
    let server = server(&[], &[]).await;
    is_healthy(&server).await;
    let before = resident(&server);
    let mut strangers = Vec::new();
    for _ in 0..20 {
        let mut stream = stranger(&server).await.unwrap();
        let head = format!("POST /api/ingest/github/nosuch HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", 5 * MIB);
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server answers while the client still sends, so sending may fail.
        let _ = stream.write_all(&vec![b' '; MIB as usize]).await;
        strangers.push(stream);
    }
    for mut stream in strangers {
        let mut bytes = vec![0; 1 << 10];
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&bytes[..read]).starts_with("HTTP/1.1 404"));
    }
    assert!(resident(&server) < before + 60 * MIB, "{before} → {}", resident(&server));
    is_healthy(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_only_announced_keep_nobody_out_and_those_that_stop_are_given_up() {
    let server = server(&[], &[]).await;
    let began = Instant::now();
    let announced = async |sent: u64| {
        let mut stream = stranger(&server).await.unwrap();
        let head =
            format!("POST /api/ingest/github/github HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", 25 * MIB);
        stream.write_all(head.as_bytes()).await.unwrap();
        // A connection that is refused may be closed while this sends.
        let _ = stream.write_all(&vec![b'.'; sent as usize]).await;
        stream
    };
    let mut strangers = Vec::new();
    for _ in 0..12 {
        strangers.push(announced(1).await);
    }
    is_healthy(&server).await;
    let ping = |id: &str| sign("github", SOURCE_SECRET, "ping", id, br#"{"zen":"Be calm."}"#);
    assert_eq!(server.deliver(&ping("p-1")).await.unwrap().status, 202);
    // Five of these fit into the memory for one address's unfinished bodies. They come together, or the
    // first would be given up before the sixth has come.
    let mut large = futures_util::future::join_all((0..6).map(|_| announced(24 * MIB))).await;
    let known = server.post("/v1/users/bulk/identify", &json!({ "users": [{ "id": "a" }] })).await.unwrap();
    assert_eq!(known.status, 200, "{}", known.json);
    assert_eq!(server.deliver(&ping("p-2")).await.unwrap().status, 202, "what is small is let in");
    let answers = futures_util::future::join_all(large.iter_mut().map(said)).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 503")).collect();
    assert!(!refused.is_empty() && refused.iter().all(|answer| answer.contains("retry-after")), "{answers:?}");
    for stream in &mut strangers {
        let answer = said(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_sockets_and_half_heads_leave_the_door_open_and_are_closed() {
    // A low limit of descriptors, as a service manager may set it.
    let server = server(&["prlimit", "--nofile=400:400"], &[]).await;
    let mut strangers = Vec::new();
    for n in 0..300 {
        let Ok(mut stream) = stranger(&server).await else { break };
        let begun: &[u8] = match n % 3 {
            0 => b"",
            1 => b"GET /api/_health/live HTTP/1.1\r\nhost:",
            _ => b"POST /api/session HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
        };
        let _ = stream.write_all(begun).await;
        strangers.push(stream);
    }
    is_healthy(&server).await;
    let began = Instant::now();
    for stream in &mut strangers {
        said(stream).await;
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    is_healthy(&server).await;
    let metrics = server.get("/metrics").await.unwrap().json;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("campanile_http_connections_refused_total"), "the others were turned away and counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_held_to_its_rate_and_a_key_to_its_own() {
    let settings = [("CAMPANILE_HTTP_REQUESTS_PER_TOKEN", "2"), ("CAMPANILE_HTTP_REQUESTS_PER_KEY", "0")];
    let server = server(&[], &settings).await;
    let headers = [("authorization", "Bearer pk_somebodys")];
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(server.ask("GET", "/v1/users/me", &headers, Vec::new()).await.unwrap().status);
    }
    assert_eq!((statuses[0], *statuses.last().unwrap()), (401, 429), "{statuses:?}");
    for _ in 0..50 {
        assert_eq!(server.get("/api/workspaces").await.unwrap().status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_tell_browsers_and_caches_to_be_careful() {
    let server = server(&[], &[("CAMPANILE_BASE_URL", "https://bells.example")]).await;
    for path in ["/api/keys", "/api/v1/app", "/v1/users", "/p/x", "/unsubscribe/x", "/"] {
        let answer = server.get(path).await.unwrap();
        let header =
            |name: &str| answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(header("strict-transport-security").is_some(), "{path}");
        assert!(path == "/" || header("cache-control") == Some("no-store"), "{path}");
        if header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            assert!(header("content-security-policy").is_some_and(|policy| policy.contains("default-src")), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_compressed_for_who_takes_that_and_what_is_known_is_not_sent_again() {
    on_each_server(&[], async |server| {
        let get =
            async |path: &str, headers: &[(&str, &str)]| server.ask("GET", path, headers, Vec::new()).await.unwrap();
        let header = |answer: &Answer, wanted: &str| {
            answer.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
        };
        let whole = get("/openapi.json", &[]).await;
        assert_eq!((header(&whole, "content-encoding"), whole.json["openapi"].is_string()), (None, true));
        let packed = get("/openapi.json", &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(header(&packed, "content-encoding").as_deref(), Some("gzip"));
        assert_eq!(header(&packed, "vary").as_deref(), Some("accept-encoding"));
        let short = get("/api/_health/live", &[("accept-encoding", "gzip")]).await;
        assert_eq!((header(&short, "content-encoding"), short.status), (None, 200), "it would only grow");

        let navigation = ("accept", "text/html");
        let page = get("/", &[navigation]).await;
        let tag = header(&page, "etag").unwrap();
        let known = get("/", &[navigation, ("if-none-match", tag.as_str())]).await;
        assert_eq!((known.status, header(&known, "etag")), (304, Some(tag)));
        assert_eq!(get("/", &[navigation, ("if-none-match", "W/\"another\"")]).await.status, 200);
    })
    .await;
}
