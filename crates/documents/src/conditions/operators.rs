//! The comparison of a variable with an argument.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Condition, Scope, times};

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Operator {
    EqualTo,
    NotEqualTo,
    GreaterThan,
    GreaterThanOrEqualTo,
    LessThan,
    LessThanOrEqualTo,
    Contains,
    NotContains,
    ContainsAll,
    NotContainsAll,
    Empty,
    NotEmpty,
    Exists,
    NotExists,
    IsTimestamp,
    IsNotTimestamp,
    #[serde(alias = "is_timestamp_before_date")]
    IsTimestampBefore,
    #[serde(alias = "is_timestamp_on_or_after_date")]
    IsTimestampOnOrAfter,
    IsTimestampBetween,
    IsTimestampBeforeNow,
    IsTimestampOnOrAfterNow,
    IsBetween,
    IsAudienceMember,
    IsNotAudienceMember,
    IsInRandomCohort,
}

/// The states of a message, from the least to the most advanced.
const LADDER: [&str; 12] = [
    "undelivered",
    "bounced",
    "delivery_attempted",
    "queued",
    "not_sent",
    "sent",
    "delivered",
    "seen",
    "read",
    "interacted",
    "link_clicked",
    "archived",
];

pub(super) fn holds(condition: &Condition, found: &Value, scope: &Scope<'_>) -> bool {
    use Operator as Is;
    if let Some(case) = condition.argument.as_str().and_then(|text| text.trim_matches('"').strip_prefix("$message.")) {
        return message_is(condition.operator, found, case);
    }
    let argument = scope.argument(&condition.argument);
    let time = |value: &Value| times::read(value, scope);
    match condition.operator {
        Is::EqualTo => equal(found, &argument),
        Is::NotEqualTo => !equal(found, &argument),
        Is::GreaterThan => compare(found, &argument).is_some_and(|order| order.is_gt()),
        Is::GreaterThanOrEqualTo => compare(found, &argument).is_some_and(|order| order.is_ge()),
        Is::LessThan => compare(found, &argument).is_some_and(|order| order.is_lt()),
        Is::LessThanOrEqualTo => compare(found, &argument).is_some_and(|order| order.is_le()),
        Is::Contains => contains(found, &argument),
        Is::NotContains => !contains(found, &argument),
        Is::ContainsAll => contains_all(found, &argument),
        Is::NotContainsAll => !contains_all(found, &argument),
        Is::Empty => is_empty(found),
        Is::NotEmpty => !is_empty(found),
        Is::Exists => scope.has(&condition.variable),
        Is::NotExists => !scope.has(&condition.variable),
        Is::IsTimestamp => times::absolute(found).is_some(),
        Is::IsNotTimestamp => times::absolute(found).is_none(),
        Is::IsTimestampBefore => both(times::absolute(found), time(&argument)).is_some_and(|(at, than)| at < than),
        Is::IsTimestampOnOrAfter => both(times::absolute(found), time(&argument)).is_some_and(|(at, than)| at >= than),
        Is::IsTimestampBeforeNow => times::absolute(found).is_some_and(|at| at < scope.now),
        Is::IsTimestampOnOrAfterNow => times::absolute(found).is_some_and(|at| at >= scope.now),
        Is::IsTimestampBetween => match (times::absolute(found), argument.as_array().map(Vec::as_slice)) {
            (Some(at), Some([from, to])) => both(time(from), time(to)).is_some_and(|(from, to)| from <= at && at <= to),
            _ => false,
        },
        Is::IsBetween => match argument.as_array().map(Vec::as_slice) {
            Some([low, high]) => {
                compare(found, low).is_some_and(|order| order.is_ge())
                    && compare(found, high).is_some_and(|order| order.is_le())
            }
            _ => false,
        },
        Is::IsAudienceMember => argument.as_str().is_some_and(|key| scope.audiences.iter().any(|known| known == key)),
        Is::IsNotAudienceMember => {
            !argument.as_str().is_some_and(|key| scope.audiences.iter().any(|known| known == key))
        }
        Is::IsInRandomCohort => argument.as_f64().is_some_and(|percent| percentile(&text_of(found)) < percent),
    }
}

fn both<T>(a: Option<T>, b: Option<T>) -> Option<(T, T)> {
    a.zip(b)
}

/// True if both are equal as JSON, or equal as text: `5` and `"5"` are equal.
fn equal(found: &Value, argument: &Value) -> bool {
    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
    found == argument || (is_scalar(found) && is_scalar(argument) && text_of(found) == text_of(argument))
}

/// A text that is the same for all [`equal`] values. With it, lists need not be compared item by
/// item.
fn likeness(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => format!("json {value}"),
        scalar => format!("text {}", text_of(scalar)),
    }
}

fn compare(found: &Value, argument: &Value) -> Option<std::cmp::Ordering> {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    if let (Some(a), Some(b)) = (number(found), number(argument)) {
        return a.partial_cmp(&b);
    }
    Some(found.as_str().filter(|text| !text.is_empty())?.cmp(argument.as_str()?))
}

fn contains(found: &Value, argument: &Value) -> bool {
    match (found, argument) {
        (Value::Array(list), Value::Array(wanted)) => {
            let has: HashSet<String> = list.iter().map(likeness).collect();
            wanted.iter().any(|item| has.contains(&likeness(item)))
        }
        (Value::Array(list), item) => list.iter().any(|has| equal(has, item)),
        (Value::String(text), item) => {
            let item = text_of(item);
            !item.is_empty() && text.contains(&item)
        }
        (Value::Object(map), Value::String(key)) => map.contains_key(key),
        _ => false,
    }
}

fn contains_all(found: &Value, argument: &Value) -> bool {
    match (found, argument) {
        (Value::Array(list), Value::Array(wanted)) => {
            let has: HashSet<String> = list.iter().map(likeness).collect();
            wanted.iter().all(|item| has.contains(&likeness(item)))
        }
        _ => false,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A number from 0 to 100 that depends on the word alone.
fn percentile(word: &str) -> f64 {
    let hash = campanile_base::sha256_hex(word);
    let number = u32::from_str_radix(&hash[..8], 16).expect("a hash is hexadecimal");
    f64::from(number) / f64::from(u32::MAX) * 100.0
}

/// Compares the state of a step's message. `found` is a delivery status, or a list of engagements.
fn message_is(operator: Operator, found: &Value, case: &str) -> bool {
    let has: Vec<&str> = match found {
        Value::String(status) => vec![status.as_str()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let rank = |status: &str| LADDER.iter().position(|known| *known == status);
    let highest = has.iter().filter_map(|status| rank(status)).max();
    let is_case = match case {
        "skipped" => has.contains(&"skipped") || has.iter().all(|status| status.is_empty()),
        "seen_not_read" => has.contains(&"seen") && !has.contains(&"read"),
        "read_not_link_clicked" => has.contains(&"read") && !has.contains(&"link_clicked"),
        other => has.contains(&other),
    };
    let than = |holds: fn(usize, usize) -> bool| both(highest, rank(case)).is_some_and(|(at, case)| holds(at, case));
    match operator {
        Operator::EqualTo | Operator::Contains => is_case,
        Operator::NotEqualTo | Operator::NotContains => !is_case,
        Operator::GreaterThanOrEqualTo => than(|at, case| at >= case),
        Operator::GreaterThan => than(|at, case| at > case),
        Operator::LessThan => than(|at, case| at < case) || highest.is_none(),
        Operator::LessThanOrEqualTo => than(|at, case| at <= case) || highest.is_none(),
        _ => false,
    }
}
