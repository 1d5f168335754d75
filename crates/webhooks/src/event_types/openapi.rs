//! Reads event types from the `webhooks` of an OpenAPI document: one for each, with its name and
//! the schema of its request.
//!
//! References within the document are resolved in place, so a small document can become a large
//! one. The resolved values are counted, and refused above [`SCHEMA_NODES`] for one event type and
//! [`OPENAPI_NODES`] for all. A reference that leads back to itself becomes a schema that accepts
//! anything.

use campanile_base::bounds::{EVENT_TYPES_AT_A_TIME, OPENAPI_BYTES, OPENAPI_NODES, SCHEMA_DEPTH, SCHEMA_NODES};
use serde_json::{Map, Value, json};

use crate::names::check_count;

/// The event types of a document, in the Svix API's shape.
///
/// # Errors
/// A sentence: the limit that is exceeded, and the webhook.
pub fn event_types(document: &Value) -> Result<Vec<Value>, String> {
    let webhooks = document["webhooks"].as_object().or_else(|| document["x-webhooks"].as_object());
    let webhooks: Vec<_> = webhooks.into_iter().flatten().collect();
    check_count("webhooks", webhooks.len(), EVENT_TYPES_AT_A_TIME).map_err(|error| error.to_string())?;
    let mut resolver = Resolver { document, open: Vec::new(), nodes: 0, all_nodes: 0, bytes: 0 };
    webhooks.into_iter().map(|(name, item)| event_type(&mut resolver, name, item)).collect()
}

fn event_type<'d>(resolver: &mut Resolver<'d>, name: &str, item: &'d Value) -> Result<Value, String> {
    let operation = ["post", "put"].iter().map(|method| &item[method]).find(|found| found.is_object());
    let operation = operation.unwrap_or(&Value::Null);
    let content = &operation["requestBody"]["content"]["application/json"];
    let description = ["description", "summary"].iter().find_map(|field| operation[field].as_str());
    let mut schema = resolver.schema(&content["schema"]).map_err(|why| format!("the webhook {name:?}: {why}"))?;
    if content["example"].is_object() && schema.is_object() && schema["examples"].is_null() {
        schema["examples"] = json!([content["example"]]);
    }
    let named = operation["x-svix-event-type"].as_str().or_else(|| operation["operationId"].as_str());
    let own = item["x-svix-event-type"].as_str();
    Ok(json!({
        "name": own.or(named.filter(|_| !is_name(name))).or(Some(name)),
        "description": description.unwrap_or(name),
        "schemas": if schema.is_object() { json!({ "1": schema }) } else { Value::Null },
        "deprecated": operation["deprecated"].as_bool().unwrap_or(false),
        "groupName": operation["tags"][0].as_str().filter(|tag| is_name(tag)),
    }))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

struct Resolver<'d> {
    document: &'d Value,
    /// The references that are being resolved.
    open: Vec<&'d str>,
    /// The number of values in the current schema, and in all schemas so far.
    nodes: usize,
    all_nodes: usize,
    bytes: usize,
}

impl<'d> Resolver<'d> {
    fn schema(&mut self, schema: &'d Value) -> Result<Value, String> {
        self.nodes = 0;
        self.resolved(schema, 0)
    }

    fn resolved(&mut self, schema: &'d Value, depth: usize) -> Result<Value, String> {
        self.count(schema)?;
        if depth > 4 * SCHEMA_DEPTH {
            return Err(format!("its schema is more than {} values deep", 4 * SCHEMA_DEPTH));
        }
        match schema {
            Value::Object(fields) => match fields.get("$ref") {
                Some(Value::String(reference)) => self.reference(reference, depth),
                _ => self.object(fields, depth),
            },
            Value::Array(items) => items.iter().map(|item| self.resolved(item, depth + 1)).collect(),
            other => Ok(other.clone()),
        }
    }

    fn object(&mut self, fields: &'d Map<String, Value>, depth: usize) -> Result<Value, String> {
        let mut resolved = Map::new();
        for (name, value) in fields {
            self.bytes += name.len();
            resolved.insert(name.clone(), self.resolved(value, depth + 1)?);
        }
        Ok(Value::Object(resolved))
    }

    fn reference(&mut self, reference: &'d str, depth: usize) -> Result<Value, String> {
        let document = self.document;
        let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        let Some(found) = found.filter(|_| !self.open.contains(&reference)) else { return Ok(json!({})) };
        self.open.push(reference);
        let resolved = self.resolved(found, depth + 1);
        self.open.pop();
        resolved
    }

    fn count(&mut self, value: &Value) -> Result<(), String> {
        self.nodes += 1;
        self.all_nodes += 1;
        self.bytes += value.as_str().map_or(0, str::len);
        let what = "once its references are resolved";
        match (self.nodes > SCHEMA_NODES, self.all_nodes > OPENAPI_NODES || self.bytes > OPENAPI_BYTES) {
            (true, _) => Err(format!("its schema comes to more than {SCHEMA_NODES} values {what}")),
            (_, true) => {
                Err(format!("the document comes to more than {OPENAPI_NODES} values or {OPENAPI_BYTES} bytes {what}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
