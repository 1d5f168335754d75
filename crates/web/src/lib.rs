//! Speaks HTTP for the app: puts the APIs, the console and the limits together.
//!
//! * `api`: our own API, at `/api/<noun>`, and the route that receives deliveries.
//! * [`campanile_wire_svix`]: the Svix API, at `/api/v1`.
//! * [`campanile_wire_knock`]: the Knock API, at `/v1`.
//! * [`campanile_mcp`]: the tools for assistants, at `/mcp`.
//! * `oauth`: how assistants are connected by a member.
//! * `console`: the embedded console, on every other path.
//! * `door`: limits that apply before a request is parsed: times, counts and sizes.
//!
//! Answers to programs are JSON, in the shape of the API that the path belongs to. This includes
//! errors and unknown routes. Every answer carries an `x-request-id`.

mod api;
mod console;
mod door;
#[cfg(feature = "fuzzing")]
pub mod fuzz_targets;
mod oauth;
mod provider_callbacks;
mod request_context;

use std::convert::Infallible;
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
use campanile_http::Web;
use campanile_wire_knock as knock;
use campanile_wire_svix as svix;
use futures_util::future::{BoxFuture, Either};
use futures_util::{FutureExt as _, TryFutureExt as _};
use metrics_exporter_prometheus::PrometheusHandle;
use tower::util::MapRequest;
use tower::{Layer as _, Service};
use tower_http::CompressionLevel;
use tower_http::compression::predicate::{And, Predicate as _, SizeAbove};
use tower_http::compression::{Compression, CompressionLayer};

use console::Console;
use request_context::RequestContext;

pub use api::openapi;
pub use api::system::{SettingView, SettingsInForce};
pub use console::ConsoleFiles;
pub use door::{DoorSettings, serve};

/// Settings of the HTTP surface.
pub struct Settings {
    /// The source of `/metrics`. Without it that route answers 404.
    pub metrics: Option<PrometheusHandle>,
    /// The origins whose pages may embed the portal, written as in the `frame-ancestors` of a
    /// content security policy.
    pub portal_ancestors: String,
    /// The console.
    pub console: ConsoleFiles,
    /// The limits of the door.
    pub door: DoorSettings,
    /// The settings that the server was started with, for the page of the system.
    pub in_force: SettingsInForce,
}

/// All routes. Paths are normalised before the route is looked up.
pub type Surface = MapRequest<Packing, fn(Request) -> Request>;

type IsWorthIt = And<SizeAbove, fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool>;

/// All routes, twice: without and with compression. A request without `Accept-Encoding` takes the
/// plain copy and does not pay for compression.
#[derive(Clone)]
pub struct Packing {
    plain: Router,
    packed: Compression<Router, IsWorthIt>,
}

impl Packing {
    fn of(plain: Router) -> Self {
        let is_text: fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool = is_text;
        // Compression is the outermost layer: inner layers that read an answer see it uncompressed.
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

/// The size, in bytes, from which an answer is compressed for clients that accept it.
const COMPRESSED_FROM: u16 = 1_024;

/// True for answers worth compressing: text, JSON and SVG. Event streams are left out, because each
/// event must be sent as it comes. Other pictures are compressed already.
fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let texts = ["text/", "application/json", "image/svg"];
    texts.iter().any(|text| kind.starts_with(text)) && !kind.starts_with("text/event-stream")
}

/// All routes.
///
/// # Panics
/// If `portal_ancestors` has characters that a header cannot have.
pub fn router(app: App, settings: Settings) -> Surface {
    let Settings { metrics, portal_ancestors, console, door, in_force } = settings;
    let console = Arc::new(Console::of(console, &portal_ancestors));
    let rates = door::Rates::new(door.requests_per_key, door.requests_per_token);
    let is_https = app.base_url.starts_with("https://");
    let assistants = campanile_mcp::router(&app);
    let web = Web::new(app);
    let context = Arc::new(RequestContext { web: web.clone(), places: Default::default(), rates, is_https });
    let pages = Router::new()
        .route("/portal", get(console::portal))
        .route("/portal/{*rest}", get(console::portal))
        .fallback(console::serve)
        .with_state(console);
    let routes = Router::new()
        .merge(api::router(metrics, in_force))
        .nest("/api/v1", svix::router())
        .nest("/v1", knock::router())
        .merge(assistants)
        .merge(oauth::router())
        .merge(provider_callbacks::router())
        .merge(knock::outside_of_prefix())
        .merge(pages)
        .layer(DefaultBodyLimit::max(bounds::BODY_BYTES))
        .layer(axum::middleware::from_fn_with_state(context, request_context::answer_in_context))
        .with_state(web);
    MapRequest::new(Packing::of(routes), svix::tidied)
}
