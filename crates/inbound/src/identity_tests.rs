//! Tests which deliveries report the same event, and which report another one.

use std::collections::HashSet;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_base::source_event::SourceEvent;
use serde_json::{Value, json};

use super::*;
use crate::deliveries::{Delivery, DeliveryId};
use crate::sources::SourceId;

const RECEIVED: &str = "2026-01-20T10:00:00Z";

pub(crate) fn delivery(provider: Provider, event: &str, headers: &[(&str, &str)], payload: &Value) -> Delivery {
    let at = Timestamp::parse(RECEIVED).unwrap();
    Delivery {
        id: DeliveryId::new(at),
        organisation_id: OrganisationId::from("org".to_owned()),
        workspace_id: WorkspaceId::from("ws".to_owned()),
        source_id: SourceId::from("src".to_owned()),
        provider,
        delivery_id: "d-1".to_owned(),
        event: event.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: payload.to_string().into_bytes(),
        received_at: at,
        origin: crate::deliveries::Origin::Webhook,
    }
}

pub(crate) fn read(delivery: &Delivery) -> SourceEvent {
    match normalise(delivery).unwrap() {
        NormalForm::Events { mut events, .. } => events.remove(0),
        other => panic!("no event: {other:?}"),
    }
}

/// A generator of numbers that are the same for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// The events of a delivery; none if it is skipped.
pub(crate) fn told(delivery: &Delivery) -> Vec<SourceEvent> {
    match normalise(delivery).unwrap() {
        NormalForm::Events { events, .. } => events,
        NormalForm::Reference | NormalForm::Skipped(_) => Vec::new(),
    }
}

/// The events of a page of history.
pub(crate) fn told_by_history(provider: Provider, items: &[(String, Value)]) -> Vec<SourceEvent> {
    let page = delivery(provider, "pull:page", &[], &Value::Null);
    let (body, origin) = (crate::normalisation::page_body(items), crate::deliveries::Origin::Backfill);
    told(&Delivery { body, origin, ..page })
}

/// The events of webhooks, in their order.
pub(crate) fn sent<'w>(provider: Provider, webhooks: impl Iterator<Item = &'w (String, Value)>) -> Vec<SourceEvent> {
    webhooks.flat_map(|(event, body)| told(&delivery(provider, event, &[], body))).collect()
}

fn github(event: &str, payload: &Value) -> SourceEvent {
    read(&delivery(Provider::Github, event, &[], payload))
}

fn sentry(action: &str, at: &str, payload: &Value) -> SourceEvent {
    read(&delivery(Provider::Sentry, action, &[("sentry-hook-timestamp", at)], payload))
}

fn linear(event: &str, payload: &Value) -> SourceEvent {
    read(&delivery(Provider::Linear, event, &[], payload))
}

/// The number of distinct source ids.
fn happenings(events: &[SourceEvent]) -> usize {
    events.iter().map(|event| &event.source_id).collect::<HashSet<_>>().len()
}

fn repository() -> Value {
    json!({ "id": 101, "full_name": "acme/shop", "default_branch": "main" })
}

fn pull_request(action: &str, more: Value) -> SourceEvent {
    let mut payload = json!({ "action": action, "repository": repository(), "sender": { "id": 8, "login": "bob" },
        "pull_request": { "number": 3, "title": "Ring", "user": { "id": 7, "login": "ada" },
            "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-09T10:00:00Z" } });
    for (name, value) in more.as_object().unwrap() {
        match payload["pull_request"].get(name).is_some() || name.ends_with("_at") || name == "merged" {
            true => payload["pull_request"][name] = value.clone(),
            false => payload[name] = value.clone(),
        }
    }
    github("pull_request", &payload)
}

fn push(git_ref: &str, before: &str, after: &str, pushed_at: i64) -> SourceEvent {
    let mut repository = repository();
    repository["pushed_at"] = pushed_at.into();
    github("push", &json!({ "ref": git_ref, "before": before, "after": after, "repository": repository }))
}

