//! GitLab: deliveries are signed by Standard Webhooks where the webhook has a signing token; otherwise they
//! have its secret token in `x-gitlab-token`. The kind of event is in the body.
//!
//! Pushes, merge requests, issues, notes, releases, pipelines that failed and deployments that ended become
//! observations. All other events are acknowledged and skipped.
//!
//! # Identity of an event
//! A project is known by its number, and what is in it by its number there. What can happen again has its time
//! in its identity, to the second, since webhooks and the API write times differently.

mod code;
mod history;
pub(crate) mod remote;
mod requests;
#[cfg(test)]
mod tests;

use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result, Timestamp, sha256_hex};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Headers, header, identifying};
use crate::payload::{Read, metadata, to_the_second};
use crate::{Code, IngestError, NormalForm};

pub use remote::GitlabSettings;

const BODY: usize = 10_000;
const TITLE: usize = 200;
/// The maximum length of a user's text within a title, in characters.
const HEADLINE: usize = 100;

/// The identifying fields of a body.
#[derive(Deserialize)]
struct Outline {
    object_kind: Option<String>,
    action: Option<Value>,
    status: Option<Value>,
    object_attributes: Option<Attributes>,
}

#[derive(Deserialize)]
struct Attributes {
    action: Option<Value>,
    status: Option<Value>,
}

pub(crate) fn envelope(headers: &Headers, body: &[u8]) -> Result<Envelope, IngestError> {
    let outline: Outline = identifying(headers, body)?;
    let missing = || IngestError::new(Code::InvalidPayload, "the body has no object_kind");
    let kind = outline.object_kind.filter(|kind| !kind.is_empty()).ok_or_else(missing)?;
    let of_object = outline.object_attributes.map(|object| [object.action, object.status]).unwrap_or_default();
    let words = of_object.iter().chain([&outline.action, &outline.status]);
    let event = match words.flatten().filter_map(Value::as_str).find(|word| !word.is_empty()) {
        Some(action) => format!("{kind}.{action}"),
        None => kind,
    };
    let given = ["webhook-id", "idempotency-key"].iter().find_map(|name| header(headers, name));
    // Events that follow from one another share the id of the first one.
    let by_body = || format!("{}:{}", header(headers, "x-gitlab-event-uuid").unwrap_or("-"), &sha256_hex(body)[..32]);
    let delivery_id = given.filter(|id| !id.is_empty()).map_or_else(by_body, str::to_owned);
    let seconds = header(headers, "webhook-timestamp").and_then(|at| at.parse().ok());
    Ok(Envelope { event, delivery_id, sent_at: seconds.map(Timestamp::from_seconds) })
}

/// The event of a payload.
enum EventReading {
    Event(Box<Parts>),
    /// It is one of those that are not remembered; the value is the reason.
    Nothing(&'static str),
}

impl From<Parts> for EventReading {
    fn from(parts: Parts) -> Self {
        Self::Event(Box::new(parts))
    }
}

/// The parts of an observation that differ between the kinds.
struct Parts {
    event_type: String,
    source_id: String,
    title: String,
    body: String,
    occurred_at: Option<Timestamp>,
    references: Vec<Reference>,
    metadata: Map<String, Value>,
}

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    let (kind, action) = event.split_once('.').unwrap_or((event, ""));
    let read: fn(&Project<'_>, &Value, &str) -> Result<EventReading> = match kind {
        "push" | "tag_push" => code::push,
        "pipeline" => code::pipeline,
        "deployment" => code::deployment,
        "release" => code::release,
        "merge_request" => requests::merge_request,
        "issue" | "work_item" => requests::issue,
        "note" => requests::note,
        other => return Ok(NormalForm::Skipped(format!("{other} events are not remembered"))),
    };
    let project = Project::of(payload)?;
    let parts = match read(&project, payload, action)? {
        EventReading::Event(parts) => *parts,
        EventReading::Nothing(why) => return Ok(NormalForm::Skipped(why.into())),
    };
    let mut fields = metadata([
        ("deliveryId", Some(json!(delivery.delivery_id))),
        ("repoFullName", Some(json!(project.path))),
        ("repoId", payload.at("project/id").cloned()),
    ]);
    fields.extend(parts.metadata);
    Ok(NormalForm::of(SourceEvent {
        provider: "gitlab".into(),
        event_type: parts.event_type,
        source_id: parts.source_id,
        title: cut(&parts.title, TITLE),
        body: cut(&parts.body, BODY),
        actor: person(payload),
        occurred_at: parts.occurred_at.unwrap_or(delivery.received_at),
        repository: Some(project.path.to_owned()),
        references: parts.references,
        metadata: fields,
    }))
}

/// The project that an event is in.
struct Project<'p> {
    id: String,
    /// Its place, such as `group/shop`.
    path: &'p str,
    default_branch: Option<&'p str>,
}

impl<'p> Project<'p> {
    fn of(payload: &'p Value) -> Result<Self> {
        let id = payload.id("project/id").or(payload.id("project_id"));
        let id = id.ok_or_else(|| Error::invalid("the payload has no project/id"))?;
        let path = payload.needed("project/path_with_namespace")?;
        Ok(Self { id, path, default_branch: payload.text("project/default_branch") })
    }

    /// A merge request by its number. Issues have numbers of their own.
    fn merge_request(&self, number: i64) -> Reference {
        let key = format!("{}!{number}", self.path.to_lowercase());
        Reference { key: Some(key), ..Reference::new(ReferenceKind::Pr, format!("!{number}")) }
    }

    fn issue(&self, number: i64) -> Reference {
        Reference::numbered(ReferenceKind::Issue, self.path, number.unsigned_abs())
    }

    fn branch(&self, name: &str) -> Reference {
        Reference::branch(name, self.default_branch)
    }
}

/// The person who acted.
fn person(payload: &Value) -> Option<EventActor> {
    let Some(user) = payload.at("user").filter(|user| user.is_object()) else { return pusher(payload) };
    let name = user.text("username").or(user.text("name"))?.to_owned();
    Some(EventActor {
        id: user.id("id").unwrap_or_else(|| name.clone()),
        name,
        email: mail_address(user.text("email")),
        avatar_url: user.text("avatar_url").map(Into::into),
    })
}

/// The person who pushed: a push has its fields at the top.
fn pusher(payload: &Value) -> Option<EventActor> {
    Some(EventActor {
        id: payload.id("user_id")?,
        name: payload.text("user_username").or(payload.text("user_name"))?.to_owned(),
        email: mail_address(payload.text("user_email")),
        avatar_url: payload.text("user_avatar").map(Into::into),
    })
}

/// GitLab writes `[REDACTED]` for an address that it does not tell.
fn mail_address(text: Option<&str>) -> Option<String> {
    text.filter(|text| text.contains('@')).map(Into::into)
}

/// A time, as GitLab writes it in one of three ways: `2026-11-02T10:00:00.123Z`, `2026-11-02 10:00:00 UTC`, or
/// `2026-11-02 10:00:00 +0200`.
fn time(value: &Value, path: &str) -> Option<Timestamp> {
    let text = value.text(path)?;
    let joined = || match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [day, time, "UTC"] => Timestamp::parse(&format!("{day}T{time}Z")),
        [day, time, zone] => Timestamp::parse(&format!("{day}T{time}{zone}")),
        _ => None,
    };
    Timestamp::parse(text).or_else(joined)
}

/// The end of the identity of an event that can happen again.
fn at(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), to_the_second)
}
