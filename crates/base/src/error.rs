//! The few kinds of error that a caller can act on.
//!
//! Inner parts have small enums of their own; where an operation meets its caller they become
//! one of these. The message is a sentence for the caller, and safe to show; what is internal
//! stays in the source, which the boundary logs once.

/// What went wrong, in terms of what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is not this caller's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The request cannot be carried out as it stands.
    #[error("{0}")]
    Invalid(String),
    /// One field of the request cannot be what it is.
    #[error("{field} {why}")]
    InvalidField {
        /// Its name, as the caller wrote it.
        field: &'static str,
        /// What it must be: the rest of a sentence that begins with the name.
        why: String,
    },
    /// It clashes with what exists.
    #[error("{0}")]
    Conflict(String),
    /// Nobody is known by these credentials.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller is known, and may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Too many requests; try again later.
    #[error("too many requests; try again in a while")]
    TooMany,
    /// Too many attempts; the next one may be made after so long.
    #[error("too many attempts; try again in {} s", .0.as_secs().max(1))]
    TooManyFor(std::time::Duration),
    /// A part that is needed does not answer at present; the same call may succeed later.
    #[error("{what} is not available at present")]
    Unavailable {
        /// The part that is missing.
        what: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A fault of ours.
    #[error("an internal error occurred")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A result with the shared kinds of error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The request cannot be carried out, for this reason.
    pub fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }

    /// A field cannot be what it is: `why` goes on after its name.
    pub fn invalid_field(field: &'static str, why: impl Into<String>) -> Self {
        Self::InvalidField { field, why: why.into() }
    }

    /// It clashes with what exists, in this way.
    pub fn conflict(why: impl Into<String>) -> Self {
        Self::Conflict(why.into())
    }

    /// A fault of ours, described for the log.
    pub fn internal(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(why.into())
    }

    /// The same error once more: of what is internal, the words.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        match self {
            Self::NotFound(what) => Self::NotFound(what),
            Self::Invalid(why) => Self::Invalid(why.clone()),
            Self::InvalidField { field, why } => Self::InvalidField { field, why: why.clone() },
            Self::Conflict(why) => Self::Conflict(why.clone()),
            Self::Unauthenticated(why) => Self::Unauthenticated(why),
            Self::Forbidden(why) => Self::Forbidden(why),
            Self::TooMany => Self::TooMany,
            Self::TooManyFor(wait) => Self::TooManyFor(*wait),
            Self::Unavailable { what, source } => Self::Unavailable { what, source: source.to_string().into() },
            Self::Internal(source) => Self::Internal(source.to_string().into()),
        }
    }

    /// The error and what caused it, for the log.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}
