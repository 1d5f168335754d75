//! An account is disconnected, and everything that it has brought is deleted if that is asked for.

use campanile_testkit::linear::{LinearConduct, LinearDocument, LinearServer};
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::strangers::other_organisation;
use crate::tools::{PATIENCE, connected, delete, linear_settings, read, team, until, until_within, workspace};

/// The number of issues. They are deleted in several batches.
const ISSUES: usize = 450;

fn issue(n: usize) -> Value {
    let at = within_a_day(n);
    json!({
        "id": format!("issue-{n}"), "identifier": format!("OPS-{n}"), "title": format!("The heron {n} is ill"),
        "description": "It does not fly.", "priority": 1, "createdAt": at, "updatedAt": at,
        "url": format!("https://linear.app/acme/issue/OPS-{n}"), "state": { "id": "s", "name": "Todo" },
        "team": { "id": "team-0", "key": "OPS", "name": "Ops" }, "creator": { "id": "user-ann", "name": "Ann" },
        "labels": { "nodes": [] }, "attachments": { "nodes": [] },
    })
}

/// A time within the last day.
fn within_a_day(n: usize) -> String {
    let seconds = std::time::Duration::from_secs(60 + n as u64);
    campanile_base::Clock::System.now().minus(seconds).to_string()
}

async fn number(server: &Server, path: &str) -> usize {
    server.all(path).await.len()
}

/// Links the first team, and waits until everything has come along.
async fn link(server: &Server) -> (String, String) {
    let id = connected(server, 1).await;
    let path = format!("/api/workspaces/{}/sources", workspace(server).await);
    let made = server.post(&path, &json!({ "connection": id, "resources": [team("team-0")] })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    let source = made.json["data"][0]["id"].as_str().unwrap().to_owned();
    let backfills = format!("/api/connections/{id}/backfills");
    until_within(server, &backfills, PATIENCE * 3, |list| list["data"][0]["status"] == "completed").await;
    let documents = format!("/api/sources/{source}/documents");
    until(server, &documents, |state| state["syncs"][0]["status"] == "completed").await;
    (id, source)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_disconnected_takes_its_data_along_if_asked_even_through_a_crash() {
    let provider = LinearServer::start(&["Ops"]).await;
    for database in campanile_db::testing::TestDatabase::each().await {
        println!("on {}", database.name);
        provider.conduct(LinearConduct::Works);
        provider.clear_history();
        (0..ISSUES).for_each(|n| provider.add_history("issues", "team-0", issue(n)));
        provider.set_documents(vec![LinearDocument {
            id: "document-1".to_owned(),
            team: "team-0".to_owned(),
            title: "Plan".to_owned(),
            content: "The heron lands in May.".to_owned(),
            updated_at: "2026-01-02T00:00:00.000Z".to_owned(),
            is_trashed: false,
        }]);
        let mut server = Server::start(crate::BINARY, database, &linear_settings(&provider)).await;
        let note = json!({ "title": "A note about herons", "body": "Ours." });
        assert_eq!(server.post("/api/observations", &note).await.unwrap().status, 201);
        let (connection, _) = link(&server).await;
        let place = format!("/api/connections/{connection}");
        let amount = read(&server, &format!("{place}/data")).await;
        assert_eq!((&amount["observations"], &amount["documents"]), (&json!(ISSUES), &json!(1)), "{amount}");
        assert!(amount["deliveries"].as_i64().unwrap() > 0 && amount["has_more"] == false, "{amount}");
        let (stranger, _) = other_organisation(&server).await;
        let stranger = format!("Bearer {stranger}");
        let theirs = server.ask("GET", &format!("{place}/data"), &[("authorization", &stranger)], Vec::new()).await;
        assert_eq!(theirs.unwrap().status, 404);

        assert_eq!(delete(&server, &format!("{place}?delete_data=true")).await, 202);
        until(&server, &place, |connection| connection["status"] == "closed").await;
        server.kill().await;
        server.restart().await;
        let log = format!("{place}/log");
        let is_deleted = |list: &Value| list["data"].as_array().unwrap().iter().any(|it| it["event"] == "data_deleted");
        let told = until(&server, &log, is_deleted).await;
        assert!(told.to_string().contains(&format!("{ISSUES} events")), "{told}");
        let documents = || async { number(&server, "/api/documents").await };
        let began = std::time::Instant::now();
        while documents().await > 0 {
            assert!(began.elapsed() < PATIENCE);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(number(&server, "/api/deliveries").await, 0);
        let left = server.all("/api/observations").await;
        assert_eq!(left.len(), 1, "what others told stays: {left:?}");
        let found = server.post("/api/search", &json!({ "query": "heron" })).await.unwrap().json;
        assert!(found.to_string().contains("A note about herons") && !found.to_string().contains("OPS-"), "{found}");

        // Connected again, everything comes along anew, and stays when it is disconnected without the wish.
        let (again, _) = link(&server).await;
        assert_eq!(again, connection);
        assert_eq!(number(&server, "/api/observations?source=linear").await, ISSUES);
        assert_eq!(delete(&server, &place).await, 202);
        until(&server, &place, |connection| connection["status"] == "closed").await;
        assert_eq!(number(&server, "/api/observations?source=linear").await, ISSUES);
    }
}
