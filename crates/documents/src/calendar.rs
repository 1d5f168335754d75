//! Calendar times: the end of a delay, the opening of a window, the next run of a schedule. Each is
//! computed in a given time zone.
//!
//! The numbers come from workflows, and from what end users write about themselves. They are
//! bounded when they are read. If a rule never matches a day, the search stops after a bounded
//! number of days.

use campanile_base::Timestamp;
use campanile_base::bounds::{LONGEST_WAIT, RULE_INTERVAL, RULES};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};
use serde_json::{Map, Value};

use crate::definition::{Duration, SendWindow, WindowKind};

/// The number of days examined for one rule. Days between two of its intervals are skipped and do
/// not count.
const LOOKS: usize = 1_000;

/// A rule of recurrence.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    frequency: Frequency,
    interval: i64,
    days: Vec<Weekday>,
    day_of_month: Option<i8>,
    hours: i8,
    minutes: i8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Hourly,
    Daily,
    Weekly,
    Monthly,
}

/// True if a time zone of this name exists.
pub fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// The time zone of this name. It is UTC if there is none; an unknown name is logged.
pub fn zone(name: Option<&str>) -> TimeZone {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return TimeZone::UTC };
    TimeZone::get(name).unwrap_or_else(|_| {
        let name: String = name.chars().take(64).collect();
        tracing::warn!(timezone = name, "no such time zone; UTC is taken instead");
        TimeZone::UTC
    })
}

/// Reads the rules of a request.
///
/// # Errors
/// The fault of a rule, as a sentence.
pub fn parse_rules(rules: &[Value]) -> Result<Vec<Rule>, String> {
    if rules.len() > RULES {
        return Err(format!("must not be more than {RULES}"));
    }
    rules.iter().map(|rule| rule.as_object().ok_or("must be objects".to_owned()).and_then(parse_rule)).collect()
}

fn parse_rule(rule: &Map<String, Value>) -> Result<Rule, String> {
    let number = |name: &str, otherwise: i64| match rule.get(name) {
        None | Some(Value::Null) => Ok(otherwise),
        Some(value) => value.as_i64().ok_or_else(|| format!("{name} must be a number")),
    };
    let frequency = match rule.get("frequency").and_then(Value::as_str) {
        Some("hourly") => Frequency::Hourly,
        Some("daily") => Frequency::Daily,
        Some("weekly") => Frequency::Weekly,
        Some("monthly") => Frequency::Monthly,
        _ => return Err("frequency must be hourly, daily, weekly or monthly".to_owned()),
    };
    let (hours, minutes, interval) = (number("hours", 0)?, number("minutes", 0)?, number("interval", 1)?);
    if !(0..24).contains(&hours) || !(0..60).contains(&minutes) {
        return Err("hours or minutes are out of range".to_owned());
    }
    if !(1..=RULE_INTERVAL).contains(&interval) {
        return Err(format!("interval must be between 1 and {RULE_INTERVAL}"));
    }
    let day_of_month = rule.get("day_of_month").and_then(Value::as_i64);
    if day_of_month.is_some_and(|day| !(1..=31).contains(&day)) {
        return Err("day_of_month must be between 1 and 31".to_owned());
    }
    Ok(Rule {
        frequency,
        interval,
        days: weekdays(rule.get("days"))?,
        day_of_month: day_of_month.and_then(|day| i8::try_from(day).ok()),
        hours: i8::try_from(hours).unwrap_or(0),
        minutes: i8::try_from(minutes).unwrap_or(0),
    })
}

