//! The context of every request. One layer does all of the following:
//!
//! * gives the request an id: the caller's, if it is harmless, else a new one;
//! * refuses requests that can be refused without a look-up;
//! * runs the layer of the wire API;
//! * puts errors into the right shape, also after a panic;
//! * sets security headers for browsers.
//!
//! It is one layer because each further layer would add another future around the handler and
//! another copy of the routes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use campanile_accounts::OrganisationId;
use campanile_base::{Clock, bounds, new_id};
use campanile_db::on_behalf_of;
use campanile_http::error::in_shape_of;
use campanile_http::{Web, error, origins, request_id};
use campanile_wire_svix as svix;
use futures_util::FutureExt as _;

use crate::api::parameters;
use crate::door::{BodyShare, PeerAddress, Places, Rates, Refusal};

const HEADER: &str = "x-request-id";
/// The content security policy of pages that do not set one. Such pages hold only text and a form.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// The state of the layer.
pub(crate) struct RequestContext {
    pub(crate) web: Web,
    pub(crate) places: Places,
    pub(crate) rates: Rates,
    /// True if the public address of this server is https.
    pub(crate) is_https: bool,
}

/// Answers a request. Adds its id to the answer and the log, and records its duration.
pub(crate) async fn answer_in_context(
    State(context): State<Arc<RequestContext>>,
    request: Request,
    next: Next,
) -> Response {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let id = given.filter(harmless).map_or_else(|| new_id("req", Clock::System.now()), str::to_owned);
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |path| path.as_str().to_owned());
    let began = Instant::now();
    let mut response = request_id::scope(id.clone(), guarded(&context, request, next)).await;
    let status = response.status().as_u16();
    let seconds = began.elapsed().as_secs_f64();
    match status {
        500.. => tracing::warn!(request_id = id, method, route, status, seconds, "a request failed"),
        400.. => tracing::info!(request_id = id, method, route, status, "a request was refused"),
        _ => tracing::debug!(request_id = id, method, route, status, seconds, "answered"),
    }
    metrics::histogram!("campanile_http_seconds", "method" => method, "route" => route, "status" => status.to_string())
        .record(seconds);
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(HEADER, value);
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        // Tells clients when to try again.
        response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    protect(response.headers_mut(), context.is_https);
    response
}

