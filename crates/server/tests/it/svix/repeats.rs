//! Repeats of a request: a caller without access any more gets no stored answer, and answers are
//! stored sealed and uncompressed.

use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::{Value, json};

use super::Svix;
use crate::on_each_server;

const KEY: &[(&str, &str)] = &[("idempotency-key", "k1")];

async fn secret_key(server: &Server) -> (String, String) {
    let made = server.post("/api/keys", &json!({ "name": "another" })).await.unwrap().json;
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn revoke(server: &Server, id: &str) {
    let authorization = format!("Bearer {SECRET_KEY}");
    let headers = [("authorization", authorization.as_str())];
    let gone = server.ask("DELETE", &format!("/api/keys/{id}"), &headers, Vec::new()).await.unwrap();
    assert_eq!(gone.status, 204, "{}", gone.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_gets_no_answer_of_before() {
    on_each_server(&[], async |server| {
        let app = Svix::of(&server).app("one").await;
        let (id, secret) = secret_key(&server).await;
        let svix = Svix::with(&server, &secret);
        let path = format!("/auth/app-portal-access/{app}");
        let first = svix.call_with("POST", &path, &json!({}), KEY).await;
        assert_eq!(first.status, 200, "{}", first.json);
        // Another case of the scheme or an extra space does not make another caller.
        let headers = [
            ("authorization", &*format!("bearer  {secret}")),
            ("idempotency-key", "k1"),
            ("content-type", "application/json"),
        ];
        let again = server.ask("POST", &format!("/api/v1{path}"), &headers, b"{}".to_vec()).await.unwrap();
        assert_eq!((again.status, &again.json), (200, &first.json));
        let other = Svix::of(&server).call_with("POST", &path, &json!({}), KEY).await;
        assert_ne!(other.json["token"], first.json["token"], "another key's repeats are its own");
        revoke(&server, &id).await;
        let refused = svix.call_with("POST", &path, &json!({}), KEY).await;
        assert_eq!((refused.status, &refused.json["code"]), (401, &json!("authentication_failed")));
        let token = first.json["token"].as_str().unwrap();
        let portal = Svix::with(&server, token);
        let path = format!("/app/{app}/endpoint");
        let endpoint = json!({ "url": "http://127.0.0.1:9" });
        let made = portal.call_with("POST", &path, &endpoint, KEY).await;
        assert_eq!(made.status, 201, "{}", made.json);
        assert_eq!(portal.call("POST", "/auth/logout", &Value::Null).await.status, 204);
        let refused = portal.call_with("POST", &path, &endpoint, KEY).await;
        assert_eq!(refused.status, 401, "an ended token gets nothing either");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_kept_are_sealed() {
    on_each_server(&[], async |mut server| {
        let svix = Svix::of(&server);
        let app = svix.app("one").await;
        let path = format!("/auth/app-portal-access/{app}");
        let answer = svix.call_with("POST", &path, &json!({}), KEY).await;
        let token = answer.json["token"].as_str().unwrap().to_owned();
        let repeated = svix.call_with("POST", &path, &json!({}), KEY).await;
        assert_eq!(repeated.json["token"], token);
        server.kill().await;
        let db = server.open_database().await;
        let kept: Vec<String> = db
            .read(|tx| {
                Box::pin(async move {
                    let sql = "SELECT COALESCE(body, '') FROM answered_request WHERE status = 200";
                    tx.all(sql, &[], |row| row.get(0)).await
                })
            })
            .await
            .unwrap();
        assert!(
            !kept.is_empty() && kept.iter().all(|body| body.starts_with("v1.") && !body.contains(&token)),
            "{kept:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_as_it_was_made_and_not_as_it_was_sent() {
    on_each_server(&[], async |server| {
        let authorization = format!("Bearer {SECRET_KEY}");
        let body = json!({ "name": "long", "metadata": { "text": "a bell ".repeat(400) } }).to_string();
        let ask = async |encoding: &str| {
            let headers = [
                ("authorization", authorization.as_str()),
                ("content-type", "application/json"),
                ("idempotency-key", "long"),
                ("accept-encoding", encoding),
            ];
            server.ask("POST", "/api/v1/app", &headers, body.clone().into_bytes()).await.unwrap()
        };
        let encoding = |answer: &campanile_testkit::server::Answer| {
            answer.headers.iter().find(|(name, _)| name == "content-encoding").map(|(_, value)| value.clone())
        };
        let packed = ask("gzip").await;
        assert_eq!((packed.status, encoding(&packed).as_deref()), (201, Some("gzip")));
        let plain = ask("identity").await;
        assert_eq!((plain.status, encoding(&plain)), (201, None));
        assert_eq!(plain.json["metadata"]["text"].as_str().map(str::len), Some(2_800), "{}", plain.json);
        assert_eq!(encoding(&ask("gzip").await).as_deref(), Some("gzip"));
    })
    .await;
}
