//! Flow control, compared with naive models. The same random requests at the same times, on real
//! databases with a clock of the test, must lead to the same runs.

use std::collections::BTreeMap;
use std::time::Duration;

use campanile_base::{Clock, Timestamp};
use campanile_db::params;
use campanile_db::testing::on_each_database;
use campanile_engine::flow::{Batch, Debounce, RateLimit, Singleton};
use campanile_engine::{Admitted, Ctx, MIGRATIONS, Matching, RunId, Workflow};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::{EFFECTS, GRACE, TENANT, World};

const SEEDS: u64 = 4;
const REQUESTS: usize = 60;
const KEYS: u64 = 2;

fn echo() -> Workflow {
    Workflow::new("echo", 1, |_: Ctx, input: Value| async move { Ok(input) })
}

/// Runs `test` with a few random seeds on each database, with a workflow and a clock that stands
/// still.
async fn with_dice<F: Future<Output = World>>(workflow: impl Fn() -> Workflow, test: impl Fn(World, Clock, Dice) -> F) {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        for seed in 1..=SEEDS {
            println!("seed {seed}");
            let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000 + 1_000_000 * seed as i64));
            let world = World::start(db.clone(), vec![workflow()], clock.clone()).await;
            let world = test(world, clock, Dice::of(seed)).await;
            world.running.stop(GRACE).await;
        }
    })
    .await;
}

/// Advances the clock, and waits until everything that is due has ended.
async fn pass(world: &World, clock: &Clock, seconds: u64) {
    clock.advance(Duration::from_secs(seconds));
    loop {
        // The engine's loop sleeps by the real clock. An event makes it look at the test's clock.
        let engine = world.engine.clone();
        let woken = world.db.write(move |tx| Box::pin(async move { engine.resume(tx, TENANT, "nothing").await }));
        woken.await.unwrap();
        let now = clock.now();
        let due = world.db.read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT count(*) FROM run WHERE status < 10 AND due <= $1 AND name = 'echo'";
                tx.one(sql, params![now], |row| row.get::<i64>(0)).await
            })
        });
        if due.await.unwrap() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The outputs of all completed runs, sorted. Removes them, so that the next call does not return
