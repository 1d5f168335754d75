//! The SQL of sources.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::{SealedSource, Source, SourceId};
use crate::Provider;

pub(super) async fn insert(tx: &mut Tx, source: &Source, sealed: &str) -> Result<bool> {
    let sql = "INSERT INTO source (id, organisation_id, workspace_id, provider, path, secret, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (path) DO NOTHING";
    let Source { id, organisation_id, workspace_id, provider, path, created_at } = source;
    let params = params![
        id.as_str(),
        organisation_id.as_str(),
        workspace_id.as_str(),
        provider.as_str(),
        path,
        sealed,
        *created_at
    ];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Removes a source; answers what it was, if there was one.
pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, id: &SourceId) -> Result<Option<Source>> {
    let sql = "DELETE FROM source WHERE organisation_id = $1 AND id = $2
        RETURNING id, organisation_id, workspace_id, provider, path, created_at";
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

/// Puts a secret in the place of another, which stays until then; answers whose it is.
pub(super) async fn rotate(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &SourceId,
    sealed: &str,
    until: Timestamp,
) -> Result<Option<Source>> {
    let sql = "UPDATE source SET previous_secret = secret, previous_until = $4, secret = $3
        WHERE organisation_id = $1 AND id = $2
        RETURNING id, organisation_id, workspace_id, provider, path, created_at";
    tx.first(sql, params![organisation.as_str(), id.as_str(), sealed, until], read).await
}

pub(super) async fn list(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Source>> {
    let sql = "SELECT id, organisation_id, workspace_id, provider, path, created_at FROM source
        WHERE workspace_id = $1 ORDER BY created_at, id";
    tx.all(sql, params![workspace.as_str()], read).await
}

/// The one lookup without a tenant: the path is what tells whose delivery it is.
pub(super) async fn at_path(tx: &mut Tx, provider: Provider, path: &str) -> Result<Option<SealedSource>> {
    let sql = "SELECT id, organisation_id, workspace_id, provider, path, created_at, secret, previous_secret,
            previous_until FROM source WHERE provider = $1 AND path = $2";
    tx.first(sql, params![provider.as_str(), path], |row| {
        let (previous, until): (Option<String>, Option<Timestamp>) = (row.get(7)?, row.get(8)?);
        Ok(SealedSource { source: read(row)?, secret: row.get(6)?, previous: previous.zip(until) })
    })
    .await
}

/// Any sealed secret, to try a key on.
pub(super) async fn any_sealed(tx: &mut Tx) -> Result<Option<String>> {
    tx.first("SELECT secret FROM source LIMIT 1", params![], |row| row.get(0)).await
}

fn read(row: &Row<'_>) -> Result<Source> {
    let provider = row.get::<String>(3)?;
    Ok(Source {
        id: SourceId::from(row.get::<String>(0)?),
        organisation_id: OrganisationId::from(row.get::<String>(1)?),
        workspace_id: WorkspaceId::from(row.get::<String>(2)?),
        provider: Provider::parse(&provider).expect("only known providers are stored"),
        path: row.get(4)?,
        created_at: row.get(5)?,
    })
}
