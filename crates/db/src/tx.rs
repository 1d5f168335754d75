//! A transaction, with the same calls on both databases.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::Hash;

use campanile_base::Cache;
use futures_util::future::join_all;
use futures_util::{FutureExt as _, TryStreamExt as _};
use tokio_postgres::types::ToSql;

use crate::driver_error::{lite_error, pg_error};
use crate::session::{Session, for_postgres};
use crate::{Error, Param, Result, Row};

/// An open transaction, or a read. Obtained from [`crate::Db::write`] and [`crate::Db::read`].
///
/// After a failed statement, the transaction is never committed, even if its body succeeds.
pub struct Tx {
    pub(crate) inner: Inner,
    pub(crate) after_commit: Vec<Box<dyn FnOnce() + Send>>,
    pub(crate) in_doubt: Vec<Box<dyn FnOnce() + Send>>,
    pub(crate) failed: Option<Error>,
    /// Flags of a group commit: a change found no database or no room; a change is to be committed.
    pub(crate) is_refused: bool,
    pub(crate) has_kept: bool,
}

/// A statement about many rows, in the fastest form for each database.
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    /// The statement for one row, with its values as parameters.
    pub each: &'static str,
    /// The statement for all rows on PostgreSQL, with one array per value. A change must return the
    /// first value of each row that it changed.
    pub together: &'static str,
    /// True if the statement searches the array of the first values. That array is then sorted.
    /// Otherwise the rows keep their order: of two rows that exclude each other, the first is
    /// stored, on both databases.
    pub is_searched: bool,
}

/// The text of a query.
#[derive(Clone, Copy)]
pub(crate) enum Text<'s> {
    /// One of the program's. Connections keep it prepared.
    Fixed(&'static str),
    /// A [`Select`](crate::Select). There are too many to be kept on PostgreSQL: it is parsed and
    /// planned each time, for its values. SQLite keeps those that were used last.
    Composed(&'s str),
}

impl<'s> Text<'s> {
    fn as_str(self) -> &'s str {
        match self {
            Self::Fixed(sql) => sql,
            Self::Composed(sql) => sql,
        }
    }
}

