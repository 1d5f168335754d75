//! Destinations: endpoints that get messages in order (`fifoEndpoint`), or that poll
//! (`pollingEndpoint`). Older clients call them sinks, of the types `http` and `poller`. Sinks of
//! third parties are not served.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use campanile_base::{Error, Secret, Thing};
use campanile_http::Web;
use campanile_webhooks::endpoints as stored;
use campanile_webhooks::endpoints::{DeliveryMode, Endpoint, EndpointSpec, Extras, headers};
use campanile_webhooks::lines::order::{self, Standing};
use campanile_webhooks::tokens::Capability;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::App;
use super::body::{Body, Field, given};
use super::endpoints::{self, with_endpoint};
use super::error::{SvixError, SvixResult};
use super::list::{List, PageRequest};
use super::messages::MessageOut;
use super::poller;
use super::query::Query;

type Named = Path<(String, String)>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DestinationIn {
    r#type: String,
    config: Option<Config>,
    uid: Option<String>,
    status: Option<Status>,
    batch_size: Option<i64>,
    max_wait_secs: Option<i64>,
    event_types: Option<Vec<String>>,
    channels: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    url: String,
    headers: BTreeMap<String, String>,
    key: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Enabled,
    Disabled,
}

/// The batch size where none is given.
const BATCH: i64 = 100;

fn way(kind: &str, batch_size: Option<i64>, max_wait: Option<i64>) -> SvixResult<DeliveryMode> {
    match kind {
        "fifoEndpoint" | "http" => {
            Ok(DeliveryMode::InOrder { batch_size: batch_size.unwrap_or(BATCH), max_wait: max_wait.unwrap_or(0) })
        }
        "pollingEndpoint" | "poller" => Ok(DeliveryMode::Polled),
        _ => Err(SvixError::Http(
            StatusCode::NOT_IMPLEMENTED,
            "not_implemented",
            format!("Destinations of the type {kind} are not served here."),
        )),
    }
}

/// A filter list. An empty list means no filter.
fn listed(names: Vec<String>) -> Option<Vec<String>> {
    (!names.is_empty()).then_some(names)
}

