//! Runs one SQL text on SQLite or PostgreSQL, in transactions and in group commits.
//!
//! # The story
//! A [`Db`] is either an embedded SQLite file or a PostgreSQL server; callers cannot tell which.
//! A change is a closure over a [`Tx`], given to [`Db::write`]:
//!
//! * On SQLite it travels to the one writer thread. The thread opens a transaction, runs every
//!   closure that is waiting, each within a savepoint, commits once for all of them, and only
//!   then acknowledges each. So a commit's fsync is shared by whoever queued during the last one,
//!   and a closure that fails is rolled back alone. Whoever has taken least of the writer's time lately is
//!   next ([`on_behalf_of`]).
//! * On PostgreSQL it runs in a transaction of its own, on a pooled connection and in a task of
//!   its own: a caller that goes away does not leave half a transaction behind.
//!
//! Hot writes go through a [`Lane`], which gathers typed changes while the previous commit is
//! under way and applies them with few, pipelined statements on PostgreSQL too.
//!
//! Reads ([`Db::read`]) use read-only connections in place on SQLite, and on PostgreSQL single
//! statements outside a transaction.
//!
//! # The dialect
//! `$1` parameters, `ON CONFLICT`, `RETURNING`, row values, partial indexes. Times are `BIGINT`
//! microseconds, ids and JSON `TEXT`, bytes `BYTEA`, booleans `BOOLEAN`. What PostgreSQL alone
//! needs stands in a comment that only it reads: `/*pg: FOR UPDATE SKIP LOCKED */`.
//!
//! # What fails how
//! A database that cannot be reached, or has no room, is [`Error::Unavailable`]; everything else that SQL can do
//! wrong is [`Error::Sql`]. A text with the character U+0000 is [`Error::Invalid`] on both databases, before it is
//! sent. What fails within a closure keeps its kind ([`Error::Operation`]). A panic within a closure is caught and
//! rolled back like an error.

mod bell;
mod checkpoints;
mod error;
mod lane;
mod lite;
mod migrate;
mod postgres;
mod queue;
mod range;
mod sizes;
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
pub use error::{DATABASE, Error, Result};
pub use futures_util::future::BoxFuture;
pub use lane::{Apply, Lane};
pub use migrate::Migrations;
pub use queue::on_behalf_of;
pub use range::{END, Found, Range};
pub use sweep::Sweep;
pub use tx::{Bulk, Tx};
pub use value::{FromColumn, Param, Row};

/// A database. Cheap to clone; closes when the last clone is dropped.
#[derive(Clone)]
pub struct Db(Arc<Backend>, Arc<turns::Turns>);

enum Backend {
    Lite(lite::Lite),
    Postgres(Box<postgres::Postgres>),
}

/// Which of the two databases this is; for the log and for `skip what only one needs`.
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
    /// When the file cannot be opened, or is open in another process.
    pub fn open_sqlite(path: &Path) -> Result<Self> {
        let turns = turns::Turns::of(turns::processors());
        Ok(Self(Arc::new(Backend::Lite(lite::Lite::open(path)?)), Arc::new(turns)))
    }

    /// Connects to PostgreSQL at `url` (`postgres://user:password@host/database?sslmode=…`).
    ///
    /// # Errors
    /// When the URL is not one, or the server does not answer.
    pub async fn connect_postgres(url: &str) -> Result<Self> {
        let turns = turns::Turns::of(postgres::CONNECTIONS / 2);
        let postgres = Box::new(postgres::Postgres::connect(url).await?);
        Ok(Self(Arc::new(Backend::Postgres(postgres)), Arc::new(turns)))
    }

    /// Which database this is.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Backend::Lite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs `body` in a transaction and returns once it is durable. An error of the body rolls
    /// back what it did. The body awaits nothing but the [`Tx`].
    ///
    /// # Errors
    /// The body's own, or that the commit failed; then nothing was written.
    pub async fn write<R, E, F>(&self, body: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
    {
        match &*self.0 {
            Backend::Lite(lite) => lite.write(body).await,
            Backend::Postgres(postgres) => postgres.write(body).await,
        }
    }

    /// Runs `body`, which only reads. On PostgreSQL each statement sees its own moment; a body
    /// that needs one moment for all of them belongs in [`Db::write`].
    ///
    /// # Errors
    /// The body's own, or that no connection is to be had.
    pub async fn read<R, E, F>(&self, body: F) -> Result<R, E>
    where
        E: From<Error>,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>>,
    {
        match &*self.0 {
            Backend::Lite(lite) => lite.read(body).await,
            Backend::Postgres(postgres) => postgres.read(body).await,
        }
    }

    /// Like [`Db::read`], for what may take a while: a tenant has fewer such reads at a time than there are readers, so the others
    /// need not wait for them; and the embedded database is read on a thread of its own, not on one that serves.
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
        // The turn ends with the read, even where nobody waits for it any more.
        let read = tokio::task::spawn_blocking(move || {
            let (_turn, read) = (turn, db.read(body).now_or_never());
            read.ok_or_else(|| Error::Panic("a read of the embedded database had to wait".into()))
        });
        read.await.map_err(|error| Error::Panic(error.to_string()))??
    }

    /// A bell that other processes on this database can ring. `channel` is a plain word.
    pub fn bell(&self, channel: &'static str) -> Bell {
        match &*self.0 {
            Backend::Lite(_) => Bell::silent(),
            Backend::Postgres(postgres) => postgres.bell(channel),
        }
    }

    /// Rings the bell of the others on this database, and one's own.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ring(&self, channel: &'static str) -> Result<()> {
        match &*self.0 {
            Backend::Lite(_) => Ok(()),
            Backend::Postgres(postgres) => postgres.ring(channel).await,
        }
    }

    /// Whether changes can be stored: an error from the last one that could not be, until another succeeds.
    ///
    /// # Errors
    /// `Unavailable`, with what the last change was refused with.
    pub fn writable(&self) -> Result<()> {
        match &*self.0 {
            Backend::Lite(lite) => lite.writable.check(),
            Backend::Postgres(postgres) => postgres.writable.check(),
        }
    }

    /// Gives up to `pages` unused pages of the embedded database's file back to the disk; answers how many are left. A file
    /// from before files gave space back keeps its size, and can be made anew with [`compact_sqlite`]. PostgreSQL does this
    /// by itself.
    ///
    /// # Errors
    /// `Unavailable` or `Sql`.
    pub async fn give_back(&self, pages: u32) -> Result<u64> {
        match &*self.0 {
            Backend::Lite(lite) => lite.give_back(pages).await,
            Backend::Postgres(_) => Ok(0),
        }
    }

    /// Whether the database answers, within a second.
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

/// Makes the embedded database's file anew, as small as it can be; from then on it gives space back by itself. Nobody else
/// may have it open. Needs as much free disk as the file has content. Answers its sizes before and after, in bytes.
///
/// # Errors
/// `Unavailable` when it is open elsewhere, or there is no room.
pub fn compact_sqlite(path: &Path) -> Result<(u64, u64)> {
    lite::compact(path)
}

/// Looks for damage in the embedded database's file: all of its pages are read. Nobody else may have it open.
///
/// # Errors
/// `Unavailable` when it cannot be read; `Sql` with the first damages.
pub fn check_sqlite(path: &Path) -> Result<()> {
    lite::check(path)
}

/// The parameters of a statement, in the order of `$1`, `$2`, ….
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Param::from($value)),*] };
}

/// One row of parameters for [`Tx::execute_many`]: owned, so that it can be gathered.
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$($crate::Param::from($value)),*] };
}
