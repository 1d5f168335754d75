//! Handshakes: the secret that a tool sends before its webhooks is shown to a person, once.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::Configuring;
use campanile_http::error::ApiResult;
use campanile_inbound::handshakes;
use campanile_inbound::sources::{Source, SourceId};
use serde::Serialize;
use utoipa::ToSchema;

/// A source with the token that its tool has sent.
#[derive(Serialize, ToSchema)]
pub(super) struct SourceWithToken {
    #[serde(flatten)]
    source: Source,
    /// The token. It is not shown again.
    token: String,
}

/// Lets a source wait for a token that its tool sends before its webhooks.
///
/// Notion sends one when somebody gives it the source's address. A linked source of Notion waits from
/// its link on; this is for another token. The present secret stays until that one is taken.
#[utoipa::path(post, path = "/api/sources/{id}/handshake", tag = "sources", params(("id" = String, Path)),
    responses((status = 202), (status = 404), (status = 409)))]
pub(super) async fn wait_again(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<SourceId>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    let waits =
        web.app.db.write(move |tx| Box::pin(async move { handshakes::wait_again(tx, &clock, &caller, &id).await }));
    waits.await?;
    Ok(StatusCode::ACCEPTED)
}

/// Takes the token that a tool has sent to a source: it is shown once, to be pasted into the tool, and is
/// the secret of the source from now on.
///
/// While none has come (`upkeep.handshake` is not `received`), it answers 409.
#[utoipa::path(post, path = "/api/sources/{id}/handshake/token", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = SourceWithToken), (status = 404), (status = 409)))]
pub(super) async fn take(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<SourceId>,
) -> ApiResult<Json<SourceWithToken>> {
    let (clock, vault) = (web.app.clock.clone(), web.app.vault.clone());
    let taken =
        web.app.db.write(move |tx| Box::pin(async move { handshakes::take(tx, (&clock, &vault), &caller, &id).await }));
    let handshakes::SourceToken { source, token } = taken.await?;
    Ok(Json(SourceWithToken { source, token: token.expose().to_owned() }))
}
