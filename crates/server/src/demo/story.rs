//! The demo's story: a checkout that charges twice. Sentry finds it, Linear has the issue, GitHub
//! the fix, and Vercel deploys it. The events are invented, in the providers' real formats.

use std::time::Duration;

use campanile_base::Timestamp;
use serde_json::{Value, json};

const REPOSITORY: &str = "bellfounders/shop";
const BRANCH: &str = "fix/double-charge";
const WORK: &str = "5d1c9a2e7b3f48c6a0d4e1f2937b8c6d5e4f3a21";
const MERGE: &str = "c0ffee1234567890abcdef1234567890abcdef12";

/// One delivery of the story.
pub(super) struct Event {
    pub(super) provider: &'static str,
    /// GitHub's event or Sentry's resource. The other providers name it in the body.
    pub(super) kind: &'static str,
    pub(super) says: &'static str,
    pub(super) payload: Value,
}

/// The deliveries of the story, in order, ending at `now`.
pub(super) fn events(now: Timestamp) -> Vec<Event> {
    let ago = |minutes: u64| now.minus(Duration::from_secs(minutes * 60)).to_string();
    let millis = |minutes: u64| now.minus(Duration::from_secs(minutes * 60)).as_micros() / 1_000;
    vec![
        Event {
            provider: "sentry",
            kind: "issue",
            says: "a new error: customers are charged twice",
            payload: sentry_issue("created", &ago(47), Value::Null),
        },
        Event {
            provider: "linear",
            kind: "",
            says: "an urgent issue is opened for it",
            payload: linear_issue("create", &ago(44), now, "Todo", json!({ "nodes": [] })),
        },
        Event {
            provider: "github",
            kind: "push",
            says: "Grace pushes a first fix to a branch",
            payload: push(BRANCH, WORK, "fix(checkout): send an idempotency key with each charge", &ago(31)),
        },
        Event {
            provider: "github",
            kind: "pull_request",
            says: "and opens a pull request that fixes the issue",
            payload: pull_request("opened", None, &ago(29)),
        },
        Event {
            provider: "vercel",
            kind: "",
            says: "a preview is deployed from the branch",
            payload: deployment("succeeded", "preview", WORK, BRANCH, millis(27)),
        },
        Event {
            provider: "github",
            kind: "pull_request",
            says: "the pull request is merged",
            payload: pull_request("closed", Some(MERGE), &ago(12)),
        },
        Event {
            provider: "github",
            kind: "push",
            says: "which pushes the merge to main",
            payload: push("main", MERGE, "Merge pull request #128 from bellfounders/fix/double-charge", &ago(12)),
        },
        Event {
            provider: "vercel",
            kind: "",
            says: "production is deployed from the merge",
            payload: deployment("succeeded", "production", MERGE, "main", millis(8)),
        },
        Event {
            provider: "sentry",
            kind: "issue",
            says: "Sentry sees the error resolved by that commit",
            payload: sentry_issue(
                "resolved",
                &ago(5),
                json!({ "inCommit": { "repository": REPOSITORY, "commit": MERGE } }),
            ),
        },
        Event {
            provider: "linear",
            kind: "",
            says: "and the issue is closed, with everything linked",
            payload: linear_issue("update", &ago(2), now, "Done", attachments()),
        },
    ]
}

fn repository() -> Value {
    json!({ "id": 4_200_128, "name": "shop", "full_name": REPOSITORY, "private": true, "default_branch": "main" })
}

fn grace() -> Value {
    json!({ "id": 1906, "login": "grace", "avatar_url": "https://avatars.githubusercontent.com/u/1906", "type": "User" })
}

fn push(branch: &str, sha: &str, message: &str, at: &str) -> Value {
    let commit = json!({
        "id": sha, "message": message, "timestamp": at, "added": [], "removed": [],
        "modified": ["src/checkout/charge.ts"], "author": { "name": "Grace", "username": "grace" },
        "url": format!("https://github.com/{REPOSITORY}/commit/{sha}"),
    });
    json!({
        "ref": format!("refs/heads/{branch}"), "before": "a".repeat(40), "after": sha, "created": false, "deleted": false,
        "forced": false, "commits": [commit], "head_commit": commit, "repository": repository(), "sender": grace(),
        "pusher": { "name": "grace", "email": "grace@example.com" },
    })
}

