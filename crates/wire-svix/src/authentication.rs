//! Access to the portal of an application.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_accounts::Caller;
use campanile_base::{Error, Secret};
use campanile_http::Web;
use campanile_http::caller::bearer;
use campanile_webhooks::applications::{self, Application};
use campanile_webhooks::tokens::{self, Capability, TokenSpec};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Access, App, OrgManager};
use super::applications::ApplicationIn;
use super::body::{self, Body};
use super::error::SvixResult;
use super::messages::no_application;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PortalAccessIn {
    application: Option<ApplicationIn>,
    feature_flags: Option<Vec<String>>,
    capabilities: Option<Vec<Capability>>,
    expiry: Option<u64>,
    session_id: Option<String>,
    read_only: Option<bool>,
}

impl PortalAccessIn {
    fn spec(&self) -> TokenSpec {
        let read_only = self.read_only.unwrap_or_default().then(|| vec![Capability::ViewBase]);
        TokenSpec {
            feature_flags: self.feature_flags.clone().unwrap_or_default(),
            capabilities: self.capabilities.clone().or(read_only),
            lifetime: self.expiry.map(Duration::from_secs),
            session: self.session_id.clone(),
        }
    }
}

pub(super) async fn portal_access(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(named): Path<String>,
    Body(asked): Body<PortalAccessIn>,
) -> SvixResult<Json<Value>> {
    open(&web, &caller, named, asked).await
}

/// The older operation. Its body may be empty.
pub(super) async fn dashboard_access(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(named): Path<String>,
    body: axum::body::Bytes,
) -> SvixResult<Json<Value>> {
    let asked: Option<PortalAccessIn> = if body.is_empty() { None } else { body::read(&body)? };
    open(&web, &caller, named, asked.unwrap_or_default()).await
}

async fn open(web: &Web, caller: &Caller, named: String, asked: PortalAccessIn) -> SvixResult<Json<Value>> {
    let (webhooks, within, spec) = (web.app.webhooks.clone(), caller.clone(), asked.spec());
    let create = asked.application.map(|made| made.spec_of(&named)).transpose()?;
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            let application = match (applications::get(tx, &within.organisation, &named).await, create) {
                (Err(Error::NotFound(_)), Some(create)) => {
                    applications::create(tx, &webhooks.clock, &within, create).await?
                }
                (found, _) => found?,
            };
            let token = tokens::create(tx, &webhooks, &within, &application, spec).await?;
            Ok::<(Application, Secret), Error>((application, token))
        })
    });
    let (application, token) = made.await.map_err(|error| match error {
        Error::NotFound(_) => no_application(),
        error => error.into(),
    })?;
    let key = json!({ "appId": application.id, "token": token.expose(), "region": "self" });
    let url = format!("{}/portal#key={}", web.app.base_url, STANDARD.encode(key.to_string()));
    Ok(Json(json!({ "url": url, "token": token.expose() })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ExpireIn {
    expiry: Option<u64>,
    session_ids: Vec<String>,
}

pub(super) async fn expire_all(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Body(asked): Body<ExpireIn>,
) -> SvixResult<StatusCode> {
    let webhooks = web.app.webhooks.clone();
    let after = Duration::from_secs(asked.expiry.unwrap_or(0));
    let ended = web.app.db.write(move |tx| {
        Box::pin(
            async move { tokens::expire(tx, &webhooks, &caller, &app.application, after, &asked.session_ids).await },
        )
    });
    ended.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the token of this request. The key of an organisation is not ended.
pub(super) async fn logout(
    State(web): State<Web>,
    access: Access,
    headers: axum::http::HeaderMap,
) -> SvixResult<StatusCode> {
    let token = bearer(&headers)?.unwrap_or_default().to_owned();
    if matches!(access, Access::Application(_)) {
        web.app.db.write(move |tx| Box::pin(async move { tokens::end(tx, &token).await })).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OneTimeIn {
    one_time_token: String,
}

/// Exchanges the one-time token of a portal link for a token. Our links carry the token itself, so
/// it is returned as it is.
pub(super) async fn one_time_token(State(web): State<Web>, Body(asked): Body<OneTimeIn>) -> SvixResult<Json<Value>> {
    let known = tokens::recognise(&web.app.db, &asked.one_time_token, web.app.clock.now()).await?;
    let capabilities = known.capabilities.unwrap_or_else(all_capabilities);
    Ok(Json(json!({ "token": asked.one_time_token, "capabilities": capabilities })))
}

fn all_capabilities() -> Vec<Capability> {
    use Capability::{
        CreateAttempts, ManageEndpoint, ManageEndpointSecret, ManageTransformations, ViewBase, ViewEndpointSecret,
    };
    vec![ViewBase, ViewEndpointSecret, ManageEndpointSecret, ManageTransformations, CreateAttempts, ManageEndpoint]
}

/// The caller of the request.
pub(super) async fn whoami(access: Access) -> Json<Value> {
    match access {
        Access::Organisation(caller) => Json(json!({
            "envId": caller.organisation, "appId": null, "permissionSource": "apiKey", "sessionId": null,
        })),
        Access::Application(token) => Json(json!({
            "envId": null, "appId": token.application_id, "permissionSource": "appPortal", "sessionId": null,
        })),
    }
}
