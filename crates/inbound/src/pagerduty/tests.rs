//! PagerDuty's webhooks in their documented shape.

use campanile_base::source_event::SourceEvent;

use super::*;
use crate::Provider;
use crate::identity_tests::{delivery, read};

fn user(id: &str, name: &str) -> Value {
    json!({ "id": id, "type": "user_reference", "summary": name, "html_url": format!("https://acme.pagerduty.com/users/{id}") })
}

fn service_reference() -> Value {
    json!({ "id": "PSVC", "type": "service_reference", "summary": "Checkout", "html_url": "https://acme.pagerduty.com/services/PSVC" })
}

/// An incident as webhooks have it.
fn incident(status: &str) -> Value {
    json!({
        "id": "PINC", "type": "incident", "html_url": "https://acme.pagerduty.com/incidents/PINC", "number": 12,
        "status": status, "created_at": "2026-11-02T10:00:00Z", "title": "Payments answer 502", "urgency": "high",
        "service": service_reference(), "assignees": [user("PUSR", "Ann Ash")],
        "escalation_policy": { "id": "PESC", "summary": "Default" }, "teams": [{ "id": "PTEA", "summary": "Payments" }],
        "priority": { "id": "PPRI", "summary": "P1" }, "resolve_reason": null,
    })
}

fn about() -> Value {
    json!({ "id": "PINC", "type": "incident_reference", "summary": "Payments answer 502",
        "html_url": "https://acme.pagerduty.com/incidents/PINC" })
}

fn payload(event: &str, at: &str, agent: Value, data: Value) -> Value {
    json!({ "event": { "id": format!("E-{event}-{at}"), "event_type": event, "resource_type": "incident",
        "occurred_at": at, "agent": agent, "client": { "name": "PagerDuty" }, "data": data } })
}

fn sent(event: &str, at: &str, agent: Value, data: Value) -> SourceEvent {
    read(&delivery(Provider::Pagerduty, event, &[], &payload(event, at, agent, data)))
}

fn reference(event: &SourceEvent, kind: ReferenceKind) -> &Reference {
    event.references.iter().find(|reference| reference.kind == kind).unwrap()
}

#[test]
fn a_triggered_incident_names_its_service_its_people_and_its_time() {
    let agent = json!({ "id": "PINT", "type": "service_reference", "summary": "Prometheus" });
    let event = sent("incident.triggered", "2026-11-02T10:00:00.169Z", agent, incident("triggered"));
    assert_eq!(event.source_id, "pagerduty-incident:PINC:triggered");
    assert_eq!(event.title, "[Incident Triggered] #12 Payments answer 502");
    assert_eq!(event.occurred_at.to_string(), "2026-11-02T10:00:00.169000Z");
    for line in ["Service: Checkout", "Urgency: high", "Priority: P1", "Assigned to: Ann Ash", "Teams: Payments"] {
        assert!(event.body.contains(line), "{}", event.body);
    }
    assert!(event.actor.is_none(), "a service is nobody");
    assert_eq!((&event.metadata["agent"], &event.metadata["urgency"]), (&json!("Prometheus"), &json!("high")));
    let incident = reference(&event, ReferenceKind::Incident);
    assert_eq!((incident.key.as_deref(), incident.is_subject), (Some("pagerduty:PINC"), true));
    assert_eq!(incident.url.as_deref(), Some("https://acme.pagerduty.com/incidents/PINC"));
    // All incidents of a service would be tied by it.
    let service = reference(&event, ReferenceKind::Service);
    assert_eq!((service.id.as_str(), service.key.as_deref()), ("Checkout", None));
    assert_eq!(reference(&event, ReferenceKind::Assignee).id, "Ann Ash");
}

#[test]
fn what_happens_to_an_incident_again_is_another_event_and_a_repeat_is_none() {
    let at = |event: &str, at: &str| sent(event, at, user("PUSR", "Ann Ash"), incident("acknowledged")).source_id;
    let first = at("incident.acknowledged", "2026-11-02T10:01:00.500Z");
    assert_eq!(first, "pagerduty-incident:PINC:acknowledged:2026-11-02T10:01:00Z");
    assert_eq!(first, at("incident.acknowledged", "2026-11-02T10:01:00Z"), "the log tells whole seconds");
    assert_ne!(first, at("incident.acknowledged", "2026-11-02T10:31:00Z"));
    assert_ne!(at("incident.resolved", "2026-11-02T11:00:00Z"), at("incident.resolved", "2026-11-02T12:00:00Z"));
    assert_eq!(at("incident.triggered", "2026-11-02T10:00:00Z"), at("incident.triggered", "2026-11-02T10:00:01Z"));
}

