//! Reads payloads by path. Missing fields are not errors, since providers omit fields.

use campanile_base::{Error, Result, Timestamp};
use serde_json::{Map, Value};

/// Paths are JSON pointers without the first slash: `pull_request/head/ref`.
pub(crate) trait Read {
    fn at(&self, path: &str) -> Option<&Value>;
    /// A text that is not empty.
    fn text(&self, path: &str) -> Option<&str>;
    /// A text, or a number as text: providers change the type of their ids.
    fn id(&self, path: &str) -> Option<String>;
    fn number(&self, path: &str) -> Option<i64>;
    fn flag(&self, path: &str) -> bool;
    fn time(&self, path: &str) -> Option<Timestamp>;
    /// A list, or its `nodes` if it is wrapped.
    fn list(&self, path: &str) -> &[Value];
    /// A text that is required for the event.
    fn needed(&self, path: &str) -> Result<&str>;
}

impl Read for Value {
    fn at(&self, path: &str) -> Option<&Value> {
        path.split('/').try_fold(self, |value, step| match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str().filter(|text| !text.is_empty())
    }

    fn id(&self, path: &str) -> Option<String> {
        match self.at(path)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn number(&self, path: &str) -> Option<i64> {
        match self.at(path)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn flag(&self, path: &str) -> bool {
        self.at(path).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Parses an RFC 3339 text, or seconds or milliseconds since 1970. A number that would be after
    /// the year 5000 as seconds is taken as milliseconds.
    fn time(&self, path: &str) -> Option<Timestamp> {
        const YEAR_5000: i64 = 95_617_584_000;
        match self.at(path)? {
            Value::String(text) => Timestamp::parse(text),
            Value::Number(number) => match number.as_i64()? {
                millis if millis > YEAR_5000 => Some(Timestamp::from_millis(millis)),
                seconds => Some(Timestamp::from_seconds(seconds)),
            },
            _ => None,
        }
    }

    fn list(&self, path: &str) -> &[Value] {
        let found = self.at(path);
        let items = found.and_then(Value::as_array).or_else(|| found?.get("nodes")?.as_array());
        items.map_or(&[], Vec::as_slice)
    }

    fn needed(&self, path: &str) -> Result<&str> {
        self.text(path).ok_or_else(|| Error::invalid(format!("the payload has no {path}")))
    }
}

/// Metadata without absent and null fields.
pub(crate) fn metadata(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Map<String, Value> {
    let present =
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.filter(|v| !v.is_null())?)));
    present.collect()
}

/// A line `Name: value` for each present fact. A fact without a name is written alone.
pub(crate) fn facts(facts: &[(&str, Option<String>)]) -> String {
    let present = facts.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let lines = present.map(|(name, value)| if name.is_empty() { value.clone() } else { format!("{name}: {value}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// A time without its part of a second, `2026-11-02T10:00:00Z`: an API may tell the time of a webhook less
/// precisely.
pub(crate) fn to_the_second(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('.').map_or_else(|| text.clone(), |(whole, _)| format!("{whole}Z"))
}

/// `ready_for_review` as `Ready for Review`.
pub(crate) fn title_case(words: &str) -> String {
    let small = ["for", "of", "from", "to", "in"];
    let cased = words.split(['_', ' ']).map(|word| match small.contains(&word) {
        true => word.to_owned(),
        false => word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect(),
    });
    cased.collect::<Vec<String>>().join(" ")
}
