//! The route: what must hold before the protocol is spoken.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Json, RequestExt as _, Router};
use bytes::Bytes;
use campanile_app::App;
use campanile_http::{Web, request_id};
use http_body_util::Full;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use url::Url;

use crate::access::{self, Scope};
use crate::server::{CallContext, Tools};

/// The largest request, in bytes.
const MOST_BYTES: usize = 256 * 1024;
/// Names of this machine. No foreign page can have them in its address.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

type Service = StreamableHttpService<Tools, NeverSessionManager>;

/// The route of the protocol.
pub fn router(app: &App) -> Router<Web> {
    let tools = Tools::new(app.clone());
    let service: Service =
        StreamableHttpService::new(move || Ok(tools.clone()), Arc::default(), configuration(&app.base_url));
    Router::new().route("/mcp", any(answer)).layer(DefaultBodyLimit::max(MOST_BYTES)).layer(Extension(service))
}

/// Each request stands for itself, and is answered with JSON. Requests must be addressed to the
/// public name of this server, and pages of other origins are refused: a page whose name suddenly
/// points here could otherwise call an address that only its reader can reach.
fn configuration(base_url: &str) -> StreamableHttpServerConfig {
    let configuration = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MOST_BYTES)
        .enforce_origin_validation();
    let Ok(own) = Url::parse(base_url) else { return configuration };
    let host = own.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = own.port_or_known_default().unwrap_or(443);
    let origin = |host: &str| match host.contains(':') {
        true => format!("{}://[{host}]:{port}", own.scheme()),
        false => format!("{}://{host}:{port}", own.scheme()),
    };
    let origins: Vec<String> = match LOOPBACK.contains(&host) {
        true => LOOPBACK.iter().map(|name| origin(name)).collect(),
        false => vec![origin(host)],
    };
    configuration.with_allowed_hosts(LOOPBACK.into_iter().chain([host])).with_allowed_origins(origins)
}

/// Answers a message of the protocol.
async fn answer(State(web): State<Web>, Extension(service): Extension<Service>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let scope = match Scope::of(&web, &parts).await {
        Ok(scope) => scope,
        Err(error) => return access::refused(&web, &parts.headers, error),
    };
    let mut request = Request::from_parts(parts, body);
    let is_message = request.method() == Method::POST && is_json(request.headers());
    request.extensions_mut().insert(CallContext { scope, request_id: request_id::current() });
    if !is_message {
        return handed_over(&service, request.map(|_| Full::default())).await;
    }
    let (parts, body) = request.into_parts();
    let mut reading = Request::new(body);
    // The limit of the body travels with the request.
    *reading.extensions_mut() = parts.extensions.clone();
    let bytes = match reading.extract::<Bytes, _>().await {
        Ok(bytes) => bytes,
        Err(refusal) => return refusal.into_response(),
    };
    if let Err(refusal) = one_message(&bytes) {
        return refusal.into_response();
    }
    let answered = handed_over(&service, Request::from_parts(parts, Full::new(bytes.clone()))).await;
    match answered.status() {
        // It is JSON, as was checked, but no message of the protocol.
        StatusCode::UNSUPPORTED_MEDIA_TYPE => no_message(&bytes),
        _ => answered,
    }
}

async fn handed_over(service: &Service, request: Request<Full<Bytes>>) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let answered = service.handle(request).await;
    if answered.status() == StatusCode::FORBIDDEN {
        tracing::debug!(?origin, "a request to the tools came from a foreign page, or for a foreign host");
    }
    answered.map(Body::new)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// An error of JSON-RPC for a body without a message: its code and its sentence.
#[derive(Debug, PartialEq, Eq)]
struct Refusal(i32, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": self.0, "message": self.1 } });
        (StatusCode::BAD_REQUEST, Json(error)).into_response()
    }
}

/// The answer to JSON that is no message of the protocol. A request whose params are a list, or no
/// container at all, is one of JSON-RPC, and so has its id in the answer.
fn no_message(body: &[u8]) -> Response {
    let refusal = Refusal(-32600, "the body must be one JSON-RPC message of the protocol");
    let Ok(message) = serde_json::from_slice::<Value>(body) else { return refusal.into_response() };
    let is_request = message["method"].is_string() && (message["id"].is_string() || message["id"].is_number());
    if !is_request || message["params"].is_object() || message["params"].is_null() {
        return refusal.into_response();
    }
    let error = json!({ "code": -32602, "message": "params must be an object" });
    (StatusCode::BAD_REQUEST, Json(json!({ "jsonrpc": "2.0", "id": message["id"], "error": error }))).into_response()
}

/// Refuses what is not one JSON object. Batches were part of one revision only, and a batch of a
/// thousand calls would be counted as one request.
fn one_message(body: &[u8]) -> Result<(), Refusal> {
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return Err(Refusal(-32700, "the body is not JSON"));
    }
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Ok(()),
        Some(b'[') => Err(Refusal(-32600, "batches are not supported: send one message at a time")),
        _ => Err(Refusal(-32600, "the body must be one JSON-RPC message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_object() {
        assert_eq!(one_message(br#" {"jsonrpc":"2.0"}"#), Ok(()));
        assert_eq!(one_message(b"[]").unwrap_err().0, -32600);
        assert_eq!(one_message(b"7").unwrap_err().0, -32600);
        for wrong in ["", "{", "{} {}", "\u{feff}{}"] {
            assert_eq!(one_message(wrong.as_bytes()).unwrap_err().0, -32700, "{wrong:?}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(one_message(deep.as_bytes()).is_err());
    }

    #[test]
    fn the_public_name_and_loopback_are_served_and_only_own_pages() {
        let public = configuration("https://bell.example.com/");
        assert_eq!(public.allowed_hosts, ["localhost", "127.0.0.1", "::1", "bell.example.com"]);
        assert_eq!(public.allowed_origins, ["https://bell.example.com:443"]);
        let local = configuration("http://127.0.0.1:4400");
        assert_eq!(local.allowed_origins, ["http://localhost:4400", "http://127.0.0.1:4400", "http://[::1]:4400"]);
    }
}
