//! OAuth for assistants: the documents by which a client finds its way, and the calls that it makes
//! by itself. The page on which a person decides is the console's, at `/oauth/authorize`.
//!
//! The shapes are those of the standards: RFC 9728 and RFC 8414 for the documents, RFC 7591 for
//! registration, RFC 6749 for tokens, RFC 7009 for revocation. Pages of any origin may call: no
//! cookie counts here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use campanile_accounts::assistants::consents::Issuer;
use campanile_accounts::assistants::tokens::{self, Exchange, Fault, Pair};
use campanile_accounts::assistants::{SCOPE, clients};
use campanile_base::{Error, Result, Secret};
use campanile_http::body::objects::ObjectsOnly;
use campanile_http::error::ApiError;
use campanile_http::{Web, origins};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::door::{PeerAddress, Rates};

/// The largest request, in bytes.
const MOST_BYTES: usize = 32 * 1024;
/// The pace of registrations from one address, after thirty at once.
const REGISTRATION_EVERY: Duration = Duration::from_millis(200);

/// The routes.
pub(crate) fn router() -> Router<Web> {
    let registrations = Arc::new(Rates::new(0, 0));
    Router::new()
        .route("/.well-known/oauth-protected-resource", get(resource))
        .route("/.well-known/oauth-protected-resource/mcp", get(resource))
        .route("/.well-known/oauth-authorization-server", get(server))
        .route("/oauth/register", post(register))
        .route("/oauth/token", post(token))
        .route("/oauth/revoke", post(revoke))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(Extension(registrations))
        .layer(axum::middleware::from_fn(for_all_origins))
}

async fn for_all_origins(request: Request, next: Next) -> Response {
    match origins::preflight(&request) {
        Some(answer) => answer,
        None => origins::open(next.run(request).await),
    }
}

/// The description of the tools as a protected resource.
async fn resource(State(web): State<Web>) -> Json<Value> {
    Json(json!({
        "resource": web.app.tools_address(),
        "resource_name": "Campanile",
        "authorization_servers": [web.app.base_url],
        "scopes_supported": [SCOPE],
        "bearer_methods_supported": ["header"],
    }))
}

/// The description of this server as an authorization server.
async fn server(State(web): State<Web>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", web.app.base_url);
    Json(json!({
        "issuer": web.app.base_url,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "registration_endpoint": at("/oauth/register"),
        "revocation_endpoint": at("/oauth/revoke"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": [SCOPE],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// An error in the shape of OAuth.
struct OauthError(StatusCode, &'static str, String);

impl OauthError {
    fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, code, why.into())
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1, "error_description": self.2 }))).into_response()
    }
}

/// The fields of a registration that count. A client may send more; what it gets is in the answer.
#[derive(Deserialize)]
struct Registration {
    redirect_uris: Vec<String>,
    client_name: Option<String>,
}

async fn register(
    State(web): State<Web>,
    Extension(rates): Extension<Arc<Rates>>,
    peer: Option<Extension<PeerAddress>>,
    body: Bytes,
) -> Response {
    let peer: Option<IpAddr> = peer.map(|Extension(peer)| peer.0);
    if rates.take_as(peer, REGISTRATION_EVERY).is_some() {
        let why = "too many registrations from this address; try again in a while".to_owned();
        return OauthError(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", why).into_response();
    }
    let ObjectsOnly(Registration { redirect_uris, client_name }) = match serde_json::from_slice(&body) {
        Ok(registration) => registration,
        Err(error) => return OauthError::new("invalid_client_metadata", error.to_string()).into_response(),
    };
    let clock = web.app.clock.clone();
    let made = web.app.db.write(move |tx| {
        Box::pin(async move { clients::register(tx, &clock, client_name.as_deref(), redirect_uris).await })
    });
    match made.await {
        Ok(client) => {
            let view = json!({
                "client_id": client.id,
                "client_id_issued_at": web.app.clock.now().as_micros() / 1_000_000,
                "client_name": client.name,
                "redirect_uris": client.redirect_uris,
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "scope": SCOPE,
            });
            (StatusCode::CREATED, Json(view)).into_response()
        }
        Err(error @ Error::InvalidField { .. }) => {
            OauthError::new("invalid_redirect_uri", error.to_string()).into_response()
        }
        Err(error) => ApiError(error).into_response(),
    }
}

/// The fields of a form, each once.
struct Form(HashMap<String, String>);

impl Form {
    fn read(headers: &HeaderMap, body: &[u8]) -> std::result::Result<Self, OauthError> {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(OauthError::new("invalid_request", "the body must be application/x-www-form-urlencoded"));
        }
        let mut fields = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(OauthError::new("invalid_request", "a field is said twice"));
            }
        }
        Ok(Self(fields))
    }

    fn taken(&mut self, name: &'static str) -> std::result::Result<String, OauthError> {
        let value = self.0.remove(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| OauthError::new("invalid_request", format!("{name} is missing")))
    }
}

