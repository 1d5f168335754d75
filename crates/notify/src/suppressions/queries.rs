//! The SQL of suppressions.

use campanile_accounts::OrganisationId;
use campanile_db::{Bulk, Range, Result, Row, Tx, params, ranged, row};

use super::Suppression;

pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, suppression: &Suppression) -> Result<u64> {
    let sql = "INSERT INTO suppression (organisation_id, address, reason, details, message_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let params = params![
        organisation.as_str(),
        &suppression.address,
        &suppression.reason,
        suppression.details.as_deref(),
        suppression.message_id.as_deref(),
        suppression.created_at
    ];
    tx.execute(sql, params).await
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
        each: "SELECT address, reason, details, message_id, created_at FROM suppression
            WHERE organisation_id = $1 AND address = $2",
        together: "SELECT suppression.address, reason, details, message_id, created_at
            FROM unnest($1::text[], $2::text[]) AS asked (organisation, address)
            JOIN suppression ON organisation_id = asked.organisation AND suppression.address = asked.address",
        is_searched: false,
    };
    let rows: Vec<_> = addresses.iter().map(|address| row![organisation.as_str(), address.as_str()]).collect();
    tx.gather(bulk, &rows, read).await
}

pub(super) async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Suppression>> {
    let sql = ranged!(
        range,
        "address",
        "SELECT address, reason, details, message_id, created_at FROM suppression WHERE organisation_id = $1"
    );
    tx.all(sql, params![organisation.as_str(), &range.low, &range.high, range.limit], read).await
}

fn read(row: &Row<'_>) -> Result<Suppression> {
    Ok(Suppression {
        address: row.get(0)?,
        reason: row.get(1)?,
        details: row.get(2)?,
        message_id: row.get(3)?,
        created_at: row.get(4)?,
    })
}
