//! Stories of issues, told by webhooks, by their history, or by both.

use std::collections::BTreeSet;
use std::time::Duration;

use campanile_base::source_event::SourceEvent;

use super::*;
use crate::Provider;
use crate::identity_tests::{Dice, delivery, sent, told, told_by_history};

fn start() -> Timestamp {
    Timestamp::parse("2026-11-01T00:00:00Z").unwrap()
}

fn place<'p>(kind: &'p str) -> HistoryPlace<'p> {
    HistoryPlace { kind, resource: "10", name: Some("shop"), since: start() }
}

/// An issue at its end with its activity, the newest entry first, and the webhooks that were sent
/// of it.
fn story(dice: &mut Dice, n: u64) -> (Value, Vec<SourceEvent>) {
    let mut at = start().plus(Duration::from_secs(dice.below(1_000_000)));
    let first = at.to_string();
    let mut issue = json!({
        "id": n.to_string(), "shortId": format!("SHOP-{n}"), "title": "TypeError: x", "status": "unresolved",
        "substatus": "new", "statusDetails": {}, "firstSeen": first, "lastSeen": first, "assignedTo": null,
        "project": { "id": "10", "name": "Shop", "slug": "shop" }, "metadata": { "type": "TypeError", "value": "x" },
    });
    let webhook = |action: &str, issue: &Value, at: Timestamp| {
        let body = json!({ "action": action, "data": { "issue": issue }, "actor": { "type": "user", "id": 7, "name": "ann" } });
        let seconds = at.as_seconds().to_string();
        let headers = [("sentry-hook-timestamp", seconds.as_str())];
        told(&delivery(Provider::Sentry, &format!("issue.{action}"), &headers, &body))
    };
    let mut webhooks = webhook("created", &issue, at);
    let mut activity = vec![json!({ "id": "0", "type": "first_seen", "dateCreated": first, "user": null })];
    for entry in 0..dice.below(6) {
        at = at.plus(Duration::from_secs(300 + dice.below(100_000)));
        let is_open = issue["status"] == "unresolved";
        let (kind, action, status, substatus) = match (is_open, dice.below(2)) {
            (true, 0) => ("set_resolved_in_release", "resolved", "resolved", Value::Null),
            (true, _) => ("set_ignored", "archived", "ignored", json!("archived_until_escalating")),
            (false, 0) => ("set_unresolved", "unresolved", "unresolved", json!("ongoing")),
            (false, _) => ("set_regression", "unresolved", "unresolved", json!("regressed")),
        };
        issue["status"] = json!(status);
        issue["substatus"] = substatus;
        if kind == "set_regression" {
            issue["lastSeen"] = json!(at.to_string());
        }
        let user = json!({ "id": "7", "name": "ann", "email": "ann@example.com" });
        activity
            .push(json!({ "id": format!("{n}{entry}"), "type": kind, "dateCreated": at.to_string(), "user": user }));
        activity
            .push(json!({ "id": format!("{n}{entry}n"), "type": "note", "dateCreated": at.to_string(), "user": user }));
        webhooks.extend(webhook(action, &issue, at.plus(Duration::from_secs(dice.below(90)))));
    }
    activity.reverse();
    issue["activity"] = json!(activity);
    (issue, webhooks)
}

fn history_of(issue: &Value, since: Timestamp) -> Vec<SourceEvent> {
    let mut items = vec![("issue.created".to_owned(), json!({ "action": "created", "data": { "issue": issue } }))];
    items.extend(actions(issue, issue, since));
    told_by_history(Provider::Sentry, &items)
}

#[test]
fn what_history_tells_of_an_issue_is_what_webhooks_told_with_the_time_at_which_it_happened() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let (issue, webhooks) = story(&mut dice, 1 + seed % 7);
        let pulled = history_of(&issue, start());
        assert_eq!(pulled.len(), webhooks.len(), "seed {seed}");
        let ids: BTreeSet<&str> = pulled.iter().map(|event| event.source_id.as_str()).collect();
        assert_eq!(ids.len(), pulled.len(), "an entry is one happening: seed {seed}");
        assert_eq!(pulled[0].source_id, webhooks[0].source_id, "created has one identity: seed {seed}");
        for (event, twin) in pulled.iter().zip(&webhooks) {
            assert_eq!((&event.event_type, &event.title), (&twin.event_type, &twin.title), "seed {seed}");
            let apart = event.occurred_at.since(twin.occurred_at).max(twin.occurred_at.since(event.occurred_at));
            assert!(apart <= Duration::from_secs(120), "seed {seed}");
            // Memory takes two for one that begin alike up to the action.
            let (action, id) = (event.event_type.strip_prefix("issue.").unwrap(), issue["id"].as_str().unwrap());
            let happening = format!("sentry-issue:{id}:{action}");
            assert!(event.source_id.starts_with(&happening) && twin.source_id.starts_with(&happening), "seed {seed}");
        }
    }
}

