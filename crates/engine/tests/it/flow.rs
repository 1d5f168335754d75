//! Flow control: which runs are started, and which must wait for others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_base::{Clock, Timestamp};
use campanile_db::params;
use campanile_db::testing::TestDatabase;
use campanile_engine::flow::{
    Batch, CancelOn, Cron, Debounce, Hold, Idempotency, Limit, RateLimit, Scope, Singleton, Throttled,
};
use campanile_engine::{
    Admitted, Ctx, Engine, Failure, MIGRATIONS, Registry, RunId, Settings, Status, Workflow, operate,
};
use serde_json::{Value, json};

use crate::{EFFECTS, GRACE, TENANT, World, quick_backoff, with_workflows};

/// A workflow that returns its input.
fn echo(name: &'static str) -> Workflow {
    Workflow::new(name, 1, |_: Ctx, input: Value| async move { Ok(input) })
}

/// A workflow that sleeps for an hour.
fn sleeper(name: &'static str) -> Workflow {
    Workflow::new(name, 1, |ctx: Ctx, _: Value| async move {
        ctx.sleep(Duration::from_secs(3600)).await;
        Ok(())
    })
}

async fn wait_for(world: &World, sql: &'static str, wanted: i64) {
    for _ in 0..1_000 {
        if world.count(sql).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{sql} is {}, not {wanted}", world.count(sql).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_within_its_window_is_one_run_and_a_rate_limit_drops() {
    let workflows = || {
        let once = echo("once").idempotency(Idempotency::by("event.data.id"));
        vec![once, echo("rated").rate_limit(RateLimit::of(2, Duration::from_secs(3600)).key("event.data.who"))]
    };
    with_workflows(workflows, async |world| {
        let first = world.begin("once", json!({ "id": 1 })).await;
        let again = world.try_start("once", json!({ "id": 1 })).await.unwrap();
        assert_eq!(again, Admitted::Existing(first));
        assert!(matches!(world.try_start("once", json!({ "id": 2 })).await.unwrap(), Admitted::Started(_)));
        let mut outcomes = Vec::new();
        for who in ["ada", "ada", "ada", "bob"] {
            outcomes.push(world.try_start("rated", json!({ "who": who })).await.unwrap().run().is_some());
        }
        assert_eq!(outcomes, [true, true, false, true]);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_one_run_with_the_last_event_or_with_all_of_them() {
    let workflows = || {
        let last = echo("last").on_event("edit").debounce(Debounce::of(Duration::from_millis(200)));
        let all = echo("all").on_event("edit").batch(Batch::of(3, Duration::from_millis(300)));
        vec![last, all]
    };
    with_workflows(workflows, async |world| {
        for n in 1..=4 {
            world.send("edit", json!(n)).await;
        }
        wait_for(&world, "SELECT count(*) FROM run WHERE status = 10 AND version = 1", 3).await;
        assert_eq!(world.count("SELECT count(*) FROM run WHERE name = 'last' AND output = '4'").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM run WHERE name = 'all' AND output = '[1,2,3]'").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM run WHERE name = 'all' AND output = '[4]'").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM gathering").await, 0);
        assert_eq!(world.count("SELECT count(*) FROM gathered").await, 0);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_singleton_the_older_or_the_newer_stays() {
    let workflows = || {
        let older = sleeper("older").singleton(Singleton::skip().key("event.data"));
        vec![older, sleeper("newer").singleton(Singleton::cancel().key("event.data"))]
    };
    with_workflows(workflows, async |world| {
        world.begin("older", json!("a")).await;
        assert!(matches!(world.try_start("older", json!("a")).await.unwrap(), Admitted::Skipped(_)));
        world.begin("older", json!("b")).await;
        let first = world.begin("newer", json!("a")).await;
        world.begin("newer", json!("a")).await;
        assert_eq!(world.end_of(&first).await.0, Status::Cancelled);
        assert_eq!(world.count("SELECT count(*) FROM run WHERE name = 'newer' AND status < 10").await, 1);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_a_limit_never_overlaps_and_a_held_slot_is_kept_in_its_sleep() {
    let workflows = || {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Workflow::new("counted", 1, move |ctx: Ctx, _: Value| {
            let (now, most) = (now.clone(), most.clone());
            async move {
                let body = || async {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok::<_, Failure>(most.load(Ordering::SeqCst))
                };
                Ok(ctx.step("overlap", body).await?)
            }
        });
        let held = Workflow::new("held", 1, |ctx: Ctx, _: Value| async move {
            ctx.sleep(Duration::from_millis(150)).await;
            Ok(())
        });
        let two = Limit::of(2).key("event.data.key");
        vec![counted.limit(two).limit(Limit::of(3)), held.limit(Limit::of(1)).hold(Hold::Run)]
    };
    with_workflows(workflows, async |world| {
        let mut runs = Vec::new();
        for n in 0..12 {
            runs.push(world.begin("counted", json!({ "key": n % 3 })).await);
        }
        for run in &runs {
            assert!(world.output_of(run).await.as_u64().unwrap() <= 3);
        }
        let began = Instant::now();
        let (one, two) = (world.begin("held", json!(1)).await, world.begin("held", json!(2)).await);
        world.output_of(&one).await;
        world.output_of(&two).await;
        assert!(began.elapsed() >= Duration::from_millis(300), "they slept side by side");
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_spreads_what_it_lets_wait() {
    let workflows = || vec![echo("spread").throttle(Throttled::of(10, Duration::from_secs(1)))];
    with_workflows(workflows, async |world| {
        let began = Instant::now();
        let mut runs = Vec::new();
        for n in 0..5 {
            runs.push(world.begin("spread", json!(n)).await);
        }
        for run in &runs {
            world.output_of(run).await;
        }
        assert!(began.elapsed() >= Duration::from_millis(390), "{:?}", began.elapsed());
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cancelled_by_its_event_and_by_its_timeouts() {
    let workflows = || {
        let called_off = sleeper("called off").cancel_on(CancelOn::event("gone").same("data.source"));
        let slow = sleeper("slow").finish_timeout(Duration::from_millis(100));
        let busy = sleeper("busy").limit(Limit::of(1)).hold(Hold::Run).start_timeout(Duration::from_millis(150));
        vec![called_off, slow, busy]
    };
    with_workflows(workflows, async |world| {
        let (one, two) = (
            world.begin("called off", json!({ "source": 1 })).await,
            world.begin("called off", json!({ "source": 2 })).await,
        );
        world.send("gone", json!({ "source": 2 })).await;
        assert_eq!(world.end_of(&two).await.0, Status::Cancelled);
        let slow = world.begin("slow", json!(null)).await;
        assert_eq!(world.end_of(&slow).await, (Status::Cancelled, "it did not finish in time".to_owned()));
        world.begin("busy", json!(1)).await;
        let late = world.begin("busy", json!(2)).await;
        assert_eq!(world.end_of(&late).await, (Status::Cancelled, "it did not start in time".to_owned()));
        assert_eq!(world.count("SELECT count(*) FROM run WHERE name = 'called off' AND status < 10").await, 1);
        drop(one);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_starts_its_workflow_and_tells_everyone_once() {
    let workflows = || {
        let fails =
            Workflow::new("fails", 1, |_: Ctx, (): ()| async move { Err::<(), _>(Failure::permanent("for good")) });
        let told = echo("told").on_event_when("engine/run.failed", "event.data.workflow == 'fails'");
        vec![fails.on_failure("mends"), echo("mends"), told]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("fails", json!(null)).await;
        assert_eq!(world.end_of(&run).await, (Status::Failed, "for good".to_owned()));
        wait_for(&world, "SELECT count(*) FROM run WHERE name IN ('mends', 'told') AND status = 10", 2).await;
        assert_eq!(world.count("SELECT count(*) FROM event WHERE name = 'engine/run.failed'").await, 1);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_the_clock_that_fails_is_told_like_any_other() {
    let workflows = || {
        let breaks =
            Workflow::new("breaks", 1, |_: Ctx, _: Value| async { Err::<(), _>(Failure::permanent("for good")) });
        let breaks = breaks.on_cron(Cron::parse("* * * * * *").unwrap()).on_failure("mends");
        vec![breaks, echo("mends")]
    };
    with_workflows(workflows, async |world| {
        for _ in 0..600 {
            if world.count("SELECT count(*) FROM run WHERE name = 'mends' AND status = 10").await >= 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(world.count("SELECT count(*) FROM run WHERE name = 'mends' AND status = 10").await >= 1);
        assert!(world.count("SELECT count(*) FROM event WHERE name = 'engine/run.failed'").await >= 1);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_starts_runs_and_a_pause_holds_them() {
    let workflows = || vec![echo("ticks").on_cron(Cron::parse("TZ=Europe/Berlin * * * * * *").unwrap()), echo("held")];
    with_workflows(workflows, async |world| {
        let engine = world.engine.clone();
        let pause = world.db.write(move |tx| Box::pin(async move { engine.pause(tx, TENANT, "held", "me").await }));
        assert!(pause.await.unwrap());
        tokio::time::sleep(Duration::from_millis(100)).await;
        let held = world.begin("held", json!(1)).await;
        for _ in 0..600 {
            if world.count("SELECT count(*) FROM run WHERE name = 'ticks' AND status = 10").await >= 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(world.count("SELECT count(*) FROM run WHERE name = 'ticks' AND status = 10").await >= 2);
        assert_eq!(world.count("SELECT count(*) FROM run WHERE name = 'held' AND status = 0").await, 1);
        let engine = world.engine.clone();
        let schedules = world.db.read(move |tx| Box::pin(async move { engine.schedules(tx).await })).await.unwrap();
        let [schedule] = &schedules[..] else { panic!("there is one schedule: {schedules:?}") };
        assert_eq!(
            (&*schedule.workflow, &*schedule.cron, &*schedule.time_zone),
            ("ticks", "* * * * * *", "Europe/Berlin")
        );
        assert!(schedule.last_at.unwrap() < schedule.next_at.unwrap());
        let engine = world.engine.clone();
        let resume = world.db.write(move |tx| Box::pin(async move { engine.resume(tx, TENANT, "held").await }));
        assert!(resume.await.unwrap());
        assert_eq!(world.output_of(&held).await, json!(1));
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_more_urgent_by_its_expression_goes_first() {
    let order: Arc<Mutex<Vec<i64>>> = Arc::default();
    let within = order.clone();
    let workflows = move || {
        let order = within.clone();
        let urgent = Workflow::new("urgent", 1, move |_: Ctx, input: Value| {
            let order = order.clone();
            async move {
                order.lock().unwrap().push(input["n"].as_i64().unwrap());
                Ok(())
            }
        });
        vec![urgent.per_node(1).priority("event.data.paid ? -1 : 5")]
    };
    with_workflows(workflows, async |world| {
        let engine = world.engine.clone();
        world
            .db
            .write(move |tx| Box::pin(async move { engine.pause(tx, TENANT, "urgent", "me").await }))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        for (n, paid) in [(1, false), (2, true), (3, false), (4, true)] {
            world.begin("urgent", json!({ "n": n, "paid": paid })).await;
        }
        let engine = world.engine.clone();
        world.db.write(move |tx| Box::pin(async move { engine.resume(tx, TENANT, "urgent").await })).await.unwrap();
        wait_for(&world, "SELECT count(*) FROM run WHERE name = 'urgent' AND status = 10", 4).await;
        assert_eq!(std::mem::take(&mut *order.lock().unwrap()), [2, 4, 1, 3]);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_with_jitter_starts_within_it() {
    let jitter = Duration::from_secs(2);
    let workflows = move || vec![echo("ticks").on_cron(Cron::parse("* * * * * *").unwrap().jitter(jitter))];
    with_workflows(workflows, async |world| {
        let planned = "SELECT count(*) FROM run WHERE name = 'ticks'";
        for _ in 0..600 {
            if world.count(planned).await >= 3 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let read = world.db.read(|tx| {
            Box::pin(async move {
                let sql = "SELECT due, input FROM run WHERE name = 'ticks'";
                tx.all(sql, params![], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?))).await
            })
        });
        let mut late: Vec<i64> = Vec::new();
        for (due, input) in read.await.unwrap() {
            let event: Value = serde_json::from_str(&input).unwrap();
            let planned = Timestamp::parse(event["data"]["planned"].as_str().unwrap()).unwrap();
            late.push(due - planned.as_micros());
        }
        // A tick is handled a moment after its time, and does not start in the past.
        assert!(late.len() >= 3 && late.iter().all(|micros| (0..2_500_000).contains(micros)), "{late:?}");
        assert!(late.iter().any(|micros| *micros != late[0]), "each time anew: {late:?}");
        world
    })
    .await;
}

/// With two nodes, a limit of one for each node lets two runs go at a time. A limit of one for the
/// cluster lets one go.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_counts_on_each_node_or_on_all() {
    for (scope, most) in [(Scope::Node, 2), (Scope::Cluster, 1)] {
        let (now, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let database = TestDatabase::postgres().await;
        let db = database.open(vec![MIGRATIONS, EFFECTS]).await;
        let mut nodes = Vec::new();
        for name in ["first", "second"] {
            let (now, peak) = (now.clone(), peak.clone());
            let counted = Workflow::new("counted", 1, move |ctx: Ctx, _: Value| {
                let (now, peak) = (now.clone(), peak.clone());
                async move {
                    let body = || async {
                        peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        now.fetch_sub(1, Ordering::SeqCst);
                        Ok::<_, Failure>(())
                    };
                    Ok(ctx.step("count", body).await?)
                }
            });
            let (engine, idle) = Engine::new(db.clone(), Clock::System);
            let mut registry = Registry::default();
            registry.workflow(counted.limit(Limit::of(1).scope(scope)));
            let settings = Settings { lease: Duration::from_secs(1), ..Settings::default() };
            let running = idle.start_with(registry, name, settings).await.unwrap();
            nodes.push(World { db: db.clone(), engine, running });
        }
        wait_for(&nodes[0], "SELECT count(DISTINCT epoch) FROM shard_lease WHERE epoch > 0", 2).await;
        for n in 0..20 {
            nodes[n % 2].begin("counted", json!(n)).await;
        }
        wait_for(&nodes[0], "SELECT count(*) FROM run WHERE name = 'counted' AND status = 10", 20).await;
        assert_eq!(peak.load(Ordering::SeqCst), most, "{scope:?}");
        for node in nodes {
            node.running.stop(GRACE).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_is_retried_replayed_and_counted() {
    let workflows = || {
        let broken = Arc::new(AtomicUsize::new(0));
        let mended = Workflow::new("mended", 1, move |ctx: Ctx, (): ()| {
            let broken = broken.clone();
            async move {
                let first: usize =
                    ctx.step("first", || async { Ok::<_, Failure>(broken.load(Ordering::SeqCst)) }).await?;
                let body = || async {
                    match broken.fetch_add(1, Ordering::SeqCst) {
                        0 => Err(Failure::permanent("broken")),
                        times => Ok(times),
                    }
                };
                let second: usize = ctx.step("second", body).await?;
                Ok((first, second))
            }
        });
        vec![mended.backoff(quick_backoff()), sleeper("many")]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("mended", json!(null)).await;
        assert_eq!(world.end_of(&run).await.0, Status::Failed);
        let (engine, id) = (world.engine.clone(), run.clone());
        world.db.write(move |tx| Box::pin(async move { engine.retry(tx, TENANT, &id).await })).await.unwrap();
        assert_eq!(world.output_of(&run).await, json!([0, 1]));
        let (engine, id) = (world.engine.clone(), run.clone());
        let replay = world
            .db
            .write(move |tx| Box::pin(async move { engine.replay(tx, TENANT, &id, Some("second"), None).await }));
        assert_eq!(world.output_of(&replay.await.unwrap()).await, json!([0, 2]), "the first step was taken over");

        for n in 0..3 {
            world.begin("many", json!(n)).await;
        }
        let engine = world.engine.clone();
        let bulk = world
            .db
            .write(move |tx| Box::pin(async move { engine.cancel_all(tx, TENANT, "many", (None, None)).await }));
        bulk.await.unwrap();
        wait_for(
            &world,
            "SELECT cancelled FROM bulk_cancel WHERE finished_at IS NOT NULL UNION SELECT 0 ORDER BY 1 DESC LIMIT 1",
            3,
        )
        .await;

        let now = Clock::System.now();
        let of = |name| {
            let db = world.db.clone();
            async move {
                let told = db.read(move |tx| {
                    Box::pin(async move { operate::statistics(tx, TENANT, operate::Names::One(name), 24, now).await })
                });
                told.await.unwrap()
            }
        };
        let mended = of("mended").await;
        assert_eq!((mended.queued, mended.completed, mended.failed, mended.active), (3, 2, 1, 0));
        assert!(mended.duration.is_some());
        let many = of("many").await;
        assert_eq!((many.queued, many.cancelled, many.active), (3, 3, 0));
        let detail =
            world.db.read(move |tx| Box::pin(async move { operate::get(tx, TENANT, &RunId::to_string(&run)).await }));
        let detail = detail.await.unwrap();
        assert_eq!(detail.steps.iter().map(|step| step.key.as_str()).collect::<Vec<_>>(), ["first", "second"]);
        world
    })
    .await;
}
