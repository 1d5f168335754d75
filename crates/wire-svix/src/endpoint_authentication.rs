//! Authentication towards endpoints: OAuth 2, mutual TLS and private certificate authorities.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::{Secret, Thing};
use campanile_http::Web;
use campanile_webhooks::endpoints::access::{self, Change, Oauth};
use campanile_webhooks::tokens::Capability;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::App;
use super::body::Body;
use super::endpoints::with_endpoint;
use super::error::SvixResult;

type Named = Path<(String, String)>;

async fn view(web: &Web, app: App, id: String) -> SvixResult<access::View> {
    with_endpoint(web, app, id, Capability::ViewBase, |tx, webhooks, _, _, endpoint| {
        Box::pin(async move { access::get(tx, webhooks, &endpoint).await })
    })
    .await
}

async fn change(web: &Web, app: App, id: String, change: Change) -> SvixResult<StatusCode> {
    let capability = Capability::ManageEndpointSecret;
    with_endpoint(web, app, id, capability, move |tx, webhooks, caller, application, endpoint| {
        Box::pin(async move { access::set(tx, webhooks, caller, application, &endpoint, change).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The OAuth settings without their secrets. Extra parameters may hold secrets too, so only callers
/// who may change them see them.
pub(super) async fn get_oauth(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<Json<Value>> {
    let may_change = app.access.may(Capability::ManageEndpointSecret);
    let Some(oauth) = view(&web, app, id).await?.oauth else {
        return Err(campanile_base::Error::NotFound(Thing::OauthConfiguration).into());
    };
    Ok(Json(json!({
        "grantType": oauth.grant_type,
        "authMethod": oauth.auth_method,
        "clientId": oauth.client_id,
        "tokenUrl": oauth.token_url,
        "scopes": oauth.scopes,
        "extraParams": oauth.extra_params.filter(|_| may_change),
    })))
}

pub(super) async fn set_oauth(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Named,
    Body(oauth): Body<Oauth>,
) -> SvixResult<StatusCode> {
    change(&web, app, id, Change::Oauth(Some(Box::new(oauth)))).await
}

pub(super) async fn delete_oauth(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<StatusCode> {
    change(&web, app, id, Change::Oauth(None)).await
}

#[derive(Deserialize)]
pub(super) struct IdentityIn {
    identity: String,
}

/// Tells that a client certificate is set. The certificate itself cannot be read again.
pub(super) async fn get_identity(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<Json<Value>> {
    match view(&web, app, id).await?.has_identity {
        true => Ok(Json(json!({ "enabled": true }))),
        false => Err(campanile_base::Error::NotFound(Thing::ClientCertificate).into()),
    }
}

pub(super) async fn set_identity(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Named,
    Body(asked): Body<IdentityIn>,
) -> SvixResult<StatusCode> {
    change(&web, app, id, Change::Identity(Some(Secret::new(asked.identity)))).await
}

pub(super) async fn delete_identity(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<StatusCode> {
    change(&web, app, id, Change::Identity(None)).await
}

#[derive(Deserialize)]
pub(super) struct AuthorityIn {
    cert: Option<String>,
}

pub(super) async fn get_authority(State(web): State<Web>, app: App, Path((_, id)): Named) -> SvixResult<Json<Value>> {
    Ok(Json(json!({ "cert": view(&web, app, id).await?.server_ca })))
}

pub(super) async fn set_authority(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Named,
    Body(asked): Body<AuthorityIn>,
) -> SvixResult<StatusCode> {
    change(&web, app, id, Change::ServerCa(asked.cert)).await
}
