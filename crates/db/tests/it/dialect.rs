//! The common dialect: the forms that queries use mean the same on both databases.

use campanile_base::{Thing, Timestamp};
use campanile_db::testing::on_each_database;
use campanile_db::{Engine, Error, Migrations, Range, Select, params, row};

const TABLES: Migrations = Migrations {
    component: "dialect",
    files: &["CREATE TABLE thing (
        id TEXT PRIMARY KEY, at BIGINT NOT NULL, done BOOLEAN NOT NULL DEFAULT FALSE,
        score DOUBLE PRECISION, body BYTEA, note TEXT);
        CREATE INDEX thing_open ON thing (at, id) WHERE done = FALSE;"],
};

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_went_in() {
    on_each_database(vec![TABLES], async |db| {
        db.write(|tx| {
            Box::pin(async move {
                let sql = "INSERT INTO thing (id, at, done, score, body, note) VALUES ($1, $2, $3, $4, $5, $6)";
                let bytes: &[u8] = &[0, 1, 254, 255];
                tx.execute(sql, params!["a", Timestamp::from_micros(7), true, 0.5, bytes, None::<&str>]).await?;
                let read = tx
                    .one("SELECT id, at, done, score, body, note FROM thing WHERE id = $1", params!["a"], |row| {
                        Ok((
                            row.get::<String>(0)?,
                            row.get::<Timestamp>(1)?,
                            row.get::<bool>(2)?,
                            row.get::<Option<f64>>(3)?,
                            row.get::<Vec<u8>>(4)?,
                            row.get::<Option<String>>(5)?,
                        ))
                    })
                    .await?;
                assert_eq!(read, ("a".into(), Timestamp::from_micros(7), true, Some(0.5), bytes.to_vec(), None));
                Ok::<(), Error>(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_forms_of_the_common_dialect_agree() {
    on_each_database(vec![TABLES], async |db| {
        db.write(|tx| {
            Box::pin(async move {
                let insert = "INSERT INTO thing (id, at, note) VALUES ($1, $2, $3)
                    ON CONFLICT (id) DO UPDATE SET note = excluded.note WHERE thing.note IS DISTINCT FROM excluded.note";
                for (id, at) in [("b", 2), ("a", 2), ("c", 1), ("Z", 3)] {
                    assert_eq!(tx.execute(insert, params![id, at, "first"]).await?, 1);
                }
                assert_eq!(tx.execute(insert, params!["a", 2, "first"]).await?, 0);
                assert_eq!(tx.execute(insert, params!["a", 2, "second"]).await?, 1);

                let page = "SELECT id FROM thing WHERE (at, id) < ($1, $2) AND (CAST($3 AS TEXT) IS NULL OR note = $3)
                    ORDER BY at DESC, id DESC LIMIT $4";
                let ids = tx.all(page, params![2, "b", None::<&str>, 10], |row| row.get::<String>(0)).await?;
                assert_eq!(ids, ["a", "c"]);
                let ids = tx.all(page, params![i64::MAX, "", "first", 2], |row| row.get::<String>(0)).await?;
                assert_eq!(ids, ["Z", "b"]);
                let ids = tx.all("SELECT id FROM thing ORDER BY id", params![], |row| row.get::<String>(0)).await?;
                assert_eq!(ids, ["Z", "a", "b", "c"], "text is ordered by its bytes");

                let taken = "UPDATE thing SET done = TRUE WHERE id IN (SELECT id FROM thing WHERE done = FALSE
                    ORDER BY at, id LIMIT 1 /*pg: FOR UPDATE SKIP LOCKED */) RETURNING id";
                assert_eq!(tx.all(taken, params![], |row| row.get::<String>(0)).await?, ["c"]);
                Ok::<(), Error>(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn parameters_are_counted_by_their_number_not_by_their_place() {
    on_each_database(vec![TABLES], async |db| {
        let sql = "SELECT CAST($3 AS TEXT) || CAST($1 AS TEXT) || CAST($2 AS TEXT) || CAST($1 AS TEXT)";
        let read = db
            .read(|tx| Box::pin(async move { tx.one(sql, params!["a", "b", "c"], |row| row.get::<String>(0)).await }));
        assert_eq!(read.await.unwrap(), "caba");
    })
    .await;
}

#[tokio::test]
async fn a_text_with_nul_is_invalid_on_both_databases_and_names_no_absence() {
    on_each_database(vec![TABLES], async |db| {
        let insert = "INSERT INTO thing (id, at, note) VALUES ($1, 1, $2)";
        let written: Result<u64, Error> =
            db.write(move |tx| Box::pin(async move { tx.execute(insert, params!["a", "x\0y"]).await })).await;
        let many: Result<Vec<u64>, Error> = db
            .write(move |tx| {
                Box::pin(async move { tx.execute_many(insert, &[row!["b", "fine"], row!["c\0", "x"]]).await })
            })
            .await;
        let read: Result<Option<i64>, Error> = db
            .read(|tx| {
                Box::pin(async move {
                    tx.first("SELECT at FROM thing WHERE id = $1", params!["a\0"], |row| row.get(0)).await
                })
            })
            .await;
        for error in [written.unwrap_err(), many.unwrap_err(), read.unwrap_err()] {
            assert!(matches!(error, Error::Invalid(_)) && !error.is_unavailable(), "{error:?}");
            assert!(matches!(campanile_base::Error::from(error), campanile_base::Error::Invalid(_)));
        }
        let count = db.read(|tx| {
            Box::pin(async move { tx.one("SELECT count(*) FROM thing", params![], |row| row.get::<i64>(0)).await })
        });
        assert_eq!(count.await.unwrap(), 0);
        // A NUL byte is allowed in a column of bytes.
        let bytes: &[u8] = b"x\0y";
        let kept = "INSERT INTO thing (id, at, body) VALUES ($1, 1, $2)";
        db.write(move |tx| Box::pin(async move { tx.execute(kept, params!["d", bytes]).await })).await.unwrap();
    })
    .await;
}

#[test]
fn an_operations_error_keeps_its_kind_on_its_way_through_the_database() {
    use campanile_base::Error as Shared;
    let back = |error: Shared| Shared::from(Error::from(error));
    assert!(matches!(back(Shared::NotFound(Thing::Endpoint)), Shared::NotFound(Thing::Endpoint)));
    assert!(matches!(back(Shared::conflict("taken")), Shared::Conflict(why) if why == "taken"));
    let away = back(Error::Unavailable("no room".into()).into());
    assert!(matches!(away, Shared::Unavailable { what: campanile_db::DATABASE, .. }));
    assert!(!Error::from(Shared::internal("a fault")).is_unavailable());
    let other = Shared::Unavailable { what: "Slack", source: "busy".into() };
    assert!(!Error::from(other).is_unavailable(), "only the driver says that the database is away");
}

#[tokio::test]
async fn json_that_cannot_be_read_is_an_error_that_names_the_statement_and_the_row() {
    on_each_database(vec![TABLES], async |db| {
        let read = db.write(|tx| {
            Box::pin(async move {
                let sql = "INSERT INTO thing (id, at, note) VALUES ($1, 0, $2)";
                tx.execute(sql, params!["whole", "[1]"]).await?;
                tx.execute(sql, params!["none", None::<&str>]).await?;
                let sql = "SELECT id, note FROM thing WHERE id = $1";
                let list = |row: &campanile_db::Row<'_>| row.json_if_any::<Vec<i64>>(1);
                assert_eq!(tx.one(sql, params!["whole"], list).await?, Some(vec![1]));
                assert_eq!(tx.one(sql, params!["none"], list).await?, None);
                tx.execute("INSERT INTO thing (id, at, note) VALUES ($1, 0, $2)", params!["broken", "[1"]).await?;
                tx.one(sql, params!["broken"], list).await
            })
        });
        let why = read.await.unwrap_err().to_string();
        assert!(why.contains("FROM thing") && why.contains("\"broken\""), "{why}");
    })
    .await;
}

#[tokio::test]
async fn a_select_has_the_filters_that_are_given_and_no_others() {
    on_each_database(vec![TABLES], async |db| {
        db.write(|tx| {
            Box::pin(async move {
                let insert = "INSERT INTO thing (id, at, note) VALUES ($1, $2, $3)";
                for (id, at, note) in [("a", 1, "x"), ("b", 1, "y?"), ("c", 2, "x"), ("d", 1, "z")] {
                    tx.execute(insert, params![id, at, note]).await?;
                }
                let range = Range::before(None, 3);
                let select = || Select::new("SELECT id FROM thing WHERE at < ?", [9]);
                for (select, expected) in [
                    (select(), &["d", "c", "b"][..]),
                    (select().and_if("at = ?", Some(1)), &["d", "b", "a"]),
                    (select().and_if("at = ?", Some(1)).and_if("note = ?", Some("x")), &["a"]),
                    (select().and_in("note", ["x", "y?", "none"]), &["c", "b", "a"]),
                    (select().and_in("note", Vec::<&str>::new()).and("note <> 'x'"), &["d", "b"]),
                    (select().and_with("(note = ? OR id = ?)", ["z", "a"]), &["d", "a"]),
                    (select().and_with("(note = ? OR id = ?)", [None, Some("a")]), &["a"]),
                ] {
                    let found = select.ranged("id", &range).all(tx, |row| row.get::<String>(0)).await?;
                    assert_eq!(found, expected);
                }
                Ok::<(), Error>(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_select_leaves_nothing_behind_on_its_connection() {
    on_each_database(vec![TABLES], async |db| {
        if db.engine() == Engine::Sqlite {
            return;
        }
        let read = db.read(|tx| {
            Box::pin(async move {
                let prepared = "SELECT count(*) FROM pg_prepared_statements";
                let before = tx.one(prepared, params![], |row| row.get::<i64>(0)).await?;
                let mut select = Select::new("SELECT id FROM thing WHERE at < ?", [9]);
                for _ in 0..100 {
                    select = select.and("TRUE");
                    select.all(tx, |row| row.get::<String>(0)).await?;
                    select.within(tx, 1_000, |row| Ok((row.get::<String>(0)?, 1))).await?;
                }
                Ok::<_, Error>((before, tx.one(prepared, params![], |row| row.get::<i64>(0)).await?))
            })
        });
        let (before, after) = read.await.unwrap();
        assert_eq!(after, before);
    })
    .await;
}

#[tokio::test]
async fn a_select_with_too_many_values_is_invalid() {
    on_each_database(vec![TABLES], async |db| {
        let of = |values: usize| {
            let values: Vec<String> = (0..values).map(|n| n.to_string()).collect();
            db.read(move |tx| {
                Box::pin(async move {
                    let select = Select::new("SELECT id FROM thing WHERE at < ?", [9]).and_in("note", values);
                    select.all(tx, |row| row.get::<String>(0)).await
                })
            })
        };
        assert!(of(1_999).await.is_ok());
        for many in [2_001, 100_000] {
            assert!(matches!(of(many).await, Err(Error::Invalid(_))), "{many}");
        }
    })
    .await;
}
