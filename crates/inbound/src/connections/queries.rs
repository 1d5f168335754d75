//! The SQL of connections.

use campanile_accounts::OrganisationId;
use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::{Result, Row, Select, Tx, insert, params, stored_json};

use super::{Connection, ConnectionId, ConnectionKind, Lifetime, Limits, Status};
use crate::Provider;

campanile_db::columns! {
    columns, at:
    id, organisation_id, provider, account_id, account_label, kind, app_id, scopes, status, status_reason, status_at,
    connected_by, last_seen_at, expires_at, failures, limit_total, limit_remaining, limit_reset_at, created_at,
}

/// The new tokens of a connection that is connected for the first time, or again.
pub(crate) struct NewTokens<'a> {
    pub(crate) connection: &'a Connection,
    /// Sealed; `None` for an app, whose tokens are not stored.
    pub(crate) sealed: Option<&'a str>,
    pub(crate) lifetime: Lifetime,
    /// The time of the next check; `None` while there is nothing to check.
    pub(crate) check_at: Option<Timestamp>,
}

fn scopes_json(scopes: &[String]) -> String {
    serde_json::to_string(scopes).expect("texts are JSON")
}

/// Inserts a connection. `false` if the account was connected in the meantime.
pub(crate) async fn insert(tx: &mut Tx, new: NewTokens<'_>) -> Result<bool> {
    let NewTokens { connection, sealed, lifetime, check_at } = new;
    let (sql, params) = insert!("connection" {
        id: connection.id.as_str(),
        organisation_id: connection.organisation_id.as_str(),
        provider: connection.provider.as_str(),
        account_id: &connection.account_id,
        account_label: &connection.account_label,
        kind: connection.kind.as_str(),
        app_id: connection.app_id.as_deref(),
        credentials: sealed,
        token_generation: 1_i64,
        expires_at: lifetime.expires_at,
        refresh_at: lifetime.refresh_at,
        scopes: scopes_json(&connection.scopes),
        status: connection.status.as_str(),
        status_at: connection.status_at,
        connected_by: &connection.connected_by,
        last_seen_at: connection.last_seen_at,
        check_at: check_at,
        failures: 0_i64,
        refusals: 0_i64,
        created_at: connection.created_at,
    } "ON CONFLICT (organisation_id, provider, account_id) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Replaces the tokens of a connection that is not being closed. `false` if it is.
pub(crate) async fn authorise_again(tx: &mut Tx, new: NewTokens<'_>) -> Result<bool> {
    let NewTokens { connection, sealed, lifetime, check_at } = new;
    let sql = "UPDATE connection SET account_label = $3, kind = $4, credentials = $5,
            token_generation = token_generation + 1, expires_at = $6, refresh_at = $7, refresh_held_until = NULL,
            scopes = $8, connected_by = $9, last_seen_at = $10, check_at = $11, app_id = $12, failures = 0,
            refusals = 0
        WHERE organisation_id = $1 AND id = $2 AND status <> 'closing'";
    let params = params![
        connection.organisation_id.as_str(),
        connection.id.as_str(),
        &connection.account_label,
        connection.kind.as_str(),
        sealed,
        lifetime.expires_at,
        lifetime.refresh_at,
        scopes_json(&connection.scopes),
        &connection.connected_by,
        connection.last_seen_at,
        check_at,
        connection.app_id.as_deref(),
    ];
    Ok(tx.execute(sql, params).await? == 1)
}

pub(crate) async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &ConnectionId) -> Result<Option<Connection>> {
    let sql = concat!("SELECT ", columns!(), " FROM connection WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

pub(crate) async fn by_account(
    tx: &mut Tx,
    organisation: &OrganisationId,
    provider: Provider,
    account: &str,
) -> Result<Option<Connection>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM connection WHERE organisation_id = $1 AND provider = $2 AND account_id = $3"
    );
    tx.first(sql, params![organisation.as_str(), provider.as_str(), account], read).await
}

pub(super) async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<Connection>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM connection WHERE organisation_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    tx.all(sql, params![organisation.as_str(), from.at, &from.id, size.to_fetch()], read).await
}

