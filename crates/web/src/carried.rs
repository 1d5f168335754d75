//! What comes back from where notifications went: providers' words about them, links that were followed, and people who want no more.
//!
//! Nobody here has a key. Providers sign; the addresses in mails are sealed with what they name.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, bounds};
use campanile_notify::channels::{Channel, email, sms};
use campanile_notify::messages::{EventKind, Status};
use campanile_notify::tracking::{self, Tracked};
use campanile_notify::{Notify, channels, sending};
use serde_json::{Value, json};

use crate::Web;
use crate::error::log_internal;

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

/// A link leads on, whatever becomes of the note that it did.
async fn followed(State(web): State<Web>, Path(token): Path<String>) -> Response {
    let tracked = Tracked::open(&web.app.notify, &token);
    let Some(Tracked::Link { url, .. }) = &tracked else { return run_out() };
    let Ok(location) = HeaderValue::try_from(url) else { return run_out() };
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

/// Mail programs look at links before people do: looking changes nothing.
async fn unsubscribing(State(web): State<Web>, Path(token): Path<String>) -> Response {
    match Tracked::open(&web.app.notify, &token) {
        Some(Tracked::Unsubscribe { .. }) => Html(page(
            "<p>Do you want no more news and offers?</p><form method=\"post\"><button>Unsubscribe</button></form>",
        ))
        .into_response(),
        _ => run_out(),
    }
}

async fn unsubscribe(State(web): State<Web>, Path(token): Path<String>) -> Response {
    let Some(tracked @ Tracked::Unsubscribe { .. }) = Tracked::open(&web.app.notify, &token) else { return run_out() };
    match tracking::happened(&web.app.notify, tracked).await {
        Ok(()) => Html(page("<p>You will get no more of these.</p>")).into_response(),
        Err(error) => {
            log_internal(&error);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// An address that is none of ours, or that was good once.
pub(crate) fn run_out() -> Response {
    (StatusCode::NOT_FOUND, Html(page("<p>This link is not valid, or no longer.</p>"))).into_response()
}

fn page(body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Campanile</title>\
         <body style=\"font:16px/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem\">{body}</body></html>"
    )
}

async fn channel(web: &Web, organisation: &OrganisationId, id: String) -> Result<Channel> {
    let (notify, organisation) = (web.app.notify.clone(), organisation.clone());
    let read =
        web.app.db.read(move |tx| Box::pin(async move { channels::find(tx, &notify, &organisation, &id).await }));
    read.await?.ok_or(Error::NotFound("channel"))
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
    let write = web
        .app
        .db
        .write(move |tx| Box::pin(async move { email::take_in(tx, &notify, &organisation, &channel, intake).await }));
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
    let address = format!("{}/providers/twilio/{organisation}/{id}/{message}", notify.base_url);
    let signature = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !sms::is_signed(&channel, &address, &form, signature) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let word = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let Some((status, kind)) = word("MessageStatus").and_then(sms::status) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let code = word("ErrorCode").map(|code| json!({ "failure_reason": "fatal_error", "failure_details": code }));
    answered(said_later(&notify, organisation, &channel, message, (status, kind, code)).await)
}

async fn said_later(
    notify: &Notify,
    organisation: OrganisationId,
    channel: &Channel,
    message: String,
    (status, kind, data): (Status, EventKind, Option<Value>),
) -> Result<()> {
    let (within, channel) = (notify.clone(), channel.id.clone());
    let write = notify.db.write(move |tx| {
        Box::pin(async move {
            let at = within.clock.now();
            sending::said_later(tx, &within, &organisation, &channel, &message, (status, kind, data.as_ref()), at).await
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
