//! The throughput of one-step runs from many tasks: stored, executed and finished per second.

use std::time::{Duration, Instant};

use campanile_base::Clock;
use campanile_db::params;
use campanile_db::testing::TestDatabase;
use campanile_engine::{Ctx, Failure, Workflow};
use serde_json::json;

use crate::{World, cpu_seconds, resident};

pub const ENQUEUERS: u64 = 128;
/// The duration of the load.
const LOAD: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(2);
/// The number of finished runs that are stored before the second measurement.
const STORED: i64 = 5_000_000;

fn one_step() -> Workflow {
    Workflow::new("one step", 1, |ctx: Ctx, n: u64| async move {
        let doubled = ctx.step("double", || async { Ok::<_, Failure>(2 * n) }).await?;
        Ok(doubled)
    })
}

pub async fn measure(database: &TestDatabase) {
    let world = World::start(database, one_step()).await;
    load(&world, WARM_UP).await;
    let before = Written::read(&world).await;
    let loaded = load(&world, LOAD).await;
    println!("{}, throughput: {loaded}", world.name);
    if let (Some(before), Some(after)) = (before, Written::read(&world).await) {
        println!("{}, throughput: {}", world.name, after.since(&before, loaded.runs));
    }
    world.stop().await;
}

/// Measures first with an empty store, then with many finished runs.
pub async fn measure_stored(database: &TestDatabase) {
    let world = World::start(database, one_step()).await;
    load(&world, WARM_UP).await;
    let empty = load(&world, LOAD).await;
    println!("{}, stored: at first {empty}", world.name);
    fill(&world).await;
    load(&world, WARM_UP).await;
    let full = load(&world, LOAD).await;
    println!("{}, stored: with {STORED} finished runs {full}", world.name);
    println!("{}, stored: {:.2} times as long", world.name, empty.rate() / full.rate());
    world.stop().await;
}

struct Loaded {
    runs: u64,
    stored: Duration,
    done: Duration,
    cpu: f64,
}

impl Loaded {
    fn rate(&self) -> f64 {
        self.runs as f64 / self.done.as_secs_f64()
    }
}

impl std::fmt::Display for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let behind = (self.done - self.stored).as_secs_f64();
        let cpu = self.cpu * 1_000.0 / self.runs as f64;
        write!(
            f,
            "{:.0} runs/s of {}, the last {behind:.2} s after it was stored; {cpu:.3} CPU s per 1,000, {} MiB",
            self.rate(),
            self.runs,
            resident()
        )
    }
}

/// Each task stores a run as soon as its last one is durable.
async fn load(world: &World, lasting: Duration) -> Loaded {
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let tasks: Vec<_> = (0..ENQUEUERS)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move {
                let mut runs = 0;
                while began.elapsed() < lasting {
                    world.begin("one step", json!(runs)).await;
                    runs += 1;
                }
                runs
            })
        })
        .collect();
    let mut runs = 0;
    for task in tasks {
        runs += task.await.unwrap();
    }
    let stored = began.elapsed();
    world.until_done().await;
    Loaded { runs, stored, done: began.elapsed(), cpu: cpu_seconds() - cpu }
}

/// The write counters of PostgreSQL.
struct Written([i64; 4]);

impl Written {
    async fn read(world: &World) -> Option<Self> {
        if world.name != "postgres" {
            return None;
        }
        // The server reports the work of a connection once it has been idle for a second.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let read = world.db.read(|tx| {
            Box::pin(async move {
                let sql = "SELECT xact_commit, tup_inserted, tup_updated, tup_deleted FROM pg_stat_database
                    WHERE datname = current_database()";
                tx.one(sql, params![], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])).await
            })
        });
        Some(Self(read.await.unwrap()))
    }

    fn since(&self, before: &Self, runs: u64) -> String {
        let per_run = |index: usize| (self.0[index] - before.0[index]) as f64 / runs as f64;
        let [commits, inserted, updated, deleted] = [0, 1, 2, 3].map(per_run);
        format!(
            "per run {commits:.2} transactions, {inserted:.2} rows inserted, {updated:.2} updated, {deleted:.2} deleted"
        )
    }
}

/// Stores finished runs with their steps, dated a day ago.
async fn fill(world: &World) {
    const CHUNK: i64 = 100_000;
    let began = Instant::now();
    for first in (0..STORED).step_by(CHUNK as usize) {
        let done = world.db.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO run (id, shard, name, version, tenant, lane, holds, priority, status, due,
                        attempt, generation, crashes, pokes, seq, gathers, cause, queued_at, started_at, ended_at,
                        input, output)
                    WITH RECURSIVE numbers (n) AS
                        (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $1 + $2)
                    SELECT 'run_1' || CAST(100000000000 + n AS TEXT) || 'abcdefghijklmn', n % 64, 'one step', 1,
                        CASE WHEN n % 2 = 0 THEN 'org_1' ELSE 'org_' || CAST(n % 100 AS TEXT) END, 7, FALSE, 0, 10, n,
                        0, 0, 0, 0, 1, FALSE, 'call', $3 + n, $3 + n, $3 + n,
                        '{\"name\":\"engine/called\",\"data\":7,\"id\":\"evt_1234567890\"}', '14'
                    FROM numbers";
                let a_day_ago = Clock::System.now().minus(Duration::from_secs(86_400));
                tx.execute(sql, params![first, CHUNK, a_day_ago]).await?;
                let sql = "INSERT INTO step (run_id, key, seq, kind, state, attempts, started_at, ended_at, result)
                    WITH RECURSIVE numbers (n) AS
                        (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $1 + $2)
                    SELECT 'run_1' || CAST(100000000000 + n AS TEXT) || 'abcdefghijklmn', 'double', 1, 'run', 1, 1,
                        n, n, '14'
                    FROM numbers";
                tx.execute(sql, params![first, CHUNK]).await
            })
        });
        done.await.unwrap();
    }
    // Does the maintenance that a real server would have done over time.
    world.settle().await;
    println!("{}, stored: filled in {:.0} s", world.name, began.elapsed().as_secs_f64());
}
