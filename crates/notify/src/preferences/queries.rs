//! The SQL of preference sets.

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Bulk, Result, Tx, insert, json_text, params, row};

use super::Body;
use crate::Reference;

campanile_db::columns! {
    columns, at:
    collection = "preference_set.collection",
    owner_id = "preference_set.owner_id",
    id = "preference_set.id",
    body = "preference_set.body",
}

pub(super) async fn one(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owner: &Reference,
    id: &str,
) -> Result<Option<Body>> {
    let sql = "SELECT body FROM preference_set
        WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3 AND id = $4";
    let params = params![organisation.as_str(), &owner.collection, &owner.id, id];
    tx.first(sql, params, |row| row.json(0)).await
}

/// The sets of these owners with these ids.
pub(super) async fn these(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owners: &[Reference],
    ids: &[&str],
) -> Result<HashMap<(Reference, String), Body>> {
    let bulk = Bulk {
        each: concat!(
            "SELECT ",
            columns!(),
            " FROM preference_set WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3 AND id = $4"
        ),
        together: concat!(
            "SELECT ",
            columns!(),
            " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS asked (organisation, collection, owner, id)
              JOIN preference_set ON preference_set.organisation_id = asked.organisation
                  AND preference_set.collection = asked.collection AND preference_set.owner_id = asked.owner
                  AND preference_set.id = asked.id"
        ),
        is_searched: false,
    };
    let asked = owners.iter().flat_map(|owner| ids.iter().map(move |id| (owner, *id)));
    let rows: Vec<_> = asked.map(|(owner, id)| row![organisation.as_str(), &owner.collection, &owner.id, id]).collect();
    let found = tx.gather(bulk, &rows, |row| {
        let owner = Reference { collection: row.get(at::collection)?, id: row.get(at::owner_id)? };
        let body = row.json(at::body)?;
        Ok(((owner, row.get::<String>(at::id)?), body))
    });
    Ok(found.await?.into_iter().collect())
}

pub(super) async fn put(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owner: &Reference,
    id: &str,
    body: &Body,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("preference_set" {
        organisation_id: organisation.as_str(),
        collection: &owner.collection,
        owner_id: &owner.id,
        id: id,
        body: json_text(body),
        updated_at: now,
    } "ON CONFLICT (organisation_id, collection, owner_id, id)
        DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at");
    tx.execute(sql, &params).await
}

pub(super) async fn ids(tx: &mut Tx, organisation: &OrganisationId, owner: &Reference) -> Result<Vec<String>> {
    let sql = "SELECT id FROM preference_set
        WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3 ORDER BY id";
    tx.all(sql, params![organisation.as_str(), &owner.collection, &owner.id], |row| row.get(0)).await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, owner: &Reference, id: &str) -> Result<u64> {
    let sql = "DELETE FROM preference_set
        WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3 AND id = $4";
    tx.execute(sql, params![organisation.as_str(), &owner.collection, &owner.id, id]).await
}
