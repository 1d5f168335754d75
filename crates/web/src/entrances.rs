//! Everything that reads what strangers write, as functions of bytes: for fuzzers, and for the tests that go through what they found.
//!
//! Each takes any bytes, and is to return: without a panic, a stack that overflows, or memory and time beyond its bounds. Values that
//! an entrance needs beside the text (a template's variables) are the beginning of the bytes, up to the first NUL.

use axum::http::Request;
use campanile_base::schema_budget;
use campanile_notify::Template;
use campanile_notify::conditions::{Group, Scope};
use campanile_notify::recipients::Told;
use serde_json::{Map, Value, json};

use crate::knock::query::Query;
use crate::knock::socket::read_frame;
use crate::svix::{query as svix_query, tidied};

/// An entrance, by its name.
pub type Entrance = (&'static str, fn(&[u8]));

/// All of them; each has a fuzz target and a corpus of its name.
pub const ALL: [Entrance; 7] = [
    ("query", query),
    ("path", path),
    ("frame", frame),
    ("template", template),
    ("filter", filter),
    ("schema", schema),
    ("json", json),
];

/// The query of an address, as both wire APIs read it.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(query) = Query::parse(&text) {
        let _ = (query.list("a"), query.scalars("trigger_data"), query.time("inserted_at", "gte"));
    }
    let query = svix_query::Query::parse(&text);
    let _ = (query.names("event_types"), query.names("a"));
}

/// The path of a request.
pub fn path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(request) = Request::builder().uri(&*text).body(()) {
        let once = tidied(request);
        let path = once.uri().path().to_owned();
        assert_eq!(tidied(once).uri().path(), path, "a tidy path stays as it is");
    }
}

/// A frame of a socket.
pub fn frame(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for payload in read_frame(&text) {
        if let Value::Object(options) = payload {
            let _ = Query::of(&options);
        }
    }
}

/// A template, parsed and rendered.
pub fn template(bytes: &[u8]) {
    let (variables, text) = split(bytes);
    let variables = serde_json::from_slice::<Map<String, Value>>(variables).unwrap_or_default();
    if let Ok(template) = Template::parse(&String::from_utf8_lossy(text)) {
        let _ = template.render(&Value::Object(variables));
    }
}

/// Conditions, as they filter subscriptions and decide steps.
pub fn filter(bytes: &[u8]) {
    let (variables, text) = split(bytes);
    let variables = json!({ "data": serde_json::from_slice::<Value>(variables).unwrap_or_default() });
    let audiences = ["a".to_owned()];
    if let Ok(group) = serde_json::from_slice::<Group>(text) {
        let now = campanile_base::Timestamp::from_seconds(1_700_000_000);
        let _ = group.evaluate(&Scope { variables: &variables, audiences: &audiences, now });
    }
}

/// A JSON schema, measured as it is before anything compiles it.
pub fn schema(bytes: &[u8]) {
    if let Ok(schema) = serde_json::from_slice::<Value>(bytes) {
        let _ = schema_budget::check(&schema);
    }
}

/// JSON out of a body, as recipients are read out of it.
pub fn json(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        let _ = Told::parse(&value);
    }
}

/// What stands before the first NUL, and after it; all is after it where there is none.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (&[], bytes),
    }
}
