//! The guarantees for authors of workflows.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_base::Clock;
use campanile_db::params;
use campanile_db::testing::on_each_database;
use campanile_engine::{Ctx, Failure, MIGRATIONS, Matching, Status, StepError, Workflow, all, race};
use serde_json::{Value, json};

use crate::{EFFECTS, GRACE, World, quick_backoff, with_workflows};

/// Counts the calls of each body.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<HashMap<String, u32>>>);

impl Calls {
    fn note(&self, name: &str) -> u32 {
        let mut calls = self.0.lock().unwrap();
        let times = calls.entry(name.to_owned()).or_default();
        *times += 1;
        *times
    }

    fn of(&self, name: &str) -> u32 {
        self.0.lock().unwrap().get(name).copied().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_step_cannot_be_stored_fails_and_says_why() {
    let workflows = || {
        vec![Workflow::new("unstorable", 1, |ctx: Ctx, (): ()| async move {
            ctx.step("a\0b", || async { Ok::<_, Failure>(1) }).await?;
            ctx.sleep(Duration::from_millis(10)).await;
            Ok(())
        })]
    };
    with_workflows(workflows, async |world| {
        world.begin("unstorable", json!(null)).await;
        let failed = "SELECT count(*) FROM run WHERE name = 'unstorable' AND status = 11 AND error LIKE '%U+0000%'";
        let began = Instant::now();
        while world.count(failed).await == 0 {
            assert!(began.elapsed() < Duration::from_secs(30), "it is tried for ever");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_run_in_order_and_their_results_are_remembered_through_sleeps() {
    let calls = Calls::default();
    let within = calls.clone();
    let workflows = move || {
        let calls = within.clone();
        vec![Workflow::new("order", 1, move |ctx: Ctx, input: u32| {
            let calls = calls.clone();
            async move {
                let first: u32 = ctx
                    .step("first", || async {
                        calls.note("first");
                        Ok::<_, Failure>(input + 1)
                    })
                    .await?;
                ctx.sleep(Duration::from_millis(30)).await;
                calls.note("between");
                let second: u32 = ctx.step("second", || async { Ok::<_, Failure>(first * 10) }).await?;
                Ok(second)
            }
        })]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("order", json!(4)).await;
        assert_eq!(world.output_of(&run).await, json!(50));
        let sql = "SELECT count(*) FROM step WHERE state = 1 AND seq IN (1, 2, 3)";
        assert_eq!(world.count(sql).await, 3);
        world
    })
    .await;
    assert_eq!(calls.of("first"), 2, "once on each database, whatever is replayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_alone_is_tried_again_and_its_failures_are_kept() {
    let workflows = || {
        let calls = Calls::default();
        vec![
            Workflow::new("flaky", 1, move |ctx: Ctx, (): ()| {
                let calls = calls.clone();
                async move {
                    let before: u32 = ctx.step("before", || async { Ok::<_, Failure>(calls.note("before")) }).await?;
                    let tries: u32 = ctx
                        .step("flaky", || async {
                            match calls.note("flaky") {
                                1 => Err(Failure::new("not today")),
                                2 => panic!("on purpose"),
                                times => Ok(times),
                            }
                        })
                        .await?;
                    Ok((before, tries))
                }
            })
            .backoff(quick_backoff()),
        ]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("flaky", json!(null)).await;
        assert_eq!(world.output_of(&run).await, json!([1, 3]));
        assert_eq!(world.count("SELECT count(*) FROM step_failure WHERE error = 'not today'").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM step_failure WHERE error = 'the step panicked'").await, 1);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_for_good_can_be_handled_or_fails_the_run() {
    let workflows = || {
        let handled = Workflow::new("handled", 1, |ctx: Ctx, (): ()| async move {
            let failed: Result<(), StepError> =
                ctx.step("charge", || async { Err(Failure::permanent("no such card")) }).await;
            Ok(failed.unwrap_err().message)
        });
        let passed_on = Workflow::new("passed on", 1, |ctx: Ctx, (): ()| async move {
            ctx.step("charge", || async { Err::<(), _>(Failure::new("down")) }).await?;
            Ok(())
        });
        vec![handled, passed_on.attempts(2).backoff(quick_backoff())]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("handled", json!(null)).await;
        assert_eq!(world.output_of(&run).await, json!("no such card"));
        let run = world.begin("passed on", json!(null)).await;
        assert_eq!(world.end_of(&run).await, (Status::Failed, "the step charge failed: down".to_owned()));
        assert_eq!(world.count("SELECT count(*) FROM step_failure WHERE error = 'down'").await, 2);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_is_waited_for() {
    let workflows = || {
        let calls = Calls::default();
        vec![Workflow::new("patient", 1, move |ctx: Ctx, (): ()| {
            let calls = calls.clone();
            async move {
                let again = Failure::retry_after("busy", Duration::from_millis(1));
                let body = || async { if calls.note("call") == 1 { Err(again.clone()) } else { Ok(()) } };
                Ok(ctx.step("call", body).await?)
            }
        })]
    };
    with_workflows(workflows, async |world| {
        let began = Instant::now();
        let run = world.begin("patient", json!(null)).await;
        world.output_of(&run).await;
        assert!(began.elapsed() >= Duration::from_secs(1), "a second is the least that is waited");
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_is_called_again_with_its_steps_kept() {
    let workflows = || {
        let calls = Calls::default();
        vec![
            Workflow::new("stumbles", 1, move |ctx: Ctx, (): ()| {
                let calls = calls.clone();
                async move {
                    let step: u32 = ctx.step("once", || async { Ok::<_, Failure>(calls.note("step")) }).await?;
                    match ctx.attempt() {
                        0 => Err(Failure::new("the first time")),
                        1 => panic!("the second time"),
                        attempt => Ok((step, attempt)),
                    }
                }
            })
            .backoff(quick_backoff()),
        ]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("stumbles", json!(null)).await;
        assert_eq!(world.output_of(&run).await, json!([1, 2]));
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_steps_overlap_and_are_each_stored_once() {
    let workflows = || {
        vec![Workflow::new("parallel", 1, |ctx: Ctx, many: u64| async move {
            let steps = (0..many).map(|n| {
                ctx.step(&format!("part {n}"), move || async move {
                    tokio::time::sleep(Duration::from_millis(60)).await;
                    Ok::<_, Failure>(n * n)
                })
            });
            let parts = all(steps).await.into_iter().collect::<Result<Vec<u64>, _>>()?;
            ctx.sleep(Duration::from_millis(1)).await;
            Ok(parts.iter().sum::<u64>())
        })]
    };
    with_workflows(workflows, async |world| {
        let began = Instant::now();
        let run = world.begin("parallel", json!(50)).await;
        assert_eq!(world.output_of(&run).await, json!(40_425));
        assert!(began.elapsed() < Duration::from_secs(3), "fifty steps of 60 ms take {:?}", began.elapsed());
        assert_eq!(world.count("SELECT count(*) FROM step WHERE kind = 'run'").await, 50);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_has_the_same_winner_in_every_replay() {
    let workflows = || {
        vec![Workflow::new("race", 1, |ctx: Ctx, (): ()| async move {
            let contestant = |name: &'static str, millis| {
                ctx.step(name, move || async move {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                    Ok::<_, Failure>(name.to_owned())
                })
            };
            let (index, winner) = race([contestant("slow", 2_000), contestant("quick", 20)]).await;
            // After this sleep the workflow is replayed.
            ctx.sleep(Duration::from_millis(20)).await;
            let sleeper = ctx.sleep(Duration::from_secs(3600));
            let step = ctx.step("last", || async { Ok::<_, Failure>(()) });
            tokio::select! {
                () = sleeper => return Err(Failure::permanent("an hour has passed")),
                done = step => done?,
            }
            Ok((index, winner?))
        })]
    };
    with_workflows(workflows, async |world| {
        let began = Instant::now();
        let run = world.begin("race", json!(null)).await;
        assert_eq!(world.output_of(&run).await, json!([1, "quick"]));
        assert!(began.elapsed() < Duration::from_millis(1_900), "the loser was waited for");
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_wakes_the_run_that_waits_for_it_and_no_other() {
    let workflows = || {
        vec![Workflow::new("waits", 1, |ctx: Ctx, order: String| async move {
            let matching = Matching::equal("data.order", order.clone()).when("async.data.amount > 10");
            let paid = ctx.wait_for_event("order.paid", matching, Duration::from_secs(60)).await?;
            Ok(paid.map(|event| event.data["amount"].clone()))
        })]
    };
    with_workflows(workflows, async |world| {
        let (one, two) = (world.begin("waits", json!("a")).await, world.begin("waits", json!("b")).await);
        while world.count("SELECT count(*) FROM wait").await < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.send("order.paid", json!({ "order": "a", "amount": 5 })).await;
        world.send("order.paid", json!({ "order": "b", "amount": 20 })).await;
        assert_eq!(world.output_of(&two).await, json!(20));
        assert_eq!(world.count("SELECT count(*) FROM wait").await, 1);
        world.send("order.paid", json!({ "order": "a", "amount": 11 })).await;
        assert_eq!(world.output_of(&one).await, json!(11));
        assert_eq!(world.count("SELECT count(*) FROM inbox").await, 0);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_came_before_the_wait_is_not_missed_and_each_is_taken_once() {
    let workflows = || {
        vec![Workflow::new("looks back", 1, |ctx: Ctx, (): ()| async move {
            ctx.step("dawdle", || async {
                tokio::time::sleep(Duration::from_millis(150)).await;
                Ok::<_, Failure>(())
            })
            .await?;
            let mut seen = Vec::new();
            for _ in 0..3 {
                let came = ctx.wait_for_event("tick", Matching::any(), Duration::from_millis(100)).await?;
                seen.push(came.map(|event| event.data));
            }
            Ok(seen)
        })]
    };
    with_workflows(workflows, async |world| {
        world.send("tick", json!("before the run")).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        let run = world.begin("looks back", json!(null)).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        world.send("tick", json!(1)).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        world.send("tick", json!(2)).await;
        assert_eq!(world.output_of(&run).await, json!([1, 2, null]));
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_within_a_race_goes_on_with_whichever_is_first() {
    let workflows = || {
        vec![Workflow::new("either", 1, |ctx: Ctx, (): ()| async move {
            let work = ctx.step("work", || async {
                tokio::time::sleep(Duration::from_secs(30)).await;
                Ok::<_, Failure>(())
            });
            let told = ctx.wait_for_event("enough", Matching::any(), Duration::from_secs(60));
            tokio::select! {
                done = work => done.map(|()| "worked"),
                told = told => told.map(|_| "told"),
            }
            .map_err(Failure::from)
        })]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("either", json!(null)).await;
        while world.count("SELECT count(*) FROM wait").await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.send("enough", json!(null)).await;
        assert_eq!(world.output_of(&run).await, json!("told"));
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workflow_is_invoked_and_its_result_or_failure_comes_back() {
    let workflows = || {
        let parent = Workflow::new("parent", 1, |ctx: Ctx, (): ()| async move {
            let (five, failed, unknown) = tokio::join!(
                ctx.invoke::<u32, _>("child", &2),
                ctx.invoke::<u32, _>("child", &0),
                ctx.invoke::<u32, _>("nobody", &0),
            );
            Ok((five?, failed.unwrap_err().message, unknown.unwrap_err().message))
        });
        let child = Workflow::new("child", 1, |ctx: Ctx, input: u32| async move {
            ctx.sleep(Duration::from_millis(10)).await;
            if input == 0 { Err(Failure::permanent("nothing to do")) } else { Ok(input + 3) }
        });
        vec![parent, child]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("parent", json!(null)).await;
        assert_eq!(world.output_of(&run).await, json!([5, "nothing to do", "there is no workflow nobody"]));
        let shown = world.shown(run.as_str()).await;
        assert!(shown.parent.is_none());
        let mut children: Vec<_> = shown.children.iter().map(|child| (&*child.step, child.status)).collect();
        children.sort_unstable_by_key(|(step, _)| *step);
        assert_eq!(children, [("invoke:child", Status::Completed), ("invoke:child:1", Status::Failed)]);
        let parent = world.shown(&shown.children[0].id).await.parent.unwrap();
        assert_eq!((&*parent.id, parent.step), (run.as_str(), shown.children[0].step.clone()));
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_a_run_sends_starts_what_listens_for_it_once() {
    let workflows = || {
        let sends = Workflow::new("sends", 1, |ctx: Ctx, (): ()| async move {
            ctx.send_event("greeting", &json!({ "to": "all" })).await?;
            // After this sleep the workflow is replayed: the event must not be sent again.
            ctx.sleep(Duration::from_millis(5)).await;
            Ok(())
        });
        let hears = Workflow::new("hears", 1, |ctx: Ctx, data: Value| async move {
            ctx.transaction("note", move |tx| {
                Box::pin(async move {
                    let word = data["to"].as_str().unwrap_or_default().to_owned();
                    tx.execute("INSERT INTO effect (word) VALUES ($1)", params![word]).await?;
                    Ok(())
                })
            })
            .await?;
            Ok(())
        });
        vec![sends, hears.on_event_when("greeting", "event.data.to == 'all'")]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("sends", json!(null)).await;
        world.output_of(&run).await;
        world.send("greeting", json!({ "to": "nobody" })).await;
        while world.count("SELECT count(*) FROM run WHERE name = 'hears' AND status = 10").await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(world.count("SELECT count(*) FROM run WHERE name = 'hears'").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM effect WHERE word = 'all'").await, 1);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_fails_leaves_nothing_and_is_tried_again() {
    let workflows = || {
        let calls = Calls::default();
        vec![
            Workflow::new("writes", 1, move |ctx: Ctx, (): ()| {
                let calls = calls.clone();
                async move {
                    let times: u32 = ctx
                        .transaction("write", move |tx| {
                            Box::pin(async move {
                                tx.execute("INSERT INTO effect (word) VALUES ('once')", params![]).await?;
                                match calls.note("write") {
                                    1 => Err(Failure::new("changed my mind")),
                                    times => Ok(times),
                                }
                            })
                        })
                        .await?;
                    Ok(times)
                }
            })
            .backoff(quick_backoff()),
        ]
    };
    with_workflows(workflows, async |world| {
        let run = world.begin("writes", json!(null)).await;
        assert_eq!(world.output_of(&run).await, json!(2));
        assert_eq!(world.count("SELECT count(*) FROM effect").await, 1);
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_stops_in_the_middle_of_a_step() {
    struct Dropped(Arc<AtomicU32>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicU32::new(0));
    let within = dropped.clone();
    let workflows = move || {
        let dropped = within.clone();
        vec![Workflow::new("endless", 1, move |ctx: Ctx, (): ()| {
            let dropped = dropped.clone();
            async move {
                ctx.transaction("begun", |tx| {
                    Box::pin(async move {
                        tx.execute("INSERT INTO effect (word) VALUES ('begun')", params![]).await?;
                        Ok(())
                    })
                })
                .await?;
                let body = || async {
                    let _noticed = Dropped(dropped.clone());
                    tokio::time::sleep(Duration::from_secs(100)).await;
                    Ok::<_, Failure>(())
                };
                Ok(ctx.step("endless", body).await?)
            }
        })]
    };
    with_workflows(workflows, async |world| {
        let before = dropped.load(Ordering::SeqCst);
        let run = world.begin("endless", json!(null)).await;
        while world.count("SELECT count(*) FROM effect").await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (engine, id) = (world.engine.clone(), run.clone());
        let cancel =
            world.db.write(move |tx| Box::pin(async move { engine.cancel(tx, crate::TENANT, &id, "enough").await }));
        assert!(cancel.await.unwrap());
        assert_eq!(world.end_of(&run).await, (Status::Cancelled, "enough".to_owned()));
        while dropped.load(Ordering::SeqCst) == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_life_replays_what_the_last_one_had_stored() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let calls = Calls::default();
        let within = calls.clone();
        let workflows = move || {
            let calls = within.clone();
            vec![Workflow::new("survives", 1, move |ctx: Ctx, (): ()| {
                let calls = calls.clone();
                async move {
                    let one: u32 = ctx.step("one", || async { Ok::<_, Failure>(calls.note("one")) }).await?;
                    let hang = || async {
                        if calls.note("two") == 1 {
                            std::future::pending::<()>().await;
                        }
                        Ok::<_, Failure>(())
                    };
                    ctx.step("two", hang).await?;
                    Ok((one, ctx.now() >= ctx.event().at))
                }
            })]
        };
        let first = World::start(db.clone(), workflows(), Clock::System).await;
        let run = first.begin("survives", json!(null)).await;
        while calls.of("two") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The first node hangs. A second one with the same name takes over.
        let second = World::start(db, workflows(), Clock::System).await;
        assert_eq!(second.output_of(&run).await, json!([1, true]));
        second.running.stop(GRACE).await;
        first.running.stop(Duration::from_millis(10)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_input_cannot_be_read_ends_and_names_its_row() {
    let workflows = || {
        let waits = Workflow::new("waits", 1, |ctx: Ctx, _: Value| async move {
            let matching = Matching::any().when("async.data == event.data");
            ctx.wait_for_event("paid", matching, Duration::from_secs(60)).await?;
            Ok(())
        });
        let sleeps = Workflow::new("sleeps", 1, |ctx: Ctx, _: Value| async move {
            ctx.sleep(Duration::from_millis(300)).await;
            Ok(())
        });
        vec![waits, sleeps]
    };
    with_workflows(workflows, async |world| {
        let (waits, sleeps) = (world.begin("waits", json!(1)).await, world.begin("sleeps", json!(1)).await);
        while world.count("SELECT count(*) FROM wait").await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while world.count("SELECT count(*) FROM step WHERE state = 0").await < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let World { db, running, .. } = world;
        running.stop(GRACE).await;
        let spoil =
            db.write(|tx| Box::pin(async move { tx.execute("UPDATE run SET input = 'spoilt'", params![]).await }));
        spoil.await.unwrap();
        let world = World::start(db, workflows(), Clock::System).await;
        world.send("paid", json!(1)).await;
        for (run, status) in [(waits, Status::Cancelled), (sleeps, Status::Failed)] {
            let (ended, why) = world.end_of(&run).await;
            assert_eq!(ended, status, "{why}");
            assert!(why.contains(&format!("the row \"{run}\" of run has JSON that cannot be read")), "{why}");
        }
        world
    })
    .await;
}
