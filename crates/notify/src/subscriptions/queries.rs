//! The SQL of subscriptions.

use campanile_accounts::OrganisationId;
use campanile_db::{Range, Result, Row, Tx, insert_all, json_text, params, ranged, row};

use super::Subscription;
use crate::Reference;

campanile_db::columns! {
    columns, at:
    object_collection, object_id, recipient_collection, recipient_id, place, properties, inserted_at, updated_at,
}

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, new: &[Subscription]) -> Result<()> {
    let (bulk, rows) = insert_all!(new.iter() => |new| "subscription" {
        organisation_id: text = organisation.as_str(),
        object_collection: text = &new.object.collection,
        object_id: text = &new.object.id,
        recipient_collection: text = &new.recipient.collection,
        recipient_id: text = &new.recipient.id,
        place: text = &new.place,
        properties: text = json_text(&new.properties),
        inserted_at: bigint = new.inserted_at,
        updated_at: bigint = new.updated_at,
    } "ON CONFLICT (organisation_id, object_collection, object_id, recipient_collection, recipient_id)
        DO UPDATE SET properties = excluded.properties, updated_at = excluded.updated_at");
    tx.change(bulk, &rows).await.map(drop)
}

pub(super) async fn one(
    tx: &mut Tx,
    organisation: &OrganisationId,
    object: &Reference,
    recipient: &Reference,
) -> Result<Option<Subscription>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM subscription WHERE organisation_id = $1 AND object_collection = $2 AND object_id = $3
            AND recipient_collection = $4 AND recipient_id = $5"
    );
    let params = params![organisation.as_str(), &object.collection, &object.id, &recipient.collection, &recipient.id];
    tx.first(sql, params, read).await
}

pub(super) async fn delete(
    tx: &mut Tx,
    organisation: &OrganisationId,
    object: &Reference,
    recipients: &[Reference],
) -> Result<()> {
    let sql = "DELETE FROM subscription WHERE organisation_id = $1 AND object_collection = $2 AND object_id = $3
        AND recipient_collection = $4 AND recipient_id = $5";
    let rows: Vec<_> = recipients
        .iter()
        .map(|recipient| {
            row![organisation.as_str(), &object.collection, &object.id, &recipient.collection, &recipient.id]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

pub(super) async fn of_object(
    tx: &mut Tx,
    organisation: &OrganisationId,
    object: &Reference,
    range: &Range,
) -> Result<Vec<Subscription>> {
    let sql = ranged!(
        range,
        "place",
        "SELECT ",
        columns!(),
        " FROM subscription WHERE organisation_id = $1 AND object_collection = $5 AND object_id = $6"
    );
    tx.all(sql, &of(organisation, object, range), read).await
}

pub(super) async fn of_recipient(
    tx: &mut Tx,
    organisation: &OrganisationId,
    recipient: &Reference,
    range: &Range,
) -> Result<Vec<Subscription>> {
    let sql = ranged!(
        range,
        "place",
        "SELECT ",
        columns!(),
        " FROM subscription WHERE organisation_id = $1 AND recipient_collection = $5 AND recipient_id = $6"
    );
    tx.all(sql, &of(organisation, recipient, range), read).await
}

fn of<'p>(
    organisation: &'p OrganisationId,
    reference: &'p Reference,
    range: &'p Range,
) -> [campanile_db::Param<'p>; 6] {
    let Range { low, high, limit, .. } = range;
    [
        organisation.as_str().into(),
        low.into(),
        high.into(),
        (*limit).into(),
        (&reference.collection).into(),
        (&reference.id).into(),
    ]
}

pub(super) async fn next(
    tx: &mut Tx,
    organisation: &OrganisationId,
    object: &Reference,
    after: Option<&Reference>,
    limit: i64,
) -> Result<Vec<Subscription>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM subscription WHERE organisation_id = $1 AND object_collection = $2 AND object_id = $3
            AND (recipient_collection, recipient_id) > ($4, $5) ORDER BY recipient_collection, recipient_id LIMIT $6"
    );
    let (collection, id) = after.map_or(("", ""), |after| (&after.collection, &after.id));
    let params = params![organisation.as_str(), &object.collection, &object.id, collection, id, limit];
    tx.all(sql, params, read).await
}

fn read(row: &Row<'_>) -> Result<Subscription> {
    Ok(Subscription {
        object: Reference { collection: row.get(at::object_collection)?, id: row.get(at::object_id)? },
        recipient: Reference { collection: row.get(at::recipient_collection)?, id: row.get(at::recipient_id)? },
        place: row.get(at::place)?,
        properties: row.json(at::properties)?,
        inserted_at: row.get(at::inserted_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}
