//! Schemas are upgraded together or not at all, and never downgraded.

use campanile_db::testing::{TestDatabase, on_each_database};
use campanile_db::{Error, Migrations, params};

const ONE: Migrations =
    Migrations { component: "shop", files: &["CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT NOT NULL)"] };
const TWO: Migrations = Migrations {
    component: "shop",
    files: &[ONE.files[0], "ALTER TABLE item ADD COLUMN price BIGINT NOT NULL DEFAULT 0"],
};
const BROKEN: Migrations =
    Migrations { component: "shop", files: &[ONE.files[0], "CREATE TABLE fine (id BIGINT); CREATE TABLE oh no"] };

#[tokio::test]
async fn a_schema_is_upgraded_once_and_keeps_its_rows() {
    on_each_database(vec![ONE], async |db| {
        db.write(|tx| {
            Box::pin(async move { tx.execute("INSERT INTO item (id, name) VALUES (1, 'bell')", params![]).await })
        })
        .await
        .unwrap();
        assert!(!db.is_migrated(&[TWO]).await.unwrap());
        db.migrate(vec![TWO]).await.unwrap();
        db.migrate(vec![TWO]).await.unwrap();
        assert!(db.is_migrated(&[TWO]).await.unwrap());
        let price = db
            .read(|tx| {
                Box::pin(async move {
                    tx.one("SELECT price FROM item WHERE name = 'bell'", params![], |r| r.get::<i64>(0)).await
                })
            })
            .await;
        assert_eq!(price.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    on_each_database(vec![TWO], async |db| {
        let refused = db.migrate(vec![ONE]).await.unwrap_err();
        assert!(matches!(refused, Error::Newer { found: 2, known: 1, .. }), "{refused}");
        assert!(refused.to_string().contains("run the newer program"));
    })
    .await;
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_behind() {
    on_each_database(vec![ONE], async |db| {
        assert!(db.migrate(vec![BROKEN]).await.is_err());
        let fine =
            db.read(|tx| Box::pin(async move { tx.all("SELECT id FROM fine", params![], |r| r.get::<i64>(0)).await }));
        assert!(fine.await.is_err(), "the first statement of the failed file was rolled back");
        assert!(db.is_migrated(&[ONE]).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    let database = TestDatabase::postgres().await;
    let dbs = [database.open(vec![]).await, database.open(vec![]).await];
    let (a, b) = tokio::join!(dbs[0].migrate(vec![TWO]), dbs[1].migrate(vec![TWO]));
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
}
