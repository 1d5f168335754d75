//! GitHub's lists held against its webhooks: both tell an event alike.

use std::collections::BTreeSet;

use campanile_base::source_event::SourceEvent;

use super::*;
use crate::deliveries::{Delivery, Origin};
use crate::identity_tests::delivery as empty;
use crate::normalisation::page_body;
use crate::{NormalForm, Provider};

fn repository() -> Value {
    json!({ "id": 7, "full_name": "acme/shop", "default_branch": "main" })
}

/// The events of a page of a kind.
fn pulled(kind: &str, items: &[Value], since: &str) -> Vec<SourceEvent> {
    let (repository, since) = (repository(), Timestamp::parse(since).unwrap());
    let about = About { repository: &repository, since };
    let list = list(kind).unwrap();
    let events: Vec<_> = items.iter().flat_map(|item| (list.events)(item, &about)).collect();
    let body = page_body(&events);
    told(&Delivery { body, origin: Origin::Backfill, ..empty(Provider::Github, "pull:x", &[], &Value::Null) })
}

fn told(delivery: &Delivery) -> Vec<SourceEvent> {
    match crate::normalise(delivery).unwrap() {
        NormalForm::Events { events, .. } => events,
        other => panic!("no event: {other:?}"),
    }
}

fn webhook(event: &str, body: &Value) -> SourceEvent {
    told(&empty(Provider::Github, event, &[], body)).remove(0)
}

/// The part of an event that both tell.
fn alike(event: &SourceEvent) -> (&str, &str, String, String, Timestamp, Option<&str>) {
    let keys: BTreeSet<_> = event.references.iter().filter_map(|reference| reference.key.as_deref()).collect();
    let actor = event.actor.as_ref().map(|actor| actor.name.as_str());
    (&event.source_id, &event.event_type, event.title.clone(), format!("{keys:?}"), event.occurred_at, actor)
}

fn pr(number: u64, merged_at: Option<&str>, closed_at: Option<&str>) -> Value {
    json!({
        "id": 100 + number, "number": number, "title": format!("Pay twice {number}"), "body": "Fixes #3",
        "html_url": format!("https://github.com/acme/shop/pull/{number}"), "user": { "id": 1, "login": "ann" },
        "created_at": "2026-11-02T10:00:00Z", "updated_at": "2026-11-05T10:00:00Z", "closed_at": closed_at,
        "merged_at": merged_at, "merge_commit_sha": "abcdef1234567890", "state": "closed", "draft": false,
        "head": { "ref": "pay", "sha": "1234567890abcdef" }, "base": { "ref": "main", "repo": repository() },
    })
}

#[test]
fn pull_requests_are_told_as_their_webhooks_tell_them() {
    let at = Some("2026-11-04T10:00:00Z");
    let items = [pr(1, at, at), pr(2, None, at), pr(3, None, None)];
    let events = pulled("pull_request", &items, "2026-11-01T00:00:00Z");
    let told: BTreeSet<_> = events.iter().map(alike).collect();
    let mut sent = Vec::new();
    for (item, merged, is_closed) in [(&items[0], true, true), (&items[1], false, true), (&items[2], false, false)] {
        let body = |action: &str, merged: bool| json!({ "action": action, "pull_request": with(item, "merged", merged), "repository": repository() });
        sent.push(webhook("pull_request", &body("opened", false)));
        if is_closed {
            sent.push(webhook("pull_request", &body("closed", merged)));
        }
    }
    assert_eq!(told, sent.iter().map(alike).collect());
    let ids: BTreeSet<_> = events.iter().map(|event| event.source_id.as_str()).collect();
    assert!(ids.contains("pr:acme/shop#1:merged") && ids.contains("pr:acme/shop#2:closed:2026-11-04T10:00:00Z"));
}

#[test]
fn what_happened_before_the_history_is_not_told() {
    let at = Some("2026-11-04T10:00:00Z");
    let events = pulled("pull_request", &[pr(1, at, at)], "2026-11-03T00:00:00Z");
    assert_eq!(events.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>(), ["pull_request.merged"]);
}

#[test]
fn issues_and_comments_and_releases_are_told_as_their_webhooks_tell_them() {
    let since = "2026-11-01T00:00:00Z";
    let issue = json!({
        "number": 3, "title": "It is slow", "body": "", "html_url": "https://github.com/acme/shop/issues/3",
        "user": { "id": 2, "login": "bob" }, "created_at": "2026-11-02T10:00:00Z", "updated_at": "2026-11-06T10:00:00Z",
        "closed_at": "2026-11-06T10:00:00Z", "state": "closed", "labels": [{ "name": "bug" }],
    });
    let as_pr = with(&issue, "pull_request", json!({}));
    let events = pulled("issue", &[issue.clone(), as_pr], since);
    let body = |action: &str| json!({ "action": action, "issue": issue, "repository": repository() });
    let sent = [webhook("issues", &body("opened")), webhook("issues", &body("closed"))];
    assert_eq!(events.iter().map(alike).collect::<Vec<_>>(), sent.iter().map(alike).collect::<Vec<_>>());

    let comment = json!({
        "id": 55, "body": "Look here", "user": { "id": 2, "login": "bob" }, "created_at": "2026-11-02T10:00:00Z",
        "updated_at": "2026-11-02T10:00:00Z", "html_url": "https://github.com/acme/shop/pull/9#issuecomment-55",
        "issue_url": "https://api.github.com/repos/acme/shop/issues/9",
    });
    let on = json!({ "number": 9, "html_url": "https://github.com/acme/shop/pull/9", "pull_request": {} });
    let sent = json!({ "action": "created", "comment": comment, "issue": on, "repository": repository() });
    assert_eq!(alike(&pulled("issue_comment", &[comment], since)[0]), alike(&webhook("issue_comment", &sent)));

    let comment = json!({
        "id": 56, "body": "Why?", "user": { "id": 2, "login": "bob" }, "created_at": "2026-11-02T10:00:00Z",
        "updated_at": "2026-11-02T10:00:00Z", "html_url": "https://github.com/acme/shop/pull/9#discussion_r56",
        "pull_request_url": "https://api.github.com/repos/acme/shop/pulls/9", "path": "src/pay.rs", "line": 12,
        "diff_hunk": "@@ -1 +1 @@", "commit_id": "1234567890abcdef",
    });
    let on = json!({ "number": 9, "html_url": "https://github.com/acme/shop/pull/9" });
    let sent = json!({ "action": "created", "comment": comment, "pull_request": on, "repository": repository() });
    let events = pulled("review_comment", &[comment], since);
    assert_eq!(alike(&events[0]), alike(&webhook("pull_request_review_comment", &sent)));

    let release = json!({
        "id": 77, "tag_name": "v1", "name": "One", "body": "", "draft": false, "target_commitish": "main",
        "created_at": "2026-11-02T09:00:00Z", "published_at": "2026-11-02T10:00:00Z", "author": { "id": 1, "login": "ann" },
    });
    let draft = with(&release, "draft", true);
    let sent = json!({ "action": "published", "release": release, "repository": repository() });
    let events = pulled("release", &[draft, release], since);
    assert_eq!(events.iter().map(alike).collect::<Vec<_>>(), [alike(&webhook("release", &sent))]);
}
