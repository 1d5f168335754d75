//! Incidents that are told by their logs, like their webhooks told them.

use campanile_base::source_event::SourceEvent;

use super::*;
use crate::deliveries::{Delivery, Origin};
use crate::identity_tests::{delivery as empty, read};
use crate::normalisation::page_body;
use crate::{NormalForm, Provider};

fn incident() -> Value {
    json!({
        "id": "PINC", "type": "incident", "summary": "[#12] Payments answer 502", "title": "Payments answer 502",
        "html_url": "https://acme.pagerduty.com/incidents/PINC", "incident_number": 12, "status": "resolved",
        "created_at": "2026-11-02T10:00:00Z", "urgency": "high",
        "service": { "id": "PSVC", "type": "service_reference", "summary": "Checkout" },
        "assignments": [{ "at": "2026-11-02T10:00:00Z", "assignee": { "id": "PUSR", "summary": "Ann Ash" } }],
    })
}

fn entry(kind: &str, at: &str, more: Value) -> Value {
    let agent = json!({ "id": "PUSR", "type": "user_reference", "summary": "Ann Ash" });
    let mut entry =
        json!({ "id": format!("R{at}"), "type": format!("{kind}_log_entry"), "created_at": at, "agent": agent });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

fn told(entries: &[Value]) -> Vec<SourceEvent> {
    let items: Vec<(String, Value)> = entries.iter().filter_map(|entry| event(&incident(), entry)).collect();
    let page = Delivery {
        body: page_body(&items),
        origin: Origin::Backfill,
        ..empty(Provider::Pagerduty, "pull:incident", &[], &Value::Null)
    };
    match crate::normalise(&page).unwrap() {
        NormalForm::Events { events, .. } => events,
        other => panic!("not remembered: {other:?}"),
    }
}

#[test]
fn an_entry_of_a_log_is_the_event_that_its_webhook_told() {
    let (triggered, acknowledged) = ("2026-11-02T10:00:00Z", "2026-11-02T10:01:30Z");
    let note = json!({ "channel": { "type": "note", "summary": "The gateway is down." } });
    let history = told(&[
        entry("trigger", triggered, json!({})),
        entry("assign", triggered, json!({})),
        entry("notify", triggered, json!({})),
        entry("acknowledge", acknowledged, json!({})),
        entry("annotate", "2026-11-02T10:02:00Z", note),
        entry("resolve", "2026-11-02T10:10:00Z", json!({})),
    ]);
    let kinds: Vec<&str> = history.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(kinds, ["incident.triggered", "incident.acknowledged", "incident.annotated", "incident.resolved"]);
    let statuses: Vec<Option<&str>> =
        history.iter().map(|event| event.metadata.get("status").and_then(Value::as_str)).collect();
    assert_eq!(statuses, [Some("triggered"), Some("acknowledged"), None, Some("resolved")]);

    // Webhooks tell the same to the millisecond.
    let sent = |name: &str, at: &str, data: Value| {
        let body = json!({ "event": { "id": "E", "event_type": name, "occurred_at": at, "data": data } });
        read(&empty(Provider::Pagerduty, name, &[], &body))
    };
    let data = || json!({ "id": "PINC", "title": "Payments answer 502", "number": 12, "status": "triggered" });
    let noted = json!({ "id": "PNOT", "content": "The gateway is down.", "incident": { "id": "PINC", "summary": "Payments answer 502" } });
    let webhooks = [
        sent("incident.triggered", "2026-11-02T10:00:00.412Z", data()),
        sent("incident.acknowledged", "2026-11-02T10:01:30.020Z", data()),
        sent("incident.annotated", "2026-11-02T10:02:00.900Z", noted),
        sent("incident.resolved", "2026-11-02T10:10:00.001Z", data()),
    ];
    for (pulled, sent) in history.iter().zip(&webhooks) {
        assert_eq!((&pulled.source_id, &pulled.title), (&sent.source_id, &sent.title));
    }
}

#[test]
fn a_long_list_begins_anew_before_its_end() {
    let since = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    let page: Vec<Value> = (0..PAGE).map(|_| json!({ "created_at": "2026-11-02T10:00:00Z" })).collect();
    let behind = |cursor: &str| Cursor::read(Some(cursor), since).unwrap().behind(&page).written();
    assert_eq!(behind("2026-11-01T00:00:00Z+20"), "2026-11-01T00:00:00.000000Z+40");
    assert_eq!(behind("2026-11-01T00:00:00Z+9980"), "2026-11-02T10:00:00.000000Z+0");
    for wrong in ["", "+", "2026-11-01T00:00:00Z", "x+1", "2026-11-01T00:00:00Z+-1"] {
        assert!(Cursor::read(Some(wrong), since).is_err(), "{wrong}");
    }
}

#[test]
fn the_list_is_asked_for_by_its_service_and_a_range_of_time() {
    let time = |text: &str| Timestamp::parse(text).unwrap();
    let place = HistoryPlace { kind: "incident", resource: "PSVC", name: None, since: time("2026-11-01T00:00:00Z") };
    let path = path(place, &Cursor { since: place.since, offset: 0 }, 1, time("2026-11-02T00:00:00Z")).unwrap();
    for part in
        ["service_ids%5B%5D=PSVC", "since=2026-11-01T00%3A00%3A00Z", "until=2026-11-02T", "sort_by=created_at%3Aasc"]
    {
        assert!(path.contains(part), "{path}");
    }
}
