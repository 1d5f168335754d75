//! Access rights: public keys, users' tokens, grants.

use campanile_accounts::{Caller, keys, organisations};
use campanile_base::Secret;
use campanile_db::testing::TestDatabase;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::{Knock, feed_step};
use crate::on_each_server;

pub(crate) async fn public_key(server: &Server) -> String {
    let made = server.post("/api/public-keys", &json!({ "name": "page" })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    made.json["key"].as_str().unwrap().to_owned()
}

/// A token as a customer's backend signs it.
pub(crate) fn signed(private: &str, claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(private.as_bytes()).unwrap();
    jsonwebtoken::encode(&jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256), claims, &key).unwrap()
}

pub(crate) fn in_seconds(seconds: i64) -> i64 {
    campanile_base::Clock::System.now().as_seconds() + seconds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_key_opens_what_its_users_token_says() {
    on_each_server(&[], async |server| {
        let secret = Knock::of(&server);
        secret.workflow("w", json!([feed_step("x")])).await;
        secret.trigger("w", json!({ "recipients": ["jane", "john"] })).await;
        let of_john = secret.until_fed("john", 1).await["entries"][0]["id"].as_str().unwrap().to_owned();
        let key = public_key(&server).await;
        let feed = "/users/jane/feeds/in-app";
        let bare = Knock::with(&server, &key, None);
        assert_eq!(bare.ask("GET", feed, Value::Null, 403).await["code"], "missing_user_token");
        let early = Knock::with(&server, &key, Some("e30.e30.x"));
        assert_eq!(early.ask("GET", feed, Value::Null, 403).await["code"], "missing_jwt_signing_key");

        let made = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
        let private = made["private_key"].as_str().unwrap().to_owned();
        assert!(private.starts_with("-----BEGIN PRIVATE KEY-----"));
        let token = signed(&private, &json!({ "sub": "jane", "iat": in_seconds(0), "exp": in_seconds(60) }));
        let jane = Knock::with(&server, &key, Some(&token));
        assert_eq!(jane.get(feed).await["meta"]["total_count"], 1);
        jane.put("/users/jane", json!({ "name": "Jane" })).await;
        jane.put("/users/jane/preferences/default", json!({ "workflows": {} })).await;
        jane.post("/channels/in-app/messages/bulk/seen", json!({ "user_ids": ["jane"] })).await;
        for (method, path) in [
            ("GET", "/users/john/feeds/in-app"),
            ("GET", "/users/john"),
            ("PUT", "/users/john"),
            ("GET", "/users/john/preferences/default"),
            ("PUT", "/users/john/preferences/default"),
            ("GET", "/users/john/channel_data/email"),
            ("GET", "/users"),
            ("GET", "/messages"),
            ("GET", "/tenants"),
            ("GET", "/objects/projects/p1"),
            ("PUT", "/objects/projects/p1"),
            ("DELETE", "/users/jane"),
            ("POST", "/workflows/w/trigger"),
            ("GET", "/workflow_recipient_runs"),
            ("GET", "/workflows"),
            ("PUT", "/channels/email"),
            ("GET", "/commits"),
        ] {
            let answer = jane.call(method, path, &json!({ "recipients": ["a"] }), &[]).await;
            assert_eq!(answer.status, 403, "{method} {path}: {}", answer.json);
        }
        // Another user's message can be neither read nor marked.
        assert_eq!(jane.call("GET", &format!("/messages/{of_john}"), &Value::Null, &[]).await.status, 403);
        assert_eq!(jane.post("/messages/batch/read", json!({ "message_ids": [of_john] })).await, json!([]));
        let others = json!({ "user_ids": ["john"] });
        assert_eq!(jane.call("POST", "/channels/in-app/messages/bulk/read", &others, &[]).await.status, 403);
        assert_eq!(secret.feed("john", "").await["meta"]["unread_count"], 1);

        for claims in [
            json!({ "sub": "jane", "exp": in_seconds(-60) }),
            json!({ "sub": "jane", "exp": in_seconds(60), "iat": in_seconds(120) }),
        ] {
            let stale = Knock::with(&server, &key, Some(&signed(&private, &claims)));
            assert_eq!(stale.ask("GET", feed, Value::Null, 403).await["code"], "invalid_user_token", "{claims}");
        }
        let id = made["id"].as_str().unwrap();
        let authorization = format!("Bearer {}", campanile_testkit::server::SECRET_KEY);
        let headers = [("authorization", authorization.as_str())];
        server.ask("DELETE", &format!("/api/signing-keys/{id}"), &headers, Vec::new()).await.unwrap();
        let gone = server.post("/api/signing-keys", &json!({})).await.unwrap();
        assert_eq!(gone.status, 201);
        assert_eq!(jane.ask("GET", feed, Value::Null, 403).await["code"], "invalid_user_token");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_open_objects_and_confine_to_tenants() {
    on_each_server(&[], async |server| {
        let (secret, key) = (Knock::of(&server), public_key(&server).await);
        secret.put("/channels/slack", json!({ "type": "chat", "provider": "chat_slack" })).await;
        secret
            .put(
                "/objects/projects/p1/channel_data/slack",
                json!({ "data": { "connections": [{ "channel_id": "C1" }] } }),
            )
            .await;
        let made = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
        let private = made["private_key"].as_str().unwrap();
        let with = |grants: Value, is_explicit: bool| {
            let claims =
                json!({ "sub": "jane", "exp": in_seconds(60), "grants": grants, "explicit_grants": is_explicit });
            Knock::with(&server, &key, Some(&signed(private, &claims)))
        };
        let base = "https://api.knock.app/v1";
        let reader = with(json!({ format!("{base}/objects/projects/p1"): { "channel_data/read": [{}] } }), false);
        assert_eq!(
            reader.get("/objects/projects/p1/channel_data/slack").await["data"]["connections"][0]["channel_id"],
            "C1"
        );
        reader
            .ask("PUT", "/objects/projects/p1/channel_data/slack", json!({ "data": { "connections": [] } }), 403)
            .await;
        reader.ask("GET", "/objects/projects/p2/channel_data/slack", Value::Null, 403).await;
        reader.get("/users/jane/preferences/default").await;
        let explicit = with(json!({ format!("{base}/users/jane"): { "user/feed_read": [] } }), true);
        explicit.feed("jane", "").await;
        explicit.ask("GET", "/users/jane/preferences/default", Value::Null, 403).await;
        let confined =
            with(json!({ format!("{base}/tenants/acme"): { "user/feed_read": [], "preferences/read": [] } }), false);
        confined.feed("jane", "tenant=acme").await;
        confined.ask("GET", "/users/jane/feeds/in-app?tenant=other", Value::Null, 403).await;
        confined.ask("GET", "/users/jane/feeds/in-app", Value::Null, 403).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tokens_a_public_key_opens_users_but_no_objects() {
    on_each_server(&[], async |server| {
        let key = public_key(&server).await;
        let authorization = format!("Bearer {}", campanile_testkit::server::SECRET_KEY);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let needed = async || server.get("/api/browser-security").await.unwrap().json["needs_user_tokens"].clone();
        assert_eq!(needed().await, true);
        let body = br#"{"needs_user_tokens": false}"#.to_vec();
        assert_eq!(server.ask("PUT", "/api/browser-security", &headers, body).await.unwrap().status, 204);
        assert_eq!(needed().await, false);
        let page = Knock::with(&server, &key, None);
        page.feed("anybody", "").await;
        page.put("/users/anybody", json!({ "name": "Any" })).await;
        page.ask("GET", "/objects/projects/p1/channel_data/in-app", Value::Null, 403).await;
        assert_eq!(page.ask("GET", "/users", Value::Null, 403).await["code"], "incorrect_token_type");
        let unknown = Knock::with(&server, "pk_unknown", None);
        assert_eq!(unknown.ask("GET", "/users/jane", Value::Null, 401).await["type"], "authentication_error");
    })
    .await;
}

/// Every path of the API, from its document.
fn paths() -> Vec<String> {
    let document: Value = serde_json::from_str(include_str!("../../../../../docs/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().keys();
    let paths: Vec<String> = paths.filter_map(|path| path.strip_prefix("/v1").map(str::to_owned)).collect();
    assert!(paths.len() > 80, "the document is read: {paths:?}");
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_tells_a_stranger_anything_or_does_anything_for_them() {
    on_each_server(&[], async |server| {
        let secret = Knock::of(&server);
        let message = victim(&secret).await;
        let before = secret.feed("victim", "").await;

        let key = public_key(&server).await;
        let made = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
        let private = made["private_key"].as_str().unwrap();
        let grant = json!({ "https://api.knock.app/v1/objects/$tenants/other": {
            "slack/channels_read": [], "channel_data/read": [], "channel_data/write": [] } });
        let token = |claims: Value| signed(private, &claims);
        let expired = token(json!({ "sub": "victim", "exp": in_seconds(-120) }));
        let another = token(json!({ "sub": "mallory", "exp": in_seconds(600) }));
        let elsewhere = token(json!({ "sub": "mallory", "exp": in_seconds(600), "grants": grant }));
        let bare = token(json!({ "sub": "victim", "exp": in_seconds(600), "explicit_grants": true }));
        let unsigned = another.rsplit_once('.').map(|(head, _)| format!("{head}.AAAA")).unwrap();
        let strangers = [
            ("nobody", Knock { server: &server, headers: Vec::new() }),
            ("an unknown key", Knock::with(&server, "sk_unknown_0123456789abcdef", None)),
            ("an unknown public key", Knock::with(&server, "pk_unknown", Some(&another))),
            ("no token", Knock::with(&server, &key, None)),
            ("an expired token", Knock::with(&server, &key, Some(&expired))),
            ("a token for another user", Knock::with(&server, &key, Some(&another))),
            ("a token for another tenant", Knock::with(&server, &key, Some(&elsewhere))),
            ("a token with nothing granted", Knock::with(&server, &key, Some(&bare))),
            ("a token that nobody signed", Knock::with(&server, &key, Some(&unsigned))),
        ];
        let body = body_about(&message);
        for path in paths() {
            let placed = placed(&path, &message);
            for (who, stranger) in &strangers {
                for method in ["GET", "PUT", "POST", "DELETE"] {
                    let answer = stranger.call(method, &format!("{placed}?{QUERY}"), &body, &[]).await;
                    let told = answer.json.to_string();
                    assert!(!told.contains(MARK), "{who}: {method} {path} tells {told}");
                    // An empty result of marking many is no error.
                    let is_empty = answer.json == json!([]);
                    assert!(
                        answer.status >= 400 || is_empty,
                        "{who}: {method} {path} is answered {} {told}",
                        answer.status
                    );
                }
            }
        }
        unharmed(&secret, &before).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_tells_another_organisation_anything() {
    const THEIRS: &str = "sk_theirs_0123456789abcdefghij";
    for database in TestDatabase::each().await {
        let mut server = Server::start(crate::BINARY, database, &[]).await;
        let message = victim(&Knock::of(&server)).await;
        // No page or API founds a second organisation yet, so it is written into the database.
        server.kill().await;
        let db = server.open_database().await;
        let founded = db.write(|tx| {
            Box::pin(async move {
                let clock = campanile_base::Clock::System;
                let caller = Caller::system(organisations::create(tx, &clock, "Others").await?);
                keys::adopt(tx, &clock, &caller, "theirs", &Secret::new(THEIRS.to_owned())).await?;
                Ok::<_, campanile_base::Error>(())
            })
        });
        founded.await.unwrap();
        drop(db);
        server.restart().await;
        let secret = Knock::of(&server);
        let before = secret.feed("victim", "").await;
        let theirs = Knock::with(&server, THEIRS, None);
        assert_eq!(theirs.get("/users").await["entries"], json!([]), "they have their own");
        let body = body_about(&message);
        // Deleting comes last. Until then the caller can read only what it wrote itself.
        for method in ["GET", "POST", "PUT", "GET", "DELETE"] {
            for path in paths() {
                let answer = theirs.call(method, &format!("{}?{QUERY}", placed(&path, &message)), &body, &[]).await;
                let told = answer.json.to_string();
                assert!(!told.contains(MARK), "{method} {path} tells {told}");
                assert!(answer.status < 500, "{method} {path}: {} {told}", answer.status);
            }
        }
        unharmed(&secret, &before).await;
    }
}

const MARK: &str = "known-to-victim-alone";
const QUERY: &str =
    "access_token_object[object_id]=victim&ms_teams_tenant_object[object_id]=victim&team_id=t&workflow=victim";

/// Creates a user with data of every kind. Returns one of their messages.
async fn victim(secret: &Knock<'_>) -> String {
    secret.put("/users/victim", json!({ "name": MARK, "email": "victim@example.com" })).await;
    secret.put("/objects/projects/victim", json!({ "name": MARK })).await;
    secret.put("/tenants/victim", json!({ "name": MARK })).await;
    secret.put("/channels/victim", json!({ "type": "chat", "provider": "chat_slack" })).await;
    let data = json!({ "data": { "connections": [{ "channel_id": MARK }], "token": { "access_token": MARK } } });
    for owner in ["users/victim", "objects/projects/victim", "objects/$tenants/victim"] {
        secret.put(&format!("/{owner}/channel_data/victim"), data.clone()).await;
    }
    secret.workflow("victim", json!([feed_step(MARK)])).await;
    let texts = json!({ "translation": { "format": "json", "content": json!({ "text": MARK }).to_string() } });
    secret.put("/translations/victim?commit=true", texts).await;
    secret.trigger("victim", json!({ "recipients": ["victim"], "data": { "mark": MARK } })).await;
    secret.until_fed("victim", 1).await["entries"][0]["id"].as_str().unwrap().to_owned()
}

async fn unharmed(secret: &Knock<'_>, before: &Value) {
    assert_eq!(secret.get("/users/victim").await["name"], MARK);
    assert_eq!(secret.feed("victim", "").await, *before);
    assert_eq!(secret.get("/users/victim/channel_data/victim").await["data"]["connections"][0]["channel_id"], MARK);
    assert_eq!(secret.get("/workflows/victim").await["active"], true);
}

/// The path with the victim's ids in it.
fn placed(path: &str, message: &str) -> String {
    let placed = path
        .replace("{collection}", "projects")
        .replace("{message}", message)
        .replace("{feed}", "in-app")
        .replace("{mark}", "read")
        .replace("{action}", "delete")
        .replace("{part}", "workflows");
    let placed = if placed.contains("/messages/{id}") { placed.replace("{id}", message) } else { placed };
    let named = |part| if str::starts_with(part, '{') { "victim" } else { part };
    placed.split('/').map(named).collect::<Vec<_>>().join("/")
}

/// A body with valid fields for any route.
fn body_about(message: &str) -> Value {
    json!({
        "recipients": ["victim"], "user_ids": ["victim"], "recipient_ids": ["victim"], "message_ids": [message],
        "data": {}, "name": "changed", "status": false, "guide_key": "victim", "guide_step_ref": "x", "channel_id": "victim",
        "from_user_id": "victim", "workflow": { "steps": [] }, "to": {}, "cancellation_key": "x", "id": "1", "method": "x",
    })
}
