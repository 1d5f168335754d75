//! Merges maps: new properties of a recipient into stored ones, overrides into a payload.

use serde_json::{Map, Value};

/// Merges maps key by key, as deep as both sides have maps. New values win.
pub fn merge(known: &mut Map<String, Value>, told: Map<String, Value>) {
    for (key, value) in told {
        match (known.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(told)) => merge(known, told),
            (_, value) => drop(known.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_are_merged_and_all_else_is_replaced() {
        let mut known = json!({ "a": { "b": 1, "c": [1, 2] }, "d": "old", "e": 1 }).as_object().cloned().unwrap();
        let told = json!({ "a": { "c": [3], "x": null }, "d": null, "f": {} }).as_object().cloned().unwrap();
        merge(&mut known, told);
        assert_eq!(Value::Object(known), json!({ "a": { "b": 1, "c": [3], "x": null }, "d": null, "e": 1, "f": {} }));
    }
}
