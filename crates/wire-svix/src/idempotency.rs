//! Repeats of requests with an `Idempotency-Key`. Every official library sends this header with
//! each POST.
//!
//! A key counts per caller and per URL; the body does not count. Messages remember their key
//! themselves. For all other operations the answer is stored, encrypted. The caller is recognised
//! before an answer is looked up, so a caller who has lost access gets none.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use campanile_base::sha256_hex;
use campanile_http::Web;
use campanile_http::caller::bearer;
use campanile_webhooks::requests::{self, Answer, Turn};

use super::access::Access;
use super::error::SvixError;

const HEADER: &str = "idempotency-key";

/// The largest answer, in bytes, that is stored. After a larger one, a repeat is carried out again.
const LARGEST: usize = 1024 * 1024;

/// The hash that a request shares with its repeats. `None` for a request without a key.
pub(super) fn of(access: &Access, headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let key = headers.get(HEADER).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())?;
    Some(sha256_hex(format!("{}\n{key}\n{uri}", who(access, headers))))
}

/// The caller and their rights. A caller with fewer rights than before must not get the earlier
/// answer.
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

/// Answers a repeat with the answer of the first request.
pub(super) async fn once(web: &Web, request: Request, next: Next) -> Response {
    let is_message = request.uri().path().ends_with("/msg");
    if *request.method() != Method::POST || is_message || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    // Boxed to keep this future small: most requests do not need it.
    Box::pin(remembered(web, request, next)).await
}

async fn remembered(web: &Web, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    // An unknown caller is refused by the operation itself, or the operation is open to all.
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
    // No bound is needed: these are our own answers, and each of them is bounded.
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