#[test]
fn what_happens_to_a_pull_request_again_is_another_happening() {
    let closed = |at: &str| pull_request("closed", json!({ "closed_at": at }));
    let events = [
        pull_request("opened", json!({})),
        closed("2026-01-02T10:00:00Z"),
        pull_request("reopened", json!({ "updated_at": "2026-01-03T10:00:00Z" })),
        closed("2026-01-04T10:00:00Z"),
        pull_request("reopened", json!({ "updated_at": "2026-01-05T10:00:00Z" })),
        pull_request("ready_for_review", json!({ "updated_at": "2026-01-05T10:00:00Z" })),
        pull_request("review_requested", json!({ "requested_team": { "slug": "core" } })),
        pull_request("review_requested", json!({ "requested_team": { "slug": "infra" } })),
    ];
    assert_eq!(happenings(&events), events.len());
    assert_eq!(happenings(&[closed("2026-01-02T10:00:00Z"), closed("2026-01-02T10:00:00Z")]), 1, "told twice");
}

#[test]
fn a_push_is_known_by_its_branch_and_its_time_too() {
    let events = [
        push("refs/heads/feature", "a", "b", 1),
        push("refs/heads/main", "a", "b", 2),
        push("refs/tags/v1.0", "0", "b", 3),
        push("refs/heads/main", "b", "a", 4),
        push("refs/heads/main", "a", "b", 5),
    ];
    assert_eq!(happenings(&events), events.len());
    assert_eq!(happenings(&[push("refs/heads/main", "a", "b", 2), push("refs/heads/main", "a", "b", 2)]), 1);
}

#[test]
fn a_tag_is_no_branch() {
    let tagged = push("refs/tags/v1.0", "0", "b", 3);
    assert!(tagged.references.iter().all(|reference| reference.kind.as_str() != "branch"), "{:?}", tagged.references);
    assert_eq!((tagged.metadata.get("branch"), &tagged.metadata["tag"]), (None, &json!("v1.0")));
    assert_eq!(tagged.title, "[Push] Tag v1.0");
}

#[test]
fn an_action_is_dated_when_it_was_taken_and_by_whom() {
    let at = |event: &SourceEvent| event.occurred_at.to_string();
    assert!(at(&pull_request("opened", json!({}))).starts_with("2026-01-01T10"));
    let merged = pull_request("closed", json!({ "merged": true, "merged_at": "2026-01-02T10:00:00Z" }));
    assert!(at(&merged).starts_with("2026-01-02T10"), "and not on the 9th, when it was last changed");
    assert_eq!((&merged.metadata["senderLogin"], &merged.actor.unwrap().name[..]), (&json!("bob"), "ada"));
    assert!(at(&pull_request("edited", json!({}))).starts_with("2026-01-09T10"));
}

fn sentry_issue(action: &str, at: &str, seen: &str, given_to: Value) -> SourceEvent {
    let issue = json!({ "id": "5", "shortId": "SHOP-1", "title": "TypeError", "firstSeen": "2026-01-01T10:00:00Z",
        "lastSeen": seen, "metadata": { "type": "TypeError", "value": "" }, "permalink": null,
        "web_url": "https://sentry.io/issues/5/", "assignedTo": given_to, "project": { "id": "3", "slug": "shop" } });
    sentry(&format!("issue.{action}"), at, &json!({ "action": action, "data": { "issue": issue } }))
}

#[test]
fn what_happens_to_a_sentry_issue_again_is_another_happening_with_its_own_time() {
    let nobody = || Value::Null;
    let events = [
        sentry_issue("created", "1767607200", "2026-01-05T10:00:00Z", nobody()),
        sentry_issue("resolved", "1767610800", "2026-01-05T10:00:00Z", nobody()),
        sentry_issue("unresolved", "1767614400", "2026-01-05T11:00:00Z", nobody()),
        sentry_issue("resolved", "1767618000", "2026-01-05T11:00:00Z", nobody()),
        sentry_issue("assigned", "1767618000", "2026-01-05T11:00:00Z", json!({ "id": "7", "name": "ada" })),
        sentry_issue("assigned", "1767618000", "2026-01-05T11:00:00Z", json!({ "id": "8", "name": "bob" })),
    ];
    assert_eq!(happenings(&events), events.len());
    assert!(events[0].occurred_at.to_string().starts_with("2026-01-01T10"), "it was seen first then");
    assert!(events[1].occurred_at.to_string().starts_with("2026-01-05T11"));
    assert_eq!(events[0].title, "[Issue Created] TypeError");
    assert_eq!(events[0].metadata["url"], "https://sentry.io/issues/5/");
}

