//! The layering of preference sets.

use serde_json::{Map, Value};

use super::Body;

const STRATEGY: &str = "__strategy__";

/// Combines sets, the lowest first. Higher values win, key by key, except over a node that says
/// `replace`.
pub fn layered(layers: impl IntoIterator<Item = Body>) -> Body {
    layers.into_iter().fold(Body::new(), |mut below, above| {
        lay(&mut below, above, true);
        below
    })
}

fn lay(below: &mut Map<String, Value>, above: Map<String, Value>, is_top: bool) {
    // `replace` has no effect on a set as a whole.
    if !is_top && replaces(below) {
        return;
    }
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (_, Value::Null) => {}
            (Some(Value::Object(below)), Value::Object(above)) => lay(below, above, false),
            (Some(Value::Object(below)), _) if replaces(below) => {}
            (_, value) => drop(below.insert(key, value)),
        }
    }
}

fn replaces(node: &Map<String, Value>) -> bool {
    node.get(STRATEGY).and_then(Value::as_str) == Some("replace")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn over(layers: &[Value]) -> Value {
        Value::Object(layered(layers.iter().map(|layer| layer.as_object().cloned().unwrap())))
    }

    #[test]
    fn the_higher_wins_key_by_key() {
        let all = json!({ "channel_types": { "email": true, "sms": false }, "workflows": { "a": true } });
        let own =
            json!({ "channel_types": { "email": false }, "workflows": { "b": { "channel_types": { "sms": true } } } });
        assert_eq!(
            over(&[all, own]),
            json!({ "channel_types": { "email": false, "sms": false },
                "workflows": { "a": true, "b": { "channel_types": { "sms": true } } } })
        );
    }

    #[test]
    fn what_says_replace_wins_over_what_lies_higher() {
        let tenant = json!({ "workflows": { "a": { "__strategy__": "replace", "channel_types": { "email": true } } } });
        let own = json!({ "workflows": { "a": { "channel_types": { "email": false } }, "b": false } });
        assert_eq!(
            over(&[tenant, own]),
            json!({ "workflows": { "a": { "__strategy__": "replace", "channel_types": { "email": true } }, "b": false } })
        );
    }
}
