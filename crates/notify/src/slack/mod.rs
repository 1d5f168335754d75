//! Slack workspaces, each connected to a tenant: how it is connected, looked at, and let go.
//!
//! # The life of a connection
//! Somebody agrees on Slack's page and comes back with a code, which [`connect`] exchanges for a token. The token is kept sealed, as
//! channel data of the tenant: `{"token": {"access_token", "refresh_token"?, "expires_at"?}, "team": {…}}`. Where the app rotates tokens,
//! it is refreshed before it expires. [`check`] asks Slack whether it is still good; [`revoke`] gives it back.
//!
//! # When Slack refuses
//! A message that Slack refuses because of the connection leaves a note with the tenant (`trouble`: a code and where), which the next
//! message that goes through takes away: `token_revoked` and its like ask to connect again, `missing_scope` to allow more,
//! `channel_not_found` to pick another channel. Limits are waited for.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp};
use serde_json::{Value, json};

use crate::channels::Channel;
use crate::channels::provider::{Call, Reply};
use crate::{Notify, Reference, channel_data};

/// Where Slack listens.
const SLACK: &str = "https://slack.com/api";
/// A token is refreshed when it is good for no longer than this.
const EARLY: Duration = Duration::from_secs(300);
/// How many channels a page has at most, as Slack recommends.
const PAGE: u32 = 200;

/// The address of a method of Slack's, or of a stand-in's.
pub(crate) fn address(channel: &Channel, method: &str) -> String {
    let base = channel.setting("base_url").unwrap_or(SLACK).trim_end_matches('/');
    format!("{base}/{method}")
}

/// Why Slack refused something, by what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It may not refuse later.
    Later(String),
    /// The token is no good: somebody has to connect again.
    Disconnected(String),
    /// The app may not do this: somebody has to allow it.
    Scope(String),
    /// The channel is not there, or not open to the app: somebody has to pick another.
    Channel(String),
    /// The message itself is no good.
    Message(String),
}

impl Refusal {
    /// Slack's word for it.
    pub fn code(&self) -> &str {
        match self {
            Self::Later(code)
            | Self::Disconnected(code)
            | Self::Scope(code)
            | Self::Channel(code)
            | Self::Message(code) => code,
        }
    }
}

/// Slack answers 200 to what it refuses, and says so inside.
pub(crate) fn refusal(reply: &Reply) -> Option<Refusal> {
    if reply.is_good() && reply.body["ok"] == true {
        return None;
    }
    let code = reply.word("/error").unwrap_or("unknown_error").to_owned();
    if reply.status == 429 || reply.status >= 500 {
        return Some(Refusal::Later(code));
    }
    Some(match code.as_str() {
        "token_revoked"
        | "account_inactive"
        | "invalid_auth"
        | "token_expired"
        | "org_login_required"
        | "not_authed"
        | "invalid_refresh_token" => Refusal::Disconnected(code),
        "missing_scope" | "no_permission" | "not_allowed_token_type" => Refusal::Scope(code),
        "channel_not_found" | "not_in_channel" | "is_archived" | "restricted_action" | "user_not_found"
        | "users_not_found" => Refusal::Channel(code),
        "ratelimited"
        | "rate_limited"
        | "internal_error"
        | "fatal_error"
        | "request_timeout"
        | "service_unavailable"
        | "team_added_to_org" => Refusal::Later(code),
        _ => Refusal::Message(code),
    })
}

/// Asks a method with a form, as all of Slack's methods understand it.
async fn ask(
    notify: &Notify,
    channel: &Channel,
    method: &str,
    token: Option<&str>,
    fields: &[(&str, &str)],
) -> Result<std::result::Result<Reply, Refusal>> {
    let call = Call::form("slack", address(channel, method), fields.iter().copied());
    let call = match token {
        Some(token) => call.bearer(token),
        None => call,
    };
    let reply =
        call.ask(notify).await.map_err(|said| Error::Unavailable { what: "Slack", source: said.why().into() })?;
    Ok(match refusal(&reply) {
        None => Ok(reply),
        Some(refusal) => Err(refusal),
    })
}

/// Exchanges the code that somebody came back with for a token, and keeps it with the tenant.
///
/// # Errors
/// `Invalid` with Slack's word; `Unavailable`.
pub async fn connect(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: Reference,
    code: &str,
    redirect_uri: Option<&str>,
) -> Result<()> {
    let setting = |name: &'static str| {
        channel.setting(name).ok_or_else(|| Error::invalid(format!("the channel {} has no {name}", channel.key)))
    };
    let mut fields =
        vec![("client_id", setting("client_id")?), ("client_secret", setting("client_secret")?), ("code", code)];
    fields.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
    let reply = ask(notify, channel, "oauth.v2.access", None, &fields).await?;
    let reply = reply.map_err(|refusal| Error::invalid(format!("Slack refused the code: {}", refusal.code())))?;
    let token =
        kept(&reply.body, notify.clock.now()).ok_or_else(|| Error::invalid("Slack gave no token for the code"))?;
    let team = reply.body["team"].clone();
    let scope = reply.body["scope"].clone();
    channel_data::change(notify, organisation, channel, owner, move |data| {
        data.insert("token".to_owned(), token);
        data.insert("team".to_owned(), team);
        data.insert("scope".to_owned(), scope);
        data.remove("trouble");
    })
    .await
}

/// What is kept of an answer with a token in it.
fn kept(answer: &Value, now: Timestamp) -> Option<Value> {
    let mut token = json!({ "access_token": answer["access_token"].as_str()? });
    if let (Some(refresh), Some(seconds)) = (answer["refresh_token"].as_str(), answer["expires_in"].as_u64()) {
        token["refresh_token"] = json!(refresh);
        token["expires_at"] = json!(now.plus(Duration::from_secs(seconds)));
    }
    Some(token)
}

