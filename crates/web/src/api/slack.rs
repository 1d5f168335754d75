//! The way to Slack's page, on which somebody agrees that a workspace is connected. It leads back to `/providers/slack/authenticate`.

use axum::Json;
use axum::extract::{Path, State};
use campanile_accounts::user_tokens::{self, Grants};
use campanile_accounts::{Permission, WorkspaceId};
use campanile_base::{Error, random_token};
use campanile_notify::channels::{self, SLACK};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::browsers::console_key;
use crate::Web;
use crate::caller::{SignedIn, workspace};
use crate::error::ApiResult;

/// Slack's page.
const AUTHORIZE: &str = "https://slack.com/oauth/v2/authorize";
/// What is asked for.
const SCOPES: &str = "channels:read,chat:write";

/// Where to go.
#[derive(Serialize, ToSchema)]
pub(super) struct SlackPage {
    /// Slack's page, with all that it must be asked.
    url: String,
    /// What the window that comes back says, beside `authComplete`.
    nonce: String,
}

/// Begins to connect a workspace to Slack.
#[utoipa::path(post, path = "/api/workspaces/{id}/slack", tag = "accounts", params(("id" = String, Path)),
    responses((status = 200, body = SlackPage), (status = 400), (status = 403), (status = 404)))]
pub(super) async fn connect(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
    Path(id): Path<WorkspaceId>,
) -> ApiResult<Json<SlackPage>> {
    let caller = &session.caller;
    caller.must(Permission::Configure)?;
    let (app, organisation, user) = (&web.app, caller.organisation.clone(), session.person.to_string());
    let tenant = workspace(app, caller, Some(id.as_str())).await?.id;
    let (notify, whose) = (app.notify.clone(), organisation.clone());
    let found = app.db.read(move |tx| Box::pin(async move { channels::find(tx, &notify, &whose, SLACK).await }));
    let channel = found.await?.ok_or(Error::NotFound("channel"))?;
    let client_id = channel.setting("client_id").ok_or_else(|| Error::invalid("the Slack app is not set up yet"))?;
    // The way back carries a token that opens nothing but this tenant's connection.
    let resource = format!("objects/$tenants/{tenant}");
    let grants = Grants::of([(resource.as_str(), &["slack/channels_read"][..])]);
    let (token, _) =
        user_tokens::sign(&app.db, &app.clock, &app.vault, &organisation, &user, grants, Some(&session)).await?;
    let nonce = random_token("");
    let state = json!({
        "nonce": nonce, "channel_id": channel.id, "user_token": token, "public_key": console_key(&web, &organisation).await?,
        "access_token_object": { "object_id": tenant, "collection": "$tenants" },
        "redirect_url": format!("{}/notifications/slack", app.base_url),
    });
    let pairs = [("client_id", client_id), ("scope", SCOPES), ("state", &state.to_string())];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let base = channel.setting("authorize_url").unwrap_or(AUTHORIZE);
    Ok(Json(SlackPage { url: format!("{base}?{query}"), nonce }))
}
