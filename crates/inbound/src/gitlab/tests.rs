//! GitLab's webhooks in their documented shape.

use super::*;
use crate::Provider;
use crate::identity_tests::{delivery, read};

const SHA: &str = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";

fn project() -> Value {
    json!({ "id": 15, "path_with_namespace": "Acme/web/shop", "default_branch": "main", "web_url": "https://gitlab.com/acme/web/shop" })
}

fn ann() -> Value {
    json!({ "id": 7, "name": "Ann Ash", "username": "ann", "email": "[REDACTED]", "avatar_url": "https://gitlab.com/a.png" })
}

/// A delivery of a payload with a project, and its event as the envelope reads it.
fn of(kind: &str, mut payload: Value) -> Delivery {
    payload["object_kind"] = kind.into();
    payload["project"] = project();
    if kind != "push" && kind != "tag_push" {
        payload["user"] = ann();
    }
    let event = envelope(&[], payload.to_string().as_bytes()).unwrap().event;
    delivery(Provider::Gitlab, &event, &[], &payload)
}

fn skipped(delivery: &Delivery) -> String {
    match crate::normalise(delivery).unwrap() {
        NormalForm::Skipped(why) => why,
        other => panic!("not skipped: {other:?}"),
    }
}

fn merge_request(action: &str, more: Value) -> Delivery {
    let mut request = json!({
        "id": 99, "iid": 12, "title": "Charge once", "description": "Closes #4 and fixes SHOP-7", "action": action,
        "source_branch": "charge-once", "target_branch": "main", "state": "opened", "draft": false,
        "created_at": "2026-11-02 10:00:00 UTC", "updated_at": "2026-11-03T09:30:00.123Z", "last_commit": { "id": SHA },
        "url": "https://gitlab.com/acme/web/shop/-/merge_requests/12",
    });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    of(
        "merge_request",
        json!({
            "object_attributes": request, "reviewers": [{ "username": "bob" }], "labels": [{ "title": "payments" }],
        }),
    )
}

#[test]
fn a_merge_request_names_its_branch_its_commit_and_the_issues_that_it_closes() {
    let event = read(&merge_request("open", json!({})));
    assert_eq!(
        (event.event_type.as_str(), event.source_id.as_str()),
        ("merge_request.opened", "gitlab-mr:15!12:opened")
    );
    assert_eq!(event.title, "[MR Opened] Charge once");
    assert_eq!(event.occurred_at.to_string(), "2026-11-02T10:00:00.000000Z");
    let actor = event.actor.as_ref().unwrap();
    assert_eq!((actor.id.as_str(), actor.name.as_str(), actor.email.as_deref()), ("7", "ann", None));
    let keys: Vec<(&str, Option<&str>, Option<&str>)> = event
        .references
        .iter()
        .map(|it| (it.kind.as_str(), it.key.as_deref(), it.label.as_deref()))
        .filter(|(_, key, _)| key.is_some())
        .collect();
    let expected = [
        ("pr", Some("acme/web/shop!12"), None),
        ("branch", Some("charge-once"), None),
        ("commit", Some(SHA), None),
        ("issue", Some("acme/web/shop#4"), Some("closes")),
        ("issue", Some("SHOP-7"), Some("fixes")),
    ];
    assert_eq!(keys, expected);
}

#[test]
fn what_can_happen_to_a_merge_request_again_has_its_time() {
    let id = |action: &str, at: &str| read(&merge_request(action, json!({ "updated_at": at }))).source_id;
    let (first, second) = ("2026-11-03T09:30:00.123Z", "2026-11-04 09:30:00 UTC");
    for action in ["close", "reopen", "approved", "unapproved", "approval"] {
        assert_ne!(id(action, first), id(action, second), "{action}");
        assert_eq!(id(action, first), id(action, "2026-11-03 09:30:00 UTC"), "{action}");
    }
    assert_eq!(id("merge", first), id("merge", second), "it is merged once");
}

#[test]
fn an_update_is_remembered_when_it_makes_a_draft_ready() {
    let mut ready = merge_request("update", json!({}));
    let mut payload = ready.payload().unwrap();
    payload["changes"] = json!({ "draft": { "previous": true, "current": false } });
    ready.body = payload.to_string().into_bytes();
    let event = read(&ready);
    assert_eq!(
        (event.event_type.as_str(), event.title.as_str()),
        ("merge_request.ready_for_review", "[Ready for Review] Charge once")
    );
    assert!(skipped(&merge_request("update", json!({ "oldrev": SHA }))).contains("ready for review"));
}

