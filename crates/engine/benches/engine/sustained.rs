//! The load of `throughput`, for a quarter of an hour instead of ten seconds.
//!
//! First it measures the peak: each task stores a run as soon as its last one is durable, and the
//! clock stops when the last run is done. Then it stores four fifths of the peak rate for fifteen
//! minutes at even intervals. The database is not tidied before. For each minute it prints the
//! stored and finished runs, their latency from the intended time, and the memory of the process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_engine::{Ctx, Failure, Workflow};
use serde_json::json;

use crate::throughput::ENQUEUERS;
use crate::{World, cpu_seconds, resident};

const PEAK: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);
const MINUTES: u32 = 15;
/// The share of the peak rate.
const SHARE: f64 = 0.8;
/// More runs than finish in a minute. The space is allocated at the beginning, so that the
/// benchmark itself does not make memory grow.
const MOST_A_MINUTE: usize = 2_000_000;

/// Runs that finished since the last report: for each, the microseconds from its intended time.
#[derive(Clone)]
struct Done {
    began: Instant,
    waits: Arc<Mutex<Vec<u32>>>,
    stored: Arc<AtomicU64>,
}

impl Done {
    fn new() -> Self {
        let mut room = vec![1; MOST_A_MINUTE];
        room.clear();
        Self { began: Instant::now(), waits: Arc::new(Mutex::new(room)), stored: Arc::default() }
    }

    fn workflow(&self) -> Workflow {
        let done = self.clone();
        Workflow::new("one step", 1, move |ctx: Ctx, intended: u64| {
            let done = done.clone();
            async move {
                let doubled = ctx.step("double", || async { Ok::<_, Failure>(2 * intended) }).await?;
                let wait = done.micros().saturating_sub(intended);
                done.waits.lock().unwrap().push(u32::try_from(wait).unwrap_or(u32::MAX));
                Ok(doubled)
            }
        })
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

struct Minute {
    done: usize,
    p99: f64,
    mebibytes: u64,
}

pub async fn measure(database: &TestDatabase) {
    let done = Done::new();
    let world = World::start(database, done.workflow()).await;
    let began = Instant::now();
    store(&world, &done, move |_| (began.elapsed() < PEAK).then(Instant::now)).await;
    world.until_done().await;
    let stored = done.stored.load(Ordering::Relaxed);
    let peak = stored as f64 / began.elapsed().as_secs_f64();
    let rate = peak * SHARE;
    println!("{}, sustained: {peak:.0} runs/s at the peak, {rate:.0}/s from now on", world.name);
    done.waits.lock().unwrap().clear();

    let began = Instant::now();
    let turns = move |number: u64| {
        let after = Duration::from_secs_f64((number - stored) as f64 / rate);
        (after < MINUTE * MINUTES).then_some(began + after)
    };
    let (minutes, ()) = tokio::join!(watch(&world, &done, began), store(&world, &done, turns));
    world.until_done().await;
    let (first, last) = (&minutes[0], &minutes[minutes.len() - 1]);
    println!(
        "{}, sustained: the last minute's rate is {:.2} of the first's, its p99 {:.2} times as long; {} MiB at the first's end, {} at the last's",
        world.name,
        last.done as f64 / first.done as f64,
        last.p99 / first.p99,
        first.mebibytes,
        last.mebibytes,
    );
    world.stop().await;
}

/// Each task stores the next run at its turn, or as soon after as it is free, until there are no
/// more turns.
async fn store(world: &World, done: &Done, turn: impl Fn(u64) -> Option<Instant> + Copy + Send + 'static) {
    let everybody: Vec<_> = (0..ENQUEUERS)
        .map(|_| {
            let (world, done) = (world.clone(), done.clone());
            tokio::spawn(async move {
                while let Some(at) = turn(done.stored.load(Ordering::Relaxed)) {
                    let number = done.stored.fetch_add(1, Ordering::Relaxed);
                    let at = turn(number).unwrap_or(at);
                    tokio::time::sleep_until(at.into()).await;
                    let intended = at.saturating_duration_since(done.began).as_micros() as u64;
                    world.begin("one step", json!(intended)).await;
                }
            })
        })
        .collect();
    for one in everybody {
        one.await.unwrap();
    }
}

async fn watch(world: &World, done: &Done, began: Instant) -> Vec<Minute> {
    let mut minutes = Vec::new();
    let (mut stored, mut cpu) = (done.stored.load(Ordering::Relaxed), cpu_seconds());
    for number in 1..=MINUTES {
        tokio::time::sleep_until((began + MINUTE * number).into()).await;
        let now = (done.stored.load(Ordering::Relaxed), cpu_seconds());
        let minute = tell(world, done, number, now.0 - stored, now.1 - cpu);
        (stored, cpu) = now;
        minutes.push(minute);
    }
    minutes
}

fn tell(world: &World, done: &Done, number: u32, stored: u64, cpu: f64) -> Minute {
    let mut waits = done.waits.lock().unwrap();
    waits.sort_unstable();
    let at = |share: f64| {
        let place = ((waits.len() as f64 * share) as usize).min(waits.len().saturating_sub(1));
        waits.get(place).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
    };
    let (count, p50, p99) = (waits.len(), at(0.5), at(0.99));
    waits.clear();
    let seconds = MINUTE.as_secs_f64();
    println!(
        "{}, minute {number}: {:.0}/s stored, {:.0}/s done; p50 {p50:.2} ms, p99 {p99:.2} ms; {:.3} CPU s per 1,000, {} MiB",
        world.name,
        stored as f64 / seconds,
        count as f64 / seconds,
        cpu * 1_000.0 / count.max(1) as f64,
        resident(),
    );
    Minute { done: count, p99, mebibytes: resident() }
}
