//! The operations of the wire APIs, for the document. Their shapes are the official libraries' and
//! are described by those; here stands which of them this server serves.

use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, PathItem, RefOr, Required, ResponseBuilder};

/// What each line has: a method, the status of a success, a path within `/api/v1`, and what it does.
const SVIX: &str = "\
GET 200 /health How the parts are
GET 204 /health/ping Whether the server answers
GET 200 /app List applications
POST 201 /app Create an application
GET 200 /app/{app} Get an application
PUT 200 /app/{app} Replace or create an application
PATCH 200 /app/{app} Change an application
DELETE 204 /app/{app} Remove an application
GET 200 /app/{app}/endpoint List endpoints
POST 201 /app/{app}/endpoint Create an endpoint
GET 200 /app/{app}/endpoint/{endpoint} Get an endpoint
PUT 200 /app/{app}/endpoint/{endpoint} Replace or create an endpoint
PATCH 200 /app/{app}/endpoint/{endpoint} Change an endpoint
DELETE 204 /app/{app}/endpoint/{endpoint} Remove an endpoint
GET 200 /app/{app}/endpoint/{endpoint}/secret Get what verifies
POST 204 /app/{app}/endpoint/{endpoint}/secret/rotate Change the secret
GET 200 /app/{app}/endpoint/{endpoint}/headers Get the headers
PUT 204 /app/{app}/endpoint/{endpoint}/headers Replace the headers
PATCH 204 /app/{app}/endpoint/{endpoint}/headers Change some headers
GET 200 /app/{app}/endpoint/{endpoint}/stats Count attempts by how they ended
POST 202 /app/{app}/endpoint/{endpoint}/recover Send again what failed
POST 202 /app/{app}/endpoint/{endpoint}/replay-missing Send what was never sent
POST 202 /app/{app}/endpoint/{endpoint}/bulk-replay Send again what fits a filter
POST 200 /app/{app}/endpoint/{endpoint}/send-example Send an example
GET 200 /app/{app}/endpoint/{endpoint}/msg List messages and how they stand at an endpoint
GET 200 /app/{app}/endpoint/{endpoint}/transformation Get the script
PATCH 200 /app/{app}/endpoint/{endpoint}/transformation Change the script
POST 200 /app/{app}/endpoint/{endpoint}/transformation/simulate Try a script
GET 200 /app/{app}/endpoint/{endpoint}/oauth Get where access tokens are asked for
PUT 204 /app/{app}/endpoint/{endpoint}/oauth Set where access tokens are asked for
DELETE 204 /app/{app}/endpoint/{endpoint}/oauth Ask for no access tokens
GET 200 /app/{app}/endpoint/{endpoint}/mtls Whether a certificate is shown
PUT 204 /app/{app}/endpoint/{endpoint}/mtls Set the certificate that is shown
DELETE 204 /app/{app}/endpoint/{endpoint}/mtls Show no certificate
GET 200 /app/{app}/endpoint/{endpoint}/ca Get the authority of its certificate
PUT 204 /app/{app}/endpoint/{endpoint}/ca Set the authority of its certificate
GET 200 /app/{app}/msg List messages
POST 202 /app/{app}/msg Send a message
POST 200 /app/{app}/msg/search Search messages
POST 200 /app/{app}/msg/precheck/active Whether a message would go anywhere
POST 200 /app/{app}/msg/bulk-expunge Forget what some messages say
POST 202 /app/{app}/msg/expunge-all-contents Forget what all messages say
GET 200 /app/{app}/msg/{message} Get a message
GET 200 /app/{app}/msg/{message}/raw Get a payload as it came
DELETE 204 /app/{app}/msg/{message}/content Forget what a message says
GET 200 /app/{app}/msg/{message}/endpoint List endpoints and how a message stands there
POST 202 /app/{app}/msg/{message}/endpoint/{endpoint}/resend Send a message again
GET 200 /app/{app}/msg/{message}/endpoint/{endpoint}/attempt List the attempts of a message at an endpoint
GET 200 /app/{app}/msg/{message}/attempt List the attempts of a message
GET 200 /app/{app}/msg/{message}/attempt/{attempt} Get an attempt
DELETE 204 /app/{app}/msg/{message}/attempt/{attempt}/content Forget what was answered
GET 200 /app/{app}/attempt/msg/{message} List the attempts of a message
GET 200 /app/{app}/attempt/endpoint/{endpoint} List the attempts at an endpoint
GET 200 /app/{app}/attempt/endpoint/{endpoint}/count Count the attempts at an endpoint
GET 200 /app/{app}/destination List destinations
POST 201 /app/{app}/destination Create a destination
GET 200 /app/{app}/destination/{destination} Get a destination
PUT 200 /app/{app}/destination/{destination} Replace or create a destination
PATCH 200 /app/{app}/destination/{destination} Change a destination
DELETE 204 /app/{app}/destination/{destination} Remove a destination
GET 200 /app/{app}/destination/{destination}/attempt List the attempts at a destination
POST 204 /app/{app}/destination/{destination}/force-retry Try the first in line at once
POST 204 /app/{app}/destination/{destination}/skip Pass over the first in line
GET 200 /app/{app}/destination/{destination}/next-event Get the first in line
GET 200 /app/{app}/poller/{destination} Poll messages
GET 200 /app/{app}/poller/{destination}/consumer/{consumer} Poll messages as a consumer
POST 200 /app/{app}/poller/{destination}/consumer/{consumer}/seek Have a consumer go on from a time
GET 200 /auth/app/{app}/poller/{destination}/token Get the token for polling
POST 201 /auth/app/{app}/poller/{destination}/token/rotate Replace the token for polling
GET 200 /app/{app}/integration List integrations
POST 201 /app/{app}/integration Create an integration
GET 200 /app/{app}/integration/{integration} Get an integration
PUT 200 /app/{app}/integration/{integration} Change an integration
DELETE 204 /app/{app}/integration/{integration} Remove an integration
GET 200 /app/{app}/integration/{integration}/key Get an integration's key
POST 200 /app/{app}/integration/{integration}/key/rotate Replace an integration's key
GET 200 /event-type List event types
POST 201 /event-type Create an event type
POST 200 /event-type/import/openapi Import event types from an OpenAPI document
GET 200 /event-type/{name} Get an event type
PUT 200 /event-type/{name} Replace or create an event type
PATCH 200 /event-type/{name} Change an event type
DELETE 204 /event-type/{name} Archive or remove an event type
POST 200 /environment/export Export event types and settings
POST 204 /environment/import Import event types and settings
POST 200 /auth/app-portal-access/{app} Get a link to the portal
POST 200 /auth/dashboard-access/{app} Get a link to the portal, the older way
POST 204 /auth/app/{app}/expire-all End tokens of an application
POST 204 /auth/logout End the token that asks
POST 200 /auth/one-time-token Exchange the word of a portal's link
GET 200 /auth/whoami Who asks
GET 200 /background-task List tasks
GET 200 /background-task/{task} Get a task
POST 202 /stats/usage/app Count the messages of applications
PUT 202 /stats/usage/event-types Count messages by event type
GET 200 /operational-webhook/endpoint List endpoints of the organisation's own
POST 201 /operational-webhook/endpoint Create an endpoint of the organisation's own
GET 200 /operational-webhook/endpoint/{endpoint} Get an endpoint of the organisation's own
PUT 200 /operational-webhook/endpoint/{endpoint} Replace an endpoint of the organisation's own
DELETE 204 /operational-webhook/endpoint/{endpoint} Remove an endpoint of the organisation's own
GET 200 /operational-webhook/endpoint/{endpoint}/secret Get what verifies
POST 204 /operational-webhook/endpoint/{endpoint}/secret/rotate Change the secret
GET 200 /operational-webhook/endpoint/{endpoint}/headers Get the headers
PUT 204 /operational-webhook/endpoint/{endpoint}/headers Replace the headers";

