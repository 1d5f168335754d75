//! Attempts, and the delivery status of messages at endpoints.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::{Error, Timestamp};
use campanile_http::Web;
use campanile_webhooks::attempts::{self, Attempt, AttemptView, Destination, Filter, Status};
use campanile_webhooks::endpoints::Endpoint;
use campanile_webhooks::messages::{self, Message};
use campanile_webhooks::tokens::Capability;
use campanile_webhooks::{delivery, endpoints};
use serde::Serialize;
use serde_json::{Value, json};

use super::access::{App, OrgManager};
use super::error::SvixResult;
use super::list::{List, PageRequest};
use super::messages::{MessageOut, missing_payload};
use super::query::{Query, one_of};

/// An attempt, with its message if that was asked for.
#[derive(Serialize)]
pub(super) struct AttemptOut {
    #[serde(flatten)]
    attempt: AttemptView,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg: Option<MessageOut>,
}

/// Options for the view of attempts.
#[derive(Clone, Copy)]
struct AttemptOptions {
    with_content: bool,
    expanded: bool,
}

impl AttemptOptions {
    fn of(query: &Query) -> SvixResult<Self> {
        // Lists of destinations have their own spelling.
        let with_content = query.flag("with_content", true)? && query.flag("withContent", true)?;
        Ok(Self { with_content, expanded: query.flag("expanded_statuses", false)? })
    }

    fn view(self, attempt: Attempt) -> AttemptView {
        let status = self.status(attempt.status);
        let mut view = AttemptView::from(attempt);
        (view.status, view.status_text) = (status.code(), status.as_str());
        if !self.with_content {
            view.response = "{}".to_owned();
        }
        view
    }

    /// The status to show. Clients that did not ask for expanded statuses see a cancelled attempt
    /// as a success.
    fn status(self, status: Status) -> Status {
        if status == Status::Canceled && !self.expanded { Status::Success } else { status }
    }
}

/// The classes of answers: the lowest status of each.
pub(super) const CLASSES: [i64; 6] = [0, 100, 200, 300, 400, 500];

fn filter(query: &Query) -> SvixResult<Filter> {
    let class = |class: i64| CLASSES.contains(&class).then_some(class);
    Ok(Filter {
        message: super::messages::filter(query)?,
        status: one_of(query, "status", Status::from_code)?,
        status_code_class: one_of(query, "status_code_class", class)?,
        endpoint: None,
    })
}

pub(super) async fn of_endpoint(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> SvixResult<Json<List<AttemptOut>>> {
    let asked = PageRequest::by_time(&query, "atmpt", web.app.clock.now())?;
    let (filter, shown, range) = (filter(&query)?, AttemptOptions::of(&query)?, asked.range.clone());
    let with_msg = query.flag("with_msg", false)?;
    let organisation = app.application.organisation_id.clone();
    let found = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &app.application, &id).await?;
            let found = attempts::of_endpoint(tx, &endpoint, &filter, &range).await?;
            let mut of_rows: HashMap<String, Message> = HashMap::new();
            for row in found.rows.iter().filter(|_| with_msg) {
                if let Entry::Vacant(place) = of_rows.entry(row.message_id.to_string()) {
                    place.insert(messages::get(tx, &app.application, row.message_id.as_str()).await?);
                }
            }
            Ok::<_, Error>((found, of_rows))
        })
    });
    let (found, of_rows) = found.await?;
    let view = |attempt: Attempt| {
        let msg = of_rows.get(attempt.message_id.as_str()).map(|message| MessageOut::of(message, false));
        AttemptOut { attempt: shown.view(attempt), msg }
    };
    Ok(Json(asked.page_of(found, |attempt| attempt.id.to_string(), view)))
}

pub(super) async fn of_message(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> SvixResult<Json<List<AttemptView>>> {
    let endpoint = query.text("endpoint_id").map(str::to_owned);
    of_message_at(&web, app, id, endpoint, &query).await
}

pub(super) async fn of_message_at_endpoint(
    State(web): State<Web>,
    app: App,
    Path((_, id, endpoint)): Path<(String, String, String)>,
    query: Query,
) -> SvixResult<Json<List<AttemptView>>> {
    of_message_at(&web, app, id, Some(endpoint), &query).await
}

async fn of_message_at(
    web: &Web,
    app: App,
    id: String,
    endpoint: Option<String>,
    query: &Query,
) -> SvixResult<Json<List<AttemptView>>> {
    let asked = PageRequest::by_time(query, "atmpt", web.app.clock.now())?;
    let (mut filter, shown, range) = (filter(query)?, AttemptOptions::of(query)?, asked.range.clone());
    let organisation = app.application.organisation_id.clone();
    let found = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let message = messages::get(tx, &app.application, &id).await?;
            if let Some(endpoint) = endpoint {
                filter.endpoint = Some(endpoints::get(tx, &app.application, &endpoint).await?.id);
            }
            attempts::of_message(tx, &message, &filter, &range).await
        })
    });
    Ok(Json(asked.page_of(found.await?, |attempt| attempt.id.to_string(), |attempt| shown.view(attempt))))
}

