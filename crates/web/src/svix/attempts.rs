//! Attempts.

use axum::Json;
use axum::extract::{Path, Query, State};
use campanile_webhooks::attempts::{self, Attempt, AttemptView, Of};
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
    Ok(page(rows.await?, limit))
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
    Ok(page(rows.await?, limit))
}

fn page(attempts: Vec<Attempt>, limit: i64) -> Json<List<AttemptView>> {
    let views = attempts.into_iter().map(Into::into).collect();
    Json(List::of(views, limit, |attempt: &AttemptView| attempt.id.clone()))
}
