//! The SQL of audience members.

use campanile_accounts::OrganisationId;
use campanile_db::{Bulk, Range, Result, Tx, insert_all, params, ranged, row};

use super::Member;

campanile_db::columns! { columns, at: place, user_id, tenant, added_at }

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, audience: &str, new: &[Member]) -> Result<()> {
    let (bulk, rows) = insert_all!(new.iter() => |new| "audience_member" {
        organisation_id: text = organisation.as_str(),
        audience: text = audience,
        user_id: text = &new.user,
        tenant: text = new.tenant.as_deref().unwrap_or_default(),
        place: text = &new.place,
        added_at: bigint = new.added_at,
    } "ON CONFLICT DO NOTHING");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

pub(super) async fn delete(
    tx: &mut Tx,
    organisation: &OrganisationId,
    audience: &str,
    members: &[(String, Option<String>)],
) -> Result<()> {
    let sql = "DELETE FROM audience_member
        WHERE organisation_id = $1 AND audience = $2 AND user_id = $3 AND tenant = $4";
    let rows: Vec<_> = members
        .iter()
        .map(|(user, tenant)| row![organisation.as_str(), audience, user, tenant.as_deref().unwrap_or_default()])
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    audience: &str,
    range: &Range,
) -> Result<Vec<Member>> {
    let sql = ranged!(
        range,
        "place",
        "SELECT ",
        columns!(),
        " FROM audience_member WHERE organisation_id = $1 AND audience = $5"
    );
    tx.all(sql, params![organisation.as_str(), &range.low, &range.high, range.limit, audience], |row| {
        let tenant: String = row.get(at::tenant)?;
        let tenant = Some(tenant).filter(|tenant| !tenant.is_empty());
        Ok(Member { place: row.get(at::place)?, user: row.get(at::user_id)?, tenant, added_at: row.get(at::added_at)? })
    })
    .await
}

pub(super) async fn of_users(
    tx: &mut Tx,
    organisation: &OrganisationId,
    users: &[&str],
) -> Result<Vec<(String, String)>> {
    let bulk = Bulk {
        each: "SELECT user_id, audience FROM audience_member WHERE organisation_id = $1 AND user_id = $2",
        together: "SELECT audience_member.user_id, audience_member.audience
            FROM unnest($1::text[], $2::text[]) AS asked (organisation, person)
            JOIN audience_member ON audience_member.organisation_id = asked.organisation
                AND audience_member.user_id = asked.person",
        is_searched: false,
    };
    let rows: Vec<_> = users.iter().map(|user| row![organisation.as_str(), *user]).collect();
    tx.gather(bulk, &rows, |row| Ok((row.get(0)?, row.get(1)?))).await
}
