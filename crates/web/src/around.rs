//! What is around every request: its id, taken from the caller when it is harmless, else made up; what its wire API has around
//! its operations; the shape of errors. One layer for all of it: each is a future of its own, and a copy of the routes.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use campanile_base::{Clock, new_id};

use crate::{Web, error, origins, svix};

const HEADER: &str = "x-request-id";

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that this task answers; empty outside of one.
pub(crate) fn current() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Answers a request: gives it its id, notes it in the answer, the log and the measurements.
pub(crate) async fn around(State(web): State<Web>, request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let id = given.filter(harmless).map_or_else(|| new_id("req", Clock::System.now()), str::to_owned);
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |path| path.as_str().to_owned());
    let began = Instant::now();
    let mut response = CURRENT.scope(id.clone(), answer(&web, request, next)).await;
    let status = response.status().as_u16();
    let seconds = began.elapsed().as_secs_f64();
    tracing::debug!(request_id = id, method, route, status, seconds, "answered");
    metrics::histogram!("campanile_http_seconds", "method" => method, "route" => route, "status" => status.to_string())
        .record(seconds);
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

async fn answer(web: &Web, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let answer = if path.starts_with("/api/v1/") {
        svix::around(web, request, next).await
    } else if path.starts_with("/v1/") {
        match origins::preflight(&request) {
            Some(answer) => answer,
            None => origins::open(next.run(request).await),
        }
    } else {
        next.run(request).await
    };
    error::always_json(answer).await
}