pub(super) async fn get(
    State(web): State<Web>,
    app: App,
    Path((_, message, id)): Path<(String, String, String)>,
    query: Query,
) -> SvixResult<Json<AttemptView>> {
    let shown = AttemptOptions::of(&query)?;
    let found = web.app.db.read(move |tx| {
        Box::pin(async move {
            let message = messages::get(tx, &app.application, &message).await?;
            attempts::get(tx, &message, &id).await
        })
    });
    Ok(Json(shown.view(found.await?)))
}

pub(super) async fn expunge(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Path((_, message, id)): Path<(String, String, String)>,
) -> SvixResult<StatusCode> {
    let gone = web.app.db.write(move |tx| {
        Box::pin(async move {
            let message = messages::get(tx, &app.application, &message).await?;
            attempts::expunge(tx, &caller, &message, &id).await
        })
    });
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The number of attempts, counted up to a bound.
pub(super) async fn count(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> SvixResult<Json<Value>> {
    const MOST: i64 = 10_000;
    let mut range = PageRequest::by_time(&query, "atmpt", web.app.clock.now())?.range;
    range.limit = MOST;
    let (filter, organisation) = (filter(&query)?, app.application.organisation_id.clone());
    let found = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &app.application, &id).await?;
            attempts::of_endpoint(tx, &endpoint, &filter, &range).await
        })
    });
    let found = found.await?;
    let many = found.rows.len() as i64;
    Ok(Json(json!({ "count": many, "approximated": many == MOST || found.stopped_at.is_some() })))
}

/// A message with its status at an endpoint.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndpointMessageOut {
    #[serde(flatten)]
    message: MessageOut,
    status: i64,
    status_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<Timestamp>,
}

pub(super) async fn messages_of(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> SvixResult<Json<List<EndpointMessageOut>>> {
    let asked = PageRequest::by_time(&query, "msg", web.app.clock.now())?;
    let (filter, shown, range) = (filter(&query)?, AttemptOptions::of(&query)?, asked.range.clone());
    let organisation = app.application.organisation_id.clone();
    let found = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &app.application, &id).await?;
            attempts::messages_of(tx, &app.application.id, &endpoint, &filter, &range).await
        })
    });
    let view = |(message, destination): (Message, Destination)| {
        let status = shown.status(destination.status());
        EndpointMessageOut {
            message: MessageOut::of(&message, shown.with_content),
            status: status.code(),
            status_text: status.as_str(),
            next_attempt: destination.next_at,
        }
    };
    Ok(Json(asked.page_of(found.await?, |(message, _)| message.id.to_string(), view)))
}

/// An endpoint with its status for a message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageEndpointOut {
    #[serde(flatten)]
    endpoint: Endpoint,
    status: i64,
    status_text: &'static str,
    next_attempt: Option<Timestamp>,
}

pub(super) async fn endpoints_of(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> SvixResult<Json<List<MessageEndpointOut>>> {
    let asked = PageRequest::by_id(&query, "ep", true)?;
    let range = asked.range.clone();
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move {
            let message = messages::get(tx, &app.application, &id).await?;
            attempts::endpoints_of(tx, &message, &range).await
        })
    });
    let view = |(endpoint, destination): (Endpoint, Destination)| MessageEndpointOut {
        endpoint,
        status: destination.last.code(),
        status_text: destination.last.as_str(),
        next_attempt: destination.next_at,
    };
    Ok(Json(asked.page(rows.await?, |(endpoint, _)| endpoint.id.to_string(), view)))
}

pub(super) async fn resend(
    State(web): State<Web>,
    app: App,
    Path((_, message, endpoint)): Path<(String, String, String)>,
) -> SvixResult<(StatusCode, Json<Value>)> {
    app.access.must(Capability::CreateAttempts)?;
    let (webhooks, caller) = (web.app.webhooks.clone(), app.access.caller());
    let is_there = web.app.db.write(move |tx| {
        Box::pin(async move {
            let message = messages::get(tx, &app.application, &message).await?;
            let endpoint = endpoints::get(tx, &app.application, &endpoint).await?;
            delivery::resend(tx, &webhooks, &caller, &message, &endpoint).await
        })
    });
    match is_there.await? {
        true => Ok((StatusCode::ACCEPTED, Json(json!({})))),
        false => Err(missing_payload()),
    }
}