/// them again.
async fn outputs(world: &World) -> Vec<String> {
    let read = world.db.write(|tx| {
        Box::pin(async move {
            let all = tx.all("SELECT output FROM run WHERE name = 'echo' AND status = 10", params![], |row| row.get(0));
            let all: Vec<String> = all.await?;
            tx.execute("DELETE FROM run WHERE name = 'echo'", params![]).await?;
            Ok::<_, campanile_db::Error>(all)
        })
    });
    sorted(read.await.unwrap())
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

/// The model: a group accepts requests until it is due. Each request moves its time by the period,
/// up to the most.
#[tokio::test(flavor = "multi_thread")]
async fn debounced_runs_are_those_of_the_model() {
    let (period, most) = (10, 25);
    let debounce = move || {
        let debounce = Debounce::of(Duration::from_secs(period)).most(Duration::from_secs(most));
        echo().debounce(debounce.key("event.data.key"))
    };
    with_dice(debounce, |world, clock, mut dice| async move {
        let mut open: BTreeMap<u64, (u64, u64, String)> = BTreeMap::new();
        let (mut now, mut expected) = (0, Vec::new());
        for n in 0..REQUESTS {
            let seconds = dice.roll(9);
            pass(&world, &clock, seconds).await;
            now += seconds;
            expected.extend(open.extract_if(.., |_, (due, ..)| *due <= now).map(|(_, (.., last))| last));
            let key = dice.roll(KEYS);
            let input = json!({ "key": key, "n": n });
            let admitted = world.try_start("echo", input.clone()).await.unwrap();
            let is_open = open.contains_key(&key);
            assert_eq!(matches!(admitted, Admitted::Gathered(_)), is_open, "request {n} at {now}: {admitted:?}");
            let group = open.entry(key).or_insert((0, now + most, String::new()));
            (group.0, group.2) = ((now + period).min(group.1), input.to_string());
        }
        pass(&world, &clock, 1_000).await;
        expected.extend(open.into_values().map(|(.., last)| last));
        assert_eq!(outputs(&world).await, sorted(expected));
        world
    })
    .await;
}

/// The model: a list for each key. It is sent when it is long enough, large enough or old enough. A
/// request that would make it too large opens the next list.
#[tokio::test(flavor = "multi_thread")]
async fn batches_are_those_of_the_model() {
    let (size, within, bytes) = (4, 20, 120);
    let batch = move || {
        let batch = Batch::of(size, Duration::from_secs(within)).bytes(bytes);
        echo().batch(batch.key("event.data.key"))
    };
    with_dice(batch, |world, clock, mut dice| async move {
        let mut open: BTreeMap<u64, (u64, Vec<Value>)> = BTreeMap::new();
        let length = |items: &[Value]| items.iter().map(|item| item.to_string().len()).sum::<usize>();
        let (mut now, mut expected) = (0, Vec::new());
        for n in 0..REQUESTS {
            let seconds = dice.roll(9);
            pass(&world, &clock, seconds).await;
            now += seconds;
            expected.extend(open.extract_if(.., |_, (due, _)| *due <= now).map(|(_, (_, items))| items));
            let key = dice.roll(KEYS);
            let input = json!({ "key": key, "n": n, "pad": "x".repeat(dice.roll(50) as usize) });
            world.try_start("echo", input.clone()).await.unwrap();
            if let Some((_, items)) = open.get(&key)
                && length(items) + length(std::slice::from_ref(&input)) > bytes
            {
                expected.extend(open.remove(&key).map(|(_, items)| items));
            }
            let (_, items) = open.entry(key).or_insert((now + within, Vec::new()));
            items.push(input);
            if items.len() >= size || length(items) >= bytes {
                expected.extend(open.remove(&key).map(|(_, items)| items));
            }
        }
        pass(&world, &clock, 1_000).await;
        expected.extend(open.into_values().map(|(_, items)| items));
        let expected = expected.into_iter().map(|items| Value::from(items).to_string()).collect();
        assert_eq!(outputs(&world).await, sorted(expected));
        world
    })
    .await;
}

/// The model: a bucket for each key, which holds `limit` and gains one in each part of the period.
#[tokio::test(flavor = "multi_thread")]
async fn rate_limited_runs_are_those_of_the_model() {
    let (limit, period) = (3, 30);
    let rated = move || echo().rate_limit(RateLimit::of(limit, Duration::from_secs(period)).key("event.data.key"));
    with_dice(rated, |world, clock, mut dice| async move {
        let each = period / u64::from(limit);
        let mut buckets: BTreeMap<u64, u64> = BTreeMap::new();
        for n in 0..REQUESTS {
            let seconds = dice.roll(9);
            pass(&world, &clock, seconds).await;
            buckets.values_mut().for_each(|level| *level = (*level + seconds).min(period));
            let key = dice.roll(KEYS);
            let level = buckets.entry(key).or_insert(period);
            let fits = *level >= each;
            *level -= if fits { each } else { 0 };
            let admitted = world.try_start("echo", json!({ "key": key })).await.unwrap();
            assert_eq!(matches!(admitted, Admitted::Started(_)), fits, "request {n}: {admitted:?}");
        }
        world
    })
    .await;
}

/// The model: the run that holds each key.
#[tokio::test(flavor = "multi_thread")]
async fn single_runs_are_those_of_the_model() {
    for cancels in [false, true] {
        let single = move || {
            let singleton = if cancels { Singleton::cancel() } else { Singleton::skip() };
            let workflow = Workflow::new("echo", 1, |ctx: Ctx, input: Value| async move {
                let mine = Matching::equal("data.key", input["key"].clone());
                ctx.wait_for_event("finish", mine, Duration::from_secs(1_000_000)).await?;
                Ok(input)
            });
            workflow.singleton(singleton.key("event.data.key"))
        };
        with_dice(single, |world, clock, mut dice| async move {
            let mut single: BTreeMap<u64, (RunId, String)> = BTreeMap::new();
            let mut expected = Vec::new();
            for n in 0..REQUESTS {
                clock.advance(Duration::from_secs(1));
                let key = dice.roll(KEYS);
                if dice.is_one_in(3) {
                    world.send("finish", json!({ "key": key })).await;
                    if let Some((run, input)) = single.remove(&key) {
                        expected.push(input);
                        world.end_of(&run).await;
                    }
                    continue;
                }
                let input = json!({ "key": key, "n": n });
                let admitted = world.try_start("echo", input.clone()).await.unwrap();
                match admitted {
                    Admitted::Started(run) => {
                        let before = single.insert(key, (run, input.to_string()));
                        assert!(cancels || before.is_none(), "request {n} was to be skipped");
                    }
                    other => assert!(!cancels && single.contains_key(&key), "request {n}: {other:?}"),
                }
            }
            for (key, (run, input)) in single {
                clock.advance(Duration::from_secs(1));
                world.send("finish", json!({ "key": key })).await;
                world.end_of(&run).await;
                expected.push(input);
            }
            assert_eq!(outputs(&world).await, sorted(expected));
            world
        })
        .await;
    }
}
