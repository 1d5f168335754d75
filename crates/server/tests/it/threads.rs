//! An issue or a pull request is read as one text, with all that was said and done about it.

use campanile_testkit::provider::sign;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::on_each_server;
use crate::tools::read;

fn person(id: u64, login: &str) -> Value {
    json!({ "id": id, "login": login })
}

async fn tell(server: &Server, event: &str, id: &str, action: &str, fields: Value) {
    let mut payload = json!({
        "action": action, "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
        "sender": person(7, "ada"),
    });
    payload.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let delivery = sign("github", SOURCE_SECRET, event, id, payload.to_string().as_bytes());
    let answer = server.deliver(&delivery).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.json);
}

fn pull_request() -> Value {
    json!({
        "number": 12, "title": "Ring only once", "body": "The clapper was not fenced. Fixes #7", "user": person(7, "ada"),
        "merged": false, "state": "open", "created_at": "2026-10-04T10:00:00Z", "updated_at": "2026-10-04T10:00:00Z",
        "head": { "ref": "fence", "sha": "a8f3c2d91e4b5678a8f3c2d91e4b5678a8f3c2d9" }, "base": { "ref": "main" },
        "html_url": "https://github.com/acme/shop/pull/12", "labels": [{ "name": "bug" }],
        "milestone": { "title": "Winter" }, "requested_reviewers": [person(8, "bob")],
    })
}

fn comment(id: u64, at: &str, body: &str) -> Value {
    let issue = json!({ "number": 12, "title": "Ring only once", "pull_request": {}, "html_url": "https://github.com/acme/shop/pull/12" });
    let comment = json!({
        "id": id, "body": body, "user": person(8, "bob"), "created_at": "2026-10-04T11:00:00Z", "updated_at": at,
        "html_url": format!("https://github.com/acme/shop/pull/12#{id}"),
    });
    json!({ "issue": issue, "comment": comment })
}

/// A pull request with comments, one of them edited and one deleted, a review, its commits, and its merge.
async fn story(server: &Server) {
    tell(server, "pull_request", "d-1", "opened", json!({ "pull_request": pull_request() })).await;
    tell(server, "issue_comment", "d-2", "created", comment(1, "2026-10-04T11:00:00Z", "Why twice?")).await;
    tell(server, "issue_comment", "d-3", "created", comment(2, "2026-10-04T11:30:00Z", "Never mind.")).await;
    tell(server, "issue_comment", "d-4", "edited", comment(1, "2026-10-04T12:00:00Z", "Why does it ring twice?")).await;
    tell(server, "issue_comment", "d-5", "deleted", comment(2, "2026-10-04T12:30:00Z", "Never mind.")).await;
    let review = json!({
        "id": 5, "state": "approved", "body": "Good fence.", "user": person(8, "bob"),
        "submitted_at": "2026-10-04T13:00:00Z", "commit_id": "a8f3c2d91e4b5678a8f3c2d91e4b5678a8f3c2d9",
        "html_url": "https://github.com/acme/shop/pull/12#review",
    });
    let fields = json!({ "review": review, "pull_request": pull_request() });
    tell(server, "pull_request_review", "d-6", "submitted", fields).await;
    let commit = json!({
        "id": "a8f3c2d91e4b5678a8f3c2d91e4b5678a8f3c2d9", "timestamp": "2026-10-04T09:00:00Z",
        "message": "fix: fence the clapper\n\nCo-authored-by: Eve <eve@acme.example>",
        "author": { "name": "Ada", "email": "ada@acme.example", "username": "ada" },
    });
    let push = json!({
        "ref": "refs/heads/fence", "before": "0".repeat(40), "after": commit["id"], "commits": [commit],
        "head_commit": commit, "pusher": { "name": "ada" },
    });
    tell(server, "push", "d-7", "", push).await;
    let mut merged = pull_request();
    let at = json!({ "merged": true, "state": "closed", "merged_at": "2026-10-05T09:00:00Z", "closed_at": "2026-10-05T09:00:00Z" });
    merged.as_object_mut().unwrap().extend(at.as_object().unwrap().clone());
    tell(server, "pull_request", "d-8", "closed", json!({ "pull_request": merged })).await;
    server.until_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_read_with_all_that_was_said_and_done() {
    on_each_server(&[], async |server| {
        story(&server).await;
        let thread = read(&server, "/api/thread?entity=Acme/Shop%2312").await;
        assert_eq!((&thread["id"], &thread["kind"]), (&json!("thread:pr:acme/shop#12"), &json!("pull_request")));
        assert_eq!((&thread["title"], &thread["status"]), (&json!("Ring only once"), &json!("merged")), "{thread}");
        assert_eq!((&thread["labels"], &thread["milestone"]), (&json!(["bug"]), &json!("Winter")));
        assert_eq!((&thread["reviewers"], &thread["coAuthors"]), (&json!(["bob"]), &json!(["Eve"])), "{thread}");
        let parts: Vec<(&str, &str)> = thread["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| (part["kind"].as_str().unwrap(), part["text"].as_str().unwrap()))
            .collect();
        assert_eq!(
            parts,
            [
                ("description", "The clapper was not fenced. Fixes #7"),
                ("comment", "Why does it ring twice?"),
                ("review", "Good fence."),
                ("event", "")
            ]
        );
        assert!(thread["links"].to_string().contains("fixes"), "{}", thread["links"]);
        let text = thread["markdown"].as_str().unwrap();
        assert!(text.contains("## bob commented") && !text.contains("Never mind"), "{text}");

        // Each of its parts leads to it, and so does its id.
        for part in thread["parts"].as_array().unwrap() {
            let of = part["observationId"].as_str().unwrap();
            assert_eq!(read(&server, &format!("/api/thread?observation={of}")).await["markdown"], thread["markdown"]);
        }
        assert_eq!(read(&server, "/api/thread?id=thread:pr:acme/shop%2312").await["parts"], thread["parts"]);

        let other = server.post("/api/workspaces", &json!({ "name": "Elsewhere" })).await.unwrap().json;
        let elsewhere = format!("/api/thread?entity=acme/shop%2312&workspace={}", other["id"].as_str().unwrap());
        for (path, status) in [
            (elsewhere.as_str(), 404),
            ("/api/thread?entity=acme/shop%2313", 404),
            ("/api/thread?observation=obs_nobody", 404),
            ("/api/thread?id=thread:commit:a8f3c2d", 404),
            ("/api/thread", 400),
            ("/api/thread?entity=x&id=y", 400),
            ("/api/thread?entity=%00", 400),
        ] {
            let refused = server.get(path).await.unwrap();
            assert_eq!(refused.status, status, "{path}: {}", refused.json);
        }
    })
    .await;
}
