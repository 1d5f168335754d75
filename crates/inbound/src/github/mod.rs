//! GitHub: signed with `X-Hub-Signature-256`, named by `X-GitHub-Event`, identified by
//! `X-GitHub-Delivery`.
//!
//! Remembered are pushes, pull requests, issues and their comments, releases, discussions, and
//! the coming and going of installations and repositories. All else is acknowledged and skipped.
//!
//! # Identity
//! An event's source id has its action in it, and where an action can happen again to the same
//! thing (an edit, another label) its time too; otherwise the second edit would be taken for a
//! repetition of the first.

mod events;
mod lifecycle;
mod links;
#[cfg(test)]
mod tests;

use campanile_base::source_event::SourceEvent;
use campanile_base::{Error, Result};
use serde_json::Value;

use crate::deliveries::Delivery;
use crate::provider::{Envelope, Headers, required};
use crate::{IngestError, Normalised};

pub(crate) fn envelope(headers: &Headers) -> Result<Envelope, IngestError> {
    let event = required(headers, "x-github-event")?.to_owned();
    let delivery_id = required(headers, "x-github-delivery")?.to_owned();
    // GitHub does not sign the time of sending.
    Ok(Envelope { event, delivery_id, sent_at: None })
}

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<Normalised> {
    let read: fn(&Value, &Delivery) -> Result<SourceEvent> = match event {
        "push" => events::push,
        "pull_request" => events::pull_request,
        "issues" => events::issue,
        "issue_comment" => events::issue_comment,
        "release" => events::release,
        "discussion" => events::discussion,
        "installation" | "installation_repositories" | "repository" => {
            let (remembered, changes) = lifecycle::normalise(event, payload, delivery)?;
            return Ok(Normalised::Events { events: vec![remembered], changes });
        }
        "ping" => return Ok(Normalised::Skipped("GitHub checks that the webhook works".into())),
        other => return Ok(Normalised::Skipped(format!("{other} events are not remembered"))),
    };
    let remembered = read(payload, delivery).map_err(|error| match error {
        Error::Invalid(why) => Error::invalid(format!("this is no {event} event: {why}")),
        other => other,
    })?;
    Ok(Normalised::Events { events: vec![remembered], changes: Vec::new() })
}
