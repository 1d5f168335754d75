//! A transaction: the same few calls on both databases.

use std::cmp::Ordering;
use std::collections::HashSet;

use futures_util::future::join_all;
use futures_util::{FutureExt as _, TryStreamExt as _};
use tokio_postgres::types::ToSql;

use crate::lite::lite_error;
use crate::postgres::{PostgresTx, for_postgres, pg_error};
use crate::{Error, Param, Result, Row};

/// An open transaction, or a read. Obtained from [`crate::Db::write`] and [`crate::Db::read`].
///
/// Once a statement has failed the transaction will not be committed, whatever its body says.
pub struct Tx {
    pub(crate) inner: Inner,
    pub(crate) after_commit: Vec<Box<dyn FnOnce() + Send>>,
    pub(crate) in_doubt: Vec<Box<dyn FnOnce() + Send>>,
    pub(crate) failed: Option<Error>,
    /// Of a group: whether a change found no database, or no room; whether any is to be committed.
    pub(crate) is_refused: bool,
    pub(crate) has_kept: bool,
}

/// A statement about many rows, in the form that each database does quickest.
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    /// Is about one row, with its values as parameters.
    pub each: &'static str,
    /// Is about all of them on PostgreSQL, with an array of each value. A change returns the first value of those that it
    /// has changed.
    pub together: &'static str,
    /// True where it searches the array of their first values, which is given in order then. Otherwise rows come as they are
    /// told: of two that exclude each other the first is stored, on both databases.
    pub is_searched: bool,
}

pub(crate) enum Inner {
    Lite(rusqlite::Connection),
    Postgres(PostgresTx),
}

impl Tx {
    pub(crate) fn new(inner: Inner) -> Self {
        let (after_commit, in_doubt) = (Vec::new(), Vec::new());
        Self { inner, after_commit, in_doubt, failed: None, is_refused: false, has_kept: false }
    }

