//! The SQL of application tokens.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, insert, json_text, params};

use super::{FOREVER, Token};
use crate::model::applications::ApplicationId;
use crate::model::endpoints::EndpointId;

campanile_db::columns! {
    columns, at:
    organisation_id = "token.organisation_id",
    application_id,
    capabilities,
    feature_flags,
    expires_at,
    endpoint_id,
    created_at = "token.created_at",
}
campanile_db::columns! { sealed_columns, sealed_at after at: sealed }

pub(super) async fn insert(
    tx: &mut Tx,
    hash: &str,
    token: &Token,
    session: Option<&str>,
    sealed: Option<&str>,
) -> Result<u64> {
    let (sql, params) = insert!("application_token" {
        hash: hash,
        organisation_id: token.organisation_id.as_str(),
        application_id: token.application_id.as_str(),
        session_id: session,
        capabilities: token.capabilities.as_ref().map(json_text),
        feature_flags: json_text(&token.feature_flags),
        created_at: token.created_at,
        expires_at: token.expires_at,
        endpoint_id: token.endpoint_id.as_ref().map(EndpointId::as_str),
        sealed: sealed,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn by_hash(tx: &mut Tx, hash: &str) -> Result<Option<Token>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM application_token AS token JOIN application ON application.id = application_id AND deleted_at IS NULL
        WHERE hash = $1"
    );
    tx.first(sql, params![hash], read).await
}

/// The encrypted token of a polled endpoint, and its rights.
pub(super) async fn of_endpoint(
    tx: &mut Tx,
    application: &ApplicationId,
    endpoint: &EndpointId,
) -> Result<Option<(String, Token)>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", ",
        sealed_columns!(),
        " FROM application_token AS token WHERE application_id = $1 AND endpoint_id = $2"
    );
    let params = params![application.as_str(), endpoint.as_str()];
    tx.first(sql, params, |row| Ok((row.get(sealed_at::sealed)?, read(row)?))).await
}

pub(super) async fn delete_of_endpoint(tx: &mut Tx, application: &ApplicationId, endpoint: &EndpointId) -> Result<u64> {
    let sql = "DELETE FROM application_token WHERE application_id = $1 AND endpoint_id = $2";
    tx.execute(sql, params![application.as_str(), endpoint.as_str()]).await
}

fn read(row: &Row<'_>) -> Result<Token> {
    Ok(Token {
        organisation_id: row.get::<String>(at::organisation_id)?.into(),
        application_id: row.get::<String>(at::application_id)?.into(),
        capabilities: row.json_if_any(at::capabilities)?,
        feature_flags: row.json(at::feature_flags)?,
        expires_at: row.get(at::expires_at)?,
        endpoint_id: row.get::<Option<String>>(at::endpoint_id)?.map(EndpointId::from),
        created_at: row.get(at::created_at)?,
    })
}

/// Ends all tokens of an application except those that last until they are replaced.
pub(super) async fn expire_all(tx: &mut Tx, application: &ApplicationId, at: Timestamp) -> Result<u64> {
    let sql = "UPDATE application_token SET expires_at = $2 WHERE application_id = $1 AND expires_at > $2 AND expires_at < $3";
    tx.execute(sql, params![application.as_str(), at, FOREVER]).await
}

pub(super) async fn expire_session(
    tx: &mut Tx,
    application: &ApplicationId,
    session: &str,
    at: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE application_token SET expires_at = $3
        WHERE application_id = $1 AND session_id = $2 AND expires_at > $3";
    tx.execute(sql, params![application.as_str(), session, at]).await
}

pub(super) async fn delete(tx: &mut Tx, hash: &str) -> Result<u64> {
    tx.execute("DELETE FROM application_token WHERE hash = $1", params![hash]).await
}

/// Removes expired tokens, at most `limit`.
pub(crate) async fn tidy(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<u64> {
    let sql = "DELETE FROM application_token
        WHERE hash IN (SELECT hash FROM application_token WHERE expires_at < $1 LIMIT $2)";
    tx.execute(sql, params![now, limit]).await
}
