//! Signing in and out of the console, and what somebody who is signed in does for themselves: sessions, password, invitations.

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use campanile_accounts::members::{self, Invitation, OldPassword};
use campanile_accounts::people::{self, Member};
use campanile_accounts::sessions::{self, Credentials, OpenedBy, Session};
use campanile_accounts::{OrganisationId, PersonId, Workspace, organisations};
use campanile_base::{Error, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::PageView;
use crate::caller::{Known, SignedIn, session_cookie, session_token};
use crate::door::PeerAddress;
use crate::error::ApiResult;
use crate::{Web, around};

/// An address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialsIn {
    email: String,
    password: String,
    /// The organisation to sign in to, by its id; without it the one that was joined first.
    #[schema(value_type = Option<String>)]
    organisation: Option<OrganisationId>,
}

/// The word of a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkIn {
    token: String,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct Who {
    member: Member,
    /// The organisation that the session is for.
    #[schema(value_type = String)]
    organisation_id: OrganisationId,
    workspaces: Vec<Workspace>,
}

type Peer = Option<Extension<PeerAddress>>;

fn address(peer: Peer) -> Option<IpAddr> {
    peer.map(|Extension(PeerAddress(address))| address)
}

/// Signs in by password; the answer sets the session's cookie. Who fails has to wait, longer each time.
#[utoipa::path(post, path = "/api/session", tag = "session",
    responses((status = 204), (status = 401), (status = 403), (status = 429)))]
pub(super) async fn sign_in(
    State(web): State<Web>,
    peer: Peer,
    Json(given): Json<CredentialsIn>,
) -> ApiResult<Response> {
    let (source, now) = (address(peer), Instant::now());
    web.brake.try_from(source, now)?;
    let place = people::queue()?;
    web.brake.try_for(&given.email, source, now)?;
    let CredentialsIn { email, password, organisation } = given;
    let credentials = Credentials { email: email.clone(), password: Secret::new(password), organisation };
    let signed_in = sessions::sign_in(&web.app.db, &web.app.clock, credentials, place).await;
    let token = signed_in.inspect_err(|error| sign_in_refused(source, error))?;
    web.brake.was_right(Some(&email), source);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, Some(&token)))]).into_response())
}

/// Signs in by a one-time link, to the organisation that it was made for; the answer sets the session's cookie.
#[utoipa::path(post, path = "/api/session/link", tag = "session",
    responses((status = 204), (status = 401), (status = 429)))]
pub(super) async fn sign_in_by_link(
    State(web): State<Web>,
    peer: Peer,
    Json(given): Json<LinkIn>,
) -> ApiResult<Response> {
    let source = address(peer);
    web.brake.try_from(source, Instant::now())?;
    let signed_in = sessions::sign_in_by_link(&web.app.db, &web.app.clock, &given.token).await;
    let token = signed_in.inspect_err(|error| sign_in_refused(source, error))?;
    web.brake.was_right(None, source);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, Some(&token)))]).into_response())
}

/// Logs a refused sign-in, by address: what they typed may be a password in the wrong field.
fn sign_in_refused(source: Option<IpAddr>, error: &Error) {
    let source = source.map(|source| source.to_string()).unwrap_or_default();
    tracing::info!(request_id = around::current(), source, %error, "a sign-in was refused");
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204)))]
pub(super) async fn sign_out(State(web): State<Web>, headers: HeaderMap) -> ApiResult<Response> {
    if let Some(token) = session_token(&headers) {
        sessions::sign_out(&web.app.db, &token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, None))]).into_response())
}

/// Who is signed in, to which organisation, and its workspaces.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Who), (status = 401)))]
pub(super) async fn who(State(web): State<Web>, SignedIn(session): SignedIn) -> ApiResult<Json<Who>> {
    let (organisation_id, person) = (session.caller.organisation, session.person);
    let who = web.app.db.read(move |tx| {
        Box::pin(async move {
            let member = people::member(tx, &organisation_id, &person).await?;
            let workspaces = organisations::workspaces(tx, &organisation_id).await?;
            Ok::<_, Error>(Who { member, organisation_id, workspaces })
        })
    });
    Ok(Json(who.await?))
}

/// A session, as it is listed.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionView {
    /// Its id, by which it can be ended.
    id: String,
    /// `password` or `link`; `unknown` of one from before this was written down.
    #[schema(value_type = String)]
    opened_by: OpenedBy,
    /// Whether it is the one that this was asked in.
    is_current: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl SessionView {
    fn of(session: Session, current: Option<&Session>) -> Self {
        let Session { id, opened_by, created_at, expires_at, .. } = session;
        Self { is_current: current.is_some_and(|current| current.id == id), id, opened_by, created_at, expires_at }
    }
}

/// The caller's own sessions in this organisation, newest first.
#[utoipa::path(get, path = "/api/sessions", tag = "session",
    responses((status = 200, body = PageView<SessionView>), (status = 403)))]