#[test]
fn a_metric_that_is_critical_again_is_another_happening() {
    let alert = |action: &str, at: &str| {
        let alert = json!({ "id": "9", "alert_rule": { "organization_id": 1, "name": "p95" },
            "date_detected": "2026-01-05T10:00:00Z", "date_closed": "2026-01-05T12:00:00Z" });
        sentry(&format!("metric_alert.{action}"), at, &json!({ "data": { "metric_alert": alert } }))
    };
    let events =
        [alert("critical", "100"), alert("warning", "200"), alert("critical", "300"), alert("resolved", "400")];
    assert_eq!(happenings(&events), 4);
    assert!(events[3].occurred_at.to_string().starts_with("2026-01-05T12"));
}

#[test]
fn errors_and_alerts_of_sentry_name_their_issue() {
    let event = json!({ "event_id": "e", "project": 3, "issue_url": "https://sentry.io/api/0/issues/5/" });
    let error = sentry("error.created", "100", &json!({ "data": { "error": event } }));
    let alert = sentry(
        "event_alert.triggered",
        "100",
        &json!({ "data": { "event": { "event_id": "e", "issue_id": "5" }, "triggered_rule": "Many" } }),
    );
    let issue = sentry_issue("created", "100", "2026-01-05T10:00:00Z", Value::Null);
    for event in [&error, &alert, &issue] {
        assert!(event.references.iter().any(|r| r.key.as_deref() == Some("sentry:5")), "{:?}", event.references);
    }
}

#[test]
fn cycles_of_two_teams_with_one_number_are_two() {
    let cycle = |id: &str| {
        let data = json!({ "id": id, "number": 12, "teamId": "t", "updatedAt": "2026-01-05T10:00:00Z" });
        linear("Cycle:create", &json!({ "data": data }))
    };
    assert_eq!(happenings(&[cycle("a"), cycle("b")]), 2);
}

#[test]
fn kinds_of_linear_without_data_are_skipped_and_not_failed() {
    for event in ["IssueSLA:breached", "OAuthApp:revoked", "PermissionChange:update"] {
        let skipped = normalise(&delivery(Provider::Linear, event, &[], &json!({ "issueData": {} }))).unwrap();
        assert!(matches!(skipped, NormalForm::Skipped(_)), "{event}: {skipped:?}");
    }
}

#[test]
fn linear_says_who_acted_and_addresses_say_which_issue() {
    let comment = linear(
        "Comment:create",
        &json!({
            "url": "https://linear.app/acme/issue/ENG-1/its-title#comment-1", "actor": { "id": "u2", "name": "Bob" },
            "data": { "id": "m", "body": "me too", "issue": { "id": "i", "title": "x" }, "user": { "id": "u1", "name": "Ann" } },
        }),
    );
    assert_eq!(comment.references[0].id, "ENG-1");
    assert_eq!(comment.actor.unwrap().name, "Bob");
}

#[test]
fn deployments_of_every_host_of_code_have_their_commit() {
    for host in ["github", "gitlab", "bitbucket"] {
        let meta = json!({ (format!("{host}CommitSha")): "abc", (format!("{host}CommitRef")): "fix",
            (format!("{host}CommitAuthorName")): "Ada" });
        let payload = json!({ "id": "v", "type": "deployment.succeeded",
            "payload": { "deployment": { "id": "dpl", "name": "shop", "meta": meta } } });
        let deployed = read(&delivery(Provider::Vercel, "deployment.succeeded", &[], &payload));
        assert!(deployed.references.iter().any(|r| r.key.as_deref() == Some("abc")), "{host}");
        assert_eq!(deployed.actor.unwrap().name, "Ada", "{host}");
    }
}

