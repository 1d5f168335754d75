//! What browsers are given: public keys, the keys that users' tokens are signed with, and tokens for signed-in members.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::public_keys::{self, PublicKey};
use campanile_accounts::user_tokens::{self, Grants, SigningKey};
use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Error, Result, Timestamp};
use campanile_notify::channels::{self, FEED};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::PageView;
use crate::Web;
use crate::caller::{Administering, Known, SignedIn};
use crate::error::ApiResult;

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublicKeyIn {
    /// What it is for.
    name: String,
}

/// The public keys of the organisation.
#[utoipa::path(get, path = "/api/public-keys", tag = "accounts", responses((status = 200, body = PageView<PublicKey>)))]
pub(super) async fn public_keys(State(web): State<Web>, Known(caller): Known) -> ApiResult<Json<PageView<PublicKey>>> {
    let organisation = caller.organisation;
    let all = web.app.db.read(move |tx| Box::pin(async move { public_keys::list(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// Makes a public key.
#[utoipa::path(post, path = "/api/public-keys", tag = "accounts",
    responses((status = 201, body = PublicKey), (status = 403)))]
pub(super) async fn create_public_key(
    State(web): State<Web>,
    Administering(caller): Administering,
    Json(asked): Json<PublicKeyIn>,
) -> ApiResult<(StatusCode, Json<PublicKey>)> {
    let clock = web.app.clock.clone();
    let made = web
        .app
        .db
        .write(move |tx| Box::pin(async move { public_keys::create(tx, &clock, &caller, &asked.name).await }));
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// Ends a public key.
#[utoipa::path(delete, path = "/api/public-keys/{id}", tag = "accounts",
    responses((status = 204), (status = 404)))]
pub(super) async fn revoke_public_key(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { public_keys::revoke(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A key that was made, with its private half.
#[derive(Serialize, ToSchema)]
pub(super) struct NewSigningKey {
    #[serde(flatten)]
    key: SigningKey,
    /// The private half, PKCS#8 in PEM. It cannot be had again.
    private_key: String,
}

/// The keys that users' tokens may be signed with.
#[utoipa::path(get, path = "/api/signing-keys", tag = "accounts",
    responses((status = 200, body = PageView<SigningKey>)))]
pub(super) async fn signing_keys(
    State(web): State<Web>,
    Known(caller): Known,
) -> ApiResult<Json<PageView<SigningKey>>> {
    let organisation = caller.organisation;
    let all = web.app.db.read(move |tx| Box::pin(async move { user_tokens::list(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// Makes a key to sign users' tokens with.
#[utoipa::path(post, path = "/api/signing-keys", tag = "accounts",
    responses((status = 201, body = NewSigningKey), (status = 403)))]
pub(super) async fn create_signing_key(
    State(web): State<Web>,
    Known(caller): Known,
) -> ApiResult<(StatusCode, Json<NewSigningKey>)> {
    let (key, private) = user_tokens::create(&web.app.db, &web.app.clock, caller).await?;
    let made = NewSigningKey { key, private_key: private.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Ends a key, and the tokens that were signed with it.
#[utoipa::path(delete, path = "/api/signing-keys/{id}", tag = "accounts",
    responses((status = 204), (status = 404)))]
pub(super) async fn revoke_signing_key(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { user_tokens::revoke(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether public keys need users' tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecurityIn {
    /// Without them, who has a public key may act for any user.
    needs_user_tokens: bool,
}

/// Says whether public keys need users' tokens.
#[utoipa::path(put, path = "/api/browser-security", tag = "accounts", responses((status = 204), (status = 403)))]
pub(super) async fn set_security(
    State(web): State<Web>,
    Administering(caller): Administering,
    Json(asked): Json<SecurityIn>,
) -> ApiResult<StatusCode> {
    let needed = asked.needs_user_tokens;
    web.app.db.write(move |tx| Box::pin(async move { user_tokens::set_needed(tx, &caller, needed).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a member's browser needs to show their notifications with the official components.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberToken {
    /// The member, as a user.
    user_id: String,
    /// A token for them, good for an hour, and no longer than the session.
    token: String,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// A public key of the organisation.
    public_key: String,
    /// The channel of the feed.
    feed_channel_id: String,
}

/// A token for the signed-in member.
#[utoipa::path(get, path = "/api/session/notifications", tag = "accounts",
    responses((status = 200, body = MemberToken), (status = 403)))]
pub(super) async fn member_token(State(web): State<Web>, SignedIn(session): SignedIn) -> ApiResult<Json<MemberToken>> {
    let (app, organisation) = (&web.app, session.caller.organisation.clone());
    let user = session.person.to_string();
    let (token, expires) =
        user_tokens::sign(&app.db, &app.clock, &app.vault, &organisation, &user, Grants::default(), Some(&session))
            .await?;
    let public_key = console_key(&web, &organisation).await?;
    let notify = app.notify.clone();
    let read = app.db.read(move |tx| Box::pin(async move { channels::find(tx, &notify, &organisation, FEED).await }));
    let feed_channel_id = read.await?.ok_or(Error::NotFound("channel"))?.id;
    let expires_at = Timestamp::from_seconds(expires);
    Ok(Json(MemberToken { user_id: user, token, expires_at, public_key, feed_channel_id }))
}

/// A public key for the console's own pages; made where there is none, which a member of any role may cause.
pub(super) async fn console_key(web: &Web, organisation: &OrganisationId) -> Result<String> {
    let (clock, organisation) = (web.app.clock.clone(), organisation.clone());
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            match public_keys::list(tx, &organisation).await?.into_iter().next() {
                Some(known) => Ok(known.key),
                None => {
                    let system = Caller::system(organisation);
                    Ok::<_, Error>(public_keys::create(tx, &clock, &system, "console").await?.key)
                }
            }
        })
    });
    made.await
}
