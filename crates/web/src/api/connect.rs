//! Connects an account of a tool: the provider's page, the way back from it, and tokens.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use campanile_base::{Error, Result, Secret};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Configuring, SignedIn, workspace};
use campanile_http::error::{ApiError, ApiResult};
use campanile_inbound::Provider;
use campanile_inbound::connections::{Connection, Status};
use campanile_inbound::connectors::{ConnectOutcome, ConnectRefusal, ProviderReturn};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The page of the console for an end without a path of its own.
pub(super) const DONE: &str = "/connect/done";

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(finish)).routes(routes!(by_token))
}

fn provider(name: &str) -> Result<Provider> {
    let known = Provider::parse(name);
    known.ok_or_else(|| Error::invalid(format!("{name:?} cannot be connected; GET /api/connectors lists the tools")))
}

/// The authorisation to begin.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginIn {
    /// The workspace from which it is begun; the organisation's first workspace when absent.
    workspace: Option<String>,
    /// The path of the console to return to; `/connect/done` when absent.
    return_to: Option<String>,
}

/// The page to open.
#[derive(Serialize, ToSchema)]
pub(super) struct ConsentPage {
    /// The URL of the provider's page, with all its parameters. It is good for ten minutes.
    url: String,
}

/// Begins to connect an account: a person consents at the provider.
///
/// The provider leads the person back to `GET /api/connect/{provider}/return`, in the same browser.
#[utoipa::path(post, path = "/api/connect/{provider}", tag = "connections", params(("provider" = String, Path)),
    request_body = BeginIn,
    responses((status = 200, body = ConsentPage), (status = 400), (status = 403), (status = 429)))]
pub(super) async fn begin(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    SignedIn(session): SignedIn,
    Path(name): Path<String>,
    asked: Option<Json<BeginIn>>,
) -> ApiResult<Json<ConsentPage>> {
    let Json(BeginIn { workspace: named, return_to }) = asked.unwrap_or_default();
    let provider = provider(&name)?;
    let workspace = workspace(&web.app, &caller, named.as_deref()).await?;
    let by = (&caller, &session.person);
    let url = web.app.connectors.begin(by, workspace.id, provider, return_to).await?;
    Ok(Json(ConsentPage { url }))
}

/// The parameters that a provider adds to the address of return.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReturnQuery {
    /// The state that was drawn when it was begun.
    state: Option<String>,
    /// The code, if the person has consented.
    code: Option<String>,
    /// The provider's code of an error, if they have not.
    error: Option<String>,
    /// The provider's sentence on it.
    error_description: Option<String>,
    /// The number of the installation, of an app that was installed.
    installation_id: Option<String>,
    /// `install`, `update`, or `request` if an owner has to install the app.
    setup_action: Option<String>,
    /// The id of the installation of an integration at Vercel.
    #[serde(rename = "configurationId")]
    configuration_id: Option<String>,
}

impl ReturnQuery {
    pub(super) fn read(self) -> ProviderReturn {
        let Self { state, code, error, error_description, installation_id, setup_action, configuration_id } = self;
        ProviderReturn { state, code, error, error_description, installation_id, setup_action, configuration_id }
    }
}

/// The way back from a provider's page. It leads on to the console with the result.
///
/// The console's path gets `provider`, and either `result=connected` and `connection`, or
/// `result=requested` and `connection` if an owner has to install the app first, or `result=failed`
/// with `reason`, a stable word, and `message`, a sentence. Words are `signed_out`, `state_unknown`,
/// `state_mismatch`, `state_expired`, `denied`, `provider_failed`, `not_theirs`, `not_owner`,
/// `not_stored` and `refused`.
#[utoipa::path(get, path = "/api/connect/{provider}/return", tag = "connections",
    params(("provider" = String, Path), ReturnQuery), responses((status = 303)))]
pub(super) async fn finish(
    State(web): State<Web>,
    session: std::result::Result<SignedIn, ApiError>,
    Path(name): Path<String>,
    Query(returned): Query<ReturnQuery>,
) -> Redirect {
    let ConnectOutcome { return_to, result } = match (session, provider(&name)) {
        (Err(_), _) => failed(signed_out()),
        (Ok(_), Err(error)) => failed(ConnectRefusal::new("refused", error.to_string())),
        (Ok(SignedIn(session)), Ok(provider)) => {
            web.app.connectors.finish((&session.caller, &session.person), provider, returned.read()).await
        }
    };
    let end = match result {
        Ok(connection) => {
            let word = if connection.status == Status::Pending { "requested" } else { "connected" };
            Ok((word, ("connection", connection.id.to_string())))
        }
        Err(refusal) => Err(refusal),
    };
    lead_on(&web, &name, &return_to, end)
}

/// Leads on to a path of the console. It gets the result, and the thing that was made, or the refusal.
pub(super) fn lead_on(
    web: &Web,
    provider: &str,
    return_to: &str,
    end: std::result::Result<(&'static str, (&'static str, String)), ConnectRefusal>,
) -> Redirect {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("provider", provider);
    match &end {
        Ok((word, (name, made))) => query.append_pair("result", word).append_pair(name, made),
        Err(ConnectRefusal { code, message }) => {
            query.append_pair("result", "failed").append_pair("reason", code).append_pair("message", message)
        }
    };
    let mark = if return_to.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{}{return_to}{mark}{}", web.app.base_url, query.finish()))
}

/// The refusal of somebody who is not signed in.
pub(super) fn signed_out() -> ConnectRefusal {
    ConnectRefusal::new("signed_out", "You are not signed in in this browser. Sign in, and begin again.")
}

fn failed(refusal: ConnectRefusal) -> ConnectOutcome {
    ConnectOutcome { return_to: DONE.to_owned(), result: Err(refusal) }
}

/// A token that a person has made at the provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenIn {
    /// The token. It is not shown again.
    token: String,
    /// The values of the fields beside it, by their names: `token_fields` of `GET /api/connectors`.
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// Connects an account with a token. An account that is connected already gets the new token.
#[utoipa::path(post, path = "/api/connect/{provider}/token", tag = "connections",
    params(("provider" = String, Path)),
    responses((status = 201, body = Connection), (status = 400), (status = 403), (status = 409), (status = 503)))]
pub(super) async fn by_token(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(name): Path<String>,
    Json(TokenIn { token, fields }): Json<TokenIn>,
) -> ApiResult<(StatusCode, Json<Connection>)> {
    let provider = provider(&name)?;
    let connection = web.app.connectors.connect_by_token(&caller, provider, Secret::new(token), fields).await?;
    Ok((StatusCode::CREATED, Json(connection)))
}