async fn token(State(web): State<Web>, headers: HeaderMap, body: Bytes) -> Response {
    match granted(&web, &headers, &body).await {
        Ok(Ok(pair)) => Json(json!({
            "access_token": pair.access.expose(),
            "token_type": "Bearer",
            "expires_in": tokens::ACCESS_FOR.as_secs(),
            "refresh_token": pair.refresh.expose(),
            "scope": SCOPE,
        }))
        .into_response(),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(error) => ApiError(error).into_response(),
    }
}

async fn granted(web: &Web, headers: &HeaderMap, body: &[u8]) -> Result<std::result::Result<Pair, OauthError>> {
    let asked = Form::read(headers, body).and_then(Grant::read);
    let asked = match asked {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let app = web.app.clone();
    let given = web.app.db.write(move |tx| {
        Box::pin(async move {
            let resource = app.tools_address();
            let issuer = Issuer { address: &app.base_url, resource: &resource };
            match &asked {
                Grant::Code(exchange) => tokens::exchange(tx, &app.clock, issuer, exchange).await,
                Grant::Refresh { token, client_id, resource } => {
                    tokens::refresh(tx, &app.clock, issuer, (token, client_id, resource.as_deref())).await
                }
            }
        })
    });
    Ok(given.await?.map_err(|fault| match fault {
        Fault::Grant => {
            OauthError::new("invalid_grant", "the code or token is not valid any more, or not for this client")
        }
        Fault::Target => OauthError::new("invalid_target", "the tokens are for another address"),
    }))
}

/// A request for tokens.
enum Grant {
    Code(Exchange),
    Refresh { token: Secret, client_id: String, resource: Option<String> },
}

impl Grant {
    fn read(mut form: Form) -> std::result::Result<Self, OauthError> {
        let resource = form.0.remove("resource");
        match form.taken("grant_type")?.as_str() {
            "authorization_code" => Ok(Self::Code(Exchange {
                code: Secret::new(form.taken("code")?),
                client_id: form.taken("client_id")?,
                redirect_uri: form.taken("redirect_uri")?,
                verifier: Secret::new(form.taken("code_verifier")?),
                resource,
            })),
            "refresh_token" => Ok(Self::Refresh {
                token: Secret::new(form.taken("refresh_token")?),
                client_id: form.taken("client_id")?,
                resource,
            }),
            _ => {
                let why = "grant_type must be authorization_code or refresh_token";
                Err(OauthError::new("unsupported_grant_type", why))
            }
        }
    }
}

async fn revoke(State(web): State<Web>, headers: HeaderMap, body: Bytes) -> Response {
    let token = match Form::read(&headers, &body).and_then(|mut form| form.taken("token")) {
        Ok(token) => Secret::new(token),
        Err(refusal) => return refusal.into_response(),
    };
    let clock = web.app.clock.clone();
    let ended = web.app.db.write(move |tx| Box::pin(async move { tokens::revoke(tx, &clock, &token).await }));
    match ended.await {
        Ok(()) => Json(json!({})).into_response(),
        Err(error) => ApiError(error).into_response(),
    }
}
