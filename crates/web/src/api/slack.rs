//! Connects a workspace to Slack: the link to Slack's page, where a person gives consent. Slack
//! then leads back to `/providers/slack/authenticate`.

use axum::extract::{Path, State};
use campanile_accounts::user_tokens::{self, Grants};
use campanile_accounts::{Permission, WorkspaceId};
use campanile_base::{Error, Thing, random_token};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{SignedIn, workspace};
use campanile_http::error::ApiResult;
use campanile_notify::channels::{self, SLACK};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::browsers::console_key;

/// Slack's page for consent.
const AUTHORIZE: &str = "https://slack.com/oauth/v2/authorize";
/// The OAuth scopes that are asked for.
const SCOPES: &str = "channels:read,chat:write";

/// The page to open.
#[derive(Serialize, ToSchema)]
pub(super) struct SlackPage {
    /// The URL of Slack's page, with all its parameters.
    url: String,
    /// The value that the returning window sends along with `authComplete`.
    nonce: String,
}

/// Starts to connect a workspace to Slack.
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
    let channel = found.await?.ok_or(Error::NotFound(Thing::Channel))?;
    let client_id = channel.setting("client_id").ok_or_else(|| Error::invalid("the Slack app is not set up yet"))?;
    // The state carries a token that opens only this tenant's connection.
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
