//! GitHub: deliveries are signed in `X-Hub-Signature-256`, their event type is in `X-GitHub-Event`,
//! and their id in `X-GitHub-Delivery`.
//!
//! Pushes, pull requests, issues, releases, discussions, reviews and comments on any of them, failed
//! checks and workflows, deployments, and changes of installations and repositories become
//! observations. All other events are acknowledged and skipped.
//!
//! # Identity
//! The source id of an event contains its action. If an action can be repeated on the same object
//! (an edit, another label), the source id also contains its time. Otherwise the second edit would
//! count as a repeat of the first.

pub(crate) mod account_events;
pub(crate) mod app;
mod checks;
mod conversations;
mod documents;
mod events;
mod history;
mod lifecycle;
pub mod pushes;
pub(crate) mod remote;
#[cfg(test)]
mod remote_tests;
pub mod trees;

use campanile_base::source_event::SourceEvent;
use campanile_base::{Error, Result};
use serde_json::Value;

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Headers, required};
use crate::{IngestError, NormalForm};

pub(crate) fn envelope(headers: &Headers) -> Result<Envelope, IngestError> {
    let event = required(headers, "x-github-event")?.to_owned();
    let delivery_id = required(headers, "x-github-delivery")?.to_owned();
    // GitHub does not sign the time of sending.
    Ok(Envelope { event, delivery_id, sent_at: None })
}

/// The event of a payload.
enum EventReading {
    Event(Box<SourceEvent>),
    /// It is one of those that are not remembered; the value is the reason.
    Nothing(&'static str),
}

impl From<SourceEvent> for EventReading {
    fn from(event: SourceEvent) -> Self {
        Self::Event(Box::new(event))
    }
}

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    let read: fn(&Value, &Delivery) -> Result<EventReading> = match event {
        "push" => events::push,
        "pull_request" => events::pull_request,
        "issues" => events::issue,
        "release" => events::release,
        "discussion" => events::discussion,
        "issue_comment" => conversations::issue_comment,
        "pull_request_review" => conversations::review,
        "pull_request_review_comment" => conversations::review_comment,
        "discussion_comment" => conversations::discussion_comment,
        "commit_comment" => conversations::commit_comment,
        "check_suite" => checks::check_suite,
        "workflow_run" => checks::workflow_run,
        "deployment_status" => checks::deployment_status,
        "installation" | "installation_repositories" | "repository" => {
            let (remembered, changes) = lifecycle::normalise(event, payload, delivery)?;
            return Ok(NormalForm::Events { events: vec![remembered], changes, push: None });
        }
        "ping" => return Ok(NormalForm::Skipped("GitHub checks that the webhook works".into())),
        other => return Ok(NormalForm::Skipped(format!("{other} events are not remembered"))),
    };
    match read(payload, delivery).map_err(|error| unreadable(event, error))? {
        EventReading::Event(remembered) => {
            let push = if event == "push" { pushes::of_default_branch(payload) } else { None };
            Ok(NormalForm::Events { events: vec![*remembered], changes: Vec::new(), push })
        }
        EventReading::Nothing(why) => Ok(NormalForm::Skipped(why.into())),
    }
}

fn unreadable(event: &str, error: Error) -> Error {
    match error {
        Error::Invalid(why) => Error::invalid(format!("this is no {event} event: {why}")),
        other => other,
    }
}