/// The same, within `/v1`.
const KNOCK: &str = "\
GET 200 /users/{user}/feeds/{feed} Read a feed
GET 200 /users/{user}/feeds/{feed}/settings Read a feed's settings
POST 200 /messages/batch/{status} Mark some messages
POST 200 /channels/{feed}/messages/bulk/{status} Mark all messages";

/// Adds the wire APIs to the document of our own.
pub(super) fn describe(document: &mut OpenApi) {
    for (tag, within, served) in [("svix", "/api/v1", SVIX), ("knock", "/v1", KNOCK)] {
        for line in served.lines() {
            let (path, item) = described(tag, within, line).expect("the lists above are constants");
            document.paths.paths.entry(path).or_default().merge_operations(item);
        }
    }
}

/// The path of a line, and its operation.
fn described(tag: &str, within: &str, line: &str) -> Option<(String, PathItem)> {
    let mut words = line.splitn(4, ' ');
    let (method, status) = (words.next()?, words.next()?);
    let (path, summary) = (format!("{within}{}", words.next()?), words.next()?);
    let takes_body = !matches!(method, "GET" | "DELETE");
    let method = match method {
        "GET" => HttpMethod::Get,
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => return None,
    };
    let operation = operation(tag, &path, summary, status, takes_body);
    Some((path, PathItem::new(method, operation)))
}

fn operation(tag: &str, path: &str, summary: &str, status: &str, takes_body: bool) -> Operation {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let text = || Some(ObjectBuilder::new().schema_type(Type::String).build());
    let parameters = names.map(|name| {
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        parameter.schema(text()).build()
    });
    let description = format!("As the {tag} libraries expect it.");
    let object = RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::Object).build()));
    let body = takes_body.then(|| {
        let content = ContentBuilder::new().schema(Some(object)).build();
        RequestBodyBuilder::new().content("application/json", content).build()
    });
    OperationBuilder::new()
        .tag(tag)
        .summary(Some(summary))
        .parameters(Some(parameters))
        .request_body(body)
        .response(status, RefOr::T(ResponseBuilder::new().description(description).build()))
        .build()
}
