//! The SQL of recipients.

use campanile_accounts::OrganisationId;
use campanile_db::{Bulk, Range, Result, Row, Tx, params, ranged, row};

use super::{Filter, Recipient};
use crate::Reference;

/// Lists can be asked for a name that has so many bytes at most: it stands beside the properties, and in an index.
const MOST_OF_A_NAME: usize = 1_000;

macro_rules! columns {
    () => {
        "collection, id, place, properties, inserted_at, updated_at"
    };
}

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, recipients: &[&Recipient]) -> Result<()> {
    let bulk = Bulk {
        each:
            "INSERT INTO recipient (organisation_id, collection, id, place, name, properties, inserted_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (organisation_id, collection, id) DO UPDATE
            SET name = excluded.name, properties = excluded.properties, updated_at = excluded.updated_at",
        together:
            "INSERT INTO recipient (organisation_id, collection, id, place, name, properties, inserted_at, updated_at)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                $7::bigint[], $8::bigint[])
            ON CONFLICT (organisation_id, collection, id) DO UPDATE
            SET name = excluded.name, properties = excluded.properties, updated_at = excluded.updated_at
            RETURNING organisation_id",
        is_searched: false,
    };
    let rows: Vec<_> = recipients
        .iter()
        .map(|recipient| {
            row![
                organisation.as_str(),
                &recipient.reference.collection,
                &recipient.reference.id,
                &recipient.place,
                recipient.text("name").filter(|name| name.len() <= MOST_OF_A_NAME),
                serde_json::to_string(&recipient.properties).unwrap_or_default(),
                recipient.inserted_at,
                recipient.updated_at
            ]
        })
        .collect();
    tx.change(bulk, &rows).await.map(drop)
}

pub(super) async fn these(
    tx: &mut Tx,
    organisation: &OrganisationId,
    references: &[Reference],
) -> Result<Vec<Recipient>> {
    let bulk = Bulk {
        each: concat!(
            "SELECT ",
            columns!(),
            " FROM recipient WHERE organisation_id = $1 AND collection = $2 AND id = $3"
        ),
        together: "SELECT recipient.collection, recipient.id, recipient.place, recipient.properties,
                recipient.inserted_at, recipient.updated_at
            FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (organisation, collection, id)
            JOIN recipient ON recipient.organisation_id = asked.organisation
                AND recipient.collection = asked.collection AND recipient.id = asked.id",
        is_searched: false,
    };
    let rows: Vec<_> =
        references.iter().map(|reference| row![organisation.as_str(), &reference.collection, &reference.id]).collect();
    tx.gather(bulk, &rows, read).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    collection: &str,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Recipient>> {
    let sql = ranged!(
        range,
        "place",
        "SELECT ",
        columns!(),
        " FROM recipient WHERE organisation_id = $1 AND collection || '' = $5
            AND (CAST($6 AS TEXT) IS NULL OR name = $6) AND (CAST($7 AS TEXT) IS NULL OR id = $7)"
    );
    let params = params![
        organisation.as_str(),
        &range.low,
        &range.high,
        range.limit,
        collection,
        filter.name.as_deref(),
        filter.id.as_deref()
    ];
    tx.all(sql, params, read).await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, reference: &Reference) -> Result<u64> {
    let sql = "DELETE FROM recipient WHERE organisation_id = $1 AND collection = $2 AND id = $3";
    tx.execute(sql, params![organisation.as_str(), &reference.collection, &reference.id]).await
}

/// Everything that is a recipient's alone: preferences, channel data, subscriptions, schedules, messages.
pub(super) async fn delete_belongings(tx: &mut Tx, organisation: &OrganisationId, reference: &Reference) -> Result<()> {
    let whose = params![organisation.as_str(), &reference.collection, &reference.id];
    for sql in [
        "DELETE FROM preference_set WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3",
        "DELETE FROM channel_data WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3",
        "DELETE FROM subscription WHERE organisation_id = $1 AND recipient_collection = $2 AND recipient_id = $3",
        "DELETE FROM subscription WHERE organisation_id = $1 AND object_collection = $2 AND object_id = $3",
        "DELETE FROM schedule WHERE organisation_id = $1 AND collection = $2 AND recipient_id = $3",
        "DELETE FROM audience_member WHERE organisation_id = $1 AND $2 = '$users' AND user_id = $3",
        "DELETE FROM notify_message WHERE organisation_id = $1 AND collection = $2 AND recipient_id = $3",
    ] {
        tx.execute(sql, whose).await?;
    }
    Ok(())
}

/// Gives what one recipient has to another, where the other has none.
pub(super) async fn hand_over(
    tx: &mut Tx,
    organisation: &OrganisationId,
    from: &Reference,
    into: &Reference,
) -> Result<()> {
    let both = params![organisation.as_str(), &from.collection, &from.id, &into.id];
    for sql in [
        "UPDATE preference_set SET owner_id = $4 WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3
            AND NOT EXISTS (SELECT 1 FROM preference_set AS has WHERE has.organisation_id = $1
                AND has.collection = $2 AND has.owner_id = $4 AND has.id = preference_set.id)",
        "UPDATE channel_data SET owner_id = $4 WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3
            AND NOT EXISTS (SELECT 1 FROM channel_data AS has WHERE has.organisation_id = $1
                AND has.collection = $2 AND has.owner_id = $4 AND has.channel_id = channel_data.channel_id)",
        "UPDATE subscription SET recipient_id = $4 WHERE organisation_id = $1 AND recipient_collection = $2
            AND recipient_id = $3 AND NOT EXISTS (SELECT 1 FROM subscription AS has WHERE has.organisation_id = $1
                AND has.object_collection = subscription.object_collection AND has.object_id = subscription.object_id
                AND has.recipient_collection = $2 AND has.recipient_id = $4)",
        "UPDATE notify_message SET recipient_id = $4 WHERE organisation_id = $1 AND collection = $2 AND recipient_id = $3",
        "UPDATE schedule SET recipient_id = $4 WHERE organisation_id = $1 AND collection = $2 AND recipient_id = $3",
    ] {
        tx.execute(sql, both).await?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Recipient> {
    Ok(Recipient {
        reference: Reference { collection: row.get(0)?, id: row.get(1)? },
        place: row.get(2)?,
        properties: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
        inserted_at: row.get(4)?,
        updated_at: row.get(5)?,
    })
}
