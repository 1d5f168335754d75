//! Lists of PagerDuty's API: a field of the answer, by offset, up to an end.

use serde_json::Value;

use crate::payload::Read as _;
use crate::remote::Trouble;

/// Lists end there, by PagerDuty's rule.
pub(super) const LAST_OFFSET: u64 = 10_000;

/// A list of an answer, which must be there.
pub(super) fn list<'p>(page: &'p Value, field: &str) -> Result<&'p [Value], Trouble> {
    let found = page.at(field).and_then(Value::as_array);
    found.map(Vec::as_slice).ok_or_else(|| Trouble::Invalid(format!("it has no {field}")))
}
