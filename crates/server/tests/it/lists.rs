//! What all lists of our own API share: cursors of their own, dates as times, and filters that name their choices.

use campanile_testkit::server::Server;
use serde_json::Value;

use crate::on_each_server;

/// The lists of the API that take a parameter, with made-up ids in their paths.
async fn lists_with(server: &Server, parameter: &str) -> Vec<String> {
    let document = server.get("/openapi.json").await.unwrap().json;
    let paths = document["paths"].as_object().unwrap();
    let takes = |operation: &Value| {
        let all = operation["parameters"].as_array();
        all.is_some_and(|all| all.iter().any(|one| one["name"] == parameter && one["in"] == "query"))
    };
    let own = paths.iter().filter(|(path, item)| {
        let is_own = path.starts_with("/api/") && !path.starts_with("/api/v1/");
        is_own && takes(&item["get"])
    });
    own.map(|(path, _)| {
        let pieces = path.split('/').map(|piece| if piece.starts_with('{') { "x" } else { piece });
        pieces.collect::<Vec<_>>().join("/")
    })
    .collect()
}

async fn refusal(server: &Server, path: &str) -> String {
    let answer = server.get(path).await.unwrap();
    assert_eq!(answer.status, 400, "{path}: {}", answer.json);
    answer.json["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_refused_by_every_list_but_its_own() {
    on_each_server(&[], async |server| {
        let keys = ["one", "two", "three"];
        for name in keys {
            let made = server.post("/api/keys", &serde_json::json!({ "name": name })).await.unwrap();
            assert_eq!(made.status, 201, "{}", made.json);
        }
        let page = server.get("/api/activity?limit=1").await.unwrap().json;
        let cursor = page["next"].as_str().unwrap();
        let next = server.get(&format!("/api/activity?limit=1&cursor={cursor}")).await.unwrap();
        assert_eq!((next.status, next.json["data"].as_array().unwrap().len()), (200, 1), "{}", next.json);

        let lists = lists_with(&server, "cursor").await;
        assert!(lists.len() >= 18, "{lists:?}");
        for list in lists.iter().filter(|list| *list != "/api/activity") {
            // Some lists are read by several orders, each with its own places.
            let orders: &[&str] = if list == "/api/entities" { &["", "&order=most", "&order=name"] } else { &[""] };
            for order in orders {
                let told = refusal(&server, &format!("{list}?cursor={cursor}{order}")).await;
                assert!(told.contains("cursor"), "{list}: {told}");
            }
        }
        for made_up in ["x", "MTc3", &cursor[1..]] {
            assert!(refusal(&server, &format!("/api/activity?cursor={made_up}")).await.contains("cursor"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_may_be_dates_and_closed_sets_name_their_choices() {
    on_each_server(&[], async |server| {
        for name in ["after", "before", "since", "until"] {
            for list in lists_with(&server, name).await {
                let dated = server.get(&format!("{list}?{name}=2026-11-02")).await.unwrap();
                assert_eq!(dated.status, 200, "{list}: {}", dated.json);
                let told = refusal(&server, &format!("{list}?{name}=yesterday")).await;
                assert!(told.contains(name) && told.contains("2026-11-02"), "{list}: {told}");
            }
        }
        let providers = "github, vercel, linear, sentry, notion, pagerduty, gitlab";
        for (filter, choices) in [
            ("observations?source=gihtub", providers),
            ("observations?category=bug", "bug_fix, feature"),
            ("people?source=gihtub", providers),
            ("clusters?source=gihtub", providers),
            ("clusters?status=done", "active, completed or stalled"),
            ("documents?source=gihtub", "github, vercel, linear, sentry, notion, pagerduty, gitlab, api"),
            ("deliveries?status=done", "received, processed, skipped, failed"),
            ("runs?status=done", "queued, running, waiting, completed, failed, cancelled"),
            ("jobs?status=done", "queued, running, waiting, completed, failed, cancelled"),
            ("activity?kind=robot", "person, key, application, system"),
            ("entities?category=planet", "engineer, project"),
            ("entities?order=odd", "newest"),
            ("states?entity=x&type=planet", "issue, pr, deployment"),
        ] {
            let told = refusal(&server, &format!("/api/{filter}")).await;
            assert!(told.contains(choices), "{filter}: {told}");
        }
        for known in ["observations?source=sentry&category=incident", "people?source=linear", "documents?source=api"] {
            assert_eq!(server.get(&format!("/api/{known}")).await.unwrap().status, 200, "{known}");
        }
    })
    .await;
}