fn issue(action: &str, closed_at: Value) -> Delivery {
    of(
        "issue",
        json!({ "object_attributes": {
        "id": 301, "iid": 23, "title": "Charged twice", "description": "See the logs.", "action": action, "state": "opened",
        "created_at": "2026-11-02T10:00:00.000Z", "updated_at": "2026-11-05T10:00:00Z", "closed_at": closed_at,
        "url": "https://gitlab.com/acme/web/shop/-/issues/23",
    }, "assignees": [{ "username": "bob" }] }),
    )
}

#[test]
fn an_issue_is_dated_when_it_was_opened_or_closed() {
    let opened = read(&issue("open", Value::Null));
    assert_eq!(
        (opened.source_id.as_str(), to_the_second(opened.occurred_at).as_str()),
        ("gitlab-issue:15#23:opened", "2026-11-02T10:00:00Z")
    );
    assert_eq!(opened.references[0].key.as_deref(), Some("acme/web/shop#23"));
    let closed = read(&issue("close", json!("2026-11-04T08:00:00.999Z")));
    assert_eq!(closed.source_id, "gitlab-issue:15#23:closed:2026-11-04T08:00:00Z");
    assert_ne!(closed.source_id, read(&issue("close", json!("2026-11-06 08:00:00 UTC"))).source_id);
    assert!(skipped(&issue("update", Value::Null)).contains("opened"));
}

#[test]
fn a_note_is_on_a_merge_request_an_issue_or_a_commit() {
    let note = |on: &str, thing: Value, action: Option<&str>| {
        let attributes = json!({ "id": 5, "note": "Looks good.\nReally.", "noteable_type": "X", "action": action,
            "created_at": "2026-11-02 10:00:00 UTC", "updated_at": "2026-11-02 11:00:00 UTC", "url": "https://gitlab.com/n" });
        read(&of("note", json!({ "object_attributes": attributes, on: thing })))
    };
    let on_request = note("merge_request", json!({ "iid": 12, "title": "Charge once" }), Some("create"));
    assert_eq!(
        (on_request.source_id.as_str(), on_request.references[0].key.as_deref()),
        ("gitlab-note:5:created", Some("acme/web/shop!12"))
    );
    assert_eq!(on_request.title, "[Comment Created] Looks good. Really.");
    assert!(on_request.body.ends_with("On: !12 Charge once"));
    let on_issue = note("issue", json!({ "iid": 23, "title": "Charged twice" }), None);
    assert_eq!(on_issue.references[0].key.as_deref(), Some("acme/web/shop#23"));
    let edited = note("commit", json!({ "id": SHA, "title": "Charge" }), Some("update"));
    assert_eq!(
        (edited.source_id.as_str(), edited.references[0].key.as_deref()),
        ("gitlab-note:5:updated:2026-11-02T11:00:00Z", Some(SHA))
    );
}

fn push(kind: &str, git_ref: &str, before: &str, after: &str) -> Delivery {
    let commit = |id: &str| {
        json!({ "id": id, "message": format!("Commit {}", &id[..2]), "timestamp": "2026-11-02T12:00:00+02:00",
        "url": format!("https://gitlab.com/acme/web/shop/-/commit/{id}"), "author": { "name": "Bob", "email": "bob@acme.example" } })
    };
    of(
        kind,
        json!({
            "before": before, "after": after, "ref": git_ref, "user_id": 7, "user_username": "ann", "total_commits_count": 2,
            "checkout_sha": if after.starts_with('0') { Value::Null } else { json!(after) },
            "commits": [commit("95790bf891e76fee5e1747ab589903a6a1f80f22"), commit(SHA)],
        }),
    )
}

#[test]
fn a_push_names_its_commits_and_its_branch() {
    let event = read(&push("push", "refs/heads/charge-once", "a", SHA));
    assert_eq!((event.title.as_str(), event.metadata["defaultBranch"].as_bool()), ("[Push] Commit da", Some(false)));
    assert_eq!(event.occurred_at.to_string(), "2026-11-02T10:00:00.000000Z");
    assert_eq!(event.actor.as_ref().map(|actor| actor.name.as_str()), Some("ann"));
    let keys: Vec<&str> = event.references.iter().filter_map(|it| it.key.as_deref()).collect();
    assert_eq!(keys, [SHA, "charge-once", "95790bf891e76fee5e1747ab589903a6a1f80f22"]);
    let tag = read(&push("tag_push", "refs/tags/v1.0", "a", SHA));
    assert_eq!((tag.title.as_str(), tag.event_type.as_str()), ("[Push] Tag v1.0", "push"));
    let gone = read(&push("push", "refs/heads/old", SHA, "0000000000000000000000000000000000000000"));
    assert_eq!(gone.title, "[Push] Deleted old");
    let to_main = read(&push("push", "refs/heads/main", "a", SHA));
    assert!(to_main.references.iter().all(|it| it.kind != ReferenceKind::Branch || it.key.is_none()));
}