pub(super) async fn list(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
) -> ApiResult<Json<PageView<SessionView>>> {
    let (clock, current) = (web.app.clock.clone(), session.clone());
    let found = web
        .app
        .db
        .read(move |tx| Box::pin(async move { sessions::list(tx, &clock, &session.caller, &session.person).await }));
    let views = found.await?.into_iter().map(|found| SessionView::of(found, Some(&current))).collect();
    Ok(Json(PageView::whole(views)))
}

/// Ends a session: one's own, or a member's where the caller is an owner.
#[utoipa::path(delete, path = "/api/sessions/{id}", tag = "session", responses((status = 204), (status = 404)))]
pub(super) async fn end(State(web): State<Web>, Known(caller): Known, Path(id): Path<String>) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { sessions::end(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sessions of a member, newest first: one's own, or anybody's where the caller is an owner.
#[utoipa::path(get, path = "/api/members/{id}/sessions", tag = "accounts",
    responses((status = 200, body = PageView<SessionView>), (status = 403)))]
pub(super) async fn of_member(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<PersonId>,
) -> ApiResult<Json<PageView<SessionView>>> {
    let clock = web.app.clock.clone();
    let found =
        web.app.db.read(move |tx| Box::pin(async move { sessions::list(tx, &clock, &caller, &id).await })).await?;
    Ok(Json(PageView::whole(found.into_iter().map(|found| SessionView::of(found, None)).collect())))
}

/// Ends all sessions of a member, and the links that they have not used: one's own, or anybody's where the caller is an owner.
#[utoipa::path(delete, path = "/api/members/{id}/sessions", tag = "accounts",
    responses((status = 204), (status = 403)))]
pub(super) async fn end_of_member(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<PersonId>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { sessions::end_all(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    /// The old one. It is not needed where there is none, nor within an hour after a link was used, by who belongs to one
    /// organisation only.
    old: Option<String>,
    /// The new one, of 8 to 200 characters.
    new: String,
}

/// Replaces one's own password, and ends all one's other sessions.
#[utoipa::path(put, path = "/api/session/password", tag = "session",
    responses((status = 204), (status = 400), (status = 403), (status = 429)))]
pub(super) async fn change_password(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
    peer: Peer,
    Json(given): Json<PasswordChange>,
) -> ApiResult<StatusCode> {
    let new = Secret::new(given.new);
    people::check_password(&new)?;
    let old = match given.old {
        Some(old) => {
            must_know(&web, &session, address(peer), Secret::new(old)).await?;
            OldPassword::Right
        }
        None => OldPassword::NotGiven,
    };
    let (hash, clock) = (people::hash(new).await?, web.app.clock.clone());
    let changed = web
        .app
        .db
        .write(move |tx| Box::pin(async move { members::change_password(tx, &clock, &session, old, hash).await }));
    changed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks the password of who is signed in; who tries several has to wait as if they signed in.
async fn must_know(web: &Web, session: &Session, source: Option<IpAddr>, old: Secret) -> ApiResult<()> {
    let (account, now) = (session.person.as_str(), Instant::now());
    web.brake.try_from(source, now)?;
    let place = people::queue()?;
    web.brake.try_for(account, source, now)?;
    if !people::has_password(&web.app.db, &session.person, old, place).await? {
        return Err(Error::Forbidden("the old password is wrong").into());
    }
    web.brake.was_right(Some(account), source);
    Ok(())
}

/// The organisations that have invited who is signed in.
#[utoipa::path(get, path = "/api/session/invitations", tag = "session",
    responses((status = 200, body = PageView<Invitation>), (status = 403)))]
pub(super) async fn invitations(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
) -> ApiResult<Json<PageView<Invitation>>> {
    let read = web.app.db.read(move |tx| Box::pin(async move { members::invitations(tx, &session.person).await }));
    Ok(Json(PageView::whole(read.await?)))
}

/// Joins an organisation. The session goes on as it is: sign in anew, and name the organisation. It must have been opened by a
/// password that its person has chosen.
#[utoipa::path(post, path = "/api/session/invitations/{organisation}", tag = "session",
    responses((status = 204), (status = 403), (status = 404)))]
pub(super) async fn accept(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
    Path(organisation): Path<OrganisationId>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    let joined =
        web.app.db.write(move |tx| Box::pin(async move { members::accept(tx, &clock, &session, &organisation).await }));
    joined.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Turns an invitation down.
#[utoipa::path(delete, path = "/api/session/invitations/{organisation}", tag = "session",
    responses((status = 204), (status = 404)))]
pub(super) async fn decline(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
    Path(organisation): Path<OrganisationId>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    let declined = web
        .app
        .db
        .write(move |tx| Box::pin(async move { members::decline(tx, &clock, &session, &organisation).await }));
    declined.await?;
    Ok(StatusCode::NO_CONTENT)
}
