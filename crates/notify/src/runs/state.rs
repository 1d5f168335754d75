//! What a run knows, and what advancing it has come to.

use std::sync::Arc;

use campanile_base::Timestamp;
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::log::Log;
use crate::Reference;
use crate::messages::Message;
use crate::recipients::Told;
use crate::signals::Wanted;
use crate::workflows::Program;

/// What is kept of a run while it waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// The version that it follows.
    pub(crate) version: String,
    /// Where it is.
    pub(crate) at: usize,
    /// How often it has waited: what was meant to end an earlier wait does not end a later one.
    pub(crate) pauses: u32,
    /// What its trigger brought, and what steps have made of it.
    pub(crate) data: Map<String, Value>,
    /// Who set it off.
    pub(crate) actor: Option<Reference>,
    pub(crate) tenant: Option<String>,
    /// What it tells of: itself, until a batch has gathered more.
    pub(crate) activities: Vec<Value>,
    pub(crate) total_activities: i64,
    pub(crate) actors: Vec<Reference>,
    pub(crate) total_actors: i64,
    /// What steps have left behind, by their names.
    pub(crate) refs: Map<String, Value>,
    /// What the recipient's subscription says, where it is why they are told.
    pub(crate) subscription: Option<Map<String, Value>>,
    pub(crate) schedule: Option<Value>,
    pub(crate) skips_delays: bool,
    pub(crate) is_sandbox: bool,
    pub(crate) cancellation_key: Option<String>,
    pub(crate) cause: Value,
    /// When its trigger was accepted.
    pub(crate) accepted_at: Timestamp,
    /// Whether the step that it is at was passed: what happens there has happened.
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
    /// Whether it is written for the first time.
    pub(crate) is_new: bool,
    /// What has happened to it while it was advanced.
    pub(crate) log: Log,
    /// What it has come to.
    pub(crate) made: Made,
}

/// What a run has come to, to be written with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    pub(crate) messages: Vec<Message>,
    pub(crate) jobs: Vec<NewJob>,
    pub(crate) told: Vec<Told>,
    pub(crate) stop: Stop,
}

/// Why a run does not go on now.
#[derive(Debug, Clone, Default)]
pub(crate) enum Stop {
    /// It has come to its end.
    #[default]
    End,
    /// Until a time.
    Until(Timestamp),
    /// Until a system of others has answered.
    Fetch,
    /// Until something happens, or a time has come.
    Event { wanted: Wanted, until: Timestamp },
    /// Until it is known whether it opens a batch, or joins one.
    Batch(Join),
    /// Until it is known whether a throttle lets it pass.
    Throttle { word: String, ends_at: Timestamp, limit: i64 },
}

/// A batch as the run that comes to it sees it.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) word: String,
    /// When it ends, if this run opens it.
    pub(crate) closes_at: Timestamp,
    /// How far the end moves with each activity, in seconds, and how far from the opening at most.
    pub(crate) slides: Option<(i64, i64)>,
    /// With how many it ends at once.
    pub(crate) most: i64,
    /// Whether the first goes on at once.
    pub(crate) flushes_leading: bool,
}
