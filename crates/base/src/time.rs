//! Points in time: microseconds since 1970, UTC, written as RFC 3339 in all APIs.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, in microseconds since 1970-01-01T00:00:00Z. Stored as `BIGINT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since 1970, the format of Vercel and Linear.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From seconds since 1970, the format of some push times of GitHub.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Parses RFC 3339 with any offset. Returns `None` for other text.
    pub fn parse(text: &str) -> Option<Self> {
        let parsed: jiff::Timestamp = text.trim().parse().ok()?;
        Some(Self(parsed.as_microsecond()))
    }

    /// Parses RFC 3339, or a date such as `2026-11-02`, which begins at midnight UTC.
    pub fn parse_time_or_date(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse(&format!("{}T00:00:00Z", text.trim())))
    }

    /// Parses an HTTP date, `Tue, 14 Nov 2023 22:13:20 GMT`. Returns `None` for other text.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let parsed =
            jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()?;
        Some(Self(parsed.as_microsecond()))
    }

    /// This time plus `by`.
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This time minus `by`.
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The duration from `earlier` to this time; zero if this time is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time:.6}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_any_offset_and_written_in_utc() {
        let time = Timestamp::parse("2026-02-04T10:15:00.5+01:00").unwrap();
        assert_eq!(time.to_string(), "2026-02-04T09:15:00.500000Z");
    }

    #[test]
    fn a_date_begins_at_midnight() {
        let midnight = Timestamp::parse("2026-11-02T00:00:00Z");
        assert_eq!(Timestamp::parse_time_or_date(" 2026-11-02 "), midnight);
        assert_eq!(Timestamp::parse_time_or_date("2026-11-02T01:00:00+01:00"), midnight);
        for wrong in ["2026-11", "2026-11-31", "today", "", "2026-11-02T00:00:00"] {
            assert_eq!(Timestamp::parse_time_or_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_year_alone_is_not_a_time() {
        assert_eq!(Timestamp::parse("2026"), None);
        assert_eq!(Timestamp::parse("1738662300000"), None);
    }
}
