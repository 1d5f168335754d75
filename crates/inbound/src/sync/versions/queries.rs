//! The SQL of the documents of a source.

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Tx, params, row};

use super::{Work, WorkItem};
use crate::sources::SourceId;
use crate::sync::plan::{ListedDocument, Move, StoredVersion};
use crate::sync::skips::SkipReason;

/// A source, and its owner.
type Owned<'o> = (&'o OrganisationId, &'o SourceId);

pub(super) async fn all(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
) -> Result<Vec<(String, StoredVersion, Option<SkipReason>)>> {
    let sql = "SELECT key, version, is_document, is_missing, skip_reason FROM source_document
        WHERE organisation_id = $1 AND source_id = $2 ORDER BY key";
    tx.all(sql, params![organisation.as_str(), source.as_str()], |row| {
        let reason = row.get::<Option<String>>(4)?.map(|word| SkipReason::from_stored(&word));
        let version = StoredVersion { version: row.get(1)?, is_document: row.get(2)?, is_missing: row.get(3)? };
        Ok((row.get(0)?, version, reason))
    })
    .await
}

/// Forgets the work that an earlier sync has left.
pub(super) async fn clear_work(tx: &mut Tx, (organisation, source): Owned<'_>) -> Result<u64> {
    let sql = "UPDATE source_document SET work = NULL, target = NULL
        WHERE organisation_id = $1 AND source_id = $2 AND work IS NOT NULL";
    tx.execute(sql, params![organisation.as_str(), source.as_str()]).await
}

pub(super) async fn want(tx: &mut Tx, (organisation, source): Owned<'_>, wanted: &[ListedDocument]) -> Result<()> {
    let rows: Vec<_> = wanted
        .iter()
        .map(|ListedDocument { key, version }| row![organisation.as_str(), source.as_str(), key, version])
        .collect();
    let sql = "INSERT INTO source_document
            (organisation_id, source_id, key, version, work, target, is_document, is_missing)
        VALUES ($1, $2, $3, '', 'fetch', $4, FALSE, FALSE)
        ON CONFLICT (source_id, key) DO UPDATE SET work = 'fetch', target = excluded.target, is_missing = FALSE
        WHERE source_document.organisation_id = excluded.organisation_id";
    tx.execute_many(sql, &rows).await.map(drop)
}

pub(super) async fn plan_moves(tx: &mut Tx, (organisation, source): Owned<'_>, moves: &[Move]) -> Result<()> {
    let rows: Vec<_> =
        moves.iter().map(|Move { from, to }| row![organisation.as_str(), source.as_str(), from, to]).collect();
    let sql = "UPDATE source_document SET work = 'move', target = $4
        WHERE organisation_id = $1 AND source_id = $2 AND key = $3";
    tx.execute_many(sql, &rows).await.map(drop)
}

pub(super) async fn plan_deletions(tx: &mut Tx, (organisation, source): Owned<'_>, keys: &[String]) -> Result<()> {
    let rows: Vec<_> = keys.iter().map(|key| row![organisation.as_str(), source.as_str(), key]).collect();
    let sql = "UPDATE source_document SET work = 'delete', target = ''
        WHERE organisation_id = $1 AND source_id = $2 AND key = $3";
    tx.execute_many(sql, &rows).await.map(drop)
}

pub(super) async fn mark(
    tx: &mut Tx,
    (organisation, source): Owned<'_>,
    keys: &[String],
    is_missing: bool,
) -> Result<()> {
    let rows: Vec<_> = keys.iter().map(|key| row![organisation.as_str(), source.as_str(), key, is_missing]).collect();
    let sql = "UPDATE source_document SET is_missing = $4
        WHERE organisation_id = $1 AND source_id = $2 AND key = $3";
    tx.execute_many(sql, &rows).await.map(drop)
}

pub(super) async fn next(
    tx: &mut Tx,
    (organisation, source): Owned<'_>,
    work: Work,
    most: i64,
) -> Result<Vec<WorkItem>> {
    let sql = "SELECT key, version, target FROM source_document
        WHERE organisation_id = $1 AND source_id = $2 AND work = $3 ORDER BY key LIMIT $4";
    tx.all(sql, params![organisation.as_str(), source.as_str(), work.as_str(), most], |row| {
        let target = row.get::<Option<String>>(2)?.unwrap_or_default();
        Ok(WorkItem { key: row.get(0)?, version: row.get(1)?, target })
    })
    .await
}

/// Documents of a source, whatever work is left for them.
pub async fn some_documents(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    most: i64,
) -> Result<Vec<String>> {
    let sql = "SELECT key FROM source_document
        WHERE organisation_id = $1 AND source_id = $2 AND is_document ORDER BY key LIMIT $3";
    tx.all(sql, params![organisation.as_str(), source.as_str(), most], |row| row.get(0)).await
}

/// The number of documents of a source, up to a number.
pub async fn number_of_documents(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    most: i64,
) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM source_document
        WHERE organisation_id = $1 AND source_id = $2 AND is_document LIMIT $3) AS counted";
    tx.one(sql, params![organisation.as_str(), source.as_str(), most], |row| row.get(0)).await
}

/// Notes the version that was read, and whether it is a document.
pub async fn set_read(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    key: &str,
    version: &str,
    skipped: Option<SkipReason>,
) -> Result<u64> {
    let sql = "UPDATE source_document SET version = $4, work = NULL, target = NULL, is_document = $5, skip_reason = $6
        WHERE organisation_id = $1 AND source_id = $2 AND key = $3";
    let reason = skipped.map(SkipReason::as_str);
    let params = params![organisation.as_str(), source.as_str(), key, version, skipped.is_none(), reason];
    tx.execute(sql, params).await
}

/// Gives the work of a document up. Its version stays, so the next sync tries again.
pub async fn give_up(tx: &mut Tx, (organisation, source): (&OrganisationId, &SourceId), key: &str) -> Result<u64> {
    let sql = "UPDATE source_document SET work = NULL, target = NULL
        WHERE organisation_id = $1 AND source_id = $2 AND key = $3";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), key]).await
}

/// Gives a document another key. With `fetch`, its content is fetched as well.
pub async fn rename(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    item: &WorkItem,
    fetch: bool,
) -> Result<()> {
    let WorkItem { key, version, target } = item;
    forget(tx, (organisation, source), target).await?;
    let (work, wanted) = if fetch { (Some(Work::Fetch.as_str()), Some(version.as_str())) } else { (None, None) };
    let sql = "UPDATE source_document SET key = $4, work = $5, target = $6, is_missing = FALSE
        WHERE organisation_id = $1 AND source_id = $2 AND key = $3";
    let params = params![organisation.as_str(), source.as_str(), key, target, work, wanted];
    tx.execute(sql, params).await.map(drop)
}

/// Removes a document.
pub async fn forget(tx: &mut Tx, (organisation, source): (&OrganisationId, &SourceId), key: &str) -> Result<u64> {
    let sql = "DELETE FROM source_document WHERE organisation_id = $1 AND source_id = $2 AND key = $3";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), key]).await
}

/// Removes the rows of a source, some at a time.
pub(crate) async fn forget_some(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
    most: i64,
) -> Result<u64> {
    let sql = "DELETE FROM source_document WHERE organisation_id = $1 AND source_id = $2 AND key IN
        (SELECT key FROM source_document WHERE organisation_id = $1 AND source_id = $2 ORDER BY key LIMIT $3)";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), most]).await
}
