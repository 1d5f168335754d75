//! Problems of operators: lost keys and databases, full disks, damaged files, large deliveries, and
//! stops that must end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_testkit::provider::sign;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::json;
use tokio::process::Command;

use crate::{BINARY, on_each_server};

/// The longest time that a refused start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts the binary on a folder that it must refuse. Returns its output.
async fn refused(data: &Path, settings: &[(&str, &str)]) -> String {
    let ended = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env_remove("DATABASE_URL")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = tokio::time::timeout(PATIENCE, ended).await.expect("it refuses, and ends").unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success(), "it has started: {said}");
    said
}

/// Names and contents of a folder.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_none_or(|name| name != "lock"))
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

async fn stopped(settings: &[(&str, &str)]) -> Server {
    let mut server = Server::start(BINARY, TestDatabase::sqlite(), settings).await;
    server.kill().await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_its_owners_alone() {
    let wrapper = ["sh", "-c", "umask 000 && exec \"$0\" \"$@\""];
    let server = Server::start_within(&wrapper, BINARY, Arc::new(TestDatabase::sqlite()), &[]).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&server.data()), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert!(files >= 5, "database, its log and its index, lock, key, mark");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_key_beside_a_database_is_refused_and_nothing_is_written() {
    let mut server = stopped(&[]).await;
    let (data, key) = (server.data(), server.data().join("encryption.key"));
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let before = contents(&data);
    let said = refused(&data, &[]).await;
    assert!(said.contains("encryption.key is missing") && said.contains("Put the file back"), "{said}");
    assert_eq!(contents(&data), before);
    std::fs::write(&key, kept).unwrap();
    server.restart().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_is_refused_and_told_on_both_databases() {
    on_each_server(
        &[("CAMPANILE_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")],
        async |mut server| {
            server.kill().await;
            let url = server.database.url.clone();
            let mut settings = vec![("CAMPANILE_ENCRYPTION_KEY", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")];
            settings.extend(url.as_deref().map(|url| ("DATABASE_URL", url)));
            let said = refused(&server.data(), &settings).await;
            assert!(said.contains("not the one that the database's secrets are sealed with"), "{said}");
            // Without any key, none is generated for a database that was used.
            let said = refused(&server.data(), &settings[1..]).await;
            assert!(said.contains("encryption.key is missing"), "{said}");
            assert!(!server.data().join("encryption.key").exists());
            server.restart().await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_where_one_was_is_refused_unless_it_is_wanted() {
    let server = stopped(&[]).await;
    let data = server.data();
    for name in ["campanile.db-wal", "campanile.db-shm"] {
        let _ = std::fs::remove_file(data.join(name));
    }
    std::fs::write(data.join("campanile.db"), b"").unwrap();
    let before = contents(&data);
    let said = refused(&data, &[]).await;
    assert!(said.contains("missing or empty") && said.contains("begin_anew"), "{said}");
    assert_eq!(contents(&data), before);
    std::fs::remove_file(data.join("campanile.db")).unwrap();
    assert!(refused(&data, &[]).await.contains("missing or empty"));
    let anew = Server::start(
        BINARY,
        TestDatabase { url: None, folder: server.database.folder.clone(), name: "sqlite" },
        &[("CAMPANILE_BEGIN_ANEW", "true")],
    )
    .await;
    assert!(anew.all("/api/deliveries").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_a_damaged_log_has_lost_are_told() {
    let mut server = Server::start(BINARY, TestDatabase::sqlite(), &[]).await;
    for n in 0..20 {
        let body = json!({ "zen": n, "hook_id": n }).to_string();
        let delivery = sign("github", SOURCE_SECRET, "ping", &format!("d-{n}"), body.as_bytes());
        assert_eq!(server.deliver(&delivery).await.unwrap().status, 202);
    }
    server.kill().await;
    let (data, log) = (server.data(), server.data().join("campanile.db-wal"));
    let mut bytes = std::fs::read(&log).unwrap();
    // A byte within the page of the second frame.
    bytes[32 + (24 + 4_096) + 24 + 100] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let file = server.database.folder.join("stderr");
    let redirect = format!("exec \"$0\" \"$@\" 2>{}", file.display());
    let wrapper = ["sh", "-c", redirect.as_str()];
    // The rest may or may not be a whole database, depending on the loss. The loss is reported in
    // both cases.
    let child = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .env_remove("DATABASE_URL")
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !std::fs::read_to_string(&file).unwrap_or_default().contains("commits that were acknowledged are lost") {
        let said = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(began.elapsed() < PATIENCE, "{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_pages_are_refused_where_they_are_looked_for() {
    let server = stopped(&[]).await;
    let path = server.data().join("campanile.db");
    // Compacting moves everything from the log into the database file.
    campanile_db::compact_sqlite(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let (from, to) = (bytes.len() / 2, bytes.len() / 2 + 64 * 1024);
    bytes[from..to].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let said = refused(&server.data(), &[("CAMPANILE_CHECK_DATABASE", "true")]).await;
    assert!(said.contains("is damaged") && said.contains("Restore it from a backup"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_as_one_and_does_not_fill_the_log() {
    let database = Arc::new(TestDatabase::sqlite());
    let (data, log) = (database.folder.join("data"), database.folder.join("stderr"));
    std::fs::create_dir_all(&data).unwrap();
    let script =
        format!("mount -t tmpfs -o size=24m tmpfs {} && exec \"$0\" \"$@\" 2>>{}", data.display(), log.display());
    let unshare = if campanile_test_postgres::is_root() { "-m" } else { "-Urm" };
    let wrapper = ["unshare", unshare, "sh", "-c", script.as_str()];
    let server = Server::start_within(&wrapper, BINARY, database.clone(), &[]).await;
    let inside = format!("/proc/{}/root{}", server.process_id().unwrap(), data.display());
    let ballast = Path::new(&inside).join("ballast");
    let deliver = async |n: usize| {
        let body = json!({ "zen": "x".repeat(20_000), "hook_id": n }).to_string();
        let delivery = sign("github", SOURCE_SECRET, "ping", &format!("d-{n}"), body.as_bytes());
        server.deliver(&delivery).await.unwrap().status
    };
    fill(&ballast);
    let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
    let began = Instant::now();
    for n in 0.. {
        *statuses.entry(deliver(n).await).or_default() += 1;
        fill(&ballast);
        if statuses.get(&503).is_some_and(|refused| *refused > 500) || began.elapsed() > PATIENCE {
            break;
        }
    }
    assert!(statuses.keys().all(|status| [202, 503].contains(status)), "{statuses:?}");
    assert!(statuses.get(&503).is_some_and(|refused| *refused > 20), "{statuses:?}");
    let (key, name) = (campanile_testkit::server::SECRET_KEY, json!({ "name": "x".repeat(200) }).to_string());
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let made = server.ask("POST", "/api/v1/app", &headers, name.into_bytes()).await.unwrap();
    assert_eq!(made.status, 503, "{}", made.json);
    let ready = server.get("/api/_health/ready").await.unwrap();
    assert_eq!((ready.status, ready.json["checks"]["writes"].as_str()), (503, Some("error")));
    assert_eq!(server.get("/api/_health/live").await.unwrap().status, 200);
    // In 15 seconds the log may grow by some lines, not by hundreds of kilobytes.
    let size = || std::fs::metadata(&log).unwrap().len();
    let before = size();
    tokio::time::sleep(Duration::from_secs(15)).await;
    let grown = size() - before;
    assert!(grown < 40_000, "{grown} bytes in 15 s: {}", std::fs::read_to_string(&log).unwrap());
    std::fs::remove_file(&ballast).unwrap();
    let began = Instant::now();
    while server.get("/api/_health/ready").await.unwrap().status != 200 || deliver(1_000_000).await != 202 {
        assert!(began.elapsed() < PATIENCE, "there is room, and it does not go on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Writes until the disk is full.
fn fill(ballast: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(ballast).unwrap();
    while file.write_all(&[0; 4_096]).is_ok() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_within_its_grace_whatever_hangs() {
    let server = Server::start(BINARY, TestDatabase::sqlite(), &[("CAMPANILE_LOG", "off")]).await;
    let app =
        server.post("/api/v1/app", &json!({ "name": "a" })).await.unwrap().json["id"].as_str().unwrap().to_owned();
    let endpoint =
        server.post(&format!("/api/v1/app/{app}/endpoint"), &json!({ "url": "http://127.0.0.1:9" })).await.unwrap();
    let endpoint = endpoint.json["id"].as_str().unwrap();
    // Native code that a script's own deadline does not interrupt. It runs on threads that it
    // blocks.
    let code = "function handler(x){let s='a'.repeat(1e7);x.payload=s.indexOf('a'.repeat(5e6)+'b');return x}";
    let path = format!("/api/v1/app/{app}/endpoint/{endpoint}/transformation/simulate");
    for _ in 0..4 {
        let (api, path) = (server.api(), path.clone());
        let script = json!({ "eventType": "a.b", "payload": {}, "code": code });
        tokio::spawn(async move { drop(api.post(&path, &script).await) });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let process = PathBuf::from(format!("/proc/{}", server.process_id().unwrap()));
    let is_running = || std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z "));
    assert!(is_running());
    server.signal("TERM");
    let began = Instant::now();
    while is_running() {
        assert!(began.elapsed() < Duration::from_secs(35), "the process does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The process's highest memory use so far.
fn peak_of(server: &Server) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process_id().unwrap())).unwrap();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_large_deliveries_at_once_stay_small_and_keep_nobody_waiting() {
    on_each_server(&[], async |server| {
        let issue = |n: usize| {
            let many: Vec<_> = (0..60_000).map(|n| json!({ "n": n, "text": "x".repeat(350) })).collect();
            json!({ "zen": n, "hook_id": n, "filler": many }).to_string().into_bytes()
        };
        let body = issue(0);
        assert!((20_000_000..25 * 1024 * 1024).contains(&body.len()), "{}", body.len());
        let sent: Vec<_> = (0..10)
            .map(|n| {
                let delivery = sign("github", SOURCE_SECRET, "ping", &format!("large-{n}"), &body);
                let api = server.api();
                tokio::spawn(async move {
                    let headers: Vec<(&str, &str)> =
                        delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    // A build without optimisation may be slower than the client's timeout. Then
                    // the client tries again, as providers do.
                    let began = Instant::now();
                    loop {
                        let body = delivery.body.clone();
                        match api.ask("POST", "/api/ingest/github/github", &headers, body).await {
                            // An address may have only a limited number open. The others try again.
                            Ok(answer) if answer.status == 503 => tokio::time::sleep(Duration::from_secs(1)).await,
                            Ok(answer) => return answer.status,
                            Err(why) => assert!(began.elapsed() < Duration::from_secs(180), "{why}"),
                        }
                    }
                })
            })
            .collect();
        let mut slowest = Duration::ZERO;
        while !sent.iter().all(tokio::task::JoinHandle::is_finished) {
            let began = Instant::now();
            assert_eq!(server.get("/api/_health/live").await.unwrap().status, 200);
            slowest = slowest.max(began.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for sent in sent {
            assert_eq!(sent.await.unwrap(), 202);
        }
        println!("accepted with {} at most", peak_of(&server));
        server.until_settled().await;
        assert_eq!(server.all("/api/deliveries?status=skipped").await.len(), 10, "a ping leads to nothing");
        let peak = peak_of(&server);
        let kilobytes: u64 = peak.trim_end_matches(" kB").parse().unwrap();
        println!("{kilobytes} kB at most, health within {slowest:?}");
        assert!(kilobytes < 600 * 1024, "{peak} at most");
        assert!(slowest < Duration::from_secs(2), "health took {slowest:?}");
    })
    .await;
}
