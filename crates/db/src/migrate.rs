//! Migrations: numbered SQL files per crate, applied in order at the start.
//!
//! Every crate with tables brings a [`Migrations`]. The table `schema_version` remembers how far
//! each has come. All of it happens in one transaction under a lock, so two nodes that start
//! together do not migrate twice, and a failed migration leaves nothing behind.

use crate::tx::Inner;
use crate::{Db, Error, Result, Tx, params};

/// The migrations of one crate: `files[0]` is number 1.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The crate's name.
    pub component: &'static str,
    /// The SQL of each, in order. Never edited once released: a change is a new file.
    pub files: &'static [&'static str],
}

impl Db {
    /// Brings the schema of every component up to this program's version.
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

    /// Whether every component is at the version that this program knows.
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

/// Text is ordered by its bytes on both databases, whatever collation a PostgreSQL database was
/// created with: ids are ordered by time only so. SQLite alone needs to be told that a table is
/// to be kept in its primary key.
fn for_postgres(schema: &str) -> String {
    schema.replace(" TEXT", " TEXT COLLATE \"C\"").replace(") WITHOUT ROWID;", ");")
}

async fn version(tx: &mut Tx, component: &str) -> Result<i64> {
    let sql = "SELECT version FROM schema_version WHERE component = $1";
    Ok(tx.first(sql, params![component], |row| row.get(0)).await?.unwrap_or(0))
}
