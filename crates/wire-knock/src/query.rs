//! Query parameters of the Knock API, in all forms that its clients write.
//!
//! * Lists: `k[]=a`, `k=a&k=b` and `k[0]=a`.
//! * Lists of objects: `k[][id]=a&k[][collection]=b` and `k[0][id]=a`.
//! * Objects: `k[a]=b`, with dots (`inserted_at.gte`), and as JSON.
//!
//! Empty values count as absent.
//!
//! A name has at most [`bounds::QUERY_DEPTH`] parts. This is checked before a value is stored,
//! because storing recurses.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use campanile_base::{Timestamp, bounds};
use campanile_http::Web;
use serde_json::{Map, Value};

use super::error::{KnockError, KnockResult};

/// The parameters of a request, as one object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Map<String, Value>);

impl FromRequestParts<Web> for Query {
    type Rejection = KnockError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> KnockResult<Self> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// A part of a parameter's name.
enum Part<'k> {
    Key(&'k str),
    Next,
}

impl Query {
    /// Reads the query of a URL.
    ///
    /// # Errors
    /// When the query has too many parameters, or a name too many parts.
    pub(crate) fn parse(query: &str) -> KnockResult<Self> {
        let mut root = Value::Object(Map::new());
        for (index, (name, value)) in url::form_urlencoded::parse(query.as_bytes()).enumerate() {
            if index >= bounds::QUERY_PARAMETERS {
                let why = format!("may have {} parameters at most", bounds::QUERY_PARAMETERS);
                return Err(KnockError::field("query", &why));
            }
            if !value.is_empty() {
                put(&mut root, &parts_of(&name)?, &value);
            }
        }
        numbered(&mut root);
        Ok(match root {
            Value::Object(map) => Self(map),
            _ => Self::default(),
        })
    }

    /// Reads parameters from an object instead of a query: `inserted_at.gte` is written with its
    /// dot, and `trigger_data` is an object.
    ///
    /// # Errors
    /// Like [`Query::parse`].
    pub(crate) fn of(options: &Map<String, Value>) -> KnockResult<Self> {
        let mut root = Value::Object(Map::new());
        for (name, value) in options {
            match value {
                Value::Null => {}
                Value::Bool(_) | Value::Number(_) => put(&mut root, &parts_of(name)?, &value.to_string()),
                Value::String(text) if text.is_empty() => {}
                Value::String(text) => put(&mut root, &parts_of(name)?, text),
                other => root[name] = other.clone(),
            }
        }
        Ok(match root {
            Value::Object(map) => Self(map),
            _ => Self::default(),
        })
    }

    /// The value as it was given.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Value::Array(list) => list.last()?.as_str(),
            value => value.as_str(),
        }
    }

    /// All texts of this name.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// All values of this name.
    pub(crate) fn values(&self, name: &str) -> Vec<&Value> {
        match self.0.get(name) {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        }
    }

    /// A flag.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|text| matches!(text, "true" | "1"))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// An object, possibly written as JSON, that holds only plain values.
    pub(crate) fn scalars(&self, name: &str) -> KnockResult<Map<String, Value>> {
        let Some(text) = self.0.get(name) else { return Ok(Map::new()) };
        let map = match text {
            Value::Object(map) => map.clone(),
            Value::String(text) => serde_json::from_str::<Map<String, Value>>(text)
                .map_err(|_| KnockError::field(name, "must be a JSON object"))?,
            _ => return Err(KnockError::field(name, "must be a JSON object")),
        };
        match map.values().any(|value| value.is_array() || value.is_object()) {
            true => Err(KnockError::field(name, "must not contain nested values")),
            false => Ok(map),
        }
    }

    /// A bound of a range in time, as `inserted_at.gte`.
    pub(crate) fn time(&self, name: &str, bound: &str) -> Option<Timestamp> {
        self.0.get(name)?.get(bound)?.as_str().and_then(Timestamp::parse)
    }
}

/// The parts of a name such as `a[b][]` or `a.b`.
fn parts_of(name: &str) -> KnockResult<Vec<Part<'_>>> {
    if name.bytes().filter(|byte| *byte == b'[').count() >= bounds::QUERY_DEPTH {
        let why = format!("has a parameter whose name has more than {} parts", bounds::QUERY_DEPTH);
        return Err(KnockError::field("query", &why));
    }
    let (first, rest) = match name.find('[') {
        Some(at) => (&name[..at], &name[at..]),
        None => (name, ""),
    };
    let mut parts: Vec<Part<'_>> = match first.split_once('.') {
        Some((object, key)) => vec![Part::Key(object), Part::Key(key)],
        None => vec![Part::Key(first)],
    };
    for inner in rest.split('[').skip(1) {
        parts.push(match inner.trim_end_matches(']') {
            "" => Part::Next,
            key => Part::Key(key),
        });
    }
    Ok(parts)
}

