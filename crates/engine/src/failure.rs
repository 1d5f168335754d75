//! The failure of a step or a run, and its effect on the next attempt.

use std::fmt;
use std::time::Duration;

use campanile_base::Error;

/// The shortest and the longest wait that code or a provider may ask for.
const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(24 * 3600));

/// A failure of a step's body or of a workflow. `?` makes one from any [`Error`]; such a failure is
/// tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    retry: Retry,
}

/// The rule for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Try again after the backoff of the options.
    Backoff,
    /// Try again after this time, which a provider asked for.
    After(Duration),
    /// Try again soon, without counting an attempt: the database was not available.
    WhenBack,
    /// Do not try again.
    Never,
}

/// The wait before a retry after the database was not available.
pub(crate) const AWAY: Duration = Duration::from_secs(1);

/// True if the error only means that the database is not available.
pub(crate) fn is_away(error: &Error) -> bool {
    matches!(error, Error::Unavailable { what, .. } if *what == campanile_db::DATABASE)
}

impl Failure {
    /// A temporary failure: tried again after the backoff.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: Retry::Backoff }
    }

    /// A permanent failure: not tried again, even if attempts are left.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: Retry::Never }
    }

    /// A failure that ends after a known time, such as a `Retry-After`. The wait is clamped to
    /// between a second and a day.
    pub fn retry_after(message: impl Into<String>, wait: Duration) -> Self {
        Self { message: message.into(), retry: Retry::After(wait.clamp(BOUNDS.0, BOUNDS.1)) }
    }

    pub(crate) fn retry(&self) -> Retry {
        self.retry
    }

    /// True if it uses up one of the attempts.
    pub(crate) fn counts(&self) -> bool {
        self.retry != Retry::WhenBack
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let retry = if is_away(&error) { Retry::WhenBack } else { Retry::Backoff };
        Self { message: error.chain(), retry }
    }
}

impl From<campanile_db::Error> for Failure {
    fn from(error: campanile_db::Error) -> Self {
        Error::from(error).into()
    }
}

/// A step that failed for good, as its workflow sees it. Handle it, or pass it on with `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    /// The step's key.
    pub step: String,
    /// The reason.
    pub message: String,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the step {} failed: {}", self.step, self.message)
    }
}

impl std::error::Error for StepError {}

impl From<StepError> for Failure {
    /// The step has used up its attempts, so the run is not retried for it.
    fn from(error: StepError) -> Self {
        Self::permanent(error.to_string())
    }
}
