//! The SQL of subscriptions.

use campanile_accounts::OrganisationId;
use campanile_db::{Bulk, Range, Result, Row, Tx, params, ranged, row};

use super::Subscription;
use crate::Reference;

macro_rules! columns {
    () => {
        "object_collection, object_id, recipient_collection, recipient_id, place, properties, inserted_at, updated_at"
    };
}

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, new: &[Subscription]) -> Result<()> {
    let bulk = Bulk {
        each: "INSERT INTO subscription (organisation_id, object_collection, object_id, recipient_collection,
                recipient_id, place, properties, inserted_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (organisation_id, object_collection, object_id, recipient_collection, recipient_id)
            DO UPDATE SET properties = excluded.properties, updated_at = excluded.updated_at",
        together: "INSERT INTO subscription (organisation_id, object_collection, object_id, recipient_collection,
                recipient_id, place, properties, inserted_at, updated_at)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::bigint[], $9::bigint[])
            ON CONFLICT (organisation_id, object_collection, object_id, recipient_collection, recipient_id)
            DO UPDATE SET properties = excluded.properties, updated_at = excluded.updated_at
            RETURNING organisation_id",
        is_searched: false,
    };
    let rows: Vec<_> = new
        .iter()
        .map(|new| {
            row![
                organisation.as_str(),
                &new.object.collection,
                &new.object.id,
                &new.recipient.collection,
                &new.recipient.id,
                &new.place,
                serde_json::to_string(&new.properties).unwrap_or_default(),
                new.inserted_at,
                new.updated_at
            ]
        })
        .collect();
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
        object: Reference { collection: row.get(0)?, id: row.get(1)? },
        recipient: Reference { collection: row.get(2)?, id: row.get(3)? },
        place: row.get(4)?,
        properties: serde_json::from_str(&row.get::<String>(5)?).unwrap_or_default(),
        inserted_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}
