//! Separation of organisations, and no route is open by mistake.

use std::time::Duration;

use campanile_testkit::provider::sign;
use campanile_testkit::server::{OWNER, SECRET_KEY, SOURCE_SECRET, Server};
use serde_json::json;

use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn every_described_route_asks_who_is_calling() {
    on_each_server(&[], async |server| {
        let document = server.get("/openapi.json").await.unwrap().json;
        let open = [
            "/api/_health/live",
            "/api/_health/ready",
            "/metrics",
            "/api/session",
            "/api/session/link",
            "/api/v1/health",
            "/api/v1/health/ping",
            // Providers lead people back to it; without a session it connects nothing, and the console says why.
            "/api/connect/{provider}/return",
            "/api/connect/github/app/return",
            // Its body has the credentials.
            "/api/v1/auth/one-time-token",
        ];
        let mut asked = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            if open.contains(&path.as_str()) || path.starts_with("/api/ingest") {
                continue;
            }
            for method in operations.as_object().unwrap().keys() {
                let method = match method.as_str() {
                    "get" => "GET",
                    "post" => "POST",
                    "put" => "PUT",
                    "patch" => "PATCH",
                    "delete" => "DELETE",
                    other => panic!("{other}"),
                };
                let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
                let path = parts.collect::<Vec<_>>().join("/");
                let headers = [("content-type", "application/json"), ("authorization", "Bearer sk_somebody_elses_key")];
                for headers in [&headers[..1], &headers[..]] {
                    let answer = server.ask(method, &path, headers, b"{}".to_vec()).await.unwrap();
                    assert_eq!(answer.status, 401, "{method} {path}: {}", answer.json);
                    asked += 1;
                }
            }
        }
        assert!(asked > 60, "{asked}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_wrong_methods_are_json_in_the_shape_of_their_api() {
    on_each_server(&[], async |server| {
        let own = server.get("/api/nothing/here").await.unwrap();
        assert_eq!((own.status, own.json["code"].as_str()), (404, Some("NOT_FOUND")));
        let svix = server.get("/api/v1/nothing").await.unwrap();
        assert_eq!((svix.status, svix.json["code"].as_str()), (404, Some("not_found")));
        let knock = server.get("/v1/nothing").await.unwrap();
        assert_eq!((knock.status, knock.json["code"].as_str()), (404, Some("resource_missing")));
        let method = server.post("/api/people", &json!({})).await.unwrap();
        assert_eq!((method.status, method.json["code"].as_str()), (405, Some("METHOD_NOT_ALLOWED")));
        let bearer = format!("Bearer {SECRET_KEY}");
        let put = async |path: &str| {
            server.ask("PUT", path, &[("authorization", bearer.as_str())], b"{}".to_vec()).await.unwrap()
        };
        let svix = put("/api/v1/app").await;
        assert_eq!((svix.status, svix.json["code"].as_str()), (405, Some("method_not_allowed")), "{}", svix.json);
        assert!(svix.json["detail"].is_string());
        let knock = put("/v1/users").await;
        assert_eq!((knock.status, knock.json["type"].as_str()), (405, Some("invalid_request_error")), "{}", knock.json);
        for (path, code) in [("/api/v1", "not_found"), ("/v1", "resource_missing")] {
            let root = server.get(path).await.unwrap();
            assert_eq!((root.status, root.json["code"].as_str()), (404, Some(code)), "{path}: {}", root.json);
        }
        let nul = server.ask("POST", "/api/ingest/github/a%00b", &[], b"{}".to_vec()).await.unwrap();
        assert_eq!((nul.status, nul.json["code"].as_str()), (404, Some("NOT_FOUND")), "{}", nul.json);
        let json_alone = [("accept", "application/json")];
        assert_eq!(server.ask("GET", "/", &json_alone, Vec::new()).await.unwrap().status, 404, "it wants no page");
        let no_page = [("accept", "application/json, text/html;q=0")];
        assert_eq!(server.ask("GET", "/observations", &no_page, Vec::new()).await.unwrap().status, 404);
        let body = server.post("/api/keys", &json!({ "nam": 1 })).await.unwrap();
        assert_eq!((body.status, body.json["code"].as_str()), (422, Some("VALIDATION_ERROR")));
    })
    .await;
}

async fn cookie(server: &Server, email: &str, password: &str) -> Option<String> {
    let body = json!({ "email": email, "password": password }).to_string();
    let answer = server.ask("POST", "/api/session", &[("content-type", "application/json")], body.into_bytes());
    let answer = answer.await.unwrap();
    let set = answer.headers.iter().find(|(name, _)| name == "set-cookie")?;
    assert!(set.1.contains("HttpOnly") && set.1.contains("SameSite=Lax"));
    set.1.split(';').next().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_reads_its_own_and_cannot_be_used_from_another_site() {
    on_each_server(&[], async |server| {
        assert!(cookie(&server, OWNER.0, "wrong").await.is_none());
        let cookie = cookie(&server, OWNER.0, OWNER.1).await.expect("the owner signs in");
        let headers = [("cookie", cookie.as_str())];
        let who = server.ask("GET", "/api/session", &headers, Vec::new()).await.unwrap();
        assert_eq!(who.json["member"]["email"], OWNER.0);
        assert_eq!(server.ask("GET", "/api/observations", &headers, Vec::new()).await.unwrap().status, 200);
        let other = json!({ "email": "bob@example.com", "role": "staff", "password": "bob's own password" });
        let other = server.post("/api/members", &other).await.unwrap().json["id"].as_str().unwrap().to_owned();
        let feed = async |user: &str| {
            let path = format!("/v1/users/{user}/feeds/in-app");
            server.ask("GET", &path, &headers, Vec::new()).await.unwrap().status
        };
        assert_eq!((feed(&other).await, feed("a_customers_user").await), (403, 200), "what members are told is theirs");

        let foreign =
            [("cookie", cookie.as_str()), ("origin", "https://evil.example"), ("content-type", "application/json")];
        let refused = server.ask("POST", "/api/keys", &foreign, br#"{"name":"x"}"#.to_vec()).await.unwrap();
        assert_eq!(refused.status, 403);

        server.ask("DELETE", "/api/session", &headers, Vec::new()).await.unwrap();
        assert_eq!(server.ask("GET", "/api/session", &headers, Vec::new()).await.unwrap().status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_source_works_and_a_deleted_one_is_gone() {
    on_each_server(&[], async |server| {
        let made = server.post("/api/sources", &json!({ "provider": "github" })).await.unwrap();
        assert_eq!(made.status, 201, "{}", made.json);
        let (path, secret) = (made.json["path"].as_str().unwrap(), made.json["secret"].as_str().unwrap());
        let ping = campanile_testkit::provider::sign("github", secret, "ping", "p-1", br#"{"zen":"Be calm."}"#);
        let headers: Vec<(&str, &str)> = ping.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let url = format!("/api/ingest/github/{path}");
        assert_eq!(server.ask("POST", &url, &headers, ping.body.clone()).await.unwrap().status, 202);
        server.until_settled().await;
        assert_eq!(server.all("/api/deliveries?status=skipped").await.len(), 1);
        let listed = server.get("/api/sources").await.unwrap().json.to_string();
        assert!(listed.contains(path) && !listed.contains(secret), "a secret is shown once");
        let taken = server.post("/api/sources", &json!({ "provider": "github", "path": path })).await.unwrap();
        assert_eq!(taken.status, 409);

        let authorization = format!("Bearer {}", campanile_testkit::server::SECRET_KEY);
        let path = format!("/api/sources/{}", made.json["id"].as_str().unwrap());
        let gone = server.ask("DELETE", &path, &[("authorization", &authorization)], Vec::new()).await.unwrap();
        assert_eq!(gone.status, 204);
        assert_eq!(server.ask("POST", &url, &headers, ping.body).await.unwrap().status, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_an_observation_of_any_workspace_of_ones_own() {
    on_each_server(&[], async |server| {
        let made = server.post("/api/workspaces", &json!({ "name": "The other one" })).await.unwrap().json;
        let source = json!({ "provider": "github", "path": "elsewhere", "secret": SOURCE_SECRET, "workspace": made["id"] });
        assert_eq!(server.post("/api/sources", &source).await.unwrap().status, 201);
        let payload = json!({ "zen": "Keep it logically awesome.", "hook_id": 1, "repository": { "id": 1, "full_name": "acme/shop" } });
        let issue = json!({
            "action": "opened", "issue": { "number": 4, "title": "A bell is cracked", "user": { "id": 7, "login": "ada" },
                "updated_at": "2026-03-01T00:00:00Z" },
            "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" }, "sender": { "id": 7, "login": "ada" },
        });
        for (event, payload) in [("ping", payload), ("issues", issue)] {
            let delivery = sign("github", SOURCE_SECRET, event, event, payload.to_string().as_bytes());
            let headers: Vec<_> = delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = server.ask("POST", "/api/ingest/github/elsewhere", &headers, delivery.body.clone()).await.unwrap();
            assert_eq!(answer.status, 202);
        }
        let within = format!("?workspace={}", made["id"].as_str().unwrap());
        let look = async || server.all(&format!("/api/observations{within}")).await;
        let mut seen = look().await;
        for _ in 0..600 {
            if seen.is_empty() {
                tokio::time::sleep(Duration::from_millis(30)).await;
                seen = look().await;
            }
        }
        assert_eq!(seen.len(), 1);
        let id = seen[0]["id"].as_str().unwrap();
        for path in [format!("/api/observations/{id}"), format!("/api/observations/{id}{within}")] {
            let answer = server.get(&path).await.unwrap();
            assert_eq!((answer.status, answer.json["workspace_id"].as_str()), (200, made["id"].as_str()), "{path}");
        }
        assert_eq!(server.get(&format!("/api/observations/{id}/edges")).await.unwrap().status, 200);
        let first = server.all("/api/workspaces").await[0]["id"].as_str().unwrap().to_owned();
        let elsewhere = server.get(&format!("/api/observations/{id}?workspace={first}")).await.unwrap();
        assert_eq!(elsewhere.status, 404, "who names a workspace means it");
        let delivery = server.all(&format!("/api/deliveries{within}")).await[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(server.get(&format!("/api/deliveries/{delivery}")).await.unwrap().status, 200);
        assert_eq!(server.get("/api/observations/obs_nobody").await.unwrap().status, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_replaced_is_taken_for_a_day_and_the_one_before_it_no_longer() {
    on_each_server(&[], async |server| {
        let refused = json!({ "provider": "github", "secret": "" });
        assert_eq!(server.post("/api/sources", &refused).await.unwrap().status, 400, "anybody could sign with nothing");
        let made = server.post("/api/sources", &json!({ "provider": "github", "path": "turning" })).await.unwrap().json;
        let rotate = format!("/api/sources/{}/rotate", made["id"].as_str().unwrap());
        let mut secrets = vec![made["secret"].as_str().unwrap().to_owned()];
        let mut sent = 0;
        let mut status_of = async |secret: &str| {
            sent += 1;
            let body = json!({ "zen": "Design for failure.", "hook_id": sent }).to_string();
            let delivery = sign("github", secret, "ping", &format!("turn-{sent}"), body.as_bytes());
            let headers: Vec<_> =
                delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            server.ask("POST", "/api/ingest/github/turning", &headers, delivery.body.clone()).await.unwrap().status
        };
        let bearer = format!("Bearer {SECRET_KEY}");
        let empty = server.ask("POST", &rotate, &[("authorization", bearer.as_str())], Vec::new()).await.unwrap();
        assert_eq!((empty.status, &empty.json["url"]), (200, &made["url"]), "{}", empty.json);
        assert!(empty.json["previous_secret_until"].is_string());
        secrets.push(empty.json["secret"].as_str().unwrap().to_owned());
        assert_eq!((status_of(&secrets[0]).await, status_of(&secrets[1]).await), (202, 202));
        let again = server.post(&rotate, &json!({})).await.unwrap();
        assert_eq!(again.status, 409, "a request that is repeated shuts nobody out: {}", again.json);
        assert_eq!((status_of(&secrets[0]).await, status_of(&secrets[1]).await), (202, 202));

        let db = server.open_database().await;
        let passed: campanile_db::Result<u64> =
            db.write(|tx| Box::pin(async move { tx.execute("UPDATE source SET previous_until = 1", &[]).await })).await;
        passed.unwrap();
        assert_eq!((status_of(&secrets[0]).await, status_of(&secrets[1]).await), (401, 202), "after its day");
        for body in [json!({ "secret": "of my own choosing" }), json!({ "overlap": false })] {
            let rotated = server.post(&rotate, &body).await.unwrap();
            assert_eq!(rotated.status, 200, "{}", rotated.json);
            secrets.push(rotated.json["secret"].as_str().unwrap().to_owned());
        }
        assert_eq!(secrets[2], "of my own choosing");
        for (secret, wanted) in secrets.iter().zip([401, 401, 401, 202]) {
            assert_eq!(status_of(secret).await, wanted, "what somebody else may know is refused at once");
        }
        let trail = server.all("/api/activity").await;
        assert_eq!(trail.iter().filter(|entry| entry["action"] == "source.secret_rotated").count(), 3);
        assert!(secrets.iter().all(|secret| !format!("{trail:?}").contains(secret.as_str())));
        assert_eq!(server.post("/api/sources/src_nobody/rotate", &json!({})).await.unwrap().status, 404);
    })
    .await;
}
