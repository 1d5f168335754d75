//! Export and import of an environment: its event types.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use campanile_base::Error;
use campanile_base::bounds::EVENT_TYPES_AT_A_TIME;
use campanile_db::Range;
use campanile_http::Web;
use campanile_webhooks::check_count;
use campanile_webhooks::event_types::{self as catalogue, Viewer, openapi, schemas};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::{Org, OrgManager};
use super::body::Body;
use super::error::{SvixError, SvixResult};
use super::event_types::{self, EventTypeIn};

pub(super) async fn export(State(web): State<Web>, Org(caller): Org) -> SvixResult<Json<Value>> {
    let all = web.app.db.read(move |tx| {
        Box::pin(async move {
            let range = Range::first(i64::from(u32::MAX));
            catalogue::list(tx, &caller.organisation, Viewer::Organisation, true, &range).await
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
    OrgManager(caller): OrgManager,
    Body(asked): Body<EnvironmentIn>,
) -> SvixResult<StatusCode> {
    let asked = asked.event_types.unwrap_or_default();
    check_count("eventTypes", asked.len(), EVENT_TYPES_AT_A_TIME)?;
    let (webhooks, specs) = (web.app.webhooks.clone(), event_types::specs(&web, &caller, asked).await?);
    let imported = web.app.db.write(move |tx| {
        Box::pin(async move {
            for (name, spec) in specs {
                catalogue::upsert(tx, &webhooks, &caller, &name, spec).await?;
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

impl OpenApiIn {
    /// The event types of the document.
    fn event_types(self) -> SvixResult<Vec<Value>> {
        let document = match (self.spec, self.spec_raw) {
            (Some(spec), _) => Value::Object(spec),
            (None, Some(raw)) => serde_json::from_str(&raw)
                .map_err(|e| SvixError::value(&["body", "specRaw"], format!("is no JSON document: {e}")))?,
            (None, None) => return Err(SvixError::value(&["body", "spec"], "spec or specRaw must be given")),
        };
        openapi::event_types(&document).map_err(|why| SvixError::value(&["body", "spec"], why))
    }
}

/// Imports event types from the `webhooks` of an OpenAPI document: one for each webhook, with its
/// name and the schema of its request.
pub(super) async fn import_openapi(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Body(asked): Body<OpenApiIn>,
) -> SvixResult<Json<Value>> {
    let (dry_run, replaces) = (asked.dry_run, asked.replace_all);
    let found = schemas::in_sandbox(&web.app.webhooks, &caller.organisation, move || asked.event_types()).await??;
    if dry_run {
        return Ok(Json(json!({ "data": { "modified": [], "to_modify": found } })));
    }
    let names: Vec<String> = found.iter().filter_map(|found| found["name"].as_str().map(str::to_owned)).collect();
    let read = |found| serde_json::from_value::<EventTypeIn>(found).map_err(Error::internal);
    let asked = found.into_iter().map(read).collect::<Result<_, _>>()?;
    let specs = event_types::specs(&web, &caller, asked).await?;
    let (webhooks, kept) = (web.app.webhooks.clone(), names.clone());
    let imported = web.app.db.write(move |tx| {
        Box::pin(async move {
            for (name, spec) in specs {
                catalogue::upsert(tx, &webhooks, &caller, &name, spec).await?;
            }
            if replaces {
                let range = Range::first(i64::from(u32::MAX));
                for known in catalogue::list(tx, &caller.organisation, Viewer::Organisation, false, &range).await? {
                    if !kept.contains(&known.name) {
                        catalogue::delete(tx, &webhooks, &caller, &known.name, false).await?;
                    }
                }
            }
            Ok::<_, Error>(())
        })
    });
    imported.await?;
    Ok(Json(json!({ "data": { "modified": names } })))
}
