//! The SQL of endpoints, their secrets and their headers.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::{Endpoint, EndpointId, Way};
use crate::applications::ApplicationId;
use campanile_db::{Range, ranged};

macro_rules! columns {
    () => {
        "id, application_id, uid, url, description, version, disabled, filter_types, channels, metadata, throttle_rate,
         created_at, updated_at, way, batch_size, max_wait"
    };
}

/// Stores an endpoint; `false` when its uid is taken.
pub(super) async fn insert(tx: &mut Tx, endpoint: &Endpoint, secret: &str, headers: Option<&str>) -> Result<bool> {
    let sql = "INSERT INTO endpoint (id, application_id, uid, url, description, version, disabled, filter_types,
            channels, metadata, throttle_rate, secret, headers, created_at, updated_at, way, batch_size, max_wait)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        ON CONFLICT (application_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL DO NOTHING";
    let (way, batch_size, max_wait) = columns_of(endpoint.way);
    let params = params![
        endpoint.id.as_str(),
        endpoint.application_id.as_str(),
        endpoint.uid.as_deref(),
        &endpoint.url,
        &endpoint.description,
        endpoint.version,
        endpoint.disabled,
        endpoint.filter_types.as_ref().map(json),
        endpoint.channels.as_ref().map(json),
        json(&endpoint.metadata),
        endpoint.throttle_rate,
        secret,
        headers,
        endpoint.created_at,
        endpoint.updated_at,
        way,
        batch_size,
        max_wait
    ];
    Ok(tx.execute(sql, params).await? == 1)
}

pub(super) async fn update(tx: &mut Tx, endpoint: &Endpoint) -> Result<u64> {
    let sql = "UPDATE endpoint SET uid = $2, url = $3, description = $4, version = $5, disabled = $6,
            filter_types = $7, channels = $8, metadata = $9, throttle_rate = $10, updated_at = $11, failing_since = NULL,
            batch_size = $12, max_wait = $13
        WHERE id = $1 AND deleted_at IS NULL";
    let (_, batch_size, max_wait) = columns_of(endpoint.way);
    let params = params![
        endpoint.id.as_str(),
        endpoint.uid.as_deref(),
        &endpoint.url,
        &endpoint.description,
        endpoint.version,
        endpoint.disabled,
        endpoint.filter_types.as_ref().map(json),
        endpoint.channels.as_ref().map(json),
        json(&endpoint.metadata),
        endpoint.throttle_rate,
        endpoint.updated_at,
        batch_size,
        max_wait
    ];
    tx.execute(sql, params).await
}

pub(super) async fn uid_is_anothers(
    tx: &mut Tx,
    application: &ApplicationId,
    uid: &str,
    id: &EndpointId,
) -> Result<bool> {
    let sql = "SELECT id FROM endpoint WHERE application_id = $1 AND uid = $2 AND id <> $3 AND deleted_at IS NULL";
    let params = params![application.as_str(), uid, id.as_str()];
    Ok(tx.first(sql, params, |row| row.get::<String>(0)).await?.is_some())
}

pub(super) async fn delete(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM endpoint_old_secret WHERE endpoint_id = $1", params![id.as_str()]).await?;
    let sql = "UPDATE endpoint SET deleted_at = $2, disabled = TRUE WHERE id = $1 AND deleted_at IS NULL";
    tx.execute(sql, params![id.as_str(), now]).await
}

pub(crate) async fn delete_all(tx: &mut Tx, application: &ApplicationId, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint SET deleted_at = $2, disabled = TRUE WHERE application_id = $1 AND deleted_at IS NULL";
    tx.execute(sql, params![application.as_str(), now]).await
}

pub(super) async fn by_id_or_uid(
    tx: &mut Tx,
    application: &ApplicationId,
    id_or_uid: &str,
) -> Result<Option<Endpoint>> {
    // A uid cannot begin like an id.
    let sql = match id_or_uid.starts_with("ep_") || id_or_uid.starts_with("sink_") {
        true => concat!(
            "SELECT ",
            columns!(),
            " FROM endpoint WHERE application_id = $1 AND id = $2 AND deleted_at IS NULL"
        ),
        false => concat!(
            "SELECT ",
            columns!(),
            " FROM endpoint WHERE application_id = $1 AND uid = $2 AND deleted_at IS NULL"
        ),
    };
    tx.first(sql, params![application.as_str(), id_or_uid], read).await
}

