//! The SQL of sources.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, insert, params};

use super::{SealedSource, Source, SourceId};
use crate::Provider;

campanile_db::columns! {
    columns, at:
    id, organisation_id, workspace_id, provider, path, created_at, previous_until,
}
campanile_db::columns! { sealed_columns, sealed_at after at: secret, previous_secret }

pub(super) async fn insert(tx: &mut Tx, source: &Source, sealed: &str) -> Result<bool> {
    let Source { id, organisation_id, workspace_id, provider, path, created_at, previous_secret_until: _ } = source;
    let (sql, params) = insert!("source" {
        id: id.as_str(),
        organisation_id: organisation_id.as_str(),
        workspace_id: workspace_id.as_str(),
        provider: provider.as_str(),
        path: path,
        secret: sealed,
        created_at: *created_at,
    } "ON CONFLICT (path) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Deletes a source; `None` if there was none.
pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, id: &SourceId) -> Result<Option<Source>> {
    let sql = concat!("DELETE FROM source WHERE organisation_id = $1 AND id = $2 RETURNING ", columns!());
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

/// Replaces a secret; the old one is accepted until `until`. Changes nothing while an earlier one
/// is still accepted.
pub(super) async fn rotate(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &SourceId,
    sealed: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Source>> {
    let sql = concat!(
        "UPDATE source SET previous_secret = secret, previous_until = $5, secret = $3
        WHERE organisation_id = $1 AND id = $2 AND (previous_until IS NULL OR previous_until <= $4) RETURNING ",
        columns!()
    );
    tx.first(sql, params![organisation.as_str(), id.as_str(), sealed, now, until], read).await
}

/// Replaces the secret, and removes the previous one.
pub(super) async fn replace_secret(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &SourceId,
    sealed: &str,
) -> Result<Option<Source>> {
    let sql = concat!(
        "UPDATE source SET previous_secret = NULL, previous_until = NULL, secret = $3
        WHERE organisation_id = $1 AND id = $2 RETURNING ",
        columns!()
    );
    tx.first(sql, params![organisation.as_str(), id.as_str(), sealed], read).await
}

/// Removes previous secrets that are no longer accepted.
pub(crate) async fn forget_previous(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE source SET previous_secret = NULL, previous_until = NULL WHERE previous_until <= $1";
    tx.execute(sql, params![now]).await
}

pub(super) async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &SourceId) -> Result<Option<Source>> {
    let sql = concat!("SELECT ", columns!(), " FROM source WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

pub(super) async fn list(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Source>> {
    let sql = concat!("SELECT ", columns!(), " FROM source WHERE workspace_id = $1 ORDER BY created_at, id");
    tx.all(sql, params![workspace.as_str()], read).await
}

/// The one lookup without a tenant: the path determines the owner.
pub(super) async fn at_path(tx: &mut Tx, provider: Provider, path: &str) -> Result<Option<SealedSource>> {
    let sql = concat!("SELECT ", columns!(), ", ", sealed_columns!(), " FROM source WHERE provider = $1 AND path = $2");
    tx.first(sql, params![provider.as_str(), path], |row| {
        let (source, previous): (Source, Option<String>) = (read(row)?, row.get(sealed_at::previous_secret)?);
        let previous = previous.zip(source.previous_secret_until);
        Ok(SealedSource { source, secret: row.get(sealed_at::secret)?, previous })
    })
    .await
}

/// The encrypted secret of any source, to test the vault's key with.
pub(super) async fn any_sealed(tx: &mut Tx) -> Result<Option<String>> {
    tx.first("SELECT secret FROM source LIMIT 1", params![], |row| row.get(0)).await
}

fn read(row: &Row<'_>) -> Result<Source> {
    let provider = row.get::<String>(at::provider)?;
    Ok(Source {
        id: SourceId::from(row.get::<String>(at::id)?),
        organisation_id: OrganisationId::from(row.get::<String>(at::organisation_id)?),
        workspace_id: WorkspaceId::from(row.get::<String>(at::workspace_id)?),
        provider: Provider::parse(&provider).expect("only known providers are stored"),
        path: row.get(at::path)?,
        created_at: row.get(at::created_at)?,
        previous_secret_until: row.get(at::previous_until)?,
    })
}
