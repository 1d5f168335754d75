//! Databases for tests: every test runs on both kinds, each time on a new database.

use std::future::Future;
use std::path::PathBuf;

use crate::{Db, Error, Migrations};

/// The environment variable that names a PostgreSQL server on which databases may be created.
pub const POSTGRES: &str = "CAMPANILE_TEST_POSTGRES";

/// A new database for a test. Dropping this removes its folder.
pub struct TestDatabase {
    /// The database URL; `None` for SQLite.
    pub url: Option<String>,
    /// A folder of the test's own.
    pub folder: PathBuf,
    /// `sqlite` or `postgres`, for messages.
    pub name: &'static str,
}

impl TestDatabase {
    /// One of each kind.
    ///
    /// # Panics
    /// When no PostgreSQL server is named: a test that silently skips one database proves nothing.
    pub async fn each() -> [Self; 2] {
        [Self::sqlite(), Self::postgres().await]
    }

    /// A folder for a SQLite file.
    pub fn sqlite() -> Self {
        Self { url: None, folder: fresh_folder(), name: "sqlite" }
    }

    /// A new database on the test server.
    ///
    /// # Panics
    /// When no server is named, or it does not answer.
    pub async fn postgres() -> Self {
        #[allow(clippy::disallowed_methods, reason = "tests have no settings")]
        let server = std::env::var(POSTGRES).unwrap_or_else(|_| {
            panic!("{POSTGRES} is not set: run `cargo xtask test`, or `cargo xtask postgres` and do as it says")
        });
        Self::postgres_at(&server).await
    }

    /// A new database on the server at this URL.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn postgres_at(server: &str) -> Self {
        let name = format!("test_{}", hex_name());
        let client = connect(server).await;
        // A language's collation, as many databases have: the schema must not depend on it.
        let create = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' \
             LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        );
        client.batch_execute(&create).await.expect("the test server lets us create databases");
        let (head, query) = server.split_once('?').unwrap_or((server, "sslmode=disable"));
        let head = head.rsplit_once('/').map_or(head, |(before, _)| before);
        Self { url: Some(format!("{head}/{name}?{query}")), folder: fresh_folder(), name: "postgres" }
    }

    /// Opens the database and creates these tables.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self, components: Vec<Migrations>) -> Db {
        let db = match &self.url {
            None => Db::open_sqlite(&self.folder.join("test.db")),
            Some(url) => Db::connect_postgres(url).await,
        };
        let db = db.expect("a fresh database opens");
        db.migrate(components).await.expect("a fresh database migrates");
        db
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Runs `test` on SQLite and then on PostgreSQL, each with these tables in a fresh database.
pub async fn on_each_database<F>(components: Vec<Migrations>, test: impl Fn(Db) -> F)
where
    F: Future<Output = ()>,
{
    for database in TestDatabase::each().await {
        println!("on {}", database.name);
        test(database.open(components.clone()).await).await;
    }
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .map_err(|e| Error::Unavailable(e.to_string()))
        .expect("the test server answers");
    tokio::spawn(connection);
    client
}

fn fresh_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("campanile-test-{}", hex_name()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

fn hex_name() -> String {
    campanile_base::random_bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect()
}
