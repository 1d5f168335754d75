//! The SQL of recipients.

use campanile_accounts::OrganisationId;
use campanile_db::{Bulk, Range, Result, Row, Select, Tx, insert_all, json_text, params, row};

use super::{Filter, Recipient};
use crate::Reference;
use crate::reference::USERS;

/// The longest name by which lists can be filtered, in bytes. It is stored in a column of its own,
/// with an index.
const MOST_OF_A_NAME: usize = 1_000;
/// The number of characters of a name or an address that can be searched.
const MOST_SEARCHED: usize = 200;

campanile_db::columns! {
    columns, at:
    collection = "recipient.collection", id = "recipient.id", place, properties, inserted_at, updated_at,
}

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, recipients: &[&Recipient]) -> Result<()> {
    let (bulk, rows) = insert_all!(recipients.iter() => |recipient| "recipient" {
        organisation_id: text = organisation.as_str(),
        collection: text = &recipient.reference.collection,
        id: text = &recipient.reference.id,
        place: text = &recipient.place,
        name: text = recipient.text("name").filter(|name| name.len() <= MOST_OF_A_NAME),
        search_name: text = searched(recipient, "name"),
        search_email: text = searched(recipient, "email"),
        properties: text = json_text(&recipient.properties),
        inserted_at: bigint = recipient.inserted_at,
        updated_at: bigint = recipient.updated_at,
    } "ON CONFLICT (organisation_id, collection, id) DO UPDATE
        SET name = excluded.name, search_name = excluded.search_name, search_email = excluded.search_email,
            properties = excluded.properties, updated_at = excluded.updated_at");
    tx.change(bulk, &rows).await.map(drop)
}

/// The form of a text by which recipients are found: the start of it, in lower case.
pub(super) fn folded(text: &str) -> String {
    text.trim().chars().flat_map(char::to_lowercase).take(MOST_SEARCHED).collect()
}

/// The searched form of a property. Only users are searched.
fn searched(recipient: &Recipient, property: &str) -> String {
    match recipient.reference.is_user() {
        true => recipient.text(property).map(folded).unwrap_or_default(),
        false => String::new(),
    }
}

/// The users whose id begins with a text, in order.
pub(super) async fn by_id_prefix(
    tx: &mut Tx,
    organisation: &OrganisationId,
    prefix: &str,
    limit: i64,
) -> Result<Vec<Recipient>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM recipient WHERE organisation_id = $1 AND collection = $2 AND id >= $3 AND id < $4 ORDER BY id LIMIT $5"
    );
    tx.all(sql, params![organisation.as_str(), USERS, prefix, end_of(prefix), limit], read).await
}

/// The users whose name begins with a folded text, in the order of names.
pub(super) async fn by_name_prefix(
    tx: &mut Tx,
    organisation: &OrganisationId,
    prefix: &str,
    limit: i64,
) -> Result<Vec<Recipient>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM recipient WHERE organisation_id = $1 AND collection = $2 AND search_name <> ''
          AND search_name >= $3 AND search_name < $4 ORDER BY search_name, id LIMIT $5"
    );
    tx.all(sql, params![organisation.as_str(), USERS, prefix, end_of(prefix), limit], read).await
}

/// The users whose mail address begins with a folded text, in the order of addresses.
pub(super) async fn by_email_prefix(
    tx: &mut Tx,
    organisation: &OrganisationId,
    prefix: &str,
    limit: i64,
) -> Result<Vec<Recipient>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM recipient WHERE organisation_id = $1 AND collection = $2 AND search_email <> ''
          AND search_email >= $3 AND search_email < $4 ORDER BY search_email, id LIMIT $5"
    );
    tx.all(sql, params![organisation.as_str(), USERS, prefix, end_of(prefix), limit], read).await
}

/// The end of the texts that begin with a prefix: texts are ordered by their bytes.
fn end_of(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
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
        together: concat!(
            "SELECT ",
            columns!(),
            " FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (organisation, collection, id)
              JOIN recipient ON recipient.organisation_id = asked.organisation
                  AND recipient.collection = asked.collection AND recipient.id = asked.id"
        ),
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
    let sql = concat!("SELECT ", columns!(), " FROM recipient WHERE organisation_id = ? AND collection || '' = ?");
    Select::new(sql, [organisation.as_str(), collection])
        .and_if("name = ?", filter.name.as_deref())
        .and_if("id = ?", filter.id.as_deref())
        .ranged("place", range)
        .all(tx, read)
        .await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, reference: &Reference) -> Result<u64> {
    let sql = "DELETE FROM recipient WHERE organisation_id = $1 AND collection = $2 AND id = $3";
    tx.execute(sql, params![organisation.as_str(), &reference.collection, &reference.id]).await
}

/// Deletes all rows of a recipient: preferences, channel data, subscriptions, schedules, audience
/// memberships and messages.
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

/// Moves the rows of one recipient to another. Preference sets, channel data, subscriptions and
/// audience memberships that the other has as well do not move.
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
        "UPDATE audience_member SET user_id = $4 WHERE organisation_id = $1 AND $2 = '$users' AND user_id = $3
            AND NOT EXISTS (SELECT 1 FROM audience_member AS has WHERE has.organisation_id = $1
                AND has.audience = audience_member.audience AND has.tenant = audience_member.tenant
                AND has.user_id = $4)",
        "UPDATE notify_message SET recipient_id = $4 WHERE organisation_id = $1 AND collection = $2 AND recipient_id = $3",
        "UPDATE schedule SET recipient_id = $4 WHERE organisation_id = $1 AND collection = $2 AND recipient_id = $3",
    ] {
        tx.execute(sql, both).await?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Recipient> {
    Ok(Recipient {
        reference: Reference { collection: row.get(at::collection)?, id: row.get(at::id)? },
        place: row.get(at::place)?,
        properties: row.json(at::properties)?,
        inserted_at: row.get(at::inserted_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}
