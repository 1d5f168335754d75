//! What has happened to a run, and why: lines of JSON.

use campanile_base::{Timestamp, ksuid_of};
use serde_json::{Value, json};

use crate::workflows::Step;

/// Lines that are appended to a run's log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) lines: String,
    pub(crate) errors: i64,
}

/// The most characters that are said of what should be a time zone.
const LONGEST_ZONE: usize = 64;

impl Log {
    /// Something happened at a step.
    pub(crate) fn step(&mut self, at: Timestamp, step: &Step, event: &str, data: Value) {
        let kind = serde_json::to_value(&step.kind).ok().and_then(|kind| kind["type"].as_str().map(str::to_owned));
        self.line(json!({ "event": event, "step_ref": step.reference, "step_type": kind, "status": "ok", "data": data,
            "at": at.as_micros() }));
    }

    /// A step goes by a time zone that there is not.
    pub(crate) fn unknown_zone(&mut self, at: Timestamp, step: &Step, zone: &str) {
        let zone: String = zone.chars().take(LONGEST_ZONE).collect();
        let reason = format!("{zone:?} is no time zone; UTC is taken instead");
        self.step(at, step, "timezone_unknown", json!({ "timezone": zone, "reason": reason }));
    }

    /// Something went wrong at a step.
    pub(crate) fn error(&mut self, at: Timestamp, step: &Step, event: &str, why: &str) {
        self.errors += 1;
        self.line(json!({ "event": event, "step_ref": step.reference, "status": "error", "data": { "error": why },
            "at": at.as_micros() }));
    }

    /// Something happened to the run as a whole.
    pub(crate) fn run(&mut self, at: Timestamp, event: &str, data: Value) {
        self.line(json!({ "event": event, "status": "ok", "data": data, "at": at.as_micros() }));
    }

    /// The run as a whole went wrong.
    pub(crate) fn failed(&mut self, at: Timestamp, event: &str, data: Value) {
        self.errors += 1;
        self.line(json!({ "event": event, "status": "error", "data": data, "at": at.as_micros() }));
    }

    fn line(&mut self, line: Value) {
        self.lines.push_str(&line.to_string());
        self.lines.push('\n');
    }
}

/// A log as the API shows it.
pub(super) fn view(run: &str, log: &str) -> Vec<Value> {
    let events = log.lines().enumerate().filter_map(|(index, line)| {
        let line: Value = serde_json::from_str(line).ok()?;
        let at = Timestamp::from_micros(line["at"].as_i64()?);
        Some(json!({
            "__typename": "WorkflowRecipientRunEvent", "id": ksuid_of(at, &[run, &index.to_string()]),
            "event": line["event"], "status": line["status"], "attempt": 1, "data": line["data"],
            "step_ref": line["step_ref"], "step_type": line["step_type"], "inserted_at": at,
        }))
    });
    events.collect()
}
