//! GitLab: a project is told by webhooks and by the API, and each event is remembered once.

use std::time::Duration;

use campanile_base::{Clock, Timestamp};
use campanile_net::SigningSecret;
use campanile_testkit::gitlab::{GitlabServer, TOKEN};
use campanile_testkit::provider::sign;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::{Value, json};

use super::{a_wrong_token_connects_nothing, add_source, deliver, linked, remembered};
use crate::on_each_server;
use crate::tools::{read, until};

const SHA: &str = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";

fn ago(minutes: u64) -> Timestamp {
    Timestamp::from_seconds(Clock::System.now().minus(Duration::from_secs(minutes * 60)).as_seconds())
}

fn project() -> Value {
    json!({ "id": 0, "path_with_namespace": "acme/shop", "default_branch": "main" })
}

/// A webhook of a merge request or an issue.
fn webhook(kind: &str, action: &str, iid: u64, at: Timestamp) -> Value {
    json!({
        "object_kind": kind, "project": project(), "user": { "id": 7, "username": "ann", "name": "Ann" },
        "object_attributes": {
            "id": iid, "iid": iid, "title": "Charge once", "description": "Closes #1", "action": action,
            "source_branch": "charge-once", "target_branch": "main", "last_commit": { "id": SHA },
            "created_at": at.to_string(), "updated_at": at.to_string(), "url": format!("https://gitlab.example/{iid}"),
        },
    })
}

/// The same thing as the API lists it.
fn listed(iid: u64, created: Timestamp, more: Value) -> Value {
    let mut thing = json!({
        "id": iid, "iid": iid, "title": "Charge once", "description": "Closes #1", "state": "opened", "labels": [],
        "author": { "id": 7, "username": "ann" }, "source_branch": "charge-once", "target_branch": "main", "sha": SHA,
        "created_at": created.to_string(), "updated_at": created.to_string(), "web_url": format!("https://gitlab.example/{iid}"),
    });
    thing.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    thing
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_request_of_gitlab_is_remembered_once_whoever_tells_it() {
    let provider = GitlabServer::start(&["acme/shop", "acme/docs", "acme/old"]).await;
    on_each_server(&[("CAMPANILE_CONNECTOR_GITLAB_API_URL", &provider.url)], async |server| {
        provider.set_scopes(&["read_api"]);
        add_source(&server, "gitlab").await;
        let (opened, merged) = (ago(60), ago(10));
        let body = webhook("merge_request", "open", 3, opened);
        let mut wrong = sign("gitlab", "another secret", "", "K-0", body.to_string().as_bytes());
        assert_eq!(server.deliver(&wrong).await.unwrap().status, 401);
        wrong.headers.retain(|(name, _)| name != "x-gitlab-token");
        assert_eq!(server.deliver(&wrong).await.unwrap().status, 401);
        assert_eq!(deliver(&server, "gitlab", "Merge Request Hook", "K-1", &body).await, 202);
        assert_eq!(remembered(&server).await, ["gitlab-mr:0!3:opened"]);
        // The secret token is a credential, and is not stored.
        let delivery = read(&server, "/api/deliveries").await["data"][0]["id"].as_str().unwrap().to_owned();
        let stored = read(&server, &format!("/api/deliveries/{delivery}")).await;
        assert!(
            stored["headers"]["x-gitlab-event"].is_string() && !stored.to_string().contains(SOURCE_SECRET),
            "{stored}"
        );

        let merge =
            json!({ "state": "merged", "merged_at": merged.to_string(), "merged_by": { "id": 8, "username": "bob" } });
        let requests = vec![listed(2, ago(90), json!({})), listed(3, opened, merge), listed(4, ago(5), json!({}))];
        provider.set(0, "merge_requests", requests);
        provider.set(0, "releases", vec![json!({ "tag_name": "v1", "name": "v1", "released_at": merged.to_string() })]);
        provider.switch_off(0, "issues");
        a_wrong_token_connects_nothing(&server, "gitlab").await;
        provider.set_scopes(&["read_user"]);
        a_token_without_its_scope_connects_nothing(&server).await;
        provider.set_scopes(&["read_api"]);
        let (connection, backfill) = linked(&server, "gitlab", TOKEN, 3, ("project", "0")).await;
        assert_eq!((&connection["account_label"], &connection["scopes"]), (&json!("Campanile"), &json!(["read_api"])));
        assert!(connection["expires_at"].as_str().unwrap().starts_with("2027-01-31"), "{connection}");
        assert_eq!(
            (&backfill["status"], &backfill["progress"]["remembered"]),
            (&json!("completed"), &json!(4)),
            "{backfill}"
        );
        let expected = [
            "gitlab-mr:0!2:opened",
            "gitlab-mr:0!3:merged",
            "gitlab-mr:0!3:opened",
            "gitlab-mr:0!4:opened",
            "gitlab-release:0:v1:created",
        ];
        assert_eq!(remembered(&server).await, expected);
    })
    .await;
}

async fn a_token_without_its_scope_connects_nothing(server: &Server) {
    let refused = server.post("/api/connect/gitlab/token", &json!({ "token": TOKEN })).await.unwrap();
    assert_eq!(refused.status, 400, "{}", refused.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signing_token_of_gitlab_signs_and_what_it_signs_ties_commits() {
    on_each_server(&[], async |server| {
        let secret = SigningSecret::generate();
        let asked = json!({ "provider": "gitlab", "path": "gitlab", "secret": secret.expose() });
        assert_eq!(server.post("/api/sources", &asked).await.unwrap().status, 201);
        let now = Clock::System.now().as_seconds();
        let send = async |id: &str, body: Value, signed: &str| {
            let body = body.to_string();
            let (at, signature) = (now.to_string(), secret.sign(id, now, signed.as_bytes()));
            let headers = [
                ("content-type", "application/json"),
                ("webhook-id", id),
                ("webhook-timestamp", &at),
                ("webhook-signature", &signature),
            ];
            server.ask("POST", "/api/ingest/gitlab/gitlab", &headers, body.into_bytes()).await.unwrap().status
        };
        let request = webhook("merge_request", "open", 3, ago(9));
        assert_eq!(send("msg-1", request.clone(), &request.to_string()).await, 202);
        assert_eq!(send("msg-2", request.clone(), "another body").await, 401);
        let push = json!({
            "object_kind": "push", "ref": "refs/heads/charge-once", "before": "a", "after": SHA, "checkout_sha": SHA,
            "user_id": 7, "user_username": "ann", "project_id": 0, "project": project(),
            "commits": [{ "id": SHA, "message": "Charge once", "timestamp": ago(10).to_string() }],
        });
        assert_eq!(send("msg-3", push.clone(), &push.to_string()).await, 202);
        assert_eq!(remembered(&server).await.len(), 2);
        let all = server.all("/api/observations").await;
        let request = all.iter().find(|it| it["type"] == "merge_request.opened").unwrap();
        let path = format!("/api/observations/{}/edges", request["id"].as_str().unwrap());
        let edges = until(&server, &path, |edges| !edges["data"].as_array().unwrap().is_empty()).await;
        let kinds: Vec<&str> =
            edges["data"].as_array().unwrap().iter().map(|edge| edge["type"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"same_commit") && kinds.contains(&"same_branch"), "{edges}");
    })
    .await;
}
