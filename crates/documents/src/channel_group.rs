//! Groups of channels: one step sends through all that fit, or through the first that fits.

use campanile_base::bounds::CONDITIONS;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::conditions::{Condition, Operator, Scope};

/// Several channels of one type, each with a rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChannelGroup {
    /// All channels that fit, or the first of them.
    #[serde(default)]
    operator: Which,
    #[serde(default)]
    channel_rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Which {
    #[default]
    Any,
    All,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rule {
    channel_key: String,
    rule_type: RuleType,
    /// Its position among the rules. A rule without one comes after all that have one.
    #[serde(default)]
    index: Option<i64>,
    #[serde(default)]
    variable: Option<String>,
    #[serde(default)]
    operator: Option<Operator>,
    #[serde(default)]
    argument: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RuleType {
    If,
    Unless,
    Always,
}

impl ChannelGroup {
    /// Reads a group's document.
    ///
    /// # Errors
    /// The fault, as a sentence.
    pub fn parse(document: &Value) -> Result<Self, String> {
        let mut group: Self = serde_json::from_value(document.clone()).map_err(|error| error.to_string())?;
        if group.channel_rules.is_empty() {
            return Err("needs a rule".to_owned());
        }
        if group.channel_rules.len() > CONDITIONS {
            return Err(format!("must not have more than {CONDITIONS} rules"));
        }
        let lacks = |rule: &&Rule| rule.rule_type != RuleType::Always && rule.condition().is_none();
        if let Some(rule) = group.channel_rules.iter().find(lacks) {
            return Err(format!("the rule of {:?} needs a variable and an operator", rule.channel_key));
        }
        group.channel_rules.sort_by_key(|rule| rule.index.unwrap_or(i64::MAX));
        Ok(group)
    }

    /// The keys of the chosen channels, and a log of the rules that were evaluated.
    pub fn chosen(&self, scope: &Scope<'_>) -> (Vec<&str>, Value) {
        let mut log = Vec::new();
        let mut chosen = Vec::new();
        for rule in &self.channel_rules {
            let evaluated = rule.condition().map(|condition| condition.evaluate(scope));
            let held = evaluated.as_ref().and_then(|evaluated| evaluated.holds) == Some(true);
            let fits = match rule.rule_type {
                RuleType::Always => true,
                RuleType::If => held,
                RuleType::Unless => !held,
            };
            log.push(json!({ "channel": rule.channel_key, "rule_type": rule.rule_type, "condition": evaluated, "fits": fits }));
            if fits {
                chosen.push(rule.channel_key.as_str());
                if self.operator == Which::Any {
                    break;
                }
            }
        }
        (chosen, Value::Array(log))
    }
}

impl Rule {
    fn condition(&self) -> Option<Condition> {
        let (variable, operator) = (self.variable.clone()?, self.operator?);
        Some(Condition { variable, operator, argument: self.argument.clone() })
    }
}

#[cfg(test)]
mod tests {
    use campanile_base::Timestamp;

    use super::*;

    #[test]
    fn rules_choose_channels() {
        let group = |operator: &str| {
            ChannelGroup::parse(&json!({ "operator": operator, "channel_rules": [
                { "channel_key": "fcm", "rule_type": "always", "index": 2 },
                { "channel_key": "apns", "rule_type": "if", "index": 0, "variable": "recipient.os", "operator": "equal_to", "argument": "ios" },
                { "channel_key": "expo", "rule_type": "unless", "index": 1, "variable": "recipient.os", "operator": "exists" },
            ] })).unwrap()
        };
        let chosen = |operator: &str, recipient: Value| {
            let variables = json!({ "recipient": recipient });
            let scope = Scope { variables: &variables, audiences: &[], now: Timestamp::from_seconds(0) };
            group(operator).chosen(&scope).0.join(" ")
        };
        assert_eq!(chosen("any", json!({ "os": "ios" })), "apns");
        assert_eq!(chosen("any", json!({ "os": "android" })), "fcm");
        assert_eq!(chosen("any", json!({})), "expo");
        assert_eq!(chosen("all", json!({ "os": "ios" })), "apns fcm");
        assert!(ChannelGroup::parse(&json!({ "channel_rules": [] })).is_err());
        assert!(ChannelGroup::parse(&json!({ "channel_rules": [{ "channel_key": "x", "rule_type": "if" }] })).is_err());
    }
}
