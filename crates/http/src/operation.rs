//! API operations as a table. Both the routes and the OpenAPI document are built from it.
//!
//! A line of the table names the schemas of what its operation takes and answers. The schemas
//! themselves stand in a `schemas.json` beside the table, as OpenAPI writes them. Builds with
//! the feature `fixtures`, which the tests use, hold every accepted request and every answer
//! against them (`conformance`), so that the document cannot differ from the server.
//!
//! The type of a handler is erased when it enters the table. So the framework's code around
//! handlers is compiled once, not for each of three hundred operations.

#[cfg(feature = "fixtures")]
pub mod conformance;

use std::collections::BTreeMap;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use futures_util::future::BoxFuture;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, ContentBuilder, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder};

use crate::Web;

/// One operation.
pub struct Operation {
    method: Method,
    /// The path within its API, such as `/users/{user}`.
    path: &'static str,
    /// The HTTP statuses of a success, the usual one first.
    statuses: Vec<u16>,
    summary: &'static str,
    handler: ErasedHandler,
    query: Vec<Parameter>,
    takes: Option<Taken>,
    answers: Option<Answered>,
}

/// The schema of a body.
#[derive(Debug, Clone, Copy)]
struct Taken {
    schema: &'static str,
    is_required: bool,
}

/// The schema of an answer.
#[derive(Debug, Clone, Copy)]
enum Answered {
    One(&'static str),
    /// A JSON array.
    Array(&'static str),
    /// A page of the API, with its envelope.
    Page(&'static str),
}

/// A parameter of the query.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    name: &'static str,
    value: ParameterValue,
    about: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum ParameterValue {
    Text,
    Number,
    Flag,
    Time,
    /// Texts, repeated or with commas between them.
    Texts,
}

impl Parameter {
    /// A text.
    pub const fn text(name: &'static str, about: &'static str) -> Self {
        Self { name, value: ParameterValue::Text, about }
    }

    /// A whole number.
    pub const fn number(name: &'static str, about: &'static str) -> Self {
        Self { name, value: ParameterValue::Number, about }
    }

    /// `true` or `false`.
    pub const fn flag(name: &'static str, about: &'static str) -> Self {
        Self { name, value: ParameterValue::Flag, about }
    }

    /// An RFC 3339 time.
    pub const fn time(name: &'static str, about: &'static str) -> Self {
        Self { name, value: ParameterValue::Time, about }
    }

    /// A list of texts.
    pub const fn texts(name: &'static str, about: &'static str) -> Self {
        Self { name, value: ParameterValue::Texts, about }
    }

    fn schema(self) -> Schema {
        let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
        let object = match self.value {
            ParameterValue::Text => of(Type::String),
            ParameterValue::Number => of(Type::Integer),
            ParameterValue::Flag => of(Type::Boolean),
            ParameterValue::Time => of(Type::String)
                .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime))),
            ParameterValue::Texts => return ArrayBuilder::new().items(of(Type::String)).build().into(),
        };
        object.build().into()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

type Answer = BoxFuture<'static, Response>;

/// A handler with its type erased.
#[derive(Clone)]
struct ErasedHandler(Arc<dyn Fn(Request, Web) -> Answer + Send + Sync>);

impl Handler<ErasedHandler, Web> for ErasedHandler {
    type Future = Answer;

    fn call(self, request: Request, web: Web) -> Answer {
        (self.0)(request, web)
    }
}

macro_rules! methods {
    ($($name:ident, $method:ident;)*) => {
        $(
            /// An operation with this method. Takes the path, the status of a success, a summary
            /// and the handler.
            pub fn $name<H, T>(path: &'static str, status: u16, summary: &'static str, handler: H) -> Operation
            where
                H: Handler<T, Web> + Sync,
                T: 'static,
            {
                Operation {
                    method: Method::$method,
                    path,
                    statuses: vec![status],
                    summary,
                    handler: erased(handler),
                    query: Vec::new(),
                    takes: None,
                    answers: None,
                }
            }
        )*
    };
}
methods! {
    get, Get;
    post, Post;
    put, Put;
    patch, Patch;
    delete, Delete;
}

fn erased<H, T>(handler: H) -> ErasedHandler
where
    H: Handler<T, Web> + Sync,
    T: 'static,
{
    ErasedHandler(Arc::new(move |request, web| boxed(handler.clone().call(request, web))))
}

fn boxed(answer: impl Future<Output = Response> + Send + 'static) -> Answer {
    Box::pin(answer)
}

/// The routes of these operations.
pub fn router(api: &'static Described, operations: Vec<Operation>) -> Router<Web> {
    operations.into_iter().fold(Router::new(), |router, operation| {
        let filter = match operation.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Patch => MethodFilter::PATCH,
            Method::Delete => MethodFilter::DELETE,
        };
        router.route(operation.path, on(filter, handler(api, operation)))
    })
}

#[cfg(feature = "fixtures")]
fn handler(api: &'static Described, operation: Operation) -> ErasedHandler {
    conformance::checked(api, operation)
}

#[cfg(not(feature = "fixtures"))]
fn handler(_: &'static Described, operation: Operation) -> ErasedHandler {
    operation.handler
}

/// The common part of all operations of one API in the document.
#[derive(Debug)]
pub struct Described {
    /// The API's name in the document, such as `svix`.
    pub tag: &'static str,
    /// The path before those of the operations.
    pub prefix: &'static str,
    /// The schemas that the operations name: a JSON object, by name.
    pub schemas: &'static str,
    /// The name of the schema of errors.
    pub error: &'static str,
    /// The schema of a page, around that of its items.
    pub page: fn(items: Schema) -> Schema,
}

impl Described {
    fn schemas(&self) -> BTreeMap<String, RefOr<Schema>> {
        serde_json::from_str(self.schemas).expect("the file is part of the program, and a test reads it")
    }