/// Reads a row. Returns `false` to stop.
type TakeRow<'t> = &'t mut (dyn FnMut(&Row<'_>) -> Result<bool> + Send);

pub(crate) enum Inner {
    Lite(rusqlite::Connection),
    Postgres(Session),
}

impl Tx {
    pub(crate) fn new(inner: Inner) -> Self {
        let (after_commit, in_doubt) = (Vec::new(), Vec::new());
        Self { inner, after_commit, in_doubt, failed: None, is_refused: false, has_kept: false }
    }

    /// Runs a statement. Returns the number of changed rows.
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

    /// Runs a statement once for each of `rows`, in order. Returns the number of changed rows for
    /// each. On PostgreSQL, all of them are sent at once, in one round trip.
    ///
    /// # Errors
    /// `Sql` for the first statement that fails.
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

    /// Changes many rows, each identified by the first of its parameters. Returns `true` for each
    /// changed row.
    ///
    /// # Errors
    /// `Sql` when the statement fails.
    pub async fn change(&mut self, bulk: Bulk, rows: &[Vec<Param<'_>>]) -> Result<Vec<bool>> {
        if let Err(error) = all_storable(rows) {
            return self.noting(Err(error));
        }
        let changed = match &mut self.inner {
            // A single row is faster with its own statement.
            Inner::Postgres(postgres) if rows.len() > 1 => postgres.change(bulk, rows).await,
            _ if rows.is_empty() => Ok(Vec::new()),
            inner => inner.execute_many(bulk.each, rows).await.map(|all| all.into_iter().map(|n| n == 1).collect()),
        };
        self.noting(changed)
    }

    /// The results of a query for many rows, each read by `read`. The order between those rows is
    /// undefined.
    ///
    /// # Errors
    /// `Sql` when the statement fails, or the error of `read`.
    pub async fn gather<T: Send>(
        &mut self,
        bulk: Bulk,
        rows: &[Vec<Param<'_>>],
        mut read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut take = |row: &Row<'_>| read(row).map(|row| found.push(row)).map(|()| true);
        self.query_many(bulk, rows, &mut take).await?;
        Ok(found)
    }

    /// All rows of a query, each read by `read`.
    ///
    /// # Errors
    /// `Sql` when the statement fails, or the error of `read`.
    pub async fn all<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        self.all_of(Text::Fixed(sql), params, read).await
    }

    pub(crate) async fn all_of<T: Send>(
        &mut self,
        sql: Text<'_>,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut take = |row: &Row<'_>| read(row).map(|row| found.push(row)).map(|()| true);
        self.query(sql, params, &mut take).await?;
        Ok(found)
    }

    /// The rows of a query, up to this many bytes in total, and `true` if there are more. `read`
    /// returns the bytes of a row. The first row is included even if it is larger.
    ///
    /// # Errors
    /// `Sql` when the statement fails, or the error of `read`.
    pub async fn within<T: Send>(
        &mut self,
        bytes: usize,
        sql: &'static str,
        params: &[Param<'_>],
        read: impl FnMut(&Row<'_>) -> Result<(T, usize)> + Send,
    ) -> Result<(Vec<T>, bool)> {
        self.within_of(bytes, Text::Fixed(sql), params, read).await
    }

    pub(crate) async fn within_of<T: Send>(
        &mut self,
        bytes: usize,
        sql: Text<'_>,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<(T, usize)> + Send,
    ) -> Result<(Vec<T>, bool)> {
        let (mut found, mut left, mut has_more) = (Vec::new(), Some(bytes), false);
        let mut take = |row: &Row<'_>| {
            // The first row that exceeds the limit is the last one fetched.
            has_more = left.is_none();
            if !has_more {
                let (row, size) = read(row)?;
                found.push(row);
                left = left.and_then(|left| left.checked_sub(size)).filter(|left| *left > 0);
            }
            Ok(!has_more)
        };
        self.stream(sql, params, &mut take).await?;
        Ok((found, has_more))
    }

    /// The first row of a query, if there is one.
    ///
    /// # Errors
    /// `Sql` when the statement fails, or the error of `read`.
    pub async fn first<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        self.first_of(Text::Fixed(sql), params, read).await
    }

    pub(crate) async fn first_of<T: Send>(
        &mut self,
        sql: Text<'_>,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        let mut found = None;
        let mut take = |row: &Row<'_>| read(row).map(|row| found = Some(row)).map(|()| false);
        self.query(sql, params, &mut take).await?;
        Ok(found)
    }

    /// The single row of a query.
    ///
    /// # Errors
    /// `NoRow` when there is none.
    pub async fn one<T: Send>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<T> {
        self.first(sql, params, read).await?.ok_or_else(|| Error::no_row(sql))
    }

    /// Takes an exclusive lock on `name` until the transaction ends. SQLite has only one writer
    /// anyway. PostgreSQL takes an advisory lock.
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

    /// Takes a shared lock on `name`: several transactions can hold it together. [`Tx::lock`] waits
    /// for all of them.
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

    /// Runs `effect` when this transaction is durable, even if its caller is gone by then. It does
    /// not run after a rollback. It must not block.
    pub fn after_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(effect));
    }

    /// Runs `effect` if it is unknown whether this transaction is durable: the connection was lost
    /// while PostgreSQL committed. The caller gets an error in this case. `effect` must not block.
    pub fn in_doubt(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.in_doubt.push(Box::new(effect));
    }

    /// Drops the entry of `key` from a cache once the transaction is committed.
    pub fn forgets<K, V>(&mut self, cache: &Cache<K, V>, key: K)
    where
        K: Eq + Hash + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let cache = cache.clone();
        self.after_commit(move || cache.remove(&key));
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

    /// Passes the rows of a query to `take` until it returns `false`. PostgreSQL sends all rows
    /// first.
    async fn query(&mut self, sql: Text<'_>, params: &[Param<'_>], take: TakeRow<'_>) -> Result<()> {
        let done = match storable(params) {
            Ok(()) => self.inner.query(sql, params, take).await.map_err(|error| error.of_statement(sql.as_str())),
            Err(error) => Err(error),
        };
        self.noting(done)
    }

    /// Like `query`, for rows that may be large: it stops fetching when `take` returns `false`.
    async fn stream(&mut self, sql: Text<'_>, params: &[Param<'_>], take: TakeRow<'_>) -> Result<()> {
        let done = match storable(params) {
            Ok(()) => self.inner.stream(sql, params, take).await.map_err(|error| error.of_statement(sql.as_str())),
            Err(error) => Err(error),
        };
        self.noting(done)
    }

    async fn query_many(&mut self, bulk: Bulk, rows: &[Vec<Param<'_>>], take: TakeRow<'_>) -> Result<()> {
        let done = match all_storable(rows) {
            Ok(()) => self.inner.query_many(bulk, rows, take).await.map_err(|error| error.of_statement(bulk.each)),
            Err(error) => Err(error),
        };
        self.noting(done)
    }

    fn noting<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome {
            self.failed.get_or_insert_with(|| error.clone());
        }
        outcome
    }
}

