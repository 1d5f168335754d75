//! Why a step or a run failed, and what that means for the next attempt.

use std::fmt;
use std::time::Duration;

use campanile_base::Error;

/// The shortest and the longest wait that code or a provider may ask for.
const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(24 * 3600));

/// A failure of a step's body or of a workflow. Made from any [`Error`] by `?`: it is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    retry: Retry,
}

/// Whether and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// After the backoff of the options.
    Backoff,
    /// After this long: a provider said so.
    After(Duration),
    /// Soon, and it does not count: the database was away, which is nobody's failure here.
    WhenBack,
    /// Not at all.
    Never,
}

/// The wait before what the database has kept from happening is tried again.
pub(crate) const AWAY: Duration = Duration::from_secs(1);

/// Whether an error says no more than that the database is away.
pub(crate) fn is_away(error: &Error) -> bool {
    matches!(error, Error::Unavailable { what, .. } if *what == campanile_db::DATABASE)
}

impl Failure {
    /// Something that may go away: tried again after the backoff.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: Retry::Backoff }
    }

    /// Something that will not go away: not tried again, however many attempts are left.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: Retry::Never }
    }

    /// Something that goes away after a known time, such as a `Retry-After`; between a second and
    /// a day is waited.
    pub fn retry_after(message: impl Into<String>, wait: Duration) -> Self {
        Self { message: message.into(), retry: Retry::After(wait.clamp(BOUNDS.0, BOUNDS.1)) }
    }

    pub(crate) fn retry(&self) -> Retry {
        self.retry
    }

    /// Whether it takes one of the attempts.
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

/// A step that failed for good, as its workflow sees it: to be handled, or passed on with `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    /// The step's key.
    pub step: String,
    /// Why.
    pub message: String,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the step {} failed: {}", self.step, self.message)
    }
}

impl std::error::Error for StepError {}

impl From<StepError> for Failure {
    /// A step has had its attempts: the run is not tried again for it.
    fn from(error: StepError) -> Self {
        Self::permanent(error.to_string())
    }
}
