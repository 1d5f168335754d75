//! The SQL of assistants.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, insert, json_text, params};

use super::model::{Client, Connection};
use crate::{OrganisationId, PersonId, WorkspaceId};

campanile_db::columns! {
    code_columns, code_at:
    connection_id, client_id, organisation_id, workspace_id, person_id, redirect_uri, challenge, resource, expires_at,
}

/// A code to be stored.
pub(super) struct NewCode<'c> {
    pub(super) hash: &'c str,
    pub(super) connection_id: &'c str,
    pub(super) client_id: &'c str,
    pub(super) organisation: &'c OrganisationId,
    pub(super) workspace: &'c WorkspaceId,
    pub(super) person: &'c PersonId,
    pub(super) redirect_uri: &'c str,
    pub(super) challenge: &'c str,
    pub(super) resource: &'c str,
    pub(super) expires_at: Timestamp,
}

/// A code that was used for the first time.
pub(super) struct UsedCode {
    pub(super) connection_id: String,
    pub(super) client_id: String,
    pub(super) organisation: OrganisationId,
    pub(super) workspace: WorkspaceId,
    pub(super) person: PersonId,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) resource: String,
    pub(super) expires_at: Timestamp,
}

/// The connection of a token that is valid.
pub(super) struct LiveConnection {
    pub(super) id: String,
    pub(super) client_id: String,
    pub(super) organisation: OrganisationId,
    pub(super) workspace: WorkspaceId,
    pub(super) person: PersonId,
    pub(super) resource: String,
}

pub(super) async fn insert_client(tx: &mut Tx, client: &Client, now: Timestamp, expires: Timestamp) -> Result<u64> {
    let (sql, params) = insert!("assistant_client" {
        id: &client.id,
        name: &client.name,
        redirect_uris: json_text(&client.redirect_uris),
        created_at: now,
        expires_at: expires,
    });
    tx.execute(sql, &params).await
}

/// Drops all unused clients but the newest.
pub(super) async fn drop_unused_clients(tx: &mut Tx, most: i64) -> Result<u64> {
    let sql = "DELETE FROM assistant_client WHERE expires_at IS NOT NULL AND id IN
        (SELECT id FROM assistant_client WHERE expires_at IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET $1)";
    tx.execute(sql, params![most]).await
}