fn weekdays(value: Option<&Value>) -> Result<Vec<Weekday>, String> {
    let words: Vec<&str> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(word)) => match word.as_str() {
            "weekdays" => vec!["mon", "tue", "wed", "thu", "fri"],
            "weekends" => vec!["sat", "sun"],
            word => vec![word],
        },
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(_) => return Err("days must be a list".to_owned()),
    };
    words.into_iter().map(|word| weekday(word).ok_or_else(|| format!("{word} is no day"))).collect()
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word.get(..3)? {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// The next time at which any of the rules occurs after `after`. Rules with an interval are counted
/// from `since`.
pub fn next_occurrence(
    rules: &[Rule],
    zone_name: Option<&str>,
    after: Timestamp,
    since: Timestamp,
) -> Option<Timestamp> {
    let zone = zone(zone_name);
    let (after, since) = (zoned(after, &zone)?, zoned(since, &zone)?);
    rules.iter().filter_map(|rule| rule.next(&after, &since)).min().map(|at| stamp(&at))
}

impl Rule {
    fn next(&self, after: &Zoned, since: &Zoned) -> Option<Zoned> {
        if self.frequency == Frequency::Hourly {
            return self.next_hour(after, since);
        }
        let time = Time::new(self.hours, self.minutes, 0, 0).ok()?;
        let mut date = after.date();
        for _ in 0..LOOKS {
            let wait = self.days_until(date, since.date());
            if wait == 0 {
                let at = date.to_datetime(time).to_zoned(after.time_zone().clone()).ok()?;
                if at > *after {
                    return Some(at);
                }
            }
            date = date.checked_add(days(wait.max(1))?).ok()?;
        }
        None
    }

    /// Counts real hours, not hours on the clock: a clock repeats an hour or skips one, and in some
    /// zones it moves by half an hour.
    fn next_hour(&self, after: &Zoned, since: &Zoned) -> Option<Zoned> {
        let hours = |at: &Zoned, hours: i64| at.checked_add(Span::new().try_hours(hours).ok()?).ok();
        let mut at = self.next_minute(after)?;
        let past = hours_between(since, &at).rem_euclid(self.interval);
        if past != 0 {
            at = hours(&at, self.interval - past)?;
        }
        // The clock may have been changed in between.
        if at.minute() == self.minutes { Some(at) } else { self.next_minute(&at) }
    }

    /// The next time at which the clock shows the rule's minutes.
    fn next_minute(&self, after: &Zoned) -> Option<Zoned> {
        let whole = after.timestamp().as_second().div_euclid(60) * 60;
        let mut at = jiff::Timestamp::from_second(whole).ok()?.to_zoned(after.time_zone().clone());
        for _ in 0..4 {
            let ahead = (i64::from(self.minutes) - i64::from(at.minute())).rem_euclid(60);
            let ahead = if ahead == 0 && at <= *after { 60 } else { ahead };
            if ahead == 0 {
                return Some(at);
            }
            at = at.checked_add(Span::new().try_minutes(ahead).ok()?).ok()?;
        }
        Some(at)
    }

    /// The number of days from `date` to the next day that may match. It is 0 if `date` itself
    /// matches.
    fn days_until(&self, date: Date, since: Date) -> i64 {
        let is_day = self.days.is_empty() || self.days.contains(&date.weekday());
        match self.frequency {
            Frequency::Hourly => 0,
            Frequency::Daily => match days_between(since, date).rem_euclid(self.interval) {
                0 if is_day => 0,
                past => self.interval - past,
            },
            Frequency::Weekly => {
                // Weeks begin on Monday.
                let monday = i64::from(since.weekday().to_monday_zero_offset());
                let week = (days_between(since, date) + monday).div_euclid(7).rem_euclid(self.interval);
                let is_day = if self.days.is_empty() { date.weekday() == since.weekday() } else { is_day };
                match (week, is_day) {
                    (0, true) => 0,
                    (0, false) => 1,
                    (past, _) => {
                        let begun = i64::from(date.weekday().to_monday_zero_offset());
                        7 * (self.interval - past) - begun
                    }
                }
            }
            Frequency::Monthly => {
                let months = i64::from(date.year() - since.year()) * 12 + i64::from(date.month() - since.month());
                let wanted = self.day_of_month.unwrap_or(since.day());
                let left = i64::from(date.days_in_month() - date.day());
                match months.rem_euclid(self.interval) {
                    // A month without that day matches on its last day.
                    0 => match i64::from(wanted.min(date.days_in_month()) - date.day()) {
                        ahead @ 0.. => ahead,
                        _ => left + 1,
                    },
                    past => {
                        let ahead = i32::try_from(self.interval - past).unwrap_or(1);
                        let month = Span::new().try_months(ahead).ok();
                        let next = month.and_then(|month| date.first_of_month().checked_add(month).ok());
                        next.map_or(left + 1, |next| days_between(date, next))
                    }
                }
            }
        }
    }
}

/// A span of days; `None` if it is too long.
fn days(count: i64) -> Option<Span> {
    Span::new().try_days(count).ok()
}

fn days_between(since: Date, at: Date) -> i64 {
    since.until((jiff::Unit::Day, at)).map_or(0, |span| i64::from(span.get_days()))
}

fn hours_between(since: &Zoned, at: &Zoned) -> i64 {
    (at.timestamp().as_second() - since.timestamp().as_second()).div_euclid(3_600)
}

/// The end that a value describes: a time, a duration from `now`, or a rule. `None` if it is none
/// of these.
pub fn ends_at(value: &Value, now: Timestamp, zone_name: Option<&str>) -> Option<Timestamp> {
    match value {
        Value::String(text) => Timestamp::parse(text),
        Value::Object(map) if map.contains_key("frequency") => {
            next_occurrence(&[parse_rule(map).ok()?], zone_name, now, now)
        }
        Value::Object(_) => {
            let duration: Duration = serde_json::from_value(value.clone()).ok()?;
            duration.is_within(LONGEST_WAIT).then(|| later(now, duration.seconds()))
        }
        _ => None,
    }
}

/// True if [`ends_at`] can read the value.
pub fn is_end(value: &Value) -> bool {
    ends_at(value, Timestamp::from_seconds(0), None).is_some()
}

/// The time `seconds` later, or earlier if negative. The result stays within the range of dates.
pub fn later(at: Timestamp, seconds: i64) -> Timestamp {
    const DAY: i64 = 86_400_000_000;
    // One day is kept free at each end, so that the result can be written in any time zone.
    let (first, last) = (jiff::Timestamp::MIN.as_microsecond() + DAY, jiff::Timestamp::MAX.as_microsecond() - DAY);
    let micros = at.as_micros().saturating_add(seconds.saturating_mul(1_000_000));
    Timestamp::from_micros(micros.clamp(first, last))
}

/// Checks a window: the name of its day, and its times.
///
/// # Errors
/// The fault, as a sentence.
pub fn check_window(window: &SendWindow) -> Result<(), String> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let day = window.day.to_lowercase();
    if !DAYS.iter().any(|name| *name == day || name[..3] == day) {
        return Err(format!("{:?} is no day of the week", window.day));
    }
    let mut times = [&window.from, &window.until].into_iter().flatten();
    match times.find(|time| time.parse::<Time>().is_err()) {
        Some(time) => Err(format!("{time:?} is no time of a day, such as 09:00:00")),
        None => Ok(()),
    }
}