#[test]
fn a_body_may_have_a_byte_order_mark_and_its_media_type_any_case() {
    let payload = push_body();
    let form = format!("payload={}", url::form_urlencoded::byte_serialize(payload.as_bytes()).collect::<String>());
    let marked = format!("\u{feff}{payload}");
    for (kind, body) in [
        ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", form.as_str()),
        ("APPLICATION/JSON", payload.as_str()),
        ("application/json", marked.as_str()),
    ] {
        let mut delivery = delivery(Provider::Github, "push", &[("content-type", kind)], &Value::Null);
        delivery.body = body.as_bytes().to_vec();
        assert_eq!(read(&delivery).event_type, "push", "{kind}");
    }
}

fn push_body() -> String {
    json!({ "ref": "refs/heads/x", "before": "a", "after": "b", "repository": repository() }).to_string()
}

#[test]
fn a_late_repeat_is_not_too_old_by_default() {
    let longest = Provider::ALL.iter().flat_map(|provider| provider.delivery_rules().repeats).max().unwrap();
    assert!(*longest < std::time::Duration::from_secs(7 * 3_600), "the default of inbound_max_age");
}

fn skipped(event: &str, payload: &Value) -> String {
    match normalise(&delivery(Provider::Github, event, &[], payload)).unwrap() {
        NormalForm::Skipped(why) => why,
        other => panic!("not skipped: {other:?}"),
    }
}

fn review(action: &str, state: &str) -> Value {
    json!({
        "action": action,
        "repository": repository(),
        "sender": { "id": 9, "login": "bob" },
        "pull_request": { "number": 12, "title": "Pay twice", "html_url": "https://github.com/acme/shop/pull/12",
            "user": { "login": "ann" }, "head": { "ref": "pay" } },
        "review": { "id": 77, "state": state, "body": "Why twice?", "commit_id": "C0FFEE",
            "user": { "id": 9, "login": "bob" }, "submitted_at": "2026-01-19T08:00:00Z",
            "html_url": "https://github.com/acme/shop/pull/12#pullrequestreview-77" },
    })
}

#[test]
fn a_review_is_what_it_decides_and_the_api_tells_it_alike() {
    let approved = github("pull_request_review", &review("submitted", "approved"));
    let of_api = github("pull_request_review", &review("submitted", "APPROVED"));
    assert_eq!(approved.event_type, "pull_request_review.approved");
    assert_eq!((&approved.source_id, &approved.title), (&of_api.source_id, &of_api.title));
    assert_eq!(approved.title, "[PR Approved] #12 Pay twice");
    assert_eq!(approved.occurred_at, Timestamp::parse("2026-01-19T08:00:00Z").unwrap());
    let references: Vec<(&str, Option<&str>)> =
        approved.references.iter().map(|it| (it.id.as_str(), it.label.as_deref())).collect();
    assert_eq!(references, [("#12", Some("review")), ("pay", None), ("C0FFEE", None)]);
    let dismissed = github("pull_request_review", &review("dismissed", "dismissed"));
    assert_eq!(happenings(&[approved, dismissed, of_api]), 2);
    assert!(skipped("pull_request_review", &review("edited", "approved")).contains("submitted"));
}

#[test]
fn a_comment_on_a_line_names_the_line_and_has_the_code() {
    let hunk: String = (0..40).map(|n| format!("+line {n}\n")).collect();
    let mut payload = review("created", "approved");
    payload["comment"] = json!({ "id": 5, "path": "src/pay.rs", "line": 12, "body": "Off by one\nsurely",
        "diff_hunk": hunk, "commit_id": "c0ffee", "user": { "id": 9, "login": "bob" },
        "created_at": "2026-01-19T08:00:00Z", "html_url": "https://github.com/acme/shop/pull/12#discussion_r5" });
    let comment = github("pull_request_review_comment", &payload);
    assert_eq!(comment.title, "[Review Comment] src/pay.rs:12 Off by one");
    assert!(comment.body.starts_with("Off by one\nsurely") && comment.body.ends_with("+line 39"), "{}", comment.body);
    assert!(!comment.body.contains("+line 19\n") && comment.body.contains("+line 20\n"), "{}", comment.body);
}

