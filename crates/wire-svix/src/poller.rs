//! Polling: receivers that fetch their messages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_accounts::Caller;
use campanile_base::{Error, Thing, Timestamp};
use campanile_http::Web;
use campanile_webhooks::endpoints::{self, Endpoint};
use campanile_webhooks::lines::poll::{self, Page, Question};
use campanile_webhooks::messages::Filter;
use campanile_webhooks::tokens::Capability;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::access::{Access, App, OrgManager};
use super::body::{self, Body};
use super::error::{SvixError, SvixResult};
use super::messages::MessageOut;
use super::query::Query;

/// An application, for a caller who may poll it. A token of one endpoint is for that endpoint only.
pub(super) struct Poller(App);

impl FromRequestParts<Web> for Poller {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, SvixError> {
        Ok(Self(App::of(parts, web).await?))
    }
}

impl Poller {
    /// Refuses read-only callers. Moving a consumer would make its receiver lose or repeat
    /// messages.
    fn must_move(&self) -> campanile_base::Result<()> {
        match &self.0.access {
            Access::Application(token) if token.endpoint_id.is_some() => Ok(()),
            access => access.must(Capability::ManageEndpoint),
        }
    }

    /// Refuses the endpoint with `NotFound` if the token belongs to another endpoint.
    fn check(&self, endpoint: &Endpoint) -> campanile_base::Result<()> {
        match &self.0.access {
            Access::Application(token) if token.endpoint_id.as_ref().is_some_and(|id| *id != endpoint.id) => {
                Err(Error::NotFound(Thing::PollingEndpoint))
            }
            _ => Ok(()),
        }
    }
}

/// The position in the messages, as clients hold it.
#[derive(Serialize, Deserialize)]
struct Iterator {
    number: i64,
}

pub(super) fn iterator(number: i64) -> String {
    STANDARD.encode(json!(Iterator { number }).to_string())
}

pub(super) fn number_of(iterator: &str) -> SvixResult<i64> {
    let read = STANDARD.decode(iterator).ok().and_then(|bytes| serde_json::from_slice::<Iterator>(&bytes).ok());
    read.map(|read| read.number)
        .ok_or_else(|| SvixError::value(&["query", "iterator"], "the iterator is none of this endpoint's"))
}

fn question(query: &Query) -> SvixResult<Question> {
    Ok(Question {
        limit: usize::try_from(query.limit()?).unwrap_or_default(),
        from: query.text("iterator").map(number_of).transpose()?,
        since: query.time("after")?,
        filter: Filter {
            event_types: query.text("event_type").map(|name| vec![name.to_owned()]),
            channel: query.text("channel").map(str::to_owned),
            ..Filter::default()
        },
    })
}

fn view(page: Page) -> Json<Value> {
    let messages: Vec<MessageOut> = page.messages.iter().map(|message| MessageOut::of(message, true)).collect();
    Json(json!({ "data": messages, "iterator": iterator(page.next), "done": page.is_done }))
}

pub(super) async fn poll(
    State(web): State<Web>,
    poller: Poller,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> SvixResult<Json<Value>> {
    let question = question(&query)?;
    let page = web.app.db.read(move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &poller.0.application, &id).await?;
            poller.check(&endpoint)?;
            poll::poll(tx, &poller.0.application, &endpoint, &question).await
        })
    });
    Ok(view(page.await?))
}

pub(super) async fn consume(
    State(web): State<Web>,
    poller: Poller,
    Path((_, id, consumer)): Path<(String, String, String)>,
    query: Query,
) -> SvixResult<Json<Value>> {
    poller.must_move()?;
    let (question, webhooks) = (question(&query)?, web.app.webhooks.clone());
    let page = web.app.db.write(move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &poller.0.application, &id).await?;
            poller.check(&endpoint)?;
            poll::consume(tx, &webhooks, &poller.0.application, &endpoint, &consumer, question).await
        })
    });
    Ok(view(page.await?))
}

#[derive(Deserialize)]
pub(super) struct SeekIn {
    after: Timestamp,
}

pub(super) async fn seek(
    State(web): State<Web>,
    poller: Poller,
    Path((_, id, consumer)): Path<(String, String, String)>,
    Body(asked): Body<SeekIn>,
) -> SvixResult<Json<Value>> {
    poller.must_move()?;
    let webhooks = web.app.webhooks.clone();
    let number = web.app.db.write(move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &poller.0.application, &id).await?;
            poller.check(&endpoint)?;
            poll::seek(tx, &webhooks, &endpoint, &consumer, asked.after).await
        })
    });
    Ok(Json(json!({ "iterator": iterator(number.await?) })))
}

pub(super) async fn token(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Path((_, id)): Path<(String, String)>,
) -> SvixResult<Json<Value>> {
    Ok(Json(token_of(&web, caller, app, id, false).await?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RotateTokenIn {
    old_token_expiry: Option<i64>,
}

pub(super) async fn rotate_token(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Path((_, id)): Path<(String, String)>,
    body: axum::body::Bytes,
) -> SvixResult<(StatusCode, Json<Value>)> {
    let asked: RotateTokenIn = if body.is_empty() { RotateTokenIn::default() } else { body::read(&body)? };
    if asked.old_token_expiry.is_some_and(|seconds| seconds != 0) {
        return Err(SvixError::value(&["body", "oldTokenExpiry"], "the old token ends at once; only 0 can be given"));
    }
    Ok((StatusCode::CREATED, Json(token_of(&web, caller, app, id, true).await?)))
}

async fn token_of(web: &Web, caller: Arc<Caller>, app: App, id: String, is_new: bool) -> SvixResult<Value> {
    let webhooks = web.app.webhooks.clone();
    app.access.must(Capability::ManageEndpointSecret)?;
    let token = web.app.db.write(move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &app.application, &id).await?;
            let token = poll::token(tx, &webhooks, &caller, &app.application, &endpoint, is_new).await?;
            Ok::<_, Error>((token, endpoint))
        })
    });
    let ((secret, token), endpoint) = token.await?;
    Ok(json!({
        "id": endpoint.id,
        "name": null,
        "token": secret.expose(),
        "createdAt": token.created_at,
        "expiresAt": null,
        "scopes": null,
    }))
}