    fn schema(&self, answered: Answered) -> RefOr<Schema> {
        let array = |name| Schema::Array(ArrayBuilder::new().items(reference(name)).build());
        match answered {
            Answered::One(name) => reference(name),
            Answered::Array(name) => RefOr::T(array(name)),
            Answered::Page(name) => RefOr::T((self.page)(array(name))),
        }
    }
}

fn reference(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

fn json(schema: RefOr<Schema>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

/// Adds these operations and their schemas to a document.
pub fn describe(document: &mut OpenApi, api: &Described, operations: &[Operation]) {
    for operation in operations {
        let method = match operation.method {
            Method::Get => HttpMethod::Get,
            Method::Post => HttpMethod::Post,
            Method::Put => HttpMethod::Put,
            Method::Patch => HttpMethod::Patch,
            Method::Delete => HttpMethod::Delete,
        };
        let item = PathItem::new(method, operation.described(api));
        document.paths.paths.entry(format!("{}{}", api.prefix, operation.path)).or_default().merge_operations(item);
    }
    document.components.get_or_insert_default().schemas.extend(api.schemas());
}

impl Operation {
    /// Another status of a success.
    pub fn or(mut self, status: u16) -> Self {
        self.statuses.push(status);
        self
    }

    /// Adds parameters of the query.
    pub fn query(mut self, parameters: &[Parameter]) -> Self {
        self.query.extend_from_slice(parameters);
        self
    }

    /// Names the schema of the body.
    pub fn takes(mut self, schema: &'static str) -> Self {
        self.takes = Some(Taken { schema, is_required: true });
        self
    }

    /// Names the schema of a body that may be missing.
    pub fn may_take(mut self, schema: &'static str) -> Self {
        self.takes = Some(Taken { schema, is_required: false });
        self
    }

    /// Names the schema of the answer.
    pub fn answers(mut self, schema: &'static str) -> Self {
        self.answers = Some(Answered::One(schema));
        self
    }

    /// The answer is a JSON array; names the schema of its items.
    pub fn answers_array(mut self, schema: &'static str) -> Self {
        self.answers = Some(Answered::Array(schema));
        self
    }

    /// The answer is a page of the API; names the schema of its items.
    pub fn answers_page(mut self, schema: &'static str) -> Self {
        self.answers = Some(Answered::Page(schema));
        self
    }

    fn described(&self, api: &Described) -> utoipa::openapi::path::Operation {
        let names = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let text = || Some(ObjectBuilder::new().schema_type(Type::String).build());
        let in_path = names.map(|name| {
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
            parameter.schema(text()).build()
        });
        let in_query = self.query.iter().map(|parameter| {
            let builder = ParameterBuilder::new().name(parameter.name).parameter_in(ParameterIn::Query);
            builder.description(Some(parameter.about)).schema(Some(parameter.schema())).build()
        });
        let body = self.takes.map(|taken| {
            let body = RequestBodyBuilder::new().content("application/json", json(reference(taken.schema)));
            body.required(Some(if taken.is_required { Required::True } else { Required::False })).build()
        });
        let operation = OperationBuilder::new()
            .tag(api.tag)
            .summary(Some(self.summary))
            .parameters(Some(in_path.chain(in_query)))
            .request_body(body);
        let operation = self.statuses.iter().fold(operation, |operation, status| {
            let answer = ResponseBuilder::new().description("Done.");
            let answer = match self.answers.filter(|_| *status != 204) {
                Some(answered) => answer.content("application/json", json(api.schema(answered))),
                None => answer,
            };
            operation.response(status.to_string(), RefOr::T(answer.build()))
        });
        let error =
            ResponseBuilder::new().description("An error.").content("application/json", json(reference(api.error)));
        operation.response("default", RefOr::T(error.build())).build()
    }
}