fn put(node: &mut Value, parts: &[Part<'_>], value: &str) {
    match parts {
        [] => match node {
            Value::Null => *node = value.into(),
            // The name is repeated, so the value becomes a list.
            Value::Array(list) => list.push(value.into()),
            given => {
                let first = given.take();
                *given = Value::Array(vec![first, value.into()]);
            }
        },
        [Part::Key(key), rest @ ..] => {
            if !node.is_object() {
                *node = Value::Object(Map::new());
            }
            if let Value::Object(map) = node {
                put(map.entry(*key).or_insert(Value::Null), rest, value);
            }
        }
        [Part::Next, rest @ ..] => {
            if !node.is_array() {
                *node = Value::Array(match node.take() {
                    Value::Null => Vec::new(),
                    given => vec![given],
                });
            }
            let Value::Array(list) = node else { return };
            // The keys of one object follow each other. A key that the object already has begins
            // the next object.
            let goes_on = match (rest.first(), list.last()) {
                (Some(Part::Key(key)), Some(Value::Object(last))) => !last.contains_key(*key),
                _ => false,
            };
            if !goes_on {
                list.push(Value::Null);
            }
            let last = list.last_mut().expect("there is one");
            put(last, rest, value);
        }
    }
}

/// Turns objects whose keys are all numbers into lists.
fn numbered(node: &mut Value) {
    match node {
        Value::Object(map) => {
            map.values_mut().for_each(numbered);
            let is_list = !map.is_empty() && map.keys().all(|key| key.parse::<u32>().is_ok());
            if is_list {
                let mut items: Vec<(u32, Value)> = std::mem::take(map)
                    .into_iter()
                    .map(|(key, value)| (key.parse().unwrap_or(u32::MAX), value))
                    .collect();
                items.sort_by_key(|(index, _)| *index);
                *node = Value::Array(items.into_iter().map(|(_, value)| value).collect());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(numbered),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(query: &str) -> Value {
        Value::Object(Query::parse(query).unwrap().0)
    }

    #[test]
    fn lists_are_written_in_three_ways() {
        for query in ["k[]=a&k[]=b", "k=a&k=b", "k[0]=a&k[1]=b", "k%5B%5D=a&k%5B%5D=b"] {
            assert_eq!(parsed(query), json!({ "k": ["a", "b"] }), "{query}");
        }
        assert_eq!(Query::parse("k=a").unwrap().list("k"), ["a"]);
    }

    #[test]
    fn lists_of_objects_are_too() {
        let wanted = json!({ "k": [{ "id": "o", "collection": "c" }, { "id": "p", "collection": "c" }] });
        assert_eq!(parsed("k[][id]=o&k[][collection]=c&k[][id]=p&k[][collection]=c"), wanted);
        assert_eq!(parsed("k[0][id]=o&k[0][collection]=c&k[1][id]=p&k[1][collection]=c"), wanted);
        let mixed = json!({ "k": ["u1", { "id": "p", "collection": "c" }] });
        assert_eq!(parsed("k[]=u1&k[][id]=p&k[][collection]=c"), mixed);
    }

    #[test]
    fn objects_are_nested_dotted_or_json() {
        assert_eq!(
            parsed("q[limit]=2&q.types=a&inserted_at.gte=x"),
            json!({
            "q": { "limit": "2", "types": "a" }, "inserted_at": { "gte": "x" } })
        );
    }

    #[test]
    fn what_is_empty_was_not_said() {
        assert_eq!(parsed("&status=&archived=&&page_size=5"), json!({ "page_size": "5" }));
    }

    #[test]
    fn trigger_data_has_no_nested_values() {
        assert!(Query::parse("t=%7B%22a%22%3A1%7D").unwrap().scalars("t").is_ok());
        assert!(Query::parse("t=%7B%22a%22%3A%5B1%5D%7D").unwrap().scalars("t").is_err());
        assert!(Query::parse("t=nonsense").unwrap().scalars("t").is_err());
    }

    #[test]
    fn a_name_of_twenty_thousand_brackets_is_refused() {
        for part in ["[]", "[a]", "["] {
            let name = format!("a{}", part.repeat(20_000));
            assert!(Query::parse(&format!("{name}=1")).is_err());
            assert!(Query::of(&Map::from_iter([(name, json!("1"))])).is_err());
        }
        assert!(Query::parse("a[b][c][d][e][f][g][]=1").is_ok());
    }

    #[test]
    fn ten_thousand_parameters_are_refused() {
        assert!(Query::parse(&"a[]=1&".repeat(10_000)).is_err());
    }
}
