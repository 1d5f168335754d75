//! Signing in to the console and out, and what signed-in persons manage for themselves: their
//! sessions, password and invitations.

use std::net::IpAddr;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use campanile_accounts::members::{self, Invitation, OldPassword};
use campanile_accounts::organisations::Membership;
use campanile_accounts::people::{self, Member};
use campanile_accounts::sessions::{self, Credentials, OpenedBy, Session};
use campanile_accounts::{OrganisationId, PersonId, Workspace, organisations};
use campanile_base::{Error, Secret, Timestamp};
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, SignedIn, session_cookie, session_token};
use campanile_http::error::ApiResult;
use campanile_http::{Web, request_id};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::PageView;
use crate::door::PeerAddress;

/// A mail address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialsIn {
    email: String,
    password: String,
    /// The id of the organisation to sign in to; the one that the person joined first when absent.
    #[schema(value_type = Option<String>)]
    organisation: Option<OrganisationId>,
}

/// The token of a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkIn {
    token: String,
}

/// The signed-in person.
#[derive(Serialize, ToSchema)]
pub(super) struct Who {
    member: Member,
    /// True if the person has a password.
    has_password: bool,
    /// The organisation that the session is for.
    #[schema(value_type = String)]
    organisation_id: OrganisationId,
    /// The organisations that the person belongs to, the one that they joined first coming first.
    organisations: Vec<Membership>,
    workspaces: Vec<Workspace>,
}

type Peer = Option<Extension<PeerAddress>>;

fn address(peer: Peer) -> Option<IpAddr> {
    peer.map(|Extension(PeerAddress(address))| address)
}

/// Signs in by password. The answer sets the session cookie.
///
/// After failed attempts a further one has to wait, longer each time.
#[utoipa::path(post, path = "/api/session", tag = "session",
    responses((status = 204), (status = 401), (status = 403), (status = 429)))]
pub(super) async fn sign_in(
    State(web): State<Web>,
    peer: Peer,
    Json(given): Json<CredentialsIn>,
) -> ApiResult<Response> {
    let (source, now) = (address(peer), Instant::now());
    web.app.sign_in_brake.try_from(source, now)?;
    let place = people::queue()?;
    web.app.sign_in_brake.try_for(&given.email, source, now)?;
    let CredentialsIn { email, password, organisation } = given;
    let credentials = Credentials { email: email.clone(), password: Secret::new(password), organisation };
    let signed_in = sessions::sign_in(&web.app.db, &web.app.clock, credentials, place).await;
    let token = signed_in.inspect_err(|error| sign_in_refused(source, error))?;
    web.app.sign_in_brake.was_right(Some(&email), source);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, Some(&token)))]).into_response())
}

/// Signs in by a one-time link. The answer sets the session cookie.
///
/// The session is for the organisation that the link was made for.
#[utoipa::path(post, path = "/api/session/link", tag = "session",
    responses((status = 204), (status = 401), (status = 429)))]
pub(super) async fn sign_in_by_link(
    State(web): State<Web>,
    peer: Peer,
    Json(given): Json<LinkIn>,
) -> ApiResult<Response> {
    let source = address(peer);
    web.app.sign_in_brake.try_from(source, Instant::now())?;
    let signed_in = sessions::sign_in_by_link(&web.app.db, &web.app.clock, &given.token).await;
    let token = signed_in.inspect_err(|error| sign_in_refused(source, error))?;
    web.app.sign_in_brake.was_right(None, source);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, Some(&token)))]).into_response())
}

/// Logs a refused sign-in, with the network address only: the name field may hold a password that
/// was typed there by mistake.
fn sign_in_refused(source: Option<IpAddr>, error: &Error) {
    let source = source.map(|source| source.to_string()).unwrap_or_default();
    tracing::info!(request_id = request_id::current(), source, %error, "a sign-in was refused");
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204)))]
pub(super) async fn sign_out(State(web): State<Web>, headers: HeaderMap) -> ApiResult<Response> {
    if let Some(token) = session_token(&headers) {
        sessions::sign_out(&web.app.db, &token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, None))]).into_response())
}

/// The signed-in member, their organisation and its workspaces.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Who), (status = 401)))]
pub(super) async fn who(State(web): State<Web>, SignedIn(session): SignedIn) -> ApiResult<Json<Who>> {
    let (organisation_id, person) = (session.caller.organisation, session.person);
    let who = web.app.db.read(move |tx| {
        Box::pin(async move {
            let member = people::member(tx, &organisation_id, &person).await?;
            let organisations = organisations::of_person(tx, &person).await?;
            let workspaces = organisations::workspaces(tx, &organisation_id).await?;
            let has_password = people::has_any_password(tx, &person).await?;
            Ok::<_, Error>(Who { member, has_password, organisation_id, organisations, workspaces })
        })
    });
    Ok(Json(who.await?))
}

