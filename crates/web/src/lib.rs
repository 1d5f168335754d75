//! Speaks HTTP for the app: one folder per wire API, one file per resource.
//!
//! * `api`: our own API, at `/api/<noun>`, and the entrance for deliveries.
//! * `svix`: the Svix API, at `/api/v1`.
//! * `knock`: the Knock API, at `/v1`.
//! * `console`: the embedded console, on every path that is left.
//! * `door`: what holds before a request is understood: times, counts and sizes.
//!
//! Every answer to a program is JSON, errors and unknown routes too, in the shape of the API that
//! the path belongs to; every answer carries an `x-request-id`.

mod api;
mod around;
mod caller;
mod carried;
mod console;
mod door;
#[cfg(feature = "fuzzing")]
pub mod entrances;
mod error;
mod knock;
mod origins;
mod svix;

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use axum::routing::get;
use campanile_app::App;
use campanile_base::bounds;
use futures_util::future::{BoxFuture, Either};
use futures_util::{FutureExt as _, TryFutureExt as _};
use metrics_exporter_prometheus::PrometheusHandle;
use tower::util::MapRequest;
use tower::{Layer as _, Service};
use tower_http::CompressionLevel;
use tower_http::compression::predicate::{And, Predicate as _, SizeAbove};
use tower_http::compression::{Compression, CompressionLayer};

pub use api::openapi;
pub use door::{DoorSettings, serve};

/// What every handler can ask for.
#[derive(Clone)]
struct Web(Arc<Parts>);

/// What all handlers share.
struct Parts {
    app: App,
    metrics: Option<PrometheusHandle>,
    portal_policy: axum::http::HeaderValue,
    known_keys: caller::KnownKeys,
    places: door::Places,
    rates: door::Rates,
    /// Slows down who tries passwords and links.
    brake: campanile_accounts::sessions::Brake,
    /// Whether people reach this server by https alone.
    is_https: bool,
}

impl Deref for Web {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// How the surface is set up.
pub struct Settings {
    /// What `/metrics` tells.
    pub metrics: Option<PrometheusHandle>,
    /// Whose pages may embed the portal, as a policy's `frame-ancestors` lists them.
    pub portal_ancestors: String,
    /// What the door allows.
    pub door: DoorSettings,
}

/// All routes, behind what tidies paths before they are looked up.
pub type Surface = MapRequest<Packing, fn(Request) -> Request>;

type IsWorthIt = And<SizeAbove, fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool>;

/// All routes, twice: whoever takes compressed answers goes by the way that makes them, and nobody else pays for it.
#[derive(Clone)]
pub struct Packing {
    plain: Router,
    packed: Compression<Router, IsWorthIt>,
}

impl Packing {
    fn of(plain: Router) -> Self {
        let is_text: fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool = is_text;
        // Outermost: whatever reads an answer on its way reads it as it was made.
        let layer = CompressionLayer::new()
            .quality(CompressionLevel::Fastest)
            .compress_when(SizeAbove::new(COMPRESSED_FROM).and(is_text));
        Self { packed: layer.layer(plain.clone()), plain }
    }
}

impl Service<Request> for Packing {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<RouteFuture<Infallible>, BoxFuture<'static, Result<Response, Infallible>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match request.headers().contains_key(ACCEPT_ENCODING) {
            true => Either::Right(self.packed.call(request).map_ok(|answer| answer.map(Body::new)).boxed()),
            false => Either::Left(self.plain.call(request)),
        }
    }
}

/// From how many bytes on an answer is sent compressed to whoever takes that.
const COMPRESSED_FROM: u16 = 1_024;

/// Texts are compressed: a stream of news goes out as it comes, and pictures are compressed already.
fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let texts = ["text/", "application/json", "image/svg"];
    texts.iter().any(|text| kind.starts_with(text)) && !kind.starts_with("text/event-stream")
}

/// All routes.
///
/// # Panics
/// When the list of ancestors has characters that no header has.
pub fn router(app: App, settings: Settings) -> Surface {
    let Settings { metrics, portal_ancestors, door } = settings;
    let portal_policy = console::portal_policy(&portal_ancestors).expect("the settings were checked");
    let rates = door::Rates::new(door.requests_per_key, door.requests_per_token);
    let is_https = app.base_url.starts_with("https://");
    let (known_keys, places, brake) = Default::default();
    let web = Web(Arc::new(Parts { app, metrics, portal_policy, known_keys, places, rates, brake, is_https }));
    let routes = Router::new()
        .merge(api::router())
        .nest("/api/v1", svix::router())
        .nest("/v1", knock::router())
        .merge(carried::router())
        .route("/p/{token}", get(knock::preference_center::page).post(knock::preference_center::save))
        .route("/providers/slack/authenticate", get(knock::slack::authenticate))
        .route("/oauth/slack/callback", get(knock::slack::authenticate))
        .route("/providers/ms-teams/authenticate", get(knock::teams::authenticate))
        .route("/ws/v1/websocket", get(knock::socket::open))
        .route("/portal", get(console::portal))
        .route("/portal/{*rest}", get(console::portal))
        .fallback(console::serve)
        .layer(DefaultBodyLimit::max(bounds::BODY_BYTES))
        .layer(axum::middleware::from_fn_with_state(web.clone(), around::around))
        .with_state(web);
    MapRequest::new(Packing::of(routes), svix::tidied)
}
