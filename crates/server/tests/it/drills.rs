//! Workflows under failures: drills run while processes are killed and stopped, PostgreSQL dies and
//! the disk is full. Afterwards everything is counted. Each accepted drill must have completed, and
//! each of its steps must have sent its event once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_db::{Db, params};
use campanile_test_postgres::Cluster;
use campanile_testkit::server::{Api, Server};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::rounds::rounds;

const CONNECTIONS: usize = 8;
const STEPS: i64 = 3;
/// The stored results of a run: three for each step (event, counter, sleep), and one wait at the
/// end.
const STORED_PER_RUN: i64 = 3 * STEPS + 1;
/// The pause between two drills of a connection. The load must not exceed what all nodes can handle.
const BETWEEN: Duration = Duration::from_millis(100);
/// The pause in each drill, in milliseconds.
const PAUSE_MS: u64 = 5;
const QUICK_LEASE: [(&str, &str); 2] = [("CAMPANILE_ENGINE_LEASE", "1s"), ("CAMPANILE_LOG", "off")];

/// Starts drills on all nodes until it is stopped. Nodes may fail to answer.
struct Load {
    started: Arc<Mutex<BTreeSet<String>>>,
    refused: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(nodes: &[&Server]) -> Self {
        let nodes: Vec<Api> = nodes.iter().map(|node| node.api()).collect();
        let mut load =
            Self { started: Arc::default(), refused: Arc::default(), stop: Arc::default(), tasks: Vec::new() };
        for connection in 0..CONNECTIONS {
            let api = nodes[connection % nodes.len()].clone();
            let (started, refused, stop) = (load.started.clone(), load.refused.clone(), load.stop.clone());
            load.tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let drill = json!({ "steps": STEPS, "pause_ms": PAUSE_MS });
                    let asked = api.post("/api/workflows/campanile.drill/runs", &drill);
                    match tokio::time::timeout(Duration::from_secs(2), asked).await {
                        Ok(Ok(answer)) if answer.status == 201 => {
                            let id = answer.json["id"].as_str().unwrap().to_owned();
                            started.lock().unwrap().insert(id);
                            tokio::time::sleep(BETWEEN).await;
                        }
                        // The result of this request is unknown. A real caller would try again.
                        answer => {
                            let refused_by_server = matches!(answer, Ok(Ok(answer)) if answer.status >= 500);
                            refused.fetch_or(refused_by_server, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                }
            }));
        }
        load
    }

    /// Stops the load. Returns the drills that were accepted.
    async fn stop(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut self.started.lock().unwrap())
    }
}

/// Waits until no drill is running, then checks the results.
async fn count(what: &str, node: &Server, started: &BTreeSet<String>) {
    until_done(what, node).await;
    check(what, &beside(node).await, started).await;
}

