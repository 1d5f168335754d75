//! Our own API: one file per resource, and the OpenAPI document.

mod accounts;
mod answers;
mod assistants;
mod backfills;
mod browsers;
mod clusters;
mod connect;
mod connect_apps;
mod connections;
mod deliveries;
mod documents;
mod entities;
mod events;
mod handshakes;
mod health;
mod ingest;
mod jobs;
mod live;
mod members;
mod memory_keys;
mod models;
mod notifications;
mod observations;
mod page;
pub(crate) mod parameters;
mod people;
mod recipients;
mod runs;
mod search;
mod sessions;
mod slack;
mod source_documents;
mod sources;
mod states;
mod suppressions;
pub(crate) mod system;
mod threads;
mod webhooks;
mod workflows;

use std::sync::OnceLock;

use axum::routing::any;
use axum::{Extension, Router};
use bytes::Bytes;
use campanile_http::error::{ErrorBody, no_such_route};
use campanile_http::{Web, operation};
use campanile_wire_knock as knock;
use campanile_wire_svix as svix;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use metrics_exporter_prometheus::PrometheusHandle;

use system::SettingsInForce;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Campanile",
        description = "What happened in your tools, and who was told. Authenticate with a secret key: `Authorization: Bearer sk_…`.",
    ),
    components(schemas(ErrorBody))
)]
struct Document;

fn described(metrics: Option<PrometheusHandle>) -> OpenApiRouter<Web> {
    let mut routes = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(ingest::by_provider))
        .routes(routes!(ingest::by_source))
        .routes(routes!(observations::list, observations::create))
        .routes(routes!(observations::get))
        .routes(routes!(observations::edges))
        .routes(routes!(observations::graph))
        .routes(routes!(clusters::list))
        .routes(routes!(clusters::get))
        .routes(routes!(search::search))
        .routes(routes!(search::search_v1))
        .routes(routes!(search::find_similar))
        .routes(routes!(search::find_similar_v1))
        .routes(routes!(search::contents))
        .routes(routes!(search::contents_v1))
        .routes(routes!(states::list))
        .routes(routes!(threads::get))
        .routes(routes!(people::list))
        .routes(routes!(people::suggestions))
        .routes(routes!(people::keep_apart))
        .routes(routes!(people::get))
        .routes(routes!(people::observations))
        .routes(routes!(people::merge))
        .routes(routes!(people::split))
        .routes(routes!(entities::list))
        .routes(routes!(entities::get))
        .routes(routes!(entities::observations))
        .routes(routes!(answers::list, answers::ask))
        .routes(routes!(answers::ask_v1))
        .routes(routes!(answers::get, answers::delete))
        .routes(routes!(answers::get_v1, answers::delete_v1))
        .routes(routes!(answers::feedback, answers::give_feedback))
        .routes(routes!(answers::give_feedback_v1))
        .routes(routes!(observations::related_v1))
        .routes(routes!(observations::graph_v1))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::process))
        .routes(routes!(suppressions::list))
        .routes(routes!(suppressions::add))
        .routes(routes!(suppressions::remove))
        .routes(routes!(sources::list, sources::create))
        .routes(routes!(sources::link))
        .routes(routes!(sources::delete))
        .routes(routes!(source_documents::show))
        .routes(routes!(source_documents::sync))
        .routes(routes!(source_documents::detect_config))
        .routes(routes!(sources::rotate))
        .routes(routes!(sources::reconcile))
        .routes(routes!(handshakes::wait_again))
        .routes(routes!(handshakes::take))
        .routes(routes!(notifications::notifications))
        .routes(routes!(notifications::attempts))
        .routes(routes!(recipients::users))
        .routes(routes!(webhooks::statistics))
        .routes(routes!(runs::list))
        .routes(routes!(runs::statistics))
        .routes(routes!(runs::cancel_all))
        .routes(routes!(runs::cancellation))
        .routes(routes!(runs::get))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::retry))
        .routes(routes!(runs::replay))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::statistics))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(events::send))
        .routes(routes!(slack::connect))
        .routes(routes!(workflows::list))
        .routes(routes!(workflows::start))
        .routes(routes!(workflows::pause))
        .routes(routes!(workflows::resume))
        .routes(routes!(accounts::workspaces, accounts::create_workspace))
        .routes(routes!(accounts::update_workspace))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::update, members::remove))
        .routes(routes!(members::reset_password))
        .routes(routes!(members::send_link))
        .routes(routes!(sessions::of_member, sessions::end_of_member))
        .routes(routes!(accounts::keys, accounts::create_key))
        .routes(routes!(accounts::revoke_key))
        .routes(routes!(memory_keys::list, memory_keys::create))
        .routes(routes!(memory_keys::revoke))
        .routes(routes!(assistants::list))
        .routes(routes!(assistants::disconnect))
        .routes(routes!(assistants::review))
        .routes(routes!(assistants::decide))
        .routes(routes!(browsers::public_keys, browsers::create_public_key))
        .routes(routes!(browsers::revoke_public_key))
        .routes(routes!(browsers::signing_keys, browsers::create_signing_key))
        .routes(routes!(browsers::revoke_signing_key))
        .routes(routes!(browsers::security, browsers::set_security))
        .routes(routes!(browsers::member_token))
        .routes(routes!(accounts::activity))
        .routes(routes!(sessions::who, sessions::sign_in, sessions::sign_out))
        .routes(routes!(sessions::sign_in_by_link))
        .routes(routes!(sessions::change_password))
        .routes(routes!(sessions::switch))
        .routes(routes!(sessions::invitations))
        .routes(routes!(sessions::accept, sessions::decline))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(live::stream))
        .routes(routes!(system::get))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .merge(connections::router())
        .merge(backfills::router())
        .merge(documents::router())
        .merge(models::router())
        .merge(OpenApiRouter::new().routes(routes!(health::metrics)).with_state(metrics));
    let document = routes.get_openapi_mut();
    operation::describe(document, &svix::DESCRIBED, &svix::operations());
    operation::describe(document, &knock::DESCRIBED, &knock::operations());
    name_operations(routes.get_openapi_mut());
    document_errors(routes.get_openapi_mut());
    routes
}

