//! Slack workspaces that are connected to tenants: connecting, checking and revoking.
//!
//! # Life cycle
//! A person agrees on Slack's page, and returns with a code. [`connect`] exchanges it for a token.
//! The token is kept sealed, as channel data of the tenant:
//! `{"token": {"access_token", "refresh_token"?, "expires_at"?}, "team": {…}}`. If the app rotates
//! tokens, the token is refreshed before it expires. [`check`] asks Slack if it is still valid.
//! [`revoke`] revokes it.
//!
//! # Refusals
//! If Slack refuses a message because of the connection, a note is kept with the tenant (`trouble`:
//! a code, the channel and the time). The next message that succeeds removes it. `token_revoked`
//! and similar codes ask a person to connect again, `missing_scope` to allow more,
//! `channel_not_found` to choose another channel. After a rate limit, the message is tried again
//! later.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp};
use serde_json::{Value, json};

use crate::channels::Channel;
use crate::messages::Message;
use crate::{Notify, Reference, channel_data};
use campanile_channels::slack::{address, refusal};
use campanile_channels::{Call, Reply};

pub use campanile_channels::SlackRefusal as Refusal;

/// A token is refreshed if it expires within this time.
const EARLY: Duration = Duration::from_secs(300);
/// The most channels of one page, as Slack recommends.
const PAGE: u32 = 200;

/// Calls a method with a form, which all Slack methods accept.
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
    let reply = call
        .ask(&notify.carriers)
        .await
        .map_err(|said| Error::Unavailable { what: "Slack", source: said.why().into() })?;
    Ok(match refusal(&reply) {
        None => Ok(reply),
        Some(refusal) => Err(refusal),
    })
}

/// Exchanges the code from Slack's page for a token, and keeps it with the tenant.
///
/// # Errors
/// `Invalid` with Slack's code; `Unavailable`.
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

/// The part of a token response that is kept.
fn kept(answer: &Value, now: Timestamp) -> Option<Value> {
    let mut token = json!({ "access_token": answer["access_token"].as_str()? });
    if let (Some(refresh), Some(seconds)) = (answer["refresh_token"].as_str(), answer["expires_in"].as_u64()) {
        token["refresh_token"] = json!(refresh);
        token["expires_at"] = json!(now.plus(Duration::from_secs(seconds)));
    }
    Some(token)
}

/// The token in an owner's channel data, refreshed if it will soon expire. `None` if there is no
/// token.
///
/// # Errors
/// `Unavailable` if Slack does not answer.
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
        // Another node may have refreshed the token a moment ago, so the refresh was refused. If
        // the old token is invalid, the next call shows it.
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

/// The state of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// There is no connection.
    None,
    /// Slack accepts the token.
    Good,
    /// Slack refuses the token, with this code.
    Refused(String),
}

/// Asks Slack if an owner's token is valid.
///
/// # Errors
/// `Unavailable` if Slack does not answer.
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

/// A query for a list of channels.
#[derive(Debug, Clone, Default)]
pub struct ChannelQuery {
    /// The cursor of the page.
    pub cursor: Option<String>,
    /// The size of the page, 200 at most.
    pub limit: Option<u32>,
    /// The types, as `public_channel,private_channel`.
    pub types: Option<String>,
    /// True if archived channels are left out, which is the default.
    pub exclude_archived: Option<bool>,
    /// The workspace, if the app is installed in an organisation of several.
    pub team_id: Option<String>,
}

/// A page of the channels that a connection can reach, and the cursor of the next one. `None` if
/// nothing is connected.
///
/// # Errors
/// `Invalid` with Slack's code; `Unavailable`.
pub async fn channels(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
    asked: &ChannelQuery,
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

/// Revokes an owner's token at Slack, and deletes it. The connections of recipients stay. The
/// result is false if there was no token.
///
/// # Errors
/// `Unavailable` if Slack does not answer.
pub async fn revoke(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: Reference,
) -> Result<bool> {
    let Some(token) = token_of(notify, organisation, channel, &owner).await? else { return Ok(false) };
    // A token that Slack no longer knows counts as revoked.
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

/// Stores the refusal with the owner, or removes the note if there is none.
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

/// The token for a message to Slack: the tenant's, or that of the recipient's connection.
pub(crate) async fn token_for(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    message: &Message,
    of_tenant: Option<&Value>,
) -> Result<Option<String>> {
    if let (Some(tenant), Some(data)) = (&message.tenant, of_tenant)
        && let Some(token) = token(notify, organisation, channel, &Reference::tenant(tenant), data).await?
    {
        return Ok(Some(token));
    }
    // Tokens of connections are not stored with the message, so the channel data is read.
    let data = channel_data::of(notify, organisation, &message.recipient, &channel.id).await?;
    let sent_to = &message.content["connection"];
    let word =
        |connection: &Value, name: &str| connection[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let same = |other: &Value, name: &str| other[name].as_str().map(str::to_owned) == word(sent_to, name);
    let connections = data.as_ref().and_then(|data| data["connections"].as_array()).into_iter().flatten();
    let own = connections.filter(|other| same(other, "channel_id") && same(other, "user_id"));
    Ok(own.filter_map(|other| other["access_token"].as_str()).next().map(str::to_owned))
}
