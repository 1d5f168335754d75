//! SQLite: one writer thread that commits in groups, and a few connections that only read.
//!
//! Its files are their owner's alone, whatever the process's umask: SQLite gives the log the rights of the database, so
//! that is made, or set right, before SQLite opens it.

use std::any::Any;
use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{mpsc, oneshot};

use crate::checkpoints;
use crate::queue::{Queue, Source};
use crate::tx::{Inner, Tx};
use crate::wal::{self, Damage};
use crate::writable::Writable;
use crate::{Error, Result};

/// How many closures may wait for the writer before callers wait to hand theirs over.
const QUEUE: usize = 4_096;
/// How many closures share one commit at most: bounds the wait of the first of them.
const GROUP: usize = 512;
/// The time of a group where changes of several sources are in it, or wait: the small ones are not to wait for the large.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// Read connections that are kept for the next reader.
const IDLE_READERS: usize = 8;

pub(crate) struct Lite {
    path: PathBuf,
    queue: Option<mpsc::Sender<Arrival>>,
    writer: Option<JoinHandle<()>>,
    checkpoints: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    pub(crate) writable: Arc<Writable>,
}

/// A closure that was handed over, and by whom.
type Arrival = (Source, Box<dyn Change>);

/// A closure on its way through the writer: run, then settled once its commit is known.
trait Change: Send {
    /// Runs the body; `false` means that its savepoint must be rolled back.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Tells the caller, after the commit or in place of it.
    fn settle(self: Box<Self>, commit: Result<(), &Error>);
}

struct Body<R, E, F> {
    body: Option<F>,
    outcome: Option<Result<R, E>>,
    caller: oneshot::Sender<Result<R, E>>,
}

impl<R, E, F> Change for Body<R, E, F>
where
    R: Send,
    E: From<Error> + Send,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let body = self.body.take().expect("a change runs once");
        let outcome = catch_unwind(AssertUnwindSafe(|| body(tx).now_or_never()));
        let outcome = match outcome {
            Ok(Some(Ok(done))) => tx.failed.clone().map_or(Ok(done), |error| Err(error.into())),
            Ok(Some(failed)) => failed,
            Ok(None) => Err(Error::Panic("a transaction awaited something else than its database".into()).into()),
            Err(panic) => Err(Error::Panic(panic_text(&*panic)).into()),
        };
        let keep = outcome.is_ok();
        tx.is_refused |= tx.failed.take().is_some_and(|error| error.is_unavailable());
        tx.has_kept |= keep;
        self.outcome = Some(outcome);
        keep
    }

    fn settle(self: Box<Self>, commit: Result<(), &Error>) {
        let outcome = match (self.outcome, commit) {
            (Some(Err(own)), _) => Err(own),
            (Some(Ok(done)), Ok(())) => Ok(done),
            (_, Err(error)) => Err(Error::Unavailable(error.to_string()).into()),
            (None, Ok(())) => Err(Error::Unavailable("the change was not run".into()).into()),
        };
        // A caller that went away does not want to know; its change is durable all the same.
        let _ = self.caller.send(outcome);
    }
}

