//! The Svix API, at `/api/v1`. It is also our own API for everything about outbound webhooks.
//!
//! Casing, error bodies, lists and status codes match the official libraries, of both generations.
//! An operation that is not served answers with a JSON error that says so. Browsers of any origin
//! may call: access needs a token.

mod access;
mod applications;
mod attempts;
mod authentication;
mod body;
mod destinations;
mod endpoint_authentication;
mod endpoints;
mod environment;
mod error;
mod event_types;
#[cfg(feature = "fuzzing")]
pub mod fuzz_targets;
mod idempotency;
mod integrations;
mod list;
mod messages;
mod operational;
mod parameters;
mod poller;
mod query;
mod tasks;
#[cfg(test)]
mod tests;
mod transformations;

use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use campanile_http::operation::{self, Described, Operation, delete, get, patch, post, put};
use campanile_http::{Web, origins};
use serde_json::json;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, SchemaType, Type};

use self::parameters::{
    AT_ENDPOINT, BY_TIME, CONTENT, EVENT_TYPES, EXPUNGE, IF_EXISTS, OF_MESSAGES, OF_OUTCOME, OF_TASKS, PAGE,
    PAGE_IN_ORDER, PERIOD, POLL, SEARCH, SKIP, STATISTICS, VIEW_OF_ATTEMPTS, WITH_MESSAGE,
};

/// The common part of its operations in the OpenAPI document.
pub static DESCRIBED: Described = Described {
    tag: "svix",
    prefix: "/api/v1",
    schemas: include_str!("schemas.json"),
    error: "SvixError",
    page: page_of,
};

/// The schema of a [page](list::List).
fn page_of(items: Schema) -> Schema {
    let field = |kind: SchemaType, about: &str| ObjectBuilder::new().schema_type(kind).description(Some(about));
    let nullable = SchemaType::from_iter([Type::String, Type::Null]);
    let closed: AdditionalProperties<Schema> = AdditionalProperties::FreeForm(false);
    let page = ObjectBuilder::new()
        .property("data", items)
        .property("iterator", field(nullable, "The place after the last item, for the next page."))
        .property("prevIterator", field(Type::String.into(), "The place before the first item, for the page before."))
        .property("done", field(Type::Boolean.into(), "True if there are no more items at present."))
        .required("data")
        .required("iterator")
        .required("done")
        .additional_properties(Some(closed));
    page.build().into()
}

/// Every operation of the API.
pub fn operations() -> Vec<Operation> {
    let health = vec![
        get("/health", 200, "Get the health of the server", health).answers("SvixHealth"),
        get("/health/ping", 204, "Ask whether the server answers", async || StatusCode::NO_CONTENT),
    ];
    [health, within_applications(), lined_endpoints(), further_endpoints(), of_organisations()]
        .into_iter()
        .flatten()
        .collect()
}

/// The routes of the API, without its prefix.
pub fn router() -> Router<Web> {
    operation::router(&DESCRIBED, operations())
        .route("/stream", any(error::not_here))
        .route("/stream/{*rest}", any(error::not_here))
        .route("/connector", any(error::not_here))
        .route("/connector/{*rest}", any(error::not_here))
        .route("/auth/stream-portal-access/{stream}", any(error::not_here))
        .route("/auth/stream/{*rest}", any(error::not_here))
        .route("/auth/stream-logout", any(error::not_here))
        .route("/{*rest}", any(error::not_served))
}

