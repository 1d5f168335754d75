//! The engine on real databases: runs happen once, continue after a crash, and end with the right
//! result.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[path = "../../src/dice.rs"]
mod dice;
mod flow;
mod jobs;
mod models;
mod workflows;

use std::time::Duration;

use campanile_base::Clock;
use campanile_db::testing::on_each_database;
use campanile_db::{Db, Migrations, params};
use campanile_engine::operate::{self, RunDetail};
use campanile_engine::{Admitted, Backoff, Engine, MIGRATIONS, NewEvent, Registry, RunId, Running, Status, Workflow};
use serde_json::Value;

const EFFECTS: Migrations = Migrations { component: "effects", files: &["CREATE TABLE effect (word TEXT NOT NULL)"] };
const GRACE: Duration = Duration::from_secs(5);
const TENANT: &str = "org_1";

/// Short waits between attempts.
fn quick_backoff() -> Backoff {
    Backoff::Exponential { first: Duration::from_millis(10), most: Duration::from_millis(20) }
}

/// A started engine over one of the databases.
struct World {
    db: Db,
    engine: Engine,
    running: Running,
}

/// Runs `test` on a started engine over each database.
async fn with_workflows<F: Future<Output = World>>(workflows: impl Fn() -> Vec<Workflow>, test: impl Fn(World) -> F) {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let world = test(World::start(db, workflows(), Clock::System).await).await;
        world.running.stop(GRACE).await;
    })
    .await;
}

impl World {
    async fn start(db: Db, workflows: Vec<Workflow>, clock: Clock) -> Self {
        let (engine, idle) = Engine::new(db.clone(), clock);
        let mut registry = Registry::default();
        workflows.into_iter().for_each(|workflow| registry.workflow(workflow));
        let running = idle.start(registry, "node").await.unwrap();
        Self { db, engine, running }
    }

    async fn try_start(&self, workflow: &'static str, input: Value) -> campanile_base::Result<Admitted> {
        let engine = self.engine.clone();
        self.db.write(move |tx| Box::pin(async move { engine.start(tx, workflow, TENANT, &input).await })).await
    }

    async fn begin(&self, workflow: &'static str, input: Value) -> RunId {
        self.try_start(workflow, input).await.unwrap().run().unwrap().clone()
    }

    async fn shown(&self, id: &str) -> RunDetail {
        let id = id.to_owned();
        self.db.read(move |tx| Box::pin(async move { operate::get(tx, TENANT, &id).await })).await.unwrap()
    }

    async fn send(&self, name: &'static str, data: Value) {
        let engine = self.engine.clone();
        let event = NewEvent::new(name, TENANT, &data);
        self.db.write(move |tx| Box::pin(async move { engine.send(tx, event).await })).await.unwrap();
    }

    /// Waits until a run has ended. Returns its status and its output or error.
    async fn end_of(&self, id: &RunId) -> (Status, String) {
        for _ in 0..2_000 {
            let id = id.to_string();
            let (status, text) = self
                .db
                .read(move |tx| {
                    Box::pin(async move {
                        let sql = "SELECT status, COALESCE(output, error, '') FROM run WHERE id = $1";
                        tx.one(sql, params![id], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?))).await
                    })
                })
                .await
                .unwrap();
            match status {
                10 => return (Status::Completed, text),
                11 => return (Status::Failed, text),
                12 => return (Status::Cancelled, text),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        panic!("{id} does not end");
    }

    async fn output_of(&self, id: &RunId) -> Value {
        let (status, text) = self.end_of(id).await;
        assert_eq!(status, Status::Completed, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        count(&self.db, sql).await
    }
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    db.read(move |tx| Box::pin(async move { tx.one(sql, params![], |row| row.get(0)).await })).await.unwrap()
}
