//! An environment, to be taken elsewhere: its event types.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use campanile_base::Error;
use campanile_db::Range;
use campanile_webhooks::event_types::{self, Viewer};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::Org;
use super::body::Body;
use super::error::{SvixError, SvixResult};
use super::event_types::EventTypeIn;
use crate::Web;

pub(super) async fn export(State(web): State<Web>, Org(caller): Org) -> SvixResult<Json<Value>> {
    let all = web.app.db.read(move |tx| {
        Box::pin(async move {
            let range = Range::first(i64::from(u32::MAX));
            event_types::list(tx, &caller.organisation, Viewer::Organisation, true, &range).await
        })
    });
    let now = web.app.clock.now();
    Ok(Json(json!({
        "version": 1, "createdAt": now, "eventTypes": all.await?, "settings": null, "connectors": [],
    })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnvironmentIn {
    event_types: Option<Vec<EventTypeIn>>,
}

pub(super) async fn import(
    State(web): State<Web>,
    Org(caller): Org,
    Body(asked): Body<EnvironmentIn>,
) -> SvixResult<StatusCode> {
    let webhooks = web.app.webhooks.clone();
    let imported = web.app.db.write(move |tx| {
        Box::pin(async move {
            for event_type in asked.event_types.unwrap_or_default() {
                let name = event_type.name.clone();
                event_types::upsert(tx, &webhooks, &caller, &name, event_type.spec()).await?;
            }
            Ok::<_, Error>(())
        })
    });
    imported.await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenApiIn {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    replace_all: bool,
    spec: Option<Map<String, Value>>,
    spec_raw: Option<String>,
}

/// Event types out of the `webhooks` of an OpenAPI document: one for each, named like it, with the schema of
/// its request.
pub(super) async fn import_openapi(
    State(web): State<Web>,
    Org(caller): Org,
    Body(asked): Body<OpenApiIn>,
) -> SvixResult<Json<Value>> {
    let spec = match (asked.spec, asked.spec_raw) {
        (Some(spec), _) => Value::Object(spec),
        (None, Some(raw)) => serde_json::from_str(&raw)
            .map_err(|e| SvixError::value(&["body", "specRaw"], format!("is no JSON document: {e}")))?,
        (None, None) => return Err(SvixError::value(&["body", "spec"], "spec or specRaw must be given")),
    };
    let found = event_types_of(&spec);
    if asked.dry_run {
        return Ok(Json(json!({ "data": { "modified": [], "to_modify": found } })));
    }
    let names: Vec<String> = found.iter().filter_map(|found| found["name"].as_str().map(str::to_owned)).collect();
    let (webhooks, kept, replaces) = (web.app.webhooks.clone(), names.clone(), asked.replace_all);
    let imported = web.app.db.write(move |tx| {
        Box::pin(async move {
            for found in found {
                let event_type: EventTypeIn = serde_json::from_value(found).map_err(Error::internal)?;
                let name = event_type.name.clone();
                event_types::upsert(tx, &webhooks, &caller, &name, event_type.spec()).await?;
            }
            if replaces {
                let range = Range::first(i64::from(u32::MAX));
                for known in event_types::list(tx, &caller.organisation, Viewer::Organisation, false, &range).await? {
                    if !kept.contains(&known.name) {
                        event_types::delete(tx, &webhooks, &caller, &known.name, false).await?;
                    }
                }
            }
            Ok::<_, Error>(())
        })
    });
    imported.await?;
    Ok(Json(json!({ "data": { "modified": names } })))
}

/// The webhooks of a document, each as an event type.
fn event_types_of(spec: &Value) -> Vec<Value> {
    let webhooks = spec["webhooks"].as_object().or_else(|| spec["x-webhooks"].as_object());
    let each = webhooks.into_iter().flatten().map(|(name, item)| {
        let operation = ["post", "put"].iter().map(|method| &item[method]).find(|found| found.is_object());
        let operation = operation.unwrap_or(&Value::Null);
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let description = ["description", "summary"].iter().find_map(|field| operation[field].as_str());
        let mut schema = resolved(spec, schema, 0);
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        if example.is_object() && schema.is_object() && schema["examples"].is_null() {
            schema["examples"] = json!([example]);
        }
        let named = operation["x-svix-event-type"].as_str().or_else(|| operation["operationId"].as_str());
        json!({
            "name": if item["x-svix-event-type"].is_string() { item["x-svix-event-type"].as_str() } else { named.filter(|_| !is_name(name)).or(Some(name)) },
            "description": description.unwrap_or(name),
            "schemas": if schema.is_object() { json!({ "1": schema }) } else { Value::Null },
            "deprecated": operation["deprecated"].as_bool().unwrap_or(false),
            "groupName": operation["tags"][0].as_str().filter(|tag| is_name(tag)),
        })
    });
    each.collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A schema with what it refers to within the document in place, as deep as is sensible.
fn resolved(spec: &Value, schema: &Value, depth: usize) -> Value {
    const DEEPEST: usize = 12;
    if depth > DEEPEST {
        return json!({});
    }
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let found = reference.strip_prefix('#').and_then(|pointer| spec.pointer(pointer));
                return found.map_or(json!({}), |found| resolved(spec, found, depth + 1));
            }
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), resolved(spec, value, depth + 1))).collect())
        }
        Value::Array(items) => items.iter().map(|item| resolved(spec, item, depth + 1)).collect(),
        other => other.clone(),
    }
}