fn run(conclusion: Option<&str>, attempt: i64) -> Value {
    json!({
        "action": "completed",
        "repository": repository(),
        "sender": { "id": 9, "login": "bob" },
        "workflow_run": { "id": 3, "name": "Release", "run_number": 12, "run_attempt": attempt, "conclusion": conclusion,
            "head_branch": "main", "head_sha": "c0ffee", "updated_at": "2026-01-19T08:00:00Z",
            "pull_requests": [{ "number": 12 }], "html_url": "https://github.com/acme/shop/actions/runs/3" },
    })
}

#[test]
fn runs_are_remembered_when_they_fail_and_each_attempt_is_one() {
    let failed = github("workflow_run", &run(Some("failure"), 1));
    assert_eq!(failed.title, "[Workflow Failed] Release #12 on main");
    assert_eq!(failed.metadata["defaultBranch"], json!(true));
    assert!(failed.references.iter().any(|it| it.id == "#12" && it.label.as_deref() == Some("checks")));
    let again = github("workflow_run", &run(Some("failure"), 2));
    assert_eq!(happenings(&[failed, again, github("workflow_run", &run(Some("failure"), 1))]), 2);
    for well in [Some("success"), Some("skipped"), None] {
        assert!(skipped("workflow_run", &run(well, 1)).contains("when they fail"));
    }
}

#[test]
fn a_suite_of_actions_is_told_by_its_runs_alone() {
    let suite = |app: &str| {
        json!({ "action": "completed", "repository": repository(), "sender": { "id": 9, "login": "bob" },
            "check_suite": { "id": 4, "conclusion": "timed_out", "head_branch": "pay", "head_sha": "c0ffee",
                "app": { "slug": app, "name": "Lint" }, "pull_requests": [], "updated_at": "2026-01-19T08:00:00Z" } })
    };
    assert_eq!(github("check_suite", &suite("lint")).title, "[Checks Timed Out] Lint on pay");
    assert!(skipped("check_suite", &suite("github-actions")).contains("workflow_run"));
}

#[test]
fn a_deployment_is_remembered_when_it_is_over() {
    let status = |state: &str, id: i64| {
        json!({ "action": "created", "repository": repository(), "sender": { "id": 9, "login": "bob" },
            "deployment": { "id": 8, "sha": "c0ffee", "ref": "c0ffee", "environment": "production" },
            "deployment_status": { "id": id, "state": state, "environment": "production",
                "created_at": "2026-01-19T08:00:00Z", "creator": { "id": 9, "login": "bob" } } })
    };
    let failed = github("deployment_status", &status("failure", 1));
    assert_eq!(
        (failed.title.as_str(), failed.event_type.as_str()),
        ("[Deployment Failed] acme/shop to production", "deployment_status.failure")
    );
    assert_eq!(failed.references.len(), 1, "the commit is no branch");
    assert_eq!(happenings(&[failed, github("deployment_status", &status("success", 2))]), 2);
    assert!(skipped("deployment_status", &status("in_progress", 3)).contains("succeeded or failed"));
}

