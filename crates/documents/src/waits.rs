//! The event that a step waits for, read from its settings.

use campanile_base::bounds::CONDITION_DEPTH;
use serde_json::{Map, Value};

use crate::conditions::{Condition, Group, is_within_depth};
use crate::definition::Wait;

/// The only integration source: the events sent to `POST /api/events`.
const SOURCE: &str = "events";
/// The default time limit of a wait, and the greatest, in seconds.
const PATIENCE: i64 = 15 * 60;
const MOST: i64 = 30 * 24 * 3_600;
/// The events of messages.
const OF_MESSAGES: [&str; 16] = [
    "created",
    "queued",
    "sent",
    "not_sent",
    "delivered",
    "delivery_attempted",
    "undelivered",
    "bounced",
    "read",
    "unread",
    "seen",
    "unseen",
    "archived",
    "unarchived",
    "interacted",
    "link_clicked",
];

/// The awaited event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedEvent {
    /// The event, as `message.read`.
    pub event: String,
    /// The subject of the event, as `workflow/welcome`; empty if any will do.
    pub source: String,
    /// The time limit, in seconds.
    pub patience: i64,
}

impl AwaitedEvent {
    /// Reads a step's settings.
    ///
    /// # Errors
    /// The fault, as a sentence.
    pub fn of(settings: &Wait) -> Result<Self, String> {
        let event = &settings.event;
        let word = |name: &str| {
            event
                .get(name)
                .and_then(Value::as_str)
                .filter(|word| !word.is_empty())
                .ok_or(format!("the event needs {name}"))
        };
        let one_of = |words: &[&str]| {
            let key = word("event_key")?;
            words.contains(&key).then_some(key).ok_or_else(|| format!("event_key must be one of {}", words.join(", ")))
        };
        let (event, source) = match word("event_type")? {
            "message" => {
                let kind = event.get("source_type").and_then(Value::as_str).unwrap_or("workflow");
                (format!("message.{}", one_of(&OF_MESSAGES)?), format!("{kind}/{}", word("source_key")?))
            }
            "workflow" => (format!("workflow.{}", one_of(&["started", "completed"])?), word("source_key")?.to_owned()),
            "audience" => (format!("audience.{}", one_of(&["enter", "exit"])?), word("audience_key")?.to_owned()),
            "recipient" => ("recipient.updated".to_owned(), String::new()),
            "integration_source" => {
                if word("integration_source_key")? != SOURCE {
                    return Err(format!("the one integration source is {SOURCE:?}: what is sent to POST /api/events"));
                }
                ("source.event".to_owned(), word("event_key")?.to_owned())
            }
            other => return Err(format!("{other:?} is no type of event")),
        };
        let patience = settings.expires_after.map_or(PATIENCE, |after| after.seconds());
        match (1..=MOST).contains(&patience) {
            true => Ok(Self { event, source, patience }),
            false => Err("expires_after must be between a second and thirty days".to_owned()),
        }
    }
}

/// The conditions on the event. All conditions of at least one group must hold.
///
/// # Errors
/// The fault, as a sentence.
pub fn conditions(settings: &Wait) -> Result<Option<Group>, String> {
    let groups = match &settings.match_conditions {
        Value::Null => return Ok(None),
        Value::Array(groups) => groups.clone(),
        one => vec![one.clone()],
    };
    if !is_within_depth(&settings.match_conditions, 2 * CONDITION_DEPTH + 4) {
        return Err(format!("match_conditions lie more than {CONDITION_DEPTH} deep in each other"));
    }
    let group = |group: Value| -> Result<Group, serde_json::Error> {
        match group {
            Value::Object(mut map) if map.contains_key("conditions") => {
                let list: Vec<Condition> = serde_json::from_value(map.remove("conditions").unwrap_or_default())?;
                Ok(Group::All { all: list.into_iter().map(Group::One).collect() })
            }
            other => serde_json::from_value(other),
        }
    };
    let groups: Result<Vec<Group>, _> = groups.into_iter().map(group).collect();
    let groups = groups.map_err(|error| format!("match_conditions: {error}"))?;
    let group = (!groups.is_empty()).then_some(Group::Any { any: groups });
    if let Some(group) = &group {
        group.check().map_err(|why| format!("match_conditions: {why}"))?;
    }
    Ok(group)
}

/// Checks the settings of a step that waits.
///
/// # Errors
/// The fault, as a sentence.
pub fn check(settings: &Wait) -> Result<(), String> {
    conditions(settings)?;
    AwaitedEvent::of(settings).map(drop)
}

/// The variables that an event, or its absence, leaves for the rest of the run.
pub fn left(event: Option<&Value>) -> Value {
    let variables = event.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    serde_json::json!({ "matched": event.is_some(), "signal_variables": variables })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(settings: Value) -> Result<AwaitedEvent, String> {
        AwaitedEvent::of(&serde_json::from_value(settings).unwrap())
    }

    #[test]
    fn events_are_named_by_type_key_and_source() {
        let message =
            json!({ "event_type": "message", "event_key": "read", "source_type": "workflow", "source_key": "welcome" });
        let read = wanted(json!({ "event": message, "expires_after": { "unit": "hours", "value": 2 } })).unwrap();
        assert_eq!(
            read,
            AwaitedEvent { event: "message.read".into(), source: "workflow/welcome".into(), patience: 7_200 }
        );
        let enter =
            wanted(json!({ "event": { "event_type": "audience", "event_key": "enter", "audience_key": "vip" } }))
                .unwrap();
        assert_eq!((enter.event.as_str(), enter.source.as_str(), enter.patience), ("audience.enter", "vip", 900));
        for wrong in [
            json!({ "event": {} }),
            json!({ "event": { "event_type": "message", "event_key": "eaten", "source_key": "welcome" } }),
            json!({ "event": { "event_type": "integration_source", "event_key": "x", "integration_source_key": "segment" } }),
            json!({ "event": { "event_type": "recipient" }, "expires_after": { "unit": "weeks", "value": 9 } }),
        ] {
            assert!(wanted(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_group_must_hold_with_all_it_says() {
        let settings = |conditions: Value| -> Wait {
            serde_json::from_value(json!({ "event": {}, "match_conditions": conditions })).unwrap()
        };
        let one = json!({ "variable": "event.data.id", "operator": "equal_to", "argument": "data.id" });
        let groups = conditions(&settings(json!([{ "operator": "and", "conditions": [one] }]))).unwrap();
        assert!(matches!(groups, Some(Group::Any { any }) if matches!(&any[0], Group::All { all } if all.len() == 1)));
        assert!(conditions(&settings(json!([]))).unwrap().is_none());
        assert!(conditions(&settings(json!([{ "conditions": [{ "operator": "sounds_like" }] }]))).is_err());
    }
}
