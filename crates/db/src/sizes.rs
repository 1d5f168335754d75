//! The room that a database takes, for those who run it.

use crate::{Db, Engine, Result, params};

impl Db {
    /// Measures the room that is taken: of each table of PostgreSQL with its indexes, and how many of its rows are dead and not
    /// cleared away; of the embedded database the file, and what of it is free.
    ///
    /// # Errors
    /// `Sql` or `Unavailable`.
    pub async fn measure_room(&self) -> Result<()> {
        let sql = match self.engine() {
            Engine::Postgres => {
                "SELECT CAST(relname AS TEXT), pg_total_relation_size(relid), n_dead_tup FROM pg_stat_user_tables
                    WHERE schemaname = current_schema()"
            }
            Engine::Sqlite => {
                "SELECT 'all', page_count * page_size, freelist_count * page_size
                    FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()"
            }
        };
        let read = self.read(move |tx| {
            Box::pin(async move {
                tx.all(sql, params![], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?))).await
            })
        });
        for (table, bytes, idle) in read.await? {
            metrics::gauge!("campanile_db_bytes", "table" => table.clone()).set(bytes as f64);
            match self.engine() {
                Engine::Postgres => metrics::gauge!("campanile_db_dead_rows", "table" => table).set(idle as f64),
                Engine::Sqlite => metrics::gauge!("campanile_db_free_bytes").set(idle as f64),
            }
        }
        Ok(())
    }
}
