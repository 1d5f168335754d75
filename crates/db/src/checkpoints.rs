//! Brings what the write-ahead log of SQLite holds into the file, beside the writer.
//!
//! By itself the writer would do so within a commit, every so many pages, and everybody's changes would wait for two more
//! writes to the disk. Here a thread with a connection of its own does it, and the writer goes on. The log begins anew when all of it
//! is in the file at the moment of the next commit; a writer that never rests does not meet that moment, so once the log is
//! long the writer brings in the little that is left.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::lite::lite_error;
use crate::{Error, Result};

/// After how many more pages the thread is woken.
const EVERY: i32 = 2_000;
/// How many pages the log has before the writer does it itself: 64 MiB.
const MOST: i32 = 16_000;

/// Starts the thread; it ends when the writer's connection is closed.
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
            // Where it is at work already, it is woken once more by the next pages.
            let _ = wake.try_send(());
        }
        if pages >= MOST {
            // Busy: the thread is at it.
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
