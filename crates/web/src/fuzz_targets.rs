//! Every parser of untrusted input, as a function of bytes. Fuzzers call these, and so do the tests
//! that replay the inputs which fuzzers found.
//!
//! Each takes any bytes and must return: no panic, no stack overflow, and no more memory or time
//! than its bounds allow. Some need values beside the text, such as a template's variables. These
//! are the bytes before the first NUL.

use campanile_base::schema_budget;
use campanile_notify::Template;
use campanile_notify::conditions::{Group, Scope};
use campanile_notify::recipients::RecipientInput;
use serde_json::{Map, Value, json};

/// A parser, with its name.
pub type Entrance = (&'static str, fn(&[u8]));

/// All parsers. Each has a fuzz target and a corpus of the same name.
pub const ALL: [Entrance; 7] = [
    ("query", query),
    ("path", campanile_wire_svix::fuzz_targets::path),
    ("frame", campanile_wire_knock::fuzz_targets::frame),
    ("template", template),
    ("filter", filter),
    ("schema", schema),
    ("json", json),
];

/// The query of a URL, as both wire APIs read it.
pub fn query(bytes: &[u8]) {
    campanile_wire_knock::fuzz_targets::query(bytes);
    campanile_wire_svix::fuzz_targets::query(bytes);
}

/// A template, parsed and rendered.
pub fn template(bytes: &[u8]) {
    let (variables, text) = split(bytes);
    let variables = serde_json::from_slice::<Map<String, Value>>(variables).unwrap_or_default();
    if let Ok(template) = Template::parse(&String::from_utf8_lossy(text)) {
        let _ = template.render(&Value::Object(variables));
    }
}

/// Conditions, as used to filter subscriptions and to decide steps.
pub fn filter(bytes: &[u8]) {
    let (variables, text) = split(bytes);
    let variables = json!({ "data": serde_json::from_slice::<Value>(variables).unwrap_or_default() });
    let audiences = ["a".to_owned()];
    if let Ok(group) = serde_json::from_slice::<Group>(text) {
        let now = campanile_base::Timestamp::from_seconds(1_700_000_000);
        let _ = group.evaluate(&Scope { variables: &variables, audiences: &audiences, now });
    }
}

/// A JSON schema. Checks the size budget that applies before any schema is compiled.
pub fn schema(bytes: &[u8]) {
    if let Ok(schema) = serde_json::from_slice::<Value>(bytes) {
        let _ = schema_budget::check(&schema);
    }
}

/// A JSON body, read as a recipient.
pub fn json(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        let _ = RecipientInput::parse(&value);
    }
}

/// The bytes before and after the first NUL. Without a NUL the first part is empty.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (&[], bytes),
    }
}