impl DestinationIn {
    fn parts(self) -> SvixResult<(EndpointSpec, Extras)> {
        let way = way(&self.r#type, self.batch_size, self.max_wait_secs)?;
        let config = self.config.unwrap_or_default();
        let spec = EndpointSpec {
            url: config.url,
            uid: self.uid,
            description: String::new(),
            version: 1,
            disabled: self.status == Some(Status::Disabled),
            filter_types: self.event_types.and_then(listed),
            channels: self.channels.and_then(listed),
            metadata: self.metadata.unwrap_or_default(),
            throttle_rate: None,
            way,
        };
        let extras = Extras { secret: config.key.map(Secret::new), headers: config.headers.into_iter().collect() };
        Ok((spec, extras))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DestinationPatch {
    #[serde(deserialize_with = "given")]
    config: Option<ConfigPatch>,
    uid: Field<String>,
    #[serde(deserialize_with = "given")]
    status: Option<Status>,
    batch_size: Field<i64>,
    max_wait_secs: Field<i64>,
    #[serde(deserialize_with = "given")]
    event_types: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    channels: Option<Vec<String>>,
    metadata: Field<Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfigPatch {
    #[serde(deserialize_with = "given")]
    url: Option<String>,
}

impl DestinationPatch {
    fn over(self, mut spec: EndpointSpec) -> EndpointSpec {
        spec.url = self.config.and_then(|config| config.url).unwrap_or(spec.url);
        self.uid.change(&mut spec.uid);
        spec.disabled = self.status.map_or(spec.disabled, |status| status == Status::Disabled);
        if let DeliveryMode::InOrder { batch_size, max_wait } = &mut spec.way {
            self.batch_size.change_or(batch_size, BATCH);
            self.max_wait_secs.change_or(max_wait, 0);
        }
        spec.filter_types = self.event_types.map_or(spec.filter_types, listed);
        spec.channels = self.channels.map_or(spec.channels, listed);
        self.metadata.change_or_empty(&mut spec.metadata);
        spec
    }
}

/// The names of the two types, by the path of the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeNames {
    ordered: &'static str,
    polled: &'static str,
}

impl FromRequestParts<Web> for TypeNames {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Infallible> {
        Ok(match parts.uri.path().contains("/stream/sink") {
            true => Self { ordered: "http", polled: "poller" },
            false => Self { ordered: "fifoEndpoint", polled: "pollingEndpoint" },
        })
    }
}

/// A destination with the state of its line, for the view.
struct DestinationView {
    endpoint: Endpoint,
    headers: headers::Headers,
    standing: Standing,
}

impl DestinationView {
    async fn of(
        tx: &mut campanile_db::Tx,
        webhooks: &campanile_webhooks::Webhooks,
        endpoint: Endpoint,
    ) -> campanile_base::Result<Self> {
        let standing = order::standing(tx, &endpoint).await?;
        let headers = headers::get(tx, webhooks, &endpoint).await?;
        Ok(Self { endpoint, headers, standing })
    }

    fn view(self, names: TypeNames) -> Value {
        let Self { endpoint, headers, standing } = self;
        let (kind, batch_size, max_wait) = match endpoint.way {
            DeliveryMode::InOrder { batch_size, max_wait } => (names.ordered, batch_size, max_wait),
            DeliveryMode::Push | DeliveryMode::Polled => (names.polled, BATCH, 0),
        };
        let config = match endpoint.way {
            DeliveryMode::InOrder { .. } => {
                json!({ "url": endpoint.url, "headers": endpoints::headers_out(headers) })
            }
            DeliveryMode::Push | DeliveryMode::Polled => json!({}),
        };
        json!({
            "id": endpoint.id,
            "uid": endpoint.uid,
            "type": kind,
            "config": config,
            "status": match (endpoint.disabled, standing.failures) {
                (true, _) => "disabled",
                (false, 0) => "enabled",
                (false, _) => "retrying",
            },
            "currentIterator": poller::iterator(standing.done),
            "failureReason": null,
            "nextRetryAt": standing.retry_at,
            "batchSize": batch_size,
            "maxWaitSecs": max_wait,
            "eventTypes": endpoint.filter_types.unwrap_or_default(),
            "channels": endpoint.channels.unwrap_or_default(),
            "metadata": endpoint.metadata,
            "createdAt": endpoint.created_at,
            "updatedAt": endpoint.updated_at,
        })
    }
}

/// Refuses ordinary endpoints, to which messages are sent without a line.
fn lined(endpoint: Endpoint) -> campanile_base::Result<Endpoint> {
    match endpoint.way {
        DeliveryMode::Push => Err(Error::NotFound(Thing::Destination)),
        DeliveryMode::InOrder { .. } | DeliveryMode::Polled => Ok(endpoint),
    }
}

pub(super) async fn list(
    State(web): State<Web>,
    app: App,
    names: TypeNames,
    query: Query,
) -> SvixResult<Json<List<Value>>> {
    let asked = PageRequest::by_id(&query, "", false)?;
    let (range, webhooks) = (asked.range.clone(), web.app.webhooks.clone());
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move {
            let mut shown = Vec::new();
            for endpoint in stored::list_lined(tx, &app.application.id, &range).await? {
                shown.push(DestinationView::of(tx, &webhooks, endpoint).await?);
            }
            Ok::<_, Error>(shown)
        })
    });
    Ok(Json(asked.page(rows.await?, |shown| shown.endpoint.id.to_string(), |shown| shown.view(names))))
}

pub(super) async fn create(
    State(web): State<Web>,
    app: App,
    names: TypeNames,
    Body(asked): Body<DestinationIn>,
) -> SvixResult<(StatusCode, Json<Value>)> {
    app.access.must(Capability::ManageEndpoint)?;
    let (webhooks, caller) = (web.app.webhooks.clone(), app.access.caller());
    let (spec, extras) = asked.parts()?;
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            let made = stored::create(tx, &webhooks, &caller, &app.application, spec, extras).await?;
            DestinationView::of(tx, &webhooks, made).await
        })
    });
    Ok((StatusCode::CREATED, Json(made.await?.view(names))))
}

pub(super) async fn get(
    State(web): State<Web>,
    app: App,
    names: TypeNames,
    Path((_, id)): Named,
) -> SvixResult<Json<Value>> {
    let found = with_endpoint(&web, app, id, Capability::ViewBase, |tx, webhooks, _, _, endpoint| {
        Box::pin(async move { DestinationView::of(tx, webhooks, lined(endpoint)?).await })
    });
    Ok(Json(found.await?.view(names)))
}