macro_rules! of_application {
    ($range:ident, $ways:literal) => {
        ranged!(
            $range,
            "id",
            "SELECT ",
            columns!(),
            " FROM endpoint WHERE application_id = $1 AND deleted_at IS NULL AND ",
            $ways
        )
    };
}

pub(super) async fn list(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Endpoint>> {
    let sql = of_application!(range, "way = 'push'");
    tx.all(sql, params![application.as_str(), &range.low, &range.high, range.limit], read).await
}

pub(super) async fn list_lined(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Endpoint>> {
    let sql = of_application!(range, "way <> 'push'");
    tx.all(sql, params![application.as_str(), &range.low, &range.high, range.limit], read).await
}

/// Those of these endpoints that are there, deleted ones too.
pub(crate) async fn any_of(tx: &mut Tx, ids: &[String]) -> Result<Vec<Endpoint>> {
    let bulk = campanile_db::Bulk {
        each: concat!("SELECT ", columns!(), " FROM endpoint WHERE id = $1"),
        together: concat!("SELECT ", columns!(), " FROM endpoint WHERE id = ANY($1::text[])"),
        is_searched: false,
    };
    let rows: Vec<_> = ids.iter().map(|id| campanile_db::row![id.as_str()]).collect();
    tx.gather(bulk, &rows, read).await
}

/// An endpoint with what a delivery needs beside it, all of it still sealed.
pub(crate) struct Sealed {
    pub(crate) endpoint: Endpoint,
    pub(crate) secret: String,
    pub(crate) headers: Option<String>,
    pub(crate) transformation: Option<String>,
    pub(crate) access: SealedAccess,
    /// Whether messages to it were given up since the last success.
    pub(crate) is_failing: bool,
}

/// How we prove who is calling, beside signing; sealed, but for the authority's certificate.
pub(crate) struct SealedAccess {
    pub(crate) oauth: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) server_ca: Option<String>,
}

/// The endpoints of an application, for those who deliver.
pub(crate) async fn sealed(tx: &mut Tx, application: &ApplicationId) -> Result<Vec<Sealed>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", secret, headers, failing_since, transformation, oauth, identity, server_ca FROM endpoint WHERE application_id = $1 AND deleted_at IS NULL ORDER BY id"
    );
    tx.all(sql, params![application.as_str()], |row| {
        Ok(Sealed {
            endpoint: read(row)?,
            secret: row.get(16)?,
            headers: row.get(17)?,
            is_failing: row.get::<Option<Timestamp>>(18)?.is_some(),
            transformation: row.get(19)?,
            access: SealedAccess { oauth: row.get(20)?, identity: row.get(21)?, server_ca: row.get(22)? },
        })
    })
    .await
}

/// A secret that still signs beside the current one.
pub(crate) struct OldSecret {
    pub(crate) endpoint: String,
    pub(crate) secret: String,
    pub(crate) expires_at: Timestamp,
}

/// Old secrets of an application's endpoints that have not run out, as they run out.
pub(crate) async fn old_secrets(tx: &mut Tx, application: &ApplicationId, now: Timestamp) -> Result<Vec<OldSecret>> {
    let sql = "SELECT endpoint_id, endpoint_old_secret.secret, expires_at FROM endpoint_old_secret
            JOIN endpoint ON endpoint.id = endpoint_id
        WHERE application_id = $1 AND deleted_at IS NULL AND expires_at > $2 ORDER BY expires_at";
    tx.all(sql, params![application.as_str(), now], |row| {
        Ok(OldSecret { endpoint: row.get(0)?, secret: row.get(1)?, expires_at: row.get(2)? })
    })
    .await
}

pub(super) async fn secret(tx: &mut Tx, id: &EndpointId) -> Result<Option<String>> {
    tx.first("SELECT secret FROM endpoint WHERE id = $1", params![id.as_str()], |row| row.get(0)).await
}

