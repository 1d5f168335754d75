//! Events that outside programs send. They start the workflows that listen for them and wake the
//! runs that wait for them. If an event names a recipient, it also wakes that recipient's
//! notification runs.

use axum::extract::State;
use axum::http::StatusCode;
use campanile_base::Error;
use campanile_engine::NewEvent;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::Configuring;
use campanile_http::error::ApiResult;
use campanile_notify::signals;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Prefixes of event names that are reserved for the server.
const OURS: [&str; 2] = ["engine/", "webhooks/"];

/// An event to send.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventIn {
    /// The name of the event, such as `notification.dispatch`. At most 255 bytes.
    name: String,
    /// The data of the event.
    #[serde(default)]
    data: Value,
    /// An id chosen by the sender. A second event with the same id does nothing.
    id: Option<String>,
}

/// An event that was sent.
#[derive(Serialize, ToSchema)]
pub(super) struct EventSent {
    /// The id of the event.
    id: String,
}

/// Sends an event to the organisation's workflows.
#[utoipa::path(post, path = "/api/events", tag = "runs",
    responses((status = 202, body = EventSent), (status = 400), (status = 403)))]
pub(super) async fn send(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(asked): Json<EventIn>,
) -> ApiResult<(StatusCode, Json<EventSent>)> {
    let name = asked.name.trim();
    if name.is_empty() || name.len() > 255 || OURS.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(Error::invalid_field("name", "must be at most 255 bytes, and no event of the server's own").into());
    }
    let event = NewEvent::new(name, caller.organisation.as_str(), &asked.data);
    let event = match asked.id {
        Some(id) => event.id(id),
        None => event,
    };
    let (app, name) = (web.app.clone(), name.to_owned());
    let sent = web.app.db.write(move |tx| {
        Box::pin(async move {
            let sent = app.engine.send(tx, event).await?;
            if sent.is_new {
                signals::of_source(tx, &app.notify, &caller.organisation, &name, &asked.data).await?;
            }
            Ok::<_, Error>(sent.id)
        })
    });
    let sent = sent.await?;
    Ok((StatusCode::ACCEPTED, Json(EventSent { id: sent })))
}
