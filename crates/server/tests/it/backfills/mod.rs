//! Backfills: the history of linked resources comes along, and rings nobody.

mod failures;
mod github;
mod upkeep;

use std::time::Duration;

use campanile_base::{Clock, Timestamp};
use campanile_testkit::linear::{HistoryConduct, LinearConduct, LinearServer};
use campanile_testkit::provider::sign;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::on_each_server;
use crate::strangers::other_organisation;
use crate::tools::{PATIENCE, connected, delete, linear_settings, read, team, until, until_within, workspace};

/// A time so many minutes ago.
pub(crate) fn ago(minutes: u64) -> Timestamp {
    Clock::System.now().minus(Duration::from_secs(minutes * 60))
}

/// An issue of the first team that was made so many minutes ago, and not changed since.
fn issue(n: u64, minutes: u64) -> Value {
    let at = ago(minutes).to_string();
    json!({
        "id": format!("issue-{n}"), "identifier": format!("OPS-{n}"), "title": format!("The backup {n} fails"),
        "description": "It stops after an hour.", "priorityLabel": "Urgent", "priority": 1,
        "url": format!("https://linear.app/acme/issue/OPS-{n}"), "createdAt": at, "updatedAt": at,
        "team": { "id": "team-0", "key": "OPS", "name": "Ops" }, "state": { "id": "s", "name": "Todo" },
        "creator": { "id": "user-ann", "name": "Ann" }, "labels": { "nodes": [] }, "attachments": { "nodes": [] },
    })
}

/// A provider with so many issues of its first team, one a minute.
async fn provider_with(issues: u64) -> LinearServer {
    let provider = LinearServer::start(&["Ops", "Design"]).await;
    tell(&provider, issues);
    provider
}

/// Forgets what a provider was asked, and gives it so many issues.
fn tell(provider: &LinearServer, issues: u64) {
    provider.conduct(LinearConduct::Works);
    provider.clear_history();
    for n in 0..issues {
        // The last of ten thousand is a week old.
        provider.add_history("issues", "team-0", issue(n, 1 + n));
    }
}

/// Links the first team, and returns the connection and the source.
async fn link(server: &Server) -> (String, Value) {
    let id = connected(server, 2).await;
    let path = format!("/api/workspaces/{}/sources", workspace(server).await);
    let made = server.post(&path, &json!({ "connection": id, "resources": [team("team-0")] })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    (id, made.json["data"][0].clone())
}

/// The id of the latest backfill of a connection.
pub(crate) async fn latest(server: &Server, connection: &str) -> String {
    let list = read(server, &format!("/api/connections/{connection}/backfills")).await;
    list["data"][0]["id"].as_str().unwrap_or_else(|| panic!("{list}")).to_owned()
}

/// Waits until a backfill has ended.
pub(crate) async fn ended(server: &Server, id: &str) -> Value {
    let has_ended = |backfill: &Value| backfill["status"].as_str().is_some_and(|status| status != "active");
    until_within(server, &format!("/api/backfills/{id}"), PATIENCE * 5, has_ended).await
}

pub(crate) fn stretch<'b>(backfill: &'b Value, kind: &str) -> &'b Value {
    backfill["stretches"].as_array().unwrap().iter().find(|stretch| stretch["kind"] == kind).unwrap()
}

