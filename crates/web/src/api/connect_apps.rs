//! Apps of an organisation at GitHub: they are registered by a manifest, shown and removed.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring, SignedIn, workspace};
use campanile_http::error::{ApiError, ApiResult};
use campanile_inbound::apps::AppWithProgress;
use campanile_inbound::connectors::{AppForm, AppOutcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::connect::{DONE, ReturnQuery, lead_on, signed_out};

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(show, register, remove)).routes(routes!(registered))
}

/// The app that accounts install.
#[derive(Serialize, ToSchema)]
pub(super) struct AppView {
    /// The app; `null` if there is none.
    app: Option<AppWithProgress>,
}

/// The app at GitHub that the accounts of the organisation install.
///
/// It is the organisation's own, or that of the whole server. Its secrets are never shown.
#[utoipa::path(get, path = "/api/connect/github/app", tag = "connections", responses((status = 200, body = AppView)))]
pub(super) async fn show(State(web): State<Web>, Authenticated(caller): Authenticated) -> ApiResult<Json<AppView>> {
    Ok(Json(AppView { app: web.app.connectors.app(&caller).await? }))
}

/// The app to register.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterIn {
    /// The organisation at GitHub that will own the app; the person's own account when absent.
    owner: Option<String>,
    /// The workspace from which it is begun; the organisation's first workspace when absent.
    workspace: Option<String>,
    /// The path of the console to return to; `/connect/done` when absent.
    return_to: Option<String>,
}

/// Begins to register an app at GitHub, without a form to fill in.
///
/// The person's browser sends the answer's `manifest` as a form to its `url`, and the person confirms
/// it at GitHub. GitHub leads them back to `GET /api/connect/github/app/return`, in the same browser.
#[utoipa::path(post, path = "/api/connect/github/app", tag = "connections", request_body = RegisterIn,
    responses((status = 200, body = AppForm), (status = 400), (status = 403), (status = 409), (status = 429)))]
pub(super) async fn register(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    SignedIn(session): SignedIn,
    asked: Option<Json<RegisterIn>>,
) -> ApiResult<Json<AppForm>> {
    let Json(RegisterIn { owner, workspace: named, return_to }) = asked.unwrap_or_default();
    let workspace = workspace(&web.app, &caller, named.as_deref()).await?;
    let by = (&caller, &session.person);
    Ok(Json(web.app.connectors.begin_app(by, workspace.id, owner, return_to).await?))
}

/// The way back from GitHub after an app was registered. It leads on to the console with the result.
///
/// The console's path gets `provider`, and either `result=registered` and `app`, the app's name at
/// GitHub, or `result=failed` with `reason` and `message`, as after a connection.
#[utoipa::path(get, path = "/api/connect/github/app/return", tag = "connections", params(ReturnQuery),
    responses((status = 303)))]
pub(super) async fn registered(
    State(web): State<Web>,
    session: std::result::Result<SignedIn, ApiError>,
    Query(returned): Query<ReturnQuery>,
) -> Redirect {
    let AppOutcome { return_to, result } = match session {
        Err(_) => AppOutcome { return_to: DONE.to_owned(), result: Err(signed_out()) },
        Ok(SignedIn(session)) => {
            web.app.connectors.finish_app((&session.caller, &session.person), returned.read()).await
        }
    };
    lead_on(&web, "github", &return_to, result.map(|app| ("registered", ("app", app.slug))))
}

/// Forgets the app of the organisation, with its secrets. It stays registered at GitHub.
#[utoipa::path(delete, path = "/api/connect/github/app", tag = "connections",
    responses((status = 204), (status = 403), (status = 409)))]
pub(super) async fn remove(State(web): State<Web>, Configuring(caller): Configuring) -> ApiResult<StatusCode> {
    web.app.connectors.remove_app(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
