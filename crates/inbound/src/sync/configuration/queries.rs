//! The SQL of the state of a source's documents.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, insert, params};

use super::{ConfigFinding, ConfigStatus, SourceConfiguration};
use crate::sources::SourceId;

campanile_db::columns! { columns, at: status, path, error, checked_at, head, documents }

/// The state of a source's documents; `None` before anything was looked for.
pub async fn find(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
) -> Result<Option<SourceConfiguration>> {
    let sql =
        concat!("SELECT ", columns!(), " FROM source_configuration WHERE organisation_id = $1 AND source_id = $2");
    tx.first(sql, params![organisation.as_str(), source.as_str()], read).await
}

/// Writes the finding about the configuration file.
pub async fn put_finding(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    finding: &ConfigFinding,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("source_configuration" {
        source_id: source.as_str(),
        organisation_id: organisation.as_str(),
        status: finding.status.as_str(),
        path: finding.path.as_deref(),
        error: finding.error.as_deref(),
        checked_at: now,
        documents: 0_i64,
    } "ON CONFLICT (source_id) DO UPDATE SET status = excluded.status, path = excluded.path, error = excluded.error,
        checked_at = excluded.checked_at WHERE source_configuration.organisation_id = excluded.organisation_id");
    tx.execute(sql, &params).await
}

/// Writes the commit up to which all documents are stored.
pub async fn set_head(tx: &mut Tx, (organisation, source): (&OrganisationId, &SourceId), head: &str) -> Result<u64> {
    let sql = "UPDATE source_configuration SET head = $3 WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), head]).await
}

/// Counts the documents of a source.
pub async fn count_documents(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<u64> {
    let sql = "UPDATE source_configuration SET documents = (SELECT count(*) FROM source_document
            WHERE source_document.organisation_id = $1 AND source_document.source_id = $2 AND is_document)
        WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str()]).await
}

/// Removes the state of a source.
pub(crate) async fn forget(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<u64> {
    let sql = "DELETE FROM source_configuration WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str()]).await
}

fn read(row: &Row<'_>) -> Result<SourceConfiguration> {
    Ok(SourceConfiguration {
        finding: ConfigFinding {
            status: ConfigStatus::from_stored(&row.get::<String>(at::status)?),
            path: row.get(at::path)?,
            error: row.get(at::error)?,
        },
        checked_at: row.get(at::checked_at)?,
        head: row.get(at::head)?,
        documents: row.get(at::documents)?,
    })
}
