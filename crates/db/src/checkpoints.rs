//! Copies the write-ahead log of SQLite into the database file, outside the writer thread.
//!
//! By default, the writer would do this inside a commit, every so many pages. Then all changes
//! would wait for two more disk writes. Instead, a thread with its own connection does it while the
//! writer continues. SQLite restarts the log when all of it is in the file at the time of the next
//! commit. A writer that is always busy never meets that condition. So when the log is long, the
//! writer itself copies the small rest.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::driver_error::lite_error;
use crate::{Error, Result};

/// The number of new pages after which the thread is woken.
const EVERY: i32 = 2_000;
/// The number of pages in the log from which on the writer helps: 64 MiB.
const MOST: i32 = 16_000;

/// Starts the thread. It ends when the writer's connection is closed.
pub(crate) fn start(path: &Path, writer: &mut Connection) -> Result<JoinHandle<()>> {
    let own = Connection::open(path)
        .map_err(|error| Error::Unavailable(format!("{} cannot be opened: {error}", path.display())))?;
    let (wake, woken) = sync_channel(1);
    let (mut next, mut before) = (EVERY, 0);
    let hook = move |log: &mut Wal, pages: i32| {
        if pages < before {
            next = EVERY;
        }
        before = pages;
        if pages >= next {
            next = pages + EVERY;
            // If the thread is busy already, the next pages wake it once more.
            let _ = wake.try_send(());
        }
        if pages >= MOST {
            // An error here means busy: the thread is copying right now.
            let _ = log.checkpoint();
        }
        Ok(())
    };
    writer.wal_hook(Some(hook)).map_err(|error| lite_error("wal_hook", &error))?;
    let named = std::thread::Builder::new().name("sqlite-log".into());
    named.spawn(move || serve(&own, &woken)).map_err(|error| Error::Unavailable(error.to_string()))
}

fn serve(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(0));
        if let Err(error) = done {
            tracing::warn!(%error, "the write-ahead log could not be brought into the file");
        }
    }
}
