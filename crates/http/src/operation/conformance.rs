//! Holds requests and answers of operations against their schemas, in builds for tests.
//!
//! An answer that differs from the document is replaced with a 500 that says where, so that the
//! test which caused it fails. Requests are looked at only if the operation accepted them: their
//! schema must not be narrower than the server.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};

use super::{Described, ErasedHandler, Operation, boxed, reference};

/// Longer bodies are not looked at, in bytes.
const LONGEST_BODY: usize = 1 << 20;

/// The schemas of one operation, ready to be compared with.
struct Checks {
    place: String,
    statuses: Vec<u16>,
    takes: Option<Arc<Validator>>,
    answers: Option<Arc<Validator>>,
    error: Arc<Validator>,
}

impl Checks {
    fn of(api: &Described, operation: &Operation) -> Self {
        let documents = Documents::of(api);
        let validator = |schema| documents.validator(schema);
        Self {
            place: format!("{:?} {}{}", operation.method, api.prefix, operation.path),
            statuses: operation.statuses.clone(),
            takes: operation.takes.map(|taken| validator(reference(taken.schema))),
            answers: operation.answers.map(|answered| validator(api.schema(answered))),
            error: validator(reference(api.error)),
        }
    }

    /// Returns a sentence for each difference.
    fn differences(&self, taken: &Seen, status: StatusCode, answered: &Seen) -> Vec<String> {
        let compare = |validator: &Validator, value: &Value, what: &str| {
            let errors = validator.iter_errors(value).take(5);
            errors.map(|error| format!("{what}{}: {error}", error.instance_path())).collect::<Vec<_>>()
        };
        if !status.is_success() {
            return match answered {
                // Some answers have the same shape whether all is well or not.
                Seen::Json(answer) if !self.answers.as_ref().is_some_and(|usual| usual.is_valid(answer)) => {
                    compare(&self.error, answer, "error")
                }
                _ => Vec::new(),
            };
        }
        let mut all = Vec::new();
        if !self.statuses.contains(&status.as_u16()) {
            all.push(format!("the status {status} is not described"));
        }
        if let (Some(schema), Seen::Json(taken)) = (&self.takes, taken) {
            all.extend(compare(schema, taken, "request"));
        }
        match (&self.answers, answered) {
            (Some(schema), Seen::Json(answer)) => all.extend(compare(schema, answer, "answer")),
            (Some(_), Seen::Nothing) if status != StatusCode::NO_CONTENT => all.push("the answer is empty".to_owned()),
            (None, Seen::Json(_)) => all.push("the answer has a body, and none is described".to_owned()),
            _ => {}
        }
        all
    }
}

/// A body.
enum Seen {
    Nothing,
    Json(Value),
    /// Something that is no JSON, or JSON that is nested too deep to be read here.
    Other,
}

impl Seen {
    fn of(bytes: &[u8]) -> Self {
        match serde_json::from_slice(bytes) {
            Ok(value) => Self::Json(value),
            Err(_) if bytes.iter().all(u8::is_ascii_whitespace) => Self::Nothing,
            Err(_) => Self::Other,
        }
    }
}

/// The schemas of one API, read once: two hundred operations refer to them.
struct Documents {
    /// The name of the document in `registry`.
    uri: String,
    registry: Registry<'static>,
    /// The validators that are ready, by the JSON of their schema.
    ready: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Documents {
    /// The documents of `api`. They live as long as the process, as its description does.
    fn of(api: &Described) -> &'static Self {
        static ALL: Mutex<BTreeMap<&'static str, &'static Documents>> = Mutex::new(BTreeMap::new());
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(api.tag).or_insert_with(|| {
            let uri = format!("urn:campanile:{}", api.tag);
            let document = json!({ "components": { "schemas": api.schemas() } });
            let registry = Registry::new().add(&uri, document).and_then(|registry| registry.prepare());
            let registry = registry.expect("the schemas are part of the program");
            Box::leak(Box::new(Self { uri, registry, ready: Mutex::default() }))
        })
    }

    fn validator(&'static self, schema: RefOr<Schema>) -> Arc<Validator> {
        let schema = serde_json::to_string(&schema).expect("schemas are plain data");
        let schema = schema.replace("\"#/components", &format!("\"{}#/components", self.uri));
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = ready.entry(schema).or_insert_with_key(|schema| {
            let schema = serde_json::from_str(schema).expect("it was written above");
            let built = jsonschema::options().with_registry(&self.registry).build(&schema);
            Arc::new(built.expect("the schemas are part of the program"))
        });
        validator.clone()
    }
}