fn pull_request(action: &str, merge: Option<&str>, at: &str) -> Value {
    json!({
        "action": action, "number": 128,
        "pull_request": {
            "number": 128, "title": "fix(checkout): never charge a customer twice", "state": if merge.is_some() { "closed" } else { "open" },
            "body": "A retry after a timeout charged the card again: a critical payment incident.\n\nEach charge now carries \
                     an idempotency key, made once per order in `src/checkout/charge.ts`.\n\nFixes SHOP-77\nResolves Sentry CHECKOUT-9",
            "user": grace(), "merged": merge.is_some(), "merge_commit_sha": merge, "draft": false,
            "head": { "ref": BRANCH, "sha": WORK }, "base": { "ref": "main" }, "updated_at": at,
            "additions": 41, "deletions": 9, "changed_files": 3, "labels": [{ "name": "bug" }, { "name": "payments" }],
            "assignees": [grace()], "requested_reviewers": [], "html_url": format!("https://github.com/{REPOSITORY}/pull/128"),
        },
        "repository": repository(), "sender": grace(),
    })
}

fn deployment(outcome: &str, target: &str, sha: &str, branch: &str, at: i64) -> Value {
    let message =
        if target == "production" { "Merge pull request #128" } else { "fix(checkout): send an idempotency key" };
    json!({
        "id": format!("demo-vercel-{target}"), "type": format!("deployment.{outcome}"), "createdAt": at, "region": "fra1",
        "payload": {
            "target": if target == "production" { json!("production") } else { Value::Null },
            "team": { "id": "team_bellfounders" }, "project": { "id": "prj_shop", "name": "shop" },
            "deployment": {
                "id": format!("dpl_shop_{target}"), "name": "shop", "url": format!("shop-{target}.vercel.app"),
                "meta": {
                    "githubCommitSha": sha, "githubCommitRef": branch, "githubCommitMessage": message,
                    "githubCommitAuthorLogin": "grace", "githubCommitAuthorName": "Grace", "githubPrId": "128",
                    "githubOrg": "bellfounders", "githubRepo": "shop",
                },
            },
            "links": { "deployment": format!("https://vercel.com/bellfounders/shop/{target}") },
        },
    })
}

fn sentry_issue(action: &str, at: &str, status_details: Value) -> Value {
    json!({
        "action": action, "actor": { "type": "application", "id": "sentry", "name": "Sentry" },
        "installation": { "uuid": "3f1d9a52-5d6e-4d0e-9a53-1f5f0d2f7c11" },
        "data": { "issue": {
            "id": "7001", "shortId": "CHECKOUT-9", "title": "DuplicateChargeError: order was charged twice", "level": "fatal",
            "culprit": "charge (src/checkout/charge.ts)", "platform": "node", "status": "unresolved", "count": 23, "userCount": 19,
            "firstSeen": at, "lastSeen": at, "statusDetails": status_details,
            "permalink": "https://bellfounders.sentry.io/issues/7001/",
            "metadata": { "type": "DuplicateChargeError", "value": "order was charged twice after a payment timeout, critical",
                "filename": "src/checkout/charge.ts", "function": "charge" },
            "project": { "id": "77", "name": "shop", "slug": "shop" },
        } },
    })
}

fn linear_issue(action: &str, at: &str, sent: Timestamp, state: &str, attachments: Value) -> Value {
    let ada = json!({ "id": "usr-ada", "name": "Ada", "displayName": "Ada", "email": "ada@example.com" });
    json!({
        "action": action, "type": "Issue", "createdAt": at, "organizationId": "org-bellfounders",
        "webhookId": "demo", "webhookTimestamp": sent.as_micros() / 1_000,
        "data": {
            "id": "iss-77", "identifier": "SHOP-77", "number": 77, "title": "Customers are charged twice after a timeout",
            "description": "Sentry CHECKOUT-9. Payment incident: 19 customers so far. Stop the retries, then refund.",
            "createdAt": at, "updatedAt": at, "priority": 1, "priorityLabel": "Urgent", "branchName": BRANCH,
            "url": "https://linear.app/bellfounders/issue/SHOP-77", "team": { "id": "team-shop", "key": "SHOP", "name": "Shop" },
            "state": { "name": state, "type": if state == "Done" { "completed" } else { "unstarted" } },
            "labels": [{ "name": "Incident" }, { "name": "Payments" }], "creator": ada, "assignee": ada,
            "attachments": attachments,
        },
    })
}

fn attachments() -> Value {
    json!({ "nodes": [
        { "id": "att-1", "title": "PR #128", "sourceType": "githubPr", "url": format!("https://github.com/{REPOSITORY}/pull/128"),
          "metadata": { "number": 128, "state": "merged" } },
        { "id": "att-2", "title": "CHECKOUT-9", "sourceType": "sentryIssue", "url": "https://bellfounders.sentry.io/issues/7001/",
          "metadata": { "shortId": "CHECKOUT-9" } },
    ] })
}
