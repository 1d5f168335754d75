//! Transformations: the scripts of endpoints, and trials of them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bytes::Bytes;
use campanile_http::Web;
use campanile_webhooks::messages::{NewMessage, preview};
use campanile_webhooks::scripts::Owner;
use campanile_webhooks::tokens::Capability;
use campanile_webhooks::transformations::{self, Transformation};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::access::App;
use super::body::{Body, Field, given};
use super::endpoints::with_endpoint;
use super::error::{SvixError, SvixResult};

/// The script of an endpoint. Only callers who may change its variables see them.
pub(super) async fn get(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
) -> SvixResult<Json<Transformation>> {
    let may_change = app.access.may(Capability::ManageTransformations);
    let found = with_endpoint(&web, app, id, Capability::ViewBase, |tx, webhooks, _, _, endpoint| {
        Box::pin(async move { transformations::get(tx, webhooks, &endpoint).await })
    });
    let mut found = found.await?;
    // Variables are mostly keys; they are encrypted in the database.
    found.variables = found.variables.filter(|_| may_change);
    Ok(Json(found))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TransformationPatch {
    code: Field<String>,
    #[serde(deserialize_with = "given")]
    enabled: Option<bool>,
    variables: Field<BTreeMap<String, String>>,
}

impl TransformationPatch {
    fn over(self, mut before: Transformation) -> Transformation {
        self.code.change(&mut before.code);
        self.variables.change(&mut before.variables);
        before.enabled = self.enabled.unwrap_or(before.enabled) && before.code.is_some();
        before
    }
}

pub(super) async fn patch(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(patch): Body<TransformationPatch>,
) -> SvixResult<(StatusCode, Json<Value>)> {
    let capability = Capability::ManageTransformations;
    with_endpoint(&web, app, id, capability, move |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move {
            let new = patch.over(transformations::get(tx, webhooks, &endpoint).await?);
            transformations::set(tx, webhooks, caller, application, &endpoint, new).await
        })
    })
    .await?;
    Ok((StatusCode::OK, Json(json!({}))))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SimulateIn {
    code: String,
    event_type: String,
    channels: Option<Vec<String>>,
    payload: Box<RawValue>,
    variables: Option<BTreeMap<String, String>>,
}

/// Runs a script without sending anything.
pub(super) async fn simulate(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<SimulateIn>,
) -> SvixResult<Json<Value>> {
    app.access.must(Capability::ManageTransformations)?;
    transformations::check_code(&asked.code)?;
    let application = app.application.clone();
    let endpoint = super::endpoints::found(&web, app, id).await?;
    let new = NewMessage {
        event_type: asked.event_type,
        channels: asked.channels,
        payload: Bytes::copy_from_slice(asked.payload.get().as_bytes()),
        ..NewMessage::default()
    };
    let message = preview(&web.app.webhooks, &application, new)?;
    let url = if endpoint.url.is_empty() { "https://example.com/" } else { &endpoint.url };
    // A trial has its own record of timeouts, so that it cannot stop the endpoint's script from
    // running.
    let place = format!("trial of {}", endpoint.id);
    let owner = Owner {
        organisation: application.organisation_id.as_str(),
        application: application.id.as_str(),
        place: &place,
    };
    let (webhooks, variables) = (&web.app.webhooks, asked.variables.as_ref());
    let made = transformations::apply(webhooks, owner, &message, url, &asked.code, variables).await;
    let made = made.map_err(|why| SvixError::Http(StatusCode::BAD_REQUEST, "transformation_failed", why))?;
    Ok(Json(json!({
        "url": made.content.url,
        "method": made.content.method,
        "payload": String::from_utf8_lossy(&made.content.body),
        "cancel": made.is_canceled,
    })))
}
