//! The filter `date`: writes a time in a format and a time zone.
//!
//! A time is one of: the form of this server's API, an ISO date with or without a time, seconds
//! since 1970, `now`, `today`, or a form that Shopify's Liquid takes. Any other value is written as
//! it is. Without a zone, a time is written in its own offset.

use jiff::civil::Time;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use liquid_core::ValueView;
use liquid_core::model::{DateTime, Value};

use super::filters::now;

/// The greatest width of one part of a date.
const WIDTH: usize = 32;

/// `{{ at | date: "%H:%M" }}`, `{{ at | date: "%H:%M", "Europe/Berlin" }}`.
pub(super) fn date(input: &dyn ValueView, words: &[Value]) -> Result<Value, String> {
    let format = words[0].to_kstr();
    if parts(&format).any(|(width, _)| is_too_wide(width)) {
        return Err(format!("a part of a date is written at most {WIDTH} wide"));
    }
    // The library would slice inside a letter of several bytes.
    if parts(&format).any(|(_, letter)| letter.is_some_and(|letter| !letter.is_ascii())) {
        return Err(format!("{format:?} is no format of a date"));
    }
    let known = time_of(input)?.filter(|_| !format.is_empty());
    let Some(at) = known else { return Ok(input.to_value()) };
    let at = match words.get(1).map(|zone| zone.to_kstr()).filter(|zone| !zone.is_empty()) {
        None => at,
        Some(zone) => at.with_time_zone(TimeZone::get(&zone).map_err(|_| format!("{zone:?} is no time zone"))?),
    };
    let written = at.strftime("%Y-%m-%d %H:%M:%S.%6f %z").to_string();
    let at = DateTime::from_str(&written).ok_or_else(|| format!("{written} is beyond what can be written"))?;
    let written = at.format(&format).map_err(|error| format!("{format:?} is no format of a date: {error}"))?;
    Ok(Value::scalar(written))
}

/// The time that a value stands for, if any.
fn time_of(input: &dyn ValueView) -> Result<Option<Zoned>, String> {
    let Some(scalar) = input.as_scalar() else { return Ok(None) };
    let utc = |at: Timestamp| at.to_zoned(TimeZone::UTC);
    let of_seconds = |seconds: i64| Timestamp::from_second(seconds).ok().map(utc);
    let text = scalar.to_kstr();
    let text = text.trim();
    match text.to_lowercase().as_str() {
        "now" | "today" => return now().map(utc).map(Some),
        "" | "true" | "false" => return Ok(None),
        _ => {}
    }
    if let Some(seconds) = scalar.to_integer().or_else(|| text.parse().ok()) {
        return Ok(of_seconds(seconds));
    }
    if let Some(seconds) = scalar.to_float() {
        return Ok(of_seconds(seconds as i64));
    }
    Ok(of_iso(text).or_else(|| {
        // The library's own parser; it keeps whole seconds.
        let at = scalar.to_date_time()?.format("%Y-%m-%d %H:%M:%S %z").ok()?;
        Zoned::strptime("%Y-%m-%d %H:%M:%S %z", at).ok()
    }))
}

/// RFC 3339 and shorter forms: without seconds, without an offset, without a time.
fn of_iso(text: &str) -> Option<Zoned> {
    let pieces = Pieces::parse(text).ok()?;
    let at = pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()));
    at.to_zoned(TimeZone::fixed(pieces.to_numeric_offset().unwrap_or(Offset::UTC))).ok()
}

/// The parts of a format that are replaced: the width, and the letter. Flags before the width are
/// skipped.
fn parts(format: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    format.split('%').skip(1).map(|part| {
        let part = part.trim_start_matches(['-', '_', '^', '#', '0', ':']);
        let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
        (&part[..end], part[end..].chars().next())
    })
}

fn is_too_wide(digits: &str) -> bool {
    !digits.is_empty() && digits.parse().map_or(true, |width: usize| width > WIDTH)
}
