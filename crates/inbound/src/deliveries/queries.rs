//! The SQL of deliveries.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::{Cursor, Page, PageSize, Timestamp};
use campanile_db::{Result, Row, Select, Stretch, Tx, insert_all, json_text, params, row};

use super::{Delivery, DeliveryDetail, DeliveryId, DeliverySummary, Filter, Origin, Settlement};
use crate::Provider;
use crate::sources::SourceId;

campanile_db::columns! {
    columns, at:
    id, organisation_id, workspace_id, source_id, provider, delivery_id, event, headers,
    body = "CASE WHEN CAST(octet_length(body) AS BIGINT) < $2 THEN body END",
    received_at, origin,
}
campanile_db::columns! {
    summary_columns, summary_at:
    id, source_id, provider, delivery_id, event, received_at, status, reason, settled_at, origin,
}
campanile_db::columns! { detail_columns, detail_at after summary_at: headers, body }

/// A delivery, with `is_whole` if its body was loaded.
pub(crate) struct DeliveryRow {
    pub(crate) delivery: Delivery,
    pub(crate) is_whole: bool,
}

/// Stores deliveries. Returns 1 for each new one, and 0 for each that was stored before.
pub(crate) async fn insert_many(tx: &mut Tx, deliveries: &[&Delivery]) -> Result<Vec<u64>> {
    let (bulk, rows) = insert_all!(deliveries.iter() => |delivery| "delivery" {
        id: text = delivery.id.as_str(),
        organisation_id: text = delivery.organisation_id.as_str(),
        workspace_id: text = delivery.workspace_id.as_str(),
        source_id: text = delivery.source_id.as_str(),
        provider: text = delivery.provider.as_str(),
        delivery_id: text = &delivery.delivery_id,
        event: text = &delivery.event,
        headers: text = json_text(&delivery.headers),
        body: bytea = delivery.body.as_slice(),
        received_at: bigint = delivery.received_at,
        status: text = "received",
        origin: text = delivery.origin.as_str(),
    } "ON CONFLICT (source_id, delivery_id) DO NOTHING");
    tx.execute_many(bulk.each, &rows).await
}

/// A delivery by its id alone, for its job. A body of `below` bytes or more is not loaded.
pub(crate) async fn load(tx: &mut Tx, id: &str, below: usize) -> Result<Option<DeliveryRow>> {
    let sql = concat!("SELECT ", columns!(), " FROM delivery WHERE id = $1");
    tx.first(sql, params![id, below as i64], |row| {
        let body: Option<Vec<u8>> = row.get(at::body)?;
        let is_whole = body.is_some();
        let delivery = Delivery {
            id: DeliveryId::from(row.get::<String>(at::id)?),
            organisation_id: OrganisationId::from(row.get::<String>(at::organisation_id)?),
            workspace_id: WorkspaceId::from(row.get::<String>(at::workspace_id)?),
            source_id: SourceId::from(row.get::<String>(at::source_id)?),
            provider: provider(&row.get::<String>(at::provider)?),
            delivery_id: row.get(at::delivery_id)?,
            event: row.get(at::event)?,
            headers: row.json(at::headers)?,
            body: body.unwrap_or_default(),
            received_at: row.get(at::received_at)?,
            origin: Origin::from_stored(&row.get::<String>(at::origin)?),
        };
        Ok(DeliveryRow { delivery, is_whole })
    })
    .await
}