/// Checks that no text has the character U+0000. PostgreSQL cannot store it, so SQLite must reject
/// it too.
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

impl Session {
    /// Runs a statement once for all rows, with one array per value. The rows are sorted by their
    /// first value if the statement searches it.
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
                // Futures that are polled together are sent together: one round trip for all rows.
                let all = join_all(rows.iter().map(|row| client.execute_raw(&statement, row))).map(Ok);
                let answers = postgres.begun(all).await.map_err(|e| pg_error(sql, &e))?;
                answers.into_iter().map(|answer| answer.map_err(|e| pg_error(sql, &e))).collect()
            }
        }
    }

    async fn query_many(&mut self, bulk: Bulk, rows: &[Vec<Param<'_>>], take: TakeRow<'_>) -> Result<()> {
        match self {
            // A single row is faster with its own statement.
            Self::Postgres(postgres) if rows.len() > 1 => {
                let found = postgres.together(bulk, rows).await?;
                take_each(&found, take)
            }
            inner => {
                for row in rows {
                    inner.query(Text::Fixed(bulk.each), row, take).await?;
                }
                Ok(())
            }
        }
    }

    async fn query(&mut self, sql: Text<'_>, params: &[Param<'_>], take: TakeRow<'_>) -> Result<()> {
        match self {
            Self::Lite(connection) => query_lite(connection, sql.as_str(), params, take),
            Self::Postgres(postgres) => {
                let rows = match sql {
                    Text::Fixed(sql) => {
                        let statement = postgres.prepare(sql).await?;
                        let params: Vec<_> = params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
                        postgres.begun(postgres.client.query(&statement, &params)).await
                    }
                    Text::Composed(sql) => {
                        let typed: Vec<_> =
                            params.iter().map(|p| (p as &(dyn ToSql + Sync), p.postgres_type())).collect();
                        postgres.begun(postgres.client.query_typed(&for_postgres(sql), &typed)).await
                    }
                };
                take_each(&rows.map_err(|e| pg_error(sql.as_str(), &e))?, take)
            }
        }
    }

    async fn stream(&mut self, sql: Text<'_>, params: &[Param<'_>], take: TakeRow<'_>) -> Result<()> {
        match self {
            Self::Lite(connection) => query_lite(connection, sql.as_str(), params, take),
            Self::Postgres(postgres) => {
                let rows = match sql {
                    Text::Fixed(sql) => {
                        let statement = postgres.prepare(sql).await?;
                        let params = params.iter().map(|p| p as &(dyn ToSql + Sync));
                        postgres.begun(postgres.client.query_raw(&statement, params)).await
                    }
                    Text::Composed(sql) => {
                        let typed = params.iter().map(|p| (p as &(dyn ToSql + Sync), p.postgres_type()));
                        postgres.begun(postgres.client.query_typed_raw(&for_postgres(sql), typed)).await
                    }
                };
                let mut rows = std::pin::pin!(rows.map_err(|e| pg_error(sql.as_str(), &e))?);
                while let Some(row) = rows.try_next().await.map_err(|e| pg_error(sql.as_str(), &e))?
                    && take(&Row::Postgres(&row))?
                {}
                Ok(())
            }
        }
    }
}

fn query_lite(connection: &rusqlite::Connection, sql: &str, params: &[Param<'_>], take: TakeRow<'_>) -> Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(|e| lite_error(sql, &e))?;
    bind(&mut statement, params).map_err(|e| lite_error(sql, &e))?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(|e| lite_error(sql, &e))?
        && take(&Row::Lite(row))?
    {}
    Ok(())
}

fn take_each(rows: &[tokio_postgres::Row], take: TakeRow<'_>) -> Result<()> {
    for row in rows {
        if !take(&Row::Postgres(row))? {
            break;
        }
    }
    Ok(())
}

/// Binds parameters by number. SQLite treats `$2` as a name, and would count by first appearance.
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
