//! Assistants that members have connected: the page on which a member decides, and the list.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::WorkspaceId;
use campanile_accounts::assistants::Connection;
use campanile_accounts::assistants::connections;
use campanile_accounts::assistants::consents::{self, AccessRequest, Issuer, Review};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, SignedIn};
use campanile_http::error::ApiResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::PageView;

/// The request of an assistant, as it stands in the address of the page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessRequestIn {
    /// The id that it was given when it registered.
    client_id: String,
    /// The address to send the person back to.
    redirect_uri: String,
    /// `code`.
    #[serde(default)]
    response_type: String,
    /// The SHA-256 of its verifier, in base64url.
    #[serde(default)]
    code_challenge: String,
    /// `S256`.
    #[serde(default)]
    code_challenge_method: String,
    /// Returned to it as it is.
    state: Option<String>,
    /// The scopes that it asks for.
    scope: Option<String>,
    /// The address of the tools.
    resource: Option<String>,
}

impl From<AccessRequestIn> for AccessRequest {
    fn from(asked: AccessRequestIn) -> Self {
        let AccessRequestIn {
            client_id,
            redirect_uri,
            response_type,
            code_challenge,
            code_challenge_method,
            state,
            scope,
            resource,
        } = asked;
        Self { client_id, redirect_uri, response_type, code_challenge, code_challenge_method, state, scope, resource }
    }
}

/// A request for the page: the name of the assistant, or the address to go to with an error.
#[derive(Serialize, ToSchema)]
pub(super) struct AccessReview {
    /// The name of the assistant, as it calls itself; `null` if nobody is to decide.
    client_name: Option<String>,
    /// The address to send the person back to at once, because of a fault of the request.
    redirect_to: Option<String>,
}

/// Checks the request of an assistant, for the page on which the signed-in member decides.
#[utoipa::path(post, path = "/api/assistants/requests", tag = "accounts", request_body = AccessRequestIn,
    responses((status = 200, body = AccessReview), (status = 404)))]
pub(super) async fn review(
    State(web): State<Web>,
    _session: SignedIn,
    Json(asked): Json<AccessRequestIn>,
) -> ApiResult<Json<AccessReview>> {
    let (app, request) = (web.app.clone(), AccessRequest::from(asked));
    let reviewed = web.app.db.read(move |tx| {
        Box::pin(async move {
            let resource = app.tools_address();
            consents::review(tx, &app.clock, Issuer { address: &app.base_url, resource: &resource }, &request).await
        })
    });
    Ok(Json(match reviewed.await? {
        Review::Decide(name) => AccessReview { client_name: Some(name), redirect_to: None },
        Review::SendBack(address) => AccessReview { client_name: None, redirect_to: Some(address) },
    }))
}

/// The decision of a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentIn {
    /// The request of the assistant.
    request: AccessRequestIn,
    /// The workspace that the assistant may read; `null` if it may read none.
    workspace_id: Option<String>,
}

/// The address to send the person to.
#[derive(Serialize, ToSchema)]
pub(super) struct SentBack {
    /// The address of the assistant, with a code or an error.
    redirect_to: String,
}

/// Lets an assistant read one workspace on behalf of the signed-in member, or declines.
#[utoipa::path(post, path = "/api/assistants/consents", tag = "accounts", request_body = ConsentIn,
    responses((status = 200, body = SentBack), (status = 404)))]
pub(super) async fn decide(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
    Json(ConsentIn { request, workspace_id }): Json<ConsentIn>,
) -> ApiResult<Json<SentBack>> {
    let (app, request) = (web.app.clone(), AccessRequest::from(request));
    let decided = web.app.db.write(move |tx| {
        Box::pin(async move {
            let resource = app.tools_address();
            let issuer = Issuer { address: &app.base_url, resource: &resource };
            match workspace_id.map(WorkspaceId::from) {
                Some(workspace) => consents::agree(tx, &app.clock, issuer, &session, &request, &workspace).await,
                None => consents::decline(tx, &app.clock, issuer, &request).await,
            }
        })
    });
    Ok(Json(SentBack { redirect_to: decided.await? }))
}

/// The assistants that the caller has connected; for an owner, those of all members.
#[utoipa::path(get, path = "/api/assistants", tag = "accounts",
    responses((status = 200, body = PageView<Connection>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
) -> ApiResult<Json<PageView<Connection>>> {
    let clock = web.app.clock.clone();
    let all = web.app.db.read(move |tx| Box::pin(async move { connections::list(tx, &clock, &caller).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// Disconnects an assistant. Its tokens stop working at once.
#[utoipa::path(delete, path = "/api/assistants/{id}", tag = "accounts",
    responses((status = 204), (status = 404)))]
pub(super) async fn disconnect(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { connections::revoke(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}
