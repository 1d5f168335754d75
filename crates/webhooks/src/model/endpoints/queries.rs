//! The SQL of endpoints, their secrets and their headers.

use campanile_base::Timestamp;
use campanile_db::{Range, Result, Row, Tx, insert, json_text, params, ranged, update};

use super::{DeliveryMode, Endpoint, EndpointId};
use crate::model::applications::ApplicationId;

campanile_db::columns! {
    columns, at:
    id, application_id, uid, url, description, version, disabled, filter_types, channels, metadata, throttle_rate,
    created_at, updated_at, way, batch_size, max_wait,
}
campanile_db::columns! {
    sealed_columns, sealed_at after at:
    secret, headers, failing_since, transformation, oauth, identity, server_ca,
}

/// Stores an endpoint; `false` when its uid is taken.
pub(crate) async fn insert(tx: &mut Tx, endpoint: &Endpoint, secret: &str, headers: Option<&str>) -> Result<bool> {
    let (way, batch_size, max_wait) = columns_of(endpoint.way);
    let (sql, params) = insert!("endpoint" {
        id: endpoint.id.as_str(),
        application_id: endpoint.application_id.as_str(),
        uid: endpoint.uid.as_deref(),
        url: &endpoint.url,
        description: &endpoint.description,
        version: endpoint.version,
        disabled: endpoint.disabled,
        filter_types: endpoint.filter_types.as_ref().map(json_text),
        channels: endpoint.channels.as_ref().map(json_text),
        metadata: json_text(&endpoint.metadata),
        throttle_rate: endpoint.throttle_rate,
        secret: secret,
        headers: headers,
        created_at: endpoint.created_at,
        updated_at: endpoint.updated_at,
        way: way,
        batch_size: batch_size,
        max_wait: max_wait,
    } "ON CONFLICT (application_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

pub(crate) async fn update(tx: &mut Tx, endpoint: &Endpoint) -> Result<u64> {
    let (_, batch_size, max_wait) = columns_of(endpoint.way);
    let (sql, params) = update!("endpoint" WHERE "id = $1 AND deleted_at IS NULL" [endpoint.id.as_str()] SET {
        uid: endpoint.uid.as_deref(),
        url: &endpoint.url,
        description: &endpoint.description,
        version: endpoint.version,
        disabled: endpoint.disabled,
        filter_types: endpoint.filter_types.as_ref().map(json_text),
        channels: endpoint.channels.as_ref().map(json_text),
        metadata: json_text(&endpoint.metadata),
        throttle_rate: endpoint.throttle_rate,
        updated_at: endpoint.updated_at,
        failing_since: None::<Timestamp>,
        batch_size: batch_size,
        max_wait: max_wait,
    });
    tx.execute(sql, &params).await
}

pub(crate) async fn uid_is_anothers(
    tx: &mut Tx,
    application: &ApplicationId,
    uid: &str,
    id: &EndpointId,
) -> Result<bool> {
    let sql = "SELECT id FROM endpoint WHERE application_id = $1 AND uid = $2 AND id <> $3 AND deleted_at IS NULL";
    let params = params![application.as_str(), uid, id.as_str()];
    Ok(tx.first(sql, params, |row| row.get::<String>(0)).await?.is_some())
}

pub(crate) async fn delete(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM endpoint_old_secret WHERE endpoint_id = $1", params![id.as_str()]).await?;
    let sql = "UPDATE endpoint SET deleted_at = $2, disabled = TRUE WHERE id = $1 AND deleted_at IS NULL";
    tx.execute(sql, params![id.as_str(), now]).await
}

pub(crate) async fn delete_all(tx: &mut Tx, application: &ApplicationId, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint SET deleted_at = $2, disabled = TRUE WHERE application_id = $1 AND deleted_at IS NULL";
    tx.execute(sql, params![application.as_str(), now]).await
}

pub(crate) async fn by_id_or_uid(
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

pub(crate) async fn list(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Endpoint>> {
    let sql = of_application!(range, "way = 'push'");
    tx.all(sql, params![application.as_str(), &range.low, &range.high, range.limit], read).await
}

pub(crate) async fn list_lined(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Endpoint>> {
    let sql = of_application!(range, "way <> 'push'");
    tx.all(sql, params![application.as_str(), &range.low, &range.high, range.limit], read).await
}

/// The endpoints with these ids, deleted ones included.
pub(crate) async fn any_of(tx: &mut Tx, ids: &[String]) -> Result<Vec<Endpoint>> {
    let bulk = campanile_db::Bulk {
        each: concat!("SELECT ", columns!(), " FROM endpoint WHERE id = $1"),
        together: concat!("SELECT ", columns!(), " FROM endpoint WHERE id = ANY($1::text[])"),
        is_searched: false,
    };
    let rows: Vec<_> = ids.iter().map(|id| campanile_db::row![id.as_str()]).collect();
    tx.gather(bulk, &rows, read).await
}

/// An endpoint with the other data of a delivery, still encrypted.
pub(crate) struct SealedEndpoint {
    pub(crate) endpoint: Endpoint,
    pub(crate) secret: String,
    pub(crate) headers: Option<String>,
    pub(crate) transformation: Option<String>,
    pub(crate) access: SealedAccess,
    /// True if a message to it was given up since the last success.
    pub(crate) is_failing: bool,
}

/// The authentication settings of an endpoint. All but the authority's certificate are encrypted.
pub(crate) struct SealedAccess {
    pub(crate) oauth: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) server_ca: Option<String>,
}

/// The endpoints of an application, with the data of a delivery.
pub(crate) async fn sealed(tx: &mut Tx, application: &ApplicationId) -> Result<Vec<SealedEndpoint>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", ",
        sealed_columns!(),
        " FROM endpoint WHERE application_id = $1 AND deleted_at IS NULL ORDER BY id"
    );
    tx.all(sql, params![application.as_str()], |row| {
        Ok(SealedEndpoint {
            endpoint: read(row)?,
            secret: row.get(sealed_at::secret)?,
            headers: row.get(sealed_at::headers)?,
            is_failing: row.get::<Option<Timestamp>>(sealed_at::failing_since)?.is_some(),
            transformation: row.get(sealed_at::transformation)?,
            access: SealedAccess {
                oauth: row.get(sealed_at::oauth)?,
                identity: row.get(sealed_at::identity)?,
                server_ca: row.get(sealed_at::server_ca)?,
            },
        })
    })
    .await
}

/// A replaced secret that still signs beside the current one.
pub(crate) struct OldSecret {
    pub(crate) endpoint: String,
    pub(crate) secret: String,
    pub(crate) expires_at: Timestamp,
}

/// The unexpired replaced secrets of an application's endpoints, by expiry.
pub(crate) async fn old_secrets(tx: &mut Tx, application: &ApplicationId, now: Timestamp) -> Result<Vec<OldSecret>> {
    let sql = "SELECT endpoint_id, endpoint_old_secret.secret, expires_at FROM endpoint_old_secret
            JOIN endpoint ON endpoint.id = endpoint_id
        WHERE application_id = $1 AND deleted_at IS NULL AND expires_at > $2 ORDER BY expires_at";
    tx.all(sql, params![application.as_str(), now], |row| {
        Ok(OldSecret { endpoint: row.get(0)?, secret: row.get(1)?, expires_at: row.get(2)? })
    })
    .await
}

pub(crate) async fn secret(tx: &mut Tx, id: &EndpointId) -> Result<Option<String>> {
    tx.first("SELECT secret FROM endpoint WHERE id = $1", params![id.as_str()], |row| row.get(0)).await
}

pub(crate) async fn count_old_secrets(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<i64> {
    let sql = "SELECT count(*) FROM endpoint_old_secret WHERE endpoint_id = $1 AND expires_at > $2";
    tx.one(sql, params![id.as_str(), now], |row| row.get(0)).await
}

pub(crate) async fn keep_old_secret(tx: &mut Tx, id: &EndpointId, expires: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO endpoint_old_secret (endpoint_id, secret, expires_at)
        SELECT id, secret, $2 FROM endpoint WHERE id = $1 ON CONFLICT (endpoint_id, expires_at) DO NOTHING";
    tx.execute(sql, params![id.as_str(), expires]).await
}

pub(crate) async fn set_secret(tx: &mut Tx, id: &EndpointId, sealed: &str, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint SET secret = $2, updated_at = $3 WHERE id = $1";
    tx.execute(sql, params![id.as_str(), sealed, now]).await
}

pub(crate) async fn headers(tx: &mut Tx, id: &EndpointId) -> Result<Option<String>> {
    let sql = "SELECT headers FROM endpoint WHERE id = $1";
    Ok(tx.first(sql, params![id.as_str()], |row| row.get::<Option<String>>(0)).await?.flatten())
}

pub(crate) async fn set_headers(tx: &mut Tx, id: &EndpointId, sealed: Option<&str>, now: Timestamp) -> Result<u64> {
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

pub(crate) async fn access(tx: &mut Tx, id: &EndpointId) -> Result<SealedAccess> {
    let sql = "SELECT oauth, identity, server_ca FROM endpoint WHERE id = $1";
    tx.one(sql, params![id.as_str()], |row| {
        Ok(SealedAccess { oauth: row.get(0)?, identity: row.get(1)?, server_ca: row.get(2)? })
    })
    .await
}

pub(crate) async fn set_access(tx: &mut Tx, id: &EndpointId, access: &SealedAccess) -> Result<u64> {
    let sql = "UPDATE endpoint SET oauth = $2, identity = $3, server_ca = $4 WHERE id = $1";
    let SealedAccess { oauth, identity, server_ca } = access;
    let params = params![id.as_str(), oauth.as_deref(), identity.as_deref(), server_ca.as_deref()];
    tx.execute(sql, params).await
}

/// Disables an endpoint; `false` when it was disabled already.
pub(crate) async fn disable(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE endpoint SET disabled = TRUE, updated_at = $2 WHERE id = $1 AND disabled = FALSE";
    Ok(tx.execute(sql, params![id.as_str(), now]).await? == 1)
}

/// Clears the mark that a message was given up; `false` when there was none.
pub(crate) async fn works_again(tx: &mut Tx, id: &EndpointId) -> Result<bool> {
    let sql = "UPDATE endpoint SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
    Ok(tx.execute(sql, params![id.as_str()]).await? == 1)
}

/// Marks that a message was given up. Returns the time of the first one since the last success.
pub(crate) async fn gave_up(tx: &mut Tx, id: &EndpointId, now: Timestamp) -> Result<Option<Timestamp>> {
    let sql = "UPDATE endpoint SET failing_since = COALESCE(failing_since, $2) WHERE id = $1 RETURNING failing_since";
    tx.first(sql, params![id.as_str(), now], |row| row.get(0)).await
}

fn read(row: &Row<'_>) -> Result<Endpoint> {
    let filter_types = row.json_if_any(at::filter_types)?;
    let throttle_rate = row.get(at::throttle_rate)?;
    Ok(Endpoint {
        id: EndpointId::from(row.get::<String>(at::id)?),
        application_id: ApplicationId::from(row.get::<String>(at::application_id)?),
        uid: row.get(at::uid)?,
        url: row.get(at::url)?,
        description: row.get(at::description)?,
        version: row.get(at::version)?,
        disabled: row.get(at::disabled)?,
        event_types: filter_types.clone(),
        filter_types,
        channels: row.json_if_any(at::channels)?,
        metadata: row.json(at::metadata)?,
        rate_limit: throttle_rate,
        throttle_rate,
        created_at: row.get(at::created_at)?,
        updated_at: row.get(at::updated_at)?,
        way: match row.get::<String>(at::way)?.as_str() {
            "fifo" => DeliveryMode::InOrder { batch_size: row.get(at::batch_size)?, max_wait: row.get(at::max_wait)? },
            "poll" => DeliveryMode::Polled,
            _ => DeliveryMode::Push,
        },
    })
}

/// The columns of a delivery mode.
fn columns_of(way: DeliveryMode) -> (&'static str, i64, i64) {
    match way {
        DeliveryMode::Push => ("push", 1, 0),
        DeliveryMode::InOrder { batch_size, max_wait } => ("fifo", batch_size, max_wait),
        DeliveryMode::Polled => ("poll", 1, 0),
    }
}
