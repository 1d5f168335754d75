//! PagerDuty: deliveries are signed in `x-pagerduty-signature`, one signature for each secret. The event is
//! the field `event` of the body, and the delivery's id is in `x-webhook-id`.
//!
//! # Identity of an event
//! An incident is triggered once. What happens to it afterwards can happen again, so its time is part of the
//! identity, to the second: the log of an incident, which history is read from, tells no more. The id of a
//! webhook's event is not in that log.

mod history;
mod lists;
pub(crate) mod remote;
#[cfg(test)]
mod tests;

use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result, sha256_hex};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Headers, header, identifying};
use crate::payload::{Read, facts, metadata, title_case, to_the_second};
use crate::{Code, IngestError, NormalForm};

pub use remote::PagerdutySettings;

const BODY: usize = 10_000;
const TITLE: usize = 200;
/// The maximum length of a user's text within a title, in characters.
const HEADLINE: usize = 120;
/// The first characters by which two notes of one second are told apart.
const COMPARED: usize = 40;

/// The identifying fields of a body.
#[derive(Deserialize)]
struct Outline {
    event: EventOutline,
}

#[derive(Deserialize)]
struct EventOutline {
    id: Option<String>,
    event_type: Option<String>,
}

pub(crate) fn envelope(headers: &Headers, body: &[u8]) -> Result<Envelope, IngestError> {
    let Outline { event } = identifying(headers, body)?;
    let missing = |what: &str| IngestError::new(Code::InvalidPayload, format!("the body has no {what}"));
    let kind = event.event_type.filter(|kind| !kind.is_empty()).ok_or_else(|| missing("event/event_type"))?;
    let delivery_id = header(headers, "x-webhook-id").map(str::to_owned).or(event.id);
    let delivery_id = delivery_id.filter(|id| !id.is_empty()).ok_or_else(|| missing("event/id"))?;
    Ok(Envelope { event: kind, delivery_id, sent_at: None })
}

pub(crate) fn normalise(name: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    let read: fn(&Value, &str) -> Result<Parts> = match name {
        "incident.triggered"
        | "incident.acknowledged"
        | "incident.unacknowledged"
        | "incident.escalated"
        | "incident.reassigned"
        | "incident.delegated"
        | "incident.reopened"
        | "incident.resolved"
        | "incident.priority_updated" => incident,
        "incident.annotated" | "incident.status_update_published" => message,
        "incident.responder.added" | "incident.responder.replied" => responder,
        "service.created" | "service.updated" | "service.deleted" => service,
        "pagey.ping" => return Ok(NormalForm::Skipped("PagerDuty checks that the webhook works".into())),
        other => return Ok(NormalForm::Skipped(format!("{other} events are not remembered"))),
    };
    let event = payload.at("event").ok_or_else(|| Error::invalid("the payload has no event"))?;
    let data = event.at("data").ok_or_else(|| Error::invalid("the payload has no event/data"))?;
    let (_, action) = name.split_once('.').unwrap_or((name, ""));
    let parts = read(data, action)?;
    let occurred_at = event.time("occurred_at").unwrap_or(delivery.received_at);
    let (actor, agent) = (person(event.at("agent")), event.text("agent/summary"));
    let mut fields = metadata([
        ("deliveryId", Some(json!(delivery.delivery_id))),
        ("eventId", event.at("id").cloned()),
        ("agent", agent.filter(|_| actor.is_none()).map(|agent| json!(agent))),
        ("client", event.at("client/name").cloned()),
    ]);
    fields.extend(metadata(parts.metadata));
    Ok(NormalForm::of(SourceEvent {
        provider: "pagerduty".into(),
        event_type: name.to_owned(),
        source_id: match ONCE.contains(&name) {
            true => format!("{}:{action}", parts.identity),
            false => format!("{}:{action}:{}", parts.identity, to_the_second(occurred_at)),
        },
        title: cut(&parts.title, TITLE),
        body: cut(&parts.body, BODY),
        actor,
        occurred_at,
        repository: None,
        references: parts.references,
        metadata: fields,
    }))
}

/// The events that happen to a thing once.
const ONCE: [&str; 3] = ["incident.triggered", "service.created", "service.deleted"];