    /// Runs a statement; answers how many rows it changed.
    ///
    /// # Errors
    /// `Sql` when the statement fails.
    pub async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        let changed = match storable(params) {
            Ok(()) => self.inner.execute(sql, params).await,
            Err(error) => Err(error),
        };
        self.noting(changed)
    }

    /// Runs a statement once for each of `rows`, in their order; answers how many rows each
    /// changed. PostgreSQL receives them all at once and answers them all at once.
    ///
    /// # Errors
    /// `Sql` for the first one that fails.
    pub async fn execute_many(&mut self, sql: &'static str, rows: &[Vec<Param<'_>>]) -> Result<Vec<u64>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let changed = match all_storable(rows) {
            Ok(()) => self.inner.execute_many(sql, rows).await,
            Err(error) => Err(error),
        };
        self.noting(changed)
    }

    /// Changes many rows, each named by the first of its parameters; answers which were changed.
    ///
    /// # Errors
    /// `Sql` when the statement fails.
    pub async fn change(&mut self, bulk: Bulk, rows: &[Vec<Param<'_>>]) -> Result<Vec<bool>> {
        if let Err(error) = all_storable(rows) {
            return self.noting(Err(error));
        }
        let changed = match &mut self.inner {
            // One alone is quicker by itself, too.
            Inner::Postgres(postgres) if rows.len() > 1 => postgres.change(bulk, rows).await,
            _ if rows.is_empty() => Ok(Vec::new()),
            inner => inner.execute_many(bulk.each, rows).await.map(|all| all.into_iter().map(|n| n == 1).collect()),
        };
        self.noting(changed)
    }

    /// What a query finds for many rows, each through `read`; in no order between those rows.
    ///
    /// # Errors
    /// `Sql` when the statement fails, or what `read` says.
    pub async fn gather<T: Send>(
        &mut self,
        bulk: Bulk,
        rows: &[Vec<Param<'_>>],
        mut read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        if let Err(error) = all_storable(rows) {
            return self.noting(Err(error));
        }
        let found = match &mut self.inner {
            Inner::Postgres(postgres) if rows.len() > 1 => {
                let found = postgres.together(bulk, rows).await;
                found.and_then(|found| found.iter().map(|row| read(&Row::Postgres(row))).collect())
            }
            inner => inner.query_many(bulk.each, rows, read).await,
        };
        self.noting(found)
    }

    /// All rows of a query, each through `read`.
    ///
    /// # Errors
    /// `Sql` when the statement fails, or what `read` says.
    pub async fn all<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        let rows = match storable(params) {
            Ok(()) => self.inner.query(sql, params, usize::MAX, read).await,
            Err(error) => Err(error),
        };
        self.noting(rows)
    }

    /// Rows of a query, until they come to this many bytes together, and whether there are more: `read` tells the bytes of a row. The
    /// first comes however large it is.
    ///
    /// # Errors
    /// `Sql` when the statement fails, or what `read` says.
    pub async fn within<T: Send>(
        &mut self,
        bytes: usize,
        sql: &'static str,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<(T, usize)> + Send,
    ) -> Result<(Vec<T>, bool)> {
        let mut left = Some(bytes);
        // The row that is one too many is the last to be read.
        let read = |row: &Row<'_>| {
            let (row, size) = read(row)?;
            let is_within = left.is_some();
            left = left.and_then(|left| left.checked_sub(size)).filter(|left| *left > 0);
            Ok(is_within.then_some(row))
        };
        let rows = match storable(params) {
            Ok(()) => self.inner.query_until(sql, params, read).await,
            Err(error) => Err(error),
        };
        self.noting(rows)
    }

    /// The first row of a query, if there is one.
    ///
    /// # Errors
    /// `Sql` when the statement fails, or what `read` says.
    pub async fn first<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        let rows = match storable(params) {
            Ok(()) => self.inner.query(sql, params, 1, read).await,
            Err(error) => Err(error),
        };
        Ok(self.noting(rows)?.into_iter().next())
    }

    /// The one row of a query.
    ///
    /// # Errors
    /// `NoRow` when there is none.
    pub async fn one<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<T> {
        self.first(sql, params, read).await?.ok_or_else(|| Error::NoRow(sql.chars().take(80).collect()))
    }

    /// Lets only one transaction at a time go on with this `name`, until it ends. SQLite has one
    /// writer anyway; PostgreSQL takes an advisory lock.
    ///
    /// # Errors
    /// `Sql` when the lock cannot be taken.
    pub async fn lock(&mut self, name: &str) -> Result<()> {
        if let Inner::Postgres(_) = self.inner {
            let sql = "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))) AS locked";
            self.one(sql, crate::params![name], |row| row.get::<i64>(0)).await?;
        }
        Ok(())
    }

    /// Like [`Tx::lock`], for those who may go on together; [`Tx::lock`] waits for all of them.
    ///
    /// # Errors
    /// `Sql` when the lock cannot be taken.
    pub async fn lock_shared(&mut self, name: &str) -> Result<()> {
        if let Inner::Postgres(_) = self.inner {
            let sql = "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))) AS locked";
            self.one(sql, crate::params![name], |row| row.get::<i64>(0)).await?;
        }
        Ok(())
    }

    /// Runs `effect` once this transaction is durable, even if its caller has gone away by then;
    /// not at all if it is rolled back. Must not block.
    pub fn after_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(effect));
    }

    /// Runs `effect` if it cannot be told whether this transaction is durable: the connection was lost while
    /// PostgreSQL committed it, and its caller is told that it has failed. Must not block.
    pub fn in_doubt(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.in_doubt.push(Box::new(effect));
    }

    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        match &mut self.inner {
            Inner::Lite(connection) => connection.execute_batch(sql).map_err(|e| lite_error(sql, &e)),
            Inner::Postgres(postgres) => {
                let opened = for_postgres(sql);
                postgres.begun(postgres.client.batch_execute(&opened)).await.map_err(|e| pg_error(sql, &e))
            }
        }
    }

    fn noting<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome {
            self.failed.get_or_insert_with(|| error.clone());
        }
        outcome
    }
}