/// Operations within one application. The application's own token opens them, unless a handler says
/// otherwise.
fn within_applications() -> Vec<Operation> {
    vec![
        get("/app/{app}", 200, "Get an application", applications::get).answers("SvixApplication"),
        put("/app/{app}", 200, "Replace or create an application", applications::upsert)
            .or(201)
            .takes("SvixApplicationIn")
            .answers("SvixApplication"),
        patch("/app/{app}", 200, "Change an application", applications::patch)
            .takes("SvixApplicationPatch")
            .answers("SvixApplication"),
        delete("/app/{app}", 204, "Remove an application", applications::delete),
        get("/app/{app}/endpoint", 200, "List endpoints", endpoints::list).query(PAGE).answers_page("SvixEndpoint"),
        post("/app/{app}/endpoint", 201, "Create an endpoint", endpoints::create)
            .takes("SvixEndpointIn")
            .answers("SvixEndpoint"),
        get("/app/{app}/endpoint/{endpoint}", 200, "Get an endpoint", endpoints::get).answers("SvixEndpoint"),
        put("/app/{app}/endpoint/{endpoint}", 200, "Replace or create an endpoint", endpoints::upsert)
            .or(201)
            .takes("SvixEndpointIn")
            .answers("SvixEndpoint"),
        patch("/app/{app}/endpoint/{endpoint}", 200, "Change an endpoint", endpoints::patch)
            .takes("SvixEndpointPatch")
            .answers("SvixEndpoint"),
        delete("/app/{app}/endpoint/{endpoint}", 204, "Remove an endpoint", endpoints::delete),
        get("/app/{app}/endpoint/{endpoint}/secret", 200, "Get what verifies", endpoints::secret).answers("SvixSecret"),
        post("/app/{app}/endpoint/{endpoint}/secret/rotate", 204, "Change the secret", endpoints::rotate)
            .takes("SvixSecretRotateIn"),
        get("/app/{app}/endpoint/{endpoint}/headers", 200, "Get the headers", endpoints::get_headers)
            .answers("SvixHeaders"),
        put("/app/{app}/endpoint/{endpoint}/headers", 204, "Replace the headers", endpoints::set_headers)
            .takes("SvixHeadersIn"),
        patch("/app/{app}/endpoint/{endpoint}/headers", 204, "Change some headers", endpoints::patch_headers)
            .takes("SvixHeadersPatch"),
        get("/app/{app}/endpoint/{endpoint}/stats", 200, "Count attempts by how they ended", endpoints::stats)
            .query(STATISTICS)
            .answers("SvixEndpointStats"),
        post("/app/{app}/endpoint/{endpoint}/recover", 202, "Send again what failed", endpoints::recover)
            .takes("SvixPeriodIn")
            .answers("SvixTask"),
        post(
            "/app/{app}/endpoint/{endpoint}/replay-missing",
            202,
            "Send what was never sent",
            endpoints::replay_missing,
        )
        .takes("SvixPeriodIn")
        .answers("SvixTask"),
        post(
            "/app/{app}/endpoint/{endpoint}/bulk-replay",
            202,
            "Send again what fits a filter",
            endpoints::bulk_replay,
        )
        .takes("SvixBulkReplayIn")
        .answers("SvixTask"),
        post("/app/{app}/endpoint/{endpoint}/send-example", 200, "Send an example", messages::send_example)
            .takes("SvixExampleIn")
            .answers("SvixMessage"),
        get(
            "/app/{app}/endpoint/{endpoint}/msg",
            200,
            "List messages and how they stand at an endpoint",
            attempts::messages_of,
        )
        .query(BY_TIME)
        .query(OF_MESSAGES)
        .query(OF_OUTCOME)
        .query(VIEW_OF_ATTEMPTS)
        .answers_page("SvixEndpointMessage"),
        get("/app/{app}/msg", 200, "List messages", messages::list)
            .query(BY_TIME)
            .query(OF_MESSAGES)
            .query(SEARCH)
            .query(CONTENT)
            .answers_page("SvixMessage"),
        post("/app/{app}/msg", 202, "Send a message", messages::create)
            .query(CONTENT)
            .takes("SvixMessageIn")
            .answers("SvixMessage"),
        post("/app/{app}/msg/search", 200, "Search messages", messages::search)
            .takes("SvixMessageSearchIn")
            .answers_page("SvixMessage"),
        post("/app/{app}/msg/precheck/active", 200, "Whether a message would go anywhere", messages::precheck)
            .takes("SvixMessagePrecheckIn")
            .answers("SvixMessagePrecheck"),
        post("/app/{app}/msg/bulk-expunge", 200, "Forget what some messages say", messages::bulk_expunge)
            .takes("SvixMessageExpungeIn")
            .answers("SvixMessageExpunge"),
        post("/app/{app}/msg/expunge-all-contents", 202, "Forget what all messages say", messages::expunge_all)
            .answers("SvixTask"),
        get("/app/{app}/msg/{message}", 200, "Get a message", messages::get).query(CONTENT).answers("SvixMessage"),
        get("/app/{app}/msg/{message}/raw", 200, "Get a payload as it came", messages::raw).answers("SvixRawPayload"),
        delete("/app/{app}/msg/{message}/content", 204, "Forget what a message says", messages::expunge),
        get(
            "/app/{app}/msg/{message}/endpoint",
            200,
            "List endpoints and how a message stands there",
            attempts::endpoints_of,
        )
        .query(PAGE)
        .answers_page("SvixMessageEndpoint"),
        post("/app/{app}/msg/{message}/endpoint/{endpoint}/resend", 202, "Send a message again", attempts::resend)
            .answers("SvixEmpty"),
        get(
            "/app/{app}/msg/{message}/endpoint/{endpoint}/attempt",
            200,
            "List the attempts of a message at an endpoint",
            attempts::of_message_at_endpoint,
        )
        .query(BY_TIME)
        .query(OF_MESSAGES)
        .query(OF_OUTCOME)
        .query(VIEW_OF_ATTEMPTS)
        .answers_page("SvixAttempt"),
        get("/app/{app}/msg/{message}/attempt", 200, "List the attempts of a message", attempts::of_message)
            .query(BY_TIME)
            .query(OF_MESSAGES)
            .query(OF_OUTCOME)
            .query(VIEW_OF_ATTEMPTS)
            .query(AT_ENDPOINT)
            .answers_page("SvixAttempt"),
        get("/app/{app}/msg/{message}/attempt/{attempt}", 200, "Get an attempt", attempts::get)
            .query(VIEW_OF_ATTEMPTS)
            .answers("SvixAttempt"),
        delete(
            "/app/{app}/msg/{message}/attempt/{attempt}/content",
            204,
            "Forget what was answered",
            attempts::expunge,
        ),
        get("/app/{app}/attempt/msg/{message}", 200, "List the attempts of a message", attempts::of_message)
            .query(BY_TIME)
            .query(OF_MESSAGES)
            .query(OF_OUTCOME)
            .query(VIEW_OF_ATTEMPTS)
            .query(AT_ENDPOINT)
            .answers_page("SvixAttempt"),
        get("/app/{app}/attempt/endpoint/{endpoint}", 200, "List the attempts at an endpoint", attempts::of_endpoint)
            .query(BY_TIME)
            .query(OF_MESSAGES)
            .query(OF_OUTCOME)
            .query(VIEW_OF_ATTEMPTS)
            .query(WITH_MESSAGE)
            .answers_page("SvixAttemptWithMessage"),
        get("/app/{app}/attempt/endpoint/{endpoint}/count", 200, "Count the attempts at an endpoint", attempts::count)
            .query(PERIOD)
            .query(OF_MESSAGES)
            .query(OF_OUTCOME)
            .answers("SvixAttemptCount"),
    ]
}

