//! The SQL of deliveries.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::{Cursor, Page, PageSize, Timestamp};
use campanile_db::{Result, Row, Tx, params, row};

use super::{Delivery, DeliveryDetail, DeliveryId, DeliverySummary, Settlement};
use crate::Provider;
use crate::sources::SourceId;

/// A delivery, and whether its body came along.
pub(crate) struct Loaded {
    pub(crate) delivery: Delivery,
    pub(crate) is_whole: bool,
}

/// Stores deliveries; 0 for each that is known already.
pub(crate) async fn insert_many(tx: &mut Tx, deliveries: &[&Delivery]) -> Result<Vec<u64>> {
    let sql = "INSERT INTO delivery (id, organisation_id, workspace_id, source_id, provider, delivery_id, event,
            headers, body, received_at, status)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'received')
        ON CONFLICT (source_id, delivery_id) DO NOTHING";
    let rows: Vec<_> = deliveries
        .iter()
        .map(|delivery| {
            row![
                delivery.id.as_str(),
                delivery.organisation_id.as_str(),
                delivery.workspace_id.as_str(),
                delivery.source_id.as_str(),
                delivery.provider.as_str(),
                &delivery.delivery_id,
                &delivery.event,
                serde_json::to_string(&delivery.headers).unwrap_or_default(),
                delivery.body.as_slice(),
                delivery.received_at
            ]
        })
        .collect();
    tx.execute_many(sql, &rows).await
}

/// A delivery for its job, which was stored with its id. One whose body has this many bytes, or more, comes without it.
///
/// # Errors
/// What the database says.
pub(crate) async fn load(tx: &mut Tx, id: &str, below: usize) -> Result<Option<Loaded>> {
    let sql = "SELECT id, organisation_id, workspace_id, source_id, provider, delivery_id, event, headers,
        CASE WHEN CAST(octet_length(body) AS BIGINT) < $2 THEN body END, received_at FROM delivery WHERE id = $1";
    tx.first(sql, params![id, below as i64], |row| {
        let body: Option<Vec<u8>> = row.get(8)?;
        let is_whole = body.is_some();
        let delivery = Delivery {
            id: DeliveryId::from(row.get::<String>(0)?),
            organisation_id: OrganisationId::from(row.get::<String>(1)?),
            workspace_id: WorkspaceId::from(row.get::<String>(2)?),
            source_id: SourceId::from(row.get::<String>(3)?),
            provider: provider(&row.get::<String>(4)?),
            delivery_id: row.get(5)?,
            event: row.get(6)?,
            headers: serde_json::from_str(&row.get::<String>(7)?).unwrap_or_default(),
            body: body.unwrap_or_default(),
            received_at: row.get(9)?,
        };
        Ok(Loaded { delivery, is_whole })
    })
    .await
}

/// Writes down how a delivery ended.
///
/// # Errors
/// What the database says.
pub async fn settle(tx: &mut Tx, id: &str, settlement: &Settlement, now: Timestamp) -> Result<u64> {
    let (status, reason) = match settlement {
        Settlement::Processed => ("processed", None),
        Settlement::Skipped(reason) => ("skipped", Some(reason.as_str())),
        Settlement::Failed(error) => ("failed", Some(error.as_str())),
    };
    let sql = "UPDATE delivery SET status = $2, reason = $3, settled_at = $4 WHERE id = $1";
    tx.execute(sql, params![id, status, reason, now]).await
}

/// Has a delivery that failed or was skipped wait again, as if it had just come; whether it was one.
///
/// # Errors
/// What the database says.
pub(crate) async fn reopen(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<bool> {
    let sql = "UPDATE delivery SET status = 'received', reason = NULL, settled_at = NULL
        WHERE workspace_id = $1 AND id = $2 AND status IN ('failed', 'skipped')";
    Ok(tx.execute(sql, params![workspace.as_str(), id]).await? > 0)
}

/// A page of the deliveries of a workspace, newest first; of one status if that is given. Of those of another status so many are
/// looked at for one page.
///
/// # Errors
/// What the database says.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    status: Option<&str>,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<DeliverySummary>> {
    let looked_at = match status {
        None => None,
        Some(_) => looked_at(tx, workspace, from).await?,
    };
    let oldest = Cursor { at: Timestamp::from_micros(i64::MIN), id: String::new() };
    let (stop, until) = looked_at.map_or((None, oldest), |(last, next)| (Some(last), next));
    let sql =
        "SELECT id, source_id, provider, delivery_id, event, received_at, status, reason, settled_at FROM delivery
        WHERE workspace_id = $1 AND (received_at, id) < ($2, $3) AND (received_at, id) > ($6, $7)
            AND (CAST($4 AS TEXT) IS NULL OR status = $4)
        ORDER BY received_at DESC, id DESC LIMIT $5";
    let params = params![workspace.as_str(), from.at, &from.id, status, size.to_fetch(), until.at, &until.id];
    let rows = tx.all(sql, params, read_summary).await?;
    Ok(Page::of_bounded(rows, size, stop, |last| Cursor { at: last.received_at, id: last.id.to_string() }))
}

/// Where a page that begins at a place stops looking: the last delivery that is looked at, and the next one.
async fn looked_at(tx: &mut Tx, workspace: &WorkspaceId, from: &Cursor) -> Result<Option<(Cursor, Cursor)>> {
    let sql = "SELECT received_at, id FROM delivery WHERE workspace_id = $1 AND (received_at, id) < ($2, $3)
        ORDER BY received_at DESC, id DESC LIMIT 2 OFFSET $4";
    let params = params![workspace.as_str(), from.at, &from.id, ROWS_LOOKED_AT - 1];
    let rows = tx.all(sql, params, |row| Ok(Cursor { at: row.get(0)?, id: row.get(1)? })).await?;
    let both: Option<[Cursor; 2]> = rows.try_into().ok();
    Ok(both.map(|[last, next]| (last, next)))
}

/// In which of an organisation's workspaces a delivery came in.
///
/// # Errors
/// What the database says.
pub async fn workspace_of(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<WorkspaceId>> {
    let sql = "SELECT workspace_id FROM delivery WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// A delivery of a workspace, whole.
///
/// # Errors
/// What the database says.
pub async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Option<DeliveryDetail>> {
    let sql = "SELECT id, source_id, provider, delivery_id, event, received_at, status, reason, settled_at,
        headers, body FROM delivery WHERE workspace_id = $1 AND id = $2";
    tx.first(sql, params![workspace.as_str(), id], |row| {
        let headers: Vec<(String, String)> = serde_json::from_str(&row.get::<String>(9)?).unwrap_or_default();
        Ok(DeliveryDetail {
            summary: read_summary(row)?,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            body: String::from_utf8_lossy(&row.get::<Vec<u8>>(10)?).into_owned(),
        })
    })
    .await
}

fn read_summary(row: &Row<'_>) -> Result<DeliverySummary> {
    Ok(DeliverySummary {
        id: DeliveryId::from(row.get::<String>(0)?),
        source_id: SourceId::from(row.get::<String>(1)?),
        provider: provider(&row.get::<String>(2)?),
        delivery_id: row.get(3)?,
        event: row.get(4)?,
        received_at: row.get(5)?,
        status: row.get(6)?,
        reason: row.get(7)?,
        settled_at: row.get(8)?,
    })
}

fn provider(stored: &str) -> Provider {
    Provider::parse(stored).expect("only known providers are stored")
}