/// The parts of an observation that differ between the kinds.
struct Parts {
    identity: String,
    title: String,
    body: String,
    references: Vec<Reference>,
    metadata: Vec<(&'static str, Option<Value>)>,
}

fn incident(data: &Value, action: &str) -> Result<Parts> {
    let (id, title) = (data.needed("id")?, data.text("title").or(data.text("summary")).unwrap_or("Incident"));
    let number = data.number("number");
    let written = number.map(|number| format!("#{number} ")).unwrap_or_default();
    let assignees: Vec<&str> = names(data, "assignees").collect();
    let teams: Vec<&str> = names(data, "teams").collect();
    let mut references = vec![incident_reference(data, id).subject()];
    references.extend(named(data, "service", ReferenceKind::Service));
    references.extend(assignees.iter().map(|name| Reference::new(ReferenceKind::Assignee, *name)));
    references.extend(teams.iter().map(|name| Reference::new(ReferenceKind::Team, *name)));
    Ok(Parts {
        identity: format!("pagerduty-incident:{id}"),
        title: format!("[Incident {}] {written}{}", title_case(action), cut(title, HEADLINE)),
        body: facts(&[
            ("", Some(title.to_owned())),
            ("Service", data.text("service/summary").map(Into::into)),
            ("Status", data.text("status").map(Into::into)),
            ("Urgency", data.text("urgency").map(Into::into)),
            ("Priority", data.text("priority/summary").map(Into::into)),
            ("Assigned to", (!assignees.is_empty()).then(|| assignees.join(", "))),
            ("Escalation policy", data.text("escalation_policy/summary").map(Into::into)),
            ("Teams", (!teams.is_empty()).then(|| teams.join(", "))),
            ("Reason", data.text("resolve_reason/type").map(Into::into)),
        ]),
        references,
        metadata: vec![
            ("incidentId", Some(json!(id))),
            ("number", number.map(|number| json!(number))),
            ("status", data.at("status").cloned()),
            ("urgency", data.at("urgency").cloned()),
            ("priority", data.at("priority/summary").cloned()),
            ("service", data.at("service/summary").cloned()),
            ("serviceId", data.at("service/id").cloned()),
            ("url", data.at("html_url").cloned()),
        ],
    })
}

/// A note on an incident, or an update for those who wait for its end.
fn message(data: &Value, action: &str) -> Result<Parts> {
    let (text, noun) = match action {
        "annotated" => (data.text("content").unwrap_or_default(), "Note"),
        _ => (data.text("message").unwrap_or_default(), "Status Update"),
    };
    let first_line = text.lines().next().unwrap_or_default();
    let incident = Incident::of(data)?;
    Ok(Parts {
        // Two may come within a second, and a long one is cut in a webhook.
        identity: format!("{}:{}", incident.identity(), &sha256_hex(cut(text, COMPARED))[..8]),
        title: format!("[Incident {noun}] {}: {}", cut(incident.title, 60), cut(first_line, HEADLINE)),
        body: facts(&[("", Some(text.to_owned())), ("Incident", Some(incident.title.to_owned()))]),
        references: vec![incident.reference.labelled("comment")],
        metadata: vec![
            ("incidentId", Some(json!(incident.id))),
            ("isCut", data.flag("trimmed").then_some(json!(true))),
            ("url", data.at("incident/html_url").cloned()),
        ],
    })
}

fn responder(data: &Value, action: &str) -> Result<Parts> {
    let asked = data.text("user/summary").or(data.text("escalation_policy/summary")).unwrap_or("somebody");
    let incident = Incident::of(data)?;
    let verb = if action.ends_with("added") { "Responder Added" } else { "Responder Replied" };
    let mut references = vec![incident.reference.clone().labelled("responder")];
    references.extend(data.text("user/summary").map(|name| Reference::new(ReferenceKind::Assignee, name)));
    Ok(Parts {
        // Several are asked at once.
        identity: format!("{}:{}", incident.identity(), data.text("user/id").unwrap_or("-")),
        title: format!("[Incident {verb}] {}: {asked}", cut(incident.title, HEADLINE)),
        body: facts(&[
            ("", data.text("message").map(Into::into)),
            ("Responder", Some(asked.to_owned())),
            ("State", data.text("state").map(Into::into)),
            ("Incident", Some(incident.title.to_owned())),
        ]),
        references,
        metadata: vec![
            ("incidentId", Some(json!(incident.id))),
            ("state", data.at("state").cloned()),
            ("url", data.at("incident/html_url").cloned()),
        ],
    })
}

fn service(data: &Value, action: &str) -> Result<Parts> {
    let (id, name) = (data.needed("id")?, data.text("summary").or(data.text("name")).unwrap_or("a service"));
    let teams: Vec<&str> = names(data, "teams").collect();
    let url = data.text("html_url").map(Into::into);
    let mut references = vec![Reference::new(ReferenceKind::Service, name).at(url).subject()];
    references.extend(teams.iter().map(|name| Reference::new(ReferenceKind::Team, *name)));
    Ok(Parts {
        identity: format!("pagerduty-service:{id}"),
        title: format!("[Service {}] {name}", title_case(action)),
        body: facts(&[("", Some(name.to_owned())), ("Teams", (!teams.is_empty()).then(|| teams.join(", ")))]),
        references,
        metadata: vec![("serviceId", Some(json!(id))), ("url", data.at("html_url").cloned())],
    })
}

/// The incident that a note, an update or a responder belongs to.
struct Incident<'p> {
    id: &'p str,
    title: &'p str,
    reference: Reference,
}

impl<'p> Incident<'p> {
    fn of(data: &'p Value) -> Result<Self> {
        let id = data.needed("incident/id")?;
        let nothing = &Value::Null;
        let reference = incident_reference(data.at("incident").unwrap_or(nothing), id);
        Ok(Self { id, title: data.text("incident/summary").unwrap_or(id), reference })
    }

    fn identity(&self) -> String {
        format!("pagerduty-incident:{}", self.id)
    }
}

fn incident_reference(incident: &Value, id: &str) -> Reference {
    let reference = Reference { key: Some(format!("pagerduty:{id}")), ..Reference::new(ReferenceKind::Incident, id) };
    reference.at(incident.text("html_url").map(Into::into))
}

fn named(data: &Value, field: &str, kind: ReferenceKind) -> Option<Reference> {
    let thing = data.at(field)?;
    Some(Reference::new(kind, thing.text("summary")?).at(thing.text("html_url").map(Into::into)))
}

fn names<'p>(data: &'p Value, field: &str) -> impl Iterator<Item = &'p str> {
    data.list(field).iter().filter_map(|thing| thing.text("summary"))
}

/// The person who acted. A service or an integration that acts by itself is nobody.
fn person(agent: Option<&Value>) -> Option<EventActor> {
    let agent = agent.filter(|agent| agent.text("type").is_some_and(|kind| kind.starts_with("user")))?;
    let (id, name) = (agent.id("id")?, agent.text("summary")?.to_owned());
    Some(EventActor { id, name, email: None, avatar_url: None })
}
