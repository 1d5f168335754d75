//! Our own API: a resource per file, and the document that describes them.

mod accounts;
mod browsers;
mod deliveries;
mod events;
mod health;
mod ingest;
mod jobs;
mod live;
mod members;
mod observations;
mod page;
pub(crate) mod parameters;
mod runs;
mod sessions;
mod slack;
mod sources;
mod suppressions;
mod told;
mod wire;
mod workflows;

use std::sync::OnceLock;

use axum::Router;
use axum::routing::any;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{ContentBuilder, RefOr, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::error::no_such_route;

#[derive(OpenApi)]
#[openapi(info(
    title = "Campanile",
    description = "What happened in your tools, and who was told. Authenticate with a secret key: `Authorization: Bearer sk_…`.",
))]
struct Document;

fn described() -> OpenApiRouter<Web> {
    let mut routes = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(ingest::by_provider))
        .routes(routes!(ingest::by_source))
        .routes(routes!(observations::list))
        .routes(routes!(observations::get))
        .routes(routes!(observations::edges))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::process))
        .routes(routes!(suppressions::list))
        .routes(routes!(suppressions::add))
        .routes(routes!(suppressions::remove))
        .routes(routes!(sources::list, sources::create))
        .routes(routes!(sources::delete))
        .routes(routes!(sources::rotate))
        .routes(routes!(told::notifications))
        .routes(routes!(told::attempts))
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
        .routes(routes!(browsers::public_keys, browsers::create_public_key))
        .routes(routes!(browsers::revoke_public_key))
        .routes(routes!(browsers::signing_keys, browsers::create_signing_key))
        .routes(routes!(browsers::revoke_signing_key))
        .routes(routes!(browsers::set_security))
        .routes(routes!(browsers::member_token))
        .routes(routes!(accounts::activity))
        .routes(routes!(sessions::who, sessions::sign_in, sessions::sign_out))
        .routes(routes!(sessions::sign_in_by_link))
        .routes(routes!(sessions::change_password))
        .routes(routes!(sessions::invitations))
        .routes(routes!(sessions::accept, sessions::decline))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(live::stream))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics));
    wire::describe(routes.get_openapi_mut());
    name_operations(routes.get_openapi_mut());
    document_errors(routes.get_openapi_mut());
    routes
}

/// Whatever else an operation answers is an error: of the request's reading, of who asks, of what is not there. They are many,
/// and the same everywhere.
fn document_errors(document: &mut utoipa::openapi::OpenApi) {
    let error = ResponseBuilder::new()
        .description("An error: a stable code, and a sentence, in the shape of the API that the path belongs to.")
        .content("application/json", ContentBuilder::new().schema(Some(Object::with_type(Type::Object))).build())
        .build();
    for item in document.paths.paths.values_mut() {
        for operation in operations_of(item).into_iter().filter_map(|(_, operation)| operation.as_mut()) {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(error.clone()));
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

/// Operations are named by what they do to which path: `get_api_observations_id`. Left alone they
/// would be named by their functions, of which many are called `list`.
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

/// The document of what is served, as OpenAPI; made once.
pub fn openapi() -> &'static utoipa::openapi::OpenApi {
    DOCUMENT.get_or_init(|| described().into_openapi())
}

pub(crate) fn router() -> Router<Web> {
    let (router, document) = described().split_for_parts();
    let document = serde_json::to_string(DOCUMENT.get_or_init(|| document)).expect("the document is plain data");
    let json = [("content-type", "application/json")];
    router
        .route("/openapi.json", axum::routing::get(async move || (json, document)))
        .route("/api/{*rest}", any(no_such_route))
}
