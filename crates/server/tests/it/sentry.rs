//! Sentry is connected with a token, its projects are listed and linked, and their issues come
//! along with what was done with them.

use campanile_testkit::sentry::{PERSONAL_TOKEN, SentryConduct, SentryServer, TOKEN};
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::backfills::{ago, be_told_of_everything, ended, latest, stretch, told};
use crate::connections::{delete, names, strangers_see_nothing};
use crate::on_each_server;
use crate::tools::{linked, read, secret_of, until, webhook};

const DAY: u64 = 24 * 60;

fn settings(provider: &SentryServer) -> Vec<(&'static str, &str)> {
    vec![("CAMPANILE_CONNECTOR_SENTRY_API_URL", provider.url.as_str())]
}

/// An issue of the first project that was first seen so many minutes ago, and last seen a minute ago.
fn issue(n: u64, minutes: u64, fields: Value) -> Value {
    let mut issue = json!({
        "id": n.to_string(), "shortId": format!("SHOP-{n}"), "title": format!("TypeError: number {n}"), "level": "error",
        "status": "unresolved", "substatus": "ongoing", "statusDetails": {}, "assignedTo": null, "activity": [],
        "firstSeen": ago(minutes).to_string(), "lastSeen": ago(1).to_string(), "count": "3", "userCount": 1,
        "metadata": { "type": "TypeError", "value": format!("number {n}") }, "culprit": "shop/cart in add",
        "project": { "id": "10", "name": "Shop", "slug": "shop" }, "permalink": format!("https://acme.sentry.io/issues/{n}/"),
    });
    issue.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    issue
}

fn entry(id: &str, kind: &str, minutes: u64) -> Value {
    let user = json!({ "id": "7", "name": "Ann", "email": "ann@example.com" });
    json!({ "id": id, "type": kind, "dateCreated": ago(minutes).to_string(), "user": user, "data": {} })
}

/// An issue that was archived, has come back, and was resolved; the last webhook of it is sent 20
/// minutes ago.
fn resolved() -> Value {
    let activity =
        json!([entry("a3", "set_resolved", 20), entry("a2", "set_regression", 400), entry("a1", "set_ignored", 800)]);
    issue(1, 2_000, json!({ "status": "resolved", "substatus": null, "activity": activity }))
}