#[test]
fn every_event_of_an_incident_or_a_service_is_remembered() {
    let note = json!({ "id": "PNOT", "type": "incident_note", "content": "The gateway is down.\nAsking them.", "trimmed": false, "incident": about() });
    let update =
        json!({ "id": "PUPD", "type": "incident_status_update", "message": "A fix is coming", "incident": about() });
    let responder = json!({ "type": "incident_responder", "state": "pending", "message": "Please help", "user": user("PBOB", "Bob"), "incident": about() });
    let service = json!({ "id": "PSVC", "type": "service", "summary": "Checkout", "html_url": "https://acme.pagerduty.com/services/PSVC", "teams": [] });
    let incidents = [
        "triggered",
        "acknowledged",
        "unacknowledged",
        "escalated",
        "reassigned",
        "delegated",
        "reopened",
        "resolved",
        "priority_updated",
    ];
    let all = incidents.map(|action| (format!("incident.{action}"), incident("triggered"))).into_iter().chain([
        ("incident.annotated".to_owned(), note),
        ("incident.status_update_published".to_owned(), update),
        ("incident.responder.added".to_owned(), responder.clone()),
        ("incident.responder.replied".to_owned(), responder),
        ("service.created".to_owned(), service.clone()),
        ("service.updated".to_owned(), service.clone()),
        ("service.deleted".to_owned(), service),
    ]);
    let mut titles = Vec::new();
    for (name, data) in all {
        let event = sent(&name, "2026-11-02T10:00:00Z", user("PUSR", "Ann Ash"), data);
        assert_eq!((&event.event_type, event.provider.as_str()), (&name, "pagerduty"));
        assert_eq!(event.actor.as_ref().map(|actor| actor.id.as_str()), Some("PUSR"), "{name}");
        assert!(event.metadata["url"].as_str().unwrap().starts_with("https://acme.pagerduty.com/"), "{name}");
        if name.starts_with("incident.") {
            assert_eq!(reference(&event, ReferenceKind::Incident).key.as_deref(), Some("pagerduty:PINC"), "{name}");
        }
        titles.push(event.title);
    }
    assert!(titles.contains(&"[Incident Note] Payments answer 502: The gateway is down.".to_owned()), "{titles:?}");
    assert!(titles.contains(&"[Incident Responder Added] Payments answer 502: Bob".to_owned()), "{titles:?}");
    assert!(titles.contains(&"[Service Deleted] Checkout".to_owned()), "{titles:?}");
}

#[test]
fn two_notes_of_one_second_are_two() {
    let note = |text: &str| json!({ "id": "PNOT", "content": text, "incident": about() });
    let of = |text: &str| sent("incident.annotated", "2026-11-02T10:00:00Z", Value::Null, note(text)).source_id;
    assert_ne!(of("one"), of("two"));
    assert_eq!(of("one"), of("one"));
}

#[test]
fn a_ping_and_unknown_events_are_skipped_with_a_reason() {
    let why = |event: &str| {
        let ping = payload(event, "2026-11-02T10:00:00Z", Value::Null, json!({ "type": "ping", "message": "Hello" }));
        match crate::normalise(&delivery(Provider::Pagerduty, event, &[], &ping)).unwrap() {
            NormalForm::Skipped(why) => why,
            other => panic!("not skipped: {other:?}"),
        }
    };
    assert_eq!(why("pagey.ping"), "PagerDuty checks that the webhook works");
    assert_eq!(why("incident.workflow.started"), "incident.workflow.started events are not remembered");
}

#[test]
fn a_delivery_is_known_by_its_header_or_by_its_event() {
    let body = payload("incident.triggered", "2026-11-02T10:00:00Z", Value::Null, incident("triggered")).to_string();
    let read = |headers: &Headers, body: &str| envelope(headers, body.as_bytes());
    let with = read(&[("x-webhook-id".to_owned(), "W-1".to_owned())], &body).unwrap();
    assert_eq!((with.event.as_str(), with.delivery_id.as_str(), with.sent_at), ("incident.triggered", "W-1", None));
    assert_eq!(read(&[], &body).unwrap().delivery_id, "E-incident.triggered-2026-11-02T10:00:00Z");
    for wrong in ["{}", r#"{"event": "x"}"#, r#"{"event": {"id": "1"}}"#, r#"{"event": {"event_type": "x"}}"#, "[]"] {
        assert_eq!(read(&[], wrong).unwrap_err().code, Code::InvalidPayload, "{wrong}");
    }
}

#[test]
fn an_event_without_its_data_is_refused_and_not_guessed() {
    let empty = json!({ "event": { "event_type": "incident.triggered", "data": { "type": "incident" } } });
    for payload in [json!({}), json!({ "event": {} }), empty] {
        assert!(crate::normalise(&delivery(Provider::Pagerduty, "incident.triggered", &[], &payload)).is_err());
    }
}
