//! Days, weeks, months, quarters and years: `February 4`, `last week`, `Q3 2026`, `two months ago`.

use std::ops::Range;

use campanile_search::terms::is_stop_word;
use jiff::ToSpan;
use jiff::civil::Date;

use super::Reader;
use super::calendar::{Days, span, weekday};

impl Reader<'_> {
    /// A day, or a month by its name alone, which needs a word before it.
    pub(super) fn day_or_month(&self, at: usize) -> Option<(usize, Days)> {
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
    pub(super) fn year(&self, at: usize) -> Option<(usize, Days)> {
        const LEADING: [&str; 11] =
            ["in", "during", "since", "before", "after", "until", "till", "between", "from", "and", "to"];
        let before = at.checked_sub(1).map_or("", |before| self.word(before));
        let counts = !self.word(at + 1).is_empty() && !is_stop_word(self.word(at + 1)) && !self.is_joint(at + 1);
        if counts || !LEADING.contains(&before) {
            return None;
        }
        Some((1, Days::year(self.full_year(at)?)?))
    }

    pub(super) fn full_year(&self, at: usize) -> Option<i16> {
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
    pub(super) fn surely(&self, at: usize) -> Option<(usize, Days)> {
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
    pub(super) fn written(&self, at: usize) -> Option<(usize, Days)> {
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
    pub(super) fn in_order(&self, words_of_first: Range<usize>, first: Days, last: Days) -> Option<Days> {
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
