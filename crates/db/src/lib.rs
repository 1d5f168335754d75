//! Runs the same SQL text on SQLite or PostgreSQL, in transactions and in group commits.
//!
//! # Overview
//! A [`Db`] is either an embedded SQLite file or a PostgreSQL server. Both have the same interface.
//! A change is a closure over a [`Tx`], given to [`Db::write`]:
//!
//! * On SQLite, the change goes to the single writer thread. The thread opens a transaction, runs
//!   each waiting closure in a savepoint of its own, and commits once for all of them. Only then it
//!   acknowledges each. So all changes that arrived during the last commit share one fsync. A
//!   closure that fails is rolled back alone. The next change comes from the source that has used
//!   the least writer time lately ([`on_behalf_of`]).
//! * On PostgreSQL, the change runs in a transaction of its own, on a pooled connection and in a
//!   task of its own. So a caller that goes away does not leave half a transaction behind.
//!
//! Frequent writes go through a [`Lane`]. It gathers typed changes while the previous commit is in
//! progress. Then it applies them together with few, pipelined statements, on PostgreSQL too.
//!
//! Reads ([`Db::read`]) run in place on read-only connections on SQLite. On PostgreSQL they are
//! single statements outside a transaction.
//!
//! # The dialect
//! The dialect consists of `$1` parameters, `ON CONFLICT`, `RETURNING`, row values and partial
//! indexes. Times are `BIGINT` microseconds, ids and JSON are `TEXT`, bytes `BYTEA`, booleans
//! `BOOLEAN`. SQL for PostgreSQL only is written in a comment that SQLite ignores:
//! `/*pg: FOR UPDATE SKIP LOCKED */`.
//!
//! A list whose filters depend on the request is a [`Select`]; every other statement is one fixed
//! text.
//!
//! # Errors
//! If the database cannot be reached or has no room, the error is [`Error::Unavailable`]. Other SQL
//! failures are [`Error::Sql`]. A text with the character U+0000 is [`Error::Invalid`] on both
//! databases, before it is sent. An error from inside a closure keeps its kind
//! ([`Error::Operation`]). A panic inside a closure is caught and rolled back like an error.

mod bell;
mod change;
mod checkpoints;
mod columns;
mod driver_error;
mod error;
mod lane;
mod like;
mod lite;
mod migrate;
mod postgres;
mod queue;
mod range;
mod select;
mod session;
mod sizes;
mod stretch;
mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
mod turns;
mod tx;
mod value;
mod wal;
mod writable;

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt as _;

pub use bell::Bell;
#[doc(hidden)]
pub use columns::{insert_all_text, insert_text, update_text};
pub use error::{DATABASE, Error, Result};
pub use futures_util::future::BoxFuture;
pub use lane::{Apply, Lane};
pub use like::{beginning_with, containing};
pub use migrate::Migrations;
pub use queue::on_behalf_of;
pub use range::{END, FilteredRows, Range};
pub use select::Select;
pub use sizes::TableSize;
pub use stretch::Stretch;
pub use sweep::Sweep;
pub use tx::{Bulk, Tx};
pub use value::{FromColumn, Param, Row, json_text, stored_json};

/// A database. Cheap to clone. It closes when the last clone is dropped.
#[derive(Clone)]
pub struct Db(Arc<Backend>, Arc<turns::Turns>);

enum Backend {
    Lite(lite::Lite),
    Postgres(Box<postgres::Postgres>),
}

/// The kind of database; for logs, and for work that only one of them needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

impl Db {
    /// Opens or creates the embedded database at `path`.
    ///
    /// # Errors
    /// When the file cannot be opened, or another process has it open.
    pub fn open_sqlite(path: &Path) -> Result<Self> {
        let turns = turns::Turns::of(turns::processors());
        Ok(Self(Arc::new(Backend::Lite(lite::Lite::open(path)?)), Arc::new(turns)))
    }

    /// Connects to PostgreSQL at `url` (`postgres://user:password@host/database?sslmode=…`).
    ///
    /// # Errors
    /// When the URL is malformed, or the server does not answer.
    pub async fn connect_postgres(url: &str) -> Result<Self> {
        let turns = turns::Turns::of(postgres::CONNECTIONS / 2);
        let postgres = Box::new(postgres::Postgres::connect(url).await?);
        Ok(Self(Arc::new(Backend::Postgres(postgres)), Arc::new(turns)))
    }

    /// The kind of this database.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Backend::Lite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs `body` in a transaction and returns when it is durable. An error of the body rolls its
    /// changes back. The body must await nothing but the [`Tx`].
    ///
    /// # Errors
    /// The body's own error, or a failed commit. In both cases nothing was written.
    pub async fn write<R, E, F>(&self, body: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
    {
        let (change, outcome) = change::Outcome::of(body);
        outcome.after(self.commit(change).await)
    }

    /// Runs a change up to its commit. A change that chose to roll back is not an error.
    fn commit(&self, change: change::Change) -> BoxFuture<'_, Result<()>> {
        match &*self.0 {
            Backend::Lite(lite) => lite.write(change).boxed(),
            Backend::Postgres(postgres) => postgres.write(change).boxed(),
        }
    }