/// Makes every observation significant, so that members would be told of each.
pub(crate) async fn be_told_of_everything(server: &Server) {
    let path = format!("/api/workspaces/{}", workspace(server).await);
    let key = format!("Bearer {SECRET_KEY}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let body = json!({ "notify_threshold": 0 }).to_string().into_bytes();
    assert_eq!(server.ask("PATCH", &path, &headers, body).await.unwrap().status, 200);
}

/// The number of items in the feed of the first member.
pub(crate) async fn told(server: &Server) -> i64 {
    let member = server.all("/api/members").await[0]["id"].as_str().unwrap().to_owned();
    let feed = read(server, &format!("/v1/users/{member}/feeds/in-app")).await;
    feed["meta"]["total_count"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn history_comes_along_when_a_team_is_linked_and_rings_nobody() {
    let provider = provider_with(0).await;
    on_each_server(&linear_settings(&provider), async |server| {
        tell(&provider, 120);
        let (created, updated) = (ago(60 * 24 * 60), ago(30));
        let old = json!({ "createdAt": created.to_string(), "updatedAt": updated.to_string() });
        let mut old_issue = issue(500, 1);
        old_issue.as_object_mut().unwrap().extend(old.as_object().unwrap().clone());
        provider.add_history("issues", "team-0", old_issue);
        provider.add_history("issues", "team-1", issue(900, 5));
        let at = ago(3).to_string();
        provider.add_history(
            "comments",
            "team-0",
            json!({
                "id": "comment-1", "body": "The disk is full.", "createdAt": at, "updatedAt": at,
                "user": { "id": "user-bob", "name": "Bob" },
                "issue": { "id": "issue-7", "identifier": "OPS-7", "title": "The backup 7 fails" },
            }),
        );
        be_told_of_everything(&server).await;
        let mut receiver = Receiver::start().await;
        server.add_endpoint(&receiver.url()).await;

        let (connection, source) = link(&server).await;
        let backfill = ended(&server, &latest(&server, &connection).await).await;
        assert_eq!((&backfill["status"], &backfill["is_automatic"]), (&json!("completed"), &json!(true)), "{backfill}");
        let issues = stretch(&backfill, "issue");
        assert_eq!(
            (&issues["pages"], &issues["produced"], &issues["remembered"]),
            (&json!(3), &json!(121), &json!(121))
        );
        assert_eq!(stretch(&backfill, "comment")["remembered"], 1);
        assert_eq!((&backfill["progress"]["stretches"], &backfill["progress"]["ended"]), (&json!(5), &json!(5)));
        assert_eq!(backfill["progress"]["remembered"], 122, "nothing of another team: {backfill}");

        // It is found, it is tied, and its deliveries are there to be looked at.
        let found = server.post("/api/search", &json!({ "query": "disk full" })).await.unwrap().json;
        assert!(found.to_string().contains("OPS-7"), "{found}");
        let pages = server.all("/api/deliveries?origin=backfill").await;
        assert_eq!(pages.len(), 4, "three pages of issues and one of comments: {pages:?}");
        assert!(pages.iter().all(|page| page["status"] == "processed"), "{pages:?}");
        assert!(server.all("/api/deliveries?origin=webhook").await.is_empty());

        // A webhook of the same thing is known; that of a new one rings.
        let path = format!("/api/sources/{}/rotate", source["id"].as_str().unwrap());
        let secret = server.post(&path, &json!({})).await.unwrap().json["secret"].as_str().unwrap().to_owned();
        let webhook = async |thing: Value, id: &str| {
            let body = json!({ "action": "create", "type": "Issue", "createdAt": thing["createdAt"], "data": thing });
            let signed = sign("linear", &secret, "", id, body.to_string().as_bytes());
            let headers: Vec<(&str, &str)> =
                signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let path = format!("/api/ingest/linear/{}", source["path"].as_str().unwrap());
            assert_eq!(server.ask("POST", &path, &headers, signed.body.clone()).await.unwrap().status, 200);
        };
        webhook(issue(7, 8), "delivery-7").await;
        server.until_settled().await;
        assert_eq!(server.all("/api/deliveries?origin=webhook").await[0]["status"], "skipped");
        assert_eq!(told(&server).await, 0);
        webhook(issue(1_000, 0), "delivery-1000").await;
        let mut types = Vec::new();
        while types.last().is_none_or(|last| last != "observation.created") {
            let request = tokio::time::timeout(PATIENCE, receiver.requests.recv()).await.unwrap().unwrap();
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            types.push(body["type"].as_str().unwrap().to_owned());
        }
        // The team's documents are synced beside its history.
        types.retain(|event_type| event_type != "sync.completed");
        assert_eq!(types, ["source.connected", "observation.created"]);
        let member = server.all("/api/members").await[0]["id"].as_str().unwrap().to_owned();
        until(&server, &format!("/v1/users/{member}/feeds/in-app"), |feed| feed["meta"]["total_count"] == 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_of_ten_thousand_things_sends_no_notification() {
    let provider = provider_with(0).await;
    on_each_server(&linear_settings(&provider), async |server| {
        tell(&provider, 10_000);
        be_told_of_everything(&server).await;
        let (connection, _) = link(&server).await;
        let backfill = ended(&server, &latest(&server, &connection).await).await;
        assert_eq!(backfill["status"], "completed", "{backfill}");
        let issues = stretch(&backfill, "issue");
        assert_eq!((&issues["pages"], &issues["remembered"]), (&json!(200), &json!(10_000)));
        server.until_settled().await;
        assert_eq!(told(&server).await, 0);
        assert_eq!(read(&server, "/v1/messages").await["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_backfill_of_a_connection_is_active_and_the_next_one_waits_an_hour() {
    let provider = provider_with(0).await;
    on_each_server(&linear_settings(&provider), async |server| {
        tell(&provider, 10);
        let (connection, source) = link(&server).await;
        ended(&server, &latest(&server, &connection).await).await;
        let path = format!("/api/connections/{connection}/backfills");
        let ask = async |body: Value| server.post(&path, &body).await.unwrap();
        for (body, said) in [
            (json!({ "depth": 2 }), "1, 7, 30 or 90"),
            (json!({ "depth": 7, "kinds": ["deployment"] }), "the kinds are issue, comment"),
            (json!({ "depth": 7, "kinds": [] }), "no history"),
            (json!({ "depth": 7, "sources": ["src_unknown"] }), "linked sources"),
        ] {
            let refused = ask(body).await;
            assert_eq!(refused.status, 400, "{said}: {}", refused.json);
            assert!(refused.json.to_string().contains(said) || said == "no history", "{said}: {}", refused.json);
        }
        let estimate = server.post(&format!("{path}/estimate"), &json!({ "depth": 90 })).await.unwrap();
        assert_eq!((estimate.status, &estimate.json["is_active"]), (200, &json!(false)), "{}", estimate.json);
        assert_eq!(estimate.json["stretches"].as_array().unwrap().len(), 5);

        provider.conduct_history(HistoryConduct::Hangs);
        let wanted = json!({ "depth": 90, "kinds": ["issue"], "sources": [source["id"]] });
        let begun = ask(wanted.clone()).await;
        assert_eq!((begun.status, &begun.json["status"]), (202, &json!("active")), "{}", begun.json);
        assert_eq!(begun.json["stretches"].as_array().unwrap().len(), 1);
        assert_eq!(ask(wanted.clone()).await.status, 409);
        let id = begun.json["id"].as_str().unwrap().to_owned();

        let (stranger, _) = other_organisation(&server).await;
        let stranger = format!("Bearer {stranger}");
        for (method, path) in
            [("GET", path.clone()), ("GET", format!("/api/backfills/{id}")), ("DELETE", format!("/api/backfills/{id}"))]
        {
            let answer = server.ask(method, &path, &[("authorization", &stranger)], Vec::new()).await.unwrap();
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.json);
        }

        assert_eq!(delete(&server, &format!("/api/backfills/{id}")).await, 200);
        let cancelled = read(&server, &format!("/api/backfills/{id}")).await;
        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(stretch(&cancelled, "issue")["status"], "cancelled");
        assert_eq!(delete(&server, &format!("/api/backfills/{id}")).await, 409);
        provider.conduct_history(HistoryConduct::Works);
        let early = ask(wanted).await;
        assert_eq!(early.status, 429, "{}", early.json);
        let after = early.headers.iter().find(|(name, _)| name == "retry-after").expect("it says when").1.clone();
        assert!((3_000..=3_600).contains(&after.parse::<u64>().unwrap()), "{after}");
        let trail = read(&server, "/api/activity?action=backfill").await;
        let lines: Vec<&str> =
            trail["data"].as_array().unwrap().iter().rev().filter_map(|line| line["action"].as_str()).collect();
        assert_eq!(lines, ["backfill.started", "backfill.finished", "backfill.started", "backfill.cancelled"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stretch_that_is_completed_is_pulled_only_from_where_it_began() {
    let provider = provider_with(0).await;
    on_each_server(&linear_settings(&provider), async |server| {
        tell(&provider, 60);
        let (connection, _) = link(&server).await;
        let first = ended(&server, &latest(&server, &connection).await).await;
        provider.add_history("issues", "team-0", issue(2_000, 0));
        let path = format!("/api/connections/{connection}/backfills");
        let again = server.post(&path, &json!({ "depth": 7, "kinds": ["issue"] })).await.unwrap().json;
        let again = ended(&server, again["id"].as_str().unwrap()).await;
        let (before, after) = (stretch(&first, "issue"), stretch(&again, "issue"));
        assert_eq!((&before["pages"], &after["pages"], &after["remembered"]), (&json!(2), &json!(1), &json!(1)));
        assert!(after["produced"].as_i64().unwrap() < 20, "only the last minutes are pulled again: {after}");
        // Thirty days do not say what happened before them.
        let estimate =
            server.post(&format!("{path}/estimate"), &json!({ "depth": 90, "kinds": ["issue"] })).await.unwrap();
        let since = Timestamp::parse(estimate.json["stretches"][0]["since"].as_str().unwrap()).unwrap();
        assert!(since < ago(89 * 24 * 60), "{}", estimate.json);
    })
    .await;
}
