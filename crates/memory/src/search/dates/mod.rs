//! Times as people write them in a question: `last week`, `on February 4`, `since Monday`, `between
//! 3 and 7 October`. Pure; days and weeks are those of UTC, and weeks begin on Monday.
//!
//! Only what is surely a time is read. The name of a month alone needs a word before it, since `may`
//! and `march` are words; so does a quarter without a year. A day without a year is the last one that
//! has been. Numbers with a sign, such as `#3` and `30%`, are none.

mod calendar;
mod days;
mod stretches;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use campanile_base::Timestamp;
use jiff::civil::Date;

use calendar::month;
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
}
