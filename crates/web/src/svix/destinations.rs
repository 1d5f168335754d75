//! Destinations: endpoints that are sent to in order (`fifoEndpoint`), or that poll (`pollingEndpoint`). Older clients know them as
//! sinks, of the types `http` and `poller`. Sinks of third parties are not served.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::{Error, Secret};
use campanile_webhooks::endpoints::headers;
use campanile_webhooks::endpoints::{self, Endpoint, EndpointSpec, Extras, Way};
use campanile_webhooks::lines::order::{self, Standing};
use campanile_webhooks::tokens::Capability;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::App;
use super::body::{Body, Field, given};
use super::endpoints::with_endpoint;
use super::error::{SvixError, SvixResult};
use super::list::{Asked, List};
use super::messages::MessageOut;
use super::poller;
use super::query::Query;
use crate::Web;

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

/// What is not said of a destination.
const BATCH: i64 = 100;

fn way(kind: &str, batch_size: Option<i64>, max_wait: Option<i64>) -> SvixResult<Way> {
    match kind {
        "fifoEndpoint" | "http" => {
            Ok(Way::InOrder { batch_size: batch_size.unwrap_or(BATCH), max_wait: max_wait.unwrap_or(0) })
        }
        "pollingEndpoint" | "poller" => Ok(Way::Polled),
        _ => Err(SvixError::Http(
            StatusCode::NOT_IMPLEMENTED,
            "not_implemented",
            format!("Destinations of the type {kind} are not served here."),
        )),
    }
}

/// An empty list lets everything through.
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
        if let Way::InOrder { batch_size, max_wait } = &mut spec.way {
            self.batch_size.change_or(batch_size, BATCH);
            self.max_wait_secs.change_or(max_wait, 0);
        }
        spec.filter_types = self.event_types.map_or(spec.filter_types, listed);
        spec.channels = self.channels.map_or(spec.channels, listed);
        self.metadata.change_or_empty(&mut spec.metadata);
        spec
    }
}

/// A destination with how its line stands, as it is shown.
struct Shown {
    endpoint: Endpoint,
    headers: headers::Headers,
    standing: Standing,
}

impl Shown {
    async fn of(
        tx: &mut campanile_db::Tx,
        webhooks: &campanile_webhooks::Webhooks,
        endpoint: Endpoint,
    ) -> campanile_base::Result<Self> {
        let standing = order::standing(tx, &endpoint).await?;
        let headers = headers::get(tx, webhooks, &endpoint).await?;
        Ok(Self { endpoint, headers, standing })
    }

    fn view(self) -> Value {
        let Self { endpoint, headers, standing } = self;
        let (kind, batch_size, max_wait) = match endpoint.way {
            Way::InOrder { batch_size, max_wait } => ("fifoEndpoint", batch_size, max_wait),
            Way::Push | Way::Polled => ("pollingEndpoint", BATCH, 0),
        };
        let config = match endpoint.way {
            Way::InOrder { .. } => json!({ "url": endpoint.url, "headers": super::endpoints::headers_out(headers) }),
            Way::Push | Way::Polled => json!({}),
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

/// Refuses endpoints that messages are merely sent to.
fn lined(endpoint: Endpoint) -> campanile_base::Result<Endpoint> {
    match endpoint.way {
        Way::Push => Err(Error::NotFound("destination")),
        Way::InOrder { .. } | Way::Polled => Ok(endpoint),
    }
}

pub(super) async fn list(State(web): State<Web>, app: App, query: Query) -> SvixResult<Json<List<Value>>> {
    let asked = Asked::by_id(&query, "", false)?;
    let (range, webhooks) = (asked.range.clone(), web.app.webhooks.clone());
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move {
            let mut shown = Vec::new();
            for endpoint in endpoints::list_lined(tx, &app.application.id, &range).await? {
                shown.push(Shown::of(tx, &webhooks, endpoint).await?);
            }
            Ok::<_, Error>(shown)
        })
    });
    Ok(Json(asked.page(rows.await?, |shown| shown.endpoint.id.to_string(), Shown::view)))
}

