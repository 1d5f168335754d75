//! Speaks HTTP for the app: one folder per wire API, one file per resource.
//!
//! * `api`: our own API, at `/api/<noun>`, and the entrance for deliveries.
//! * `svix`: the Svix API, at `/api/v1`.
//! * `knock`: the Knock API, at `/v1`.
//! * `console`: the embedded console, on every path that is left.
//!
//! Every answer to a program is JSON, errors and unknown routes too, in the shape of the API that
//! the path belongs to; every answer carries an `x-request-id`.

mod api;
mod around;
mod caller;
mod carried;
mod console;
mod error;
mod knock;
mod origins;
mod svix;

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::routing::get;
use campanile_app::App;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tower::util::MapRequest;

pub use api::openapi;

/// How large a body may be, but for deliveries.
const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// What every handler can ask for.
#[derive(Clone)]
struct Web(Arc<Parts>);

/// What all handlers share.
struct Parts {
    app: App,
    metrics: Option<PrometheusHandle>,
    portal_policy: axum::http::HeaderValue,
    known_keys: caller::KnownKeys,
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
}

/// All routes, behind what tidies paths before they are looked up.
pub type Surface = MapRequest<Router, fn(Request) -> Request>;

/// All routes.
///
/// # Panics
/// When the list of ancestors has characters that no header has.
pub fn router(app: App, settings: Settings) -> Surface {
    let Settings { metrics, portal_ancestors } = settings;
    let portal_policy = console::portal_policy(&portal_ancestors).expect("the settings were checked");
    let web = Web(Arc::new(Parts { app, metrics, portal_policy, known_keys: Default::default() }));
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
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(axum::middleware::from_fn_with_state(web.clone(), around::around))
        .with_state(web);
    MapRequest::new(routes, svix::tidied)
}

/// Serves until `stop`, then lets what is under way finish.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    router: Surface,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    use axum::ServiceExt as _;
    use axum::serve::ListenerExt as _;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router.into_make_service()).with_graceful_shutdown(stop).await
}