#[test]
fn a_pipeline_is_remembered_when_it_fails_and_each_time_that_it_does() {
    let pipeline = |status: &str, ended: &str| {
        of(
            "pipeline",
            json!({
                "object_attributes": { "id": 31, "ref": "main", "tag": false, "sha": SHA, "status": status, "finished_at": ended,
                    "url": "https://gitlab.com/acme/web/shop/-/pipelines/31" },
                "merge_request": { "iid": 12 }, "commit": { "message": "Charge once" },
                "builds": [{ "name": "test", "status": "failed", "allow_failure": false }, { "name": "lint", "status": "failed", "allow_failure": true }],
            }),
        )
    };
    let event = read(&pipeline("failed", "2026-11-02 10:05:00 UTC"));
    assert_eq!(event.source_id, "gitlab-pipeline:15:31:failed:2026-11-02T10:05:00Z");
    assert_eq!(
        (event.body.as_str(), &event.metadata["defaultBranch"]),
        ("Charge once\nFailed jobs: test", &json!(true))
    );
    assert_ne!(event.source_id, read(&pipeline("failed", "2026-11-02 11:05:00 UTC")).source_id);
    assert_eq!(skipped(&pipeline("success", "2026-11-02 10:05:00 UTC")), "pipelines are remembered when they fail");
}

#[test]
fn a_deployment_is_tied_to_the_commit_in_its_address() {
    let deployment = |status: &str| {
        of(
            "deployment",
            json!({ "status": status, "status_changed_at": "2026-11-02 12:00:00 +0200", "deployment_id": 15,
            "deployable_url": "https://gitlab.com/acme/web/shop/-/jobs/796", "environment": "production", "ref": "main",
            "commit_url": format!("https://gitlab.com/acme/web/shop/-/commit/{SHA}"), "commit_title": "Charge once" }),
        )
    };
    let event = read(&deployment("failed"));
    assert_eq!(
        (event.source_id.as_str(), event.title.as_str()),
        ("gitlab-deployment:15:15:failed", "[Deployment Failed] Acme/web/shop to production")
    );
    assert_eq!(event.occurred_at.to_string(), "2026-11-02T10:00:00.000000Z");
    let keys: Vec<&str> = event.references.iter().filter_map(|it| it.key.as_deref()).collect();
    assert_eq!(keys, ["gitlab:15:15", SHA]);
    assert!(skipped(&deployment("running")).contains("succeed or fail"));
}

#[test]
fn a_release_is_known_by_its_tag_and_other_events_are_skipped_with_a_reason() {
    let release = |action: &str| {
        of(
            "release",
            json!({ "id": 1, "action": action, "tag": "v1.1", "name": "Summer", "description": "Faster.",
            "released_at": "2026-11-02 12:55:12 UTC", "url": "https://gitlab.com/r", "commit": { "id": SHA } }),
        )
    };
    let event = read(&release("create"));
    assert_eq!(
        (event.source_id.as_str(), event.title.as_str()),
        ("gitlab-release:15:v1.1:created", "[Release Published] Summer")
    );
    assert_eq!(event.references[0].key.as_deref(), Some(SHA));
    assert!(skipped(&release("update")).contains("created"));
    assert_eq!(
        skipped(&of("wiki_page", json!({ "object_attributes": { "action": "create" } }))),
        "wiki_page events are not remembered"
    );
}

#[test]
fn a_delivery_is_known_by_the_header_of_its_signature_or_by_its_body() {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let body = br#"{"object_kind": "push", "status": 3}"#;
    let signed = envelope(&[header("webhook-id", "msg-1"), header("webhook-timestamp", "1800000000")], body).unwrap();
    assert_eq!((signed.event.as_str(), signed.delivery_id.as_str()), ("push", "msg-1"));
    assert_eq!(signed.sent_at, Some(Timestamp::from_seconds(1_800_000_000)));
    assert_eq!(envelope(&[header("idempotency-key", "key-1")], body).unwrap().delivery_id, "key-1");
    let one = envelope(&[header("x-gitlab-event-uuid", "u")], body).unwrap();
    let other = envelope(&[header("x-gitlab-event-uuid", "u")], br#"{"object_kind": "note"}"#).unwrap();
    assert_ne!(one.delivery_id, other.delivery_id, "events that follow from one another");
    assert_eq!(envelope(&[], b"{}").unwrap_err().code, Code::InvalidPayload);
}