/// Changes the status, if it is the one that `connection` has.
pub(super) async fn set_status(
    tx: &mut Tx,
    connection: &Connection,
    to: Status,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE connection SET status = $4, status_reason = $5, status_at = $6
        WHERE organisation_id = $1 AND id = $2 AND status = $3";
    let Connection { organisation_id, id, status, .. } = connection;
    let params = params![organisation_id.as_str(), id.as_str(), status.as_str(), to.as_str(), reason, now];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Holds a connection that is used until the transaction ends, so that it is not disconnected meanwhile. `false` if
/// calls are not made with it at present.
pub(crate) async fn hold_in_use(tx: &mut Tx, organisation: &OrganisationId, id: &ConnectionId) -> Result<bool> {
    let sql = "UPDATE connection SET status = status
        WHERE organisation_id = $1 AND id = $2 AND status IN ('active', 'degraded')";
    Ok(tx.execute(sql, params![organisation.as_str(), id.as_str()]).await? == 1)
}

/// Records the options of the person who disconnects an account.
pub(crate) async fn set_options(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &ConnectionId),
    delete_data: bool,
    uninstall: bool,
) -> Result<u64> {
    let sql = "UPDATE connection SET delete_data = $3, uninstall = $4 WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), delete_data, uninstall]).await
}

/// The options for disconnecting an account: whether data is deleted, and the app uninstalled.
pub(crate) async fn disconnect_options(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &ConnectionId),
) -> Result<Option<(bool, bool)>> {
    let sql = "SELECT delete_data, uninstall FROM connection WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Ends the checks of a connection, until a call succeeds or it is connected again.
pub(crate) async fn stop_checks(tx: &mut Tx, organisation: &OrganisationId, id: &ConnectionId) -> Result<u64> {
    let sql = "UPDATE connection SET check_at = NULL WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id.as_str()]).await
}

/// Records a call that the provider accepted.
pub(crate) async fn record_success(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &ConnectionId),
    limits: Limits,
    now: Timestamp,
    check_at: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE connection SET last_seen_at = $3, failures = 0, refusals = 0,
            check_at = CASE WHEN status IN ('active', 'degraded', 'revoked', 'suspended') THEN CAST($4 AS BIGINT) END,
            limit_total = COALESCE($5, limit_total), limit_remaining = COALESCE($6, limit_remaining),
            limit_reset_at = COALESCE($7, limit_reset_at)
        WHERE organisation_id = $1 AND id = $2";
    let Limits { total, remaining, reset_at } = limits;
    let params = params![organisation.as_str(), id.as_str(), now, check_at, total, remaining, reset_at];
    tx.execute(sql, params).await
}

/// The connections of an account by an app. The app of an organisation has those of the organisation
/// only; the app of the whole server, which has no owner, those of all that have proven the account.
pub(crate) async fn of_app(
    tx: &mut Tx,
    (app, owner): (&str, Option<&OrganisationId>),
    account: &str,
) -> Result<Vec<Connection>> {
    let sql = concat!("SELECT ", columns!(), " FROM connection WHERE app_id = ? AND account_id = ?");
    Select::new(sql, [app, account])
        .and_if("organisation_id = ?", owner.map(OrganisationId::as_str))
        .then(" ORDER BY id")
        .all(tx, read)
        .await
}

/// Moves a pending connection to the account that was installed.
pub(crate) async fn set_account(tx: &mut Tx, connection: &Connection, account: &str) -> Result<bool> {
    let sql = "UPDATE connection SET account_id = $3 WHERE organisation_id = $1 AND id = $2 AND status = 'pending'";
    let params = params![connection.organisation_id.as_str(), connection.id.as_str(), account];
    Ok(tx.execute(sql, params).await? == 1)
}

/// The number of open connections of an app.
pub(crate) async fn number_of_app(tx: &mut Tx, organisation: &OrganisationId, app: &str) -> Result<i64> {
    let sql = "SELECT count(*) FROM connection WHERE organisation_id = $1 AND app_id = $2
        AND status NOT IN ('closing', 'closed')";
    tx.one(sql, params![organisation.as_str(), app], |row| row.get(0)).await
}

