//! The SQL of the upkeep of linked sources.

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Select, Tx, insert, params};

use super::SourceUpkeep;
use crate::connections::ConnectionId;
use crate::sources::SourceId;

campanile_db::columns! {
    columns, at:
    source_id, heard_at, polled_at, poll_error, reconcile_at, reconciled_at, missed, missed_at,
}

/// A source whose turn has come.
pub(crate) struct DueSource {
    pub(crate) organisation: OrganisationId,
    pub(crate) source: SourceId,
}

/// Begins the upkeep of a source.
pub(crate) async fn begin(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (source, connection): (&SourceId, &ConnectionId),
    (reconcile_at, poll_at): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("source_upkeep" {
        source_id: source.as_str(),
        organisation_id: organisation.as_str(),
        connection_id: connection.as_str(),
        reconcile_at: reconcile_at,
        missed: 0_i64,
        poll_at: poll_at,
        poll_failures: 0_i64,
        created_at: now,
    } "ON CONFLICT (source_id) DO NOTHING");
    tx.execute(sql, &params).await
}

/// Forgets the upkeep of a source.
pub(crate) async fn forget(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<()> {
    for sql in [
        "DELETE FROM source_upkeep WHERE organisation_id = $1 AND source_id = $2",
        "DELETE FROM source_kind WHERE organisation_id = $1 AND source_id = $2",
    ] {
        tx.execute(sql, params![organisation.as_str(), source.as_str()]).await?;
    }
    Ok(())
}

/// The upkeep of sources, without their blocked kinds.
pub(super) async fn of_sources(
    tx: &mut Tx,
    organisation: &OrganisationId,
    sources: &[&str],
) -> Result<HashMap<String, SourceUpkeep>> {
    let sql = concat!("SELECT ", columns!(), " FROM source_upkeep WHERE organisation_id = ?");
    let select = Select::new(sql, [organisation.as_str()]).and_in("source_id", sources.iter().copied());
    let rows = select.all(tx, |row| Ok((row.get::<String>(at::source_id)?, read(row)?))).await?;
    Ok(rows.into_iter().collect())
}

/// Sources of all organisations whose reconcile is not planned yet. The job that plans them names the
/// organisation of each.
pub(crate) async fn unplanned(tx: &mut Tx, most: i64) -> Result<Vec<DueSource>> {
    let sql = "SELECT organisation_id, source_id FROM source_upkeep WHERE reconcile_at IS NULL LIMIT $1";
    tx.all(sql, params![most], due_source).await
}

/// Sources of all organisations whose reconcile is due, the longest due first, if calls can be made with
/// their connections.
pub(crate) async fn due_reconciles(tx: &mut Tx, now: Timestamp, most: i64) -> Result<Vec<DueSource>> {
    let sql = "SELECT source_upkeep.organisation_id, source_upkeep.source_id FROM source_upkeep
        JOIN connection ON connection.organisation_id = source_upkeep.organisation_id
            AND connection.id = source_upkeep.connection_id AND connection.status IN ('active', 'degraded')
        WHERE reconcile_at <= $1 ORDER BY reconcile_at LIMIT $2";
    tx.all(sql, params![now, most], due_source).await
}

/// Sources of all organisations whose poll is due: no webhook has come for them since `heard_before`, or
/// none can. Those of an app are left out if it can be reached, with `apps` false.
pub(crate) async fn due_polls(
    tx: &mut Tx,
    now: Timestamp,
    heard_before: Timestamp,
    apps: bool,
    most: i64,
) -> Result<Vec<DueSource>> {
    let sql = "SELECT source_upkeep.organisation_id, source_upkeep.source_id FROM source_upkeep
        JOIN connection ON connection.organisation_id = source_upkeep.organisation_id
            AND connection.id = source_upkeep.connection_id AND connection.status IN ('active', 'degraded')
        WHERE poll_at <= $1 AND (heard_at IS NULL OR heard_at < $2) AND (connection.kind <> 'app' OR $3)
        ORDER BY poll_at LIMIT $4";
    tx.all(sql, params![now, heard_before, apps, most], due_source).await
}

/// Plans the next reconcile of a source.
pub(crate) async fn plan_reconcile(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    next: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE source_upkeep SET reconcile_at = $3 WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), next]).await
}

/// The time up to which the last completed reconcile of a source has looked.
pub(crate) async fn reconciled_to(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
) -> Result<Option<Timestamp>> {
    let sql = "SELECT reconciled_to FROM source_upkeep WHERE organisation_id = $1 AND source_id = $2";
    Ok(tx.first(sql, params![organisation.as_str(), source.as_str()], |row| row.get(0)).await?.flatten())
}

/// Records the end of a reconcile that has looked up to `to`; `None` if it has not read everything.
pub(crate) async fn end_reconcile(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    to: Option<Timestamp>,
    missed: i64,
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE source_upkeep SET reconciled_at = $3, reconciled_to = COALESCE($4, reconciled_to),
            missed = CASE WHEN $5 > 0 THEN CAST($5 AS BIGINT) ELSE missed END,
            missed_at = CASE WHEN $5 > 0 THEN CAST($3 AS BIGINT) ELSE missed_at END
        WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), now, to, missed]).await
}

/// The state of the polls of a source.
pub(crate) struct Polling {
    /// The time at which its upkeep began.
    pub(crate) began_at: Timestamp,
    /// The time of the last webhook.
    pub(crate) heard_at: Option<Timestamp>,
    /// The polls that failed in a row.
    pub(crate) failures: i64,
}

/// The state of the polls of a source; `None` if it is gone.
pub(crate) async fn polling(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<Option<Polling>> {
    let sql = "SELECT created_at, heard_at, poll_failures FROM source_upkeep
        WHERE organisation_id = $1 AND source_id = $2";
    tx.first(sql, params![organisation.as_str(), source.as_str()], |row| {
        Ok(Polling { began_at: row.get(0)?, heard_at: row.get(1)?, failures: row.get(2)? })
    })
    .await
}

/// Records the end of a poll: it read everything, or there is an error.
pub(crate) async fn end_poll(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    error: Option<&str>,
    next: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE source_upkeep SET poll_at = $3, poll_error = $4,
            poll_failures = CASE WHEN CAST($4 AS TEXT) IS NULL THEN 0 ELSE poll_failures + 1 END,
            polled_at = CASE WHEN CAST($4 AS TEXT) IS NULL THEN CAST($5 AS BIGINT) ELSE polled_at END
        WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), next, error, now]).await
}

/// Puts the next poll of a source off: the provider wants no calls at present.
pub(crate) async fn put_poll_off(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    next: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE source_upkeep SET poll_at = $3 WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), next]).await
}

/// Records that a webhook came for a source.
pub(crate) async fn note_heard(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE source_upkeep SET heard_at = $3 WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), now]).await
}

fn due_source(row: &Row<'_>) -> Result<DueSource> {
    Ok(DueSource {
        organisation: OrganisationId::from(row.get::<String>(0)?),
        source: SourceId::from(row.get::<String>(1)?),
    })
}

fn read(row: &Row<'_>) -> Result<SourceUpkeep> {
    Ok(SourceUpkeep {
        heard_at: row.get(at::heard_at)?,
        polled_at: row.get(at::polled_at)?,
        poll_error: row.get(at::poll_error)?,
        reconcile_at: row.get(at::reconcile_at)?,
        reconciled_at: row.get(at::reconciled_at)?,
        missed: row.get(at::missed)?,
        missed_at: row.get(at::missed_at)?,
        blocked: Vec::new(),
        handshake: None,
    })
}