pub(super) async fn client(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<Client>> {
    let sql = "SELECT id, name, redirect_uris FROM assistant_client
        WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    tx.first(sql, params![id, now], |row| {
        Ok(Client { id: row.get(0)?, name: row.get(1)?, redirect_uris: row.json(2)? })
    })
    .await
}

/// Keeps a client from now on: somebody has connected it.
pub(super) async fn keep_client(tx: &mut Tx, id: &str) -> Result<u64> {
    tx.execute("UPDATE assistant_client SET expires_at = NULL WHERE id = $1", params![id]).await
}

pub(super) async fn insert_code(tx: &mut Tx, code: &NewCode<'_>) -> Result<u64> {
    let (sql, params) = insert!("assistant_code" {
        hash: code.hash,
        connection_id: code.connection_id,
        client_id: code.client_id,
        organisation_id: code.organisation.as_str(),
        workspace_id: code.workspace.as_str(),
        person_id: code.person.as_str(),
        redirect_uri: code.redirect_uri,
        challenge: code.challenge,
        resource: code.resource,
        expires_at: code.expires_at,
    });
    tx.execute(sql, &params).await
}

/// Uses up a code. `None` if it is unknown or was used before.
pub(super) async fn use_code(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<UsedCode>> {
    let sql = concat!(
        "UPDATE assistant_code SET used_at = $2 WHERE hash = $1 AND used_at IS NULL RETURNING ",
        code_columns!()
    );
    tx.first(sql, params![hash, now], |row| {
        Ok(UsedCode {
            connection_id: row.get(code_at::connection_id)?,
            client_id: row.get(code_at::client_id)?,
            organisation: OrganisationId::from(row.get::<String>(code_at::organisation_id)?),
            workspace: WorkspaceId::from(row.get::<String>(code_at::workspace_id)?),
            person: PersonId::from(row.get::<String>(code_at::person_id)?),
            redirect_uri: row.get(code_at::redirect_uri)?,
            challenge: row.get(code_at::challenge)?,
            resource: row.get(code_at::resource)?,
            expires_at: row.get(code_at::expires_at)?,
        })
    })
    .await
}

/// The connection that a code has made, or was to make.
pub(super) async fn connection_of_code(tx: &mut Tx, hash: &str) -> Result<Option<String>> {
    let sql = "SELECT connection_id FROM assistant_code WHERE hash = $1";
    tx.first(sql, params![hash], |row| row.get(0)).await
}

pub(super) async fn insert_connection(
    tx: &mut Tx,
    code: &UsedCode,
    client_name: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("assistant_connection" {
        id: &code.connection_id,
        organisation_id: code.organisation.as_str(),
        workspace_id: code.workspace.as_str(),
        person_id: code.person.as_str(),
        client_id: &code.client_id,
        client_name: client_name,
        resource: &code.resource,
        created_at: now,
        expires_at: expires,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn insert_token(
    tx: &mut Tx,
    hash: &str,
    connection: &str,
    kind: &str,
    expires: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("assistant_token" {
        hash: hash,
        connection_id: connection,
        kind: kind,
        expires_at: expires,
    });
    tx.execute(sql, &params).await
}

/// The connection of a token that has not expired, if it has not ended and its member has not left.
pub(super) async fn connection_of_token(
    tx: &mut Tx,
    hash: &str,
    kind: &str,
    now: Timestamp,
) -> Result<Option<LiveConnection>> {
    let sql = "SELECT connection.id, connection.client_id, connection.organisation_id, connection.workspace_id,
            connection.person_id, connection.resource
        FROM assistant_token AS token
        JOIN assistant_connection AS connection ON connection.id = token.connection_id
        JOIN membership ON membership.organisation_id = connection.organisation_id
            AND membership.person_id = connection.person_id
        WHERE token.hash = $1 AND token.kind = $2 AND token.expires_at > $3 AND connection.revoked_at IS NULL";
    tx.first(sql, params![hash, kind, now], |row| {
        Ok(LiveConnection {
            id: row.get(0)?,
            client_id: row.get(1)?,
            organisation: OrganisationId::from(row.get::<String>(2)?),
            workspace: WorkspaceId::from(row.get::<String>(3)?),
            person: PersonId::from(row.get::<String>(4)?),
            resource: row.get(5)?,
        })
    })
    .await
}

/// Uses up a refresh token. False if it was used before.
pub(super) async fn use_refresh_token(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE assistant_token SET used_at = $2 WHERE hash = $1 AND kind = 'refresh' AND used_at IS NULL";
    Ok(tx.execute(sql, params![hash, now]).await? == 1)
}

/// Forgets the access tokens of a connection that have expired, and all but the newest.
pub(super) async fn forget_access_tokens(tx: &mut Tx, connection: &str, most: i64, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM assistant_token WHERE connection_id = $1 AND kind = 'access' AND (expires_at <= $3
        OR hash NOT IN (SELECT hash FROM assistant_token WHERE connection_id = $1 AND kind = 'access'
            ORDER BY expires_at DESC, hash LIMIT $2))";
    tx.execute(sql, params![connection, most, now]).await
}

pub(super) async fn extend_connection(tx: &mut Tx, connection: &str, expires: Timestamp) -> Result<u64> {
    tx.execute("UPDATE assistant_connection SET expires_at = $2 WHERE id = $1", params![connection, expires]).await
}

/// Ends a connection. Returns its organisation; `None` if it has ended already, or never began.
pub(super) async fn end_connection(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<OrganisationId>> {
    let sql = "UPDATE assistant_connection SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL
        RETURNING organisation_id";
    tx.first(sql, params![id, now], |row| row.get::<String>(0).map(OrganisationId::from)).await
}

/// Ends all connections of a member, and forgets what it has agreed to and nobody has fetched.
pub(super) async fn end_connections_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE assistant_connection SET revoked_at = $3
        WHERE organisation_id = $1 AND person_id = $2 AND revoked_at IS NULL";
    tx.execute(sql, params![organisation.as_str(), person.as_str(), now]).await?;
    let sql = "DELETE FROM assistant_code WHERE organisation_id = $1 AND person_id = $2 AND used_at IS NULL";
    tx.execute(sql, params![organisation.as_str(), person.as_str()]).await.map(drop)
}

pub(super) async fn used(tx: &mut Tx, connection: &str, now: Timestamp) -> Result<u64> {
    tx.execute("UPDATE assistant_connection SET last_used_at = $2 WHERE id = $1", params![connection, now]).await
}

/// The connections of an organisation that have not ended, oldest first: of one person, or of all.
pub(super) async fn connections(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: Option<&PersonId>,
    now: Timestamp,
) -> Result<Vec<Connection>> {
    let sql =
        "SELECT connection.id, connection.client_name, connection.workspace_id, connection.person_id, person.email,
            connection.created_at, connection.last_used_at, connection.expires_at
        FROM assistant_connection AS connection
        JOIN person ON person.id = connection.person_id
        JOIN membership ON membership.organisation_id = connection.organisation_id
            AND membership.person_id = connection.person_id
        WHERE connection.organisation_id = $1 AND ($2 = '' OR connection.person_id = $2)
            AND connection.revoked_at IS NULL AND connection.expires_at > $3
        ORDER BY connection.created_at, connection.id LIMIT 1000";
    let person = person.map(PersonId::as_str).unwrap_or_default();
    tx.all(sql, params![organisation.as_str(), person, now], read).await
}

fn read(row: &Row<'_>) -> Result<Connection> {
    Ok(Connection {
        id: row.get(0)?,
        client_name: row.get(1)?,
        workspace_id: WorkspaceId::from(row.get::<String>(2)?),
        person_id: PersonId::from(row.get::<String>(3)?),
        person_email: row.get(4)?,
        created_at: row.get(5)?,
        last_used_at: row.get(6)?,
        expires_at: row.get(7)?,
    })
}
