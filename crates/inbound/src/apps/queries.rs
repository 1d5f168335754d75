//! The SQL of apps.

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Row, Tx, insert, params};

use super::{AppId, ConnectorApp, SealedApp};
use crate::Provider;

campanile_db::columns! {
    columns, at:
    id, organisation_id, provider, number, slug, url, client_id, path, created_by, created_at, secrets,
}

/// Inserts an app of an organisation. `false` if it has one of this provider.
pub(crate) async fn insert(tx: &mut Tx, organisation: &OrganisationId, new: &SealedApp) -> Result<bool> {
    let SealedApp { app, sealed } = new;
    let (sql, params) = insert!("connector_app" {
        id: app.id.as_str(),
        organisation_id: organisation.as_str(),
        provider: app.provider.as_str(),
        number: &app.number,
        slug: &app.slug,
        url: &app.url,
        client_id: &app.client_id,
        secrets: sealed,
        path: &app.path,
        created_by: &app.created_by,
        created_at: app.created_at,
    } "ON CONFLICT (organisation_id, provider) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

/// The app of an organisation.
pub(crate) async fn of_organisation(
    tx: &mut Tx,
    organisation: &OrganisationId,
    provider: Provider,
) -> Result<Option<SealedApp>> {
    let sql = concat!("SELECT ", columns!(), " FROM connector_app WHERE organisation_id = $1 AND provider = $2");
    tx.first(sql, params![organisation.as_str(), provider.as_str()], read).await
}

/// Deletes the app of an organisation. `false` if it has none.
pub(crate) async fn delete(tx: &mut Tx, organisation: &OrganisationId, id: &AppId) -> Result<bool> {
    let sql = "DELETE FROM connector_app WHERE organisation_id = $1 AND id = $2";
    Ok(tx.execute(sql, params![organisation.as_str(), id.as_str()]).await? == 1)
}

fn read(row: &Row<'_>) -> Result<SealedApp> {
    let provider: String = row.get(at::provider)?;
    let app = ConnectorApp {
        id: AppId::from(row.get::<String>(at::id)?),
        organisation_id: Some(OrganisationId::from(row.get::<String>(at::organisation_id)?)),
        provider: Provider::parse(&provider).expect("only known providers are stored"),
        number: row.get(at::number)?,
        slug: row.get(at::slug)?,
        url: row.get(at::url)?,
        client_id: row.get(at::client_id)?,
        path: row.get(at::path)?,
        created_by: row.get(at::created_by)?,
        created_at: row.get(at::created_at)?,
    };
    Ok(SealedApp { app, sealed: row.get(at::secrets)? })
}