impl Lite {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let unopened = |why: String| Error::Unavailable(format!("{} cannot be opened: {why}", path.display()));
        keep_private(path).map_err(|e| unopened(e.to_string()))?;
        tell_damage(path);
        let mut connection = Connection::open(path).map_err(|e| unopened(e.to_string()))?;
        configure(&connection).map_err(|e| match e {
            Error::Unavailable(why) => unopened(format!("{why}. Is the disk full, or may its files not be written?")),
            other => other,
        })?;
        let checkpoints = checkpoints::start(path, &mut connection)?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let writable = Arc::<Writable>::default();
        let told = writable.clone();
        let writer = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_in_groups(connection, waiting, &told))
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        let (path, queue, writer) = (path.to_owned(), Some(queue), Some(writer));
        Ok(Self { path, queue, writer, checkpoints: Some(checkpoints), readers: Mutex::default(), writable })
    }

    pub(crate) async fn write<R, E, F>(&self, body: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let change = Box::new(Body { body: Some(body), outcome: None, caller });
        let queue = self.queue.as_ref().expect("the queue lives as long as the database");
        queue
            .send((Source::current(), change))
            .await
            .map_err(|_| Error::Unavailable("the writer has stopped".into()))?;
        answer.await.map_err(|_| Error::Unavailable("the writer has stopped".into()))?
    }

    pub(crate) async fn read<R, E, F>(&self, body: F) -> Result<R, E>
    where
        E: From<Error>,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>>,
    {
        let mut tx = Tx::new(Inner::Lite(self.reader()?));
        let outcome = body(&mut tx).now_or_never();
        if let Inner::Lite(connection) = tx.inner {
            let mut readers = self.readers.lock().expect("no reader panics while it holds the lock");
            if readers.len() < IDLE_READERS {
                readers.push(connection);
            }
        }
        outcome.ok_or_else(|| Error::Panic("a read awaited something else than its database".into()))?
    }

    pub(crate) async fn give_back(&self, pages: u32) -> Result<u64> {
        self.write(move |tx| Box::pin(std::future::ready(give_back(tx, pages)))).await
    }

    fn reader(&self) -> Result<Connection> {
        let kept = self.readers.lock().expect("no reader panics while it holds the lock").pop();
        if let Some(connection) = kept {
            return Ok(connection);
        }
        let connection = Connection::open(&self.path)
            .map_err(|e| Error::Unavailable(format!("{} cannot be opened: {e}", self.path.display())))?;
        plan_once(&connection)?;
        connection.set_prepared_statement_cache_capacity(256);
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4000;")
            .map_err(|e| lite_error("PRAGMA", &e))?;
        Ok(connection)
    }
}

