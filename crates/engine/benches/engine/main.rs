//! Benchmarks of the engine. `cargo xtask bench engine` runs them and prints the figures to
//! standard output.
//!
//! Everything is durable (SQLite with `synchronous=FULL`, PostgreSQL with fsync). The load shares
//! the process and its cores with the engine.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod latency;
mod sleepers;
mod sustained;
mod throughput;

use std::sync::Arc;
use std::time::Duration;

use campanile_base::Clock;
use campanile_db::testing::TestDatabase;
use campanile_db::{Db, Migrations, Param, params};
use campanile_engine::{Engine, MIGRATIONS, Registry, RunId, Running, Workflow};
use serde_json::Value;

const TENANT: &str = "org_1";
const MARKS: Migrations = Migrations { component: "marks", files: &["CREATE TABLE mark (word TEXT NOT NULL)"] };
/// The last scenario takes a quarter of an hour and runs only on request.
const SCENARIOS: [&str; 6] = ["throughput", "start", "steps", "stored", "sleepers", "sustained"];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let known = |word: &String| SCENARIOS.contains(&word.as_str()) || ["sqlite", "postgres"].contains(&word.as_str());
    if !words.iter().all(known) {
        return eprintln!("engine [sqlite|postgres] [{}]", SCENARIOS.join("|"));
    }
    let is_wanted = |word: &str, group: &[&str]| {
        let mut of_group = words.iter().filter(|word| group.contains(&word.as_str())).peekable();
        (of_group.peek().is_none() && word != "sustained") || of_group.any(|wanted| wanted == word)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for database in ["sqlite", "postgres"].into_iter().filter(|name| is_wanted(name, &["sqlite", "postgres"])) {
        for scenario in SCENARIOS.into_iter().filter(|name| is_wanted(name, &SCENARIOS)) {
            runtime.block_on(measure(database, scenario));
        }
    }
}

async fn measure(database: &str, scenario: &str) {
    let database = if database == "sqlite" { TestDatabase::sqlite() } else { TestDatabase::postgres().await };
    match scenario {
        "throughput" => throughput::measure(&database).await,
        "start" => latency::starts(&database).await,
        "steps" => latency::steps(&database).await,
        "stored" => throughput::measure_stored(&database).await,
        "sustained" => sustained::measure(&database).await,
        _ => sleepers::measure(&database).await,
    }
}

/// A started engine over a fresh database.
#[derive(Clone)]
struct World {
    db: Db,
    engine: Engine,
    running: Arc<Running>,
    name: &'static str,
}

impl World {
    async fn start(database: &TestDatabase, workflow: Workflow) -> Self {
        let db = database.open(vec![MIGRATIONS, MARKS]).await;
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let mut registry = Registry::default();
        registry.workflow(workflow);
        let running = Arc::new(idle.start(registry, "bench").await.unwrap());
        Self { db, engine, running, name: database.name }
    }

    async fn begin(&self, workflow: &'static str, input: Value) -> RunId {
        self.engine.submit(workflow, TENANT, input).await.unwrap().run().unwrap().clone()
    }

    async fn one(&self, sql: &'static str, params: &'static [Param<'static>]) -> i64 {
        self.db.read(move |tx| Box::pin(async move { tx.one(sql, params, |row| row.get(0)).await })).await.unwrap()
    }

    /// Cleans up after many changes. It runs outside a transaction because PostgreSQL requires
    /// that.
    async fn settle(&self) {
        let all: &[&'static str] = if self.name == "sqlite" {
            &["ANALYZE"]
        } else {
            &["VACUUM (ANALYZE) run", "VACUUM (ANALYZE) step", "CHECKPOINT"]
        };
        for sql in all {
            let done: campanile_db::Result<u64> = match self.name {
                "sqlite" => self.db.write(move |tx| Box::pin(async move { tx.execute(sql, params![]).await })).await,
                _ => self.db.read(move |tx| Box::pin(async move { tx.execute(sql, params![]).await })).await,
            };
            done.unwrap();
        }
    }

    /// Waits until no run is active.
    async fn until_done(&self) {
        while self.one("SELECT count(*) FROM (SELECT 1 FROM run WHERE status < 10 AND name NOT LIKE 'engine.%' LIMIT 1) AS any_run", &[]).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn stop(self) {
        let running = Arc::into_inner(self.running).expect("nobody else holds it");
        running.stop(Duration::from_secs(10)).await;
    }
}

/// The user and system time of this process, in seconds. One tick is 10 ms.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// The resident memory of this process, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn spread(waits: &mut [Duration]) -> String {
    waits.sort_unstable();
    let at = |share: f64| waits.get(((waits.len() as f64 * share) as usize).min(waits.len().saturating_sub(1)));
    let millis = |share| at(share).map_or(0.0, Duration::as_secs_f64) * 1_000.0;
    format!("p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms", millis(0.5), millis(0.99), millis(1.0))
}
