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

mod checks;
mod commits;
mod conversations;
mod events;
mod lifecycle;
mod links;
#[cfg(test)]
mod tests;

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

/// An event as a payload tells it.
enum Told {
    Event(Box<SourceEvent>),
    /// It is one of those that are not remembered; the value is the reason.
    Nothing(&'static str),
}

fn told(event: SourceEvent) -> Told {
    Told::Event(Box::new(event))
}

/// Reads the payload of one kind of event.
type Reading = fn(&Value, &Delivery) -> Result<Told>;

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    if let Some(read) = conversations::reading(event).or_else(|| checks::reading(event)) {
        return match read(payload, delivery).map_err(|error| unreadable(event, error))? {
            Told::Event(event) => Ok(NormalForm::Events { events: vec![*event], changes: Vec::new() }),
            Told::Nothing(why) => Ok(NormalForm::Skipped(why.into())),
        };
    }
    let read: fn(&Value, &Delivery) -> Result<SourceEvent> = match event {
        "push" => events::push,
        "pull_request" => events::pull_request,
        "issues" => events::issue,
        "issue_comment" => events::issue_comment,
        "release" => events::release,
        "discussion" => events::discussion,
        "installation" | "installation_repositories" | "repository" => {
            let (remembered, changes) = lifecycle::normalise(event, payload, delivery)?;
            return Ok(NormalForm::Events { events: vec![remembered], changes });
        }
        "ping" => return Ok(NormalForm::Skipped("GitHub checks that the webhook works".into())),
        other => return Ok(NormalForm::Skipped(format!("{other} events are not remembered"))),
    };
    let remembered = read(payload, delivery).map_err(|error| unreadable(event, error))?;
    Ok(NormalForm::Events { events: vec![remembered], changes: Vec::new() })
}

fn unreadable(event: &str, error: Error) -> Error {
    match error {
        Error::Invalid(why) => Error::invalid(format!("this is no {event} event: {why}")),
        other => other,
    }
}
