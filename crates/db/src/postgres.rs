//! PostgreSQL: pooled connections, a transaction per change, single statements for reads.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join};
use tokio_postgres::Statement;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;

use crate::lite::panic_text;
use crate::tx::{Inner, Tx};
use crate::writable::Writable;
use crate::{Bell, Error, Result};

/// Connections per node. More do not commit more on the machines we measured; they only wait in
/// the server instead of here.
pub(crate) const CONNECTIONS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked for a free connection while the server allows no further one.
const LOOK: Duration = Duration::from_millis(10);

pub(crate) struct Postgres {
    pool: Pool,
    config: tokio_postgres::Config,
    /// Held by the one who looks for a connection while the server allows no further one; the others wait for their turn.
    turn: tokio::sync::Mutex<()>,
    pub(crate) writable: Arc<Writable>,
}

pub(crate) struct PostgresTx {
    pub(crate) client: Object,
    /// Whether this is a transaction that has yet to begin.
    begins: AtomicBool,
}

impl Postgres {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let config = tokio_postgres::Config::from_str(url)
            .map_err(|e| Error::Invalid(format!("the database URL cannot be read: {e}")))?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if config.get_ssl_mode() == SslMode::Disable {
            Manager::from_config(config.clone(), tokio_postgres::NoTls, recycling)
        } else {
            Manager::from_config(config.clone(), tls(), recycling)
        };
        let timeouts = Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .timeouts(timeouts)
            .post_create(Hook::async_fn(|client, _| Box::pin(plan_for_few_rows(client))))
            .post_recycle(Hook::async_fn(|client, used| Box::pin(plan_anew_at_times(client, used.recycle_count))))
            .build()
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        let postgres = Self { pool, config, turn: tokio::sync::Mutex::default(), writable: Arc::default() };
        match postgres.pool.get().await {
            Err(PoolError::Backend(error)) if is_refusal(&error) => Err(pg_error("connecting", &error)),
            _ => postgres.connection().await.map(|_| postgres),
        }
    }

    pub(crate) async fn write<R, E, F>(&self, body: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
    {
        let client = self.connection().await?;
        let writable = self.writable.clone();
        let task = tokio::spawn(async move {
            let mut tx = Tx::new(Inner::Postgres(PostgresTx { client, begins: AtomicBool::new(true) }));
            let outcome = in_transaction(&mut tx, body).await;
            match (&outcome, &tx.failed) {
                (Ok(_), _) => writable.succeeded(),
                (Err(_), Some(Error::Unavailable(why))) => writable.failed(why),
                (Err(_), _) => {}
            }
            match outcome.is_ok() {
                true => std::mem::take(&mut tx.after_commit).into_iter().for_each(|effect| effect()),
                false => forget_unless_idle(tx).await,
            }
            outcome
        });
        task.await.map_err(|e| Error::Panic(e.to_string()))?
    }

    pub(crate) async fn read<R, E, F>(&self, body: F) -> Result<R, E>
    where
        E: From<Error>,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>>,
    {
        let client = self.connection().await?;
        body(&mut Tx::new(Inner::Postgres(PostgresTx { client, begins: AtomicBool::new(false) }))).await
    }

    pub(crate) fn bell(&self, channel: &'static str) -> Bell {
        match self.config.get_ssl_mode() {
            SslMode::Disable => Bell::listen(self.config.clone(), tokio_postgres::NoTls, channel),
            _ => Bell::listen(self.config.clone(), tls(), channel),
        }
    }

    pub(crate) async fn ring(&self, channel: &'static str) -> Result<()> {
        let sql = format!("NOTIFY {channel}");
        self.connection().await?.batch_execute(&sql).await.map_err(|e| pg_error(&sql, &e))
    }

    /// A connection of the pool. While the server allows no further one, those that are open are waited for.
    async fn connection(&self) -> Result<Object> {
        match self.pool.get().await {
            Ok(connection) => Ok(connection),
            Err(error) if is_at_limit(&error) => self.open_connection().await,
            Err(error) => Err(away(&error)),
        }
    }

    async fn open_connection(&self) -> Result<Object> {
        let began = Instant::now();
        let _turn = self.turn.lock().await;
        loop {
            match self.pool.get().await {
                Ok(connection) => return Ok(connection),
                Err(error) if is_at_limit(&error) && began.elapsed() < PATIENCE => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(away(&error)),
            }
        }
    }
}

/// That no connection is to be had, with what led to it.
fn away(error: &PoolError) -> Error {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    // What names its cause itself is not said twice.
    let said = causes.fold(error.to_string(), |said, cause| match cause.to_string() {
        cause if said.contains(&cause) => said,
        cause => format!("{said}: {cause}"),
    });
    Error::Unavailable(said)
}

