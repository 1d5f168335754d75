//! Removes old rows from a table without an index on their age, page by page in the order of the
//! primary key.
//!
//! A page is read without blocking others. Only its old rows are removed, in a transaction of its
//! own. So a large table costs small reads, and writes only where there is something to remove.

use campanile_base::Timestamp;

use crate::{Db, Param, Result};

/// The statements for sweeping a table.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// The number of columns of the primary key, all of type text. They are `$1`, `$2`, … in both
    /// statements.
    pub keys: usize,
    /// Reads the page after a key: the key columns, and a flag that the row is old. Two more
    /// parameters: the time before which a row is old, in microseconds, and the number of rows to
    /// read.
    pub page: &'static str,
    /// Removes a row by its key, if it is still old. One more parameter: the time.
    pub remove: &'static str,
}

impl Db {
    /// Removes rows older than `before`, examining `at_once` rows per page. Returns the number of
    /// removed rows.
    ///
    /// # Errors
    /// `Sql` or `Unavailable`. Rows that were already removed stay removed.
    pub async fn sweep(&self, sweep: Sweep, before: Timestamp, at_once: i64) -> Result<u64> {
        let (mut after, mut removed) = (vec![String::new(); sweep.keys], 0);
        loop {
            let page = self.page(sweep, after, before, at_once).await?;
            let is_last = (page.len() as i64) < at_once;
            let Some((last, _)) = page.last() else { return Ok(removed) };
            after = last.clone();
            let old: Vec<Vec<String>> = page.into_iter().filter(|(_, is_old)| *is_old).map(|(key, _)| key).collect();
            if !old.is_empty() {
                removed += self
                    .write(move |tx| {
                        Box::pin(async move {
                            let rows: Vec<Vec<Param<'_>>> = old
                                .iter()
                                .map(|key| key.iter().map(Param::from).chain([Param::from(before)]).collect())
                                .collect();
                            tx.execute_many(sweep.remove, &rows).await.map(|changed| changed.iter().sum::<u64>())
                        })
                    })
                    .await?;
            }
            if is_last {
                return Ok(removed);
            }
        }
    }

    async fn page(
        &self,
        sweep: Sweep,
        after: Vec<String>,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<(Vec<String>, bool)>> {
        self.read(move |tx| {
            Box::pin(async move {
                let mut params: Vec<Param<'_>> = after.iter().map(Param::from).collect();
                params.extend([Param::from(before), Param::from(limit)]);
                tx.all(sweep.page, &params, |row| {
                    let key = (0..sweep.keys).map(|column| row.get(column)).collect::<Result<Vec<String>>>()?;
                    Ok((key, row.get::<Option<bool>>(sweep.keys)?.unwrap_or_default()))
                })
                .await
            })
        })
        .await
    }
}