#[test]
fn an_action_of_sentry_has_the_time_of_its_happening_and_not_of_its_arrival() {
    let issue = |more: Value| {
        let mut issue = json!({ "id": "1", "shortId": "SHOP-1", "title": "t", "lastSeen": "2026-01-19T08:00:00Z" });
        issue.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "data": { "issue": issue } })
    };
    let plain = issue(json!({}));
    let back = issue(json!({ "substatus": "regressed" }));
    for (action, header, payload, expected) in [
        // 2026-01-19T09:00:00Z.
        ("issue.resolved", "1768813200", &plain, "2026-01-19T09:00:00.000000Z"),
        ("issue.resolved", "1768813200.25", &plain, "2026-01-19T09:00:00.000000Z"),
        ("issue.assigned", "1768813200000", &plain, "2026-01-19T09:00:00.000000Z"),
        ("issue.resolved", "2026-01-19T09:00:00Z", &plain, "2026-01-19T09:00:00.000000Z"),
        ("issue.resolved", "", &plain, "2026-01-19T08:00:00.000000Z"),
        ("issue.resolved", "soon", &plain, "2026-01-19T08:00:00.000000Z"),
        ("issue.unresolved", "1768813200", &back, "2026-01-19T08:00:00.000000Z"),
        ("issue.unresolved", "1768813200", &plain, "2026-01-19T09:00:00.000000Z"),
    ] {
        assert_eq!(sentry(action, header, payload).occurred_at.to_string(), expected, "{action} {header}");
    }
}

fn vercel(event: &str, payload: &Value) -> SourceEvent {
    read(&delivery(Provider::Vercel, event, &[], payload))
}

#[test]
fn a_deployment_that_is_promoted_again_is_another_happening() {
    let deployment = |event: &str, id: &str| {
        let payload = json!({ "id": id, "type": event, "createdAt": 1_768_813_200_000_i64,
            "payload": { "deployment": { "id": "dpl_1", "name": "shop" }, "project": { "id": "prj_1" } } });
        vercel(event, &payload)
    };
    let events = [
        deployment("deployment.promoted", "1"),
        deployment("deployment.rollback", "2"),
        deployment("deployment.promoted", "3"),
        deployment("deployment.promoted", "3"),
    ];
    assert_eq!(happenings(&events), 3);
    assert_eq!(events[1].title, "[Deployment Rolled Back] shop");
    assert_eq!(deployment("deployment-ready", "4").event_type, "deployment.ready");
}

#[test]
fn a_variable_is_told_by_its_name_and_never_by_its_value() {
    let payload = json!({ "id": "9", "type": "project.env-variable.updated", "createdAt": 1_768_813_200_000_i64,
        "payload": { "project": { "id": "prj_1", "name": "shop" }, "key": "STRIPE_KEY", "value": "sk_live_secret" } });
    let event = vercel("project.env-variable.updated", &payload);
    assert_eq!(event.title, "[Variable Changed] shop · STRIPE_KEY");
    assert!(!serde_json::to_string(&event).unwrap().contains("sk_live_secret"));
    let unknown = delivery(Provider::Vercel, "edge-config.created", &[], &json!({ "id": "1", "payload": {} }));
    assert!(matches!(normalise(&unknown).unwrap(), NormalForm::Skipped(why) if why.contains("edge-config.created")));
}

fn linear_of(kind: &str, action: &str, data: Value, more: Value) -> NormalForm {
    let mut payload = json!({ "type": kind, "action": action, "createdAt": "2026-01-19T08:00:00.000Z", "data": data });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    normalise(&delivery(Provider::Linear, &format!("{kind}:{action}"), &[], &payload)).unwrap()
}

fn one(form: NormalForm) -> SourceEvent {
    match form {
        NormalForm::Events { mut events, .. } => events.remove(0),
        other => panic!("no event: {other:?}"),
    }
}

#[test]
fn an_attachment_ties_its_issue_to_the_pull_request() {
    let issue = json!({ "id": "u-1", "identifier": "ENG-7", "title": "Pay", "updatedAt": "2026-01-19T08:00:00.000Z",
        "previousIdentifiers": ["OPS-3"] });
    let issue = one(linear_of("Issue", "create", issue, json!({})));
    let data = json!({ "id": "a-1", "issueId": "u-1", "sourceType": "github", "title": "Pay twice",
        "url": "https://github.com/acme/shop/pull/12" });
    let attachment = one(linear_of("Attachment", "create", data, json!({})));
    let keys = |event: &SourceEvent| event.references.iter().filter_map(|it| it.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&issue), ["ENG-7", "linear:u-1", "OPS-3"]);
    assert_eq!(keys(&attachment), ["linear:u-1", "acme/shop#12"]);
}