macro_rules! lined {
    ($base:literal) => {
        vec![
            get($base, 200, "List destinations", destinations::list).query(PAGE).answers_page("SvixDestination"),
            post($base, 201, "Create a destination", destinations::create)
                .takes("SvixDestinationIn")
                .answers("SvixDestination"),
            get(concat!($base, "/{endpoint}"), 200, "Get a destination", destinations::get).answers("SvixDestination"),
            put(concat!($base, "/{endpoint}"), 200, "Replace or create a destination", destinations::upsert)
                .or(201)
                .takes("SvixDestinationIn")
                .answers("SvixDestination"),
            patch(concat!($base, "/{endpoint}"), 200, "Change a destination", destinations::patch)
                .takes("SvixDestinationPatch")
                .answers("SvixDestination"),
            delete(concat!($base, "/{endpoint}"), 204, "Remove a destination", destinations::delete),
            get(concat!($base, "/{endpoint}/secret"), 200, "Get the secret that verifies", endpoints::secret)
                .answers("SvixSecret"),
            post(concat!($base, "/{endpoint}/secret/rotate"), 200, "Rotate the secret", destinations::rotate)
                .takes("SvixSecretRotateIn")
                .answers("SvixEmpty"),
            get(concat!($base, "/{endpoint}/headers"), 200, "Get the headers", endpoints::get_headers)
                .answers("SvixHeaders"),
            put(concat!($base, "/{endpoint}/headers"), 204, "Replace the headers", endpoints::set_headers)
                .takes("SvixHeadersIn"),
            patch(concat!($base, "/{endpoint}/headers"), 200, "Change some headers", destinations::patch_headers)
                .takes("SvixHeadersPatch")
                .answers("SvixHeaders"),
            get(concat!($base, "/{endpoint}/transformation"), 200, "Get the script", transformations::get)
                .answers("SvixTransformation"),
            patch(concat!($base, "/{endpoint}/transformation"), 200, "Change the script", transformations::patch)
                .takes("SvixTransformationPatch")
                .answers("SvixEmpty"),
            get(
                concat!($base, "/{endpoint}/attempt"),
                200,
                "List the attempts at a destination",
                attempts::of_endpoint,
            )
            .query(BY_TIME)
            .query(OF_MESSAGES)
            .query(OF_OUTCOME)
            .query(VIEW_OF_ATTEMPTS)
            .query(WITH_MESSAGE)
            .answers_page("SvixAttemptWithMessage"),
            post(
                concat!($base, "/{endpoint}/force-retry"),
                204,
                "Try the first message in line at once",
                destinations::force_retry,
            ),
            post(concat!($base, "/{endpoint}/skip"), 204, "Skip the first message in line", destinations::skip)
                .query(SKIP),
            get(
                concat!($base, "/{endpoint}/next-event"),
                200,
                "Get the first message in line",
                destinations::next_event,
            )
            .answers("SvixMessage"),
        ]
    };
}

