//! The SQL of the log of live events.

use campanile_db::{Result, Row, Select, Tx, insert_all, params};

use super::{LiveEvent, LiveEventKind};
use crate::OrganisationId;

campanile_db::columns! { columns, at: seq, workspace_id, user_id, kind, subject_id }

/// Takes numbers for events. Returns the one behind the last.
pub(super) async fn take_numbers(tx: &mut Tx, organisation: &OrganisationId, events: i64) -> Result<i64> {
    let sql = "INSERT INTO live_head (organisation_id, next_seq) VALUES ($1, $2 + 1)
        ON CONFLICT (organisation_id) DO UPDATE SET next_seq = live_head.next_seq + $2 RETURNING next_seq";
    tx.one(sql, params![organisation.as_str(), events], |row| row.get(0)).await
}

/// Stores events, which have their numbers.
pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, events: &[LiveEvent]) -> Result<()> {
    let (bulk, rows) = insert_all!(events.iter() => |event| "live_event" {
        organisation_id: text = organisation.as_str(),
        seq: bigint = event.seq,
        workspace_id: text = event.workspace.as_deref(),
        user_id: text = event.user.as_deref(),
        kind: text = event.kind.as_str(),
        subject_id: text = &event.id,
    });
    tx.change(bulk, &rows).await.map(drop)
}

/// Removes events up to a number.
pub(super) async fn trim(tx: &mut Tx, organisation: &OrganisationId, until: i64) -> Result<u64> {
    let sql = "DELETE FROM live_event WHERE organisation_id = $1 AND seq <= $2";
    tx.execute(sql, params![organisation.as_str(), until]).await
}

/// The number of the newest event; 0 if there has been none.
pub(super) async fn newest(tx: &mut Tx, organisation: &OrganisationId) -> Result<i64> {
    let sql = "SELECT next_seq - 1 FROM live_head WHERE organisation_id = $1";
    Ok(tx.first(sql, params![organisation.as_str()], |row| row.get(0)).await?.unwrap_or(0))
}

/// The events behind a number, in order.
pub(super) async fn since(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (after, until): (i64, i64),
    most: i64,
) -> Result<Vec<LiveEvent>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM live_event WHERE organisation_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"
    );
    tx.all(sql, params![organisation.as_str(), after, until, most], read).await
}

/// Numbers an event of each organisation that has some, and locks their rows.
pub(super) async fn take_number_of_all(tx: &mut Tx) -> Result<u64> {
    tx.execute("UPDATE live_head SET next_seq = next_seq + 1", params![]).await
}

/// Stores the event `again` under the last number of each organisation.
pub(super) async fn insert_again_of_all(tx: &mut Tx) -> Result<u64> {
    let sql = "INSERT INTO live_event (organisation_id, seq, kind, subject_id)
        SELECT organisation_id, next_seq - 1, 'again', '' FROM live_head";
    tx.execute(sql, params![]).await
}

/// The tenants among these that are workspaces of the organisation.
pub(super) async fn workspaces_among(
    tx: &mut Tx,
    organisation: &OrganisationId,
    tenants: &[String],
) -> Result<Vec<String>> {
    Select::new("SELECT id FROM workspace WHERE organisation_id = ?", [organisation.as_str()])
        .and_in("id", tenants.iter().map(String::as_str))
        .all(tx, |row| row.get(0))
        .await
}

/// The users among these that are members of the organisation.
pub(super) async fn members_among(tx: &mut Tx, organisation: &OrganisationId, users: &[String]) -> Result<Vec<String>> {
    Select::new("SELECT person_id FROM membership WHERE organisation_id = ?", [organisation.as_str()])
        .and_in("person_id", users.iter().map(String::as_str))
        .all(tx, |row| row.get(0))
        .await
}

fn read(row: &Row<'_>) -> Result<LiveEvent> {
    Ok(LiveEvent {
        seq: row.get(at::seq)?,
        workspace: row.get(at::workspace_id)?,
        user: row.get(at::user_id)?,
        // A kind of a later version is one to load everything again for.
        kind: LiveEventKind::parse(&row.get::<String>(at::kind)?).unwrap_or(LiveEventKind::Again),
        id: row.get(at::subject_id)?,
    })
}
