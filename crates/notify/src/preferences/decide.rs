//! Decides if a set of preferences allows a notification.
//!
//! The parts of a set are checked in this order: the channel or its type, the workflow, each of its
//! categories. Each must be yes, be absent, or have conditions that all hold. Within each, a value
//! for the channel itself counts before one for its type.

use campanile_documents::conditions::{Evaluated, Group, Scope};
use serde::Serialize;
use serde_json::Value;

use super::Body;

/// The notification to decide about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The workflow's key.
    pub workflow: &'q str,
    /// Its categories.
    pub categories: &'q [String],
    /// The channel's id and key.
    pub channel: [&'q str; 2],
    /// Its type.
    pub channel_type: &'q str,
}

/// The decision, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// True if the notification is allowed.
    pub is_allowed: bool,
    /// The setting that refused it, as `workflows.comment.channel_types.email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The conditions that were evaluated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Evaluated>,
}

/// Decides by a set.
pub fn decide(set: &Body, question: &Question<'_>, scope: &Scope<'_>) -> Decision {
    let mut asked = Evaluation { scope, conditions: Vec::new() };
    let top = Value::Object(set.clone());
    let mut refused = asked.channel(&top, "", question);
    let wholes = std::iter::once(("workflows", question.workflow))
        .chain(question.categories.iter().map(|category| ("categories", category.as_str())));
    for (part, name) in wholes {
        if refused.is_some() {
            break;
        }
        let Some(whole) = set.get(part).and_then(|part| part.get(name)) else { continue };
        let path = format!("{part}.{name}");
        refused = match whole {
            Value::Bool(false) => Some(path),
            Value::Object(_) => {
                asked.setting(whole, &path).or_else(|| asked.channel(whole, &format!("{path}."), question))
            }
            _ => None,
        };
    }
    Decision { is_allowed: refused.is_none(), by: refused, conditions: asked.conditions }
}

/// Decides about commercial notifications.
pub fn wants_commercial(set: &Body, scope: &Scope<'_>) -> Decision {
    let mut asked = Evaluation { scope, conditions: Vec::new() };
    let refused = set.get("commercial_subscribed").and_then(|setting| asked.setting(setting, "commercial_subscribed"));
    Decision { is_allowed: refused.is_none(), by: refused, conditions: asked.conditions }
}

struct Evaluation<'s> {
    scope: &'s Scope<'s>,
    conditions: Vec<Evaluated>,
}

impl Evaluation<'_> {
    /// Checks the channel within a node. The result is the path of the setting that refuses it.
    fn channel(&mut self, node: &Value, path: &str, question: &Question<'_>) -> Option<String> {
        let of_channel = question.channel.iter().find_map(|word| Some((*word, node.get("channels")?.get(word)?)));
        let (name, setting) = match of_channel {
            Some((word, setting)) => (format!("{path}channels.{word}"), setting),
            None => {
                let setting = node.get("channel_types")?.get(question.channel_type)?;
                (format!("{path}channel_types.{}", question.channel_type), setting)
            }
        };
        self.setting(setting, &name)
    }

    /// Checks a value: yes, no, or conditions. The result is its path if it refuses.
    fn setting(&mut self, setting: &Value, path: &str) -> Option<String> {
        match setting {
            Value::Bool(is_wanted) => (!is_wanted).then(|| path.to_owned()),
            Value::Object(map) => {
                let group = Group::parse(map.get("conditions")?).ok()?;
                let (holds, log) = group.evaluate(self.scope);
                self.conditions.extend(log);
                (!holds).then(|| format!("{path}.conditions"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use campanile_base::Timestamp;
    use serde_json::json;

    use super::*;

    fn refused(set: &Value) -> Option<String> {
        let variables = json!({ "data": { "priority": "low" } });
        let scope = Scope { variables: &variables, audiences: &[], now: Timestamp::from_micros(0) };
        let categories = ["news".to_owned(), "team".to_owned()];
        let question =
            Question { workflow: "comment", categories: &categories, channel: ["c-1", "mail"], channel_type: "email" };
        decide(set.as_object().unwrap(), &question, &scope).by
    }

    #[test]
    fn nothing_said_is_yes() {
        assert_eq!(refused(&json!({})), None);
        assert_eq!(refused(&json!({ "workflows": { "other": false }, "channel_types": { "sms": false } })), None);
    }

    #[test]
    fn one_no_is_enough_and_is_named() {
        assert_eq!(refused(&json!({ "channel_types": { "email": false } })).as_deref(), Some("channel_types.email"));
        assert_eq!(refused(&json!({ "workflows": { "comment": false } })).as_deref(), Some("workflows.comment"));
        let category = json!({ "categories": { "news": true, "team": { "channel_types": { "email": false } } } });
        assert_eq!(refused(&category).as_deref(), Some("categories.team.channel_types.email"));
    }

    #[test]
    fn a_channel_counts_before_its_type() {
        let set = json!({ "channels": { "c-1": true }, "channel_types": { "email": false } });
        assert_eq!(refused(&set), None);
        let set = json!({ "channels": { "mail": false }, "channel_types": { "email": true } });
        assert_eq!(refused(&set).as_deref(), Some("channels.mail"));
    }

    #[test]
    fn conditions_must_all_hold() {
        let when = |priority: &str| {
            json!({ "workflows": { "comment": { "conditions": [
                { "variable": "data.priority", "operator": "equal_to", "argument": priority } ] } } })
        };
        assert_eq!(refused(&when("low")), None);
        assert_eq!(refused(&when("high")).as_deref(), Some("workflows.comment.conditions"));
    }
}
