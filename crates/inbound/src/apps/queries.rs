//! The SQL of apps.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
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

/// The app at a path. The path determines the owner.
pub(crate) async fn at_path(tx: &mut Tx, provider: Provider, path: &str) -> Result<Option<SealedApp>> {
    let sql = concat!("SELECT ", columns!(), " FROM connector_app WHERE provider = $1 AND path = $2");
    tx.first(sql, params![provider.as_str(), path], read).await
}

/// The apps of all organisations, for the job that enqueues one for each; that one names the
/// organisation.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<(OrganisationId, AppId)>> {
    tx.all("SELECT organisation_id, id FROM connector_app ORDER BY id", params![], |row| {
        Ok((OrganisationId::from(row.get::<String>(0)?), AppId::from(row.get::<String>(1)?)))
    })
    .await
}

/// Records the time of a delivery to an app.
pub(crate) async fn note_heard(tx: &mut Tx, app: &str, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO app_progress (app_id, heard_at) VALUES ($1, $2)
        ON CONFLICT (app_id) DO UPDATE SET heard_at = excluded.heard_at";
    tx.execute(sql, params![app, now]).await
}

/// The time of the last delivery to an app.
pub(crate) async fn heard_at(tx: &mut Tx, app: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT heard_at FROM app_progress WHERE app_id = $1";
    Ok(tx.first(sql, params![app], |row| row.get(0)).await?.flatten())
}

/// The highest id of a failed delivery that was looked at.
pub(crate) async fn swept_to(tx: &mut Tx, app: &str) -> Result<Option<i64>> {
    let sql = "SELECT swept_to FROM app_progress WHERE app_id = $1";
    Ok(tx.first(sql, params![app], |row| row.get(0)).await?.flatten())
}

/// Records that failed deliveries were looked at up to an id.
pub(crate) async fn set_swept_to(tx: &mut Tx, app: &str, to: i64) -> Result<u64> {
    let sql = "INSERT INTO app_progress (app_id, swept_to) VALUES ($1, $2)
        ON CONFLICT (app_id) DO UPDATE SET swept_to = excluded.swept_to";
    tx.execute(sql, params![app, to]).await
}

/// True if a delivery to an app was stored, for a source or as a stray.
pub(crate) async fn has_delivery(tx: &mut Tx, app: &str, delivery: &str) -> Result<bool> {
    let stored = "SELECT delivery.id FROM delivery WHERE delivery_id = $2 AND source_id IN
        (SELECT source.id FROM source JOIN connection ON connection.id = source.connection_id
            WHERE connection.app_id = $1) LIMIT 1";
    let stray = "SELECT id FROM stray WHERE app_id = $1 AND delivery_id = $2";
    for sql in [stored, stray] {
        if tx.first(sql, params![app, delivery], |row| row.get::<String>(0)).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes what is known of the deliveries to an app, with its strays.
pub(crate) async fn forget_progress(tx: &mut Tx, app: &str) -> Result<u64> {
    tx.execute("DELETE FROM stray WHERE app_id = $1", params![app]).await?;
    tx.execute("DELETE FROM app_progress WHERE app_id = $1", params![app]).await
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
