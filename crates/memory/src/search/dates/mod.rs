//! Times as people write them in a question: `last week`, `on February 4`, `since Monday`, `between
//! 3 and 7 October`. Pure; days and weeks are those of UTC, and weeks begin on Monday.
//!
//! Only what is surely a time is read. The name of a month alone needs a word before it, since `may`
//! and `march` are words; so does a quarter without a year. A day without a year is the last one that
//! has been. Numbers with a sign, such as `#3` and `30%`, are none.

mod calendar;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use campanile_base::Timestamp;
use campanile_search::terms::is_stop_word;
use jiff::ToSpan;
use jiff::civil::Date;

use calendar::{Days, begin, month, span, weekday};
use words::{Word, words};

/// A stretch of time that a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedTime {
    /// The bytes of the text that name it.
    pub(super) at: Range<usize>,
    /// Its begin, in microseconds; the least number if it has none.
    pub(super) from: i64,
    /// Its end, which is not part of it; the greatest number if it has none.
    pub(super) until: i64,
}

/// Finds the times that a text names, in their order.
pub(super) fn named_times(text: &str, now: Timestamp) -> Vec<NamedTime> {
    let words = words(text);
    let Ok(instant) = jiff::Timestamp::from_microsecond(now.as_micros()) else { return Vec::new() };
    let reader = Reader { words: &words, now, today: instant.to_zoned(jiff::tz::TimeZone::UTC).date() };
    let (mut times, mut first) = (Vec::new(), 0);
    while first < words.len() {
        let named = if reader.is_excluded(first) { None } else { reader.stretch(first) };
        let last = named.and_then(|(used, ..)| words.get(first + used - 1));
        match (named, last) {
            (Some((used, from, until)), Some(last)) => {
                times.push(NamedTime { at: words[first].at.start..last.at.end, from, until });
                first += used;
            }
            _ => first += 1,
        }
    }
    times
}

/// The seconds of half an hour.
const HALF_HOUR: i64 = 1_800;

/// Reads words from a place on. Each reader returns the number of words that it took.
struct Reader<'w> {
    words: &'w [Word],
    now: Timestamp,
    today: Date,
}

type Stretch = (usize, i64, i64);