/// PostgreSQL keeps no text with the character U+0000, so neither database does: what is accepted must not depend on it.
fn storable(params: &[Param<'_>]) -> Result<()> {
    let holds_nul = |param: &Param<'_>| matches!(param, Param::Text(text) if text.as_bytes().contains(&0));
    match params.iter().any(holds_nul) {
        true => Err(Error::Invalid("a text must not contain the character U+0000".to_owned())),
        false => Ok(()),
    }
}

fn all_storable(rows: &[Vec<Param<'_>>]) -> Result<()> {
    rows.iter().try_for_each(|row| storable(row))
}

impl PostgresTx {
    /// Runs a statement once for all rows, with an array of each of their values, in the order of their first where it is
    /// to be searched.
    async fn together(&mut self, bulk: Bulk, rows: &[Vec<Param<'_>>]) -> Result<Vec<tokio_postgres::Row>> {
        let sql = bulk.together;
        let statement = self.prepare(sql).await?;
        let mut rows: Vec<&Vec<Param<'_>>> = rows.iter().collect();
        if bulk.is_searched {
            rows.sort_by(|one, other| match (&one[0], &other[0]) {
                (Param::Text(one), Param::Text(other)) => one.cmp(other),
                _ => Ordering::Equal,
            });
        }
        let columns: Vec<Vec<&Param<'_>>> =
            (0..rows[0].len()).map(|column| rows.iter().map(|row| &row[column]).collect()).collect();
        let params: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        self.begun(self.client.query(&statement, &params)).await.map_err(|e| pg_error(sql, &e))
    }

    async fn change(&mut self, bulk: Bulk, rows: &[Vec<Param<'_>>]) -> Result<Vec<bool>> {
        let changed = self.together(bulk, rows).await?;
        let changed: HashSet<&str> = changed.iter().map(|row| row.get(0)).collect();
        Ok(rows.iter().map(|row| matches!(&row[0], Param::Text(name) if changed.contains(name.as_ref()))).collect())
    }
}

impl Inner {
    async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        match self {
            Self::Lite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(|e| lite_error(sql, &e))?;
                bind(&mut statement, params).map_err(|e| lite_error(sql, &e))?;
                statement.raw_execute().map(|changed| changed as u64).map_err(|e| lite_error(sql, &e))
            }
            Self::Postgres(postgres) => {
                let statement = postgres.prepare(sql).await?;
                postgres.begun(postgres.client.execute_raw(&statement, params)).await.map_err(|e| pg_error(sql, &e))
            }
        }
    }

    async fn execute_many(&mut self, sql: &'static str, rows: &[Vec<Param<'_>>]) -> Result<Vec<u64>> {
        match self {
            Self::Lite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(|e| lite_error(sql, &e))?;
                let mut execute = |row: &Vec<Param<'_>>| {
                    bind(&mut statement, row)?;
                    statement.raw_execute().map(|changed| changed as u64)
                };
                rows.iter().map(&mut execute).collect::<rusqlite::Result<_>>().map_err(|e| lite_error(sql, &e))
            }
            Self::Postgres(postgres) => {
                let statement = postgres.prepare(sql).await?;
                let client = &postgres.client;
                // Polled together they are written together: one round trip for all rows.
                let all = join_all(rows.iter().map(|row| client.execute_raw(&statement, row))).map(Ok);
                let answers = postgres.begun(all).await.map_err(|e| pg_error(sql, &e))?;
                answers.into_iter().map(|answer| answer.map_err(|e| pg_error(sql, &e))).collect()
            }
        }
    }

    async fn query_many<T>(
        &mut self,
        sql: &'static str,
        rows: &[Vec<Param<'_>>],
        mut read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for row in rows {
            found.append(&mut self.query(sql, row, usize::MAX, &mut read).await?);
        }
        Ok(found)
    }

    async fn query<T>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        limit: usize,
        mut read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        match self {
            Self::Lite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(|e| lite_error(sql, &e))?;
                bind(&mut statement, params).map_err(|e| lite_error(sql, &e))?;
                let mut rows = statement.raw_query();
                let mut found = Vec::new();
                while found.len() < limit
                    && let Some(row) = rows.next().map_err(|e| lite_error(sql, &e))?
                {
                    found.push(read(&Row::Lite(row))?);
                }
                Ok(found)
            }
            Self::Postgres(postgres) => {
                let statement = postgres.prepare(sql).await?;
                let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
                let rows =
                    postgres.begun(postgres.client.query(&statement, &params)).await.map_err(|e| pg_error(sql, &e))?;
                rows.iter().take(limit).map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }
}

impl Inner {
    /// Rows until `read` has no more to say, which tells that there are more.
    async fn query_until<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<Option<T>> + Send,
    ) -> Result<(Vec<T>, bool)> {
        let mut found = Vec::new();
        match self {
            Self::Lite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(|e| lite_error(sql, &e))?;
                bind(&mut statement, params).map_err(|e| lite_error(sql, &e))?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next().map_err(|e| lite_error(sql, &e))? {
                    let Some(row) = read(&Row::Lite(row))? else { return Ok((found, true)) };
                    found.push(row);
                }
            }
            Self::Postgres(postgres) => {
                let statement = postgres.prepare(sql).await?;
                let params = params.iter().map(|p| p as &(dyn ToSql + Sync));
                let rows = postgres.begun(postgres.client.query_raw(&statement, params)).await;
                let mut rows = std::pin::pin!(rows.map_err(|e| pg_error(sql, &e))?);
                while let Some(row) = rows.try_next().await.map_err(|e| pg_error(sql, &e))? {
                    let Some(row) = read(&Row::Postgres(&row))? else { return Ok((found, true)) };
                    found.push(row);
                }
            }
        }
        Ok((found, false))
    }
}

/// Binds by number. SQLite takes `$2` for a name and would count by first appearance.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Param<'_>]) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name[1..].parse::<usize>().ok()).unwrap_or(index);
        let param = params.get(number - 1).ok_or(rusqlite::Error::InvalidParameterCount(params.len(), number))?;
        statement.raw_bind_parameter(index, param)?;
    }
    Ok(())
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx")
    }
}
