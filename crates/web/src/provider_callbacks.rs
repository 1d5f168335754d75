//! Requests that come back from sent notifications: status reports of providers, clicks and opens
//! of tracked links, and unsubscriptions.
//!
//! These callers have no key. Providers sign their requests. The links in mails carry a sealed
//! token that names the message or the recipient.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, bounds};
use campanile_channels::{DeliveryState, email, sms};
use campanile_http::Web;
use campanile_http::error::log_internal;
use campanile_http::link_pages::{invalid_link, page};
use campanile_notify::channels::Channel;
use campanile_notify::tracking::{self, Tracked};
use campanile_notify::{Notify, channels, provider_callbacks};
use serde_json::{Value, json};

/// A transparent GIF of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/t/{token}", get(followed))
        .route("/t/{token}/open.gif", get(opened))
        .route("/unsubscribe/{token}", get(unsubscribing).post(unsubscribe))
        .route("/providers/resend/{organisation}/{channel}", post(resend))
        .route("/providers/twilio/{organisation}/{channel}/{message}", post(twilio))
}

/// Redirects to the target of a tracked link, even if the click could not be recorded.
async fn followed(State(web): State<Web>, Path(token): Path<String>) -> Response {
    let tracked = Tracked::open(&web.app.notify, &token);
    let Some(Tracked::Link { url, .. }) = &tracked else { return invalid_link() };
    let Ok(location) = HeaderValue::try_from(url) else { return invalid_link() };
    if let Some(tracked) = tracked {
        note(&web, tracked).await;
    }
    (StatusCode::FOUND, [(LOCATION, location)]).into_response()
}

async fn opened(State(web): State<Web>, Path(token): Path<String>) -> Response {
    if let Some(tracked @ Tracked::Open { .. }) = Tracked::open(&web.app.notify, &token) {
        note(&web, tracked).await;
    }
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("image/gif")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store, private")),
    ];
    (headers, PIXEL).into_response()
}

async fn note(web: &Web, tracked: Tracked) {
    if let Err(error) = tracking::happened(&web.app.notify, tracked).await {
        log_internal(&error);
    }
}

/// Shows a page that asks for confirmation. It changes nothing, because mail programs open links
/// before people do.
async fn unsubscribing(State(web): State<Web>, Path(token): Path<String>) -> Response {
    match Tracked::open(&web.app.notify, &token) {
        Some(Tracked::Unsubscribe { .. }) => Html(page(
            "<p>Do you want no more news and offers?</p><form method=\"post\"><button>Unsubscribe</button></form>",
        ))
        .into_response(),
        _ => invalid_link(),
    }
}

async fn unsubscribe(State(web): State<Web>, Path(token): Path<String>) -> Response {
    let Some(tracked @ Tracked::Unsubscribe { .. }) = Tracked::open(&web.app.notify, &token) else {
        return invalid_link();
    };
    match tracking::happened(&web.app.notify, tracked).await {
        Ok(()) => Html(page("<p>You will get no more of these.</p>")).into_response(),
        Err(error) => {
            log_internal(&error);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn channel(web: &Web, organisation: &OrganisationId, id: String) -> Result<Channel> {
    let (notify, organisation) = (web.app.notify.clone(), organisation.clone());
    let read =
        web.app.db.read(move |tx| Box::pin(async move { channels::find(tx, &notify, &organisation, &id).await }));
    read.await?.ok_or(Error::NotFound(Thing::Channel))
}

async fn resend(
    State(web): State<Web>,
    Path((organisation, id)): Path<(OrganisationId, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(channel) = channel(&web, &organisation, id).await else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(body) = to_bytes(body, bounds::BODY_BYTES).await else { return StatusCode::BAD_REQUEST.into_response() };
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
    let intake = match email::intake(&channel, &web.app.clock, header, &body) {
        Ok(Some(intake)) => intake,
        Ok(None) => return StatusCode::NO_CONTENT.into_response(),
        Err(bad) => return (StatusCode::UNAUTHORIZED, bad.to_string()).into_response(),
    };
    let notify = web.app.notify.clone();
    let write = web.app.db.write(move |tx| {
        Box::pin(async move { provider_callbacks::take_in(tx, &notify, &organisation, &channel, intake).await })
    });
    answered(write.await)
}

async fn twilio(
    State(web): State<Web>,
    Path((organisation, id, message)): Path<(OrganisationId, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let notify = web.app.notify.clone();
    let Ok(channel) = channel(&web, &organisation, id.clone()).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(body) = to_bytes(body, bounds::BODY_BYTES).await else { return StatusCode::BAD_REQUEST.into_response() };
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let address = format!("{}{}", notify.base_url, sms::status_path(organisation.as_str(), &id, &message));
    let signature = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !sms::is_signed(&channel, &address, &form, signature) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let word = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let Some(state) = word("MessageStatus").and_then(sms::status) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let code = word("ErrorCode").map(|code| json!({ "failure_reason": "fatal_error", "failure_details": code }));
    answered(report(&notify, organisation, &channel, message, (state, code)).await)
}

async fn report(
    notify: &Notify,
    organisation: OrganisationId,
    channel: &Channel,
    message: String,
    (state, data): (DeliveryState, Option<Value>),
) -> Result<()> {
    let (within, channel) = (notify.clone(), channel.id.clone());
    let write = notify.db.write(move |tx| {
        Box::pin(async move {
            let at = within.clock.now();
            provider_callbacks::report(tx, &within, &organisation, (&channel, &message), (state, data.as_ref()), at)
                .await
        })
    });
    write.await
}

fn answered(written: Result<()>) -> Response {
    match written {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            log_internal(&error);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
