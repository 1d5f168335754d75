//! Reading for the console: the graph around an observation, the last use of keys, the system, and
//! filtered lists.

use std::time::Duration;

use campanile_testkit::provider::sign;
use campanile_testkit::server::{SECRET_KEY, SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::on_each_server;

async fn tell(server: &Server, id: &str, event: &'static str, payload: Value) {
    let delivery = sign("github", SOURCE_SECRET, event, id, payload.to_string().as_bytes());
    assert_eq!(server.deliver(&delivery).await.unwrap().status, 202);
    server.until_settled().await;
}

/// An issue, a pull request that fixes it, and a push of the pull request's commit.
async fn a_chain(server: &Server) {
    let repository = json!({ "id": 1, "full_name": "acme/shop", "default_branch": "main" });
    let at = "2026-01-05T10:00:00Z";
    let issue = json!({ "number": 4, "title": "The bell is silent", "created_at": at, "updated_at": at, "body": "" });
    tell(server, "a", "issues", json!({ "action": "opened", "repository": repository, "issue": issue })).await;
    let pull = json!({ "number": 5, "title": "Ring", "body": "Fixes #4", "merged": false, "updated_at": at,
        "head": { "ref": "ring", "sha": "a1b2c3d4e5f6a7b8a1b2c3d4e5f6a7b8a1b2c3d4" }, "base": { "ref": "main" } });
    tell(server, "b", "pull_request", json!({ "action": "opened", "repository": repository, "pull_request": pull }))
        .await;
    let merged = json!({ "number": 5, "title": "Ring", "body": "Fixes #4", "merged": true, "updated_at": at,
        "head": { "ref": "ring", "sha": "a1b2c3d4e5f6a7b8a1b2c3d4e5f6a7b8a1b2c3d4" }, "base": { "ref": "main" } });
    tell(server, "c", "pull_request", json!({ "action": "closed", "repository": repository, "pull_request": merged }))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_graph_has_the_nearest_first_and_each_edge_once() {
    on_each_server(&[], async |server| {
        a_chain(&server).await;
        let observations = server.all("/api/observations").await;
        let centre = observations.iter().find(|one| one["source_id"] == "issue:acme/shop#4:opened").unwrap();
        let path = format!("/api/observations/{}/graph", centre["id"].as_str().unwrap());
        let graph = server.get(&format!("{path}?depth=3")).await.unwrap().json;
        let nodes = graph["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 3, "{graph}");
        assert_eq!((&nodes[0]["observation"]["id"], &nodes[0]["distance"]), (&centre["id"], &json!(0)));
        assert!(nodes.is_sorted_by_key(|node| node["distance"].as_u64()), "{graph}");
        assert_eq!(graph["is_cut"], false);
        let mut edges: Vec<String> = graph["edges"].as_array().unwrap().iter().map(edge).collect();
        let all = edges.len();
        edges.sort();
        edges.dedup();
        assert!(all == edges.len() && all >= 2, "{edges:?}");

        let cut = server.get(&format!("{path}?depth=3&limit=2")).await.unwrap().json;
        assert_eq!((cut["nodes"].as_array().unwrap().len(), &cut["is_cut"]), (2, &json!(true)));
        for wrong in ["depth=0", "depth=4", "limit=0", "limit=101"] {
            assert_eq!(server.get(&format!("{path}?{wrong}")).await.unwrap().status, 400, "{wrong}");
        }
        assert_eq!(server.get("/api/observations/obs_none/graph").await.unwrap().status, 404);
    })
    .await;
}

fn edge(edge: &Value) -> String {
    format!("{} {} {}", edge["from"], edge["type"], edge["to"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_tells_when_it_was_last_used() {
    on_each_server(&[], async |server| {
        let made = server.post("/api/keys", &json!({ "name": "idle" })).await.unwrap().json;
        assert_eq!(made["last_used_at"], Value::Null);
        // It is recorded beside the request.
        let mut waited = 0;
        loop {
            let keys = server.get("/api/keys").await.unwrap().json;
            let of =
                |prefix: &str| keys["data"].as_array().unwrap().iter().find(|key| key["prefix"] == prefix).cloned();
            let used = of(&SECRET_KEY[..7]).unwrap();
            if used["last_used_at"].is_string() {
                let idle = keys["data"].as_array().unwrap().iter().find(|key| key["name"] == "idle").unwrap();
                assert_eq!(idle["last_used_at"], Value::Null);
                return;
            }
            waited += 1;
            assert!(waited < 200, "{keys}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_shows_what_is_in_force_and_no_secret() {
    on_each_server(&[("CAMPANILE_NOTIFY_DIGEST", "7s")], async |server| {
        let system = server.get("/api/system").await.unwrap().json;
        let kind = if server.database.url.is_some() { "postgres" } else { "sqlite" };
        assert_eq!(system["database"]["kind"], kind);
        assert!(system["database"]["bytes"].as_i64().unwrap() > 0, "{system}");
        assert_eq!(system["nodes"].as_array().unwrap().len(), 1, "{system}");
        let setting = |name: &str| {
            let found = system["settings"].as_array().unwrap().iter().find(|setting| setting["name"] == name);
            found.cloned().unwrap_or_else(|| panic!("{name} in {system}"))
        };
        let digest = setting("notify_digest");
        assert_eq!((&digest["value"], &digest["origin"]), (&json!("7s"), &json!("CAMPANILE_NOTIFY_DIGEST")));
        assert_eq!(setting("notify_keep_feeds")["origin"], "default");
        assert_eq!(setting("bootstrap_secret_key")["value"], "(set)");
        assert!(!system.to_string().contains(SECRET_KEY), "{system}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_and_the_trail_are_narrowed_by_what_is_asked_for() {
    on_each_server(&[], async |server| {
        a_chain(&server).await;
        let events = async |filter: &str| -> Vec<String> {
            let found = server.all(&format!("/api/deliveries?{filter}")).await;
            found.iter().map(|one| format!("{} {}", one["event"].as_str().unwrap(), one["delivery_id"])).collect()
        };
        let sources = server.all("/api/sources").await;
        let id_of = |provider: &str| sources.iter().find(|one| one["provider"] == provider).unwrap()["id"].clone();
        let (github, vercel) = (id_of("github"), id_of("vercel"));
        assert_eq!(events(&format!("source={}", github.as_str().unwrap())).await.len(), 3);
        assert!(events(&format!("source={}", vercel.as_str().unwrap())).await.is_empty());
        assert_eq!(events("event=issues").await, ["issues \"a\""]);
        assert_eq!(events("delivery_id=b&status=processed").await, ["pull_request \"b\""]);
        assert_eq!(events("after=2001-01-01T00:00:00Z").await.len(), 3);
        assert!(events("before=2001-01-01T00:00:00Z").await.is_empty());

        let key = server.post("/api/keys", &json!({ "name": "idle" })).await.unwrap().json;
        let id = key["id"].as_str().unwrap();
        assert_eq!(
            crate::members::administer(&server, "DELETE", &format!("/api/keys/{id}"), Value::Null).await.status,
            204
        );
        let actions = async |filter: &str| -> Vec<String> {
            let found = server.all(&format!("/api/activity?{filter}")).await;
            found.iter().map(|one| one["action"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(actions(&format!("subject={id}")).await, ["key.revoked", "key.created"]);
        assert_eq!(actions(&format!("subject={id}&action=key.created")).await, ["key.created"]);
        assert!(actions("action=key").await.len() >= 2);
        assert!(actions("action=ke").await.is_empty(), "a word is matched whole");
        let by_keys = server.all("/api/activity?kind=key").await;
        assert!(by_keys.len() >= 2 && by_keys.iter().all(|one| one["actor_kind"] == "key"), "{by_keys:?}");
        let actor = by_keys[0]["actor_id"].as_str().unwrap();
        assert_eq!(server.all(&format!("/api/activity?actor={actor}")).await.len(), by_keys.len());
        assert!(actions("before=2001-01-01T00:00:00Z").await.is_empty());
        for wrong in ["activity?kind=robot", "activity?after=soon", "deliveries?status=lost", "deliveries?before=soon"]
        {
            assert_eq!(server.get(&format!("/api/{wrong}")).await.unwrap().status, 400, "{wrong}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_the_start_of_their_name_address_or_id() {
    on_each_server(&[], async |server| {
        let key = format!("Bearer {SECRET_KEY}");
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        let users = [
            ("u_1", json!({ "name": "Élodie Martin", "email": "Elodie@example.com" })),
            ("u_2", json!({ "name": "eli", "email": "other@example.com" })),
            ("elsewhere", json!({})),
        ];
        for (id, user) in &users {
            let path = format!("/v1/users/{id}");
            assert_eq!(server.ask("PUT", &path, &headers, user.to_string().into_bytes()).await.unwrap().status, 200);
        }
        let project = json!({ "name": "Elm" }).to_string().into_bytes();
        server.ask("PUT", "/v1/objects/projects/el", &headers, project).await.unwrap();
        let found = async |q: &str| {
            let found = server.get(&format!("/api/recipients/users?q={q}")).await.unwrap().json;
            let ids = found["data"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(found("EL").await, ["u_2", "u_1"], "names and addresses are folded, ids are not");
        assert_eq!(found("el").await, ["elsewhere", "u_2", "u_1"]);
        assert_eq!(found("%C3%A9lodie%20m").await, ["u_1"]);
        assert_eq!(found("u_").await, ["u_1", "u_2"]);
        assert!(found("%25").await.is_empty() && found("lodie").await.is_empty());
        assert_eq!(server.get("/api/recipients/users?q=%20").await.unwrap().status, 400);

        let renamed = json!({ "name": "Zoe" }).to_string().into_bytes();
        server.ask("PUT", "/v1/users/u_2", &headers, renamed).await.unwrap();
        assert_eq!(found("zo").await, ["u_2"]);
        assert_eq!(found("eli").await, Vec::<String>::new());
    })
    .await;
}