pub(super) async fn count_old_secrets(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<i64> {
    let sql = "SELECT count(*) FROM endpoint_old_secret WHERE endpoint_id = $1 AND expires_at > $2";
    tx.one(sql, params![id.as_str(), now], |row| row.get(0)).await
}

pub(super) async fn keep_old_secret(tx: &mut Tx, id: &EndpointId, expires: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO endpoint_old_secret (endpoint_id, secret, expires_at)
        SELECT id, secret, $2 FROM endpoint WHERE id = $1 ON CONFLICT (endpoint_id, expires_at) DO NOTHING";
    tx.execute(sql, params![id.as_str(), expires]).await
}

pub(super) async fn set_secret(tx: &mut Tx, id: &EndpointId, sealed: &str, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint SET secret = $2, updated_at = $3 WHERE id = $1";
    tx.execute(sql, params![id.as_str(), sealed, now]).await
}

pub(super) async fn headers(tx: &mut Tx, id: &EndpointId) -> Result<Option<String>> {
    let sql = "SELECT headers FROM endpoint WHERE id = $1";
    Ok(tx.first(sql, params![id.as_str()], |row| row.get::<Option<String>>(0)).await?.flatten())
}

pub(super) async fn set_headers(tx: &mut Tx, id: &EndpointId, sealed: Option<&str>, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint SET headers = $2, updated_at = $3 WHERE id = $1";
    tx.execute(sql, params![id.as_str(), sealed, now]).await
}

pub(crate) async fn transformation(tx: &mut Tx, id: &EndpointId) -> Result<Option<String>> {
    let sql = "SELECT transformation FROM endpoint WHERE id = $1";
    Ok(tx.first(sql, params![id.as_str()], |row| row.get::<Option<String>>(0)).await?.flatten())
}

pub(crate) async fn set_transformation(tx: &mut Tx, id: &EndpointId, sealed: &str) -> Result<u64> {
    tx.execute("UPDATE endpoint SET transformation = $2 WHERE id = $1", params![id.as_str(), sealed]).await
}

pub(super) async fn access(tx: &mut Tx, id: &EndpointId) -> Result<SealedAccess> {
    let sql = "SELECT oauth, identity, server_ca FROM endpoint WHERE id = $1";
    tx.one(sql, params![id.as_str()], |row| {
        Ok(SealedAccess { oauth: row.get(0)?, identity: row.get(1)?, server_ca: row.get(2)? })
    })
    .await
}

pub(super) async fn set_access(tx: &mut Tx, id: &EndpointId, access: &SealedAccess) -> Result<u64> {
    let sql = "UPDATE endpoint SET oauth = $2, identity = $3, server_ca = $4 WHERE id = $1";
    let SealedAccess { oauth, identity, server_ca } = access;
    let params = params![id.as_str(), oauth.as_deref(), identity.as_deref(), server_ca.as_deref()];
    tx.execute(sql, params).await
}

/// `false` when it was disabled already.
pub(super) async fn disable(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE endpoint SET disabled = TRUE, updated_at = $2 WHERE id = $1 AND disabled = FALSE";
    Ok(tx.execute(sql, params![id.as_str(), now]).await? == 1)
}

/// Forgets that messages were given up; `false` when none were.
pub(crate) async fn works_again(tx: &mut Tx, id: &EndpointId) -> Result<bool> {
    let sql = "UPDATE endpoint SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
    Ok(tx.execute(sql, params![id.as_str()]).await? == 1)
}

/// Notes that a message was given up; answers since when that has been so.
pub(crate) async fn gave_up(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<Option<Timestamp>> {
    let sql = "UPDATE endpoint SET failing_since = COALESCE(failing_since, $2) WHERE id = $1 RETURNING failing_since";
    tx.first(sql, params![id.as_str(), now], |row| row.get(0)).await
}

fn read(row: &Row<'_>) -> Result<Endpoint> {
    let filter_types = names(row.get(7)?);
    let throttle_rate = row.get(10)?;
    Ok(Endpoint {
        id: EndpointId::from(row.get::<String>(0)?),
        application_id: ApplicationId::from(row.get::<String>(1)?),
        uid: row.get(2)?,
        url: row.get(3)?,
        description: row.get(4)?,
        version: row.get(5)?,
        disabled: row.get(6)?,
        event_types: filter_types.clone(),
        filter_types,
        channels: names(row.get(8)?),
        metadata: serde_json::from_str(&row.get::<String>(9)?).unwrap_or_default(),
        rate_limit: throttle_rate,
        throttle_rate,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
        way: match row.get::<String>(13)?.as_str() {
            "fifo" => Way::InOrder { batch_size: row.get(14)?, max_wait: row.get(15)? },
            "poll" => Way::Polled,
            _ => Way::Push,
        },
    })
}

/// The columns of a way.
fn columns_of(way: Way) -> (&'static str, i64, i64) {
    match way {
        Way::Push => ("push", 1, 0),
        Way::InOrder { batch_size, max_wait } => ("fifo", batch_size, max_wait),
        Way::Polled => ("poll", 1, 0),
    }
}

fn names(json: Option<String>) -> Option<Vec<String>> {
    json.and_then(|text| serde_json::from_str(&text).ok())
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
