//! Stretches of days, and the words for units, months and weekdays.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// Days: the first one, and the one behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) after: Date,
}

impl Days {
    pub(super) fn one(day: Date) -> Option<Self> {
        Self::of(day, 1.day())
    }

    pub(super) fn of(first: Date, length: Span) -> Option<Self> {
        Some(Self { first, after: first.checked_add(length).ok()? })
    }

    pub(super) fn week_of(day: Date) -> Option<Self> {
        let since_monday = i64::from(day.weekday().to_monday_zero_offset());
        Self::of(day.checked_sub(since_monday.days()).ok()?, 1.week())
    }

    pub(super) fn month_of(day: Date) -> Option<Self> {
        Self::of(day.first_of_month(), 1.month())
    }

    pub(super) fn quarter(year: i16, number: i8) -> Option<Self> {
        Self::of(Date::new(year, number * 3 - 2, 1).ok()?, 3.months())
    }

    pub(super) fn quarter_of(day: Date) -> Option<Self> {
        Self::quarter(day.year(), (day.month() + 2) / 3)
    }

    pub(super) fn year(year: i16) -> Option<Self> {
        Self::of(Date::new(year, 1, 1).ok()?, 1.year())
    }
}

/// So many of a unit.
pub(super) fn span(unit: &str, count: i64) -> Option<Span> {
    match unit {
        "day" => Some(count.days()),
        "week" => Some(count.weeks()),
        "month" => Some(count.months()),
        "quarter" => Some((3 * count).months()),
        "year" => Some(count.years()),
        _ => None,
    }
}

/// The number of a month, by its name or the first three letters.
pub(super) fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let place = MONTHS
        .iter()
        .position(|month| *month == word || word == "sept" && *month == "september" || word == &month[..3])?;
    i8::try_from(place + 1).ok()
}

/// The days of a weekday behind Monday.
pub(super) fn weekday(word: &str) -> Option<i64> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    DAYS.iter().position(|day| *day == word).map(|place| place as i64)
}

/// The first microsecond of a day, in UTC.
pub(super) fn begin(day: Date) -> Option<i64> {
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}