/// True where the server does not know who connects, or to which database: waiting changes neither.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    let class = error.code().and_then(|code| code.code().get(..2));
    matches!(class, Some("28" | "3D"))
}

/// Whether the server has as many connections as it allows (`too_many_connections`).
fn is_at_limit(error: &PoolError) -> bool {
    matches!(error, PoolError::Backend(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS))
}

/// Every statement here is about few rows that an index finds, in its order. Where one cannot do without what is turned off,
/// it seems so dear that PostgreSQL would compile it, which takes a quarter of a second: so nothing is compiled.
async fn plan_for_few_rows(client: &mut ClientWrapper) -> std::result::Result<(), HookError> {
    let settings = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;
        SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off";
    client.batch_execute(settings).await.map_err(HookError::Backend)
}

/// PostgreSQL keeps the plans of a connection, and those that it made while its tables were small read all of them.
/// So plans are made anew after two uses, four, eight, and so on.
async fn plan_anew_at_times(client: &mut ClientWrapper, uses: usize) -> std::result::Result<(), HookError> {
    match uses.is_power_of_two() {
        true => client.batch_execute("DISCARD PLANS").await.map_err(HookError::Backend),
        false => Ok(()),
    }
}

async fn in_transaction<R, E, F>(tx: &mut Tx, body: F) -> Result<R, E>
where
    E: From<Error>,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>>,
{
    let outcome = AssertUnwindSafe(body(tx)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|panic| Err(Error::Panic(panic_text(&*panic)).into()));
    // PostgreSQL answers a COMMIT after a failed statement with a silent rollback.
    match (outcome, tx.failed.clone()) {
        (Ok(done), None) => {
            if let Err(error) = end(tx, "COMMIT").await {
                tx.failed = Some(error.clone());
                std::mem::take(&mut tx.in_doubt).into_iter().for_each(|effect| effect());
                return Err(error.into());
            }
            Ok(done)
        }
        (Ok(_), Some(error)) => {
            end(tx, "ROLLBACK").await?;
            Err(error.into())
        }
        (Err(error), _) => {
            end(tx, "ROLLBACK").await?;
            Err(error)
        }
    }
}

async fn end(tx: &mut Tx, how: &str) -> Result<()> {
    match &mut tx.inner {
        Inner::Postgres(postgres) => postgres.end(how).await,
        Inner::Lite(_) => unreachable!("the other database ends its transactions by itself"),
    }
}

impl PostgresTx {
    /// Awaits a statement; the first of a transaction takes BEGIN along, in one round trip.
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
    async fn end(&self, how: &str) -> Result<()> {
        match self.begins.load(Ordering::Relaxed) {
            true => Ok(()),
            false => self.client.batch_execute(how).await.map_err(|e| pg_error(how, &e)),
        }
    }

    pub(crate) async fn prepare(&mut self, sql: &'static str) -> Result<Statement> {
        self.client.prepare_cached(&for_postgres(sql)).await.map_err(|e| pg_error(sql, &e))
    }
}

/// Keeps a connection that may still be within a transaction from going back to the pool.
async fn forget_unless_idle(mut tx: Tx) {
    let idle = end(&mut tx, "ROLLBACK").await.is_ok();
    if let (false, Inner::Postgres(postgres)) = (idle, tx.inner) {
        drop(Object::take(postgres.client));
    }
}

/// Opens the comments that are meant for PostgreSQL alone.
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

fn tls() -> tokio_postgres_rustls::MakeRustlsConnect {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the default versions suit the default provider")
        .with_root_certificates(roots)
        .with_no_client_auth();
    tokio_postgres_rustls::MakeRustlsConnect::new(config)
}

/// 57P01 to 57P03: the server is shutting down, crashed or is starting up; 53: it has no room on its disk, no memory, no
/// connection left; 08: the connection broke.
fn is_away(code: &str) -> bool {
    code.starts_with("57P") || code.starts_with("53") || code.starts_with("08")
}

pub(crate) fn pg_error(sql: &str, error: &tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(db) if is_away(db.code().code()) => Error::Unavailable(db.message().to_owned()),
        Some(db) => Error::sql(sql, db.code().code(), db.message()),
        None if error.is_closed() => Error::Unavailable(error.to_string()),
        None => match std::error::Error::source(error) {
            Some(cause) if cause.is::<std::io::Error>() => Error::Unavailable(format!("{error}: {cause}")),
            Some(cause) => Error::sql(sql, "", format!("{error}: {cause}")),
            None => Error::sql(sql, "", error),
        },
    }
}
