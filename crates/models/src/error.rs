//! The reasons for which a model did not answer.

use std::time::Duration;

use campanile_base::Timestamp;
use campanile_net::SendError;

/// The longest wait that a provider can ask for.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// The reason why a model did not answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// It has too much to do; with the wait that it asked for.
    #[error("the model is busy")]
    Busy(Option<Duration>),
    /// It refused, with a status.
    #[error("the model refused with status {0}")]
    Refused(u16),
    /// It was too late.
    #[error("the model did not answer in time")]
    TimedOut,
    /// There was no connection, or its address is not permitted.
    #[error("the model could not be reached")]
    Unreachable,
    /// The answer is no answer of its API.
    #[error("the model's answer could not be read")]
    Unreadable,
    /// The answer has no end.
    #[error("the model's answer broke off")]
    BrokeOff,
    /// The answer can be read, and cannot be used: the rest of a sentence.
    #[error("the model's answer cannot be used: {0}")]
    Unusable(String),
    /// It failed so often that it is left alone for this time.
    #[error("the model has failed several times and is left alone for a while")]
    Resting(Duration),
}

impl ModelError {
    /// The time after which another call may succeed, if it is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy(wait) => *wait,
            Self::Resting(wait) => Some(*wait),
            _ => None,
        }
    }

    /// True if the same call may succeed at once: nothing was said against it.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable | Self::BrokeOff | Self::Refused(500..=599))
    }
}

impl From<&SendError> for ModelError {
    fn from(error: &SendError) -> Self {
        match error {
            SendError::TimedOut(_) => Self::TimedOut,
            _ => Self::Unreachable,
        }
    }
}

/// Reads the value of `Retry-After`: seconds, or an HTTP date.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let wait = match value.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => Timestamp::parse_http_date(value)?.since(now),
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        let now = Timestamp::parse("2026-11-28T12:00:00Z").unwrap();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("0.5", now), Some(Duration::from_millis(500)));
        assert_eq!(retry_after("Sat, 28 Nov 2026 12:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("1e9", now), Some(LONGEST_WAIT));
        for wrong in ["-1", "soon", "NaN", ""] {
            assert_eq!(retry_after(wrong, now), None, "{wrong}");
        }
    }
}
