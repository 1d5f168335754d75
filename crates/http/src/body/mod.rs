//! JSON bodies of our own API, in both directions.
//!
//! It reads and answers as the framework's `Json` does, with one more rule: where an object is
//! wanted, only an object is [read](objects).

pub mod objects;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use objects::ObjectsOnly;

/// A JSON body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = JsonRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, JsonRejection> {
        let read = <axum::Json<ObjectsOnly<T>> as FromRequest<S>>::from_request(request, state).await;
        read.map(|axum::Json(ObjectsOnly(value))| Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = JsonRejection;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, JsonRejection> {
        let read = <axum::Json<ObjectsOnly<T>> as OptionalFromRequest<S>>::from_request(request, state).await;
        Ok(read?.map(|axum::Json(ObjectsOnly(value))| Self(value)))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}