#[test]
fn sorting_a_board_is_no_news_and_a_change_names_its_fields() {
    let issue =
        || json!({ "id": "u-1", "identifier": "ENG-7", "title": "Pay", "updatedAt": "2026-01-19T08:00:00.000Z" });
    let sorted =
        linear_of("Issue", "update", issue(), json!({ "updatedFrom": { "sortOrder": 1.5, "updatedAt": "x" } }));
    assert!(matches!(sorted, NormalForm::Skipped(why) if why.contains("place")));
    let moved = json!({ "updatedFrom": { "stateId": "s", "sortOrder": 2, "updatedAt": "x" } });
    let moved = one(linear_of("Issue", "update", issue(), moved));
    assert_eq!(moved.metadata["changed"], json!(["stateId", "sortOrder"]));
    let plain = one(linear_of("Issue", "update", issue(), json!({})));
    assert_eq!(plain.metadata.get("changed"), None);
}

#[test]
fn a_deadline_that_passed_is_told_of_its_issue() {
    let more = json!({ "issueData": { "id": "u-1", "identifier": "ENG-7", "title": "Pay" } });
    let breached = one(linear_of("IssueSLA", "breached", Value::Null, more.clone()));
    assert_eq!(
        (breached.event_type.as_str(), breached.title.as_str()),
        ("issue_sla.breached", "[SLA Breached] ENG-7: Pay")
    );
    let near = one(linear_of("IssueSLA", "highRisk", Value::Null, more));
    assert_eq!((near.event_type.as_str(), near.title.as_str()), ("issue_sla.high_risk", "[SLA at Risk] ENG-7: Pay"));
    assert_eq!(happenings(&[breached, near]), 2);
}

#[test]
fn plans_and_releases_of_linear_are_remembered() {
    let document =
        json!({ "id": "d", "title": "Plan", "content": "All of it", "updatedAt": "2026-01-19T08:00:00.000Z" });
    assert_eq!(one(linear_of("Document", "create", document, json!({}))).title, "[Document Created] Plan");
    let initiative = json!({ "id": "i", "name": "Grow", "projects": [{ "name": "Shop" }] });
    assert_eq!(one(linear_of("Initiative", "update", initiative, json!({}))).references.len(), 1);
    let update = json!({ "id": "iu", "body": "Going well\nmore", "initiative": { "name": "Grow" } });
    assert_eq!(
        one(linear_of("InitiativeUpdate", "create", update, json!({}))).title,
        "[Initiative Update Created] Grow: Going well"
    );
    let release = json!({ "id": "r", "name": "v2", "commitSha": "C0FFEE", "issues": [{ "identifier": "ENG-7" }] });
    let release = one(linear_of("Release", "create", release, json!({})));
    let keys: Vec<String> = release.references.iter().filter_map(|it| it.key.clone()).collect();
    assert_eq!(keys, ["c0ffee", "ENG-7"]);
}

#[test]
fn a_comment_at_sentry_is_tied_to_its_issue_by_number() {
    let payload = |action: &str| {
        json!({ "action": action, "actor": { "type": "user", "id": 3, "name": "ann" },
        "data": { "comment": "Seen before", "comment_id": 5, "issue_id": 9, "project_slug": "shop",
            "timestamp": "2026-01-19T08:00:00Z" } })
    };
    let said = sentry("comment.created", "1768813200", &payload("created"));
    assert_eq!(
        (said.title.as_str(), said.references[0].key.as_deref()),
        ("[Comment Created] Seen before", Some("sentry:9"))
    );
    assert_eq!(said.occurred_at, Timestamp::parse("2026-01-19T08:00:00Z").unwrap());
    let edited = sentry("comment.updated", "1768813200", &payload("updated"));
    let again = sentry("comment.updated", "1768813201", &payload("updated"));
    assert_eq!(happenings(&[said, edited, again]), 3);
}