/// The time at which a message may be sent: `now` if a window is open, else the next opening.
/// `None` if no window ever opens.
pub fn opens_at(windows: &[SendWindow], zone_name: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let zone = zone(zone_name);
    let at = zoned(now, &zone)?;
    // A window that opened yesterday may be open past midnight.
    (-1..=7).find_map(|offset| {
        let date = at.date().checked_add(days(offset)?).ok()?;
        let on_day = windows.iter().filter(|window| {
            window.kind == WindowKind::Send && weekday(&window.day.to_lowercase()) == Some(date.weekday())
        });
        let openings = on_day.filter_map(|window| {
            let time = |text: &Option<String>, otherwise| text.as_deref().map_or(Some(otherwise), |t| t.parse().ok());
            let (from, until) = (time(&window.from, Time::midnight())?, time(&window.until, Time::MAX)?);
            let last = if until > from { date } else { date.tomorrow().ok()? };
            let opening = date.to_datetime(from).to_zoned(zone.clone()).ok()?;
            let closing = last.to_datetime(until).to_zoned(zone.clone()).ok()?;
            (closing > at).then(|| if opening > at { stamp(&opening) } else { now })
        });
        openings.min()
    })
}

fn zoned(at: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    Some(jiff::Timestamp::from_microsecond(at.as_micros()).ok()?.to_zoned(zone.clone()))
}

