//! The SQL of suppressions.

use campanile_accounts::OrganisationId;
use campanile_db::{Bulk, Range, Result, Row, Tx, insert, params, ranged, row};

use super::Suppression;

campanile_db::columns! { columns, at: address = "suppression.address", reason, details, message_id, created_at }

pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, suppression: &Suppression) -> Result<u64> {
    let (sql, params) = insert!("suppression" {
        organisation_id: organisation.as_str(),
        address: &suppression.address,
        reason: &suppression.reason,
        details: suppression.details.as_deref(),
        message_id: suppression.message_id.as_deref(),
        created_at: suppression.created_at,
    } "ON CONFLICT DO NOTHING");
    tx.execute(sql, &params).await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, address: &str) -> Result<u64> {
    let sql = "DELETE FROM suppression WHERE organisation_id = $1 AND address = $2";
    tx.execute(sql, params![organisation.as_str(), address]).await
}

pub(super) async fn these(
    tx: &mut Tx,
    organisation: &OrganisationId,
    addresses: &[String],
) -> Result<Vec<Suppression>> {
    let bulk = Bulk {
        each: concat!("SELECT ", columns!(), " FROM suppression WHERE organisation_id = $1 AND address = $2"),
        together: concat!(
            "SELECT ",
            columns!(),
            " FROM unnest($1::text[], $2::text[]) AS asked (organisation, address)
              JOIN suppression ON organisation_id = asked.organisation AND suppression.address = asked.address"
        ),
        is_searched: false,
    };
    let rows: Vec<_> = addresses.iter().map(|address| row![organisation.as_str(), address.as_str()]).collect();
    tx.gather(bulk, &rows, read).await
}

pub(super) async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Suppression>> {
    let sql = ranged!(range, "address", "SELECT ", columns!(), " FROM suppression WHERE organisation_id = $1");
    tx.all(sql, params![organisation.as_str(), &range.low, &range.high, range.limit], read).await
}

fn read(row: &Row<'_>) -> Result<Suppression> {
    Ok(Suppression {
        address: row.get(at::address)?,
        reason: row.get(at::reason)?,
        details: row.get(at::details)?,
        message_id: row.get(at::message_id)?,
        created_at: row.get(at::created_at)?,
    })
}
