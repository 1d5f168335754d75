//! The entrance for deliveries: which are accepted, which are refused, and that a refused one
//! leaves no trace.

use campanile_testkit::provider::sign;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::json;

use crate::on_each_server;

fn push(after: &str) -> Vec<u8> {
    let payload = json!({
        "ref": "refs/heads/main", "before": "0000000", "after": after, "created": false, "deleted": false,
        "forced": false, "commits": [], "pusher": { "name": "ada", "email": "ada@example.com" },
        "sender": { "id": 7, "login": "ada" },
        "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
        "head_commit": { "id": after, "message": "Ring the bell", "timestamp": "2026-02-04T10:00:00+01:00" },
    });
    payload.to_string().into_bytes()
}

async fn stored(server: &Server) -> usize {
    server.all("/api/deliveries").await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_delivery_is_stored_verbatim_and_remembered() {
    on_each_server(&[], async |server| {
        let delivery = sign("github", SOURCE_SECRET, "push", "d-1", &push("a1b2c3d4e5"));
        let answer = server.deliver(&delivery).await.unwrap();
        assert_eq!((answer.status, answer.json["status"].as_str()), (202, Some("accepted")));
        assert!(answer.headers.iter().any(|(name, value)| name == "x-request-id" && value.starts_with("req_")));
        server.until_settled().await;

        let id = answer.json["id"].as_str().unwrap();
        let stored = server.get(&format!("/api/deliveries/{id}")).await.unwrap().json;
        assert_eq!(stored["body"].as_str().unwrap().as_bytes(), delivery.body);
        assert_eq!(stored["headers"]["x-github-event"], "push");
        assert_eq!((stored["status"].as_str(), stored["delivery_id"].as_str()), (Some("processed"), Some("d-1")));

        let observations = server.all("/api/observations").await;
        assert_eq!(observations.len(), 1);
        assert_eq!(observations[0]["source_id"], "push:acme/shop:refs/heads/main:0000000:a1b2c3d4e5");
        assert_eq!(observations[0]["title"], "[Push] Ring the bell");
        assert_eq!(observations[0]["occurred_at"], "2026-02-04T09:00:00.000000Z");
        assert_eq!(observations[0]["actor"]["actor_id"], "github:7");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_acknowledged_and_not_processed_twice() {
    on_each_server(&[], async |server| {
        let delivery = sign("github", SOURCE_SECRET, "push", "d-1", &push("a1b2c3d4e5"));
        let (first, second) = tokio::join!(server.deliver(&delivery), server.deliver(&delivery));
        assert_eq!((first.unwrap().status, second.unwrap().status), (202, 202));
        let third = server.deliver(&delivery).await.unwrap();
        assert_eq!((third.status, third.json["status"].as_str()), (202, Some("duplicate")));
        // The same push in another delivery is stored, but not remembered a second time.
        let retold = sign("github", SOURCE_SECRET, "push", "d-2", &push("a1b2c3d4e5"));
        assert_eq!(server.deliver(&retold).await.unwrap().json["status"], "accepted");
        server.until_settled().await;
        assert_eq!(server.all("/api/observations").await.len(), 1);
        let skipped = server.all("/api/deliveries?status=skipped").await;
        assert_eq!(skipped.len(), 1);
        assert!(skipped[0]["reason"].as_str().unwrap().contains("before"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_no_trace() {
    on_each_server(&[], async |server| {
        let good = sign("github", SOURCE_SECRET, "push", "d-1", &push("a1"));
        let without = |name: &str| good.headers.iter().filter(|(known, _)| known != name).cloned().collect::<Vec<_>>();
        let forged = sign("github", "another secret", "push", "d-1", &push("a1"));
        let broken = sign("github", SOURCE_SECRET, "push", "d-1", b"{not json");
        let listed = sign("github", SOURCE_SECRET, "push", "d-1", b"[1]");
        let empty = sign("github", SOURCE_SECRET, "push", "d-1", b"");
        let path = "/api/ingest/github/github";
        let cases = [
            (path, without("x-hub-signature-256"), good.body.clone(), 401, "MISSING_SIGNATURE"),
            (path, forged.headers.clone(), good.body.clone(), 401, "INVALID_SIGNATURE"),
            (path, good.headers.clone(), push("a2"), 401, "INVALID_SIGNATURE"),
            (path, without("x-github-event"), good.body.clone(), 400, "INVALID_PAYLOAD"),
            (path, without("x-github-delivery"), good.body.clone(), 400, "INVALID_PAYLOAD"),
            (path, broken.headers.clone(), broken.body.clone(), 400, "INVALID_PAYLOAD"),
            (path, listed.headers.clone(), listed.body.clone(), 400, "INVALID_PAYLOAD"),
            (path, empty.headers.clone(), empty.body.clone(), 400, "MISSING_PAYLOAD"),
            ("/api/ingest/gitlab/github", good.headers.clone(), good.body.clone(), 404, "NOT_FOUND"),
            ("/api/ingest/github/nowhere", good.headers.clone(), good.body.clone(), 404, "NOT_FOUND"),
            ("/api/ingest/vercel/github", good.headers.clone(), good.body.clone(), 404, "NOT_FOUND"),
            (path, good.headers.clone(), vec![b' '; 25 * 1024 * 1024 + 1], 413, "PAYLOAD_TOO_LARGE"),
        ];
        for (path, headers, body, status, code) in cases {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let answer = server.ask("POST", path, &headers, body).await.unwrap();
            assert_eq!((answer.status, answer.json["code"].as_str()), (status, Some(code)), "{path}: {}", answer.json);
            assert!(answer.json["request_id"].as_str().is_some_and(|id| !id.is_empty()));
        }
        assert_eq!(stored(&server).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_encoded_delivery_is_taken_too() {
    on_each_server(&[], async |server| {
        let encoded: String = push("a1b2c3d4e5").iter().map(|byte| format!("%{byte:02X}")).collect();
        let mut delivery = sign("github", SOURCE_SECRET, "push", "d-1", format!("payload={encoded}").as_bytes());
        delivery.headers.retain(|(name, _)| name != "content-type");
        delivery.headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
        assert_eq!(server.deliver(&delivery).await.unwrap().status, 202);
        server.until_settled().await;
        assert_eq!(server.all("/api/observations").await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_signed_time_of_sending_is_judged() {
    on_each_server(&[("CAMPANILE_INBOUND_MAX_AGE", "5m")], async |server| {
        // An old push is accepted: redeliveries look like this.
        let old_push = sign("github", SOURCE_SECRET, "push", "d-1", &push("a1b2c3d4e5"));
        assert_eq!(server.deliver(&old_push).await.unwrap().status, 202);

        let comment = |at: i64| {
            let body = json!({
                "type": "Comment", "action": "create", "webhookTimestamp": at, "createdAt": "2026-02-04T10:00:00Z",
                "data": { "id": format!("c-{at}"), "body": "hm", "issue": { "identifier": "LF-1", "title": "t" } },
            });
            sign("linear", SOURCE_SECRET, "", &format!("l-{at}"), body.to_string().as_bytes())
        };
        let now = campanile_base::Clock::System.now().as_micros() / 1_000;
        assert_eq!(server.deliver(&comment(now - 60_000)).await.unwrap().status, 200);
        let old = server.deliver(&comment(now - 3_600_000)).await.unwrap();
        assert_eq!((old.status, old.json["code"].as_str()), (401, Some("TIMESTAMP_TOO_OLD")));
        let early = server.deliver(&comment(now + 3_600_000)).await.unwrap();
        assert_eq!((early.status, early.json["code"].as_str()), (401, Some("TIMESTAMP_INVALID")));
        assert_eq!(stored(&server).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_keeps_everything() {
    on_each_server(&[], async |mut server| {
        let delivery = sign("github", SOURCE_SECRET, "push", "d-1", &push("a1b2c3d4e5"));
        server.deliver(&delivery).await.unwrap();
        server.until_settled().await;
        server.restart().await;
        assert_eq!(server.all("/api/observations").await.len(), 1);
        assert_eq!(server.deliver(&delivery).await.unwrap().json["status"], "duplicate");
        assert_eq!(server.all("/api/workspaces").await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_with_nul_becomes_an_observation_and_the_body_stays_as_it_came() {
    on_each_server(&[], async |server| {
        let payload = json!({
            "action": "opened", "sender": { "id": 7, "login": "ada" },
            "repository": { "id": 1, "full_name": "acme/shop" },
            "issue": { "id": 5, "number": 3, "title": "It \0 breaks", "body": "a\0b", "state": "open",
                "html_url": "https://github.com/acme/shop/issues/3", "user": { "id": 7, "login": "ada" },
                "created_at": "2026-02-04T10:00:00Z", "updated_at": "2026-02-04T10:00:00Z" },
        });
        let delivery = sign("github", SOURCE_SECRET, "issues", "d-1", &payload.to_string().into_bytes());
        let answer = server.deliver(&delivery).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.json);
        server.until_settled().await;
        let observations = server.all("/api/observations").await;
        assert_eq!(observations.len(), 1, "{:?}", server.all("/api/deliveries").await);
        assert!(observations[0]["title"].as_str().unwrap().contains("It \u{fffd} breaks"), "{}", observations[0]);
        let id = answer.json["id"].as_str().unwrap();
        let stored = server.get(&format!("/api/deliveries/{id}")).await.unwrap().json;
        assert_eq!(stored["body"].as_str().unwrap().as_bytes(), delivery.body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_keeps_its_identity_under_another_name() {
    on_each_server(&[], async |server| {
        let repository = |id: i64, name: &str| json!({ "id": id, "full_name": name, "default_branch": "main" });
        let mut told = 0;
        let mut tell = async |event: &'static str, payload: serde_json::Value| {
            told += 1;
            let delivery = sign("github", SOURCE_SECRET, event, &format!("d-{told}"), payload.to_string().as_bytes());
            assert_eq!(server.deliver(&delivery).await.unwrap().status, 202);
            server.until_settled().await;
        };
        let pull_request = |action: &str, repository: serde_json::Value| {
            json!({ "action": action, "repository": repository, "pull_request": { "number": 5, "title": "Ring",
                "merged": action == "closed", "updated_at": "2026-01-05T10:00:00Z" } })
        };
        tell("pull_request", pull_request("opened", repository(101, "acme/shop"))).await;
        tell("repository", json!({ "action": "renamed", "repository": repository(101, "Acme/Store") })).await;
        tell("pull_request", pull_request("closed", repository(101, "Acme/Store"))).await;
        // Another repository gets the old name.
        tell("pull_request", pull_request("opened", repository(202, "acme/shop"))).await;
        let observations = server.all("/api/observations").await;
        let find = |id: &str| {
            let found = observations.iter().find(|observation| observation["source_id"] == id);
            found.unwrap_or_else(|| panic!("{id} in {observations:?}"))["id"].as_str().unwrap().to_owned()
        };
        let (opened, merged) = (find("pr:acme/shop#5:opened"), find("pr:acme/shop#5:merged"));
        let other = find("pr:acme/shop~202#5:opened");
        let ends = async |id: &str| {
            let edges = server.get(&format!("/api/observations/{id}/edges")).await.unwrap().json;
            let ends = edges["data"].as_array().unwrap().iter().map(|edge| edge["observation"]["id"].clone());
            ends.collect::<Vec<_>>()
        };
        assert_eq!(ends(&merged).await, [json!(opened)], "what was opened under the old name");
        assert!(ends(&other).await.is_empty(), "another repository's");
    })
    .await;
}
