//! The SQL of sources.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::{SealedSource, Source, SourceId};
use crate::Provider;

macro_rules! columns {
    () => {
        "id, organisation_id, workspace_id, provider, path, created_at, previous_until"
    };
}

pub(super) async fn insert(tx: &mut Tx, source: &Source, sealed: &str) -> Result<bool> {
    let sql = "INSERT INTO source (id, organisation_id, workspace_id, provider, path, secret, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (path) DO NOTHING";
    let Source { id, organisation_id, workspace_id, provider, path, created_at, previous_secret_until: _ } = source;
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
    let sql = concat!("DELETE FROM source WHERE organisation_id = $1 AND id = $2 RETURNING ", columns!());
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

/// Puts a secret in the place of another, which is taken until then; changes nothing while one before is taken still.
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

/// Puts a secret in the place of all others.
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

/// Removes the secrets that are taken no longer.
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

/// The one lookup without a tenant: the path is what tells whose delivery it is.
pub(super) async fn at_path(tx: &mut Tx, provider: Provider, path: &str) -> Result<Option<SealedSource>> {
    let sql = concat!("SELECT ", columns!(), ", secret, previous_secret FROM source WHERE provider = $1 AND path = $2");
    tx.first(sql, params![provider.as_str(), path], |row| {
        let (source, previous): (Source, Option<String>) = (read(row)?, row.get(8)?);
        let previous = previous.zip(source.previous_secret_until);
        Ok(SealedSource { source, secret: row.get(7)?, previous })
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
        previous_secret_until: row.get(6)?,
    })
}
