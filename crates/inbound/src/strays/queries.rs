//! The SQL of strays. They belong to no organisation yet: an app and an account name them.

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Tx, insert, json_text, params};

use super::Stray;
use crate::Provider;
use crate::routing::AppDelivery;

pub(super) async fn insert(tx: &mut Tx, id: &str, delivery: &AppDelivery) -> Result<bool> {
    let (sql, params) = insert!("stray" {
        id: id,
        app_id: &delivery.app_id,
        account_id: &delivery.account,
        resource_id: delivery.resource.as_deref(),
        delivery_id: &delivery.delivery_id,
        event: &delivery.event,
        headers: json_text(&delivery.headers),
        body: delivery.body.as_slice(),
        received_at: delivery.received_at,
    } "ON CONFLICT (app_id, delivery_id) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

/// The number of strays of an account.
pub(super) async fn number_of(tx: &mut Tx, app: &str, account: &str) -> Result<i64> {
    let sql = "SELECT count(*) FROM stray WHERE app_id = $1 AND account_id = $2";
    tx.one(sql, params![app, account], |row| row.get(0)).await
}

/// The oldest stray of an account.
pub(crate) async fn oldest(
    tx: &mut Tx,
    (app, owner): (&str, Option<&OrganisationId>),
    provider: Provider,
    account: &str,
) -> Result<Option<Stray>> {
    let sql = "SELECT id, resource_id, delivery_id, event, headers, body, received_at FROM stray
        WHERE app_id = $1 AND account_id = $2 ORDER BY id LIMIT 1";
    tx.first(sql, params![app, account], |row| {
        let delivery = AppDelivery {
            app_id: app.to_owned(),
            owner: owner.cloned(),
            provider,
            account: account.to_owned(),
            resource: row.get(1)?,
            delivery_id: row.get(2)?,
            event: row.get(3)?,
            headers: row.json(4)?,
            body: row.get(5)?,
            received_at: row.get(6)?,
        };
        Ok(Stray { id: row.get(0)?, delivery })
    })
    .await
}

/// Removes a stray that has gone its way.
pub(crate) async fn delete(tx: &mut Tx, id: &str) -> Result<u64> {
    tx.execute("DELETE FROM stray WHERE id = $1", params![id]).await
}

/// Removes strays with a lower id.
pub(crate) async fn forget_old(tx: &mut Tx, old: &str, most: i64) -> Result<u64> {
    let sql = "DELETE FROM stray WHERE id IN (SELECT id FROM stray WHERE id < $1 ORDER BY id LIMIT $2)";
    tx.execute(sql, params![old, most]).await
}