/// Endpoints whose messages wait in line. The API has two names for them: destination and sink.
fn lined_endpoints() -> Vec<Operation> {
    [lined!("/app/{app}/destination"), lined!("/app/{app}/stream/sink")].into_iter().flatten().collect()
}

/// Scripts, authentication towards endpoints, polling, and integrations.
fn further_endpoints() -> Vec<Operation> {
    vec![
        get("/app/{app}/endpoint/{endpoint}/transformation", 200, "Get the script", transformations::get)
            .answers("SvixTransformation"),
        patch("/app/{app}/endpoint/{endpoint}/transformation", 200, "Change the script", transformations::patch)
            .takes("SvixTransformationPatch")
            .answers("SvixEmpty"),
        post("/app/{app}/endpoint/{endpoint}/transformation/simulate", 200, "Try a script", transformations::simulate)
            .takes("SvixSimulateIn")
            .answers("SvixSimulated"),
        get(
            "/app/{app}/endpoint/{endpoint}/oauth",
            200,
            "Get where access tokens are asked for",
            endpoint_authentication::get_oauth,
        )
        .answers("SvixOauth"),
        put(
            "/app/{app}/endpoint/{endpoint}/oauth",
            204,
            "Set where access tokens are asked for",
            endpoint_authentication::set_oauth,
        )
        .takes("SvixOauthIn"),
        delete(
            "/app/{app}/endpoint/{endpoint}/oauth",
            204,
            "Ask for no access tokens",
            endpoint_authentication::delete_oauth,
        ),
        get(
            "/app/{app}/endpoint/{endpoint}/mtls",
            200,
            "Whether a certificate is shown",
            endpoint_authentication::get_identity,
        )
        .answers("SvixIdentity"),
        put(
            "/app/{app}/endpoint/{endpoint}/mtls",
            204,
            "Set the certificate that is shown",
            endpoint_authentication::set_identity,
        )
        .takes("SvixIdentityIn"),
        delete(
            "/app/{app}/endpoint/{endpoint}/mtls",
            204,
            "Show no certificate",
            endpoint_authentication::delete_identity,
        ),
        get(
            "/app/{app}/endpoint/{endpoint}/ca",
            200,
            "Get the authority of its certificate",
            endpoint_authentication::get_authority,
        )
        .answers("SvixAuthority"),
        put(
            "/app/{app}/endpoint/{endpoint}/ca",
            204,
            "Set the authority of its certificate",
            endpoint_authentication::set_authority,
        )
        .takes("SvixAuthorityIn"),
        get("/app/{app}/poller/{endpoint}", 200, "Poll messages", poller::poll)
            .query(POLL)
            .answers("SvixPolledMessages"),
        get("/app/{app}/poller/{endpoint}/consumer/{consumer}", 200, "Poll messages as a consumer", poller::consume)
            .query(POLL)
            .answers("SvixPolledMessages"),
        post(
            "/app/{app}/poller/{endpoint}/consumer/{consumer}/seek",
            200,
            "Have a consumer go on from a time",
            poller::seek,
        )
        .takes("SvixSeekIn")
        .answers("SvixPosition"),
        get("/auth/app/{app}/poller/{endpoint}/token", 200, "Get the token for polling", poller::token)
            .answers("SvixPollToken"),
        post(
            "/auth/app/{app}/poller/{endpoint}/token/rotate",
            201,
            "Replace the token for polling",
            poller::rotate_token,
        )
        .may_take("SvixPollTokenRotateIn")
        .answers("SvixPollToken"),
        get("/app/{app}/integration", 200, "List integrations", integrations::list)
            .query(PAGE)
            .answers_page("SvixIntegration"),
        post("/app/{app}/integration", 201, "Create an integration", integrations::create)
            .takes("SvixIntegrationIn")
            .answers("SvixIntegration"),
        get("/app/{app}/integration/{integration}", 200, "Get an integration", integrations::get)
            .answers("SvixIntegration"),
        put("/app/{app}/integration/{integration}", 200, "Change an integration", integrations::update)
            .takes("SvixIntegrationIn")
            .answers("SvixIntegration"),
        delete("/app/{app}/integration/{integration}", 204, "Remove an integration", integrations::delete),
        get("/app/{app}/integration/{integration}/key", 200, "Get an integration's key", integrations::key)
            .answers("SvixIntegrationKey"),
        post(
            "/app/{app}/integration/{integration}/key/rotate",
            200,
            "Replace an integration's key",
            integrations::rotate_key,
        )
        .answers("SvixIntegrationKey"),
    ]
}

