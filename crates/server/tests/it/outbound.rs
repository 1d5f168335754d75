//! Outbound traffic: signed webhooks, their retries, and mails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use campanile_base::Clock;
use campanile_net::{SigningSecret, verify};
use campanile_testkit::mailbox::Mailbox;
use campanile_testkit::provider::{SignedDelivery, sign};
use campanile_testkit::receiver::{Received, Receiver};
use campanile_testkit::server::{OWNER, SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::on_each_server;

fn release(tag: &str) -> SignedDelivery {
    let payload = json!({
        "action": "published",
        "release": {
            "tag_name": tag, "name": format!("Version {tag}"), "body": "Rounder bells.", "target_commitish": "main",
            "published_at": "2026-03-01T00:00:00Z", "author": { "id": 7, "login": "ada" },
        },
        "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
        "sender": { "id": 7, "login": "ada" },
    });
    sign("github", SOURCE_SECRET, "release", &format!("release-{tag}"), payload.to_string().as_bytes())
}

fn check(received: &Received, secret: &str) {
    let secret = SigningSecret::parse(secret).unwrap();
    for prefix in ["svix", "webhook"] {
        let header = |name: &str| received.header(&format!("{prefix}-{name}"));
        let now = Clock::System.now();
        verify(&secret, header("id"), header("timestamp"), &received.body, header("signature"), now).unwrap();
    }
}

async fn next(receiver: &mut Receiver) -> Received {
    tokio::time::timeout(Duration::from_secs(20), receiver.requests.recv()).await.expect("a request comes").unwrap()
}

async fn attempts(server: &Server) -> Vec<Value> {
    server.all("/api/attempts").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observation_goes_out_signed_and_to_the_members() {
    for database in campanile_db::testing::TestDatabase::each().await {
        let mut mailbox = Mailbox::start().await;
        let mut receiver = Receiver::start().await;
        let server = Server::start(crate::BINARY, database, &[("CAMPANILE_SMTP_URL", &mailbox.url())]).await;
        let secret = server.add_endpoint(&receiver.url()).await;
        assert_eq!(server.deliver(&release("1.0")).await.unwrap().status, 202);

        let received = next(&mut receiver).await;
        check(&received, &secret);
        assert!(received.header("svix-id").starts_with("msg_"));
        let envelope: Value = serde_json::from_slice(&received.body).unwrap();
        assert_eq!(envelope["type"], "observation.created");
        assert_eq!(envelope["version"], "2026-02-07");
        let told = server.get("/api/v1/event-type/observation.created").await.unwrap().json;
        let example = &told["schemas"]["1"]["examples"][0]["data"];
        let fields =
            |data: &Value| data.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(fields(example), fields(&envelope["data"]), "what is published is what is sent");
        let is_a_happening = |data: &Value| data["sourceId"].as_str().unwrap().contains(":acme/shop");
        assert!(is_a_happening(example) && is_a_happening(&envelope["data"]), "{example} {envelope}");
        assert!(envelope["id"].as_str().unwrap().starts_with("evt_"));
        assert_eq!(envelope["data"]["observationType"], "release.published");
        assert!(envelope["data"]["significanceScore"].as_i64().unwrap() >= 70);

        let mail = tokio::time::timeout(Duration::from_secs(20), mailbox.mails.recv()).await.unwrap().unwrap();
        assert_eq!(mail.recipients, [OWNER.0]);
        assert!(mail.subject().contains("Version 1.0"), "{}", mail.subject());
        assert!(mail.content.contains("text/plain") && mail.content.contains("text/html"));

        let member = server.all("/api/members").await[0]["id"].as_str().unwrap().to_owned();
        let feed = server.get(&format!("/v1/users/{member}/feeds/in-app")).await.unwrap().json;
        assert_eq!(feed["meta"]["unread_count"], 1);
        assert_eq!(feed["entries"][0]["data"]["observationId"], envelope["data"]["observationId"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slack_channel_hears_of_what_members_are_not_told() {
    on_each_server(&[], async |server| {
        let answer = |_: &Received| (200, json!({ "ok": true, "channel": "C1", "ts": "1700000000.000100" }).to_string());
        let mut slack = Receiver::replying(Arc::new(answer)).await;
        let put = async |path: &str, body: Value| {
            let headers = [("authorization", bearer()), ("content-type", "application/json".to_owned())];
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = server.ask("PUT", &format!("/v1{path}"), &headers, body.to_string().into_bytes()).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.json);
        };
        let workspace = server.all("/api/workspaces").await[0]["id"].as_str().unwrap().to_owned();
        let base_url = format!("http://{}/api", slack.address);
        put("/channels/slack", json!({ "type": "chat", "provider": "chat_slack", "provider_settings": { "base_url": base_url } }))
            .await;
        let token = json!({ "data": { "token": { "access_token": "xoxb-1" } } });
        put(&format!("/objects/$tenants/{workspace}/channel_data/slack"), token).await;
        let object = format!("/objects/workspaces/{workspace}");
        let connections = json!({ "data": { "connections": [{ "channel_id": "C1" }] } });
        put(&format!("{object}/channel_data/slack"), connections).await;

        let opened = |number: u32| {
            let payload = json!({
                "action": "opened", "number": number,
                "pull_request": { "number": number, "title": format!("Change {number}"), "user": { "id": 7, "login": "ada" },
                    "updated_at": "2026-03-01T00:00:00Z", "head": { "ref": "x", "sha": "a1b2c3d4e5f6a7b8" }, "base": { "ref": "main" } },
                "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
                "sender": { "id": 7, "login": "ada" },
            });
            sign("github", SOURCE_SECRET, "pull_request", &format!("pr-{number}"), payload.to_string().as_bytes())
        };
        server.deliver(&opened(1)).await.unwrap();
        server.until_settled().await;
        put(&object, json!({ "slack_threshold": 0 })).await;
        server.deliver(&opened(2)).await.unwrap();
        let told: Value = serde_json::from_slice(&next(&mut slack).await.body).unwrap();
        assert!(told.to_string().contains("Change 2"), "what came before it was asked for is not told: {told}");
        put(&object, json!({ "slack_threshold": 101 })).await;
        server.deliver(&opened(3)).await.unwrap();
        server.until_settled().await;
        put(&object, json!({ "slack_threshold": 0 })).await;
        server.deliver(&opened(4)).await.unwrap();
        let told: Value = serde_json::from_slice(&next(&mut slack).await.body).unwrap();
        assert!(told.to_string().contains("Change 4"), "nothing was told while it was silent: {told}");
        let seen = server.all("/api/observations").await;
        assert!(seen.len() == 4 && seen.iter().all(|one| one["significance"].as_i64().unwrap() < 70), "{seen:?}");
        let member = server.all("/api/members").await[0]["id"].as_str().unwrap().to_owned();
        let feed = server.get(&format!("/v1/users/{member}/feeds/in-app")).await.unwrap().json;
        assert_eq!(feed["meta"]["total_count"], 0, "members are told by the workspace's threshold: {feed}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_told_of_sources_that_come_and_go() {
    on_each_server(&[], async |server| {
        let mut receiver = Receiver::start().await;
        server.add_endpoint(&receiver.url()).await;
        let made = server.post("/api/sources", &json!({ "provider": "github", "path": "another" })).await.unwrap().json;
        let told =
            async |receiver: &mut Receiver| -> Value { serde_json::from_slice(&next(receiver).await.body).unwrap() };
        let connected = told(&mut receiver).await;
        assert_eq!((&connected["type"], &connected["version"]), (&json!("source.connected"), &json!("2026-02-07")));
        let wanted = json!({
            "workspaceId": made["workspace_id"], "sourceId": made["id"], "sourceType": "github",
            "sourceMetadata": { "path": "another" },
        });
        assert_eq!(connected["data"], wanted);
        let path = format!("/api/sources/{}", made["id"].as_str().unwrap());
        assert_eq!(server.ask("DELETE", &path, &[("authorization", &bearer())], Vec::new()).await.unwrap().status, 204);
        let gone = told(&mut receiver).await;
        assert_eq!(gone["type"], "source.disconnected");
        assert_eq!(gone["data"], json!({ "sourceId": made["id"], "deleteData": false }));
    })
    .await;
}

fn bearer() -> String {
    format!("Bearer {}", campanile_testkit::server::SECRET_KEY)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_significant_is_not_told_to_members() {
    on_each_server(&[], async |server| {
        let workspace = server.all("/api/workspaces").await[0]["id"].as_str().unwrap().to_owned();
        let authorization = format!("Bearer {}", campanile_testkit::server::SECRET_KEY);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let path = format!("/api/workspaces/{workspace}");
        let patched = server.ask("PATCH", &path, &headers, br#"{"notify_threshold":100}"#.to_vec()).await.unwrap();
        assert_eq!((patched.status, patched.json["notify_threshold"].as_i64()), (200, Some(100)));
        server.deliver(&release("1.0")).await.unwrap();
        server.until_settled().await;
        assert!(server.all("/api/notifications").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_tried_again_with_a_new_signature_and_the_same_id() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "100ms,100ms,100ms")], async |server| {
        let answers = Arc::new(AtomicU32::new(0));
        let counted = answers.clone();
        let mut receiver =
            Receiver::answering(Arc::new(move |_| if counted.fetch_add(1, Ordering::SeqCst) < 2 { 500 } else { 200 }))
                .await;
        let secret = server.add_endpoint(&receiver.url()).await;
        server.deliver(&release("1.0")).await.unwrap();
        let mut ids = Vec::new();
        for _ in 0..3 {
            let received = next(&mut receiver).await;
            check(&received, &secret);
            ids.push(received.header("svix-id").to_owned());
        }
        assert!(ids.iter().all(|id| *id == ids[0]));
        let mut written = attempts(&server).await;
        for _ in 0..100 {
            if written.len() == 3 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            written = attempts(&server).await;
        }
        let mut statuses: Vec<i64> = written.iter().map(|a| a["responseStatusCode"].as_i64().unwrap()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 500, 500]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_not_called_again() {
    on_each_server(&[], async |server| {
        let mut receiver = Receiver::answering(Arc::new(|_| 410)).await;
        server.add_endpoint(&receiver.url()).await;
        server.deliver(&release("1.0")).await.unwrap();
        next(&mut receiver).await;
        let disabled =
            async || server.all("/api/activity").await.iter().any(|line| line["action"] == "endpoint.disabled");
        for _ in 0..200 {
            if disabled().await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(disabled().await, "the endpoint was disabled and that was recorded");
        server.deliver(&release("2.0")).await.unwrap();
        server.until_settled().await;
        assert!(receiver.requests.try_recv().is_err());
        let written = attempts(&server).await;
        assert_eq!((written.len(), &written[0]["responseStatusCode"]), (1, &410.into()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inner_address_is_refused_and_recorded() {
    let settings = [("CAMPANILE_NET_ALLOW", ""), ("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "")];
    on_each_server(&settings, async |server| {
        let mut receiver = Receiver::start().await;
        server.add_endpoint(&receiver.url()).await;
        server.deliver(&release("1.0")).await.unwrap();
        let mut written = attempts(&server).await;
        for _ in 0..200 {
            if !written.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            written = attempts(&server).await;
        }
        assert_eq!(written[0]["responseStatusCode"], 0);
        assert!(written[0]["response"].as_str().unwrap().contains("blocked"));
        assert!(receiver.requests.try_recv().is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_of_our_own_is_neither_deleted_nor_renamed() {
    on_each_server(&[], async |server| {
        let authorization = format!("Bearer {}", campanile_testkit::server::SECRET_KEY);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let ask = async |method: &'static str, path: &str, body: Value| {
            let path = format!("/api/v1/app/{path}");
            server.ask(method, path.trim_end_matches('/'), &headers, body.to_string().into_bytes()).await.unwrap()
        };
        let own = server.get("/api/v1/app").await.unwrap().json["data"][0].clone();
        let uid = own["uid"].as_str().unwrap();
        assert!(uid.starts_with("ws_"), "{own}");
        for path in [uid, own["id"].as_str().unwrap(), "campanile.notifications"] {
            let deleted = ask("DELETE", path, Value::Null).await;
            assert_eq!((deleted.status, &deleted.json["code"]), (409, &json!("conflict")), "{}", deleted.json);
            let renamed = ask("PATCH", path, json!({ "uid": "mine" })).await;
            assert_eq!(renamed.status, 409, "{}", renamed.json);
        }
        let slowed = ask("PATCH", uid, json!({ "rateLimit": 50 })).await;
        assert_eq!(slowed.status, 200, "its rate is the organisation's to set: {}", slowed.json);
        // A customer's application with a uid like a workspace's is still the customer's: it can be
        // deleted.
        let made = ask("POST", "", json!({ "name": "a", "uid": "ws_of_a_customer" })).await;
        assert_eq!(made.status, 201, "{}", made.json);
        assert_eq!(ask("DELETE", "ws_of_a_customer", Value::Null).await.status, 204);
        assert_eq!(server.deliver(&release("1.0")).await.unwrap().status, 202);
        server.until_settled().await;
        assert_eq!(server.all("/api/observations").await.len(), 1);
    })
    .await;
}
