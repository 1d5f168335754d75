//! Triggers, cancellations, and the runs of each recipient.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use campanile_base::Thing;
use campanile_http::{Web, request_id};
use campanile_notify::Reference;
use campanile_notify::recipients::RecipientInput;
use campanile_notify::runs::{self, Filter};
use campanile_notify::triggers::{self, Accepted, BatchFilter, IdempotencyKey, RECIPIENTS, TriggerRequest};
use serde_json::{Map, Value, json};

use super::body::Body;
use super::client::{Client, Manager};
use super::error::{KnockError, KnockResult};
use super::objects::{references, told};
use super::page::Page;
use super::query::Query;

/// The longest idempotency key.
const KEY: usize = 255;

pub(super) async fn trigger(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> KnockResult<Response> {
    let asked = TriggerRequest { repeat: repeat(&headers, &key, &body)?, ..asked(client, &key, &body)? };
    let Accepted { workflow_run_id, repeats } = triggers::accept(&web.app.notify, asked).await?;
    let mut response = Json(json!({ "workflow_run_id": workflow_run_id })).into_response();
    if let Some(first) = repeats.and_then(|first| HeaderValue::try_from(first).ok()) {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("original-x-request-id"), first);
        headers.insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// A trigger as a request writes it.
pub(super) fn asked(client: Client, key: &str, body: &Body) -> KnockResult<TriggerRequest> {
    let recipients = told(body.list("recipients", RECIPIENTS)?)?;
    let optional = |name: &str| body.0.get(name).filter(|value| !value.is_null());
    let settings = body.object("settings")?;
    let flag = |name: &str| settings.get(name).and_then(Value::as_bool).unwrap_or_default();
    Ok(TriggerRequest {
        actor: optional("actor").map(RecipientInput::parse).transpose()?,
        tenant: optional("tenant").map(RecipientInput::parse_tenant).transpose()?,
        cancellation_key: body.optional("cancellation_key").map(str::to_owned),
        skips_delays: flag("skip_delay"),
        is_sandbox: flag("sandbox_mode"),
        ..TriggerRequest::new(client.organisation, key, recipients, body.object("data")?)
    })
}

/// The identity of this request, by which repeats are recognised. `None` without a key.
fn repeat(headers: &HeaderMap, workflow: &str, body: &Body) -> KnockResult<Option<IdempotencyKey>> {
    let Some(key) = headers.get("idempotency-key").and_then(|key| key.to_str().ok()) else { return Ok(None) };
    if key.is_empty() {
        return Ok(None);
    }
    if key.len() > KEY {
        return Err(KnockError::field("Idempotency-Key", "must not be longer than 255 characters"));
    }
    let request = format!("{workflow}\n{}", Value::Object(body.0.clone()));
    Ok(Some(IdempotencyKey::of(key, request.as_bytes(), request_id::current())))
}

/// Triggers a workflow, in the older way: the body names the workflow.
pub(super) async fn notify(State(web): State<Web>, Manager(client): Manager, body: Body) -> KnockResult<Json<Value>> {
    let asked = asked(client, body.text("name")?, &body)?;
    let accepted = triggers::accept(&web.app.notify, asked).await?;
    Ok(Json(json!({ "result_id": accepted.workflow_run_id })))
}

pub(super) async fn cancel(
    State(web): State<Web>,
    manager: Manager,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<StatusCode> {
    cancel_one(&web, manager, key, &body).await
}

/// Cancels triggers, in the older way: the body names the workflow.
pub(super) async fn cancel_notify(State(web): State<Web>, manager: Manager, body: Body) -> KnockResult<StatusCode> {
    let key = body.text("name")?.to_owned();
    cancel_one(&web, manager, key, &body).await
}

async fn cancel_one(web: &Web, Manager(client): Manager, workflow: String, body: &Body) -> KnockResult<StatusCode> {
    let key = body.text("cancellation_key")?.to_owned();
    let only: Vec<&Value> = body.0.get("recipients").and_then(Value::as_array).into_iter().flatten().collect();
    let (only, notify) = (references(&only)?, web.app.notify.clone());
    let cancelled = web.app.db.write(move |tx| {
        Box::pin(async move { triggers::cancel(tx, &notify, &client.organisation, &workflow, &key, &only).await })
    });
    cancelled.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes the open batches of these recipients now. The hosted service has no such operation.
pub(super) async fn close_batches(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let recipients = references(&body.list("recipients", RECIPIENTS)?.iter().collect::<Vec<_>>())?;
    let word = |name: &str| body.optional(name).map(str::to_owned);
    let meant = BatchFilter { step: word("step"), tenant: word("tenant"), batch_key: word("batch_key") };
    let notify = web.app.notify.clone();
    let closed = web.app.db.write(move |tx| {
        Box::pin(
            async move { triggers::close_batches(tx, &notify, &client.organisation, &key, &recipients, &meant).await },
        )
    });
    Ok(Json(json!({ "closed": closed.await? })))
}

pub(super) async fn recipient_runs(
    State(web): State<Web>,
    Manager(client): Manager,
    query: Query,
) -> KnockResult<Json<Value>> {
    let text = |name: &str| query.text(name).map(str::to_owned);
    let filter = Filter {
        workflow: text("workflow"),
        status: query.list("status").into_iter().next(),
        tenant: text("tenant"),
        recipient: query.value("recipient").map(recipient).transpose()?,
        has_errors: query.flag("has_errors"),
    };
    let page = Page::of(&query)?.within(query.text("starting_at"), query.text("ending_at"));
    let (range, organisation) = (page.range.clone(), client.organisation.clone());
    let read = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move { runs::list(tx, &client.organisation, &filter, &range).await })
    });
    let (found, page_info) = page.cut_found(read.await?, |run| &run.place);
    let items: Vec<Value> = found.iter().map(runs::RunRow::view).collect();
    Ok(Json(json!({ "items": items, "page_info": page_info })))
}

fn recipient(value: &Value) -> KnockResult<Reference> {
    match value {
        // Written as JSON.
        Value::String(text) if text.starts_with('{') => {
            let map: Map<String, Value> =
                serde_json::from_str(text).map_err(|_| KnockError::field("recipient", "is not JSON"))?;
            Ok(Reference::parse(&Value::Object(map))?)
        }
        value => Ok(Reference::parse(value)?),
    }
}

pub(super) async fn recipient_run(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
) -> KnockResult<Json<Value>> {
    let read = web.app.db.read(move |tx| Box::pin(async move { runs::get(tx, &client.organisation, &id).await }));
    Ok(Json(read.await?.ok_or_else(|| KnockError::missing(Thing::RecipientRun))?.detail()?))
}
