//! PostgreSQL: pooled connections, a transaction per change, single statements for reads.

use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::FutureExt as _;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;

use crate::change::Change;
use crate::driver_error::{panic_text, pg_error};
use crate::session::Session;
use crate::tx::{Inner, Tx};
use crate::writable::Writable;
use crate::{Bell, Error, Result};

/// The connections per node. On the machines that we measured, more connections did not commit
/// more; changes only waited in the server instead of here.
pub(crate) const CONNECTIONS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(10);
/// The interval of retries while the server allows no further connection.
const LOOK: Duration = Duration::from_millis(10);

pub(crate) struct Postgres {
    pool: Pool,
    config: tokio_postgres::Config,
    /// Held by the one caller that retries while the server allows no further connection. The
    /// others wait for it.
    turn: tokio::sync::Mutex<()>,
    pub(crate) writable: Arc<Writable>,
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

    pub(crate) async fn write(&self, change: Change) -> Result<()> {
        let client = self.connection().await?;
        let writable = self.writable.clone();
        let task = tokio::spawn(async move {
            let mut tx = Tx::new(Inner::Postgres(Session::transaction(client)));
            let outcome = in_transaction(&mut tx, change).await;
            match (&outcome, &tx.failed) {
                (Ok(true), _) => writable.succeeded(),
                (_, Some(Error::Unavailable(why))) => writable.failed(why),
                _ => {}
            }
            match outcome {
                Ok(true) => std::mem::take(&mut tx.after_commit).into_iter().for_each(|effect| effect()),
                _ => forget_unless_idle(tx).await,
            }
            outcome.map(drop)
        });
        task.await.map_err(|e| Error::Panic(e.to_string()))?
    }

    pub(crate) async fn reader(&self) -> Result<Tx> {
        let client = self.connection().await?;
        Ok(Tx::new(Inner::Postgres(Session::reading(client))))
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

    /// A connection of the pool. While the server allows no further one, it waits for one that is
    /// open.
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

/// The error "no connection", with all its causes.
fn away(error: &PoolError) -> Error {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    // Some causes are already part of the text. They are not repeated.
    let said = causes.fold(error.to_string(), |said, cause| match cause.to_string() {
        cause if said.contains(&cause) => said,
        cause => format!("{said}: {cause}"),
    });
    Error::Unavailable(said)
}

/// True if the server rejects the user or the database name. Waiting does not help then.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    let class = error.code().and_then(|code| code.code().get(..2));
    matches!(class, Some("28" | "3D"))
}

/// True if the server has as many connections as it allows (`too_many_connections`).
fn is_at_limit(error: &PoolError) -> bool {
    matches!(error, PoolError::Backend(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS))
}

/// Sets plan options for a connection. Every statement here reads few rows through an index, in its
/// order. If a statement needs an option that is off, its estimated cost is so high that PostgreSQL
/// would compile it, which takes a quarter of a second. So `jit` is off, too.
async fn plan_for_few_rows(client: &mut ClientWrapper) -> std::result::Result<(), HookError> {
    let settings = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;
        SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off";
    client.batch_execute(settings).await.map_err(HookError::Backend)
}

/// Discards the plans of a connection at times. PostgreSQL keeps plans per connection, and plans
/// from when the tables were small scan whole tables. So plans are discarded after two uses,
/// four, eight, and so on.
async fn plan_anew_at_times(client: &mut ClientWrapper, uses: usize) -> std::result::Result<(), HookError> {
    match uses.is_power_of_two() {
        true => client.batch_execute("DISCARD PLANS").await.map_err(HookError::Backend),
        false => Ok(()),
    }
}

/// Runs a change and ends its transaction. Returns `true` if it was committed.
async fn in_transaction(tx: &mut Tx, change: Change) -> Result<bool> {
    let outcome = AssertUnwindSafe(async { change(tx).await }).catch_unwind().await;
    let outcome = outcome.map_err(|panic| Error::Panic(panic_text(&*panic)));
    // PostgreSQL answers a COMMIT after a failed statement with a silent rollback.
    match (outcome, tx.failed.clone()) {
        (Ok(true), None) => {
            if let Err(error) = end(tx, "COMMIT").await {
                tx.failed = Some(error.clone());
                std::mem::take(&mut tx.in_doubt).into_iter().for_each(|effect| effect());
                return Err(error);
            }
            Ok(true)
        }
        (Ok(true), Some(error)) => end(tx, "ROLLBACK").await.and(Err(error)),
        (outcome, _) => end(tx, "ROLLBACK").await.and(outcome),
    }
}

async fn end(tx: &mut Tx, how: &str) -> Result<()> {
    match &mut tx.inner {
        Inner::Postgres(postgres) => postgres.end(how).await,
        Inner::Lite(_) => unreachable!("the other database ends its transactions by itself"),
    }
}

/// Keeps a connection that may still be inside a transaction out of the pool.
async fn forget_unless_idle(mut tx: Tx) {
    let idle = end(&mut tx, "ROLLBACK").await.is_ok();
    if let (false, Inner::Postgres(postgres)) = (idle, tx.inner) {
        drop(Object::take(postgres.client));
    }
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
