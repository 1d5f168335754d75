//! Runs: the steps of a workflow, taken for one recipient of a trigger.
//!
//! # The life of a run
//! A job takes a group of recipients (or one waiting run). It [advances](mod@advance) each run
//! as far as it goes: to its end, or to a point where it has to wait. Advancing only decides. It
//! reads, renders, and collects what is to be written.
//!
//! Then the results of the job are [written](mod@settle) in the transaction that ends the job,
//! together with the results of other jobs that end at the same time. The results are the run, its
//! messages, a delivery job for each message that a channel carries, and a job for the time at
//! which the run goes on. So a crash repeats all of it or nothing, and a recipient gets each
//! message once.
//!
//! A run's id is computed from its trigger and its recipient. A recipient who is reached in two
//! ways has one run.
//!
//! # Shared batches and throttles
//! A batch is a row. The first run that reaches the batch creates the row, and waits for it to
//! close. Later runs add their activities to it and end. A throttle is a row with a count. Both
//! rows are read and changed when a run is written, under a lock on the row, so two runs never open
//! the same batch. A run that passes such a step goes on in a job of its own.
//!
//! # On failure
//! If a template cannot be rendered, its message fails and the run goes on. A run that [takes too
//! much](page), or that fails otherwise, ends with the reason in its log. The other runs of its job
//! are not affected. A run that was cancelled while a job advanced it is not written.

mod advance;
mod fetch;
mod log;
mod page;
mod queries;
mod resume;
pub(crate) mod resume_job;
mod run_context;
mod settle;
mod state;

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::{FilteredRows, Range, Tx};
use campanile_engine::Registry;

use crate::Notify;

use advance::advance;
pub use campanile_documents::calendar::{next_occurrence, parse_rules};
pub(crate) use page::{Advanced, NotAdvanced, advance_page, busy, load_and_advance};
pub use queries::{Filter, Row as RunRow};
pub(crate) use queries::{cancel_paused, note_cancellation};
pub(crate) use resume::close_batch;
pub(crate) use run_context::{RunContext, zone_of};
pub(crate) use settle::{RunNote, options, run_id, settle};
pub(crate) use state::{Run, State, fail, word_of};

/// Registers the jobs.
pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    resume::register(registry, notify);
}

/// One of an organisation's runs.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<RunRow>> {
    Ok(queries::get(tx, organisation, id).await?)
}

/// A page of the runs, by place. The number of rows that are read for one page is limited, so a
/// strict filter may return fewer rows and the place where reading stopped.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<FilteredRows<RunRow>> {
    let (range, stop) = queries::bounded(tx, organisation, range).await?;
    let rows = queries::list(tx, organisation, filter, &range).await?;
    let stopped_at = stop.filter(|_| (rows.len() as i64) < range.limit);
    Ok(FilteredRows { rows, stopped_at })
}
