//! The SQL of waiting.

use campanile_accounts::OrganisationId;
use campanile_db::{Bulk, Result, Tx, params, row};

use crate::Reference;

/// A run that waits for something.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) run: String,
    pub(crate) pause: u32,
    pub(crate) event: String,
    pub(crate) source: String,
    pub(crate) recipient: Reference,
}

/// How many kinds of events are asked for at once.
const ASKED: usize = 8;

/// Whether anybody waits for one of these.
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

/// Who waits for one of these, whatever it is to have happened to.
pub(super) async fn waiting(
    tx: &mut Tx,
    organisation: &OrganisationId,
    asked: &[(&str, &Reference)],
) -> Result<Vec<Waiting>> {
    let bulk = Bulk {
        each: "SELECT recipient_run_id, pause, event, source, collection, recipient_id FROM event_wait
            WHERE organisation_id = $1 AND event = $2 AND collection = $3 AND recipient_id = $4 AND taken_by IS NULL",
        together: "SELECT recipient_run_id, pause, event_wait.event, source, event_wait.collection, recipient_id
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS asked (organisation, event, collection, whom)
            JOIN event_wait ON organisation_id = asked.organisation AND event_wait.event = asked.event
                AND event_wait.collection = asked.collection AND recipient_id = asked.whom
            WHERE taken_by IS NULL",
        is_searched: false,
    };
    let mut asked = asked.to_vec();
    asked.sort_unstable();
    asked.dedup();
    let rows: Vec<_> =
        asked.iter().map(|(event, whom)| row![organisation.as_str(), *event, &whom.collection, &whom.id]).collect();
    tx.gather(bulk, &rows, |row| {
        Ok(Waiting {
            run: row.get(0)?,
            pause: u32::try_from(row.get::<i64>(1)?).unwrap_or(u32::MAX),
            event: row.get(2)?,
            source: row.get(3)?,
            recipient: Reference { collection: row.get(4)?, id: row.get(5)? },
        })
    })
    .await
}

/// Lets runs wait.
pub(crate) async fn open(tx: &mut Tx, organisation: &OrganisationId, all: &[Waiting]) -> Result<()> {
    let sql =
        "INSERT INTO event_wait (organisation_id, recipient_run_id, event, source, collection, recipient_id, pause)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (organisation_id, recipient_run_id) DO UPDATE SET event = excluded.event,
            source = excluded.source, pause = excluded.pause, taken_by = NULL";
    let rows: Vec<_> = all
        .iter()
        .map(|waiting| {
            let Waiting { run, pause, event, source, recipient } = waiting;
            row![organisation.as_str(), run, event, source, &recipient.collection, &recipient.id, i64::from(*pause)]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Takes a run's wait; `false` where something else has. Who has taken it can take it again.
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

/// Forgets what runs have waited for, up to one of their waits.
pub(crate) async fn forget(tx: &mut Tx, organisation: &OrganisationId, runs: &[(&str, u32)]) -> Result<()> {
    let sql = "DELETE FROM event_wait WHERE organisation_id = $1 AND recipient_run_id = $2 AND pause <= $3";
    let rows: Vec<_> = runs.iter().map(|(run, pause)| row![organisation.as_str(), *run, i64::from(*pause)]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}