impl Drop for Lite {
    fn drop(&mut self) {
        self.queue.take();
        // The writer first: it tells the other that there is nothing more.
        for thread in [self.writer.take(), self.checkpoints.take()].into_iter().flatten() {
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// Makes the database its owner's alone before there is anything in it, and takes the rights of others from older files.
fn keep_private(path: &Path) -> std::io::Result<()> {
    drop(OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?);
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm"), beside(path, "-journal")] {
        match std::fs::metadata(&file) {
            Ok(known) if known.permissions().mode() & 0o077 != 0 => {
                std::fs::set_permissions(&file, Permissions::from_mode(0o600))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// SQLite drops what stands behind a damaged place of its log without a word; this is the word.
fn tell_damage(path: &Path) {
    let log = beside(path, "-wal");
    match wal::damage(&log) {
        Ok(None) => {}
        Ok(Some(Damage::Frames { commits })) => tracing::error!(
            file = %log.display(), commits,
            "the write-ahead log is damaged: commits that were acknowledged are lost; \
             what is needed of them is to be sent again, or a backup restored"
        ),
        Ok(Some(Damage::Header)) => tracing::error!(
            file = %log.display(),
            "the head of the write-ahead log is damaged: what was committed since the last checkpoint is lost"
        ),
        Err(error) => tracing::warn!(file = %log.display(), %error, "the write-ahead log could not be looked at"),
    }
}

/// A new file gives space back a little at a time (`auto_vacuum`, which only holds if it is set before the first table).
///
/// `synchronous=FULL` makes every commit durable before it is acknowledged. The exclusive file
/// lock of the first write tells a second process that the folder is taken. The pages that are kept
/// are to hold the ends of the indexes by recipient, each of which some thousand recipients write to in a place of their own.
fn configure(connection: &Connection) -> Result<()> {
    plan_once(connection)?;
    connection.set_prepared_statement_cache_capacity(512);
    connection
        .execute_batch(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;
             PRAGMA busy_timeout = 5000; PRAGMA cache_size = -64000;
             PRAGMA temp_store = MEMORY;",
        )
        .map_err(|e| lite_error("PRAGMA", &e))
}

/// A plan does not depend on the values of parameters. Otherwise a statement over a partial index is
/// planned anew each time it is given others, which took as long as all the rest of a small commit.
fn plan_once(connection: &Connection) -> Result<()> {
    let set = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
    set.map(drop).map_err(|e| lite_error("ENABLE_QPSG", &e))
}

fn write_in_groups(connection: Connection, arriving: mpsc::Receiver<Arrival>, writable: &Writable) {
    let mut tx = Tx::new(Inner::Lite(connection));
    let mut waiting = Waiting { arriving, queue: Queue::new(Instant::now()) };
    let mut group = Vec::with_capacity(GROUP);
    while waiting.is_there() {
        let committed = commit_group(&mut tx, &mut waiting, &mut group);
        let effects = std::mem::take(&mut tx.after_commit);
        tx.in_doubt.clear();
        let (is_refused, has_kept) = (std::mem::take(&mut tx.is_refused), std::mem::take(&mut tx.has_kept));
        match &committed {
            Ok(()) => effects.into_iter().for_each(|effect| effect()),
            Err(error) => tracing::error!(%error, changes = group.len(), "a group of changes was not committed"),
        }
        match &committed {
            Err(error) => writable.failed(&error.to_string()),
            Ok(()) if is_refused => writable.failed("a change had no room"),
            Ok(()) if has_kept => writable.succeeded(),
            Ok(()) => {}
        }
        for change in group.drain(..) {
            change.settle(committed.as_ref().copied());
        }
    }
}

/// Changes that wait for the writer: those that arrive, and those that stand in line.
struct Waiting {
    arriving: mpsc::Receiver<Arrival>,
    queue: Queue<Box<dyn Change>>,
}

impl Waiting {
    /// Waits until there is something; false once nothing can come any more.
    fn is_there(&mut self) -> bool {
        if self.queue.len() == 0
            && let Some((source, change)) = self.arriving.blocking_recv()
        {
            self.queue.add(source, change);
        }
        self.queue.len() > 0
    }

    fn next(&mut self) -> Option<Arrival> {
        while self.queue.len() < QUEUE
            && let Ok((source, change)) = self.arriving.try_recv()
        {
            self.queue.add(source, change);
        }
        self.queue.next(Instant::now())
    }
}

/// Runs changes and commits them together. Where there can be no transaction at all, whatever waits has failed; what was not begun when a
/// transaction broke off goes on waiting.
fn commit_group(tx: &mut Tx, waiting: &mut Waiting, group: &mut Vec<Box<dyn Change>>) -> Result<()> {
    let began = Instant::now();
    if let Err(error) = batch(tx, "BEGIN IMMEDIATE") {
        group.extend(std::iter::from_fn(|| waiting.next()).map(|(_, change)| change));
        return Err(error);
    }
    let done = run_group(tx, waiting, group);
    let committed = done.and_then(|()| batch(tx, "COMMIT"));
    if committed.is_err() {
        tx.after_commit.clear();
        // Fails when SQLite has rolled back by itself, as it does when the disk is full.
        let _ = batch(tx, "ROLLBACK");
    }
    metrics::histogram!("campanile_db_group_size").record(group.len() as f64);
    metrics::histogram!("campanile_db_group_seconds").record(began.elapsed().as_secs_f64());
    committed
}

fn run_group(tx: &mut Tx, waiting: &mut Waiting, group: &mut Vec<Box<dyn Change>>) -> Result<()> {
    let began = Instant::now();
    let mut first: Option<Source> = None;
    while group.len() < GROUP
        && let Some((source, mut change)) = waiting.next()
    {
        let begins = Instant::now();
        let done = run_in_savepoint(tx, change.as_mut());
        group.push(change);
        done?;
        waiting.queue.took(&source, begins.elapsed());
        let is_shared = first.get_or_insert_with(|| source.clone()) != &source || waiting.queue.has_others(&source);
        if is_shared && began.elapsed() > GROUP_TIME {
            break;
        }
    }
    Ok(())
}

fn run_in_savepoint(tx: &mut Tx, change: &mut dyn Change) -> Result<()> {
    batch(tx, "SAVEPOINT change")?;
    let effects = tx.after_commit.len();
    if change.run(tx) {
        return batch(tx, "RELEASE change");
    }
    tx.after_commit.truncate(effects);
    batch(tx, "ROLLBACK TO change")?;
    batch(tx, "RELEASE change")
}

fn batch(tx: &mut Tx, sql: &'static str) -> Result<()> {
    let Inner::Lite(connection) = &mut tx.inner else { unreachable!("the writer thread has a SQLite connection") };
    let mut statement = connection.prepare_cached(sql).map_err(|e| lite_error(sql, &e))?;
    statement.execute([]).map(drop).map_err(|e| lite_error(sql, &e))
}

fn give_back(tx: &mut Tx, pages: u32) -> Result<u64> {
    let Inner::Lite(connection) = &mut tx.inner else { unreachable!("the writer thread has a SQLite connection") };
    let failed = |e: rusqlite::Error| lite_error("PRAGMA incremental_vacuum", &e);
    // Each step frees a page.
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})")).map_err(failed)?;
    let mut steps = statement.query([]).map_err(failed)?;
    while steps.next().map_err(failed)?.is_some() {}
    drop(steps);
    let gives_back: i64 = connection.query_row("PRAGMA auto_vacuum", [], |row| row.get(0)).map_err(failed)?;
    let unused: i64 = connection.query_row("PRAGMA freelist_count", [], |row| row.get(0)).map_err(failed)?;
    Ok(if gives_back == 0 { 0 } else { unused.unsigned_abs() })
}

pub(crate) fn compact(path: &Path) -> Result<(u64, u64)> {
    let size = || std::fs::metadata(path).map_or(0, |known| known.len());
    let before = size();
    let connection = open_alone(path)?;
    let script = "PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);";
    connection.execute_batch(script).map_err(|e| lite_error("VACUUM", &e))?;
    drop(connection);
    Ok((before, size()))
}

pub(crate) fn check(path: &Path) -> Result<()> {
    let connection = open_alone(path)?;
    let found: String = connection
        .query_row("PRAGMA quick_check(3)", [], |row| row.get(0))
        .map_err(|e| lite_error("quick_check", &e))?;
    if found == "ok" { Ok(()) } else { Err(Error::sql("quick_check", "", found)) }
}

/// Opens a file that is there, for one who has it to themselves.
fn open_alone(path: &Path) -> Result<Connection> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let opened = Connection::open_with_flags(path, flags);
    let connection = opened.map_err(|e| Error::Unavailable(format!("{} cannot be opened: {e}", path.display())))?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE").map_err(|e| lite_error("locking_mode", &e))?;
    Ok(connection)
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

pub(crate) fn lite_error(sql: &str, error: &rusqlite::Error) -> Error {
    use rusqlite::ffi::{SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM, SQLITE_READONLY};
    let code = error.sqlite_error().map_or(0, |e| e.extended_code);
    match code & 0xff {
        // A read that writes is a fault of ours; every other kind of "read only" is the file's.
        SQLITE_READONLY if code == SQLITE_READONLY => Error::sql(sql, code, error),
        // No room, no file, no right to write: none of it is the statement's fault.
        SQLITE_FULL | SQLITE_IOERR | SQLITE_CANTOPEN | SQLITE_READONLY | SQLITE_BUSY | SQLITE_NOMEM => {
            Error::Unavailable(error.to_string())
        }
        _ => Error::sql(sql, code, error),
    }
}
