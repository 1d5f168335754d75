//! Schedules in cron notation, in an IANA time zone.

use std::time::Duration;

use campanile_base::{Error, Result, Timestamp};
use jiff::tz::TimeZone;

/// A schedule such as `0 9 * * 1-5`. With six fields, the first is the seconds.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    schedule: croner::Cron,
    zone: TimeZone,
    pub(crate) jitter: Duration,
    pub(crate) missed: Missed,
}

/// The rule for planned times that passed while no node was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// Only the latest missed time is made up for.
    Latest,
    /// Every missed time is made up for, one after the other.
    All,
    /// No missed time is made up for.
    Skip,
}

/// The largest delay with which a planned time still counts as kept.
const GRACE: Duration = Duration::from_secs(60);

impl Cron {
    /// Parses a schedule. It is in UTC, or in the zone of a prefix such as
    /// `TZ=Europe/Berlin 0 9 * * *`.
    ///
    /// # Errors
    /// `Invalid` when the schedule or the zone cannot be parsed.
    pub fn parse(text: &str) -> Result<Self> {
        let (zone, fields) = match text.strip_prefix("TZ=").and_then(|rest| rest.split_once(' ')) {
            Some((zone, fields)) => (
                TimeZone::get(zone).map_err(|e| Error::invalid(format!("the time zone {zone:?}: {e}")))?,
                fields.trim(),
            ),
            None => (TimeZone::UTC, text.trim()),
        };
        let parser = croner::parser::CronParser::builder().seconds(croner::parser::Seconds::Optional).build();
        let schedule =
            parser.parse(fields).map_err(|e| Error::invalid(format!("the schedule {fields:?} cannot be read: {e}")))?;
        let text = text.to_owned();
        Ok(Self { text, schedule, zone, jitter: Duration::ZERO, missed: Missed::Latest })
    }

    /// Delays each start by a new random time, at most this long.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets the rule for missed times. The default is [`Missed::Latest`].
    #[must_use]
    pub fn missed(mut self, missed: Missed) -> Self {
        self.missed = missed;
        self
    }

    /// The schedule's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The cron fields, without the zone.
    pub(crate) fn fields(&self) -> &str {
        self.text
            .strip_prefix("TZ=")
            .and_then(|rest| rest.split_once(' '))
            .map_or(self.text.as_str(), |(_, fields)| fields)
            .trim()
    }

    /// The name of the time zone.
    pub(crate) fn time_zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The first time after `at`; `None` when the schedule has none.
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        let zoned = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?.to_zoned(self.zone.clone());
        let next = self.schedule.find_next_occurrence(&zoned, false).ok()?;
        Some(Timestamp::from_micros(next.timestamp().as_microsecond()))
    }

    /// For a planned time that has come: the times to start runs for now, and the next time to
    /// plan.
    pub(crate) fn keep(&self, planned: Timestamp, now: Timestamp) -> (Vec<Timestamp>, Option<Timestamp>) {
        let is_kept = now.since(planned) <= GRACE;
        match self.missed {
            // One at a time: the next planned time may already have passed too.
            Missed::All => (vec![planned], self.after(planned)),
            Missed::Skip => (if is_kept { vec![planned] } else { Vec::new() }, self.after(now.max(planned))),
            Missed::Latest => (vec![self.latest(planned, now)], self.after(now.max(planned))),
        }
    }

    /// The last scheduled time between `planned` and `now`.
    fn latest(&self, planned: Timestamp, now: Timestamp) -> Timestamp {
        let zoned = jiff::Timestamp::from_microsecond(now.as_micros()).map(|at| at.to_zoned(self.zone.clone()));
        let last = zoned.ok().and_then(|at| self.schedule.find_previous_occurrence(&at, true).ok());
        last.map_or(planned, |last| Timestamp::from_micros(last.timestamp().as_microsecond()).max(planned))
    }
}