/// Opens a session in another organisation of the signed-in person, in place of this one. The answer
/// sets the session cookie.
///
/// The session must have been opened by a password that the person has chosen.
#[utoipa::path(post, path = "/api/session/organisations/{organisation}", tag = "session",
    params(("organisation" = String, Path)),
    responses((status = 204), (status = 401), (status = 403)))]
pub(super) async fn switch(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
    Path(organisation): Path<OrganisationId>,
) -> ApiResult<Response> {
    let clock = web.app.clock.clone();
    let opened = web
        .app
        .db
        .write(move |tx| Box::pin(async move { sessions::switch(tx, &clock, &session, &organisation).await }));
    let token = opened.await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, session_cookie(&web.app, Some(&token)))]).into_response())
}

/// A session, as lists show it.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionView {
    /// The id of the session.
    id: String,
    /// The way of signing in: `password` or `link`. `unknown` for a session from before this was
    /// recorded.
    #[schema(value_type = String)]
    opened_by: OpenedBy,
    /// True if the request was made in this session. Always false in the list of a member's
    /// sessions.
    is_current: bool,
    /// The time at which the session began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The time at which the session expires.
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

/// Ends a session. Owners may also end sessions of other members.
#[utoipa::path(delete, path = "/api/sessions/{id}", tag = "session", params(("id" = String, Path)),
    responses((status = 204), (status = 404)))]
pub(super) async fn end(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { sessions::end(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sessions of a member, newest first. Owners may list those of any member.
#[utoipa::path(get, path = "/api/members/{id}/sessions", tag = "accounts",
    params(("id" = String, Path)),
    responses((status = 200, body = PageView<SessionView>), (status = 403)))]
pub(super) async fn of_member(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<PersonId>,
) -> ApiResult<Json<PageView<SessionView>>> {
    let clock = web.app.clock.clone();
    let found =
        web.app.db.read(move |tx| Box::pin(async move { sessions::list(tx, &clock, &caller, &id).await })).await?;
    Ok(Json(PageView::whole(found.into_iter().map(|found| SessionView::of(found, None)).collect())))
}

/// Ends all sessions of a member, and the links that they have not used.
///
/// Members may do this for themselves, owners for every member.
#[utoipa::path(delete, path = "/api/members/{id}/sessions", tag = "accounts",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403)))]
pub(super) async fn end_of_member(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<PersonId>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { sessions::end_all(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    /// The old password. It is not needed if there is none. It is not needed either in a session
    /// that was opened by a link in the last hour, for a person who belongs to one organisation
    /// only.
    old: Option<String>,
    /// The new password, of 8 to 200 characters.
    new: String,
}

/// Changes one's own password, and ends all one's other sessions.
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

/// Checks the old password of the signed-in person. Repeated attempts have to wait, as when signing
/// in.
async fn must_know(web: &Web, session: &Session, source: Option<IpAddr>, old: Secret) -> ApiResult<()> {
    let (account, now) = (session.person.as_str(), Instant::now());
    web.app.sign_in_brake.try_from(source, now)?;
    let place = people::queue()?;
    web.app.sign_in_brake.try_for(account, source, now)?;
    if !people::has_password(&web.app.db, &session.person, old, place).await? {
        return Err(Error::Forbidden("the old password is wrong").into());
    }
    web.app.sign_in_brake.was_right(Some(account), source);
    Ok(())
}

/// The invitations of the signed-in person to other organisations.
#[utoipa::path(get, path = "/api/session/invitations", tag = "session",
    responses((status = 200, body = PageView<Invitation>), (status = 403)))]
pub(super) async fn invitations(
    State(web): State<Web>,
    SignedIn(session): SignedIn,
) -> ApiResult<Json<PageView<Invitation>>> {
    let read = web.app.db.read(move |tx| Box::pin(async move { members::invitations(tx, &session.person).await }));
    Ok(Json(PageView::whole(read.await?)))
}

/// Accepts an invitation and joins the organisation.
///
/// The session must have been opened by a password that the person has chosen. It stays in its
/// present organisation: to use the new one, sign in again and name it.
#[utoipa::path(post, path = "/api/session/invitations/{organisation}", tag = "session",
    params(("organisation" = String, Path)),
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

/// Declines an invitation.
#[utoipa::path(delete, path = "/api/session/invitations/{organisation}", tag = "session",
    params(("organisation" = String, Path)),
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
