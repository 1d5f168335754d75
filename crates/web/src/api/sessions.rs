//! Signing in and out of the console.

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use campanile_accounts::people::{self, Member};
use campanile_accounts::{Actor, Workspace, organisations, sessions};
use campanile_base::{Error, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Web;
use crate::caller::{Known, session_cookie, session_token};
use crate::error::ApiResult;

/// An address and a password.
#[derive(Deserialize, ToSchema)]
pub(super) struct Credentials {
    email: String,
    password: String,
}

/// The word of a one-time link.
#[derive(Deserialize, ToSchema)]
pub(super) struct LinkIn {
    token: String,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct Who {
    member: Member,
    workspaces: Vec<Workspace>,
}

/// Signs in by password; the answer sets the session's cookie.
#[utoipa::path(post, path = "/api/session", tag = "session", responses((status = 204), (status = 401)))]
pub(super) async fn sign_in(State(web): State<Web>, Json(given): Json<Credentials>) -> ApiResult<Response> {
    let password = Secret::new(given.password);
    let token = sessions::sign_in(&web.app.db, &web.app.clock, &given.email, password).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, Some(&token)))]).into_response())
}

/// Signs in by a one-time link; the answer sets the session's cookie.
#[utoipa::path(post, path = "/api/session/link", tag = "session", responses((status = 204), (status = 401)))]
pub(super) async fn sign_in_by_link(State(web): State<Web>, Json(given): Json<LinkIn>) -> ApiResult<Response> {
    let token = sessions::sign_in_by_link(&web.app.db, &web.app.clock, &given.token).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, Some(&token)))]).into_response())
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204)))]
pub(super) async fn sign_out(State(web): State<Web>, headers: HeaderMap) -> ApiResult<Response> {
    if let Some(token) = session_token(&headers) {
        sessions::sign_out(&web.app.db, &token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, None))]).into_response())
}

/// Who is signed in, and their workspaces.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Who), (status = 401)))]
pub(super) async fn who(State(web): State<Web>, Known(caller): Known) -> ApiResult<Json<Who>> {
    let Actor::Person(person) = caller.actor else {
        return Err(Error::Forbidden("a secret key is nobody's session").into());
    };
    let organisation = caller.organisation;
    let who = web.app.db.read(move |tx| {
        Box::pin(async move {
            let member = people::member(tx, &organisation, &person).await?;
            let workspaces = organisations::workspaces(tx, &organisation).await?;
            Ok::<_, Error>(Who { member, workspaces })
        })
    });
    Ok(Json(who.await?))
}
