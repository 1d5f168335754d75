//! Fields that an answer of a provider must have.

use serde_json::Value;

use super::Trouble;
use crate::payload::Read as _;

/// A text of an object.
///
/// # Errors
/// `Invalid` if it is missing, or empty.
pub(crate) fn needed_text(object: &Value, field: &str) -> Result<String, Trouble> {
    object.text(field).map(str::to_owned).ok_or_else(|| Trouble::Invalid(format!("the field {field} is missing")))
}

/// The items of an answer that is a list.
///
/// # Errors
/// `Invalid` if it is none.
pub(crate) fn items(answer: &Value) -> Result<&[Value], Trouble> {
    answer.as_array().map(Vec::as_slice).ok_or_else(|| Trouble::Invalid("it is no list".to_owned()))
}
