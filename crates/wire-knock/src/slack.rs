//! Connections of tenants to Slack: the operations for SlackKit, and the return from Slack's
//! consent page.
//!
//! The return route (`/providers/slack/authenticate`) opens in its own window. Anybody may have
//! written its `state`, so the credentials in it are checked like those of any caller. A redirect
//! is followed only to pages of this server.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_base::{Error, Thing, escape_html};
use campanile_http::Web;
use campanile_notify::channels::{self, Channel, ChannelType};
use campanile_notify::slack::{self, ChannelQuery, Connection};
use campanile_notify::{Notify, Reference};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::client::Client;
use super::error::{Code, KnockError, KnockResult};
use super::query::Query;

/// The permission that a page needs for the object that holds the Slack token.
const READ: &str = "slack/channels_read";
/// The client library compares this sentence literally.
const NOT_SET: &str = "Access token not set.";
/// The script of the closing page. It sends the result to the window that opened it, in the forms
/// that both generations of the library understand.
const SCRIPT: &str = "const { type, nonce, next } = document.body.dataset; if (window.opener) { \
    window.opener.postMessage({ type, nonce }, '*'); window.opener.postMessage(type, '*'); window.close(); } \
    else if (next) { window.location.replace(next); }";

/// The object that holds the token: an object, or one as JSON. A bare word is a tenant.
pub(super) fn holder(told: Option<&Value>, field: &str) -> KnockResult<Reference> {
    let told = told.ok_or_else(|| KnockError::field(field, "is required"))?;
    let map = match told {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(map @ Value::Object(_)) => map,
            _ => return Ok(Reference::tenant(text)),
        },
        other => other.clone(),
    };
    let word = |name: &str| map.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = word("object_id").or_else(|| word("id")).ok_or_else(|| KnockError::field(field, "needs an object_id"))?;
    Ok(Reference::object(word("collection").unwrap_or("$tenants"), id))
}

/// The channel and the token holder of a request.
async fn asked(web: &Web, client: &Client, channel: String, query: &Query) -> KnockResult<(Channel, Reference)> {
    let holder = holder(query.value("access_token_object"), "access_token_object")?;
    client.must_reach(&holder, READ)?;
    Ok((channel_of(web, client, channel).await?, holder))
}

/// A channel of the type chat.
pub(super) async fn channel_of(web: &Web, client: &Client, channel: String) -> KnockResult<Channel> {
    let (notify, organisation) = (web.app.notify.clone(), client.organisation.clone());
    let read =
        web.app.db.read(move |tx| Box::pin(async move { channels::find(tx, &notify, &organisation, &channel).await }));
    let channel = read.await?.filter(|channel| channel.kind == ChannelType::Chat);
    Ok(channel.ok_or(Error::NotFound(Thing::Channel))?)
}

pub(super) fn not_connected(message: &str) -> KnockError {
    KnockError::refused(StatusCode::FORBIDDEN, Code::Authorization, message)
}

pub(super) async fn check(
    State(web): State<Web>,
    client: Client,
    Path(channel): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (channel, holder) = asked(&web, &client, channel, &query).await?;
    match slack::check(&web.app.notify, &client.organisation, &channel, &holder).await? {
        Connection::None => Err(not_connected(NOT_SET)),
        Connection::Good => Ok(Json(json!({ "connection": { "ok": true } }))),
        Connection::Refused(why) => Ok(Json(json!({ "connection": { "ok": false, "error": why, "reason": why } }))),
    }
}

pub(super) async fn list(
    State(web): State<Web>,
    client: Client,
    Path(channel): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (channel, holder) = asked(&web, &client, channel, &query).await?;
    let options = query.value("query_options").and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |name: &str| options.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let asked = ChannelQuery {
        cursor: text("cursor").map(str::to_owned),
        limit: text("limit").and_then(|limit| limit.parse().ok()),
        types: text("types").map(str::to_owned),
        exclude_archived: text("exclude_archived").map(|flag| flag != "false"),
        team_id: text("team_id").map(str::to_owned),
    };
    let found = slack::channels(&web.app.notify, &client.organisation, &channel, &holder, &asked).await?;
    let (found, next) = found.ok_or_else(|| not_connected(NOT_SET))?;
    Ok(Json(json!({ "slack_channels": found, "next_cursor": next })))
}

