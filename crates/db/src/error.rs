//! The errors of statements, rows and transactions.

use std::sync::Arc;

/// An error of the database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A statement failed.
    #[error("the statement failed: {message} [{statement}]")]
    Sql {
        /// The message of the database.
        message: String,
        /// The beginning of the statement.
        statement: String,
        /// PostgreSQL's SQLSTATE, or SQLite's extended code in decimal.
        code: String,
    },
    /// A row was expected, but there was none.
    #[error("no row where one was expected [{0}]")]
    NoRow(String),
    /// A column has another type than requested, or holds JSON that cannot be parsed.
    #[error("column {column}: {message} [{statement}]")]
    Column {
        /// The column's index.
        column: usize,
        /// The mismatch.
        message: String,
        /// The beginning of the statement, which names the table.
        statement: String,
    },
    /// A parameter cannot be stored. The message is safe to show.
    #[error("{0}")]
    Invalid(String),
    /// An operation inside the transaction failed with this error. Lanes and settlements keep its
    /// kind.
    #[error("{}", .0.chain())]
    Operation(Arc<campanile_base::Error>),
    /// The database cannot be reached, went away, or cannot store anything at present. Only the
    /// drivers create this error.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database is newer than this program.
    #[error(
        "the database's {component} schema is at version {found} and this program knows {known}: \
         run the newer program, or restore a backup from before it"
    )]
    Newer {
        /// The crate that owns the tables.
        component: String,
        /// The version in the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The body of a transaction panicked; it was rolled back.
    #[error("a transaction panicked: {0}")]
    Panic(String),
}

/// The name of the missing part in an `Unavailable` error of the database.
pub const DATABASE: &str = "the database";

/// A result of the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn sql(statement: &str, code: impl ToString, message: impl ToString) -> Self {
        Self::Sql { message: message.to_string(), statement: beginning_of(statement), code: code.to_string() }
    }

    pub(crate) fn no_row(statement: &str) -> Self {
        Self::NoRow(beginning_of(statement))
    }

    /// Adds the statement whose row could not be read.
    pub(crate) fn of_statement(self, sql: &str) -> Self {
        match self {
            Self::Column { column, message, .. } => Self::Column { column, message, statement: beginning_of(sql) },
            other => other,
        }
    }

    /// True if the database is not available or cannot store anything at present. The same call may
    /// succeed later without a change.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Operation(error) => is_away(error),
            _ => false,
        }
    }

    /// True if a table does not exist: the database was never migrated.
    pub fn is_missing_table(&self) -> bool {
        matches!(self, Self::Sql { code, message, .. } if code == "42P01" || message.contains("no such table"))
    }

    /// True if a unique key was violated.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Sql { code, .. } if code == "23505" || code == "1555" || code == "2067")
    }
}

impl From<Error> for campanile_base::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) => Self::Unavailable { what: DATABASE, source: Box::new(error) },
            Error::Invalid(why) => Self::Invalid(why),
            Error::Operation(error) => Arc::try_unwrap(error).unwrap_or_else(|shared| shared.duplicate()),
            other => Self::Internal(Box::new(other)),
        }
    }
}

impl From<campanile_base::Error> for Error {
    /// Keeps the kind: an error that came from the database is restored. All others become
    /// `Operation`.
    fn from(error: campanile_base::Error) -> Self {
        use campanile_base::Error as Shared;
        match &error {
            Shared::Unavailable { source, .. } | Shared::Internal(source) => match source.downcast_ref::<Self>() {
                Some(own) => own.clone(),
                None => Self::Operation(Arc::new(error)),
            },
            _ => Self::Operation(Arc::new(error)),
        }
    }
}

/// True if the error only means that the database is not available.
fn is_away(error: &campanile_base::Error) -> bool {
    matches!(error, campanile_base::Error::Unavailable { what, .. } if *what == DATABASE)
}

/// The beginning of a statement, long enough to identify it.
fn beginning_of(statement: &str) -> String {
    let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    statement.chars().take(120).collect()
}
