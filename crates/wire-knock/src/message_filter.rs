//! Filters that feeds and lists of messages share.

use serde_json::{Map, Value};

use super::error::{KnockError, KnockResult};
use super::query::Query;

/// The conditions of a `trigger_data` filter.
pub(super) fn trigger_data(query: &Query) -> KnockResult<Map<String, Value>> {
    at_most_four(query.scalars("trigger_data")?)
}

/// The conditions of a `trigger_data` filter, unless there are too many.
pub(super) fn at_most_four(conditions: Map<String, Value>) -> KnockResult<Map<String, Value>> {
    match conditions.len() {
        0..=4 => Ok(conditions),
        _ => Err(KnockError::field("trigger_data", "must not have more than four keys")),
    }
}

/// A list of a query, unless it is too long.
pub(super) fn at_most(name: &str, list: Vec<String>, most: usize) -> KnockResult<Vec<String>> {
    match list.len() <= most {
        true => Ok(list),
        false => Err(KnockError::field(name, &format!("must not have more than {most} items"))),
    }
}
