//! The SQL of runs that wait for events.

use campanile_accounts::OrganisationId;
use campanile_db::{Bulk, Result, Tx, insert_all, params, row};

use crate::Reference;

campanile_db::columns! {
    columns, at:
    recipient_run_id, pause, event = "event_wait.event", source, collection = "event_wait.collection", recipient_id,
}

/// A run that waits for an event.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) run: String,
    pub(crate) pause: u32,
    pub(crate) event: String,
    pub(crate) source: String,
    pub(crate) recipient: Reference,
}

/// The number of event names in one query.
const ASKED: usize = 8;

/// True if any run waits for one of these events.
pub(super) async fn is_awaited(tx: &mut Tx, organisation: &OrganisationId, events: &[&str]) -> Result<bool> {
    let sql = "SELECT CAST(1 AS BIGINT) FROM event_wait
        WHERE organisation_id = $1 AND event IN ($2, $3, $4, $5, $6, $7, $8, $9) LIMIT 1";
    for events in events.chunks(ASKED) {
        let event = |index: usize| events.get(index).or(events.last()).copied();
        let params = params![
            organisation.as_str(),
            event(0),
            event(1),
            event(2),
            event(3),
            event(4),
            event(5),
            event(6),
            event(7)
        ];
        if tx.first(sql, params, |row| row.get::<i64>(0)).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The runs that wait for one of these events, by name and recipient. The source of the event is
/// not compared.
pub(super) async fn waiting(
    tx: &mut Tx,
    organisation: &OrganisationId,
    asked: &[(&str, &Reference)],
) -> Result<Vec<Waiting>> {
    let bulk = Bulk {
        each: concat!(
            "SELECT ",
            columns!(),
            " FROM event_wait WHERE organisation_id = $1 AND event = $2 AND collection = $3 AND recipient_id = $4
                AND taken_by IS NULL"
        ),
        together: concat!(
            "SELECT ",
            columns!(),
            " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
                  AS asked (organisation, event, collection, whom)
              JOIN event_wait ON organisation_id = asked.organisation AND event_wait.event = asked.event
                  AND event_wait.collection = asked.collection AND recipient_id = asked.whom
              WHERE taken_by IS NULL"
        ),
        is_searched: false,
    };
    let mut asked = asked.to_vec();
    asked.sort_unstable();
    asked.dedup();
    let rows: Vec<_> =
        asked.iter().map(|(event, whom)| row![organisation.as_str(), *event, &whom.collection, &whom.id]).collect();
    tx.gather(bulk, &rows, |row| {
        Ok(Waiting {
            run: row.get(at::recipient_run_id)?,
            pause: u32::try_from(row.get::<i64>(at::pause)?).unwrap_or(u32::MAX),
            event: row.get(at::event)?,
            source: row.get(at::source)?,
            recipient: Reference { collection: row.get(at::collection)?, id: row.get(at::recipient_id)? },
        })
    })
    .await
}

/// Stores the waits of runs.
pub(crate) async fn open(tx: &mut Tx, organisation: &OrganisationId, all: &[Waiting]) -> Result<()> {
    let (bulk, rows) = insert_all!(all.iter() => |Waiting { run, pause, event, source, recipient }| "event_wait" {
        organisation_id: text = organisation.as_str(),
        recipient_run_id: text = run,
        event: text = event,
        source: text = source,
        collection: text = &recipient.collection,
        recipient_id: text = &recipient.id,
        pause: bigint = i64::from(*pause),
    } "ON CONFLICT (organisation_id, recipient_run_id) DO UPDATE SET event = excluded.event,
        source = excluded.source, pause = excluded.pause, taken_by = NULL");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// Takes a run's wait under the name `by`. `false` if it was taken under another name. The same
/// name can take it again.
pub(crate) async fn take(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (run, pause): (&str, u32),
    by: &str,
) -> Result<bool> {
    let sql = "UPDATE event_wait SET taken_by = $4 WHERE organisation_id = $1 AND recipient_run_id = $2
        AND pause = $3 AND (taken_by IS NULL OR taken_by = $4)";
    Ok(tx.execute(sql, params![organisation.as_str(), run, i64::from(pause), by]).await? == 1)
}

/// Deletes the waits of runs, up to the given number of each.
pub(crate) async fn forget(tx: &mut Tx, organisation: &OrganisationId, runs: &[(&str, u32)]) -> Result<()> {
    let sql = "DELETE FROM event_wait WHERE organisation_id = $1 AND recipient_run_id = $2 AND pause <= $3";
    let rows: Vec<_> = runs.iter().map(|(run, pause)| row![organisation.as_str(), *run, i64::from(*pause)]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}