pub(super) async fn revoke(
    State(web): State<Web>,
    client: Client,
    Path(channel): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (channel, holder) = asked(&web, &client, channel, &query).await?;
    match slack::revoke(&web.app.notify, &client.organisation, &channel, holder).await? {
        true => Ok(revoked(&headers)),
        false => Err(not_connected(NOT_SET)),
    }
}

/// The answer to a revocation. The browser library expects the word, all others an object.
pub(super) fn revoked(headers: &HeaderMap) -> Json<Value> {
    match headers.contains_key("x-knock-client") {
        true => Json(json!("ok")),
        false => Json(json!({ "ok": "ok" })),
    }
}

/// The return from a provider's page, with its `state`.
pub(super) struct Return {
    pub(super) client: Client,
    pub(super) state: Value,
}

impl Return {
    /// Reads the caller from the state. The caller is checked like any other.
    pub(super) async fn of(web: &Web, query: &Query) -> KnockResult<Self> {
        let state = query.value("state").cloned().unwrap_or_default();
        let state = match &state {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            other => other.clone(),
        };
        let word = |name: &str| state[name].as_str().filter(|text| !text.is_empty());
        let key = word("public_key").ok_or_else(|| KnockError::field("state", "has no public_key"))?;
        let client = Client::page(web, key, word("user_token")).await?;
        Ok(Self { client, state })
    }

    /// A text of the state; empty if it is missing.
    pub(super) fn word(&self, name: &str) -> String {
        self.state[name].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) async fn authenticate(State(web): State<Web>, query: Query) -> Response {
    let connected = connect(&web, &query).await;
    closing(&web, &query, connected)
}

async fn connect(web: &Web, query: &Query) -> KnockResult<()> {
    if let Some(error) = query.text("error") {
        return Err(KnockError::field("code", error));
    }
    let code = query.text("code").ok_or_else(|| KnockError::field("code", "is required"))?;
    let back = Return::of(web, query).await?;
    let holder = holder(back.state.get("access_token_object"), "access_token_object")?;
    back.client.must_reach(&holder, READ)?;
    let channel = channel_of(web, &back.client, back.word("channel_id")).await?;
    let redirect = Some(back.word("redirect_uri")).filter(|uri| !uri.is_empty());
    let notify: &Notify = &web.app.notify;
    slack::connect(notify, &back.client.organisation, &channel, holder, code, redirect.as_deref()).await?;
    Ok(())
}

/// The page at the end of the flow. It tells the window that opened it the result, and closes.
/// Without such a window it goes on to a page of this server.
pub(super) fn closing(web: &Web, query: &Query, went: KnockResult<()>) -> Response {
    let state = query.text("state").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let state = state.or_else(|| query.value("state").cloned()).unwrap_or_default();
    let word = |name: &str| state[name].as_str().unwrap_or_default();
    let base = &web.app.notify.base_url;
    let is_ours = |url: &str| url.strip_prefix(&**base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let next = Some(word("redirect_url")).filter(|url| is_ours(url)).unwrap_or_default();
    let (kind, says) = match &went {
        Ok(()) => ("authComplete", "Connected. This window can be closed.".to_owned()),
        Err(error) => ("authFailed", format!("This did not work: {}", error.message())),
    };
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Campanile</title>\
         <body data-type=\"{kind}\" data-nonce=\"{}\" data-next=\"{}\"><p>{}</p><script>{SCRIPT}</script></body>",
        escape_html(word("nonce")),
        escape_html(next),
        escape_html(&says),
    );
    let script = STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!("default-src 'none'; script-src 'sha256-{script}'; frame-ancestors 'none'");
    let policy = HeaderValue::try_from(policy).expect("a hash is text");
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    ([(CONTENT_TYPE, html), (CONTENT_SECURITY_POLICY, policy)], page).into_response()
}
