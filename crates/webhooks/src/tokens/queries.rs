//! The SQL of application tokens.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::{FOREVER, Token};
use crate::applications::ApplicationId;
use crate::endpoints::EndpointId;

macro_rules! columns {
    () => {
        "token.organisation_id, application_id, capabilities, feature_flags, expires_at, endpoint_id, token.created_at"
    };
}

pub(super) async fn insert(
    tx: &mut Tx,
    hash: &str,
    token: &Token,
    session: Option<&str>,
    sealed: Option<&str>,
) -> Result<u64> {
    let sql = "INSERT INTO application_token (hash, organisation_id, application_id, session_id, capabilities,
            feature_flags, created_at, expires_at, endpoint_id, sealed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let params = params![
        hash,
        token.organisation_id.as_str(),
        token.application_id.as_str(),
        session,
        token.capabilities.as_ref().map(|can| serde_json::to_string(can).unwrap_or_default()),
        serde_json::to_string(&token.feature_flags).unwrap_or_default(),
        token.created_at,
        token.expires_at,
        token.endpoint_id.as_ref().map(EndpointId::as_str),
        sealed
    ];
    tx.execute(sql, params).await
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

/// The token of a polled endpoint, sealed, and what it opens.
pub(super) async fn of_endpoint(
    tx: &mut Tx,
    application: &ApplicationId,
    endpoint: &EndpointId,
) -> Result<Option<(String, Token)>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", sealed FROM application_token AS token WHERE application_id = $1 AND endpoint_id = $2"
    );
    tx.first(sql, params![application.as_str(), endpoint.as_str()], |row| Ok((row.get(7)?, read(row)?))).await
}

pub(super) async fn delete_of_endpoint(tx: &mut Tx, application: &ApplicationId, endpoint: &EndpointId) -> Result<u64> {
    let sql = "DELETE FROM application_token WHERE application_id = $1 AND endpoint_id = $2";
    tx.execute(sql, params![application.as_str(), endpoint.as_str()]).await
}

fn read(row: &Row<'_>) -> Result<Token> {
    Ok(Token {
        organisation_id: row.get::<String>(0)?.into(),
        application_id: row.get::<String>(1)?.into(),
        capabilities: row.get::<Option<String>>(2)?.and_then(|text| serde_json::from_str(&text).ok()),
        feature_flags: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
        expires_at: row.get(4)?,
        endpoint_id: row.get::<Option<String>>(5)?.map(EndpointId::from),
        created_at: row.get(6)?,
    })
}

/// Ends those that would run out anyway.
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

/// Removes tokens that have run out, at most `limit`.
pub(crate) async fn tidy(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<u64> {
    let sql = "DELETE FROM application_token
        WHERE hash IN (SELECT hash FROM application_token WHERE expires_at < $1 LIMIT $2)";
    tx.execute(sql, params![now, limit]).await
}
