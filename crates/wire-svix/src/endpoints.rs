//! Endpoints: their settings, secrets, headers and statistics, and the replay of messages.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::Caller;
use campanile_base::{Error, Secret, Timestamp, lowest_id};
use campanile_db::Range;
use campanile_http::Web;
use campanile_webhooks::Webhooks;
use campanile_webhooks::applications::Application;
use campanile_webhooks::attempts::{self, Stats, Status};
use campanile_webhooks::endpoints::{self, DeliveryMode, Endpoint, EndpointSpec, Extras, GRACE, headers};
use campanile_webhooks::tasks::{self, Stretch, Task, Work};
use campanile_webhooks::tokens::Capability;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::App;
use super::attempts::CLASSES;
use super::body::{Body, Field, given};
use super::error::{SvixError, SvixResult};
use super::list::{List, PageRequest};
use super::query::Query;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndpointIn {
    url: String,
    uid: Option<String>,
    description: Option<String>,
    version: Option<u16>,
    disabled: Option<bool>,
    #[serde(alias = "filterTypes")]
    event_types: Option<Vec<String>>,
    channels: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
    throttle_rate: Option<u16>,
    rate_limit: Option<u16>,
    secret: Option<String>,
    headers: Option<BTreeMap<String, String>>,
}

impl EndpointIn {
    pub(super) fn parts(self) -> (EndpointSpec, Extras) {
        let spec = EndpointSpec {
            url: self.url,
            uid: self.uid,
            description: self.description.unwrap_or_default(),
            version: self.version.map_or(1, i64::from),
            disabled: self.disabled.unwrap_or_default(),
            filter_types: self.event_types,
            channels: self.channels,
            metadata: self.metadata.unwrap_or_default(),
            throttle_rate: self.throttle_rate.or(self.rate_limit).map(i64::from),
            way: DeliveryMode::Push,
        };
        let headers = self.headers.unwrap_or_default().into_iter().collect();
        (spec, Extras { secret: self.secret.map(Secret::new), headers })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EndpointPatch {
    #[serde(deserialize_with = "given")]
    url: Option<String>,
    uid: Field<String>,
    #[serde(deserialize_with = "given")]
    description: Option<String>,
    #[serde(deserialize_with = "given")]
    version: Option<u16>,
    #[serde(deserialize_with = "given")]
    disabled: Option<bool>,
    #[serde(alias = "filterTypes")]
    event_types: Field<Vec<String>>,
    channels: Field<Vec<String>>,
    metadata: Field<Map<String, Value>>,
    throttle_rate: Field<u16>,
    rate_limit: Field<u16>,
}

impl EndpointPatch {
    fn over(self, mut spec: EndpointSpec) -> EndpointSpec {
        spec.url = self.url.unwrap_or(spec.url);
        spec.description = self.description.unwrap_or(spec.description);
        spec.version = self.version.map_or(spec.version, i64::from);
        spec.disabled = self.disabled.unwrap_or(spec.disabled);
        self.uid.change(&mut spec.uid);
        self.event_types.change(&mut spec.filter_types);
        self.channels.change(&mut spec.channels);
        self.metadata.change_or_empty(&mut spec.metadata);
        let mut rate = spec.throttle_rate.and_then(|rate| u16::try_from(rate).ok());
        let given = if self.throttle_rate.is_given() { self.throttle_rate } else { self.rate_limit };
        given.change(&mut rate);
        spec.throttle_rate = rate.map(i64::from);
        spec
    }
}

/// Runs `work` on an endpoint of an application, in one transaction.
pub(super) async fn with_endpoint<R, F>(
    web: &Web,
    app: App,
    id: String,
    capability: Capability,
    work: F,
) -> SvixResult<R>
where
    R: Send + 'static,
    F: for<'t> FnOnce(
            &'t mut campanile_db::Tx,
            &'t Webhooks,
            &'t Caller,
            &'t Application,
            Endpoint,
        ) -> campanile_db::BoxFuture<'t, campanile_base::Result<R>>
        + Send
        + 'static,
{
    app.access.must(capability)?;
    let (webhooks, caller, application) = (web.app.webhooks.clone(), app.access.caller(), app.application);
    let done = web.app.db.write(move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &application, &id).await?;
            work(tx, &webhooks, &caller, &application, endpoint).await
        })
    });
    Ok(done.await?)
}

