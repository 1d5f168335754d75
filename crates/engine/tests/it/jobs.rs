//! The life of jobs, from the transaction that stores them to the one that ends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use campanile_base::{Clock, Error};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, params};
use campanile_engine::{Backoff, Engine, JobOptions, MIGRATIONS, NewJob, Outcome, Registry, Verdict};
use tokio::sync::mpsc;

use crate::{EFFECTS, GRACE, count};

fn quick() -> JobOptions {
    let backoff = Backoff::Exponential { first: Duration::from_millis(10), most: Duration::from_millis(20) };
    JobOptions { backoff, max_attempts: 3, ..JobOptions::default() }
}

async fn store(db: &Db, engine: &Engine, jobs: Vec<NewJob>) -> Vec<bool> {
    let engine = engine.clone();
    db.write(move |tx| Box::pin(async move { engine.enqueue_all(tx, jobs).await })).await.unwrap()
}

/// Registers a handler that writes its word in the completing transaction and then reports it.
fn writes_its_word(registry: &mut Registry, done: mpsc::UnboundedSender<String>) {
    registry.register("write", quick(), move |attempt| {
        let done = done.clone();
        async move {
            let word: String = attempt.job.args()?;
            Ok(Outcome::done().with(move |tx| {
                Box::pin(async move {
                    tx.execute("INSERT INTO effect (word) VALUES ($1)", params![&word]).await?;
                    tx.after_commit(move || drop(done.send(word)));
                    Ok(())
                })
            }))
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_and_its_effect_happen_once() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (done, mut words) = mpsc::unbounded_channel();
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let mut registry = Registry::default();
        writes_its_word(&mut registry, done);
        let running = idle.start(registry, "node").await.unwrap();
        store(&db, &engine, (0..100).map(|n| NewJob::new("write", "org", &n.to_string())).collect()).await;
        for _ in 0..100 {
            words.recv().await.unwrap();
        }
        running.stop(GRACE).await;
        assert_eq!(count(&db, "SELECT count(DISTINCT word) FROM effect").await, 100);
        assert_eq!(count(&db, "SELECT count(*) FROM effect").await, 100);
        assert_eq!(count(&db, "SELECT count(*) FROM run WHERE name NOT LIKE 'engine.%'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_rolled_back_transaction_never_existed() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (done, mut words) = mpsc::unbounded_channel();
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let mut registry = Registry::default();
        writes_its_word(&mut registry, done);
        let running = idle.start(registry, "node").await.unwrap();
        let within = engine.clone();
        let refused: Result<(), Error> = db
            .write(move |tx| {
                Box::pin(async move {
                    within.enqueue(tx, NewJob::new("write", "org", &"no")).await?;
                    Err(Error::invalid("changed my mind"))
                })
            })
            .await;
        assert!(refused.is_err());
        store(&db, &engine, vec![NewJob::new("write", "org", &"yes")]).await;
        assert_eq!(words.recv().await.as_deref(), Some("yes"));
        running.stop(GRACE).await;
        assert_eq!(count(&db, "SELECT count(*) FROM effect").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_job_is_tried_again_and_then_buried_with_its_reason() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let (buried, mut burials) = mpsc::unbounded_channel();
        let tries = Arc::new(AtomicU32::new(0));
        let mut registry = Registry::default();
        let counted = tries.clone();
        registry.register("fail", quick(), move |attempt| {
            // The second attempt panics before it returns a future.
            assert_ne!(counted.fetch_add(1, Ordering::SeqCst), 1, "on purpose");
            async move {
                if attempt.is_last {
                    panic!("the last straw")
                }
                Err(Error::invalid("not today"))
            }
        });
        registry.on_death("fail", move |tx, _, error| {
            let (buried, error) = (buried.clone(), error.to_owned());
            Box::pin(async move {
                tx.after_commit(move || drop(buried.send(error)));
                Ok(())
            })
        });
        let running = idle.start(registry, "node").await.unwrap();
        store(&db, &engine, vec![NewJob::new("fail", "org_1", &())]).await;
        let error = burials.recv().await.unwrap();
        assert!(error.contains("panicked"), "{error}");
        assert_eq!(tries.load(Ordering::SeqCst), 3);
        let failed = "SELECT count(*) FROM run WHERE status = 11 AND attempt = 3 AND tenant = 'org_1' AND ended_at > 0";
        assert_eq!(count(&db, failed).await, 1);
        running.stop(GRACE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explicit_retry_waits_as_long_as_it_says() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let (seen, mut attempts) = mpsc::unbounded_channel();
        let mut registry = Registry::default();
        registry.register("again", quick(), move |attempt| {
            let _ = seen.send((attempt.job.attempt, std::time::Instant::now()));
            async move {
                Ok(match attempt.job.attempt {
                    0 => Outcome::of(Verdict::Retry { after: Duration::from_millis(150), error: "later".into() }),
                    _ => Outcome::done(),
                })
            }
        });
        let running = idle.start(registry, "node").await.unwrap();
        store(&db, &engine, vec![NewJob::new("again", "org", &())]).await;
        let (first, second) = (attempts.recv().await.unwrap(), attempts.recv().await.unwrap());
        assert_eq!((first.0, second.0), (0, 1));
        assert!(second.1 - first.1 >= Duration::from_millis(150), "{:?}", second.1 - first.1);
        running.stop(GRACE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_be_put_off_counts_as_no_attempt() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let (seen, mut attempts) = mpsc::unbounded_channel();
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let mut registry = Registry::default();
        registry.register("busy", JobOptions { max_attempts: 2, ..quick() }, move |attempt| {
            let _ = seen.send((attempt.job.attempt, attempt.is_last));
            let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            async move {
                match call {
                    0..3 => {
                        let reason = "others are before it".into();
                        Ok(Outcome::of(Verdict::PutOff { after: Duration::from_millis(1), reason }))
                    }
                    3 => Err(Error::internal("it has failed once")),
                    _ => Ok(Outcome::done()),
                }
            }
        });
        let running = idle.start(registry, "node").await.unwrap();
        store(&db, &engine, vec![NewJob::new("busy", "org", &())]).await;
        let mut told = Vec::new();
        for _ in 0..5 {
            told.push(attempts.recv().await.unwrap());
        }
        assert_eq!(told, [(0, false), (0, false), (0, false), (0, false), (1, true)]);
        running.stop(GRACE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_is_waiting_is_not_stored_twice() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (engine, _idle) = Engine::new(db.clone(), Clock::System);
        let new = || NewJob::new("write", "org", &"x").dedupe("once");
        assert_eq!(store(&db, &engine, vec![new(), new()]).await, [true, false]);
        assert_eq!(store(&db, &engine, vec![new()]).await, [false]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_life_of_a_node_takes_over_and_the_late_completion_changes_nothing() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (started, mut starts) = mpsc::unbounded_channel();
        let (open, gate) = tokio::sync::watch::channel(false);
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let mut registry = Registry::default();
        registry.register("write", quick(), move |_| {
            let (started, mut gate) = (started.clone(), gate.clone());
            async move {
                let _ = started.send(());
                let _ = gate.wait_for(|open| *open).await;
                Ok(Outcome::done().with(|tx| {
                    Box::pin(async move {
                        tx.execute("INSERT INTO effect (word) VALUES ('late')", params![]).await?;
                        Ok(())
                    })
                }))
            }
        });
        let first_life = idle.start(registry, "node").await.unwrap();
        store(&db, &engine, vec![NewJob::new("write", "org", &"on time")]).await;
        starts.recv().await.unwrap();

        // The first node hangs. A second one with the same name starts beside it.
        let (done, mut words) = mpsc::unbounded_channel();
        let (_, idle) = Engine::new(db.clone(), Clock::System);
        let mut registry = Registry::default();
        writes_its_word(&mut registry, done);
        let second_life = idle.start(registry, "node").await.unwrap();
        assert_eq!(words.recv().await.as_deref(), Some("on time"));

        open.send(true).unwrap();
        first_life.stop(GRACE).await;
        second_life.stop(GRACE).await;
        assert_eq!(count(&db, "SELECT count(*) FROM effect WHERE word = 'late'").await, 0);
        assert_eq!(count(&db, "SELECT count(*) FROM effect").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_cannot_be_written_dies_after_its_attempts_and_its_neighbours_pass() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let (buried, mut burials) = mpsc::unbounded_channel();
        let mut registry = Registry::default();
        registry.register("note", quick(), |attempt| async move {
            let word: String = attempt.job.args()?;
            Ok(Outcome::done().noting(word))
        });
        registry.settle("note", |tx, words: Vec<Arc<String>>| {
            Box::pin(async move {
                for word in words {
                    if *word == "poison" {
                        return Err(Error::invalid("this one cannot be written").into());
                    }
                    tx.execute("INSERT INTO effect (word) VALUES ($1)", params![word.as_str()]).await?;
                }
                Ok(())
            })
        });
        registry.on_death("note", move |tx, _, error| {
            let (buried, error) = (buried.clone(), error.to_owned());
            Box::pin(async move {
                tx.after_commit(move || drop(buried.send(error)));
                Ok(())
            })
        });
        let running = idle.start(registry, "node").await.unwrap();
        let words = (0..40).map(|n| if n == 20 { "poison".to_owned() } else { format!("w{n}") });
        store(&db, &engine, words.map(|word| NewJob::new("note", "org_1", &word)).collect()).await;
        let error = tokio::time::timeout(GRACE, burials.recv()).await.expect("it is given up").unwrap();
        assert!(error.contains("cannot be written"), "{error}");
        running.stop(GRACE).await;
        assert_eq!(count(&db, "SELECT count(*) FROM effect").await, 39);
        assert_eq!(count(&db, "SELECT count(*) FROM run WHERE name = 'note' AND status = 11 AND attempt = 3").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_buried_even_if_what_its_end_leads_to_cannot_be_written() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let mut registry = Registry::default();
        registry.register("fail", quick(), |_| async { Err(Error::invalid("words with a \0 in them")) });
        registry.on_death("fail", |_, _, _| Box::pin(async { Err(Error::internal("not today").into()) }));
        let running = idle.start(registry, "node").await.unwrap();
        store(&db, &engine, vec![NewJob::new("fail", "org_1", &())]).await;
        let dead = "SELECT count(*) FROM run WHERE name = 'fail' AND status = 11";
        let began = std::time::Instant::now();
        while count(&db, dead).await == 0 {
            assert!(began.elapsed() < GRACE, "the job is tried for ever");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        running.stop(GRACE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_with_nul_keeps_no_job_from_being_put_off() {
    on_each_database(vec![MIGRATIONS, EFFECTS], async |db| {
        let (engine, idle) = Engine::new(db.clone(), Clock::System);
        let (seen, mut attempts) = mpsc::unbounded_channel();
        let mut registry = Registry::default();
        registry.register("again", quick(), move |attempt| {
            let _ = seen.send(attempt.job.attempt);
            async move {
                Ok(match attempt.job.attempt {
                    0 => {
                        Outcome::of(Verdict::Retry { after: Duration::from_millis(10), error: "a \0 of theirs".into() })
                    }
                    _ => Outcome::done(),
                })
            }
        });
        let running = idle.start(registry, "node").await.unwrap();
        store(&db, &engine, vec![NewJob::new("again", "org", &())]).await;
        for expected in 0..2 {
            let attempt = tokio::time::timeout(GRACE, attempts.recv()).await.expect("it is tried again");
            assert_eq!(attempt, Some(expected));
        }
        running.stop(GRACE).await;
    })
    .await;
}
