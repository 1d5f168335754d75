//! The schema of a trigger's data. It is measured before it is compiled, and compiled at its first
//! use.

use std::sync::OnceLock;

use campanile_base::bounds::SCHEMA_EFFORT;
use campanile_base::schema_budget;
use jsonschema::Validator;
use serde_json::Value;

/// The most faults that are reported.
const FAULTS: usize = 20;

/// A JSON schema.
#[derive(Debug)]
pub struct Schema {
    document: Value,
    compiled: OnceLock<Option<Validator>>,
}

impl Schema {
    /// Keeps the document. It is compiled at its first use.
    pub fn new(document: Value) -> Self {
        Self { document, compiled: OnceLock::new() }
    }

    /// Checks that a document is a schema, within the bounds.
    ///
    /// # Errors
    /// The fault, as a sentence.
    pub fn check(document: &Value) -> Result<(), String> {
        schema_budget::check(document)?;
        jsonschema::validator_for(document).map(drop).map_err(|error| error.to_string())
    }

    /// True if it is compiled already.
    pub fn is_compiled(&self) -> bool {
        self.compiled.get().is_some()
    }

    /// The number of steps that a check of these data takes. Counting stops at `most`.
    pub fn effort(&self, data: &Value, most: u64) -> u64 {
        schema_budget::effort(&self.document, data, most)
    }

    /// The faults of data. A schema that cannot be compiled finds none: it was checked when it was
    /// written.
    pub fn faults(&self, data: &Value) -> Vec<String> {
        let compiled = self.compiled.get_or_init(|| {
            schema_budget::check(&self.document).ok()?;
            jsonschema::validator_for(&self.document).ok()
        });
        let Some(validator) = compiled else { return Vec::new() };
        if self.effort(data, SCHEMA_EFFORT) > SCHEMA_EFFORT {
            return vec!["it takes too much to check this against the workflow's schema".to_owned()];
        }
        let faults = validator.iter_errors(data).take(FAULTS);
        faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_in_schemas_are_compiled_in_no_time_whatever_holds_them() {
        let holders: [fn(Value) -> Value; 6] = [
            |inner| json!({ "items": inner }),
            |inner| json!({ "properties": { "a": inner } }),
            |inner| json!({ "if": true, "then": inner, "else": false }),
            |inner| json!({ "allOf": [inner], "unevaluatedProperties": false }),
            |inner| json!({ "anyOf": [inner], "unevaluatedItems": false }),
            |inner| json!({ "if": inner, "unevaluatedProperties": { "type": "string" } }),
        ];
        let began = Instant::now();
        for holder in holders {
            let deep = (0..60).fold(json!({ "type": "string" }), |inner, _| holder(inner));
            Schema::check(&deep).unwrap();
            // Only the time matters here, not the faults that are found.
            let _ = Schema::new(deep).faults(&json!({ "b": [1] }));
        }
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
}
