//! Runs: what a trigger does for one recipient, step by step.
//!
//! # The life of a run
//! A job takes a handful of recipients (or one run that has waited) and [advances](advance) each as far as it goes: until its end, or
//! until it has to wait. Advancing only decides: it reads, renders, and gathers what is to be written. Then all that the job has come
//! to is [written](settle) in the transaction that ends the job, together with what other jobs come to at the same time: the run, its
//! messages, a job for each message that a channel carries, a job for the time at which the run goes on. So a crash repeats all of it or
//! nothing, and a recipient has each message once.
//!
//! A run's id comes of its trigger and its recipient: whoever is reached by two ways has one run.
//!
//! # What runs share
//! A batch is a row that the first run to reach it opens, and which it waits for; the activities of those that come later are put
//! beside it, and their runs end. A throttle is a row with a count. Both are looked at when the run is written, under the row's lock, so
//! that two runs never both open one. A run that passes such a step goes on in a job of its own.
//!
//! # On failure
//! A template that cannot be rendered fails its message, and the run goes on. A run that [takes too much](page), or that fails otherwise,
//! ends with the reason in its log, and keeps nothing from the others of its job. A run that was called off while a job advanced it is
//! not written.

mod advance;
pub(crate) mod calendar;
mod fetch;
mod log;
mod page;
mod queries;
mod resume;
mod settle;
mod state;
mod world;

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::{Found, Range, Tx};
use campanile_engine::Registry;

use crate::Notify;

use advance::advance;
pub(crate) use advance::{word_of, zone_of};
pub use calendar::{next_occurrence, parse_rules};
pub(crate) use page::{Advanced, NotAdvanced, advance_page, busy, fail, load_and_advance};
pub use queries::{Filter, Row as RunRow};
pub(crate) use queries::{cancel_paused, note_cancellation};
pub(crate) use resume::{close_batch, look_job};
pub(crate) use settle::{Settled, options, run_id, settle};
pub(crate) use state::{Run, State};
pub(crate) use world::World;

/// Registers the jobs.
pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    resume::register(registry, notify);
}

/// One of an organisation's runs.
///
/// # Errors
/// What the database says.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<RunRow>> {
    Ok(queries::get(tx, organisation, id).await?)
}

/// A stretch of the runs, by place. Of what a filter does not let through, so many are looked at for one page.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, filter: &Filter, range: &Range) -> Result<Found<RunRow>> {
    let (range, stop) = queries::bounded(tx, organisation, range).await?;
    let rows = queries::list(tx, organisation, filter, &range).await?;
    let stopped_at = stop.filter(|_| (rows.len() as i64) < range.limit);
    Ok(Found { rows, stopped_at })
}
