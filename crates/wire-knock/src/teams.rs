//! Connections of tenants to Microsoft Teams, for TeamsKit: the Microsoft tenant, its teams and
//! their channels.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use campanile_http::Web;
use campanile_notify::Reference;
use campanile_notify::channels::Channel;
use campanile_notify::teams::{self, GraphQuery};
use serde_json::{Value, json};

use super::client::Client;
use super::error::{KnockError, KnockResult};
use super::query::Query;
use super::slack::{Return, channel_of, closing, holder, not_connected, revoked};

const READ: &str = "ms_teams/channels_read";
const NOT_SET: &str = "Microsoft Teams tenant ID not set.";
const HOLDER: &str = "ms_teams_tenant_object";

async fn asked(web: &Web, client: &Client, channel: String, query: &Query) -> KnockResult<(Channel, Reference)> {
    let holder = holder(query.value(HOLDER), HOLDER)?;
    client.must_reach(&holder, READ)?;
    Ok((channel_of(web, client, channel).await?, holder))
}

fn options(query: &Query) -> GraphQuery {
    let options = query.value("query_options").and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |name: &str| {
        let told = options.get(&format!("${name}")).and_then(Value::as_str);
        told.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    GraphQuery { filter: text("filter"), select: text("select"), top: text("top"), skip_token: text("skiptoken") }
}

pub(super) async fn check(
    State(web): State<Web>,
    client: Client,
    Path(channel): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (channel, holder) = asked(&web, &client, channel, &query).await?;
    let checked = teams::check(&web.app.notify, &client.organisation, &channel, &holder).await?;
    let (tenant, refused) = checked.ok_or_else(|| not_connected(NOT_SET))?;
    Ok(Json(json!({ "connection": { "ok": refused.is_none(), "ms_teams_tenant_id": tenant, "reason": refused } })))
}

pub(super) async fn list_teams(
    State(web): State<Web>,
    client: Client,
    Path(channel): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (channel, holder) = asked(&web, &client, channel, &query).await?;
    let found = teams::teams(&web.app.notify, &client.organisation, &channel, &holder, &options(&query)).await?;
    let (found, next) = found.ok_or_else(|| not_connected(NOT_SET))?;
    Ok(Json(json!({ "ms_teams_teams": found, "skip_token": next })))
}

pub(super) async fn list_channels(
    State(web): State<Web>,
    client: Client,
    Path(channel): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (channel, holder) = asked(&web, &client, channel, &query).await?;
    let team = query.text("team_id").ok_or_else(|| KnockError::field("team_id", "is required"))?;
    let organisation = &client.organisation;
    let found = teams::channels(&web.app.notify, organisation, &channel, &holder, team, &options(&query)).await?;
    Ok(Json(json!({ "ms_teams_channels": found.ok_or_else(|| not_connected(NOT_SET))? })))
}

pub(super) async fn revoke(
    State(web): State<Web>,
    client: Client,
    Path(channel): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (channel, holder) = asked(&web, &client, channel, &query).await?;
    match teams::revoke(&web.app.notify, &client.organisation, &channel, holder).await? {
        true => Ok(revoked(&headers)),
        false => Err(not_connected(NOT_SET)),
    }
}

/// The return from Microsoft's page, where a person has given consent for their whole organisation.
pub(crate) async fn authenticate(State(web): State<Web>, query: Query) -> Response {
    let connected = connect(&web, &query).await;
    closing(&web, &query, connected)
}

async fn connect(web: &Web, query: &Query) -> KnockResult<()> {
    if let Some(error) = query.text("error") {
        return Err(KnockError::field("tenant", error));
    }
    let tenant = query.text("tenant").ok_or_else(|| KnockError::field("tenant", "is required"))?;
    let back = Return::of(web, query).await?;
    let holder = holder(back.state.get(HOLDER), HOLDER)?;
    back.client.must_reach(&holder, READ)?;
    let channel = channel_of(web, &back.client, back.word("channel_id")).await?;
    Ok(teams::connect(&web.app.notify, &back.client.organisation, &channel, holder, tenant).await?)
}
