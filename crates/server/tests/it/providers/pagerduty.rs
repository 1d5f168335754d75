//! PagerDuty: an incident is told by webhooks and by its log, and is remembered once.

use std::time::Duration;

use campanile_base::{Clock, Timestamp};
use campanile_testkit::pagerduty::{KEY, PagerdutyServer};
use campanile_testkit::provider::sign;
use campanile_testkit::server::SOURCE_SECRET;
use serde_json::{Value, json};

use super::{a_wrong_token_connects_nothing, add_source, deliver, linked, remembered};
use crate::on_each_server;
use crate::tools::{delete, read, until};

/// A time as identities have it.
fn second(at: Timestamp) -> String {
    at.to_string().replace(".000000", "")
}

/// A whole second so many minutes ago.
fn ago(minutes: u64) -> Timestamp {
    Timestamp::from_seconds(Clock::System.now().minus(Duration::from_secs(minutes * 60)).as_seconds())
}

fn webhook(event: &str, at: Timestamp, incident: &str) -> Value {
    let at = at.plus(Duration::from_millis(169)).to_string();
    json!({ "event": {
        "id": format!("E-{event}-{incident}"), "event_type": event, "resource_type": "incident", "occurred_at": at,
        "agent": { "id": "PUSR", "type": "user_reference", "summary": "Ann Ash" }, "client": null,
        "data": {
            "id": incident, "type": "incident", "number": 1, "title": "Payments answer 502", "status": "triggered",
            "urgency": "high", "html_url": format!("https://acme.pagerduty.com/incidents/{incident}"),
            "service": { "id": "PSVC0", "type": "service_reference", "summary": "Checkout" },
        },
    } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_of_pagerduty_is_remembered_once_whoever_tells_it() {
    let provider = PagerdutyServer::start(&["Checkout", "Search"]).await;
    on_each_server(&[("CAMPANILE_CONNECTOR_PAGERDUTY_API_URL", &provider.url)], async |server| {
        provider.clear();
        add_source(&server, "pagerduty").await;
        let (triggered, acknowledged, resolved) = (ago(60), ago(58), ago(30));

        // A forged delivery is refused, and a ping is taken.
        let body = webhook("incident.triggered", triggered, "PINC1");
        let mut forged = sign("pagerduty", SOURCE_SECRET, "", "W-0", body.to_string().as_bytes());
        *forged.body.last_mut().unwrap() = b' ';
        assert_eq!(server.deliver(&forged).await.unwrap().status, 401);
        let ping = json!({ "event": { "id": "P", "event_type": "pagey.ping", "data": { "type": "ping" } } });
        assert_eq!(deliver(&server, "pagerduty", "", "W-ping", &ping).await, 202);

        assert_eq!(deliver(&server, "pagerduty", "", "W-1", &body).await, 202);
        let again = webhook("incident.acknowledged", acknowledged, "PINC1");
        assert_eq!(deliver(&server, "pagerduty", "", "W-2", &again).await, 202);
        assert_eq!(deliver(&server, "pagerduty", "", "W-2", &again).await, 202, "a repeat");
        let first = format!("pagerduty-incident:PINC1:acknowledged:{}", second(acknowledged));
        assert_eq!(remembered(&server).await, [first.as_str(), "pagerduty-incident:PINC1:triggered"]);
        let seen = read(&server, "/api/observations?source=pagerduty").await;
        let incident = seen["data"].as_array().unwrap().iter().find(|it| it["type"] == "incident.triggered").unwrap();
        assert_eq!((&incident["category"], &incident["actor"]["name"]), (&json!("incident"), &json!("Ann Ash")));
        assert!(incident["significance"].as_i64().unwrap() >= 80, "{incident}");
        let skipped = read(&server, "/api/deliveries?event=pagey.ping").await;
        assert_eq!(skipped["data"][0]["reason"], "PagerDuty checks that the webhook works");

        // The history brings the rest, and another incident.
        let times = [triggered, acknowledged, resolved].map(|at| at.to_string());
        let log =
            [("trigger", &*times[0]), ("assign", &*times[0]), ("acknowledge", &*times[1]), ("resolve", &*times[2])];
        provider.add_incident("PINC1", "PSVC0", "Payments answer 502", &log);
        provider.add_incident("PINC2", "PSVC0", "The queue is full", &[("trigger", &times[2])]);
        provider.add_incident("PINC3", "PSVC1", "Not of this service", &[("trigger", &times[2])]);
        a_wrong_token_connects_nothing(&server, "pagerduty").await;
        let (connection, backfill) = linked(&server, "pagerduty", KEY, 2, ("service", "PSVC0")).await;
        assert_eq!(
            (&connection["account_label"], &connection["account_id"]),
            (&json!("acme"), &json!("acme.pagerduty.com"))
        );
        assert_eq!((&connection["limit_total"], &connection["limit_remaining"]), (&json!(960), &json!(950)));
        assert_eq!(
            (&backfill["status"], &backfill["progress"]["remembered"]),
            (&json!("completed"), &json!(2)),
            "{backfill}"
        );
        let expected = [
            first,
            format!("pagerduty-incident:PINC1:resolved:{}", second(resolved)),
            "pagerduty-incident:PINC1:triggered".to_owned(),
            "pagerduty-incident:PINC2:triggered".to_owned(),
        ];
        assert_eq!(remembered(&server).await, expected);
        assert!(!connection.to_string().contains(KEY), "{connection}");

        let place = format!("/api/connections/{}", connection["id"].as_str().unwrap());
        assert_eq!(delete(&server, &place).await, 202);
        until(&server, &place, |connection| connection["status"] == "closed").await;
        let log = read(&server, &format!("{place}/log")).await;
        assert!(log.to_string().contains("API Access Keys"), "the key is its owner's to end: {log}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_of_pagerduty_come_page_by_page_and_none_is_missing() {
    let provider = PagerdutyServer::start(&["Checkout"]).await;
    on_each_server(&[("CAMPANILE_CONNECTOR_PAGERDUTY_API_URL", &provider.url)], async |server| {
        provider.clear();
        for n in 0..45 {
            let at = ago(500 - n).to_string();
            provider.add_incident(&format!("PINC{n}"), "PSVC0", "The disk is full", &[("trigger", &at)]);
        }
        let (_, backfill) = linked(&server, "pagerduty", KEY, 1, ("service", "PSVC0")).await;
        let pages = &backfill["stretches"][0];
        assert_eq!((&pages["pages"], &pages["remembered"]), (&json!(3), &json!(45)), "{backfill}");
    })
    .await;
}
