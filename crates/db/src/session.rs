//! A PostgreSQL connection for one transaction, or for one read.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Object;
use futures_util::future::join;
use tokio_postgres::Statement;

use crate::Result;
use crate::driver_error::pg_error;

pub(crate) struct Session {
    pub(crate) client: Object,
    /// True if this is a transaction that has not begun yet.
    begins: AtomicBool,
}

impl Session {
    /// For independent statements without a transaction.
    pub(crate) fn reading(client: Object) -> Self {
        Self { client, begins: AtomicBool::new(false) }
    }

    /// For a transaction, which begins with its first statement.
    pub(crate) fn transaction(client: Object) -> Self {
        Self { client, begins: AtomicBool::new(true) }
    }

    /// Awaits a statement. The first statement of a transaction is sent together with BEGIN, in one
    /// round trip.
    pub(crate) async fn begun<T>(
        &self,
        statement: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> std::result::Result<T, tokio_postgres::Error> {
        if !self.begins.swap(false, Ordering::Relaxed) {
            return statement.await;
        }
        let (begun, answer) = join(self.client.batch_execute("BEGIN"), statement).await;
        begun.and(answer)
    }

    /// Ends the transaction, if it has begun.
    pub(crate) async fn end(&self, how: &str) -> Result<()> {
        match self.begins.load(Ordering::Relaxed) {
            true => Ok(()),
            false => self.client.batch_execute(how).await.map_err(|e| pg_error(how, &e)),
        }
    }

    /// Prepares a statement, or finds it prepared already.
    pub(crate) async fn prepare(&mut self, sql: &'static str) -> Result<Statement> {
        self.client.prepare_cached(&for_postgres(sql)).await.map_err(|e| pg_error(sql, &e))
    }
}

/// Removes the comment marks around SQL that is for PostgreSQL only.
pub(crate) fn for_postgres(sql: &str) -> Cow<'_, str> {
    const MARK: &str = "/*pg:";
    if !sql.contains(MARK) {
        return Cow::Borrowed(sql);
    }
    let mut opened = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once(MARK) {
        let (inside, after) = after.split_once("*/").expect("a comment for PostgreSQL ends");
        opened.push_str(before);
        opened.push_str(inside);
        rest = after;
    }
    opened.push_str(rest);
    Cow::Owned(opened)
}