#[test]
fn what_was_done_before_the_history_is_left_out_and_an_issue_that_is_open_needs_no_further_call() {
    let at = |text: &str| json!(text);
    let entry = |id: &str, kind: &str, at: Value| json!({ "id": id, "type": kind, "dateCreated": at, "user": null });
    let issue = json!({
        "id": "5", "shortId": "SHOP-5", "status": "resolved", "statusDetails": { "inCommit": { "commit": "a1b2c3d" } },
        "activity": [
            entry("3", "set_resolved_in_commit", at("2026-11-03T00:00:00Z")),
            entry("2", "set_resolved", at("2026-11-02T00:00:00Z")),
            entry("1", "set_ignored", at("2026-10-02T00:00:00Z")),
        ],
    });
    let events: Vec<_> = actions(&issue, &issue, start());
    let entries: Vec<&str> = events.iter().filter_map(|(_, body)| body["activity"]["id"].as_str()).collect();
    assert_eq!(entries, ["2", "3"]);
    // The commit resolved it the last time.
    assert_eq!(events[0].1["data"]["issue"]["statusDetails"], json!({}));
    assert_eq!(events[1].1["data"]["issue"]["statusDetails"]["inCommit"]["commit"], "a1b2c3d");
    for (status, substatus, is_read) in [
        ("unresolved", json!("new"), false),
        ("unresolved", json!("ongoing"), false),
        ("unresolved", json!("regressed"), true),
        ("unresolved", json!("escalating"), true),
        ("resolved", Value::Null, true),
        ("ignored", json!("archived_forever"), true),
    ] {
        assert_eq!(has_activity(&json!({ "status": status, "substatus": substatus })), is_read, "{status} {substatus}");
    }
}

#[test]
fn an_error_has_one_identity_in_both_spellings() {
    let listed = json!({
        "eventID": "9fac2ceed9344f2bbfdd1fdacb0ed9b1", "projectID": "10", "groupID": "5", "event.type": "error",
        "title": "TypeError: x", "message": "", "dateCreated": "2026-11-02T00:00:00Z", "platform": "python",
        "tags": [{ "key": "release", "value": "1.2" }, { "key": "level", "value": "fatal" }],
    });
    let item = error(&listed, place(EVENT)).unwrap();
    let pulled = told_by_history(Provider::Sentry, &[item]);
    let webhook = json!({ "data": { "error": {
        "event_id": "9fac2ceed9344f2bbfdd1fdacb0ed9b1", "project": 10, "issue_id": "5", "title": "TypeError: x",
        "datetime": "2026-11-02T00:00:00Z",
    } } });
    let sent = sent(Provider::Sentry, [("error.created".to_owned(), webhook)].iter());
    assert_eq!((&pulled[0].source_id, pulled[0].occurred_at), (&sent[0].source_id, sent[0].occurred_at));
    assert_eq!((&pulled[0].metadata["release"], &pulled[0].metadata["level"]), (&json!("1.2"), &json!("fatal")));
    for (field, value) in [("event.type", "transaction"), ("dateCreated", "2026-10-30T00:00:00Z")] {
        let mut other = listed.clone();
        other[field] = json!(value);
        assert!(error(&other, place(EVENT)).is_none(), "{field}");
    }
}

#[test]
fn the_list_of_issues_is_asked_for_with_an_empty_query() {
    let now = Timestamp::parse("2026-11-08T10:00:00Z").unwrap();
    let path = first_path("2", place(ISSUE), now).unwrap();
    let expected = "/api/0/organizations/2/issues/?query=&project=10&sort=new&limit=25&statsPeriod=178h";
    assert_eq!(path, expected);
    let path = first_path("2", place(EVENT), start()).unwrap();
    assert_eq!(path, "/api/0/projects/2/10/events/?statsPeriod=1h", "a period of no time is refused");
    assert!(matches!(first_path("2", place("release"), now), Err(Trouble::Invalid(_))));
}
