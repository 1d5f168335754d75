//! The state of a run, and the results of advancing it.

use std::sync::Arc;

use campanile_base::{Timestamp, uuid_of};
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::log::Log;
use crate::Reference;
use crate::messages::Message;
use crate::recipients::RecipientInput;
use crate::signals::AwaitedEvent;
use crate::workflows::Program;

/// The state that is stored while a run waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// The version of the workflow that the run follows.
    pub(crate) version: String,
    /// The index of the current operation in the program.
    pub(crate) at: usize,
    /// The number of waits so far. A job that was made for an earlier wait does not end a later
    /// one.
    pub(crate) pauses: u32,
    /// The data of the trigger, with the changes that steps have made.
    pub(crate) data: Map<String, Value>,
    /// The actor of the trigger.
    pub(crate) actor: Option<Reference>,
    pub(crate) tenant: Option<String>,
    /// The activities that a batch has gathered. Empty before that: then the run itself is the only
    /// activity.
    pub(crate) activities: Vec<Value>,
    pub(crate) total_activities: i64,
    pub(crate) actors: Vec<Reference>,
    pub(crate) total_actors: i64,
    /// The results of steps, by the references of the steps.
    pub(crate) refs: Map<String, Value>,
    /// The properties of the subscription through which the recipient is reached, if any.
    pub(crate) subscription: Option<Map<String, Value>>,
    pub(crate) schedule: Option<Value>,
    pub(crate) skips_delays: bool,
    pub(crate) is_sandbox: bool,
    pub(crate) cancellation_key: Option<String>,
    pub(crate) cause: Value,
    /// The time at which the trigger was accepted.
    pub(crate) accepted_at: Timestamp,
    /// True if the run has already waited at the current step. The step is then not taken again.
    pub(crate) has_passed: bool,
}

/// A run that is advanced.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) workflow_run_id: String,
    pub(crate) recipient: Reference,
    pub(crate) program: Arc<Program>,
    pub(crate) state: State,
    /// True if the run is not stored yet.
    pub(crate) is_new: bool,
    /// The log lines that this advance has added.
    pub(crate) log: Log,
    /// The results of this advance.
    pub(crate) made: RunEffects,
}

/// The results of advancing a run. They are written together with the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunEffects {
    pub(crate) messages: Vec<Message>,
    pub(crate) jobs: Vec<NewJob>,
    pub(crate) told: Vec<RecipientInput>,
    pub(crate) stop: Stop,
}

/// The reason why a run stops here.
#[derive(Debug, Clone, Default)]
pub(crate) enum Stop {
    /// It has ended.
    #[default]
    End,
    /// It waits until a time.
    Until(Timestamp),
    /// It waits for the answer to an HTTP request.
    Fetch,
    /// It waits for an event, or until a time.
    Event { wanted: AwaitedEvent, until: Timestamp },
    /// It reached a batch. The writer decides if it opens the batch or joins it.
    Batch(Join),
    /// It reached a throttle. The writer decides if it passes.
    Throttle { word: String, ends_at: Timestamp, limit: i64 },
}

/// A batch as a run that reaches it describes it.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) word: String,
    /// The time at which the batch closes, if this run opens it.
    pub(crate) closes_at: Timestamp,
    /// For a sliding window: two times in seconds, `by` and `limit`. Each activity moves the
    /// closing time to `by` after the activity, but to no more than `limit` after the opening of
    /// the batch.
    pub(crate) slides: Option<(i64, i64)>,
    /// The number of activities with which the batch closes at once.
    pub(crate) most: i64,
    /// True if the run that opens the batch goes on at once.
    pub(crate) flushes_leading: bool,
}

/// Ends a run with an error. Its earlier results stay.
pub(crate) fn fail(run: &mut Run, now: Timestamp, why: &str) {
    run.log.failed(now, "workflow_run_halted", json!({ "reason": why }));
    run.made.stop = Stop::End;
}

/// The key of a batch or throttle, which runs of one recipient share at a step.
pub(crate) fn word_of(
    workflow: &str,
    step: &str,
    recipient: &Reference,
    tenant: Option<&str>,
    key: Option<&str>,
) -> String {
    let (recipient, tenant) = (recipient.to_string(), tenant.unwrap_or_default());
    uuid_of(&[workflow, step, &recipient, tenant, key.unwrap_or_default()])
}
