//! Group commit: changes in one group do not harm each other, and acknowledged changes are stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use campanile_db::testing::on_each_database;
use campanile_db::{Apply, Bulk, Db, Error, Lane, Migrations, Tx, params, row};

const TABLES: Migrations =
    Migrations { component: "groups", files: &["CREATE TABLE entry (id BIGINT PRIMARY KEY, note TEXT NOT NULL)"] };

async fn insert(tx: &mut Tx, id: i64) -> Result<u64, Error> {
    tx.execute("INSERT INTO entry (id, note) VALUES ($1, 'x')", params![id]).await
}

async fn count(db: &Db) -> i64 {
    db.read(|tx| Box::pin(async move { tx.one("SELECT count(*) FROM entry", params![], |row| row.get(0)).await }))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_change_fails_alone() {
    on_each_database(vec![TABLES], async |db| {
        let writes: Vec<_> = (0..200i64)
            .map(|id| {
                let db = db.clone();
                // Every fourth id is used twice: the second insert must fail, and no other one.
                let id = if id % 4 == 3 { id - 1 } else { id };
                tokio::spawn(async move { db.write(move |tx| Box::pin(insert(tx, id))).await })
            })
            .collect();
        let mut failed = 0;
        for write in writes {
            match write.await.unwrap() {
                Ok(_) => {}
                Err(error) => {
                    assert!(error.is_unique_violation(), "{error}");
                    failed += 1;
                }
            }
        }
        assert_eq!((failed, count(&db).await), (50, 150));
    })
    .await;
}

#[tokio::test]
async fn an_error_of_the_body_rolls_back_what_it_did() {
    on_each_database(vec![TABLES], async |db| {
        let outcome: Result<(), Error> = db
            .write(|tx| {
                Box::pin(async move {
                    insert(tx, 1).await?;
                    Err(Error::NoRow("on purpose".into()))
                })
            })
            .await;
        assert!(matches!(outcome, Err(Error::NoRow(_))));
        assert_eq!(count(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_swallowed_error_is_not_committed() {
    on_each_database(vec![TABLES], async |db| {
        let outcome: Result<(), Error> = db
            .write(|tx| {
                Box::pin(async move {
                    insert(tx, 1).await?;
                    let _ = insert(tx, 1).await;
                    Ok(())
                })
            })
            .await;
        assert!(outcome.is_err_and(|error| error.is_unique_violation()));
        assert_eq!(count(&db).await, 0);
        db.write(|tx| Box::pin(insert(tx, 2))).await.expect("the connection is fine afterwards");
    })
    .await;
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_writer_goes_on() {
    on_each_database(vec![TABLES], async |db| {
        let outcome: Result<(), Error> = db
            .write(|tx| {
                Box::pin(async move {
                    insert(tx, 1).await?;
                    panic!("on purpose")
                })
            })
            .await;
        assert!(matches!(outcome, Err(Error::Panic(_))));
        db.write(|tx| Box::pin(insert(tx, 1))).await.unwrap();
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn effects_run_after_the_commit_and_only_then() {
    on_each_database(vec![TABLES], async |db| {
        let rung = Arc::new(AtomicUsize::new(0));
        for fail in [true, false] {
            let rung = rung.clone();
            let _: Result<(), Error> = db
                .write(move |tx| {
                    Box::pin(async move {
                        insert(tx, 1).await?;
                        tx.after_commit(move || {
                            rung.fetch_add(1, Ordering::SeqCst);
                        });
                        if fail { Err(Error::NoRow("on purpose".into())) } else { Ok(()) }
                    })
                })
                .await;
        }
        assert_eq!(rung.load(Ordering::SeqCst), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_answers_each_change_and_isolates_a_bad_one() {
    on_each_database(vec![TABLES], async |db| {
        let apply: Apply<i64, bool> = Arc::new(|tx, ids| {
            Box::pin(async move {
                let rows: Vec<_> = ids.iter().map(|id| row![*id]).collect();
                let sql =
                    "INSERT INTO entry (id, note) VALUES ($1, CASE WHEN CAST($1 AS BIGINT) = 13 THEN NULL ELSE 'x' END)
                           ON CONFLICT (id) DO NOTHING";
                Ok(tx.execute_many(sql, &rows).await?.into_iter().map(|changed| changed == 1).collect())
            })
        });
        let lane = Lane::start(db.clone(), apply);
        let answers = futures_util::future::join_all((0..40).map(|id| lane.submit(id % 20))).await;
        let (mut fresh, mut known, mut failed) = (0, 0, 0);
        for answer in answers {
            match answer {
                Ok(true) => fresh += 1,
                Ok(false) => known += 1,
                Err(_) => failed += 1,
            }
        }
        assert_eq!((fresh, known, failed), (19, 19, 2));
        assert_eq!(count(&db).await, 19);
    })
    .await;
}

#[tokio::test]
async fn many_rows_are_asked_for_at_once() {
    on_each_database(vec![TABLES], async |db| {
        for id in 1..=5 {
            db.write(move |tx| Box::pin(insert(tx, id))).await.unwrap();
        }
        for (asked, there) in [(vec![], vec![]), (vec![4], vec![4]), (vec![5, 2, 9, 1], vec![1, 2, 5])] {
            let found = db.read(|tx| {
                Box::pin(async move {
                    let bulk = Bulk {
                        each: "SELECT id FROM entry WHERE id = $1",
                        together: "SELECT id FROM entry WHERE id = ANY($1::bigint[])",
                        is_searched: false,
                    };
                    let rows: Vec<_> = asked.iter().map(|id| row![*id]).collect();
                    tx.gather(bulk, &rows, |row| row.get::<i64>(0)).await
                })
            });
            let mut found = found.await.unwrap();
            found.sort_unstable();
            assert_eq!(found, there);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_share_a_lane_of_their_own() {
    on_each_database(vec![TABLES], async |db| {
        db.write(|tx| Box::pin(insert(tx, 3))).await.unwrap();
        let apply: Apply<i64, bool> = Arc::new(|tx, ids| {
            Box::pin(async move {
                let there = tx.all("SELECT id FROM entry", params![], |row| row.get::<i64>(0)).await?;
                Ok(ids.iter().map(|id| there.contains(id)).collect())
            })
        });
        let lane = Lane::start_reading(db.clone(), apply);
        let answers = futures_util::future::join_all((0..6).map(|id| lane.submit(id))).await;
        let answers: Vec<bool> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [false, false, false, true, false, false]);
    })
    .await;
}

#[tokio::test]
async fn a_read_cannot_change_anything_on_sqlite() {
    let database = campanile_db::testing::TestDatabase::sqlite();
    let db = database.open(vec![TABLES]).await;
    assert!(db.read(|tx| Box::pin(insert(tx, 1))).await.is_err());
}
