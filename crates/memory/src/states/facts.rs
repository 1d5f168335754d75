//! Reads the states that an event tells. Pure.
//!
//! GitHub tells the open, closed or merged state of issues and pull requests and who is assigned; Linear
//! the whole of an issue or project with each change, and its health with each update of it; Vercel how a
//! deployment went; Sentry whether an issue is resolved, and who has it; PagerDuty the status of an incident,
//! who has it, and its priority.

use campanile_base::source_event::{ReferenceKind, SourceEvent, cut};
use serde_json::Value;

use super::{StateEntity, StateRow};
use crate::observations::Draft;
use crate::search::ActorName;

/// The longest value, in characters.
const LONGEST_VALUE: usize = 200;

/// The states of one thing.
struct Facts {
    entity_type: &'static str,
    key: String,
    name: String,
    states: Vec<(&'static str, Option<String>)>,
}

/// The rows of an observation.
pub(super) fn rows(draft: &Draft<'_>) -> Vec<StateRow> {
    let changed_by = changer(draft);
    let told = facts(draft.event);
    let rows = told.into_iter().flat_map(|Facts { entity_type, key: id, name, states }| {
        let entity =
            StateEntity { entity_type: entity_type.into(), id: key(&id), provider: draft.event.provider.clone() };
        states.into_iter().map(move |(state, value)| (entity.clone(), clean(&name), state, value))
    });
    rows.map(|(entity, name, state, value)| StateRow {
        entity,
        name,
        state: state.to_owned(),
        value: value.map(|value| clean(&value)).filter(|value| !value.is_empty()),
        valid_from: draft.event.occurred_at,
        changed_by: changed_by.clone(),
        observation_id: draft.observation.id.to_string(),
    })
    .collect()
}

/// The form of a name by which it is looked up.
pub(super) fn key(name: &str) -> String {
    clean(name).to_lowercase()
}

/// A text of one line: providers send whatever people write.
fn clean(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&text, LONGEST_VALUE)
}

/// The person who made the change. GitHub's events are of the author of an issue, and name who acted beside it.
fn changer(draft: &Draft<'_>) -> Option<ActorName> {
    let event = draft.event;
    let sender = text(event, "senderLogin").zip(event.metadata.get("senderId"));
    if let (true, Some((name, id))) = (event.provider == "github", sender) {
        let id = id.as_str().map_or_else(|| id.to_string(), ToOwned::to_owned);
        return Some(ActorName { id: clean(&format!("github:{id}")), name: clean(&name) });
    }
    let actor = draft.observation.actor.as_ref()?;
    Some(ActorName { id: clean(&actor.actor_id), name: clean(&actor.told.name) })
}