/// Adds a default error answer to every operation. The possible errors are many, and the same
/// everywhere: a request that cannot be read, a caller without the right, a thing that does not
/// exist.
fn document_errors(document: &mut utoipa::openapi::OpenApi) {
    let error = ResponseBuilder::new()
        .description("An error.")
        .content("application/json", ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build())
        .build();
    for item in document.paths.paths.values_mut() {
        for operation in operations_of(item).into_iter().filter_map(|(_, operation)| operation.as_mut()) {
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(error.clone()));
        }
    }
}

fn operations_of(item: &mut PathItem) -> [(&'static str, &mut Option<Operation>); 5] {
    [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ]
}

/// Names each operation by its method and path: `get_api_observations_id`. By default the function
/// name would be used, and many functions are called `list`.
fn name_operations(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let place = path.replace(['{', '}'], "").replace(['/', '-'], "_");
        for (method, operation) in operations_of(item) {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}{place}"));
            }
        }
    }
}

static DOCUMENT: OnceLock<utoipa::openapi::OpenApi> = OnceLock::new();

/// The OpenAPI document of all APIs, built once.
pub fn openapi() -> &'static utoipa::openapi::OpenApi {
    DOCUMENT.get_or_init(|| described(None).into_openapi())
}

pub(crate) fn router(metrics: Option<PrometheusHandle>, settings: SettingsInForce) -> Router<Web> {
    let (router, document) = described(metrics).split_for_parts();
    let document = serde_json::to_vec(DOCUMENT.get_or_init(|| document)).expect("the document is plain data");
    let document = Bytes::from(document);
    let served = axum::routing::get(move || std::future::ready(([("content-type", "application/json")], document)));
    router
        .route("/openapi.json", served.clone())
        .route("/api/v1/openapi.json", served)
        .route("/api/{*rest}", any(no_such_route))
        .layer(Extension(settings))
}
