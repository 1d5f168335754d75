//! A million runs that sleep and wake up on time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_base::{Clock, Timestamp};
use campanile_db::testing::TestDatabase;
use campanile_engine::{Ctx, Workflow};
use serde_json::{Value, json};

use crate::{TENANT, World, resident, spread};

const SLEEPERS: u64 = 1_000_000;
/// The number of runs stored in one transaction.
const TOGETHER: u64 = 1_000;
/// The number of runs that wake each second.
const WAKES: u64 = 2_000;
/// The time for which the wakes are measured.
const WATCHED: Duration = Duration::from_secs(60);

pub async fn measure(database: &TestDatabase) {
    let late: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let asleep = Arc::new(AtomicU64::new(0));
    let (within, counted) = (late.clone(), asleep.clone());
    let workflow = Workflow::new("sleeper", 1, move |ctx: Ctx, until: i64| {
        let (late, asleep) = (within.clone(), counted.clone());
        async move {
            let until = Timestamp::from_micros(until);
            asleep.fetch_add(1, Ordering::Relaxed);
            ctx.sleep_until(until).await;
            late.lock().unwrap().push(Clock::System.now().since(until));
            Ok(())
        }
    });
    let world = World::start(database, workflow).await;
    let began = Instant::now();
    let allowed = Duration::from_secs(if world.name == "sqlite" { 180 } else { 420 });
    let first_wake = Clock::System.now().plus(allowed);
    for group in 0..SLEEPERS / TOGETHER {
        // Stay at most 20,000 runs ahead of those that already sleep, which is a few seconds.
        while group * TOGETHER > asleep.load(Ordering::Relaxed) + 20_000 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let requests: Vec<(String, String, Value)> = (0..TOGETHER)
            .map(|n| {
                let turn = (group * TOGETHER + n) * 7_919 % SLEEPERS;
                let until = first_wake.plus(Duration::from_secs(1) * turn as u32 / WAKES as u32);
                ("sleeper".to_owned(), TENANT.to_owned(), json!(until.as_micros()))
            })
            .collect();
        let engine = world.engine.clone();
        let stored = world.db.write(move |tx| Box::pin(async move { engine.start_all(tx, requests).await }));
        stored.await.unwrap();
    }
    while world
        .one("SELECT count(*) FROM (SELECT 1 FROM run WHERE status < 2 AND name = 'sleeper' LIMIT 1) AS awake", &[])
        .await
        > 0
    {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let took = began.elapsed().as_secs_f64();
    println!("{}, sleepers: {SLEEPERS} asleep after {took:.0} s, {} MiB resident", world.name, resident());
    assert!(began.elapsed() < allowed, "they were to wake before all were asleep");
    tokio::time::sleep((allowed - began.elapsed()) + WATCHED).await;
    let mut late = std::mem::take(&mut *late.lock().unwrap());
    let rate = late.len() as f64 / WATCHED.as_secs_f64();
    println!(
        "{}, sleepers: {rate:.0} woke each second, of {WAKES} that were due; late by {}; {} MiB",
        world.name,
        spread(&mut late),
        resident()
    );
    world.stop().await;
}
