//! The counts of a profile: what an actor did, by source, type, topic, hour and day.
//!
//! Pure. Observations are added and taken away one by one, in any order. The counts of types and
//! topics are bounded: when there are too many, the rarest gives way to a new one.

use std::collections::BTreeMap;

use campanile_base::Timestamp;
use serde::{Deserialize, Serialize};

/// The most types and the most topics that are counted.
const MOST_NAMES: usize = 100;
/// The most days that are counted: the latest with an observation.
const MOST_DAYS: usize = 90;
/// The hours of a week.
pub const HOURS: usize = 7 * 24;
const MICROS_OF_HOUR: i64 = 3_600_000_000;

/// The fields of an observation that are counted.
#[derive(Debug, Clone)]
pub(crate) struct Counted<'o> {
    pub(crate) provider: &'o str,
    pub(crate) event_type: &'o str,
    pub(crate) topics: &'o [String],
    pub(crate) occurred_at: Timestamp,
}

/// The counts of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) sources: BTreeMap<String, i64>,
    pub(crate) types: BTreeMap<String, i64>,
    pub(crate) topics: BTreeMap<String, i64>,
    /// By hour of the week in UTC, from Monday 00:00 on. Empty or [`HOURS`] long.
    pub(crate) hours: Vec<i64>,
    /// By days since 1970-01-01 in UTC.
    pub(crate) days: BTreeMap<i64, i64>,
}

impl Counts {
    /// Counts an observation.
    pub(crate) fn add(&mut self, observed: &Counted<'_>) {
        *self.sources.entry(observed.provider.to_owned()).or_default() += 1;
        count(&mut self.types, observed.event_type);
        observed.topics.iter().for_each(|topic| count(&mut self.topics, topic));
        self.hours.resize(HOURS, 0);
        self.hours[hour_of_week(observed.occurred_at)] += 1;
        *self.days.entry(day(observed.occurred_at)).or_default() += 1;
        self.forget_early_days();
    }

    /// Takes an observation away that was counted before.
    pub(crate) fn take_away(&mut self, observed: &Counted<'_>) {
        less(&mut self.sources, observed.provider);
        less(&mut self.types, observed.event_type);
        observed.topics.iter().for_each(|topic| less(&mut self.topics, topic));
        if let Some(count) = self.hours.get_mut(hour_of_week(observed.occurred_at)) {
            *count = (*count - 1).max(0);
        }
        let day = day(observed.occurred_at);
        if let Some(count) = self.days.get_mut(&day) {
            *count -= 1;
            self.days.retain(|_, count| *count > 0);
        }
    }

    /// Adds the counts of another actor of the same person.
    pub(crate) fn join(&mut self, other: Self) {
        for (names, others) in
            [(&mut self.sources, other.sources), (&mut self.types, other.types), (&mut self.topics, other.topics)]
        {
            others.into_iter().for_each(|(name, count)| *names.entry(name).or_default() += count);
        }
        self.hours.resize(HOURS, 0);
        self.hours.iter_mut().zip(other.hours).for_each(|(count, more)| *count += more);
        other.days.into_iter().for_each(|(day, count)| *self.days.entry(day).or_default() += count);
        self.forget_early_days();
    }

    fn forget_early_days(&mut self) {
        while self.days.len() > MOST_DAYS {
            self.days.pop_first();
        }
    }
}

/// The day of a time, counted from 1970-01-01 in UTC.
pub(crate) fn day(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(24 * MICROS_OF_HOUR)
}

/// The hour of the week of a time, from Monday 00:00 UTC on. The first day of 1970 was a Thursday.
fn hour_of_week(at: Timestamp) -> usize {
    let hours = at.as_micros().div_euclid(MICROS_OF_HOUR) + 3 * 24;
    usize::try_from(hours.rem_euclid(HOURS as i64)).expect("it is below the hours of a week")
}

fn count(names: &mut BTreeMap<String, i64>, name: &str) {
    if let Some(count) = names.get_mut(name) {
        *count += 1;
        return;
    }
    if names.len() >= MOST_NAMES {
        let rarest = names.iter().min_by_key(|(_, count)| **count).map(|(name, _)| name.clone());
        names.remove(&rarest.expect("there are many"));
    }
    names.insert(name.to_owned(), 1);
}

fn less(names: &mut BTreeMap<String, i64>, name: &str) {
    if let Some(count) = names.get_mut(name) {
        *count -= 1;
        if *count <= 0 {
            names.remove(name);
        }
    }
}