/// Stores the final results of deliveries.
pub async fn settle(tx: &mut Tx, settled: &[(&str, &Settlement)], now: Timestamp) -> Result<()> {
    let rows: Vec<_> = settled
        .iter()
        .map(|(id, settlement)| {
            let (status, reason) = match settlement {
                Settlement::Processed => ("processed", None),
                Settlement::Skipped(reason) => ("skipped", Some(reason.as_str())),
                Settlement::Failed(error) => ("failed", Some(error.as_str())),
            };
            row![*id, status, reason, now]
        })
        .collect();
    let sql = "UPDATE delivery SET status = $2, reason = $3, settled_at = $4 WHERE id = $1";
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Sets a failed or skipped delivery back to `received`; `false` if there is none.
pub(crate) async fn reopen(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<bool> {
    let sql = "UPDATE delivery SET status = 'received', reason = NULL, settled_at = NULL
        WHERE workspace_id = $1 AND id = $2 AND status IN ('failed', 'skipped')";
    Ok(tx.execute(sql, params![workspace.as_str(), id]).await? > 0)
}

/// A page of the deliveries of a workspace, newest first. With a filter, at most
/// [`ROWS_LOOKED_AT`] deliveries are read for one page.
pub(super) async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<DeliverySummary>> {
    let stretch = match filter.is_empty() {
        true => Stretch::unfiltered(from),
        false => stretch(tx, workspace, filter, from).await?,
    };
    let (from, until) = (&stretch.from, &stretch.until);
    let sql = concat!(
        "SELECT ",
        summary_columns!(),
        " FROM delivery WHERE workspace_id = ? AND (received_at, id) < (?, ?) AND (received_at, id) > (?, ?)"
    );
    let select = Select::new(sql, params![workspace.as_str(), from.at, &from.id, until.at, &until.id].iter().cloned())
        .and_if("status = ?", filter.status.as_deref())
        .and_if("source_id = ?", filter.source.as_deref())
        .and_if("event = ?", filter.event.as_deref())
        .and_if("delivery_id = ?", filter.delivery.as_deref())
        .and_if("origin = ?", filter.origin.as_deref())
        .and_if("received_at >= ?", filter.after)
        .and_if("received_at < ?", filter.before)
        .then_with(" ORDER BY received_at DESC, id DESC LIMIT ?", [size.to_fetch()]);
    let rows = select.all(tx, read_summary).await?;
    Ok(stretch.page(rows, size, |last| Cursor { at: last.received_at, id: last.id.to_string() }))
}

/// The stretch of a workspace's deliveries that a page with a filter reads.
async fn stretch(tx: &mut Tx, workspace: &WorkspaceId, filter: &Filter, from: &Cursor) -> Result<Stretch> {
    let sql = "SELECT received_at, id FROM delivery WHERE workspace_id = $1 AND (received_at, id) < ($2, $3)
        ORDER BY received_at DESC, id DESC LIMIT 2 OFFSET $4";
    Stretch::filtered(tx, sql, workspace.as_str(), from, (filter.after, filter.before), ROWS_LOOKED_AT).await
}

/// The owner and the delivery id of a page of history; `None` for any other delivery.
pub async fn history_page(tx: &mut Tx, id: &str) -> Result<Option<(OrganisationId, String)>> {
    let sql = "SELECT organisation_id, delivery_id FROM delivery WHERE id = $1 AND origin IN ('backfill', 'reconcile')";
    tx.first(sql, params![id], |row| Ok((OrganisationId::from(row.get::<String>(0)?), row.get(1)?))).await
}

/// The workspace of a delivery, within an organisation.
pub async fn workspace_of(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<WorkspaceId>> {
    let sql = "SELECT workspace_id FROM delivery WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// Removes some deliveries of a source. Returns their number.
pub async fn forget_of_source(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId, most: i64) -> Result<u64> {
    let sql = "DELETE FROM delivery WHERE organisation_id = $1 AND source_id = $2 AND delivery_id IN
        (SELECT delivery_id FROM delivery WHERE source_id = $2 ORDER BY delivery_id LIMIT $3)";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), most]).await
}

/// The number of deliveries of a source, up to a number.
pub async fn number_of_source(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId, most: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM delivery
        WHERE organisation_id = $1 AND source_id = $2 LIMIT $3) AS counted";
    tx.one(sql, params![organisation.as_str(), source.as_str(), most], |row| row.get(0)).await
}

/// A delivery of a workspace, with its headers and body.
pub async fn by_id(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Option<DeliveryDetail>> {
    let sql = concat!(
        "SELECT ",
        summary_columns!(),
        ", ",
        detail_columns!(),
        " FROM delivery WHERE workspace_id = $1 AND id = $2"
    );
    tx.first(sql, params![workspace.as_str(), id], |row| {
        let headers: Vec<(String, String)> = row.json(detail_at::headers)?;
        Ok(DeliveryDetail {
            summary: read_summary(row)?,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            body: String::from_utf8_lossy(&row.get::<Vec<u8>>(detail_at::body)?).into_owned(),
        })
    })
    .await
}

fn read_summary(row: &Row<'_>) -> Result<DeliverySummary> {
    Ok(DeliverySummary {
        id: DeliveryId::from(row.get::<String>(summary_at::id)?),
        source_id: SourceId::from(row.get::<String>(summary_at::source_id)?),
        provider: provider(&row.get::<String>(summary_at::provider)?),
        delivery_id: row.get(summary_at::delivery_id)?,
        event: row.get(summary_at::event)?,
        origin: Origin::from_stored(&row.get::<String>(summary_at::origin)?),
        received_at: row.get(summary_at::received_at)?,
        status: row.get(summary_at::status)?,
        reason: row.get(summary_at::reason)?,
        settled_at: row.get(summary_at::settled_at)?,
    })
}

fn provider(stored: &str) -> Provider {
    Provider::parse(stored).expect("only known providers are stored")
}
