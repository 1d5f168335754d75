//! The latency of a single run on an idle engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_db::params;
use campanile_db::testing::TestDatabase;
use campanile_engine::{Ctx, Failure, Workflow};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{World, spread};

const STARTS: usize = 1_000;
const STEPS: u32 = 200;
const ROUNDS: usize = 25;

/// Measures the time to the first line of the first step: from the call that stores the run, and
/// from its commit.
pub async fn starts(database: &TestDatabase) {
    let (sender, mut begun) = mpsc::unbounded_channel();
    let workflow = Workflow::new("tell", 1, move |ctx: Ctx, (): ()| {
        let sender = sender.clone();
        async move {
            let tell = || async { sender.send(Instant::now()).map_err(|e| Failure::new(e.to_string())) };
            Ok(ctx.step("tell", tell).await?)
        }
    });
    let world = World::start(database, workflow).await;
    let (mut from_call, mut from_commit) = (Vec::new(), Vec::new());
    for n in 0..STARTS + 50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let called = Instant::now();
        world.begin("tell", json!(null)).await;
        let durable = Instant::now();
        let started = begun.recv().await.unwrap();
        if n >= 50 {
            from_call.push(started - called);
            from_commit.push(started.saturating_duration_since(durable));
        }
    }
    println!("{}, idle to start: from the call {}", world.name, spread(&mut from_call));
    println!("{}, idle to start: from the commit {}", world.name, spread(&mut from_commit));
    world.stop().await;
}

/// Compares the steps of one run with the same number of sequential commits.
pub async fn steps(database: &TestDatabase) {
    let (sender, mut ended) = mpsc::unbounded_channel();
    let workflow = Workflow::new("many", 1, move |ctx: Ctx, steps: u32| {
        let sender = sender.clone();
        async move {
            let began = Instant::now();
            for n in 0..steps {
                ctx.step(&format!("step {n}"), || async move { Ok::<_, Failure>(n) }).await?;
            }
            sender.send(began.elapsed()).map_err(|e| Failure::new(e.to_string()))?;
            Ok(())
        }
    });
    let world = World::start(database, workflow).await;
    let words: Arc<[String]> = (0..STEPS).map(|n| format!("step {n}")).collect();
    let (mut commits, mut steps) = (Vec::new(), Vec::new());
    // Alternate between both: the disk of a shared machine is sometimes slower.
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for n in 0..STEPS as usize {
            let words = words.clone();
            let written = world.db.write(move |tx| {
                Box::pin(async move { tx.execute("INSERT INTO mark (word) VALUES ($1)", params![&words[n]]).await })
            });
            written.await.unwrap();
        }
        commits.push(began.elapsed());
        world.begin("many", json!(STEPS)).await;
        steps.push(ended.recv().await.unwrap());
    }
    let middle = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e6 / f64::from(STEPS)
    };
    let (commit, step) = (middle(&mut commits), middle(&mut steps));
    println!(
        "{}, sequential: {step:.0} µs a step, {commit:.0} µs a commit alone: {:.2} times",
        world.name,
        step / commit
    );
    world.stop().await;
}