impl Reader<'_> {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }

    fn number(&self, at: usize) -> Option<i64> {
        let word = self.word(at);
        let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
        const NUMBERS: [&str; 12] =
            ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
        let spelled = || NUMBERS.iter().position(|number| *number == word).map(|place| place as i64 + 1);
        digits.parse().ok().filter(|number| (0..=9_999).contains(number)).or_else(spelled)
    }

    /// A number of units: `a` and `an` are one.
    fn count(&self, at: usize) -> Option<i64> {
        if matches!(self.word(at), "a" | "an") { Some(1) } else { self.number(at) }
    }

    /// True if the text says that it does not mean what stands here: `not last week`, `-yesterday`.
    fn is_excluded(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map_or("", |before| self.word(before));
        matches!(before, "not" | "except" | "but" | "without" | "excluding")
            || self.words.get(at).is_some_and(|word| word.is_negated)
    }

    /// True for a word between two times.
    fn is_joint(&self, at: usize) -> bool {
        matches!(self.word(at), "and" | "to" | "until" | "till" | "through" | "-" | "–")
    }

    fn day_number(&self, at: usize) -> Option<i8> {
        self.number(at).filter(|day| (1..=31).contains(day)).and_then(|day| i8::try_from(day).ok())
    }

    /// The month of a word. `may` and `march` in small letters need a word before them that leads to a time,
    /// or a day that is surely one: `step 3 may fail` is no time.
    fn month(&self, at: usize) -> Option<i8> {
        const LEADING: [&str; 13] =
            ["on", "in", "of", "since", "before", "after", "until", "till", "during", "between", "from", "and", "to"];
        let found = self.words.get(at).and_then(|word| month(&word.text))?;
        let is_word = matches!(self.word(at), "may" | "march") && !self.words[at].is_capital;
        let before = |steps: usize| at.checked_sub(steps).map_or("", |before| self.word(before));
        let is_day = || {
            let is_ordinal = before(1).ends_with(|last: char| last.is_ascii_alphabetic());
            let is_led = LEADING.contains(&before(2)) || at > 1 && self.is_joint(at - 2);
            at > 0 && self.day_number(at - 1).is_some() && (is_ordinal || is_led || self.full_year(at + 1).is_some())
        };
        (!is_word || LEADING.contains(&before(1)) || is_day()).then_some(found)
    }

    /// A point in time as machines write it.
    fn instant(&self, at: usize) -> Option<i64> {
        Timestamp::parse(&self.word(at).to_uppercase()).map(Timestamp::as_micros)
    }

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
    fn stretch(&self, at: usize) -> Option<Stretch> {
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
    fn week_of(&self, at: usize) -> Option<(usize, Days)> {
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

    /// A day, or a month by its name alone, which needs a word before it.
    fn day_or_month(&self, at: usize) -> Option<(usize, Days)> {
        self.surely(at)
            .or_else(|| {
                let is_alone = self.number(at + 1).is_none();
                let month = self.month(at).filter(|_| is_alone)?;
                let year = if i16::from(month) > i16::from(self.today.month()) { -1 } else { 0 };
                Some((1, Days::month_of(Date::new(self.today.year() + year, month, 1).ok()?)?))
            })
            .or_else(|| self.quarter_alone(at))
            .or_else(|| self.weekday(at))
            .or_else(|| self.year(at))
    }

    /// A year alone needs a word before it, and none behind it that it counts: `in 2000 requests`.
    fn year(&self, at: usize) -> Option<(usize, Days)> {
        const LEADING: [&str; 11] =
            ["in", "during", "since", "before", "after", "until", "till", "between", "from", "and", "to"];
        let before = at.checked_sub(1).map_or("", |before| self.word(before));
        let counts = !self.word(at + 1).is_empty() && !is_stop_word(self.word(at + 1)) && !self.is_joint(at + 1);
        if counts || !LEADING.contains(&before) {
            return None;
        }
        Some((1, Days::year(self.full_year(at)?)?))
    }

    fn full_year(&self, at: usize) -> Option<i16> {
        self.word(at).parse().ok().filter(|year| (1970..=2100).contains(year))
    }

    /// `Monday`, `last Friday`: the last one before today.
    fn weekday(&self, at: usize) -> Option<(usize, Days)> {
        let skipped = usize::from(matches!(self.word(at), "last" | "this" | "past"));
        let wanted = weekday(self.word(at + skipped))?;
        let back = (i64::from(self.today.weekday().to_monday_zero_offset()) - wanted + 6).rem_euclid(7) + 1;
        Some((skipped + 1, Days::one(self.today.checked_sub(back.days()).ok()?)?))
    }

    /// A time that needs no word before it.
    fn surely(&self, at: usize) -> Option<(usize, Days)> {
        match self.word(at) {
            "today" => Some((1, Days::one(self.today)?)),
            "yesterday" => Some((1, Days::one(self.today.yesterday().ok()?)?)),
            "day" => self.day_before_yesterday(at),
            "first" | "second" | "third" | "fourth" => self.week_of_month(at),
            "last" | "past" | "previous" | "this" => {
                self.named_unit(at).or_else(|| self.week_of_month(at)).or_else(|| self.weekday(at))
            }
            _ => self.iso(at).or_else(|| self.written(at)).or_else(|| self.quarter(at)).or_else(|| self.ago(at)),
        }
    }

    fn day_before_yesterday(&self, at: usize) -> Option<(usize, Days)> {
        let is_named = (self.word(at + 1), self.word(at + 2)) == ("before", "yesterday");
        Some((3, Days::one(self.today.checked_sub(2.days()).ok()?)?)).filter(|_| is_named)
    }

    /// `first week of February`: seven days each, of which the last week has the last ones.
    fn week_of_month(&self, at: usize) -> Option<(usize, Days)> {
        if (self.word(at + 1), self.word(at + 2)) != ("week", "of") {
            return None;
        }
        let (used, month) = self.day_or_month(at + 3)?;
        let first = match self.word(at) {
            "first" => month.first,
            "second" => month.first.checked_add(7.days()).ok()?,
            "third" => month.first.checked_add(14.days()).ok()?,
            "fourth" => month.first.checked_add(21.days()).ok()?,
            "last" => month.after.checked_sub(7.days()).ok()?,
            _ => return None,
        };
        let is_month = month == Days::month_of(month.first)?;
        Some((3 + used, Days { first, after: first.checked_add(7.days()).ok()? })).filter(|_| is_month)
    }

    /// `last week`, `this month`.
    fn named_unit(&self, at: usize) -> Option<(usize, Days)> {
        let back = i64::from(self.word(at) != "this");
        let is_part_of_month = self.word(at + 1) == "week" && self.word(at + 2) == "of";
        let day = self.today.checked_sub(span(self.word(at + 1), back)?).ok().filter(|_| !is_part_of_month)?;
        let days = match self.word(at + 1) {
            "week" => Days::week_of(day)?,
            "month" => Days::month_of(day)?,
            "quarter" => Days::quarter_of(day)?,
            "year" => Days::year(day.year())?,
            _ => return None,
        };
        Some((2, days))
    }

    /// `2026-02-04`, `2026-02`.
    fn iso(&self, at: usize) -> Option<(usize, Days)> {
        let word = self.word(at);
        let is_date = |pattern: &[usize]| {
            let parts: Vec<&str> = word.split('-').collect();
            parts.iter().map(|part| part.len()).eq(pattern.iter().copied())
        };
        if is_date(&[4, 2, 2]) {
            return Some((1, Days::one(word.parse().ok()?)?));
        }
        if !is_date(&[4, 2]) {
            return None;
        }
        Some((1, Days::month_of(format!("{word}-01").parse().ok()?)?))
    }

    /// `February 4`, `4th of February 2026`, `February 2026`.
    fn written(&self, at: usize) -> Option<(usize, Days)> {
        if let Some(month) = self.month(at) {
            if let Some(year) = self.full_year(at + 1) {
                return Some((2, Days::month_of(Date::new(year, month, 1).ok()?)?));
            }
            let day = self.number(at + 1).filter(|day| (1..=31).contains(day))?;
            return self.with_year(month, day, at + 2).map(|(years, days)| (2 + years, days));
        }
        let day = self.number(at).filter(|day| (1..=31).contains(day))?;
        let of = usize::from(self.word(at + 1) == "of");
        let month = self.month(at + 1 + of)?;
        self.with_year(month, day, at + 2 + of).map(|(years, days)| (2 + of + years, days))
    }

    /// The day in the year that is written, or the last one that has been. Returns the words that the
    /// year took.
    fn with_year(&self, month: i8, day: i64, at: usize) -> Option<(usize, Days)> {
        let day = i8::try_from(day).ok()?;
        if let Some(year) = self.full_year(at) {
            return Some((1, Days::one(Date::new(year, month, day).ok()?)?));
        }
        let this_year = self.today.year();
        let years = [this_year, this_year - 1, this_year - 2, this_year - 3, this_year - 4];
        let been = years.into_iter().filter_map(|year| Date::new(year, month, day).ok()).find(|day| *day <= self.today);
        Some((0, Days::one(been?)?))
    }

    /// `Q3 2026`, `2026 Q3`.
    fn quarter(&self, at: usize) -> Option<(usize, Days)> {
        let (number, year) = match self.quarter_number(at) {
            Some(number) => (number, self.full_year(at + 1)?),
            None => (self.quarter_number(at + 1)?, self.full_year(at)?),
        };
        Some((2, Days::quarter(year, number)?))
    }

    /// `Q3`, which needs a word before it: the last one that has begun.
    fn quarter_alone(&self, at: usize) -> Option<(usize, Days)> {
        let number = self.quarter_number(at)?;
        let is_to_come = number > (self.today.month() + 2) / 3;
        Some((1, Days::quarter(self.today.year() - i16::from(is_to_come), number)?))
    }

    fn quarter_number(&self, at: usize) -> Option<i8> {
        match self.word(at) {
            "q1" => Some(1),
            "q2" => Some(2),
            "q3" => Some(3),
            "q4" => Some(4),
            _ => None,
        }
    }

    /// `3 days ago`, `a week ago`.
    fn ago(&self, at: usize) -> Option<(usize, Days)> {
        let count = self.count(at)?;
        if self.word(at + 2) != "ago" {
            return None;
        }
        let unit = self.word(at + 1).trim_end_matches('s');
        let day = self.today.checked_sub(span(unit, count)?).ok()?;
        let days = match unit {
            "day" => Days::one(day)?,
            "week" => Days::week_of(day)?,
            "month" => Days::month_of(day)?,
            "quarter" => Days::quarter_of(day)?,
            _ => Days::year(day.year())?,
        };
        Some((3, days))
    }

    /// From the first of two times to the end of the last. A first one that is later is of the week or the year
    /// before; with a year that is written, the two are exchanged.
    fn in_order(&self, words_of_first: Range<usize>, first: Days, last: Days) -> Option<Days> {
        if first.first <= last.first {
            return Some(Days { first: first.first, after: last.after });
        }
        let is_weekday = words_of_first.clone().any(|at| weekday(self.word(at)).is_some());
        let mut has_year = words_of_first.map(|at| self.full_year(at).is_some() || self.iso(at).is_some());
        if is_weekday {
            return Some(Days { first: first.first.checked_sub(1.week()).ok()?, after: last.after });
        }
        if has_year.any(|has_year| has_year) {
            return Some(Days { first: last.first, after: first.after });
        }
        let mut earlier = first.first;
        while earlier > last.first {
            earlier = earlier.checked_sub(1.year()).ok()?;
        }
        Some(Days { first: earlier, after: last.after })
    }
}