/// Wraps the handler of an operation.
pub(super) fn checked(api: &'static Described, operation: Operation) -> ErasedHandler {
    let handler = operation.handler.clone();
    let checks = Arc::new((operation, OnceLock::new()));
    ErasedHandler(Arc::new(move |request, web| {
        let (handler, checks) = (handler.clone(), checks.clone());
        boxed(async move {
            let (taken, request) = match read(request).await {
                Ok((bytes, request)) => (Seen::of(&bytes), request),
                Err(unread) => (Seen::Other, unread),
            };
            let (parts, body) = (handler.0)(request, web).await.into_parts();
            if !is_json(&parts.headers) && parts.status != StatusCode::NO_CONTENT {
                return Response::from_parts(parts, body);
            }
            let bytes = match to_bytes(body, usize::MAX).await {
                Ok(bytes) => bytes,
                Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
            };
            let checks = checks.1.get_or_init(|| Checks::of(api, &checks.0));
            let differences = checks.differences(&taken, parts.status, &Seen::of(&bytes));
            if differences.is_empty() {
                return Response::from_parts(parts, Body::from(bytes));
            }
            let told = format!("{} differs from its description: {}", checks.place, differences.join("; "));
            tracing::error!("{told}");
            (StatusCode::INTERNAL_SERVER_ERROR, told).into_response()
        })
    }))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// Reads the body of a request, and gives the request back whole.
///
/// # Errors
/// The request as it was, if its body is long or its length is not said.
async fn read(request: Request) -> Result<(Bytes, Request), Request> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_none_or(|length: usize| length > LONGEST_BODY) {
        return Err(request);
    }
    let (parts, body) = request.into_parts();
    match to_bytes(body, LONGEST_BODY).await {
        Ok(bytes) => Ok((bytes.clone(), Request::from_parts(parts, Body::from(bytes)))),
        // The handler refuses what cannot be read.
        Err(error) => {
            let broken = futures_util::stream::iter([Err::<Bytes, _>(error)]);
            Err(Request::from_parts(parts, Body::from_stream(broken)))
        }
    }
}

/// Makes every schema ready that these operations name.
///
/// # Panics
/// If one is missing.
pub fn assert_all_schemas_exist(api: &Described, operations: &[Operation]) {
    for operation in operations {
        Checks::of(api, operation);
    }
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::schema::ObjectBuilder;

    use super::*;
    use crate::operation::get;

    static EXAMPLE: Described = Described {
        tag: "example",
        prefix: "/example",
        schemas: r#"{
            "Key": { "type": "object", "required": ["key"], "additionalProperties": false,
                "properties": { "key": { "type": "string" } } },
            "Fault": { "type": "object", "required": ["code"], "properties": { "code": { "type": "string" } } }
        }"#,
        error: "Fault",
        page: |items| ObjectBuilder::new().property("data", items).build().into(),
    };

    fn checks() -> Checks {
        Checks::of(&EXAMPLE, &get("/key", 200, "Get a key", async || StatusCode::OK).answers("Key"))
    }

    #[test]
    fn an_answer_that_its_schema_does_not_have_is_told_with_its_place() {
        let checks = checks();
        let differences = |answer: Value| checks.differences(&Seen::Nothing, StatusCode::OK, &Seen::Json(answer));
        assert_eq!(differences(json!({ "key": "x" })), Vec::<String>::new());
        assert!(differences(json!({ "key": 5 }))[0].starts_with("answer/key"));
        assert_eq!(differences(json!({ "key": "x", "more": true })).len(), 1);
        let created = checks.differences(&Seen::Nothing, StatusCode::CREATED, &Seen::Json(json!({ "key": "x" })));
        assert_eq!(created, ["the status 201 Created is not described"]);
    }

    #[test]
    fn an_error_has_the_shape_of_its_api() {
        let checks = checks();
        let differences =
            |answer: Value| checks.differences(&Seen::Nothing, StatusCode::NOT_FOUND, &Seen::Json(answer));
        assert!(differences(json!({ "code": "not_found" })).is_empty());
        assert!(!differences(json!({ "message": "Entity not found" })).is_empty());
    }
}
