//! Tokens: a code becomes an access token and a refresh token, and a refresh token the next two.
//!
//! A fault is a value and no error: what must be stored with it, such as the end of a connection
//! whose code was used twice, commits.

use std::time::Duration;

use campanile_base::{Clock, Result, Secret, Timestamp, constant_time_eq, random_token, sha256_hex};
use campanile_db::{Db, Tx};

use super::consents::{Issuer, is_resource};
use super::queries;
use crate::activity::{self, Action};
use crate::{Actor, Caller, OrganisationId, PersonId, Role, WorkspaceId};

const ACCESS: &str = "mt_";
const REFRESH: &str = "mr_";
/// The lifetime of an access token.
pub const ACCESS_FOR: Duration = Duration::from_secs(3_600);
/// The most access tokens of a connection that live beside a new one.
const MOST_ACCESS_TOKENS: i64 = 20;
/// The time after which a connection ends that was not refreshed.
pub const REFRESH_FOR: Duration = Duration::from_secs(30 * 24 * 3_600);

/// A new pair of tokens.
#[derive(Debug)]
pub struct Pair {
    /// Opens the tools.
    pub access: Secret,
    /// Gets the next pair, once.
    pub refresh: Secret,
}

/// A reason for which no tokens are given (RFC 6749, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The code or token is unknown, has expired or was used before, or belongs to another client.
    Grant,
    /// The tokens are asked for another address.
    Target,
}

/// The exchange of a code.
#[derive(Debug)]
pub struct Exchange {
    /// The code.
    pub code: Secret,
    /// The client.
    pub client_id: String,
    /// The address that the code was sent to.
    pub redirect_uri: String,
    /// The text whose SHA-256 the client named before.
    pub verifier: Secret,
    /// The address of the tools.
    pub resource: Option<String>,
}

/// True for a text that looks like an access token.
pub fn is_access_token(text: &str) -> bool {
    text.starts_with(ACCESS)
}

/// Exchanges a code for tokens.
pub async fn exchange(tx: &mut Tx, clock: &Clock, issuer: Issuer<'_>, asked: &Exchange) -> Result<Result<Pair, Fault>> {
    let (hash, now) = (sha256_hex(asked.code.expose()), clock.now());
    let Some(code) = queries::use_code(tx, &hash, now).await? else {
        // The second use: whoever came first may not be the client.
        if let Some(connection) = queries::connection_of_code(tx, &hash).await? {
            end(tx, clock, &connection).await?;
        }
        return Ok(Err(Fault::Grant));
    };
    let is_prover = constant_time_eq(sha256_hex(asked.verifier.expose()).as_bytes(), code.challenge.as_bytes());
    let is_same = code.client_id == asked.client_id && code.redirect_uri == asked.redirect_uri;
    if !is_prover || !is_same || code.expires_at <= now {
        return Ok(Err(Fault::Grant));
    }
    if !is_for(issuer, &code.resource, asked.resource.as_deref()) {
        return Ok(Err(Fault::Target));
    }
    let Some(client) = queries::client(tx, &code.client_id, now).await? else { return Ok(Err(Fault::Grant)) };
    queries::insert_connection(tx, &code, &client.name, now, now.plus(REFRESH_FOR)).await?;
    let caller = member(code.organisation.clone(), code.person.clone());
    let about = serde_json::json!({ "client": client.name, "workspace_id": code.workspace });
    activity::record(tx, clock, &caller, Action::AssistantConnected, &code.connection_id, about).await?;
    Ok(Ok(pair(tx, &code.connection_id, now).await?))
}