/// Deletes a connection that was asked for and is not needed any more.
pub(crate) async fn delete_pending(
    tx: &mut Tx,
    organisation: &OrganisationId,
    provider: Provider,
    account: &str,
) -> Result<u64> {
    let sql = "DELETE FROM connection
        WHERE organisation_id = $1 AND provider = $2 AND account_id = $3 AND status = 'pending'";
    tx.execute(sql, params![organisation.as_str(), provider.as_str(), account]).await
}

/// Records the permissions that the provider names.
pub(crate) async fn set_scopes(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &ConnectionId),
    scopes: &[String],
) -> Result<u64> {
    let sql = "UPDATE connection SET scopes = $3 WHERE organisation_id = $1 AND id = $2 AND scopes <> $3";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), scopes_json(scopes)]).await
}

/// Records the name of the account.
pub(crate) async fn set_label(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &ConnectionId),
    label: &str,
) -> Result<u64> {
    let sql = "UPDATE connection SET account_label = $3
        WHERE organisation_id = $1 AND id = $2 AND account_label <> $3";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), label]).await
}

/// Counts a failed call. Returns the failures since the last good call, and how many of them were
/// refusals of the tokens.
pub(crate) async fn count_failure(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &ConnectionId),
    is_refusal: bool,
) -> Result<Option<(i64, i64)>> {
    let sql = "UPDATE connection SET failures = failures + 1, refusals = refusals + $3
        WHERE organisation_id = $1 AND id = $2 RETURNING failures, refusals";
    let params = params![organisation.as_str(), id.as_str(), i64::from(is_refusal)];
    tx.first(sql, params, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Sets the time of the next check of a connection that is checked.
pub(crate) async fn set_check_at(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &ConnectionId),
    check_at: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE connection SET check_at = $3 WHERE organisation_id = $1 AND id = $2 AND check_at IS NOT NULL";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), check_at]).await
}

/// Records that the provider wants no calls before a time.
pub(crate) async fn set_limited(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &ConnectionId),
    until: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE connection SET limit_remaining = 0, limit_reset_at = $3,
            check_at = CASE WHEN check_at IS NOT NULL THEN CAST($3 AS BIGINT) END
        WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), until]).await
}

/// Connections of all organisations that are due for a check, the longest due first. It is for the
/// job that enqueues a check for each; the check itself names the organisation.
pub(crate) async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> Result<Vec<(OrganisationId, ConnectionId)>> {
    let sql = "SELECT organisation_id, id FROM connection WHERE check_at <= $1 ORDER BY check_at LIMIT $2";
    tx.all(sql, params![now, most], |row| {
        Ok((OrganisationId::from(row.get::<String>(0)?), ConnectionId::from(row.get::<String>(1)?)))
    })
    .await
}

fn read(row: &Row<'_>) -> Result<Connection> {
    let id: String = row.get(at::id)?;
    let scopes: String = row.get(at::scopes)?;
    let provider: String = row.get(at::provider)?;
    Ok(Connection {
        scopes: stored_json("connection", &id, &scopes)?,
        id: ConnectionId::from(id),
        organisation_id: OrganisationId::from(row.get::<String>(at::organisation_id)?),
        provider: Provider::parse(&provider).expect("only known providers are stored"),
        account_id: row.get(at::account_id)?,
        account_label: row.get(at::account_label)?,
        kind: ConnectionKind::from_stored(&row.get::<String>(at::kind)?),
        app_id: row.get(at::app_id)?,
        status: Status::from_stored(&row.get::<String>(at::status)?),
        status_reason: row.get(at::status_reason)?,
        status_at: row.get(at::status_at)?,
        connected_by: row.get(at::connected_by)?,
        last_seen_at: row.get(at::last_seen_at)?,
        expires_at: row.get(at::expires_at)?,
        failures: row.get(at::failures)?,
        limit_total: row.get(at::limit_total)?,
        limit_remaining: row.get(at::limit_remaining)?,
        limit_reset_at: row.get(at::limit_reset_at)?,
        created_at: row.get(at::created_at)?,
    })
}
