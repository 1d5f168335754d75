//! Endpoints and their secrets.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_base::{Error, Secret};
use campanile_webhooks::applications;
use campanile_webhooks::endpoints::{self, Endpoint, EndpointSpec, GRACE};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::SvixResult;
use super::list::{Body, List, Org, Paging};
use crate::Web;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndpointIn {
    url: String,
    uid: Option<String>,
    description: Option<String>,
    version: Option<i64>,
    #[serde(default)]
    disabled: bool,
    #[serde(alias = "eventTypes")]
    filter_types: Option<Vec<String>>,
    channels: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
    secret: Option<String>,
}

impl EndpointIn {
    fn spec(self) -> (EndpointSpec, Option<Secret>) {
        let spec = EndpointSpec {
            url: self.url,
            uid: self.uid,
            description: self.description.unwrap_or_default(),
            version: self.version.unwrap_or(1),
            disabled: self.disabled,
            filter_types: self.filter_types,
            channels: self.channels,
            metadata: self.metadata.unwrap_or_default(),
        };
        (spec, self.secret.map(Secret::new))
    }
}

pub(super) async fn create(
    State(web): State<Web>,
    Org(caller): Org,
    Path(app): Path<String>,
    Body(asked): Body<EndpointIn>,
) -> SvixResult<(StatusCode, Json<Endpoint>)> {
    let (clock, vault) = (web.app.clock.clone(), web.app.vault.clone());
    let (spec, secret) = asked.spec();
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            endpoints::create(tx, &clock, &vault, &caller, &application, spec, secret).await
        })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// Newest first. An application has few endpoints: they are read whole and cut here.
pub(super) async fn list(
    State(web): State<Web>,
    Org(caller): Org,
    Path(app): Path<String>,
    Query(paging): Query<Paging>,
) -> SvixResult<Json<List<Endpoint>>> {
    let limit = paging.limit()?;
    let all = web.app.db.read(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            endpoints::list(tx, &application.id).await
        })
    });
    let wanted = all.await?.into_iter().rev();
    let before = paging.iterator;
    let page: Vec<Endpoint> =
        wanted.filter(|endpoint| before.as_deref().is_none_or(|id| endpoint.id.as_str() < id)).collect();
    Ok(Json(List::of(page, limit, |endpoint| endpoint.id.to_string())))
}

pub(super) async fn get(
    State(web): State<Web>,
    Org(caller): Org,
    Path((app, id)): Path<(String, String)>,
) -> SvixResult<Json<Endpoint>> {
    let found = web.app.db.read(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            endpoints::get(tx, &application, &id).await
        })
    });
    Ok(Json(found.await?))
}

pub(super) async fn replace(
    State(web): State<Web>,
    Org(caller): Org,
    Path((app, id)): Path<(String, String)>,
    Body(asked): Body<EndpointIn>,
) -> SvixResult<(StatusCode, Json<Endpoint>)> {
    let (clock, vault) = (web.app.clock.clone(), web.app.vault.clone());
    let (spec, _) = asked.spec();
    let changed = web.app.db.write(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            match endpoints::get(tx, &application, &id).await {
                Ok(_) => {
                    let changed = endpoints::replace(tx, &clock, &caller, &application, &id, spec).await?;
                    Ok((StatusCode::OK, changed))
                }
                Err(Error::NotFound(_)) => {
                    let made = endpoints::create(tx, &clock, &vault, &caller, &application, spec, None).await?;
                    Ok((StatusCode::CREATED, made))
                }
                Err(error) => Err(error),
            }
        })
    });
    let (status, endpoint) = changed.await?;
    Ok((status, Json(endpoint)))
}

pub(super) async fn delete(
    State(web): State<Web>,
    Org(caller): Org,
    Path((app, id)): Path<(String, String)>,
) -> SvixResult<StatusCode> {
    let clock = web.app.clock.clone();
    let gone = web.app.db.write(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            endpoints::delete(tx, &clock, &caller, &application, &id).await
        })
    });
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn secret(
    State(web): State<Web>,
    Org(caller): Org,
    Path((app, id)): Path<(String, String)>,
) -> SvixResult<Json<Value>> {
    let vault = web.app.vault.clone();
    let secret = web.app.db.read(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            endpoints::secret(tx, &vault, &application, &id).await
        })
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
    Org(caller): Org,
    Path((app, id)): Path<(String, String)>,
    Body(asked): Body<RotateIn>,
) -> SvixResult<StatusCode> {
    let grace = asked.grace_period_seconds.map_or(GRACE, Duration::from_secs);
    if grace > 7 * GRACE {
        return Err(Error::invalid("gracePeriodSeconds must not exceed 604800").into());
    }
    let (clock, vault) = (web.app.clock.clone(), web.app.vault.clone());
    let rotated = web.app.db.write(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            let endpoint = endpoints::get(tx, &application, &id).await?;
            let secret = asked.key.map(Secret::new);
            endpoints::rotate_secret(tx, &clock, &vault, &caller, &endpoint, secret, grace).await
        })
    });
    rotated.await?;
    Ok(StatusCode::NO_CONTENT)
}