    /// Runs `body`, which only reads. On PostgreSQL, each statement has its own snapshot. A body
    /// that needs one snapshot for all statements belongs in [`Db::write`].
    ///
    /// # Errors
    /// The body's own error, or `Unavailable` when there is no connection.
    pub async fn read<R, E, F>(&self, body: F) -> Result<R, E>
    where
        E: From<Error>,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>>,
    {
        let mut tx = match &*self.0 {
            Backend::Lite(lite) => lite.reader()?,
            Backend::Postgres(postgres) => postgres.reader().await?,
        };
        let reading = body(&mut tx);
        let outcome = match &*self.0 {
            Backend::Lite(_) => reading.now_or_never().ok_or_else(|| Error::Panic(change::WAITED.into()))?,
            Backend::Postgres(_) => reading.await,
        };
        if let Backend::Lite(lite) = &*self.0 {
            lite.keep_reader(tx);
        }
        outcome
    }

    /// Like [`Db::read`], for reads that may take a while. A tenant can have fewer such reads at a
    /// time than there are readers, so other tenants do not wait for them. SQLite is read on a
    /// blocking thread, not on one that serves requests.
    ///
    /// # Errors
    /// Like [`Db::read`].
    pub async fn read_in_turn<R, E, F>(&self, tenant: &str, body: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
    {
        let turn = self.1.of_tenant(tenant).await;
        if let Backend::Postgres(_) = &*self.0 {
            return self.read(body).await;
        }
        let db = self.clone();
        // The turn ends with the read, even if the caller is gone.
        let read = tokio::task::spawn_blocking(move || {
            let (_turn, read) = (turn, db.read(body).now_or_never());
            read.ok_or_else(|| Error::Panic("a read of the embedded database had to wait".into()))
        });
        read.await.map_err(|error| Error::Panic(error.to_string()))??
    }

    /// A bell that other processes on this database can ring. `channel` must be a plain word.
    pub fn bell(&self, channel: &'static str) -> Bell {
        match &*self.0 {
            Backend::Lite(_) => Bell::silent(),
            Backend::Postgres(postgres) => postgres.bell(channel),
        }
    }

    /// Rings the bells of this channel in all processes on this database, including this one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ring(&self, channel: &'static str) -> Result<()> {
        match &*self.0 {
            Backend::Lite(_) => Ok(()),
            Backend::Postgres(postgres) => postgres.ring(channel).await,
        }
    }

    /// Checks that changes can be stored. It returns the error of the last failed change until
    /// another change succeeds.
    ///
    /// # Errors
    /// `Unavailable`, with the reason for the last failure.
    pub fn writable(&self) -> Result<()> {
        match &*self.0 {
            Backend::Lite(lite) => lite.writable.check(),
            Backend::Postgres(postgres) => postgres.writable.check(),
        }
    }

    /// Returns up to `pages` unused pages of the SQLite file to the disk, and returns the number
    /// that are left. A file from before this feature keeps its size; [`compact_sqlite`] rebuilds
    /// it. PostgreSQL does this by itself.
    ///
    /// # Errors
    /// `Unavailable` or `Sql`.
    pub async fn give_back(&self, pages: u32) -> Result<u64> {
        match &*self.0 {
            Backend::Lite(_) => self.write(move |tx| std::future::ready(lite::give_back(tx, pages)).boxed()).await,
            Backend::Postgres(_) => Ok(0),
        }
    }

    /// Checks that the database answers within a second.
    ///
    /// # Errors
    /// `Unavailable` when it does not.
    pub async fn ping(&self) -> Result<()> {
        let answer = self.read(|tx| {
            Box::pin(async move { tx.one("SELECT CAST(1 AS BIGINT)", params![], |row| row.get::<i64>(0)).await })
        });
        match tokio::time::timeout(std::time::Duration::from_secs(1), answer).await {
            Ok(answer) => answer.map(drop),
            Err(_) => Err(Error::Unavailable("the database did not answer within a second".into())),
        }
    }
}

/// Rebuilds the SQLite file in the smallest size. From then on it returns space by itself. No other
/// process may have it open. It needs as much free disk space as the file has content. Returns the
/// sizes before and after, in bytes.
///
/// # Errors
/// `Unavailable` when the file is open elsewhere, or there is no room.
pub fn compact_sqlite(path: &Path) -> Result<(u64, u64)> {
    lite::compact(path)
}

/// Checks the SQLite file for damage by reading all pages. No other process may have it open.
///
/// # Errors
/// `Unavailable` when it cannot be read; `Sql` with the first damages found.
pub fn check_sqlite(path: &Path) -> Result<()> {
    lite::check(path)
}

/// The parameters of a statement, in the order of `$1`, `$2`, ….
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Param::from($value)),*] };
}

/// One row of parameters for [`Tx::execute_many`]. It is owned, so that rows can be gathered.
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$($crate::Param::from($value)),*] };
}
