//! The disk space that a database uses, for people and as metrics.

use crate::{Db, Engine, Result, params};

/// The space of a table with its indexes; of SQLite, whose file is one, of the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSize {
    /// The name of the table; `all` for SQLite.
    pub table: String,
    /// Its bytes.
    pub bytes: i64,
    /// PostgreSQL: the number of dead rows that are not cleared yet. SQLite: the free bytes of the
    /// file.
    pub idle: i64,
}

impl Db {
    /// The used space, table by table, the largest first.
    ///
    /// # Errors
    /// `Sql` or `Unavailable`.
    pub async fn sizes(&self) -> Result<Vec<TableSize>> {
        let sql = match self.engine() {
            Engine::Postgres => {
                "SELECT CAST(relname AS TEXT), pg_total_relation_size(relid), n_dead_tup FROM pg_stat_user_tables
                    WHERE schemaname = current_schema() ORDER BY 2 DESC, 1"
            }
            Engine::Sqlite => {
                "SELECT 'all', page_count * page_size, freelist_count * page_size
                    FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()"
            }
        };
        self.read(move |tx| {
            Box::pin(async move {
                tx.all(sql, params![], |row| {
                    Ok(TableSize { table: row.get(0)?, bytes: row.get(1)?, idle: row.get(2)? })
                })
                .await
            })
        })
        .await
    }

    /// Measures the used space for `/metrics`.
    ///
    /// # Errors
    /// `Sql` or `Unavailable`.
    pub async fn measure_room(&self) -> Result<()> {
        for TableSize { table, bytes, idle } in self.sizes().await? {
            metrics::gauge!("campanile_db_bytes", "table" => table.clone()).set(bytes as f64);
            match self.engine() {
                Engine::Postgres => metrics::gauge!("campanile_db_dead_rows", "table" => table).set(idle as f64),
                Engine::Sqlite => metrics::gauge!("campanile_db_free_bytes").set(idle as f64),
            }
        }
        Ok(())
    }
}
