//! The members of an organisation: their roles, their ways to sign in, and their removal.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::people::{self, Member, NewMember};
use campanile_accounts::{PersonId, Role, members};
use campanile_base::{Error, Secret};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Administering, Authenticated};
use campanile_http::error::ApiResult;
use serde::Deserialize;
use utoipa::ToSchema;

use super::page::PageView;

/// The members of the organisation, then the invitations that are not accepted yet.
#[utoipa::path(get, path = "/api/members", tag = "accounts", responses((status = 200, body = PageView<Member>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
) -> ApiResult<Json<PageView<Member>>> {
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let mut all = people::members(tx, &caller.organisation).await?;
            all.extend(people::invited(tx, &caller.organisation).await?);
            Ok::<_, Error>(all)
        })
    });
    Ok(Json(PageView::whole(read.await?)))
}

/// A member to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberIn {
    /// The mail address of the member.
    email: String,
    /// The role: `owner`, `manager` or `staff`.
    #[schema(value_type = String)]
    role: Role,
    /// The password of the member, which works for this organisation only. Without a password they
    /// are sent a link to sign in. It must not be given for a person who has an account already.
    password: Option<String>,
}

/// Adds a member, and sends them a mail.
///
/// A person who belongs to another organisation gets the status `invited`: they sign in to their
/// own account and accept.
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

/// Changes to a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberPatch {
    /// The role: `owner`, `manager` or `staff`.
    #[schema(value_type = String)]
    role: Role,
}

/// Changes the role of a member, or of an invitation.
///
/// The last owner of an organisation cannot lose that role.
#[utoipa::path(patch, path = "/api/members/{id}", tag = "accounts",
    params(("id" = String, Path)),
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

/// Removes a member and ends their sessions at once, or withdraws an invitation.
///
/// Members may remove themselves. The last owner cannot be removed.
#[utoipa::path(delete, path = "/api/members/{id}", tag = "accounts",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409)))]
pub(super) async fn remove(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<PersonId>,
) -> ApiResult<StatusCode> {
    web.app.remove_member(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new password for a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordIn {
    /// The password, of 8 to 200 characters.
    password: String,
}

/// Sets the password of a member, and ends all their sessions.
///
/// The password works for this organisation only. It cannot be set for a person who belongs to
/// another organisation, or is invited to one.
#[utoipa::path(put, path = "/api/members/{id}/password", tag = "accounts",
    params(("id" = String, Path)),
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

/// Sends a member a sign-in link, or sends an invitation again.
///
/// The link signs in to this organisation once, within a day.
#[utoipa::path(post, path = "/api/members/{id}/sign-in-link", tag = "accounts",
    params(("id" = String, Path)),
    responses((status = 202), (status = 403), (status = 404)))]
pub(super) async fn send_link(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<PersonId>,
) -> ApiResult<StatusCode> {
    let app = web.app.clone();
    web.app.db.write(move |tx| Box::pin(async move { app.send_sign_in_link(tx, &caller, &id).await })).await?;
    Ok(StatusCode::ACCEPTED)
}
