//! Things of GitLab that are told by the API, like their webhooks told them.

use campanile_base::source_event::SourceEvent;

use super::*;
use crate::Provider;
use crate::identity_tests::{delivery, read};

const SINCE: &str = "2026-11-01T00:00:00Z";

fn about(project: &Value) -> About<'_> {
    About { project, since: Timestamp::parse(SINCE).unwrap() }
}

fn told(events: Vec<(String, Value)>) -> Vec<SourceEvent> {
    events.into_iter().map(|(event, body)| read(&delivery(Provider::Gitlab, &event, &[], &body))).collect()
}

fn project() -> Value {
    json!({ "id": 15, "path_with_namespace": "acme/shop" })
}

fn listed(more: Value) -> Value {
    let ann = json!({ "id": 7, "username": "ann" });
    let mut thing = json!({
        "id": 99, "iid": 12, "title": "Charge once", "description": "Closes #4", "state": "opened", "author": ann,
        "created_at": "2026-11-02T10:00:00.500Z", "updated_at": "2026-11-09T10:00:00Z", "labels": ["payments"],
        "source_branch": "charge-once", "target_branch": "main", "sha": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
        "web_url": "https://gitlab.com/acme/shop/-/merge_requests/12", "assignees": [], "reviewers": [],
    });
    thing.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    thing
}

/// The event that a webhook tells of the same thing.
fn sent(kind: &str, action: &str, more: Value) -> SourceEvent {
    let mut object =
        json!({ "iid": 12, "title": "Charge once", "action": action, "created_at": "2026-11-02 10:00:00 UTC" });
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let body = json!({ "object_kind": kind, "object_attributes": object, "project": project(), "user": { "id": 7, "username": "ann" } });
    read(&delivery(Provider::Gitlab, &format!("{kind}.{action}"), &[], &body))
}

#[test]
fn a_merge_request_is_told_as_its_webhooks_told_it() {
    let project = project();
    let merged = json!({ "state": "merged", "merged_at": "2026-11-03T09:30:00.777Z", "merge_user": { "id": 8, "username": "bob" } });
    let history = told(merge_request(&listed(merged), &about(&project)));
    let webhooks = [
        sent("merge_request", "open", json!({})),
        sent("merge_request", "merge", json!({ "updated_at": "2026-11-03 09:30:01 UTC" })),
    ];
    assert_eq!(history.len(), 2);
    for (pulled, sent) in history.iter().zip(&webhooks) {
        assert_eq!((&pulled.source_id, &pulled.title), (&sent.source_id, &sent.title));
    }
    let people: Vec<&str> = history.iter().map(|event| event.actor.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(people, ["ann", "bob"]);
    assert_eq!(history[1].occurred_at.to_string(), "2026-11-03T09:30:00.777000Z");

    let closed = told(merge_request(&listed(json!({ "closed_at": "2026-11-03T09:30:00.777Z" })), &about(&project)));
    let webhook = sent("merge_request", "close", json!({ "updated_at": "2026-11-03 09:30:00 UTC" }));
    assert_eq!(closed[1].source_id, webhook.source_id);
    assert!(closed[1].actor.is_none(), "the list does not tell who closed it");
}

#[test]
fn what_was_before_the_history_and_what_is_confidential_is_not_told() {
    let project = project();
    let old = listed(json!({ "created_at": "2026-10-01T00:00:00Z", "closed_at": "2026-11-03T09:30:00Z" }));
    let kinds: Vec<String> = issue(&old, &about(&project)).into_iter().map(|(event, _)| event).collect();
    assert_eq!(kinds, ["issue.close"]);
    assert!(issue(&listed(json!({ "confidential": true })), &about(&project)).is_empty());
}

#[test]
fn a_release_that_is_yet_to_come_is_not_told() {
    let project = project();
    let released = json!({ "tag_name": "v1.1", "name": "Summer", "released_at": "2026-11-02T12:00:00Z" });
    assert_eq!(told(release(&released, &about(&project)))[0].source_id, "gitlab-release:15:v1.1:created");
    let mut upcoming = released;
    upcoming["upcoming_release"] = json!(true);
    assert!(release(&upcoming, &about(&project)).is_empty());
}
