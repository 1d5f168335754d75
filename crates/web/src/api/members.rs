//! The members of an organisation: who they are, what they may do, how they get in again, how they leave.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::people::{self, Member, NewMember};
use campanile_accounts::{PersonId, Role, members};
use campanile_base::{Error, Secret};
use serde::Deserialize;
use utoipa::ToSchema;

use super::page::PageView;
use crate::Web;
use crate::caller::{Administering, Known};
use crate::error::ApiResult;

/// The members of the organisation, then who was invited and has not accepted yet.
#[utoipa::path(get, path = "/api/members", tag = "accounts", responses((status = 200, body = PageView<Member>)))]
pub(super) async fn list(State(web): State<Web>, Known(caller): Known) -> ApiResult<Json<PageView<Member>>> {
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let mut all = people::members(tx, &caller.organisation).await?;
            all.extend(people::invited(tx, &caller.organisation).await?);
            Ok::<_, Error>(all)
        })
    });
    Ok(Json(PageView::whole(read.await?)))
}

/// Somebody to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberIn {
    /// Their mail address.
    email: String,
    /// `owner`, `manager` or `staff`.
    #[schema(value_type = String)]
    role: Role,
    /// Their password, which opens this organisation alone; without one they are sent a link. Not for somebody who has an account.
    password: Option<String>,
}

/// Adds a member and writes to them. Somebody who belongs to another organisation is `invited`: they sign in themselves and accept.
#[utoipa::path(post, path = "/api/members", tag = "accounts",
    responses((status = 201, body = Member), (status = 403), (status = 409)))]
pub(super) async fn add(
    State(web): State<Web>,
    Administering(caller): Administering,
    Json(asked): Json<MemberIn>,
) -> ApiResult<(StatusCode, Json<Member>)> {
    let password = match asked.password {
        Some(password) => Some(people::hash(Secret::new(password)).await?),
        None => None,
    };
    let (app, new) = (web.app.clone(), NewMember { email: asked.email, role: asked.role, password });
    let added = web.app.db.write(move |tx| Box::pin(async move { app.invite(tx, &caller, new).await })).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// What can be changed about a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberPatch {
    /// `owner`, `manager` or `staff`.
    #[schema(value_type = String)]
    role: Role,
}

/// Changes the role of a member, or of an invitation. The last owner stays one.
#[utoipa::path(patch, path = "/api/members/{id}", tag = "accounts",
    responses((status = 200, body = Member), (status = 403), (status = 404), (status = 409)))]
pub(super) async fn update(
    State(web): State<Web>,
    Administering(caller): Administering,
    Path(id): Path<PersonId>,
    Json(asked): Json<MemberPatch>,
) -> ApiResult<Json<Member>> {
    let clock = web.app.clock.clone();
    let changed = web
        .app
        .db
        .write(move |tx| Box::pin(async move { members::set_role(tx, &clock, &caller, &id, asked.role).await }));
    Ok(Json(changed.await?))
}

/// Takes a member out and ends their sessions at once, or takes an invitation back. Members may leave themselves; the last owner stays.
#[utoipa::path(delete, path = "/api/members/{id}", tag = "accounts",
    responses((status = 204), (status = 403), (status = 404), (status = 409)))]
pub(super) async fn remove(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<PersonId>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { members::remove(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A password for somebody else.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordIn {
    /// Of 8 to 200 characters.
    password: String,
}

/// Chooses a password for a member, which opens this organisation alone, and ends all their sessions. Not for who belongs, or is
/// invited, to another organisation.
#[utoipa::path(put, path = "/api/members/{id}/password", tag = "accounts",
    responses((status = 204), (status = 403), (status = 404), (status = 409)))]
pub(super) async fn reset_password(
    State(web): State<Web>,
    Administering(caller): Administering,
    Path(id): Path<PersonId>,
    Json(asked): Json<PasswordIn>,
) -> ApiResult<StatusCode> {
    let (hash, clock) = (people::hash(Secret::new(asked.password)).await?, web.app.clock.clone());
    let reset = web
        .app
        .db
        .write(move |tx| Box::pin(async move { members::reset_password(tx, &clock, &caller, &id, hash).await }));
    reset.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a member a link that signs in to this organisation once, within a day; or an invitation anew.
#[utoipa::path(post, path = "/api/members/{id}/sign-in-link", tag = "accounts",
    responses((status = 202), (status = 403), (status = 404)))]
pub(super) async fn send_link(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<PersonId>,
) -> ApiResult<StatusCode> {
    let app = web.app.clone();
    web.app.db.write(move |tx| Box::pin(async move { app.send_sign_in_link(tx, &caller, &id).await })).await?;
    Ok(StatusCode::ACCEPTED)
}