fn facts(event: &SourceEvent) -> Vec<Facts> {
    let (noun, action) = event.event_type.split_once('.').unwrap_or((&event.event_type, ""));
    match (event.provider.as_str(), noun) {
        ("github", "issues") => github_issue(event, action).into_iter().collect(),
        ("github", "pull_request") => github_pull_request(event, action).into_iter().collect(),
        ("vercel", "deployment") => vercel_deployment(event, action),
        ("linear", "issue") => linear_issue(event, action).into_iter().collect(),
        ("linear", "project") => linear_project(event, action).into_iter().collect(),
        ("linear", "project_update") => linear_project_update(event, action).into_iter().collect(),
        ("sentry", "issue") => sentry_issue(event).into_iter().collect(),
        ("pagerduty", "incident") => pagerduty_incident(event).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn github_issue(event: &SourceEvent, action: &str) -> Option<Facts> {
    let (key, name) = subject(event, ReferenceKind::Issue)?;
    let status = match action {
        "deleted" | "transferred" => Some(action.to_owned()),
        "closed" => Some("closed".to_owned()),
        "opened" | "reopened" => Some("open".to_owned()),
        _ => text(event, "state"),
    };
    let states = status.map(|status| ("status", Some(status))).into_iter().chain([("assignee", assignees(event))]);
    Some(Facts { entity_type: "issue", key, name, states: states.collect() })
}

fn github_pull_request(event: &SourceEvent, action: &str) -> Option<Facts> {
    let (key, name) = subject(event, ReferenceKind::Pr)?;
    let is_draft = event.metadata.get("draft") == Some(&Value::Bool(true));
    let status = match action {
        "merged" | "closed" => Some(action),
        "converted_to_draft" => Some("draft"),
        "opened" | "reopened" if is_draft => Some("draft"),
        "opened" | "reopened" | "ready_for_review" => Some("open"),
        // Other actions happen to open, closed and merged ones alike.
        _ => None,
    };
    let status = status.map(|status| ("status", Some(status.to_owned())));
    let states = status.into_iter().chain([("assignee", assignees(event))]);
    Some(Facts { entity_type: "pr", key, name, states: states.collect() })
}

/// A deployment, and the service that it is a deployment of, in its environment.
fn vercel_deployment(event: &SourceEvent, action: &str) -> Vec<Facts> {
    let status = match action {
        "created" => "building",
        "succeeded" | "ready" => "ready",
        "error" => "failed",
        "canceled" => "canceled",
        _ => return Vec::new(),
    };
    let status = || vec![("status", Some(status.to_owned()))];
    let deployment = text(event, "deploymentId").map(|id| Facts {
        entity_type: "deployment",
        key: id.clone(),
        name: id,
        states: status(),
    });
    let service = text(event, "projectName").zip(text(event, "environment")).map(|(name, environment)| Facts {
        entity_type: "service",
        key: format!("{name}/{environment}"),
        name,
        states: status(),
    });
    deployment.into_iter().chain(service).collect()
}

fn linear_issue(event: &SourceEvent, action: &str) -> Option<Facts> {
    let (key, name) = subject(event, ReferenceKind::Issue)?;
    let status = if action == "deleted" { Some("Deleted".to_owned()) } else { text(event, "state") };
    let states = vec![
        ("status", status),
        ("assignee", text(event, "assignee").or_else(|| assignees(event))),
        ("priority", text(event, "priorityLabel").or_else(|| text(event, "priority"))),
    ];
    Some(Facts { entity_type: "issue", key, name, states })
}

fn linear_project(event: &SourceEvent, action: &str) -> Option<Facts> {
    let (key, name) = project(event)?;
    if action == "deleted" {
        return Some(Facts { entity_type: "project", key, name, states: vec![("status", Some("Deleted".into()))] });
    }
    let states = vec![
        ("status", text(event, "status")),
        ("progress", text(event, "progress")),
        ("health", text(event, "health")),
        ("assignee", text(event, "lead")),
    ];
    // Only what the delivery has: not each has all fields.
    let states = states.into_iter().filter(|(_, value)| value.is_some()).collect();
    Some(Facts { entity_type: "project", key, name, states })
}

fn linear_project_update(event: &SourceEvent, action: &str) -> Option<Facts> {
    let health = text(event, "health").filter(|_| action != "deleted")?;
    let (key, name) = project(event)?;
    Some(Facts { entity_type: "project", key, name, states: vec![("health", Some(health))] })
}

fn project(event: &SourceEvent) -> Option<(String, String)> {
    let name = event.references.iter().find(|reference| reference.kind == ReferenceKind::Project)?.id.clone();
    let id = text(event, "projectId").unwrap_or_else(|| name.clone());
    Some((format!("{}:project:{id}", event.provider), name))
}

fn sentry_issue(event: &SourceEvent) -> Option<Facts> {
    let (key, name) = subject(event, ReferenceKind::Issue)?;
    let status = text(event, "status").map(|status| ("status", Some(status)));
    let states = status.into_iter().chain([("assignee", assignees(event))]);
    Some(Facts { entity_type: "issue", key, name, states: states.collect() })
}

/// An incident, of which some events tell only a part.
fn pagerduty_incident(event: &SourceEvent) -> Option<Facts> {
    let (key, name) = subject(event, ReferenceKind::Incident)?;
    let states =
        [("status", text(event, "status")), ("assignee", assignees(event)), ("priority", text(event, "priority"))];
    let states = states.into_iter().filter(|(_, value)| value.is_some()).collect();
    Some(Facts { entity_type: "incident", key, name, states })
}

/// The key and the written form of what the event is about.
fn subject(event: &SourceEvent, kind: ReferenceKind) -> Option<(String, String)> {
    let subject = event.references.iter().find(|reference| reference.is_subject && reference.kind == kind)?;
    Some((subject.key.clone()?, subject.id.clone()))
}

fn assignees(event: &SourceEvent) -> Option<String> {
    let assigned = |reference: &&campanile_base::source_event::Reference| reference.kind == ReferenceKind::Assignee;
    let mut names: Vec<&str> = event.references.iter().filter(assigned).map(|one| one.id.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A field of the metadata: a text, or a number.
fn text(event: &SourceEvent, name: &str) -> Option<String> {
    match event.metadata.get(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
