//! Conditions of steps, channels, preferences and guides. Pure: the caller passes the variables and
//! the time.
//!
//! A condition compares a variable (`data.total`, `recipient.plan`) with an argument. The argument
//! is a JSON literal, a bare word, or the path of another variable. For times it can also be
//! `3 days ago` or Liquid. A missing variable is the empty text. Each comparison is logged as
//! [`Evaluated`], to explain the result.

mod operators;
mod times;

use campanile_base::Timestamp;
use campanile_base::bounds::{CONDITION_DEPTH, CONDITIONS, LOGGED_VALUE_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::template::{budget, json_size};

pub use operators::Operator;

/// The roots of paths.
const PREFIXES: [&str; 9] = ["data", "recipient", "actor", "tenant", "vars", "workflow", "run", "refs", "event"];

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The path of the variable, as `data.total`.
    #[serde(alias = "property")]
    pub variable: String,
    /// The comparison.
    pub operator: Operator,
    /// The value or path that it is compared with.
    #[serde(default)]
    pub argument: Value,
}

/// Several comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "conditions are {\"variable\", \"operator\", \"argument\"} with an operator that is known, or \"all\" or \"any\" of a list of them"
)]
pub enum Group {
    /// All must hold.
    All {
        /// The groups.
        all: Vec<Group>,
    },
    /// One must hold.
    Any {
        /// The groups.
        any: Vec<Group>,
    },
    /// One comparison.
    One(Condition),
    /// All must hold.
    List(Vec<Group>),
}

/// The inputs of an evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'s> {
    /// The variables, an object.
    pub variables: &'s Value,
    /// The audiences that the recipient is a member of.
    pub audiences: &'s [String],
    /// The time.
    pub now: Timestamp,
}

/// The result of one comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluated {
    /// The comparison.
    #[serde(flatten)]
    pub condition: Condition,
    /// The value of the variable. `None` if the comparison was skipped, since others had decided
    /// already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
    /// The result. `None` if the comparison was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
}

impl Scope<'_> {
    /// The value at a path; the empty text if there is none.
    pub fn at(&self, path: &str) -> Value {
        let found = self.find(path);
        budget::count_for_run(json_size(&found));
        found
    }

    fn find(&self, path: &str) -> Value {
        let mut value = self.variables;
        for part in path.split('.') {
            let found = match value {
                Value::Object(map) => map.get(part),
                Value::Array(list) => part.parse::<usize>().ok().and_then(|index| list.get(index)),
                _ => None,
            };
            let Some(found) = found else { return Value::String(String::new()) };
            value = found;
        }
        value.clone()
    }

    /// True if the path has a value other than null.
    fn has(&self, path: &str) -> bool {
        let pointer = format!("/{}", path.replace('.', "/"));
        self.variables.pointer(&pointer).is_some_and(|value| !value.is_null())
    }

    fn argument(&self, argument: &Value) -> Value {
        let Value::String(text) = argument else { return argument.clone() };
        let is_path = text.split_once('.').is_some_and(|(first, rest)| PREFIXES.contains(&first) && is_path(rest));
        if is_path {
            return self.at(text);
        }
        serde_json::from_str(text).unwrap_or_else(|_| argument.clone())
    }
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "._-$".contains(c))
}

impl Condition {
    /// Evaluates the comparison.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Evaluated {
        let found = scope.at(&self.variable);
        let holds = operators::holds(self, &found, scope);
        Evaluated { condition: self.clone(), found: Some(logged(found)), holds: Some(holds) }
    }
}

/// A value for the log. A large one is replaced by its size.
fn logged(value: Value) -> Value {
    let bytes = json_size(&value);
    match bytes > LOGGED_VALUE_BYTES {
        true => Value::String(format!("({bytes} bytes)")),
        false => value,
    }
}

/// True if lists and objects are nested at most `depth` levels.
pub fn is_within_depth(value: &Value, depth: usize) -> bool {
    let inside = |value: &Value| depth > 0 && is_within_depth(value, depth - 1);
    match value {
        Value::Array(list) => depth > 0 && list.iter().all(inside),
        Value::Object(map) => depth > 0 && map.values().all(inside),
        _ => true,
    }
}

impl Group {
    /// Reads a document that comes from outside. Its depth is measured first.
    ///
    /// # Errors
    /// The fault, as a sentence.
    pub fn parse(value: &Value) -> Result<Self, String> {
        // Each group adds two levels: an object, and a list in it.
        if !is_within_depth(value, 2 * CONDITION_DEPTH + 4) {
            return Err(format!("conditions lie more than {CONDITION_DEPTH} deep in each other"));
        }
        let group: Self = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
        group.check()?;
        Ok(group)
    }

    /// Checks the number of comparisons, and the depth of groups.
    ///
    /// # Errors
    /// The bound that is exceeded, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        let (count, depth) = self.measure();
        if count > CONDITIONS {
            return Err(format!("there are more than {CONDITIONS} conditions in a group"));
        }
        if depth > CONDITION_DEPTH {
            return Err(format!("conditions lie more than {CONDITION_DEPTH} deep in each other"));
        }
        Ok(())
    }

    /// The number of comparisons, and the depth of groups.
    fn measure(&self) -> (usize, usize) {
        match self {
            Self::One(_) => (1, 0),
            Self::Any { any: groups } | Self::All { all: groups } | Self::List(groups) => {
                let inside = groups.iter().map(Self::measure);
                let (count, depth) =
                    inside.fold((0, 0), |(sum, deepest), (count, depth)| (sum + count, deepest.max(depth)));
                (count, depth + 1)
            }
        }
    }

    /// True if the group holds; with the result of each comparison.
    pub fn evaluate(&self, scope: &Scope<'_>) -> (bool, Vec<Evaluated>) {
        let mut log = Vec::new();
        (self.evaluate_into(scope, &mut log), log)
    }

    fn evaluate_into(&self, scope: &Scope<'_>, log: &mut Vec<Evaluated>) -> bool {
        match self {
            Self::One(condition) => {
                let evaluated = condition.evaluate(scope);
                let holds = evaluated.holds == Some(true);
                log.push(evaluated);
                holds
            }
            // An empty `any` is no condition.
            Self::Any { any } if any.is_empty() => true,
            Self::Any { any } => {
                let decided = any.iter().position(|group| group.evaluate_into(scope, log));
                any.iter().skip(decided.map_or(any.len(), |index| index + 1)).for_each(|group| group.skip(log));
                decided.is_some()
            }
            Self::All { all } | Self::List(all) => {
                let decided = all.iter().position(|group| !group.evaluate_into(scope, log));
                all.iter().skip(decided.map_or(all.len(), |index| index + 1)).for_each(|group| group.skip(log));
                decided.is_none()
            }
        }
    }

    fn skip(&self, log: &mut Vec<Evaluated>) {
        match self {
            Self::One(condition) => log.push(Evaluated { condition: condition.clone(), found: None, holds: None }),
            Self::Any { any: groups } | Self::All { all: groups } | Self::List(groups) => {
                groups.iter().for_each(|group| group.skip(log));
            }
        }
    }
}

#[cfg(test)]
mod tests;