pub(super) async fn create(
    State(web): State<Web>,
    app: App,
    Body(asked): Body<DestinationIn>,
) -> SvixResult<(StatusCode, Json<Value>)> {
    app.access.must(Capability::ManageEndpoint)?;
    let (webhooks, caller) = (web.app.webhooks.clone(), app.access.caller());
    let (spec, extras) = asked.parts()?;
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            let made = endpoints::create(tx, &webhooks, &caller, &app.application, spec, extras).await?;
            Shown::of(tx, &webhooks, made).await
        })
    });
    Ok((StatusCode::CREATED, Json(made.await?.view())))
}

pub(super) async fn get(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<Json<Value>> {
    let found = with_endpoint(&web, app, id, Capability::ViewBase, |tx, webhooks, _, _, endpoint| {
        Box::pin(async move { Shown::of(tx, webhooks, lined(endpoint)?).await })
    });
    Ok(Json(found.await?.view()))
}

pub(super) async fn upsert(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Named,
    Body(asked): Body<DestinationIn>,
) -> SvixResult<(StatusCode, Json<Value>)> {
    app.access.must(Capability::ManageEndpoint)?;
    let (webhooks, caller, application) = (web.app.webhooks.clone(), app.access.caller(), app.application);
    let (spec, extras) = asked.parts()?;
    let put = web.app.db.write(move |tx| {
        Box::pin(async move {
            let (status, endpoint) = match endpoints::get(tx, &application, &id).await.and_then(lined) {
                Ok(before) if std::mem::discriminant(&before.way) != std::mem::discriminant(&spec.way) => {
                    return Err(Error::invalid_field("type", "cannot be changed"));
                }
                Ok(before) => {
                    let changed = endpoints::update(tx, &webhooks, &caller, &application, before, spec).await?;
                    headers::set(tx, &webhooks, &caller, &application, &changed, extras.headers).await?;
                    (StatusCode::OK, changed)
                }
                Err(Error::NotFound(_)) => {
                    let made = endpoints::create(tx, &webhooks, &caller, &application, spec, extras).await?;
                    (StatusCode::CREATED, made)
                }
                Err(error) => return Err(error),
            };
            Ok((status, Shown::of(tx, &webhooks, endpoint).await?))
        })
    });
    let (status, shown) = put.await?;
    Ok((status, Json(shown.view())))
}

pub(super) async fn patch(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Named,
    Body(patch): Body<DestinationPatch>,
) -> SvixResult<Json<Value>> {
    let capability = Capability::ManageEndpoint;
    let changed = with_endpoint(&web, app, id, capability, move |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move {
            let before = lined(endpoint)?;
            let spec = patch.over((&before).into());
            let changed = endpoints::update(tx, webhooks, caller, application, before, spec).await?;
            Shown::of(tx, webhooks, changed).await
        })
    });
    Ok(Json(changed.await?.view()))
}

pub(super) async fn delete(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<StatusCode> {
    let capability = Capability::ManageEndpoint;
    with_endpoint(&web, app, id, capability, |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move { endpoints::delete(tx, webhooks, caller, application, &lined(endpoint)?).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The first in line is tried at once.
pub(super) async fn force_retry(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<StatusCode> {
    let capability = Capability::CreateAttempts;
    with_endpoint(&web, app, id, capability, |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move { order::retry_now(tx, webhooks, caller, application, &endpoint).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The first in line is passed over, or all up to an iterator.
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

/// The message that is sent next.
pub(super) async fn next_event(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<Json<MessageOut>> {
    let next = with_endpoint(&web, app, id, Capability::ViewBase, |tx, _, _, application, endpoint| {
        Box::pin(async move { order::next_message(tx, application, &lined(endpoint)?).await })
    });
    let next = next.await?.ok_or(Error::NotFound("message"))?;
    Ok(Json(MessageOut::of(&next, true)))
}
