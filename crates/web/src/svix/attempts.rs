//! Attempts.

use axum::Json;
use axum::extract::{Path, Query, State};
use campanile_webhooks::attempts::{self, AttemptView, Of};
use campanile_webhooks::{applications, endpoints, messages};

use super::error::SvixResult;
use super::list::{List, Org, Paging};
use crate::Web;

pub(super) async fn of_message(
    State(web): State<Web>,
    Org(caller): Org,
    Path((app, id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
) -> SvixResult<Json<List<AttemptView>>> {
    let limit = paging.limit()?;
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            let message = messages::get(tx, &application, &id).await?;
            attempts::list(tx, &application, Of::Message(&message.id), paging.iterator.as_deref(), limit).await
        })
    });
    let views = rows.await?.into_iter().map(Into::into).collect();
    Ok(Json(List::of(views, limit, |attempt: &AttemptView| attempt.id.clone())))
}

pub(super) async fn of_endpoint(
    State(web): State<Web>,
    Org(caller): Org,
    Path((app, id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
) -> SvixResult<Json<List<AttemptView>>> {
    let limit = paging.limit()?;
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            let endpoint = endpoints::get(tx, &application, &id).await?;
            attempts::list(tx, &application, Of::Endpoint(&endpoint.id), paging.iterator.as_deref(), limit).await
        })
    });
    let views = rows.await?.into_iter().map(Into::into).collect();
    Ok(Json(List::of(views, limit, |attempt: &AttemptView| attempt.id.clone())))
}
