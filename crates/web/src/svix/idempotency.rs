//! Requests with an `Idempotency-Key`, which every official library sends with each POST.
//!
//! The key belongs to the caller who sends it and to the address that it is sent to; the body does not count. Messages
//! remember it themselves; for everything else the answer is kept, sealed. Who calls is recognised before an answer is looked up: who
//! would not be let in any more gets none.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use campanile_base::sha256_hex;
use campanile_webhooks::requests::{self, Answer, Turn};

use super::access::Access;
use super::error::SvixError;
use crate::Web;
use crate::caller::bearer;

const HEADER: &str = "idempotency-key";

/// How large an answer is remembered; after a larger one, a repeat is done again.
const LARGEST: usize = 1024 * 1024;

/// What a request has in common with its repeats; nothing for one without a key.
pub(super) fn of(access: &Access, headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let key = headers.get(HEADER).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())?;
    Some(sha256_hex(format!("{}\n{key}\n{uri}", who(access, headers))))
}

/// The caller and what they may do: somebody who may less than before is not given what they were answered then.
fn who(access: &Access, headers: &HeaderMap) -> String {
    let caller = access.caller();
    let organisation = caller.organisation.as_str();
    match access {
        Access::Organisation(_) => format!("{organisation} {:?} {}", caller.actor, caller.role.as_str()),
        Access::Application(_) => {
            let token = bearer(headers).ok().flatten().unwrap_or_default();
            format!("{organisation} token {}", sha256_hex(token))
        }
    }
}

/// Answers a repeat as the first was answered.
pub(super) async fn once(web: &Web, request: Request, next: Next) -> Response {
    let is_message = request.uri().path().ends_with("/msg");
    if *request.method() != Method::POST || is_message || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    // In a box: most requests have no need of it.
    Box::pin(remembered(web, request, next)).await
}

async fn remembered(web: &Web, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    // Whom nobody knows is refused by the operation itself, or asks for one that is open to all.
    let access = Access::of(&mut parts, web).await.ok();
    let hash = access.and_then(|access| of(&access, &parts.headers, &parts.uri));
    let request = Request::from_parts(parts, body);
    let Some(hash) = hash else { return next.run(request).await };
    match requests::begin(&web.app.webhooks, &hash).await {
        Ok(Turn::First) => {}
        Ok(Turn::Repeat(answer)) => return repeated(answer),
        Ok(Turn::Stuck) => {
            let detail = "An earlier request with this key is under way.".to_owned();
            return SvixError::Http(StatusCode::CONFLICT, "conflict", detail).into_response();
        }
        Err(error) => return SvixError::from(error).into_response(),
    }
    let (parts, body) = next.run(request).await.into_parts();
    // Our own answers, of which none is without bounds.
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let is_kept = parts.status.is_success() && bytes.len() <= LARGEST;
    let answer =
        is_kept.then(|| Answer { status: parts.status.as_u16(), body: String::from_utf8_lossy(&bytes).into_owned() });
    if let Err(error) = requests::end(&web.app.webhooks, &hash, answer).await {
        tracing::warn!(error = error.chain(), "an answer could not be remembered for a repeat of its request");
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn repeated(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    match answer.body.is_empty() {
        true => status.into_response(),
        false => (status, [(CONTENT_TYPE, "application/json")], answer.body).into_response(),
    }
}
