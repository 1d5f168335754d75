//! What can go wrong between a statement and its rows.

use std::sync::Arc;

/// An error of the database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A statement failed.
    #[error("the statement failed: {message} [{statement}]")]
    Sql {
        /// What the database said.
        message: String,
        /// The beginning of the statement.
        statement: String,
        /// PostgreSQL's SQLSTATE, or SQLite's extended code in decimal.
        code: String,
    },
    /// A row was expected and none came.
    #[error("no row where one was expected [{0}]")]
    NoRow(String),
    /// A column was not of the type it was read as.
    #[error("column {column}: {message}")]
    Column {
        /// The column's index.
        column: usize,
        /// What did not fit.
        message: String,
    },
    /// A parameter cannot be stored. The sentence is safe to show.
    #[error("{0}")]
    Invalid(String),
    /// An operation within the transaction has failed with this. Its kind is kept on the way through lanes and settlements.
    #[error("{}", .0.chain())]
    Operation(Arc<campanile_base::Error>),
    /// The database cannot be reached, went away, or can store nothing at present. Said by the drivers alone.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database is newer than this program.
    #[error(
        "the database's {component} schema is at version {found} and this program knows {known}: \
         run the newer program, or restore a backup from before it"
    )]
    Newer {
        /// The crate whose tables they are.
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

/// What is not available when the database is away.
pub const DATABASE: &str = "the database";

/// A result of the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn sql(statement: &str, code: impl ToString, message: impl ToString) -> Self {
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        Self::Sql {
            message: message.to_string(),
            statement: statement.chars().take(120).collect(),
            code: code.to_string(),
        }
    }

    /// Whether the database is away, or can store nothing at present: the same may succeed later, without a change.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Operation(error) => is_away(error),
            _ => false,
        }
    }

    /// Whether a table is not there (yet): the database was never migrated.
    pub fn is_missing_table(&self) -> bool {
        matches!(self, Self::Sql { code, message, .. } if code == "42P01" || message.contains("no such table"))
    }

    /// Whether a unique key stood in the way.
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
    /// Keeps the kind: what the database has said is said again, all else is what an operation came to.
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

/// Whether an error says no more than that the database is away.
fn is_away(error: &campanile_base::Error) -> bool {
    matches!(error, campanile_base::Error::Unavailable { what, .. } if *what == DATABASE)
}
