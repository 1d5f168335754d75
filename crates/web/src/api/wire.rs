//! The operations of the wire APIs, for the document. Their shapes are the official libraries' and
//! are described by those; here stands which of them this server serves.

use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::{OpenApi, PathItem, RefOr, Required, ResponseBuilder};

/// Path, methods with what each does, and the success status of each.
type Served = (&'static str, &'static [(HttpMethod, &'static str, &'static str)]);

use HttpMethod::{Delete, Get, Post, Put};

const SVIX: &[Served] = &[
    ("/api/v1/health", &[(Get, "How the parts are", "200")]),
    ("/api/v1/health/ping", &[(Get, "Whether the server answers", "204")]),
    ("/api/v1/app", &[(Get, "List applications", "200"), (Post, "Create an application", "201")]),
    ("/api/v1/app/{app}", &[(Get, "Get an application", "200")]),
    ("/api/v1/app/{app}/endpoint", &[(Get, "List endpoints", "200"), (Post, "Create an endpoint", "201")]),
    (
        "/api/v1/app/{app}/endpoint/{endpoint}",
        &[
            (Get, "Get an endpoint", "200"),
            (Put, "Replace or create an endpoint", "200"),
            (Delete, "Remove an endpoint", "204"),
        ],
    ),
    ("/api/v1/app/{app}/endpoint/{endpoint}/secret", &[(Get, "Get what verifies", "200")]),
    ("/api/v1/app/{app}/endpoint/{endpoint}/secret/rotate", &[(Post, "Change the secret", "204")]),
    ("/api/v1/app/{app}/msg", &[(Get, "List messages", "200"), (Post, "Send a message", "202")]),
    ("/api/v1/app/{app}/msg/{message}", &[(Get, "Get a message", "200")]),
    ("/api/v1/app/{app}/attempt/msg/{message}", &[(Get, "List the attempts of a message", "200")]),
    ("/api/v1/app/{app}/attempt/endpoint/{endpoint}", &[(Get, "List the attempts to an endpoint", "200")]),
];

const KNOCK: &[Served] = &[
    ("/v1/users/{user}/feeds/{feed}", &[(Get, "Read a feed", "200")]),
    ("/v1/users/{user}/feeds/{feed}/settings", &[(Get, "Read a feed's settings", "200")]),
    ("/v1/messages/batch/{status}", &[(Post, "Mark some messages", "200")]),
    ("/v1/channels/{feed}/messages/bulk/{status}", &[(Post, "Mark all messages", "200")]),
];

/// Adds the wire APIs to the document of our own.
pub(super) fn describe(document: &mut OpenApi) {
    for (tag, served) in [("svix", SVIX), ("knock", KNOCK)] {
        for (path, operations) in served {
            let mut item = PathItem::default();
            for (method, summary, status) in *operations {
                item.merge_operations(PathItem::new(method.clone(), operation(tag, path, summary, status)));
            }
            document.paths.paths.insert((*path).to_owned(), item);
        }
    }
}

fn operation(tag: &str, path: &str, summary: &str, status: &str) -> Operation {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters = names.map(|name| {
        ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True).build()
    });
    let description = format!("As the {tag} libraries expect it.");
    OperationBuilder::new()
        .tag(tag)
        .summary(Some(summary))
        .parameters(Some(parameters))
        .response(status, RefOr::T(ResponseBuilder::new().description(description).build()))
        .build()
}
