//! Times in conditions: absolute, relative to now, or as a template.

use std::time::Duration;

use campanile_base::Timestamp;
use serde_json::Value;

use super::Scope;
use crate::Template;
use crate::template::budget::run_exceeded;

/// An absolute time. A date alone is its midnight in UTC; a time without an offset is in UTC.
pub(super) fn absolute(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    let at_midnight = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    let in_utc = || Timestamp::parse(&format!("{}Z", text.replacen(' ', "T", 1)));
    Timestamp::parse(text).or_else(at_midnight).or_else(in_utc)
}

/// The time of an argument: an absolute one, `3 days ago`, `2 hours from now`, or a template that
/// renders to an absolute time.
pub(super) fn read(value: &Value, scope: &Scope<'_>) -> Option<Timestamp> {
    let text = value.as_str()?;
    if text.contains("{{") {
        if run_exceeded().is_some() {
            return None;
        }
        let rendered = Template::parse(text).ok()?.render(scope.variables).ok()?;
        return absolute(&Value::String(rendered));
    }
    absolute(value).or_else(|| relative(text, scope.now))
}

fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (text, is_past) = match text.strip_suffix(" ago") {
        Some(rest) => (rest, true),
        None => (text.strip_suffix(" from now")?, false),
    };
    let (count, unit) = text.trim().split_once(' ')?;
    let seconds: u64 = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        _ => return None,
    };
    let by = Duration::from_secs(count.parse::<u64>().ok()?.checked_mul(seconds)?);
    Some(if is_past { now.minus(by) } else { now.plus(by) })
}
