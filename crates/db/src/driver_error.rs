//! Maps the errors of the two drivers, and panics, to errors of this crate.

use std::any::Any;

use crate::Error;

pub(crate) fn lite_error(sql: &str, error: &rusqlite::Error) -> Error {
    use rusqlite::ffi::{SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM, SQLITE_READONLY};
    let code = error.sqlite_error().map_or(0, |e| e.extended_code);
    match code & 0xff {
        // A write on a read-only connection is our own fault. Every other "read only" code is about
        // the file.
        SQLITE_READONLY if code == SQLITE_READONLY => Error::sql(sql, code, error),
        // No room, no file, no permission: the statement is not at fault.
        SQLITE_FULL | SQLITE_IOERR | SQLITE_CANTOPEN | SQLITE_READONLY | SQLITE_BUSY | SQLITE_NOMEM => {
            Error::Unavailable(error.to_string())
        }
        _ => Error::sql(sql, code, error),
    }
}

/// 57P01 to 57P03: the server is shutting down, has crashed or is starting. Class 53: it has no
/// disk space, memory or connections left. Class 08: the connection broke.
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

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}