/// Connects the organisation, and waits for its projects. Returns the connection.
async fn connected(server: &Server, projects: usize) -> String {
    let made = server.post("/api/connect/sentry/token", &json!({ "token": TOKEN })).await.unwrap();
    assert_eq!((made.status, &made.json["account_label"]), (201, &json!("ACME")), "{}", made.json);
    let id = made.json["id"].as_str().unwrap().to_owned();
    let resources = format!("/api/connections/{id}/resources");
    until(server, &resources, |list| list["data"].as_array().unwrap().len() == projects).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_connected_and_its_issues_come_along_once_and_silently() {
    let provider = SentryServer::start(&[]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.conduct(SentryConduct::Works);
        provider.set_projects(&["shop", "web", "api"]);
        let mut all: Vec<Value> = (2..32).map(|n| issue(n, n, json!({}))).collect();
        all.push(resolved());
        // It was first seen before the history, and archived before it as well: nothing of it is news.
        let archived = json!({ "status": "ignored", "activity": [entry("b1", "set_ignored", 40 * DAY)] });
        all.push(issue(100, 90 * DAY, archived));
        // It was first seen before the history, and has come back within it.
        let back = json!({ "substatus": "regressed", "activity": [entry("c1", "set_regression", 50)] });
        all.push(issue(101, 90 * DAY, back));
        all.push(issue(200, 5, json!({ "project": { "id": "11", "slug": "web" } })));
        provider.set_issues(all);
        be_told_of_everything(&server).await;

        for (asked, said) in [
            (json!({ "token": "wrong" }), "not accepted by Sentry"),
            (json!({ "token": PERSONAL_TOKEN }), "acme, other"),
            (json!({ "token": TOKEN, "fields": { "organisation": "other" } }), "organisation"),
        ] {
            let refused = server.post("/api/connect/sentry/token", &asked).await.unwrap();
            assert_eq!(refused.status, 400, "{}", refused.json);
            assert!(refused.json.to_string().contains(said), "{said}: {}", refused.json);
        }
        assert!(read(&server, "/api/connections").await["data"].as_array().unwrap().is_empty());
        let connection = connected(&server, 3).await;
        assert_eq!(names(&server, &format!("/api/connections/{connection}/resources")).await, ["api", "shop", "web"]);
        strangers_see_nothing(&server, &connection).await;

        let chosen = json!([{ "kind": "project", "provider_id": "10" }]);
        let source = linked(&server, &connection, &chosen).await.remove(0);
        let backfill = ended(&server, &latest(&server, &connection).await).await;
        assert_eq!(backfill["status"], "completed", "{backfill}");
        let issues = stretch(&backfill, "issue");
        // Thirty that are open, four events of the one that was resolved, and one that has come back.
        let counts = ["pages", "produced", "remembered", "unreadable"].map(|name| issues[name].as_i64().unwrap());
        assert_eq!(counts, [4, 35, 35, 0], "{issues}");
        assert_eq!(backfill["stretches"].as_array().unwrap().len(), 1, "errors come only when asked for");
        assert_eq!(told(&server).await, 0);
        let details = provider
            .asked()
            .into_iter()
            .filter(|call| call.path.contains("/issues/") && !call.path.ends_with("/issues/"));
        assert_eq!(details.count() % 3, 0, "an issue that is open needs no call of its own");
        let seen = server.all("/api/observations").await;
        let titles: Vec<&str> = seen.iter().filter_map(|one| one["title"].as_str()).collect();
        for title in ["[Issue Regressed] TypeError: number 101", "[Issue Archived] TypeError: number 1"] {
            assert!(titles.contains(&title), "{titles:?}");
        }

        // A webhook that says when it was sent tells what history told with its time.
        let secret = secret_of(&server, &source).await;
        let send = async |action: &str, minutes: u64, issue: Value| {
            let at = (ago(minutes).as_micros() / 1_000_000 + 7).to_string();
            let body = json!({ "action": action, "data": { "issue": issue }, "installation": { "uuid": "u" } });
            assert_eq!(webhook(&server, &source, &secret, ("issue", &at), &body).await, 202);
        };
        send("created", 2_000, resolved()).await;
        send("resolved", 20, resolved()).await;
        send("archived", 800, resolved()).await;
        server.until_settled().await;
        let statuses = server.all("/api/deliveries?origin=webhook").await;
        assert!(statuses.iter().all(|delivery| delivery["status"] == "skipped"), "{statuses:?}");
        assert_eq!((statuses.len(), told(&server).await), (3, 0));
        send("resolved", 5, resolved()).await;
        let member = server.all("/api/members").await[0]["id"].as_str().unwrap().to_owned();
        until(&server, &format!("/v1/users/{member}/feeds/in-app"), |feed| feed["meta"]["total_count"] == 1).await;
        assert_eq!(server.all("/api/observations").await.len(), 36, "a second time is another happening");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_that_webhooks_have_told_before_is_known() {
    let provider = SentryServer::start(&[]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.conduct(SentryConduct::Works);
        provider.set_projects(&["shop"]);
        provider.set_issues(Vec::new());
        let connection = connected(&server, 1).await;
        let source = linked(&server, &connection, &json!([{ "kind": "project", "provider_id": "10" }])).await.remove(0);
        ended(&server, &latest(&server, &connection).await).await;
        let secret = secret_of(&server, &source).await;
        for (action, minutes) in [("created", 2_000), ("archived", 800), ("unresolved", 400), ("resolved", 20)] {
            let mut issue = resolved();
            if action == "unresolved" {
                issue["substatus"] = json!("regressed");
                issue["lastSeen"] = json!(ago(400).to_string());
            }
            let at = (ago(minutes).as_micros() / 1_000_000 + 7).to_string();
            let body = json!({ "action": action, "data": { "issue": issue } });
            assert_eq!(webhook(&server, &source, &secret, ("issue", &at), &body).await, 202);
        }
        server.until_settled().await;
        assert_eq!(server.all("/api/observations").await.len(), 4);
        provider.set_issues(vec![resolved()]);
        provider.set_events((0..5).map(error).collect());
        let path = format!("/api/connections/{connection}/backfills");
        provider.conduct(SentryConduct::LimitsEvery(3));
        let again = server.post(&path, &json!({ "depth": 90, "kinds": ["issue", "event"] })).await.unwrap();
        assert_eq!(again.status, 202, "{}", again.json);
        let again = ended(&server, again.json["id"].as_str().unwrap()).await;
        assert_eq!(again["status"], "completed", "a limit is waited for: {again}");
        let (issues, errors) = (stretch(&again, "issue"), stretch(&again, "event"));
        assert_eq!((&issues["produced"], &issues["remembered"]), (&json!(4), &json!(0)), "{again}");
        assert_eq!((&errors["pages"], &errors["remembered"]), (&json!(3), &json!(5)), "{again}");

        provider.conduct(SentryConduct::Refuses);
        let place = format!("/api/connections/{connection}");
        for _ in 0..6 {
            assert_eq!(server.post(&format!("{place}/check"), &json!({})).await.unwrap().status, 200);
        }
        assert_eq!(read(&server, &place).await["status"], "revoked");
        delete(&server, &place).await;
        let closed = until(&server, &place, |connection| connection["status"] == "closed").await;
        assert!(closed["status_reason"].as_str().unwrap().contains("Developer Settings"), "{closed}");
    })
    .await;
}

fn error(n: u64) -> Value {
    json!({
        "eventID": format!("{n:032x}"), "projectID": "10", "groupID": "1", "event.type": "error", "title": "TypeError",
        "message": "", "platform": "python", "dateCreated": ago(n + 3).to_string(), "tags": [],
    })
}