fn of_organisations() -> Vec<Operation> {
    vec![
        get("/app", 200, "List applications", applications::list).query(PAGE).answers_page("SvixApplication"),
        post("/app", 201, "Create an application", applications::create)
            .or(200)
            .query(IF_EXISTS)
            .takes("SvixApplicationIn")
            .answers("SvixApplication"),
        get("/event-type", 200, "List event types", event_types::list)
            .query(PAGE_IN_ORDER)
            .query(EVENT_TYPES)
            .answers_page("SvixEventType"),
        post("/event-type", 201, "Create an event type", event_types::create)
            .takes("SvixEventTypeIn")
            .answers("SvixEventType"),
        post(
            "/event-type/import/openapi",
            200,
            "Import event types from an OpenAPI document",
            environment::import_openapi,
        )
        .takes("SvixOpenApiImportIn")
        .answers("SvixOpenApiImport"),
        get("/event-type/{name}", 200, "Get an event type", event_types::get).answers("SvixEventType"),
        put("/event-type/{name}", 200, "Replace or create an event type", event_types::upsert)
            .or(201)
            .takes("SvixEventTypeUpdate")
            .answers("SvixEventType"),
        patch("/event-type/{name}", 200, "Change an event type", event_types::patch)
            .takes("SvixEventTypePatch")
            .answers("SvixEventType"),
        delete("/event-type/{name}", 204, "Archive or remove an event type", event_types::delete).query(EXPUNGE),
        post("/environment/export", 200, "Export event types and settings", environment::export)
            .answers("SvixEnvironment"),
        post("/environment/import", 204, "Import event types and settings", environment::import)
            .takes("SvixEnvironmentIn"),
        post("/auth/app-portal-access/{app}", 200, "Get a link to the portal", authentication::portal_access)
            .takes("SvixPortalAccessIn")
            .answers("SvixPortalAccess"),
        post(
            "/auth/dashboard-access/{app}",
            200,
            "Get a link to the portal, the older way",
            authentication::dashboard_access,
        )
        .may_take("SvixDashboardAccessIn")
        .answers("SvixPortalAccess"),
        post("/auth/app/{app}/expire-all", 204, "End tokens of an application", authentication::expire_all)
            .takes("SvixExpireIn"),
        post("/auth/logout", 204, "End the token that asks", authentication::logout),
        post("/auth/one-time-token", 200, "Exchange the word of a portal's link", authentication::one_time_token)
            .takes("SvixOneTimeTokenIn")
            .answers("SvixToken"),
        get("/auth/whoami", 200, "Who asks", authentication::whoami).answers("SvixWhoami"),
        get("/background-task", 200, "List tasks", tasks::list).query(PAGE).query(OF_TASKS).answers_page("SvixTask"),
        get("/background-task/{task}", 200, "Get a task", tasks::get).answers("SvixTask"),
        post("/stats/usage/app", 202, "Count the messages of applications", tasks::application_usage)
            .takes("SvixUsageIn")
            .answers("SvixUsageTask"),
        put("/stats/usage/event-types", 202, "Count messages by event type", tasks::event_type_usage)
            .answers("SvixTask"),
        get("/operational-webhook/endpoint", 200, "List endpoints of the organisation's own", operational::list)
            .query(PAGE)
            .answers_page("SvixOperationalEndpoint"),
        post("/operational-webhook/endpoint", 201, "Create an endpoint of the organisation's own", operational::create)
            .takes("SvixEndpointIn")
            .answers("SvixOperationalEndpoint"),
        get(
            "/operational-webhook/endpoint/{endpoint}",
            200,
            "Get an endpoint of the organisation's own",
            operational::get,
        )
        .answers("SvixOperationalEndpoint"),
        put(
            "/operational-webhook/endpoint/{endpoint}",
            200,
            "Replace an endpoint of the organisation's own",
            operational::upsert,
        )
        .takes("SvixEndpointIn")
        .answers("SvixOperationalEndpoint"),
        delete(
            "/operational-webhook/endpoint/{endpoint}",
            204,
            "Remove an endpoint of the organisation's own",
            operational::delete,
        ),
        get("/operational-webhook/endpoint/{endpoint}/secret", 200, "Get what verifies", operational::secret)
            .answers("SvixSecret"),
        post("/operational-webhook/endpoint/{endpoint}/secret/rotate", 204, "Change the secret", operational::rotate)
            .takes("SvixSecretRotateIn"),
        get("/operational-webhook/endpoint/{endpoint}/headers", 200, "Get the headers", operational::get_headers)
            .answers("SvixHeaders"),
        put("/operational-webhook/endpoint/{endpoint}/headers", 204, "Replace the headers", operational::set_headers)
            .takes("SvixHeadersIn"),
    ]
}

/// Normalises a path of this API. The official libraries call without a slash at the end; scripts
/// often add one, or write two in between. Runs before the route is looked up.
pub fn tidied<B>(mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let path = request.uri().path();
    if path.starts_with("//") || path.starts_with("/api/v1/") && (path.ends_with('/') || path.contains("//")) {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("/{}{query}", parts.join("/")).parse() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// The layer around every operation. It answers repeats of a request like the first, and lets pages
/// of any origin call, with any headers.
pub async fn layered(web: &Web, request: Request, next: Next) -> Response {
    match origins::preflight(&request) {
        Some(answer) => answer,
        None => origins::open(idempotency::once(web, request, next).await),
    }
}

async fn health(State(web): State<Web>) -> Response {
    let database = web.app.db.ping().await.is_ok();
    let word = json!({ "status": if database { "ok" } else { "error" } });
    let status = if database { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    (status, Json(json!({ "database": word, "queue": word, "cache": { "status": "ok" } }))).into_response()
}

#[cfg(all(test, feature = "fixtures"))]
mod described {
    use super::*;

    #[test]
    fn every_schema_that_an_operation_names_exists() {
        operation::conformance::assert_all_schemas_exist(&DESCRIBED, &operations());
    }
}