/// Exchanges a refresh token for the next tokens. Earlier access tokens live their own time: calls that are
/// under way, and other processes of the client, go on. All of them end with the connection.
pub async fn refresh(
    tx: &mut Tx,
    clock: &Clock,
    issuer: Issuer<'_>,
    (token, client_id, resource): (&Secret, &str, Option<&str>),
) -> Result<Result<Pair, Fault>> {
    let (hash, now) = (sha256_hex(token.expose()), clock.now());
    let Some(connection) = queries::connection_of_token(tx, &hash, "refresh", now).await? else {
        return Ok(Err(Fault::Grant));
    };
    if connection.client_id != client_id {
        return Ok(Err(Fault::Grant));
    }
    if !is_for(issuer, &connection.resource, resource) {
        return Ok(Err(Fault::Target));
    }
    if !queries::use_refresh_token(tx, &hash, now).await? {
        end(tx, clock, &connection.id).await?;
        return Ok(Err(Fault::Grant));
    }
    queries::extend_connection(tx, &connection.id, now.plus(REFRESH_FOR)).await?;
    queries::forget_access_tokens(tx, &connection.id, MOST_ACCESS_TOKENS, now).await?;
    Ok(Ok(pair(tx, &connection.id, now).await?))
}

/// Ends the connection of a token, whichever of the two it is. An unknown token is no error
/// (RFC 7009, 2.2).
pub async fn revoke(tx: &mut Tx, clock: &Clock, token: &Secret) -> Result<()> {
    let (hash, now) = (sha256_hex(token.expose()), clock.now());
    for kind in ["access", "refresh"] {
        if let Some(connection) = queries::connection_of_token(tx, &hash, kind, now).await? {
            end(tx, clock, &connection.id).await?;
        }
    }
    Ok(())
}

/// The holder of an access token.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The connection.
    pub connection_id: String,
    /// The member on whose behalf it reads, with the lowest role.
    pub caller: Caller,
    /// The workspace that it may read.
    pub workspace: WorkspaceId,
}

/// Looks up the holder of an access token. `None` for a token that is unknown, has expired, was made
/// for another address, or whose member has left.
///
/// # Errors
/// `Unavailable`.
pub async fn recognise(db: &Db, clock: &Clock, resource: &str, token: &str) -> Result<Option<Holder>> {
    let (hash, now) = (sha256_hex(token), clock.now());
    let found = db
        .read(move |tx| Box::pin(async move { queries::connection_of_token(tx, &hash, "access", now).await }))
        .await?;
    Ok(found.filter(|found| found.resource == resource).map(|found| Holder {
        caller: member(found.organisation, found.person),
        connection_id: found.id,
        workspace: found.workspace,
    }))
}

/// Records the use of a connection.
pub async fn used(tx: &mut Tx, connection: &str, now: Timestamp) -> Result<()> {
    queries::used(tx, connection, now).await?;
    Ok(())
}

fn member(organisation: OrganisationId, person: PersonId) -> Caller {
    Caller { organisation, actor: Actor::Person(person), role: Role::Staff }
}

/// True if tokens that were agreed to for an address may be given for the named one.
fn is_for(issuer: Issuer<'_>, agreed: &str, named: Option<&str>) -> bool {
    agreed == issuer.resource && named.is_none_or(|named| is_resource(named, agreed))
}

async fn pair(tx: &mut Tx, connection: &str, now: Timestamp) -> Result<Pair> {
    let pair = Pair { access: Secret::new(random_token(ACCESS)), refresh: Secret::new(random_token(REFRESH)) };
    for (token, kind, lifetime) in [(&pair.access, "access", ACCESS_FOR), (&pair.refresh, "refresh", REFRESH_FOR)] {
        queries::insert_token(tx, &sha256_hex(token.expose()), connection, kind, now.plus(lifetime)).await?;
    }
    Ok(pair)
}

/// Ends a connection that its client has ended, or that somebody has stolen.
async fn end(tx: &mut Tx, clock: &Clock, connection: &str) -> Result<()> {
    if let Some(organisation) = queries::end_connection(tx, connection, clock.now()).await? {
        let caller = Caller::system(organisation);
        let about = serde_json::json!({ "by": "its client" });
        activity::record(tx, clock, &caller, Action::AssistantDisconnected, connection, about).await?;
    }
    Ok(())
}
