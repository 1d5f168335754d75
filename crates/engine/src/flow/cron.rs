//! Schedules in cron's notation, in a time zone of the IANA list.

use std::time::Duration;

use campanile_base::{Error, Result, Timestamp};
use jiff::tz::TimeZone;

/// A schedule: `0 9 * * 1-5`, with seconds in front where there are six fields.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    schedule: croner::Cron,
    zone: TimeZone,
    pub(crate) jitter: Duration,
    pub(crate) missed: Missed,
}

/// What becomes of times that passed while nobody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// Only the latest of them is made up for.
    Latest,
    /// Each is, one after the other.
    All,
    /// None is.
    Skip,
}

/// So late may a time be and still count as kept.
const GRACE: Duration = Duration::from_secs(60);

impl Cron {
    /// `text` in UTC, or in a zone with a prefix such as `TZ=Europe/Berlin 0 9 * * *`.
    ///
    /// # Errors
    /// `Invalid` when the text or the zone cannot be read.
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

    /// Starts up to so much later, each time anew.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// What becomes of missed times; the latest is made up for unless said otherwise.
    #[must_use]
    pub fn missed(mut self, missed: Missed) -> Self {
        self.missed = missed;
        self
    }

    /// The schedule's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first time after `at`; `None` when there is none within the schedule's reach.
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        let zoned = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?.to_zoned(self.zone.clone());
        let next = self.schedule.find_next_occurrence(&zoned, false).ok()?;
        Some(Timestamp::from_micros(next.timestamp().as_microsecond()))
    }

    /// Of a time that was planned and has come: the times to start now, and the next to plan.
    pub(crate) fn keep(&self, planned: Timestamp, now: Timestamp) -> (Vec<Timestamp>, Option<Timestamp>) {
        let is_kept = now.since(planned) <= GRACE;
        match self.missed {
            // One at a time: the next is planned for what may have passed as well.
            Missed::All => (vec![planned], self.after(planned)),
            Missed::Skip => (if is_kept { vec![planned] } else { Vec::new() }, self.after(now.max(planned))),
            Missed::Latest => (vec![self.latest(planned, now)], self.after(now.max(planned))),
        }
    }

    /// The last time between `planned` and `now`.
    fn latest(&self, planned: Timestamp, now: Timestamp) -> Timestamp {
        let zoned = jiff::Timestamp::from_microsecond(now.as_micros()).map(|at| at.to_zoned(self.zone.clone()));
        let last = zoned.ok().and_then(|at| self.schedule.find_previous_occurrence(&at, true).ok());
        last.map_or(planned, |last| Timestamp::from_micros(last.timestamp().as_microsecond()).max(planned))
    }
}
