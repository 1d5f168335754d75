//! Applications, health, and access rights.

use campanile_db::params;
use serde_json::{Value, json};

use super::{Svix, common_list, id};
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn ping_with_and_without_trailing_slash() {
    on_each_server(&[], async |server| {
        for path in ["/api/v1/health/ping", "/api/v1/health/ping/"] {
            let answer = server.ask("GET", path, &[], Vec::new()).await.unwrap();
            assert_eq!((answer.status, answer.json), (204, Value::Null));
        }
        let unknown = Svix::of(&server).call("GET", "/no/such/thing", &Value::Null).await;
        assert_eq!((unknown.status, &unknown.json["code"]), (404, &json!("not_found")), "errors are JSON everywhere");
        let document = server.ask("GET", "/api/v1/openapi.json", &[], Vec::new()).await.unwrap();
        let content_type = document.headers.iter().find(|(name, _)| name == "content-type").unwrap();
        assert_eq!(content_type.1, "application/json");
        let preflight =
            [("origin", "https://example.com"), ("access-control-request-headers", "authorization,svix-req-id")];
        let allowed = server.ask("OPTIONS", "/api/v1/app", &preflight, Vec::new()).await.unwrap();
        let header =
            |name: &str| allowed.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(allowed.status, 200);
        assert_eq!(header("access-control-allow-origin"), Some("*"));
        assert_eq!(header("access-control-allow-headers"), Some("authorization,svix-req-id"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_restricted_application_access() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let (own, other) = (svix.app("own").await, svix.app("other").await);
        let opened = svix.post(&format!("/auth/app-portal-access/{own}/"), json!({}), 200).await;
        assert!(opened["url"].as_str().unwrap().contains("/portal#key="));
        let portal = Svix::with(&server, opened["token"].as_str().unwrap());
        let refused = portal.post("/app/", json!({ "name": "new" }), 403).await;
        assert_eq!(refused["code"], "insufficient access");
        portal.ask("PUT", &format!("/app/{own}"), json!({ "name": "new" }), 403).await;
        portal.ask("DELETE", &format!("/app/{own}"), Value::Null, 403).await;
        portal.ask("GET", "/app/", Value::Null, 403).await;
        portal.ask("GET", &format!("/app/{other}"), Value::Null, 404).await;
        portal.post(&format!("/app/{own}/msg"), json!({ "eventType": "a", "payload": {} }), 403).await;
        assert_eq!(id(&portal.get(&format!("/app/{own}")).await), own);
        let endpoint = portal.endpoint(&own, "http://localhost:2/").await;
        portal.get(&format!("/app/{own}/endpoint/{endpoint}/secret")).await;

        let asked = json!({ "capabilities": ["ViewBase"], "sessionId": "s1" });
        let opened = svix.post(&format!("/auth/app-portal-access/{own}/"), asked, 200).await;
        let viewer = Svix::with(&server, opened["token"].as_str().unwrap());
        viewer.get(&format!("/app/{own}/endpoint")).await;
        viewer.ask("GET", &format!("/app/{own}/endpoint/{endpoint}/secret"), Value::Null, 403).await;
        viewer.ask("DELETE", &format!("/app/{own}/endpoint/{endpoint}"), Value::Null, 403).await;
        svix.post(&format!("/auth/app/{own}/expire-all"), json!({ "sessionIds": ["s1"] }), 204).await;
        viewer.ask("GET", &format!("/app/{own}"), Value::Null, 401).await;
        portal.get(&format!("/app/{own}")).await;
        portal.post("/auth/logout", json!({}), 204).await;
        portal.ask("GET", &format!("/app/{own}"), Value::Null, 401).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_dashboard_access_without_body() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        for body in [Vec::new(), b"null".to_vec()] {
            let authorization = format!("Bearer {}", svix.token);
            let headers = [("authorization", authorization.as_str())];
            let path = format!("/api/v1/auth/dashboard-access/{app}/");
            assert_eq!(server.ask("POST", &path, &headers, body).await.unwrap().status, 200);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_invalid_auth_error_detail() {
    on_each_server(&[], async |server| {
        let refused = Svix::with(&server, "nonsense").ask("GET", "/app", Value::Null, 401).await;
        assert_eq!(refused, json!({ "code": "authentication_failed", "detail": "Invalid token" }));
        let refused = Svix::with(&server, "appsk_nonsense").ask("GET", "/app", Value::Null, 401).await;
        assert_eq!(refused["code"], "authentication_failed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_app_portal_access_with_application() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let path = "/auth/app-portal-access/new-app";
        svix.post(path, json!({ "featureFlags": [] }), 404).await;
        let named = |name: &str| json!({ "featureFlags": [], "application": { "name": name, "uid": "new-app" } });
        svix.post(path, named("first"), 200).await;
        assert_eq!(svix.get("/app/new-app").await["name"], "first");
        svix.post(path, named("second"), 200).await;
        assert_eq!(svix.get("/app/new-app").await["name"], "first");
        let mismatch = svix.post(path, json!({ "application": { "name": "x", "uid": "other" } }), 422).await;
        assert_eq!(mismatch["detail"][0]["type"], "application_uid_mismatch");
        let missing = svix.post(path, json!({ "application": { "name": "x" } }), 422).await;
        assert_eq!(missing["detail"][0]["loc"], json!(["body", "application", "uid"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_patch() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let made = svix.ask("PUT", "/app/unknown", json!({ "name": "a", "rateLimit": 5 }), 201).await;
        let path = format!("/app/{}", id(&made));
        svix.ask("GET", "/app/unknown", Value::Null, 404).await;
        let patched = svix.ask("PATCH", &path, json!({ "name": "b" }), 200).await;
        assert_eq!(
            (&patched["name"], &patched["rateLimit"], &patched["throttleRate"]),
            (&json!("b"), &json!(5), &json!(5))
        );
        let patched = svix.ask("PATCH", &path, json!({ "rateLimit": 10, "uid": "u" }), 200).await;
        assert_eq!(
            (&patched["name"], &patched["throttleRate"], &patched["uid"]),
            (&json!("b"), &json!(10), &json!("u"))
        );
        let patched = svix.ask("PATCH", &path, json!({ "rateLimit": null, "metadata": { "k": "v" } }), 200).await;
        assert_eq!((patched.get("rateLimit"), &patched["metadata"]), (None, &json!({ "k": "v" })));
        let patched = svix.ask("PATCH", &path, json!({ "uid": null }), 200).await;
        assert_eq!((patched.get("uid"), &patched["metadata"]), (None, &json!({ "k": "v" })));
        svix.ask("PATCH", &path, json!({ "rateLimit": 0 }), 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_crud() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let made = svix.post("/app", json!({ "name": "a" }), 201).await;
        assert_eq!(made["metadata"], json!({}));
        let path = format!("/app/{}", id(&made));
        assert_eq!(svix.get(&path).await, made);
        let put = svix.ask("PUT", &path, json!({ "name": "b", "metadata": { "x": "1" } }), 200).await;
        assert_eq!((&put["name"], &put["metadata"], &put["id"]), (&json!("b"), &json!({ "x": "1" }), &made["id"]));
        svix.ask("PUT", &path, json!({ "name": "b", "metadata": { "y": "2" } }), 200).await;
        assert_eq!(svix.get(&path).await["metadata"], json!({ "y": "2" }));
        svix.ask("DELETE", &path, Value::Null, 204).await;
        svix.ask("GET", &path, Value::Null, 404).await;
        svix.post("/app", json!({ "name": "" }), 422).await;
        svix.post("/app", json!({ "name": "a", "metadata": { "k": "v".repeat(4_100) } }), 422).await;
        let missing = svix.post("/app", json!({}), 422).await;
        assert_eq!(missing["detail"][0]["loc"], json!(["body", "", ""]));
        assert_eq!(missing["detail"][0]["type"], "value_error.jsondecode");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_list() {
    on_each_server(&[], async |mut server| {
        // The workspace's own application comes first and cannot be deleted, but the suite expects
        // an empty list. So the test hides it.
        server.kill().await;
        let db = server.open_database().await;
        let hidden = db.write(|tx| {
            Box::pin(async move {
                let sql = "UPDATE application SET kind = 'notifications' WHERE kind = 'workspace'";
                tx.execute(sql, params![]).await
            })
        });
        assert_eq!(hidden.await.unwrap(), 1);
        drop(db);
        server.restart().await;
        let svix = Svix::of(&server);
        common_list(&svix, "/app/", true, true, async |n| svix.app(&format!("app {n}")).await).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_uid() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let first = svix.post("/app", json!({ "name": "a", "uid": "u1" }), 201).await;
        assert_eq!(svix.get("/app/u1").await, first);
        svix.post("/app", json!({ "name": "b", "uid": "u1" }), 409).await;
        let second = svix.post("/app", json!({ "name": "b", "uid": "u2" }), 201).await;
        svix.ask("PUT", &format!("/app/{}", id(&second)), json!({ "name": "b", "uid": "u1" }), 409).await;
        svix.ask("DELETE", "/app/u1", Value::Null, 204).await;
        svix.ask("PUT", "/app/u2", json!({ "name": "b", "uid": "u2" }), 200).await;
        svix.ask("PUT", "/app/u2", json!({ "name": "b", "uid": "u1" }), 200).await;
        assert_eq!(svix.get("/app/u1").await["id"], second["id"]);
        svix.ask("PUT", "/app/u1", json!({ "name": "b" }), 200).await;
        svix.ask("GET", "/app/u1", Value::Null, 404).await;
        let wrong = svix.post("/app", json!({ "name": "a", "uid": "app_x" }), 422).await;
        assert_eq!(wrong["detail"][0]["loc"], json!(["body", "uid", "__all__"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_get_or_create() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let made = svix.post("/app", json!({ "name": "a", "uid": "u", "metadata": { "k": "v" } }), 201).await;
        svix.post("/app", json!({ "name": "a", "uid": "u" }), 409).await;
        assert_eq!(svix.post("/app?get_if_exists=true", json!({ "name": "b", "uid": "u" }), 200).await, made);
        svix.post("/app?get_if_exists=yes", json!({ "name": "b", "uid": "u" }), 400).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_idempotency() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let ask =
            async |path: &str, body: Value| svix.call_with("POST", path, &body, &[("idempotency-key", "k1")]).await;
        let (first, again) = (ask("/app", json!({ "name": "a" })).await, ask("/app", json!({ "name": "b" })).await);
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.json, again.json, "the body does not count");
        let app = id(&first.json);
        let path = format!("/app/{app}/msg");
        let body = json!({ "eventType": "a.b", "payload": { "n": 1 } });
        let (first, again) = (ask(&path, body.clone()).await, ask(&path, body.clone()).await);
        assert_eq!((first.status, &first.json), (202, &again.json));
        let (one, other) = tokio::join!(
            svix.call_with("POST", &path, &body, &[("idempotency-key", "k2")]),
            svix.call_with("POST", &path, &body, &[("idempotency-key", "k2")]),
        );
        assert_eq!((one.status, one.json["id"].as_str()), (202, other.json["id"].as_str()));
        assert_eq!(svix.get(&path).await["data"].as_array().unwrap().len(), 2);
        let (one, other) = (ask("/app", json!({})).await, svix.post("/app", json!({ "name": "c" }), 201).await);
        assert_eq!(one.status, 201, "what succeeded is what is remembered: {}", one.json);
        assert_ne!(one.json["id"], other["id"]);
    })
    .await;
}
