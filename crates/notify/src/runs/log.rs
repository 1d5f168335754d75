//! The log of a run: its events and their reasons, as lines of JSON.

use campanile_base::{Result, Timestamp, ksuid_of};
use campanile_db::stored_json;
use serde_json::{Value, json};

use crate::workflows::Step;

/// Lines that are appended to a run's log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) lines: String,
    pub(crate) errors: i64,
}

/// The number of characters of an invalid time zone that are shown.
const LONGEST_ZONE: usize = 64;

impl Log {
    /// Adds an event of a step.
    pub(crate) fn step(&mut self, at: Timestamp, step: &Step, event: &str, data: Value) {
        let kind = serde_json::to_value(&step.kind).ok().and_then(|kind| kind["type"].as_str().map(str::to_owned));
        self.line(json!({ "event": event, "step_ref": step.reference, "step_type": kind, "status": "ok", "data": data,
            "at": at.as_micros() }));
    }

    /// Adds that a step refers to an unknown time zone, and that UTC is used.
    pub(crate) fn unknown_zone(&mut self, at: Timestamp, step: &Step, zone: &str) {
        let zone: String = zone.chars().take(LONGEST_ZONE).collect();
        let reason = format!("{zone:?} is no time zone; UTC is taken instead");
        self.step(at, step, "timezone_unknown", json!({ "timezone": zone, "reason": reason }));
    }

    /// Adds an error of a step.
    pub(crate) fn error(&mut self, at: Timestamp, step: &Step, event: &str, why: &str) {
        self.errors += 1;
        self.line(json!({ "event": event, "step_ref": step.reference, "status": "error", "data": { "error": why },
            "at": at.as_micros() }));
    }

    /// Adds an event of the run as a whole.
    pub(crate) fn run(&mut self, at: Timestamp, event: &str, data: Value) {
        self.line(json!({ "event": event, "status": "ok", "data": data, "at": at.as_micros() }));
    }

    /// Adds an error of the run as a whole.
    pub(crate) fn failed(&mut self, at: Timestamp, event: &str, data: Value) {
        self.errors += 1;
        self.line(json!({ "event": event, "status": "error", "data": data, "at": at.as_micros() }));
    }

    fn line(&mut self, line: Value) {
        self.lines.push_str(&line.to_string());
        self.lines.push('\n');
    }
}

/// The JSON of the API for a log.
///
/// # Errors
/// `Internal`, with the run's id, when a line cannot be read.
pub(super) fn view(run: &str, log: &str) -> Result<Vec<Value>> {
    let events = log.lines().enumerate().map(|(index, line)| {
        let line: Value = stored_json("recipient_run", run, line)?;
        let at = Timestamp::from_micros(line["at"].as_i64().unwrap_or_default());
        Ok(json!({
            "__typename": "WorkflowRecipientRunEvent", "id": ksuid_of(at, &[run, &index.to_string()]),
            "event": line["event"], "status": line["status"], "attempt": 1, "data": line["data"],
            "step_ref": line["step_ref"], "step_type": line["step_type"], "inserted_at": at,
        }))
    });
    events.collect()
}
