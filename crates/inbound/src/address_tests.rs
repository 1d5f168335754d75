//! Tests of the addresses of events: those that a payload has are kept, and those that are not of the web are not.

use campanile_base::source_event::{SourceEvent, address_of};
use serde_json::{Value, json};

use crate::identity_tests::{delivery, read};
use crate::*;

const PAGE: &str = "https://example.com/page";

fn address(event: &SourceEvent) -> Option<String> {
    address_of(event.metadata.get("url").and_then(Value::as_str).map(str::to_owned), &event.references)
}

/// Every kind of event that is remembered, with an address where its provider has it.
fn events_at(url: &str) -> Vec<(&'static str, SourceEvent)> {
    let repository = json!({ "id": 1, "full_name": "acme/shop", "html_url": url });
    let user = json!({ "id": 7, "login": "ada", "avatar_url": url });
    let thing =
        json!({ "number": 4, "id": 4, "title": "t", "tag_name": "v1", "html_url": url, "user": user, "body": "b" });
    let on_github = |event: &'static str, action: &str, field: &str| {
        let payload =
            json!({ "action": action, "repository": repository, "sender": user, field: thing, "issue": thing });
        (event, read(&delivery(Provider::Github, event, &[], &payload)))
    };
    let push = json!({ "ref": "refs/heads/main", "before": "a", "after": "b", "repository": repository,
        "sender": user, "head_commit": { "message": "m", "url": url } });
    let branch_gone = json!({ "ref": "refs/heads/old", "before": "a", "after": "0", "deleted": true,
        "repository": repository, "sender": user });
    let installation = json!({ "action": "created", "sender": user,
        "installation": { "id": 9, "html_url": url, "account": { "login": "acme" } } });
    let deployment = json!({ "type": "deployment.ready", "id": "d", "createdAt": 1_760_000_000_000_i64,
        "payload": { "deployment": { "id": "dpl_1", "name": "shop" }, "links": { "deployment": url } } });
    let on_linear = |event: &'static str, mut data: Value| {
        data["id"] = "x".into();
        (event, read(&delivery(Provider::Linear, event, &[], &json!({ "url": url, "data": data }))))
    };
    let on_sentry = |event: &'static str, data: Value| {
        (event, read(&delivery(Provider::Sentry, event, &[], &json!({ "data": data }))))
    };
    let error = json!({ "event_id": "e", "project": 1, "title": "t", "web_url": url });
    vec![
        ("push", read(&delivery(Provider::Github, "push", &[], &push))),
        ("a deleted branch", read(&delivery(Provider::Github, "push", &[], &branch_gone))),
        on_github("pull_request", "opened", "pull_request"),
        on_github("issues", "opened", "issue"),
        on_github("issue_comment", "created", "comment"),
        on_github("release", "published", "release"),
        on_github("discussion", "created", "discussion"),
        on_github("repository", "renamed", "changes"),
        ("installation", read(&delivery(Provider::Github, "installation", &[], &installation))),
        ("a deployment", read(&delivery(Provider::Vercel, "deployment.ready", &[], &deployment))),
        on_linear("Issue:create", json!({ "identifier": "ENG-1", "title": "t" })),
        on_linear("Comment:create", json!({ "body": "b" })),
        on_linear("Project:update", json!({ "name": "n" })),
        on_linear("Cycle:update", json!({ "number": 1 })),
        on_linear("ProjectUpdate:create", json!({ "body": "b", "project": { "name": "n" } })),
        on_sentry(
            "issue.resolved",
            json!({ "issue": { "id": "1", "shortId": "S-1", "title": "t", "permalink": url } }),
        ),
        on_sentry("error.created", json!({ "error": error })),
        on_sentry("event_alert.triggered", json!({ "event": error, "triggered_rule": "r" })),
        on_sentry("metric_alert.critical", json!({ "metric_alert": { "id": 1 }, "web_url": url })),
    ]
}

#[test]
fn an_event_with_an_address_in_its_payload_has_it() {
    for (name, event) in events_at(PAGE) {
        assert_eq!(address(&event).as_deref(), Some(PAGE), "{name}: {event:?}");
    }
}

#[test]
fn an_address_of_another_scheme_is_never_kept() {
    for url in ["javascript:alert(1)", "javascript://example.com/%0aalert(1)", "data:text/html,x", " https://x.y"] {
        for (name, event) in events_at(url) {
            assert_eq!(address(&event), None, "{name}");
            let text = serde_json::to_string(&event).unwrap();
            assert!(!text.contains(url), "{name}: {text}");
        }
    }
}

#[test]
fn an_address_that_was_stored_before_is_not_given_back() {
    let stored = json!([{ "type": "issue", "id": "#1", "url": "javascript:alert(1)" }, { "type": "issue", "id": "#2", "url": PAGE }]);
    let references: Vec<campanile_base::source_event::Reference> = serde_json::from_value(stored).unwrap();
    assert_eq!((references[0].url.as_deref(), references[1].url.as_deref()), (None, Some(PAGE)));
    assert_eq!(address_of(Some("javascript:alert(1)".to_owned()), &references).as_deref(), Some(PAGE));
}
