//! Statistics of webhooks: of the whole organisation, or of one application.

use axum::extract::{Query, State};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::Authenticated;
use campanile_http::error::ApiResult;
use campanile_webhooks::applications;
use campanile_webhooks::statistics::{self, Statistics};
use serde::Deserialize;
use utoipa::IntoParams;

use super::page;

/// The scope of the statistics.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Scope {
    /// The id or the uid of an application; all applications of the organisation when absent.
    application: Option<String>,
    /// The time span: `24h`, `7d` or `30d`; `24h` when absent.
    window: Option<String>,
}

/// Counts of attempts by result, and the duration of the answers.
///
/// The numbers come from counters that are kept while attempts are made.
#[utoipa::path(get, path = "/api/webhooks/statistics", tag = "told", params(Scope),
    responses((status = 200, body = Statistics), (status = 404)))]
pub(super) async fn statistics(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(scope): Query<Scope>,
) -> ApiResult<Json<Statistics>> {
    let period = (page::hours(scope.window.as_deref())?, web.app.clock.now());
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let organisation = &caller.organisation;
            let application = match &scope.application {
                Some(id) => Some(applications::get(tx, organisation, id).await?),
                None => None,
            };
            statistics::of(tx, organisation, application.as_ref(), period).await
        })
    });
    Ok(Json(read.await?))
}