/// The token in an owner's channel data, refreshed where it would soon expire; `None` where there is none.
///
/// # Errors
/// `Unavailable`; what the database says.
pub(crate) async fn token(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
    data: &Value,
) -> Result<Option<String>> {
    let word = |name: &str| data["token"][name].as_str();
    let Some(token) = word("access_token") else { return Ok(None) };
    let expires_at = word("expires_at").and_then(Timestamp::parse);
    let (Some(refresh), Some(expires_at)) = (word("refresh_token"), expires_at) else {
        return Ok(Some(token.to_owned()));
    };
    if expires_at > notify.clock.now().plus(EARLY) {
        return Ok(Some(token.to_owned()));
    }
    let fields = [
        ("client_id", channel.setting("client_id").unwrap_or_default()),
        ("client_secret", channel.setting("client_secret").unwrap_or_default()),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
    ];
    let Ok(reply) = ask(notify, channel, "oauth.v2.access", None, &fields).await? else {
        // What was refused may have been refreshed by another node a moment ago; the old token's own refusal will tell.
        return Ok(Some(token.to_owned()));
    };
    let Some(fresh) = kept(&reply.body, notify.clock.now()) else { return Ok(Some(token.to_owned())) };
    let token = fresh["access_token"].as_str().map(str::to_owned);
    channel_data::change(notify, organisation, channel, owner.clone(), move |data| {
        drop(data.insert("token".to_owned(), fresh))
    })
    .await?;
    Ok(token)
}

async fn token_of(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
) -> Result<Option<String>> {
    match channel_data::of(notify, organisation, owner, &channel.id).await? {
        Some(data) => token(notify, organisation, channel, owner, &data).await,
        None => Ok(None),
    }
}

/// How a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// There is none.
    None,
    /// It is good.
    Good,
    /// Slack does not take its token.
    Refused(String),
}

/// Asks Slack whether an owner's token is good.
///
/// # Errors
/// `Unavailable`; what the database says.
pub async fn check(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
) -> Result<Connection> {
    let Some(token) = token_of(notify, organisation, channel, owner).await? else { return Ok(Connection::None) };
    Ok(match ask(notify, channel, "auth.test", Some(&token), &[]).await? {
        Ok(_) => Connection::Good,
        Err(refusal) => Connection::Refused(refusal.code().to_owned()),
    })
}

/// What is asked of a list of channels.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Where the page begins.
    pub cursor: Option<String>,
    /// How many, 200 at most.
    pub limit: Option<u32>,
    /// As `public_channel,private_channel`.
    pub types: Option<String>,
    /// Whether archived ones are left out; they are unless said.
    pub exclude_archived: Option<bool>,
    /// Of which workspace, where the app is installed in an organisation of them.
    pub team_id: Option<String>,
}

/// A page of the channels that a connection reaches, and where the next begins; `None` where nothing is connected.
///
/// # Errors
/// `Invalid` with Slack's word; `Unavailable`.
pub async fn channels(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
    asked: &Asked,
) -> Result<Option<(Vec<Value>, Option<String>)>> {
    let Some(token) = token_of(notify, organisation, channel, owner).await? else { return Ok(None) };
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE).to_string();
    let mut fields = vec![
        ("limit", limit.as_str()),
        ("types", asked.types.as_deref().unwrap_or("public_channel,private_channel")),
        ("exclude_archived", if asked.exclude_archived == Some(false) { "false" } else { "true" }),
    ];
    fields.extend(asked.cursor.as_deref().map(|cursor| ("cursor", cursor)));
    fields.extend(asked.team_id.as_deref().map(|team| ("team_id", team)));
    let reply = ask(notify, channel, "conversations.list", Some(&token), &fields).await?;
    let reply = reply.map_err(|refusal| Error::invalid(format!("Slack refused: {}", refusal.code())))?;
    let found = reply.body["channels"].as_array().into_iter().flatten().map(|found| {
        json!({
            "id": found["id"], "name": found["name"], "is_private": found["is_private"] == true,
            "is_im": found["is_im"] == true, "context_team_id": found["context_team_id"].as_str().unwrap_or_default(),
        })
    });
    let next = reply.word("/response_metadata/next_cursor").filter(|cursor| !cursor.is_empty());
    Ok(Some((found.collect(), next.map(str::to_owned))))
}

/// Gives an owner's token back to Slack, and forgets it. What recipients have chosen stays.
///
/// # Errors
/// `Unavailable`; what the database says.
pub async fn revoke(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: Reference,
) -> Result<bool> {
    let Some(token) = token_of(notify, organisation, channel, &owner).await? else { return Ok(false) };
    // A token that Slack no longer knows is as good as revoked.
    if let Err(Refusal::Later(code)) = ask(notify, channel, "auth.revoke", Some(&token), &[]).await? {
        return Err(Error::Unavailable { what: "Slack", source: code.into() });
    }
    channel_data::change(notify, organisation, channel, owner, |data| {
        for name in ["token", "team", "scope", "trouble"] {
            data.remove(name);
        }
    })
    .await?;
    Ok(true)
}

/// Notes with an owner what keeps messages from going through; or that nothing does any more.
///
/// # Errors
/// What the database says.
pub(crate) async fn note(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: Reference,
    refusal: Option<&Refusal>,
    where_to: Option<&str>,
) -> Result<()> {
    let now = notify.clock.now();
    let trouble = refusal.map(|refusal| json!({ "code": refusal.code(), "channel_id": where_to, "at": now }));
    channel_data::change(notify, organisation, channel, owner, move |data| match trouble {
        Some(trouble) => drop(data.insert("trouble".to_owned(), trouble)),
        None => drop(data.remove("trouble")),
    })
    .await
}