pub(super) async fn upsert(
    State(web): State<Web>,
    app: App,
    names: TypeNames,
    Path((_, id)): Named,
    Body(asked): Body<DestinationIn>,
) -> SvixResult<(StatusCode, Json<Value>)> {
    app.access.must(Capability::ManageEndpoint)?;
    let (webhooks, caller, application) = (web.app.webhooks.clone(), app.access.caller(), app.application);
    let (spec, extras) = asked.parts()?;
    let put = web.app.db.write(move |tx| {
        Box::pin(async move {
            let (status, endpoint) = match stored::get(tx, &application, &id).await.and_then(lined) {
                Ok(before) if std::mem::discriminant(&before.way) != std::mem::discriminant(&spec.way) => {
                    return Err(Error::invalid_field("type", "cannot be changed"));
                }
                Ok(before) => {
                    let changed = stored::update(tx, &webhooks, &caller, &application, before, spec).await?;
                    headers::set(tx, &webhooks, &caller, &application, &changed, extras.headers).await?;
                    (StatusCode::OK, changed)
                }
                Err(Error::NotFound(_)) => {
                    let made = stored::create(tx, &webhooks, &caller, &application, spec, extras).await?;
                    (StatusCode::CREATED, made)
                }
                Err(error) => return Err(error),
            };
            Ok((status, DestinationView::of(tx, &webhooks, endpoint).await?))
        })
    });
    let (status, shown) = put.await?;
    Ok((status, Json(shown.view(names))))
}

pub(super) async fn patch(
    State(web): State<Web>,
    app: App,
    names: TypeNames,
    Path((_, id)): Named,
    Body(patch): Body<DestinationPatch>,
) -> SvixResult<Json<Value>> {
    let capability = Capability::ManageEndpoint;
    let changed = with_endpoint(&web, app, id, capability, move |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move {
            let before = lined(endpoint)?;
            let spec = patch.over((&before).into());
            let changed = stored::update(tx, webhooks, caller, application, before, spec).await?;
            DestinationView::of(tx, webhooks, changed).await
        })
    });
    Ok(Json(changed.await?.view(names)))
}

pub(super) async fn delete(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<StatusCode> {
    let capability = Capability::ManageEndpoint;
    with_endpoint(&web, app, id, capability, |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move { stored::delete(tx, webhooks, caller, application, &lined(endpoint)?).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rotates the secret. Unlike for an endpoint, the answer is an empty object.
pub(super) async fn rotate(
    state: State<Web>,
    app: App,
    named: Named,
    asked: Body<endpoints::RotateIn>,
) -> SvixResult<Json<Value>> {
    endpoints::rotate(state, app, named, asked).await?;
    Ok(Json(json!({})))
}

/// Changes some headers. Unlike for an endpoint, the answer is all of them.
pub(super) async fn patch_headers(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Named,
    Body(asked): Body<endpoints::HeadersPatch>,
) -> SvixResult<Json<Value>> {
    let capability = Capability::ManageEndpoint;
    let all = with_endpoint(&web, app, id, capability, move |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move {
            headers::patch(tx, webhooks, caller, application, &endpoint, asked.changes()).await?;
            headers::get(tx, webhooks, &endpoint).await
        })
    });
    Ok(Json(endpoints::headers_out(all.await?)))
}

/// Tries the first message in line at once.
pub(super) async fn force_retry(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<StatusCode> {
    let capability = Capability::CreateAttempts;
    with_endpoint(&web, app, id, capability, |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move { order::retry_now(tx, webhooks, caller, application, &endpoint).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Skips the first message in line, or all messages up to an iterator.
pub(super) async fn skip(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Named,
    query: Query,
) -> SvixResult<StatusCode> {
    let up_to = query.text("iterator").map(poller::number_of).transpose()?;
    let capability = Capability::ManageEndpoint;
    with_endpoint(&web, app, id, capability, move |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move { order::skip(tx, webhooks, caller, application, &endpoint, up_to).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The first message in line.
pub(super) async fn next_event(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<Json<MessageOut>> {
    let next = with_endpoint(&web, app, id, Capability::ViewBase, |tx, _, _, application, endpoint| {
        Box::pin(async move { order::next_message(tx, application, &lined(endpoint)?).await })
    });
    let next = next.await?.ok_or(Error::NotFound(Thing::Message))?;
    Ok(Json(MessageOut::of(&next, true)))
}
