//! Credentials for browsers: public keys, the keys that sign users' tokens, and tokens for
//! signed-in members.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::public_keys::{self, PublicKey};
use campanile_accounts::user_tokens::{self, Grants, SigningKey};
use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Administering, Authenticated, SignedIn};
use campanile_http::error::ApiResult;
use campanile_notify::channels::{self, FEED};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::PageView;

/// A public key to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublicKeyIn {
    /// The purpose of the key, for people.
    name: String,
}

/// The public keys of the organisation.
#[utoipa::path(get, path = "/api/public-keys", tag = "accounts", responses((status = 200, body = PageView<PublicKey>)))]
pub(super) async fn public_keys(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
) -> ApiResult<Json<PageView<PublicKey>>> {
    let organisation = caller.organisation;
    let all = web.app.db.read(move |tx| Box::pin(async move { public_keys::list(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// Creates a public key.
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

/// Revokes a public key.
#[utoipa::path(delete, path = "/api/public-keys/{id}", tag = "accounts",
    responses((status = 204), (status = 404)))]
pub(super) async fn revoke_public_key(
    State(web): State<Web>,
    Administering(caller): Administering,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { public_keys::revoke(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A signing key that was created, with its private half.
#[derive(Serialize, ToSchema)]
pub(super) struct NewSigningKey {
    #[serde(flatten)]
    key: SigningKey,
    /// The private half, as PKCS#8 in PEM. It is not shown again.
    private_key: String,
}

/// The keys that may sign users' tokens.
#[utoipa::path(get, path = "/api/signing-keys", tag = "accounts",
    responses((status = 200, body = PageView<SigningKey>)))]
pub(super) async fn signing_keys(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
) -> ApiResult<Json<PageView<SigningKey>>> {
    let organisation = caller.organisation;
    let all = web.app.db.read(move |tx| Box::pin(async move { user_tokens::list(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// Creates a key that signs users' tokens.
#[utoipa::path(post, path = "/api/signing-keys", tag = "accounts",
    responses((status = 201, body = NewSigningKey), (status = 403)))]
pub(super) async fn create_signing_key(
    State(web): State<Web>,
    Administering(caller): Administering,
) -> ApiResult<(StatusCode, Json<NewSigningKey>)> {
    let (key, private) = user_tokens::create(&web.app.db, &web.app.clock, caller).await?;
    let made = NewSigningKey { key, private_key: private.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revokes a signing key. Tokens that were signed with it stop working.
#[utoipa::path(delete, path = "/api/signing-keys/{id}", tag = "accounts",
    responses((status = 204), (status = 404)))]
pub(super) async fn revoke_signing_key(
    State(web): State<Web>,
    Administering(caller): Administering,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { user_tokens::revoke(tx, &clock, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A rule for public keys.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BrowserSecurity {
    /// True if a call with a public key needs a user's token too. If false, anybody with a public
    /// key may act for any user.
    needs_user_tokens: bool,
}

/// The rule for calls with a public key: they need a user's token, or not.
#[utoipa::path(get, path = "/api/browser-security", tag = "accounts",
    responses((status = 200, body = BrowserSecurity)))]
pub(super) async fn security(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
) -> ApiResult<Json<BrowserSecurity>> {
    let read =
        web.app.db.read(move |tx| Box::pin(async move { user_tokens::are_needed(tx, &caller.organisation).await }));
    Ok(Json(BrowserSecurity { needs_user_tokens: read.await? }))
}

/// Sets whether calls with a public key need a user's token.
#[utoipa::path(put, path = "/api/browser-security", tag = "accounts", responses((status = 204), (status = 403)))]
pub(super) async fn set_security(
    State(web): State<Web>,
    Administering(caller): Administering,
    Json(asked): Json<BrowserSecurity>,
) -> ApiResult<StatusCode> {
    let needed = asked.needs_user_tokens;
    web.app.db.write(move |tx| Box::pin(async move { user_tokens::set_needed(tx, &caller, needed).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The credentials with which a member's browser shows their notifications in the official
/// components.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberToken {
    /// The id of the member as a user of the notification API.
    user_id: String,
    /// A token for this user. It is valid for an hour, but no longer than the session.
    token: String,
    /// The time at which the token expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// A public key of the organisation.
    public_key: String,
    /// The id of the feed's channel.
    feed_channel_id: String,
}

/// Creates a token for the notifications of the signed-in member.
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
    let feed_channel_id = read.await?.ok_or(Error::NotFound(Thing::Channel))?.id;
    let expires_at = Timestamp::from_seconds(expires);
    Ok(Json(MemberToken { user_id: user, token, expires_at, public_key, feed_channel_id }))
}

/// A public key for the console's own pages. It is created if there is none. A member of any role
/// may cause this.
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
