//! Stretches of time with the words that lead to them: `since …`, `between … and …`, `an hour ago`.

use jiff::civil::Date;

use super::calendar::{Days, begin, span};
use super::{Reader, Stretch};

/// The seconds of half an hour.
const HALF_HOUR: i64 = 1_800;

impl Reader<'_> {
    /// Two times with a word between them: `3 and 7 October`, `October 3 – 7`, `December 20 to January 3`.
    fn two_times(&self, at: usize) -> Option<(usize, Days)> {
        if let Some(day) = self.day_number(at).filter(|_| self.is_joint(at + 1)) {
            let (used, last) = self.written(at + 2)?;
            let first = Date::new(last.first.year(), last.first.month(), day).ok()?;
            return (first <= last.first).then_some((2 + used, Days { first, after: last.after }));
        }
        let (used, first) = self.day_or_month(at)?;
        let next = at + used + 1;
        if !self.is_joint(next - 1) {
            return None;
        }
        let is_day_alone = self.month(next + 1).is_none() && self.word(next + 1) != "of";
        if let (Some(_), Some(day), true) = (self.month(at), self.day_number(next), is_day_alone) {
            let last = Days::one(Date::new(first.first.year(), first.first.month(), day).ok()?)?;
            return (first.first <= last.first).then_some((used + 2, Days { first: first.first, after: last.after }));
        }
        let (used_after, last) = self.day_or_month(next)?;
        Some((used + 1 + used_after, self.in_order(at..next - 1, first, last)?))
    }

    /// A stretch with the words that lead to it: `since …`, `between … and …`, `in the week of …`.
    pub(super) fn stretch(&self, at: usize) -> Option<Stretch> {
        let whole = |used: usize, days: Days| Some((used, begin(days.first)?, begin(days.after)?));
        match self.word(at) {
            "between" | "from" => {
                if let Some((used, days)) = self.two_times(at + 1) {
                    return whole(1 + used, days);
                }
                let (used, first) = self.day_or_month(at + 1)?;
                let is_open = self.word(at) == "from" && matches!(self.word(at + 1 + used), "on" | "onwards" | "");
                if is_open { Some((1 + used, begin(first.first)?, i64::MAX)) } else { None }
            }
            "since" | "after" | "before" | "until" | "till" | "by" => self.open_stretch(at),
            "on" | "in" | "during" | "within" | "at" | "of" | "over" => {
                let article = usize::from(self.word(at + 1) == "the");
                let back = self.backwards(at + 1 + article).or_else(|| self.about(at + 1 + article));
                if let Some((used, from, until)) = back {
                    return Some((1 + article + used, from, until));
                }
                if let Some((used, days)) = self.two_times(at + 1) {
                    return whole(1 + used, days);
                }
                if let Some((used, days)) = self.week_of(at + 1 + article) {
                    return whole(1 + article + used, days);
                }
                let (used, days) = self.day_or_month(at + 1)?;
                whole(1 + used, days)
            }
            _ => {
                if let Some(back) = self.backwards(at).or_else(|| self.about(at)) {
                    return Some(back);
                }
                if let Some((used, days)) = self.two_times(at) {
                    return whole(used, days);
                }
                let (used, days) = self.week_of(at).or_else(|| self.surely(at))?;
                whole(used, days)
            }
        }
    }

    /// `since …`, `after …`, `before …`, `until …`, and `by …`, which is followed by names as well: `by April`.
    fn open_stretch(&self, at: usize) -> Option<Stretch> {
        let word = self.word(at);
        let from = |used, begin| Some((used, begin, i64::MAX));
        let until = |used, end| Some((used, i64::MIN, end));
        if let Some(instant) = self.instant(at + 1) {
            return if matches!(word, "since" | "after") { from(2, instant) } else { until(2, instant) };
        }
        if let Some((used, seconds)) = self.hours_ago(at + 1) {
            let instant = self.seconds_before(seconds);
            return if matches!(word, "since" | "after") { from(1 + used, instant) } else { until(1 + used, instant) };
        }
        let (used, days) = if word == "by" { self.surely(at + 1)? } else { self.day_or_month(at + 1)? };
        match word {
            "since" => from(1 + used, begin(days.first)?),
            "after" => from(1 + used, begin(days.after)?),
            "before" => until(1 + used, begin(days.first)?),
            _ => until(1 + used, begin(days.after)?),
        }
    }

    /// `week of 3 October`.
    pub(super) fn week_of(&self, at: usize) -> Option<(usize, Days)> {
        if (self.word(at), self.word(at + 1)) != ("week", "of") {
            return None;
        }
        let (used, days) = self.day_or_month(at + 2)?;
        Some((2 + used, Days::week_of(days.first)?))
    }

    /// `last 3 days`, `past 24 hours`, `last half hour`, `in the last year`: up to now.
    fn backwards(&self, at: usize) -> Option<Stretch> {
        if !matches!(self.word(at), "last" | "past" | "previous") {
            return None;
        }
        if let Some(used) = self.half_hour(at + 1) {
            return Some((1 + used, self.seconds_before(HALF_HOUR), i64::MAX));
        }
        // `last week` is the one before this; `in the last week` are seven days.
        let is_led =
            at > 1 && self.word(at - 1) == "the" && matches!(self.word(at - 2), "in" | "within" | "over" | "during");
        let is_one = matches!(self.word(at + 1), "hour" | "minute" | "day")
            || is_led
                && matches!(self.word(at + 1), "week" | "month" | "quarter" | "year")
                && self.word(at + 2) != "of";
        let count = if is_one { 1 } else { self.number(at + 1)? };
        let used = if is_one { 2 } else { 3 };
        if let Some(unit) = self.seconds_of(at + used - 1) {
            return Some((used, self.seconds_before(count * unit), i64::MAX));
        }
        let unit = self.word(at + used - 1).trim_end_matches('s');
        Some((used, begin(self.today.checked_sub(span(unit, count)?).ok()?)?, i64::MAX))
    }

    /// `an hour ago`: people say it of what was half as long ago, and of what was half as long again.
    fn about(&self, at: usize) -> Option<Stretch> {
        let (used, seconds) = self.hours_ago(at)?;
        Some((used, self.seconds_before(seconds + seconds / 2), self.seconds_before(seconds / 2)))
    }

    /// `an hour ago`, `half an hour ago`, `20 minutes ago`: the words, and the seconds.
    fn hours_ago(&self, at: usize) -> Option<(usize, i64)> {
        let (used, seconds) = match self.half_hour(at) {
            Some(used) => (used, HALF_HOUR),
            None => (2, self.count(at)? * self.seconds_of(at + 1)?),
        };
        (seconds > 0 && self.word(at + used) == "ago").then_some((used + 1, seconds))
    }

    /// The words of `half an hour`, or of `half hour`.
    fn half_hour(&self, at: usize) -> Option<usize> {
        match (self.word(at), self.word(at + 1), self.word(at + 2)) {
            ("half", "a" | "an", "hour") => Some(3),
            ("half", "hour", _) => Some(2),
            _ => None,
        }
    }

    /// The seconds of a unit that is shorter than a day.
    fn seconds_of(&self, at: usize) -> Option<i64> {
        match self.word(at) {
            "hour" | "hours" => Some(3_600),
            "minute" | "minutes" => Some(60),
            _ => None,
        }
    }

    fn seconds_before(&self, seconds: i64) -> i64 {
        self.now.as_micros().saturating_sub(seconds * 1_000_000)
    }
}