fn stamp(at: &Zoned) -> Timestamp {
    Timestamp::from_micros(at.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn next(rule: Value, zone: &str, after: &str, since: &str) -> Timestamp {
        next_occurrence(&parse_rules(&[rule]).unwrap(), Some(zone), at(after), at(since)).unwrap()
    }

    #[test]
    fn a_digest_comes_at_nine_where_the_recipient_is() {
        let daily = json!({ "frequency": "daily", "hours": 9 });
        let (after, since) = ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z");
        assert_eq!(next(daily.clone(), "Europe/Berlin", after, since), at("2026-03-02T08:00:00Z"));
        assert_eq!(next(daily.clone(), "America/New_York", after, since), at("2026-03-01T14:00:00Z"));
        // Clocks went forward in between.
        assert_eq!(next(daily, "Europe/Berlin", "2026-03-28T12:00:00Z", since), at("2026-03-29T07:00:00Z"));
    }

    #[test]
    fn weeks_and_months_come_round() {
        let weekdays = json!({ "frequency": "weekly", "days": "weekdays", "hours": 8, "minutes": 30 });
        // The sixth of March is a Friday.
        assert_eq!(next(weekdays, "UTC", "2026-03-06T09:00:00Z", "2026-03-01T00:00:00Z"), at("2026-03-09T08:30:00Z"));
        let other_week = json!({ "frequency": "weekly", "days": ["mon"], "interval": 2 });
        assert_eq!(next(other_week, "UTC", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"), at("2026-03-16T00:00:00Z"));
        let last = json!({ "frequency": "monthly", "day_of_month": 31 });
        assert_eq!(next(last, "UTC", "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"), at("2026-02-28T00:00:00Z"));
        let hourly = json!({ "frequency": "hourly", "minutes": 15 });
        assert_eq!(next(hourly, "UTC", "2026-03-01T12:20:00Z", "2026-03-01T00:00:00Z"), at("2026-03-01T13:15:00Z"));
    }

    #[test]
    fn a_rule_comes_round_after_a_long_interval_at_once() {
        let since = "2026-01-31T00:00:00Z";
        let after = "2026-02-01T00:00:00Z";
        let next = |rule: Value| next(rule, "UTC", after, since);
        assert_eq!(next(json!({ "frequency": "daily", "interval": 1000 })), at("2028-10-27T00:00:00Z"));
        assert_eq!(next(json!({ "frequency": "weekly", "interval": 3, "days": ["mon"] })), at("2026-02-16T00:00:00Z"));
        assert_eq!(next(json!({ "frequency": "monthly", "interval": 1000 })), at("2109-05-31T00:00:00Z"));
        assert_eq!(next(json!({ "frequency": "monthly", "interval": 13 })), at("2027-02-28T00:00:00Z"));
        assert_eq!(next(json!({ "frequency": "hourly", "interval": 1000 })), at("2026-03-13T16:00:00Z"));
        let never = json!({ "frequency": "daily", "interval": 7, "days": ["mon"] });
        assert_eq!(next_occurrence(&parse_rules(&[never]).unwrap(), None, at(after), at(since)), None);
    }

    #[test]
    fn an_interval_beyond_its_bound_is_no_rule_and_no_time() {
        for interval in [0_i64, -1, 1_001, 1_000_000_000_000, i64::MAX] {
            let rule = json!({ "frequency": "daily", "interval": interval });
            assert!(parse_rules(std::slice::from_ref(&rule)).unwrap_err().contains("between 1 and 1000"));
            assert_eq!(ends_at(&rule, at("2026-03-01T12:00:00Z"), None), None);
        }
        for value in [i64::MAX, i64::MIN, 1_000_000_000_000] {
            assert_eq!(ends_at(&json!({ "unit": "months", "value": value }), at("2026-03-01T12:00:00Z"), None), None);
        }
        assert!(parse_rules(&vec![json!({ "frequency": "daily" }); 51]).is_err());
        for (seconds, year) in [(i64::MAX, "9999"), (i64::MIN, "-009999")] {
            let later = later(at("2026-03-01T12:00:00Z"), seconds).to_string();
            assert!(later.starts_with(year) && Timestamp::parse(&later).is_some(), "{later}");
        }
    }

    #[test]
    fn windows_open_when_they_say() {
        let windows: Vec<SendWindow> = serde_json::from_value(json!([
            { "day": "monday", "type": "send", "from": "09:00:00", "until": "17:00:00" },
            { "day": "tuesday", "type": "do_not_send" },
            { "day": "wednesday", "type": "send" },
        ]))
        .unwrap();
        let opens = |now: &str| opens_at(&windows, Some("UTC"), at(now));
        assert_eq!(opens("2026-03-02T10:00:00Z"), Some(at("2026-03-02T10:00:00Z")));
        assert_eq!(opens("2026-03-02T08:00:00Z"), Some(at("2026-03-02T09:00:00Z")));
        assert_eq!(opens("2026-03-02T18:00:00Z"), Some(at("2026-03-04T00:00:00Z")));
        assert_eq!(opens_at(&windows[1..2], None, at("2026-03-02T18:00:00Z")), None);
    }

    #[test]
    fn a_window_over_midnight_is_open_on_both_sides_of_it() {
        let windows: Vec<SendWindow> = serde_json::from_value(json!([
            { "day": "monday", "type": "send", "from": "22:00:00", "until": "06:00:00" },
        ]))
        .unwrap();
        // The second of March 2026 is a Monday.
        let opens = |now: &str| opens_at(&windows, None, at(now)).unwrap();
        assert_eq!(opens("2026-03-02T21:00:00Z"), at("2026-03-02T22:00:00Z"));
        assert_eq!(opens("2026-03-02T23:00:00Z"), at("2026-03-02T23:00:00Z"));
        assert_eq!(opens("2026-03-03T05:59:00Z"), at("2026-03-03T05:59:00Z"));
        assert_eq!(opens("2026-03-03T06:00:00Z"), at("2026-03-09T22:00:00Z"));
    }

    /// Zones, north and south, whose clocks change by an hour or by half an hour. The test covers
    /// both changes of a year.
    const ZONES: [&str; 20] = [
        "Europe/Berlin",
        "Europe/London",
        "Europe/Athens",
        "Atlantic/Azores",
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Los_Angeles",
        "America/St_Johns",
        "America/Halifax",
        "America/Santiago",
        "America/Havana",
        "America/Asuncion",
        "Africa/Cairo",
        "Asia/Jerusalem",
        "Asia/Beirut",
        "Australia/Sydney",
        "Australia/Adelaide",
        "Australia/Lord_Howe",
        "Pacific/Auckland",
    ];

    #[test]
    fn what_comes_round_is_always_later_and_hourly_rules_never_miss_an_hour() {
        let year = at("2026-01-01T00:00:00Z");
        for name in ZONES {
            let zone = TimeZone::get(name).unwrap();
            let start = jiff::Timestamp::from_microsecond(year.as_micros()).unwrap();
            let changes: Vec<Timestamp> = zone
                .following(start)
                .map(|change| Timestamp::from_micros(change.timestamp().as_microsecond()))
                .take(2)
                .collect();
            for (change, minutes) in changes.iter().flat_map(|change| [(change, 0), (change, 30), (change, 59)]) {
                let begin = later(*change, -4 * 3_600);
                for frequency in ["hourly", "daily"] {
                    let rule = json!({ "frequency": frequency, "hours": 2, "minutes": minutes });
                    let rules = parse_rules(&[rule]).unwrap();
                    let mut now = begin;
                    for _ in 0..10 {
                        let next = next_occurrence(&rules, Some(name), now, begin).unwrap();
                        assert!(next > now, "{name} {frequency}:{minutes} {now} {next}");
                        let most = if frequency == "hourly" { 5_400 } else { 100_000 };
                        assert!(next <= later(now, most), "{name} {frequency}:{minutes} {now} {next}");
                        now = next;
                    }
                }
            }
        }
    }

    #[test]
    fn an_hourly_rule_comes_once_in_each_of_two_hours_with_one_name() {
        let rules = parse_rules(&[json!({ "frequency": "hourly" })]).unwrap();
        let next = |after: &str| next_occurrence(&rules, Some("Europe/Berlin"), at(after), at(after)).unwrap();
        assert_eq!(next("2026-10-25T00:00:00Z"), at("2026-10-25T01:00:00Z"));
        assert_eq!(next("2026-10-25T01:00:00Z"), at("2026-10-25T02:00:00Z"));
    }

    #[test]
    fn a_time_is_said_in_three_ways() {
        let now = at("2026-03-01T12:00:00Z");
        assert_eq!(ends_at(&json!("2026-04-01T00:00:00Z"), now, None), Some(at("2026-04-01T00:00:00Z")));
        assert_eq!(ends_at(&json!({ "unit": "minutes", "value": 5 }), now, None), Some(at("2026-03-01T12:05:00Z")));
        let rule = json!({ "frequency": "daily", "hours": 13 });
        assert_eq!(ends_at(&rule, now, None), Some(at("2026-03-01T13:00:00Z")));
        assert_eq!(ends_at(&json!(5), now, None), None);
    }
}
