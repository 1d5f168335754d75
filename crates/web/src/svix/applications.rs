//! Applications.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_webhooks::applications::{self, Application, NewApplication};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::SvixResult;
use super::list::{Body, List, Org, Paging};
use crate::Web;

#[derive(Deserialize)]
pub(super) struct ApplicationIn {
    name: String,
    uid: Option<String>,
    metadata: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
pub(super) struct CreateQuery {
    #[serde(default)]
    get_if_exists: bool,
}

pub(super) async fn create(
    State(web): State<Web>,
    Org(caller): Org,
    Query(query): Query<CreateQuery>,
    Body(asked): Body<ApplicationIn>,
) -> SvixResult<(StatusCode, Json<Application>)> {
    let clock = web.app.clock.clone();
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            if let (true, Some(uid)) = (query.get_if_exists, &asked.uid)
                && let Ok(existing) = applications::get(tx, &caller.organisation, uid).await
            {
                return Ok((StatusCode::OK, existing));
            }
            let new = NewApplication { name: asked.name, uid: asked.uid, metadata: asked.metadata.unwrap_or_default() };
            let made = applications::create(tx, &clock, &caller, new).await?;
            Ok::<_, campanile_base::Error>((StatusCode::CREATED, made))
        })
    });
    let (status, application) = made.await?;
    Ok((status, Json(application)))
}

pub(super) async fn list(
    State(web): State<Web>,
    Org(caller): Org,
    Query(paging): Query<Paging>,
) -> SvixResult<Json<List<Application>>> {
    let limit = paging.limit()?;
    let after = paging.iterator.unwrap_or_default();
    let rows = web
        .app
        .db
        .read(move |tx| Box::pin(async move { applications::list(tx, &caller.organisation, &after, limit).await }));
    Ok(Json(List::of(rows.await?, limit, |application| application.id.to_string())))
}

pub(super) async fn get(
    State(web): State<Web>,
    Org(caller): Org,
    Path(id): Path<String>,
) -> SvixResult<Json<Application>> {
    let found =
        web.app.db.read(move |tx| Box::pin(async move { applications::get(tx, &caller.organisation, &id).await }));
    Ok(Json(found.await?))
}
