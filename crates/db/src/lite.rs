//! SQLite: one writer thread that commits in groups, and a few read-only connections.
//!
//! Only the owner can access the files, independent of the process's umask. SQLite gives the log
//! the permissions of the database file. So that file is created, or its permissions corrected,
//! before SQLite opens it.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{mpsc, oneshot};

use crate::change::{Change, WAITED};
use crate::checkpoints;
use crate::driver_error::{lite_error, panic_text};
use crate::queue::{Queue, Source};
use crate::tx::{Inner, Tx};
use crate::wal::{self, Damage};
use crate::writable::Writable;
use crate::{Error, Result};

/// The maximum number of closures that wait for the writer. Beyond it, callers wait to submit
/// theirs.
const QUEUE: usize = 4_096;
/// The maximum number of closures that share one commit. It bounds the wait of the first one.
const GROUP: usize = 512;
/// The time limit of a group if changes of several sources are in it or waiting, so that small
/// changes do not wait for large ones.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// The number of read connections that are kept for later reads.
const IDLE_READERS: usize = 8;

pub(crate) struct Lite {
    path: PathBuf,
    queue: Option<mpsc::Sender<Arrival>>,
    writer: Option<JoinHandle<()>>,
    checkpoints: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    pub(crate) writable: Arc<Writable>,
}

/// A submitted change and its source.
type Arrival = (Source, Waiter);

/// A change on its way through the writer: it runs first, and is answered when the outcome of the
/// commit is known.
struct Waiter {
    change: Option<Change>,
    /// `true` if it is to be committed; an error if the runner rejected it.
    outcome: Result<bool>,
    caller: oneshot::Sender<Result<()>>,
}

impl Waiter {
    /// Runs the change. Returns `false` if its savepoint must be rolled back.
    fn run(&mut self, tx: &mut Tx) -> bool {
        let change = self.change.take().expect("a change runs once");
        let outcome = catch_unwind(AssertUnwindSafe(|| change(tx).now_or_never()));
        self.outcome = match outcome {
            Ok(Some(true)) => tx.failed.clone().map_or(Ok(true), Err),
            Ok(Some(false)) => Ok(false),
            Ok(None) => Err(Error::Panic(WAITED.into())),
            Err(panic) => Err(Error::Panic(panic_text(&*panic))),
        };
        let keep = matches!(self.outcome, Ok(true));
        tx.is_refused |= tx.failed.take().is_some_and(|error| error.is_unavailable());
        tx.has_kept |= keep;
        keep
    }

    /// Answers the caller with the outcome of the commit.
    fn answer(self, commit: Result<(), &Error>) {
        let outcome = match (self.outcome, commit) {
            (Err(own), _) => Err(own),
            (Ok(true), Err(error)) => Err(Error::Unavailable(error.to_string())),
            (Ok(_), _) => Ok(()),
        };
        // The caller may be gone. Its change is durable all the same.
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

    pub(crate) async fn write(&self, change: Change) -> Result<()> {
        let (caller, answer) = oneshot::channel();
        let not_run = Err(Error::Unavailable("the change was not run".into()));
        let waiter = Waiter { change: Some(change), outcome: not_run, caller };
        let queue = self.queue.as_ref().expect("the queue lives as long as the database");
        let has_stopped = || Error::Unavailable("the writer has stopped".into());
        queue.send((Source::current(), waiter)).await.map_err(|_| has_stopped())?;
        answer.await.map_err(|_| has_stopped())?
    }

    /// A reader, to be returned with [`Lite::keep_reader`].
    pub(crate) fn reader(&self) -> Result<Tx> {
        let kept = self.readers.lock().expect("no reader panics while it holds the lock").pop();
        Ok(Tx::new(Inner::Lite(kept.map_or_else(|| self.open_reader(), Ok)?)))
    }

    pub(crate) fn keep_reader(&self, tx: Tx) {
        if let Inner::Lite(connection) = tx.inner {
            let mut readers = self.readers.lock().expect("no reader panics while it holds the lock");
            if readers.len() < IDLE_READERS {
                readers.push(connection);
            }
        }
    }

    fn open_reader(&self) -> Result<Connection> {
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
        // Join the writer first: its end closes the channel of the checkpoint thread.
        for thread in [self.writer.take(), self.checkpoints.take()].into_iter().flatten() {
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// Restricts the database files to their owner: creates a new file with these permissions, and
/// corrects those of older files.
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

/// Logs damage of the write-ahead log. SQLite silently drops everything behind a damaged place of
/// its log.
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

/// Sets the options of the writer's connection.
///
/// `auto_vacuum`: a new file can return space in small portions. This only works if it is set
/// before the first table.
///
/// `synchronous=FULL`: every commit is durable before it is acknowledged. The page cache should
/// hold the ends of the indexes by recipient. Some thousand recipients write to each of these
/// indexes, each in a place of its own.
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

/// Makes plans independent of parameter values. Otherwise, a statement over a partial index is
/// planned again for each new set of values. That took as long as the rest of a small commit.
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
            change.answer(committed.as_ref().copied());
        }
    }
}

/// Changes that wait for the writer: newly arrived ones, and those in the queue.
struct Waiting {
    arriving: mpsc::Receiver<Arrival>,
    queue: Queue<Waiter>,
}

impl Waiting {
    /// Waits for a change. Returns `false` when no more can come.
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

/// Runs changes and commits them together. If no transaction can be opened, all waiting changes
/// fail. If a transaction breaks off, changes that have not begun keep waiting.
fn commit_group(tx: &mut Tx, waiting: &mut Waiting, group: &mut Vec<Waiter>) -> Result<()> {
    let began = Instant::now();
    if let Err(error) = batch(tx, "BEGIN IMMEDIATE") {
        group.extend(std::iter::from_fn(|| waiting.next()).map(|(_, change)| change));
        return Err(error);
    }
    let done = run_group(tx, waiting, group);
    let committed = done.and_then(|()| batch(tx, "COMMIT"));
    if committed.is_err() {
        tx.after_commit.clear();
        // This fails when SQLite has already rolled back by itself, for example when the disk is
        // full.
        let _ = batch(tx, "ROLLBACK");
    }
    metrics::histogram!("campanile_db_group_size").record(group.len() as f64);
    metrics::histogram!("campanile_db_group_seconds").record(began.elapsed().as_secs_f64());
    committed
}

fn run_group(tx: &mut Tx, waiting: &mut Waiting, group: &mut Vec<Waiter>) -> Result<()> {
    let began = Instant::now();
    let mut first: Option<Source> = None;
    while group.len() < GROUP
        && let Some((source, mut change)) = waiting.next()
    {
        let begins = Instant::now();
        let done = run_in_savepoint(tx, &mut change);
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

fn run_in_savepoint(tx: &mut Tx, change: &mut Waiter) -> Result<()> {
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

pub(crate) fn give_back(tx: &mut Tx, pages: u32) -> Result<u64> {
    let Inner::Lite(connection) = &mut tx.inner else { unreachable!("the writer thread has a SQLite connection") };
    let failed = |e: rusqlite::Error| lite_error("PRAGMA incremental_vacuum", &e);
    // Each step frees one page.
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

/// Opens an existing file with an exclusive lock.
fn open_alone(path: &Path) -> Result<Connection> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let opened = Connection::open_with_flags(path, flags);
    let connection = opened.map_err(|e| Error::Unavailable(format!("{} cannot be opened: {e}", path.display())))?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE").map_err(|e| lite_error("locking_mode", &e))?;
    Ok(connection)
}