/// Waits by the counters, which change together with the runs. A list by status could miss a run
/// that changes its status back and forth.
async fn until_done(what: &str, node: &Server) {
    let began = Instant::now();
    loop {
        let counted = node.get("/api/runs/statistics?name=campanile.drill").await;
        if counted.is_ok_and(|counted| counted.json["active"] == 0) {
            return;
        }
        if began.elapsed() > Duration::from_secs(120) {
            panic!("{what}: drills are under way after two minutes: {:#?}", stuck(&beside(node).await).await);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Details of the first runs that make no progress: id, status, due, shard, the shard's owner,
/// whether the owner lives, crashes, generation, results from outside.
async fn stuck(db: &Db) -> Vec<String> {
    let read = db.read(|tx| {
        Box::pin(async move {
            let sql = "SELECT run.id, run.status, run.due, run.shard, shard_lease.epoch,
                    (SELECT count(*) FROM engine_node WHERE engine_node.epoch = shard_lease.epoch), run.crashes,
                    run.generation, run.pokes
                FROM run JOIN shard_lease ON shard_lease.shard = run.shard
                WHERE run.name = 'campanile.drill' AND run.status < 10 ORDER BY run.id LIMIT 5";
            tx.all(sql, params![], |row| {
                let numbers: Result<Vec<i64>, _> = (1..9).map(|column| row.get(column)).collect();
                Ok(format!("{} {:?}", row.get::<String>(0)?, numbers?))
            })
            .await
        })
    });
    let now = campanile_base::Clock::System.now().as_micros();
    read.await.unwrap_or_else(|e| vec![e.to_string()]).into_iter().chain([format!("now {now}")]).collect()
}

async fn check(what: &str, db: &Db, started: &BTreeSet<String>) {
    let (runs, events, steps) = stored(db).await;
    println!("{what}: {} drills answered for, {} stored", started.len(), runs.len());
    assert!(started.len() > rounds(), "{what}: the load was a load");
    let lost: Vec<&String> = started.iter().filter(|id| !runs.contains_key(*id)).collect();
    assert!(lost.is_empty(), "{what}: {} of {} lost: {lost:?}", lost.len(), started.len());
    for (id, (status, error)) in &runs {
        assert_eq!(*status, 10, "{what}: {id} has not ended well: {error:?}");
        let told: Vec<i64> = (0..STEPS).map(|step| events.get(&(id.clone(), step)).copied().unwrap_or(0)).collect();
        assert_eq!(told, [1; STEPS as usize], "{what}: how often each step of {id} has told of itself");
        assert_eq!(steps.get(id), Some(&STORED_PER_RUN), "{what}: the results of {id}");
    }
    assert_eq!(events.len() as i64, runs.len() as i64 * STEPS, "{what}: an event of no drill");
}

type Stored = (BTreeMap<String, (i64, Option<String>)>, BTreeMap<(String, i64), i64>, BTreeMap<String, i64>);

/// For each drill its status and last error, the number of events of each step, and the number of
/// results.
async fn stored(db: &Db) -> Stored {
    let read = db.read(|tx| {
        Box::pin(async move {
            let sql = "SELECT id, status, error FROM run WHERE name = 'campanile.drill'";
            let runs = tx.all(sql, params![], |row| Ok((row.get::<String>(0)?, (row.get(1)?, row.get(2)?)))).await?;
            let sql = "SELECT data FROM event WHERE name = 'campanile.drill'";
            let events = tx.all(sql, params![], |row| row.get::<String>(0)).await?;
            let sql = "SELECT run_id, count(*) FROM step WHERE state = 1 GROUP BY run_id";
            let steps = tx.all(sql, params![], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?))).await?;
            Ok::<_, campanile_db::Error>((runs, events, steps))
        })
    });
    let (runs, events, steps) = read.await.unwrap();
    let mut told: BTreeMap<(String, i64), i64> = BTreeMap::new();
    for event in events {
        let event: Value = serde_json::from_str(&event).unwrap();
        let step = (event["run"].as_str().unwrap().to_owned(), event["step"].as_i64().unwrap());
        *told.entry(step).or_default() += 1;
    }
    (runs.into_iter().collect(), told, steps.into_iter().collect())
}

/// Opens the database of a server while the server runs.
async fn beside(server: &Server) -> Db {
    match &server.database.url {
        Some(url) => Db::connect_postgres(url).await.unwrap(),
        None => Db::open_sqlite(&server.data().join("campanile.db")).unwrap(),
    }
}

fn chance(sides: u64) -> u64 {
    u64::from_le_bytes(campanile_base::random_bytes::<8>()) % sides
}

async fn pause(least: u64, more: u64) {
    tokio::time::sleep(Duration::from_millis(least + chance(more))).await;
}

/// Kills one node repeatedly under load.
async fn one_node_is_killed(database: TestDatabase) {
    let name = database.name;
    let mut server = Server::start(crate::BINARY, database, &[("CAMPANILE_LOG", "off")]).await;
    let load = Load::start(&[&server]);
    for _ in 0..rounds() {
        pause(30, 200).await;
        server.restart().await;
    }
    let started = load.stop().await;
    count(&format!("{name}, killed"), &server, &started).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drills_survive_the_death_of_their_node_on_sqlite() {
    one_node_is_killed(TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drills_survive_the_death_of_their_node_on_postgres() {
    one_node_is_killed(TestDatabase::postgres().await).await;
}

/// Three nodes. One at a time is killed, or stopped for longer than its lease and then continued.
#[tokio::test(flavor = "multi_thread")]
async fn drills_survive_nodes_that_die_and_nodes_that_sleep() {
    let first = Server::start(crate::BINARY, TestDatabase::postgres().await, &QUICK_LEASE).await;
    let mut nodes = [first.beside().await, first.beside().await, first];
    let load = Load::start(&nodes.each_ref());
    for _ in 0..rounds() {
        let node = &mut nodes[chance(3) as usize];
        pause(30, 200).await;
        if chance(2) == 0 {
            node.restart().await;
        } else {
            node.signal("STOP");
            pause(600, 1_400).await;
            node.signal("CONT");
        }
    }
    let started = load.stop().await;
    count("three nodes, killed and stopped", &nodes[0], &started).await;
}

/// Three nodes and a PostgreSQL that is killed and started again.
#[tokio::test(flavor = "multi_thread")]
async fn drills_survive_the_death_of_the_database() {
    let cluster = Cluster::start(false).unwrap();
    let settings = [("CAMPANILE_ENGINE_LEASE", "2s"), ("CAMPANILE_LOG", "off")];
    let first = Server::start(crate::BINARY, TestDatabase::postgres_at(&cluster.url()).await, &settings).await;
    let nodes = [first.beside().await, first.beside().await, first];
    let load = Load::start(&nodes.each_ref());
    for _ in 0..rounds() {
        pause(100, 300).await;
        cluster.kill().unwrap();
        pause(0, 100).await;
        cluster.restart().unwrap();
    }
    let started = load.stop().await;
    count("PostgreSQL killed", &nodes[1], &started).await;
}

/// With the default lease, another node continues a dead node's work within fifteen seconds.
#[tokio::test(flavor = "multi_thread")]
async fn another_node_goes_on_within_fifteen_seconds() {
    let first = Server::start(crate::BINARY, TestDatabase::postgres().await, &[("CAMPANILE_LOG", "off")]).await;
    let mut second = first.beside().await;
    // Time for two beats: at the first a node gives shards away, at the second the other takes them.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let drill = json!({ "steps": 6, "pause_ms": 400 });
    let mut ids = Vec::new();
    // Started on the second node, so they belong to its shards.
    while ids.len() < 12 {
        let begun = second.post("/api/workflows/campanile.drill/runs", &drill).await.unwrap();
        ids.push(begun.json["id"].as_str().unwrap().to_owned());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    second.kill().await;
    let killed = Instant::now();
    for id in &ids {
        loop {
            let run = first.get(&format!("/api/runs/{id}")).await.unwrap();
            if run.json["status"] == "completed" {
                break;
            }
            // A drill alone takes more than two seconds, so three seconds are added.
            assert!(killed.elapsed() < Duration::from_secs(15 + 3), "{id} is {}", run.json["status"]);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    println!("the last of {} drills ended {:.1} s after the node died", ids.len(), killed.elapsed().as_secs_f64());
}

/// The disk of the embedded database fills up and is freed again, repeatedly.
#[tokio::test(flavor = "multi_thread")]
async fn drills_survive_a_full_disk() {
    let database = Arc::new(TestDatabase::sqlite());
    let data = database.folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let mount = format!("mount -t tmpfs -o size=96m tmpfs {} && exec \"$0\" \"$@\"", data.display());
    // With a user namespace of its own, an ordinary user may mount.
    let unshare = if campanile_test_postgres::is_root() { "-m" } else { "-Urm" };
    let wrapper = ["unshare", unshare, "sh", "-c", &mount];
    let server = Server::start_within(&wrapper, crate::BINARY, database.clone(), &[("CAMPANILE_LOG", "off")]).await;
    let inside = format!("/proc/{}/root{}", server.process_id().unwrap(), data.display());
    let ballast = Path::new(&inside).join("ballast");
    let drill = json!({ "steps": STEPS, "pause_ms": PAUSE_MS });
    let load = Load::start(&[&server]);
    for round in 0..rounds() {
        pause(20, 60).await;
        load.refused.store(false, Ordering::Relaxed);
        fill(&ballast);
        let began = Instant::now();
        while !load.refused.load(Ordering::Relaxed) {
            assert!(began.elapsed() < Duration::from_secs(20), "round {round}: a full disk refuses nothing");
            fill(&ballast);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(server.get("/api/_health/live").await.unwrap().status, 200);
        std::fs::remove_file(&ballast).unwrap();
        let began = Instant::now();
        while server.post("/api/workflows/campanile.drill/runs", &drill).await.unwrap().status != 201 {
            assert!(began.elapsed() < Duration::from_secs(20), "round {round}: with room again nothing is taken in");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let started = load.stop().await;
    until_done("full disk", &server).await;
    // SQLite cannot open a file in another mount namespace, so the test stops the server and looks
    // at a copy.
    server.signal("STOP");
    for name in ["campanile.db", "campanile.db-wal"] {
        std::fs::copy(Path::new(&inside).join(name), database.folder.join(name)).unwrap();
    }
    check("full disk", &Db::open_sqlite(&database.folder.join("campanile.db")).unwrap(), &started).await;
}

/// Writes until the disk is full.
fn fill(ballast: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(ballast).unwrap();
    while file.write_all(&[0; 4_096]).is_ok() {}
}