pub(super) async fn create(
    State(web): State<Web>,
    app: App,
    Body(asked): Body<EndpointIn>,
) -> SvixResult<(StatusCode, Json<Endpoint>)> {
    app.access.must(Capability::ManageEndpoint)?;
    let (webhooks, caller) = (web.app.webhooks.clone(), app.access.caller());
    let (spec, extras) = asked.parts();
    let made = web.app.db.write(move |tx| {
        Box::pin(async move { endpoints::create(tx, &webhooks, &caller, &app.application, spec, extras).await })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

pub(super) async fn list(State(web): State<Web>, app: App, query: Query) -> SvixResult<Json<List<Endpoint>>> {
    let asked = PageRequest::by_id(&query, "ep", false)?;
    let range = asked.range.clone();
    let rows =
        web.app.db.read(move |tx| Box::pin(async move { endpoints::list(tx, &app.application.id, &range).await }));
    Ok(Json(asked.page(rows.await?, |endpoint| endpoint.id.to_string(), |endpoint| endpoint)))
}

pub(super) async fn get(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
) -> SvixResult<Json<Endpoint>> {
    Ok(Json(found(&web, app, id).await?))
}

/// An endpoint of an application.
pub(super) async fn found(web: &Web, app: App, id: String) -> SvixResult<Endpoint> {
    let found = web.app.db.read(move |tx| Box::pin(async move { endpoints::get(tx, &app.application, &id).await }));
    Ok(found.await?)
}

pub(super) async fn upsert(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<EndpointIn>,
) -> SvixResult<(StatusCode, Json<Endpoint>)> {
    app.access.must(Capability::ManageEndpoint)?;
    let (webhooks, caller, application) = (web.app.webhooks.clone(), app.access.caller(), app.application);
    let (spec, _) = asked.parts();
    let put = web.app.db.write(move |tx| {
        Box::pin(async move {
            match endpoints::get(tx, &application, &id).await {
                Ok(before) => {
                    let changed = endpoints::update(tx, &webhooks, &caller, &application, before, spec).await?;
                    Ok((StatusCode::OK, changed))
                }
                Err(Error::NotFound(_)) => {
                    let extras = Extras::default();
                    let made = endpoints::create(tx, &webhooks, &caller, &application, spec, extras).await?;
                    Ok((StatusCode::CREATED, made))
                }
                Err(error) => Err(error),
            }
        })
    });
    let (status, endpoint) = put.await?;
    Ok((status, Json(endpoint)))
}

pub(super) async fn patch(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(patch): Body<EndpointPatch>,
) -> SvixResult<Json<Endpoint>> {
    let changed =
        with_endpoint(&web, app, id, Capability::ManageEndpoint, move |tx, webhooks, caller, application, before| {
            let spec = patch.over((&before).into());
            Box::pin(async move { endpoints::update(tx, webhooks, caller, application, before, spec).await })
        });
    Ok(Json(changed.await?))
}

pub(super) async fn delete(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
) -> SvixResult<StatusCode> {
    with_endpoint(&web, app, id, Capability::ManageEndpoint, |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move { endpoints::delete(tx, webhooks, caller, application, &endpoint).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn secret(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
) -> SvixResult<Json<Value>> {
    let secret = with_endpoint(&web, app, id, Capability::ViewEndpointSecret, |tx, webhooks, _, _, endpoint| {
        Box::pin(async move { endpoints::secret(tx, webhooks, &endpoint).await })
    });
    Ok(Json(json!({ "key": secret.await?.expose() })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RotateIn {
    key: Option<String>,
    grace_period_seconds: Option<u64>,
}

pub(super) async fn rotate(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<RotateIn>,
) -> SvixResult<StatusCode> {
    let grace = asked.grace_period_seconds.map_or(GRACE, Duration::from_secs);
    if grace > 7 * GRACE {
        return Err(SvixError::value(&["body", "grace_period_seconds"], "must be at most 604800"));
    }
    let rotated = with_endpoint(
        &web,
        app,
        id,
        Capability::ManageEndpointSecret,
        move |tx, webhooks, caller, application, endpoint| {
            let secret = asked.key.map(Secret::new);
            Box::pin(async move {
                endpoints::rotate_secret(tx, webhooks, caller, application, &endpoint, secret, grace).await
            })
        },
    );
    match rotated.await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => {
            let detail = "You can only rotate a secret 10 times while the old ones still sign; wait until one runs out";
            Err(SvixError::Http(StatusCode::BAD_REQUEST, "limit_reached", detail.to_owned()))
        }
    }
}

pub(super) async fn get_headers(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
) -> SvixResult<Json<Value>> {
    let all = with_endpoint(&web, app, id, Capability::ViewBase, |tx, webhooks, _, _, endpoint| {
        Box::pin(async move { headers::get(tx, webhooks, &endpoint).await })
    });
    Ok(Json(headers_out(all.await?)))
}

/// Headers as they are shown. Of sensitive ones, only the names.
pub(super) fn headers_out(all: headers::Headers) -> Value {
    let (hidden, shown): (Vec<_>, Vec<_>) = all.into_iter().partition(|(name, _)| headers::is_sensitive(name));
    let shown: BTreeMap<String, String> = shown.into_iter().collect();
    let hidden: Vec<String> = hidden.into_iter().map(|(name, _)| name).collect();
    json!({ "headers": shown, "sensitive": hidden })
}

#[derive(Deserialize)]
pub(super) struct HeadersIn {
    headers: BTreeMap<String, String>,
}

pub(super) async fn set_headers(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<HeadersIn>,
) -> SvixResult<StatusCode> {
    with_endpoint(&web, app, id, Capability::ManageEndpoint, move |tx, webhooks, caller, application, endpoint| {
        let all = asked.headers.into_iter().collect();
        Box::pin(async move { headers::set(tx, webhooks, caller, application, &endpoint, all).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeadersPatch {
    headers: BTreeMap<String, Option<String>>,
    delete_headers: Option<Vec<String>>,
}

impl HeadersPatch {
    /// The changes by name; `None` removes a header.
    pub(super) fn changes(self) -> Vec<(String, Option<String>)> {
        let removed = self.delete_headers.unwrap_or_default().into_iter().map(|name| (name, None));
        removed.chain(self.headers).collect()
    }
}

pub(super) async fn patch_headers(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<HeadersPatch>,
) -> SvixResult<StatusCode> {
    with_endpoint(&web, app, id, Capability::ManageEndpoint, move |tx, webhooks, caller, application, endpoint| {
        let changes = asked.changes();
        Box::pin(async move { headers::patch(tx, webhooks, caller, application, &endpoint, changes).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The longest range of statistics, and a tolerance for clocks that differ.
const STATS_WINDOW: Duration = Duration::from_secs(28 * 24 * 3600);
const LEEWAY: Duration = Duration::from_secs(5 * 60);

pub(super) async fn stats(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> SvixResult<Json<Stats>> {
    let now = web.app.clock.now();
    let (since, until) = (query.time("since")?, query.time("until")?);
    let invalid = |detail: &str| Err(SvixError::Http(StatusCode::BAD_REQUEST, "invalid_range", detail.to_owned()));
    let until = match until {
        Some(until) if until > now.plus(LEEWAY) => return invalid("until cannot be in the future"),
        until => until.unwrap_or(now.plus(LEEWAY)),
    };
    let since = since.unwrap_or(until.minus(STATS_WINDOW));
    if until.since(since) > STATS_WINDOW + 2 * LEEWAY {
        return invalid("since cannot be more than 28 days before until");
    }
    let range = Range { low: lowest_id("atmpt", since), high: lowest_id("atmpt", until), oldest_first: true, limit: 0 };
    let stats = web.app.db.read(move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &app.application, &id).await?;
            attempts::stats(tx, &endpoint, &range).await
        })
    });
    Ok(Json(stats.await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StretchIn {
    since: Timestamp,
    until: Option<Timestamp>,
}

/// The longest range for recovering messages.
const RECOVERY: Duration = Duration::from_secs(14 * 24 * 3600);

impl StretchIn {
    fn stretch(
        self,
        now: Timestamp,
        application: &Application,
        endpoint: &Endpoint,
    ) -> campanile_base::Result<Stretch> {
        let until = self.until.unwrap_or(now).min(now.plus(LEEWAY));
        if until.since(self.since) > RECOVERY + LEEWAY {
            return Err(Error::invalid_field("since", "cannot be more than 14 days before until"));
        }
        let (application, endpoint) = (application.id.to_string(), endpoint.id.to_string());
        Ok(Stretch { application, endpoint, since: self.since, until })
    }
}

/// Starts background work on the messages of an endpoint within a range of time.
async fn begin_over(
    web: &Web,
    app: App,
    id: String,
    asked: StretchIn,
    work: impl FnOnce(Stretch) -> Work + Send + 'static,
) -> SvixResult<(StatusCode, Json<Task>)> {
    let now = web.app.clock.now();
    let begun =
        with_endpoint(web, app, id, Capability::CreateAttempts, move |tx, webhooks, caller, application, endpoint| {
            Box::pin(async move {
                let stretch = asked.stretch(now, application, &endpoint)?;
                tasks::begin(tx, webhooks, caller, work(stretch)).await
            })
        });
    Ok((StatusCode::ACCEPTED, Json(begun.await?)))
}

pub(super) async fn recover(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<StretchIn>,
) -> SvixResult<(StatusCode, Json<Task>)> {
    begin_over(&web, app, id, asked, Work::Recover).await
}

pub(super) async fn replay_missing(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<StretchIn>,
) -> SvixResult<(StatusCode, Json<Task>)> {
    begin_over(&web, app, id, asked, Work::Replay).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BulkReplayIn {
    #[serde(flatten)]
    stretch: StretchIn,
    event_types: Option<Vec<String>>,
    channel: Option<String>,
    tag: Option<String>,
    status: Option<i64>,
    status_code_class: Option<i64>,
}

pub(super) async fn bulk_replay(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<BulkReplayIn>,
) -> SvixResult<(StatusCode, Json<Task>)> {
    let BulkReplayIn { stretch, event_types, channel, tag, status, status_code_class } = asked;
    if status.is_some_and(|code| Status::from_code(code).is_none()) {
        return Err(SvixError::value(&["body", "status"], "status is no status of a message"));
    }
    if status_code_class.is_some_and(|class| !CLASSES.contains(&class)) {
        return Err(SvixError::value(
            &["body", "statusCodeClass"],
            format!("statusCodeClass must be one of {CLASSES:?}"),
        ));
    }
    let work = move |stretch| Work::BulkReplay { stretch, event_types, channel, tag, status, status_code_class };
    begin_over(&web, app, id, stretch, work).await
}
