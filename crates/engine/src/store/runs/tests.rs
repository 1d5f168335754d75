use std::time::Duration;

use campanile_base::Clock;
use campanile_db::testing::{TestDatabase, on_each_database};
use campanile_db::{Db, params};

use super::*;

campanile_db::columns! { changed_columns, changed_at: id, attempt, due, error, generation }

/// A queue that once had many rows, and that `ANALYZE` saw when it had only a few.
async fn emptied_queue() -> Db {
    let db = TestDatabase::postgres().await.open(vec![crate::MIGRATIONS]).await;
    let fill = "INSERT INTO run (id, shard, name, version, tenant, lane, holds, priority, due, seq, gathers, cause,
            queued_at, input, status, attempt, generation, crashes, pokes)
        SELECT 'run_' || lpad(CAST(n AS TEXT), 26, '0'), 0, 'n', 0, 't', 1, FALSE, 0, n, 0, FALSE, '{}', n, '{}', 0, 0, 1, 0, 0
        FROM generate_series(1, 30000) AS n";
    for sql in [fill, "DELETE FROM run WHERE due > 4"] {
        let changed: campanile_db::Result<u64> =
            db.write(move |tx| Box::pin(async move { tx.execute(sql, params![]).await })).await;
        changed.unwrap();
    }
    // PostgreSQL does not allow this inside a transaction.
    let settled: campanile_db::Result<u64> =
        db.read(|tx| Box::pin(async move { tx.execute("VACUUM (ANALYZE, TRUNCATE off) run", params![]).await })).await;
    settled.unwrap();
    db
}

/// The generic plan of a statement on PostgreSQL, independent of its parameters.
async fn plan(db: &Db, statement: &str, parameters: usize) -> String {
    let prepare: &'static str = format!("PREPARE asked AS {statement}").leak();
    let explain: &'static str = format!("EXPLAIN EXECUTE asked({})", vec!["NULL"; parameters].join(", ")).leak();
    let lines: campanile_db::Result<Vec<String>> = db
        .write(move |tx| {
            Box::pin(async move {
                tx.execute("SET LOCAL plan_cache_mode = force_generic_plan", params![]).await?;
                tx.execute(prepare, params![]).await?;
                let lines: Vec<String> = tx.all(explain, params![], |row| row.get(0)).await?;
                tx.execute("DEALLOCATE asked", params![]).await?;
                Ok(lines)
            })
        })
        .await;
    lines.unwrap().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_has_just_been_emptied_is_changed_by_id() {
    let db = emptied_queue().await;
    let by_join = "DELETE FROM run USING unnest($1::text[], $2::bigint[]) AS told (id, generation)
        WHERE run.id = told.id AND run.generation = told.generation RETURNING run.id";
    let reads_all = plan(&db, by_join, 2).await;
    assert!(!reads_all.contains("Index Cond"), "this is the trap:\n{reads_all}");
    for bulk in [REMOVE, PARK, BEGIN, ARE_OWNED, END, POSTPONE] {
        let parameters = (1..).take_while(|n| bulk.together.contains(&format!("${n}::"))).count();
        let plan = plan(&db, bulk.together, parameters).await;
        let scans = plan.matches("run_pkey on run").count();
        assert!(scans == 1 && plan.contains("Index Cond: (id = ANY ($1))"), "{plan}");
        assert!(!plan.contains("Seq Scan on run"), "{plan}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_changed_at_once_each_by_its_owner_alone() {
    on_each_database(vec![crate::MIGRATIONS], async |db| {
        let now = Clock::System.now();
        // Stored in the order of their ids, and changed in another order.
        let runs: Vec<Run> = (0..40).map(|n| Run::new("n", 1, "t", n.to_string(), 0, now)).collect();
        let stored = runs.clone();
        let inserted: Result<Vec<bool>> = db.write(move |tx| Box::pin(async move { insert(tx, &stored).await })).await;
        inserted.unwrap();
        let told: Vec<PostponedJob> = (0..40)
            .map(|n| {
                let at = (n * 7 + 3) % 40;
                // Every fourth run has another owner by now.
                let run = OwnedRun { id: runs[at].id.clone(), generation: i64::from(at % 4 == 0) };
                PostponedJob {
                    run,
                    attempt: at as u32,
                    due: now.plus(Duration::from_secs(at as u64)),
                    error: format!("e{at}"),
                }
            })
            .collect();
        let asked = told.clone();
        let changed: Result<Vec<bool>> = db.write(move |tx| Box::pin(async move { postpone(tx, &asked).await })).await;
        let is_owners = |told: &PostponedJob| told.run.generation == 0;
        assert_eq!(changed.unwrap(), told.iter().map(is_owners).collect::<Vec<_>>());
        let sql = concat!("SELECT ", changed_columns!(), " FROM run ORDER BY id");
        let rows: Result<Vec<_>> = db
            .read(move |tx| {
                Box::pin(async move {
                    let read = |row: &Row<'_>| {
                        let due: Timestamp = row.get(changed_at::due)?;
                        Ok((
                            row.get::<String>(changed_at::id)?,
                            row.get::<i64>(changed_at::attempt)?,
                            due,
                            row.get::<Option<String>>(changed_at::error)?,
                            row.get::<i64>(changed_at::generation)?,
                        ))
                    };
                    tx.all(sql, params![], read).await
                })
            })
            .await;
        for (id, attempt, due, error, generation) in rows.unwrap() {
            let told = told.iter().find(|told| told.run.id.as_str() == id).unwrap();
            let wanted = match is_owners(told) {
                true => (i64::from(told.attempt), told.due, Some(told.error.clone()), 1),
                false => (0, now, None, 0),
            };
            assert_eq!((attempt, due, error, generation), wanted);
        }
    })
    .await;
}
