//! The embedded database's files: their permissions, the return of space, and the errors for a full
//! or damaged one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use campanile_db::testing::TestDatabase;
use campanile_db::{Db, Error, Migrations, check_sqlite, compact_sqlite, params, row};

const TABLES: Migrations =
    Migrations { component: "files", files: &["CREATE TABLE thing (id BIGINT PRIMARY KEY, body BYTEA NOT NULL)"] };

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn put(db: &Db, ids: std::ops::Range<i64>) -> Result<(), Error> {
    db.write(move |tx| {
        Box::pin(async move {
            let body = vec![7_u8; 10_000];
            let rows: Vec<_> = ids.map(|id| row![id, body.as_slice()]).collect();
            tx.execute_many("INSERT INTO thing (id, body) VALUES ($1, $2)", &rows).await.map(drop)
        })
    })
    .await
}

async fn clear(db: &Db) {
    db.write(|tx| Box::pin(async move { tx.execute("DELETE FROM thing", params![]).await })).await.unwrap();
}

#[tokio::test]
async fn the_files_are_their_owners_alone_and_older_ones_become_so() {
    let database = TestDatabase::sqlite();
    let path = database.folder.join("test.db");
    std::fs::write(&path, b"").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let db = database.open(vec![TABLES]).await;
    put(&db, 0..3).await.unwrap();
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        assert_eq!(mode(&database.folder.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_file_gives_space_back_in_steps() {
    let database = TestDatabase::sqlite();
    let db = database.open(vec![TABLES]).await;
    put(&db, 0..500).await.unwrap();
    clear(&db).await;
    let first = db.give_back(100).await.unwrap();
    assert!(first > 500, "{first} pages are left");
    assert_eq!(db.give_back(100).await.unwrap(), first - 100);
    while db.give_back(500).await.unwrap() > 0 {}
    drop(db);
    let size = std::fs::metadata(database.folder.join("test.db")).unwrap().len();
    assert!(size < 200_000, "{size} bytes");
}

#[tokio::test]
async fn a_file_from_before_is_made_small_and_gives_space_back_from_then_on() {
    let database = TestDatabase::sqlite();
    let path = database.folder.join("test.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE before_all (id INTEGER);").unwrap();
    drop(old);
    let db = database.open(vec![TABLES]).await;
    put(&db, 0..500).await.unwrap();
    clear(&db).await;
    assert_eq!(db.give_back(10_000).await.unwrap(), 0, "it cannot, and does not pretend to");
    assert!(matches!(compact_sqlite(&path), Err(Error::Unavailable(_))), "a file in use is left alone");
    drop(db);
    let (before, after) = compact_sqlite(&path).unwrap();
    assert!(before > 4_000_000 && after < 200_000, "{before} {after}");
    let db = database.open(vec![TABLES]).await;
    put(&db, 0..500).await.unwrap();
    clear(&db).await;
    assert!(db.give_back(10).await.unwrap() > 0);
}

#[tokio::test]
async fn a_damaged_page_is_found_by_the_check() {
    let database = TestDatabase::sqlite();
    let path = database.folder.join("test.db");
    let db = database.open(vec![TABLES]).await;
    put(&db, 0..200).await.unwrap();
    drop(db);
    check_sqlite(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // Damage the first pages of the table's tree, which come after the schema's page.
    for byte in &mut bytes[2 * 4_096..8 * 4_096] {
        *byte = 0x5a;
    }
    std::fs::write(&path, bytes).unwrap();
    assert!(check_sqlite(&path).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_servers_limit_of_connections_those_that_are_open_are_waited_for() {
    let database = TestDatabase::postgres().await;
    let url = database.url.clone().unwrap();
    let admin = Db::connect_postgres(&url).await.unwrap();
    let role = format!("limited_{}", campanile_base::new_ksuid(campanile_base::Clock::System.now()).to_lowercase());
    let create: &'static str = format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 3").leak();
    admin.write(move |tx| Box::pin(async move { tx.execute(create, params![]).await })).await.unwrap();
    let limited = Db::connect_postgres(&url.replace("postgres@", &format!("{role}@"))).await.unwrap();
    let reads: Vec<_> = (0..100)
        .map(|_| {
            let db = limited.clone();
            tokio::spawn(async move {
                db.read(|tx| {
                    Box::pin(async move {
                        let sql = "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_sleep(0.02)) AS slept";
                        tx.one(sql, params![], |row| row.get::<i64>(0)).await
                    })
                })
                .await
            })
        })
        .collect();
    for read in reads {
        assert_eq!(read.await.unwrap().unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_another_program_fails_what_waits_and_nothing_waits_for_ever() {
    let database = TestDatabase::sqlite();
    let db = database.open(vec![TABLES]).await;
    let other = rusqlite::Connection::open(database.folder.join("test.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = std::time::Instant::now();
    let waiting: Vec<_> = (0..3)
        .map(|id| {
            let db = db.clone();
            tokio::spawn(async move { put(&db, id..id + 1).await })
        })
        .collect();
    for waits in waiting {
        let failed = waits.await.unwrap().unwrap_err();
        assert!(failed.is_unavailable(), "{failed:?}");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(30), "{:?}", began.elapsed());
    other.execute_batch("ROLLBACK").unwrap();
    put(&db, 0..1).await.unwrap();
}
