//! The few kinds of error that a caller can act on.
//!
//! Inner parts have small error enums of their own. At the boundary of an operation they become one
//! of these kinds. The message is a sentence for the caller and safe to show. Internal details stay
//! in the source, which the boundary logs once.

use crate::Thing;

/// An error, classified by the caller's possible reaction.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or does not belong to this caller.
    #[error("there is no such {0}")]
    NotFound(Thing),
    /// The request is invalid.
    #[error("{0}")]
    Invalid(String),
    /// One field of the request is invalid.
    #[error("{field} {why}")]
    InvalidField {
        /// The field's name, as the caller wrote it.
        field: &'static str,
        /// The rule for the field: the rest of a sentence that begins with the name.
        why: String,
        /// The kind of fault.
        fault: Fault,
    },
    /// The request conflicts with existing data.
    #[error("{0}")]
    Conflict(String),
    /// The credentials are unknown.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller is known but not permitted.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Too many requests; try again later.
    #[error("too many requests; try again in a while")]
    TooMany,
    /// Too many attempts. The next one is possible after this time.
    #[error("too many attempts; try again in {} s", .0.as_secs().max(1))]
    TooManyFor(std::time::Duration),
    /// A required part is not available at present. The same call may succeed later.
    #[error("{what} is not available at present")]
    Unavailable {
        /// The part that is missing.
        what: &'static str,
        /// The error of that part.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An internal fault.
    #[error("an internal error occurred")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The kind of fault in a field. An API may have a code for it; the name of the field and the
/// sentence decide nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The value breaks a rule of the field.
    Rule,
    /// The value names an actor that does not exist.
    UnknownActor,
    /// The value names a workflow that is switched off, or was never committed.
    InactiveWorkflow,
}

/// A result with the shared kinds of error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An invalid request, with the reason.
    pub fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }

    /// An invalid field. `why` continues the sentence after its name.
    pub fn invalid_field(field: &'static str, why: impl Into<String>) -> Self {
        Self::InvalidField { field, why: why.into(), fault: Fault::Rule }
    }

    /// An actor that does not exist.
    pub fn unknown_actor() -> Self {
        Self::InvalidField { field: "actor", why: "is not known".to_owned(), fault: Fault::UnknownActor }
    }

    /// A workflow that is switched off, or was never committed.
    pub fn inactive_workflow() -> Self {
        Self::InvalidField { field: "workflow", why: "is not active".to_owned(), fault: Fault::InactiveWorkflow }
    }

    /// A conflict with existing data, with the reason.
    pub fn conflict(why: impl Into<String>) -> Self {
        Self::Conflict(why.into())
    }

    /// An internal fault, described for the log.
    pub fn internal(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(why.into())
    }

    /// A copy of the error. An inner source is copied as text.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        match self {
            Self::NotFound(thing) => Self::NotFound(*thing),
            Self::Invalid(why) => Self::Invalid(why.clone()),
            Self::InvalidField { field, why, fault } => Self::InvalidField { field, why: why.clone(), fault: *fault },
            Self::Conflict(why) => Self::Conflict(why.clone()),
            Self::Unauthenticated(why) => Self::Unauthenticated(why),
            Self::Forbidden(why) => Self::Forbidden(why),
            Self::TooMany => Self::TooMany,
            Self::TooManyFor(wait) => Self::TooManyFor(*wait),
            Self::Unavailable { what, source } => Self::Unavailable { what, source: source.to_string().into() },
            Self::Internal(source) => Self::Internal(source.to_string().into()),
        }
    }

    /// The error and its causes, for the log.
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