/// The method as a metric label. Unknown methods become `other`: a caller must not be able to
/// create labels.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Answers a request within its limits. A refused body decides the answer, whatever the handler did
/// with it.
async fn guarded(context: &RequestContext, request: Request, next: Next) -> Response {
    let web = &context.web;
    let uri = request.uri().clone();
    // Held until there is an answer: the values parsed from the body live as long.
    let share = request.extensions().get::<BodyShare>().cloned();
    let mut answered = match refused(context, &request) {
        Some(refused) => {
            drop(request);
            refused
        }
        None => {
            let organisation = web.known_keys.organisation_of(&web.app, request.headers());
            let _place = match &organisation {
                Some(organisation) => context.places.enter(organisation).await,
                None => None,
            };
            if let (Some(share), Some(_)) = (&share, &organisation) {
                share.is_of_known_caller();
            }
            // Callers that are not known yet share one turn.
            let tenant = organisation.as_ref().map_or("", OrganisationId::as_str);
            on_behalf_of(tenant.into(), caught(uri.path(), answer(web, request, next))).await
        }
    };
    let Some(share) = share else { return answered };
    if let Some(refusal) = share.refusal() {
        answered = body_refused(uri.path(), refusal);
    }
    // A client that is still sending does not read the answer.
    if answered.status() != StatusCode::SWITCHING_PROTOCOLS && !share.throw_rest_away().await {
        answered.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answered
}

fn body_refused(path: &str, refusal: Refusal) -> Response {
    let (status, code, message) = refusal.answer();
    in_shape_of(path, status, code, &message)
}

/// A handler's answer, or a 500 if it panicked. The panic hook has already logged the message and
/// the place.
fn caught(path: &str, answer: impl Future<Output = Response>) -> impl Future<Output = Response> {
    AssertUnwindSafe(answer).catch_unwind().map(move |answer| {
        answer.unwrap_or_else(|_| {
            tracing::error!(request_id = request_id::current(), path, "a request failed: its handler panicked");
            in_shape_of(path, StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "an internal error occurred")
        })
    })
}

/// The answer to a request that is refused before anything is looked up. `None` if it may go on.
fn refused(context: &RequestContext, request: &Request) -> Option<Response> {
    let path = request.uri().path();
    let too_long = |what: &str, most: usize| {
        let why = format!("the {what} may have {most} bytes at most");
        Some(in_shape_of(path, StatusCode::URI_TOO_LONG, "VALIDATION_ERROR", &why))
    };
    if path.len() > bounds::PATH_BYTES {
        return too_long("path", bounds::PATH_BYTES);
    }
    if request.uri().query().is_some_and(|query| query.len() > bounds::QUERY_BYTES) {
        return too_long("query", bounds::QUERY_BYTES);
    }
    let head = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    if request.headers().iter().map(head).sum::<usize>() > bounds::HEAD_BYTES {
        let why = format!("the headers may have {} bytes at most", bounds::HEAD_BYTES);
        return Some(in_shape_of(path, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "VALIDATION_ERROR", &why));
    }
    if let Some(refusal) = request.extensions().get::<BodyShare>().and_then(BodyShare::refusal) {
        return Some(body_refused(path, refusal));
    }
    let peer = request.extensions().get::<PeerAddress>().map(|peer| peer.0);
    let wait = context.rates.take(request.headers(), peer)?;
    let why = "too many requests; try again in a while";
    let mut answer = in_shape_of(path, StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", why);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    Some(answer)
}

async fn answer(web: &Web, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let path = uri.path();
    let answer = if path.starts_with("/api/v1/") {
        svix::layered(web, request, next).await
    } else if path.starts_with("/v1/") {
        match origins::preflight(&request) {
            Some(answer) => answer,
            None => origins::open(next.run(request).await),
        }
    } else if let Err(why) = understood(&request) {
        in_shape_of(path, StatusCode::BAD_REQUEST, "VALIDATION_ERROR", &why)
    } else {
        next.run(request).await
    };
    error::always_json(path, answer).await
}

/// Refuses unknown or repeated query parameters on our own API. Deliveries are exempt: providers
/// may add any parameter to their URLs.
fn understood(request: &Request) -> Result<(), String> {
    let path = request.uri().path();
    let (Some(query), true) = (request.uri().query(), path.starts_with("/api/") && !path.starts_with("/api/ingest/"))
    else {
        return Ok(());
    };
    match request.extensions().get::<MatchedPath>() {
        Some(route) => parameters::check(request.method(), route.as_str(), query),
        None => Ok(()),
    }
}

/// Adds security and caching headers, unless the answer has set them itself.
fn protect(headers: &mut HeaderMap, is_https: bool) {
    let mut unless_said = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    unless_said(X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_said(REFERRER_POLICY, "no-referrer");
    unless_said(CACHE_CONTROL, "no-store");
    if is_https {
        unless_said(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn a_method_that_nobody_knows_is_no_label() {
        assert_eq!(known_method(&Method::PATCH), "PATCH");
        assert_eq!(known_method(&Method::from_bytes(b"Z1").unwrap()), "other");
    }

    #[test]
    fn a_page_without_a_policy_of_its_own_runs_nothing_and_is_framed_by_nobody() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        protect(&mut headers, true);
        assert!(headers[CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
        assert_eq!(
            (&headers[X_FRAME_OPTIONS], &headers[X_CONTENT_TYPE_OPTIONS]),
            (&"DENY".parse().unwrap(), &"nosniff".parse().unwrap())
        );
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_the_id_of_its_request() {
        let panics = async { panic!("a handler's fault") };
        let answer = request_id::scope("req_1".to_owned(), caught("/api/keys", panics)).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(body.windows(5).any(|word| word == b"req_1"), "{body:?}");
    }

    #[test]
    fn an_answers_own_words_win() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'; frame-ancestors *"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        protect(&mut headers, false);
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        assert!(!headers.contains_key(X_FRAME_OPTIONS) && !headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }
}
