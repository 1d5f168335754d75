//! Converts JSON to the values of templates. Every JSON value has a counterpart.
//!
//! Whole numbers beyond signed 64 bits become floating-point numbers, as in JavaScript. They lose
//! digits, but no template fails because of a number that it does not use.

use liquid_core::Object;
use liquid_core::model::Value as LiquidValue;
use serde_json::{Map, Number, Value};

/// Converts a value.
pub(super) fn liquid(value: &Value) -> LiquidValue {
    match value {
        Value::Null => LiquidValue::Nil,
        Value::Bool(is_true) => LiquidValue::scalar(*is_true),
        Value::Number(number) => number_of(number),
        Value::String(text) => LiquidValue::scalar(text.clone()),
        Value::Array(items) => LiquidValue::Array(items.iter().map(liquid).collect()),
        Value::Object(fields) => LiquidValue::Object(object(fields)),
    }
}

/// Converts the fields of an object.
pub(super) fn object(fields: &Map<String, Value>) -> Object {
    fields.iter().map(|(name, value)| (name.clone().into(), liquid(value))).collect()
}

fn number_of(number: &Number) -> LiquidValue {
    match number.as_i64() {
        Some(whole) => LiquidValue::scalar(whole),
        None => LiquidValue::scalar(number.as_f64().unwrap_or_default()),
    }
}

/// The approximate length of a value as JSON, in bytes.
pub fn json_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(list) => list.iter().map(|item| json_size(item) + 1).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(name, value)| name.len() + json_size(value) + 4).sum::<usize>() + 2,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,6}", inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_json_keeps_no_template_from_being_rendered(value in any_json()) {
            let template = crate::template::Template::parse("hello {{ name }}").unwrap();
            let rendered = template.render(&json!({ "name": "you", "beside": value })).unwrap();
            prop_assert_eq!(rendered, "hello you");
        }
    }

    #[test]
    fn a_number_beyond_64_bits_with_a_sign_is_written_as_javascript_does() {
        let template = crate::template::Template::parse("{{ wei }}").unwrap();
        assert_eq!(template.render(&json!({ "wei": 10_000_000_000_000_000_000_u64 })).unwrap(), "10000000000000000000");
    }
}
