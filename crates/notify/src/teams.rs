//! Microsoft Teams organisations that are connected to tenants. The id of the organisation is kept
//! as channel data (`ms_teams_tenant_id`). Microsoft Graph lists its teams and channels.
//!
//! Settings: `graph_client_id`, `graph_client_secret`; `graph_url` and `login_url`, unless they are
//! Microsoft's own. Source: Microsoft's documentation of the client credentials flow, of listing
//! teams, and of listing channels.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use serde_json::{Map, Value, json};

use crate::channels::Channel;
use crate::{Notify, Reference, channel_data};
use campanile_channels::{Call, Reply, path_segment};

const LOGIN: &str = "https://login.microsoftonline.com";
const GRAPH: &str = "https://graph.microsoft.com/v1.0";
/// The field of channel data with the organisation's id.
const TENANT: &str = "ms_teams_tenant_id";

/// A query for a list, in the terms of Graph.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the names are Graph's")]
pub struct GraphQuery {
    pub filter: Option<String>,
    pub select: Option<String>,
    pub top: Option<String>,
    pub skip_token: Option<String>,
}

impl GraphQuery {
    fn query(&self) -> String {
        let pairs = [
            ("$filter", &self.filter),
            ("$select", &self.select),
            ("$top", &self.top),
            ("$skiptoken", &self.skip_token),
        ];
        let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

/// Connects an owner to a Microsoft organisation.
pub async fn connect(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: Reference,
    tenant: &str,
) -> Result<()> {
    let tenant = json!(tenant);
    channel_data::change(notify, organisation, channel, owner, move |data| drop(data.insert(TENANT.to_owned(), tenant)))
        .await
}

/// Disconnects an owner. The result is false if nothing was connected.
pub async fn revoke(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: Reference,
) -> Result<bool> {
    if connected(notify, organisation, channel, &owner).await?.is_none() {
        return Ok(false);
    }
    channel_data::change(notify, organisation, channel, owner, |data| drop(data.remove(TENANT))).await?;
    Ok(true)
}

async fn connected(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
) -> Result<Option<String>> {
    let data = channel_data::of(notify, organisation, owner, &channel.id).await?;
    Ok(data.and_then(|data| data[TENANT].as_str().map(str::to_owned)))
}

/// The organisation that an owner is connected to, and the reason if Microsoft refuses access.
/// `None` if nothing is connected.
///
/// # Errors
/// `Unavailable` if Microsoft does not answer.
pub async fn check(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
) -> Result<Option<(String, Option<String>)>> {
    let Some(tenant) = connected(notify, organisation, channel, owner).await? else { return Ok(None) };
    let refused = token(notify, organisation, channel, &tenant).await.err();
    match refused {
        Some(error @ Error::Unavailable { .. }) => Err(error),
        refused => Ok(Some((tenant, refused.map(|error| error.to_string())))),
    }
}

async fn token(notify: &Notify, organisation: &OrganisationId, channel: &Channel, tenant: &str) -> Result<String> {
    let (now, tokens) = (notify.clock.now(), &notify.carriers.tokens);
    let place = format!("{organisation}/{}/{}/{tenant}", channel.id, channel.updated_at.as_micros());
    if let Some(known) = tokens.get(&place, now) {
        return Ok(known);
    }
    let setting = |name: &'static str| {
        channel.setting(name).ok_or_else(|| Error::invalid(format!("the channel {} has no {name}", channel.key)))
    };
    let base = channel.setting("login_url").unwrap_or(LOGIN).trim_end_matches('/');
    let fields = [
        ("client_id", setting("graph_client_id")?),
        ("client_secret", setting("graph_client_secret")?),
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let url = format!("{base}/{}/oauth2/v2.0/token", path_segment(tenant));
    let reply = asked(notify, Call::form("microsoft", url, fields)).await?;
    let token = reply.word("/access_token").ok_or_else(|| Error::invalid("Microsoft gave no token"))?.to_owned();
    let seconds = reply.body["expires_in"].as_u64().unwrap_or(3600).saturating_sub(60);
    tokens.insert(place, token.clone(), now, Duration::from_secs(seconds));
    Ok(token)
}

async fn asked(notify: &Notify, call: Call) -> Result<Reply> {
    let unavailable = |why: String| Error::Unavailable { what: "Microsoft", source: why.into() };
    let reply = call.ask(&notify.carriers).await.map_err(|said| unavailable(said.why()))?;
    match reply.status {
        200..300 => Ok(reply),
        429 | 500.. => Err(unavailable(format!("the answer was {}", reply.status))),
        status => {
            let why = reply.word("/error/message").or_else(|| reply.word("/error_description"));
            Err(Error::invalid(format!("Microsoft refused ({status}): {}", why.unwrap_or("it says no more"))))
        }
    }
}

async fn graph(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
    path: &str,
    asked_for: &GraphQuery,
) -> Result<Option<Value>> {
    let Some(tenant) = connected(notify, organisation, channel, owner).await? else { return Ok(None) };
    let token = token(notify, organisation, channel, &tenant).await?;
    let base = channel.setting("graph_url").unwrap_or(GRAPH).trim_end_matches('/');
    let call = Call::get("microsoft", format!("{base}/{path}?{}", asked_for.query())).bearer(&token);
    Ok(Some(asked(notify, call).await?.body))
}

/// A page of the teams, and the token of the next one. `None` if nothing is connected.
///
/// # Errors
/// `Invalid` with Microsoft's message; `Unavailable`.
pub async fn teams(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
    asked: &GraphQuery,
) -> Result<Option<(Vec<Value>, Option<String>)>> {
    let Some(body) = graph(notify, organisation, channel, owner, "teams", asked).await? else { return Ok(None) };
    let found = body["value"].as_array().into_iter().flatten().map(
        |team| json!({ "id": team["id"], "displayName": team["displayName"], "description": team["description"] }),
    );
    let next = body["@odata.nextLink"].as_str().and_then(|link| url::Url::parse(link).ok());
    let next = next.and_then(|link| {
        link.query_pairs().find(|(name, _)| name == "$skiptoken").map(|(_, token)| token.into_owned())
    });
    Ok(Some((found.collect(), next)))
}

/// The channels of a team. Private and archived ones are left out, unless the query has a filter.
/// `None` if nothing is connected.
///
/// # Errors
/// Like [`teams`].
pub async fn channels(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: &Reference,
    team: &str,
    asked: &GraphQuery,
) -> Result<Option<Vec<Value>>> {
    let path = format!("teams/{}/channels", path_segment(team));
    let Some(body) = graph(notify, organisation, channel, owner, &path, asked).await? else { return Ok(None) };
    let names = ["id", "displayName", "description", "membershipType", "isArchived", "createdDateTime"];
    let found = body["value"].as_array().into_iter().flatten().filter_map(Value::as_object);
    // A filter states which channels are wanted.
    let is_shown = |found: &&Map<String, Value>| {
        let is = |name: &str, value: Value| found.get(name) == Some(&value);
        asked.filter.is_some() || !(is("membershipType", json!("private")) || is("isArchived", json!(true)))
    };
    let picked = |found: &Map<String, Value>| {
        names.iter().filter_map(|name| Some(((*name).to_owned(), found.get(*name)?.clone()))).collect::<Value>()
    };
    Ok(Some(found.filter(is_shown).map(picked).collect()))
}
