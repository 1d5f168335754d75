//! Migrations: numbered SQL files per crate, applied in order at the start.
//!
//! Every crate with tables has a [`Migrations`]. The table `schema_version` stores the version of
//! each. All migrations run in one transaction under a lock. So two nodes that start together do
//! not migrate twice, and a failed migration leaves nothing behind.

use crate::tx::Inner;
use crate::{Db, Error, Result, Tx, params};

/// The migrations of one crate: `files[0]` is number 1.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The crate's name.
    pub component: &'static str,
    /// The SQL of each migration, in order. Never edit one after its release; add a new file.
    pub files: &'static [&'static str],
}

impl Db {
    /// Upgrades the schema of every component to this program's version.
    ///
    /// # Errors
    /// `Newer` when the database was written by a newer program; `Sql` when a file fails.
    pub async fn migrate(&self, components: Vec<Migrations>) -> Result<()> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.lock("campanile migrations").await?;
                tx.script(
                    "CREATE TABLE IF NOT EXISTS schema_version (component TEXT PRIMARY KEY, version BIGINT NOT NULL)",
                )
                .await?;
                for component in components {
                    upgrade(tx, component).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The version of the schema of each component, by name.
    ///
    /// # Errors
    /// `Unavailable` or `Sql` when the database does not answer.
    pub async fn schema_versions(&self) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT component, version FROM schema_version ORDER BY component";
        self.read(move |tx| Box::pin(async move { tx.all(sql, params![], |row| Ok((row.get(0)?, row.get(1)?))).await }))
            .await
    }

    /// True if every component is at this program's version.
    ///
    /// # Errors
    /// `Unavailable` or `Sql` when the database does not answer.
    pub async fn is_migrated(&self, components: &[Migrations]) -> Result<bool> {
        let wanted: Vec<Migrations> = components.to_vec();
        self.read(move |tx| {
            Box::pin(async move {
                for component in &wanted {
                    if version(tx, component.component).await? != component.files.len() as i64 {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
        })
        .await
    }
}

async fn upgrade(tx: &mut Tx, Migrations { component, files }: Migrations) -> Result<()> {
    let found = version(tx, component).await?;
    let known = files.len() as i64;
    if found > known {
        return Err(Error::Newer { component: component.to_owned(), found, known });
    }
    for file in &files[found as usize..] {
        match tx.inner {
            Inner::Lite(_) => tx.script(file).await?,
            Inner::Postgres(_) => tx.script(&for_postgres(file)).await?,
        }
    }
    if found < known {
        tracing::info!(component, from = found, to = known, "schema upgraded");
        let sql = "INSERT INTO schema_version (component, version) VALUES ($1, $2)
                   ON CONFLICT (component) DO UPDATE SET version = excluded.version";
        tx.execute(sql, params![component, known]).await?;
    }
    Ok(())
}

/// Adapts a schema for PostgreSQL. Text sorts by its bytes on both databases, regardless of the
/// collation of the PostgreSQL database: only then do ids sort by time. `WITHOUT ROWID`, which
/// stores a table in its primary key, exists only in SQLite.
fn for_postgres(schema: &str) -> String {
    schema.replace(" TEXT", " TEXT COLLATE \"C\"").replace(") WITHOUT ROWID;", ");")
}

async fn version(tx: &mut Tx, component: &str) -> Result<i64> {
    let sql = "SELECT version FROM schema_version WHERE component = $1";
    Ok(tx.first(sql, params![component], |row| row.get(0)).await?.unwrap_or(0))
}
