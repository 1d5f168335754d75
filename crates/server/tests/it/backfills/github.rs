//! The history of a repository at GitHub comes along.

use std::collections::HashSet;
use std::time::Duration;

use campanile_testkit::github::{GithubServer, TOKEN};
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::{ago, ended, latest, stretch, told};
use crate::on_each_server;
use crate::tools::{read, until, until_within, workspace};

const REPOSITORY: &str = "acme/shop";
/// The longest time from the linking of a repository to the first observation of its history.
const FIRST_WITHIN: Duration = Duration::from_secs(10);

fn settings(provider: &GithubServer) -> [(&'static str, &str); 2] {
    [
        ("CAMPANILE_CONNECTOR_GITHUB_API_URL", provider.url.as_str()),
        ("CAMPANILE_CONNECTOR_GITHUB_WEB_URL", provider.url.as_str()),
    ]
}

/// Connects GitHub with a token, and links the repository. Returns the connection and the source.
async fn link(server: &Server, provider: &GithubServer) -> (String, String) {
    let made = server.post("/api/connect/github/token", &json!({ "token": TOKEN })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    let connection = made.json["id"].as_str().unwrap().to_owned();
    let resources = format!("/api/connections/{connection}/resources");
    until(server, &resources, |list| list["data"].as_array().unwrap().len() == 1).await;
    let number = provider.number_of(REPOSITORY).to_string();
    let chosen = json!({ "connection": connection, "resources": [{ "kind": "repository", "provider_id": number }] });
    let path = format!("/api/workspaces/{}/sources", workspace(server).await);
    let linked = server.post(&path, &chosen).await.unwrap();
    assert_eq!(linked.status, 201, "{}", linked.json);
    (connection, linked.json["data"][0]["id"].as_str().unwrap().to_owned())
}

/// An item that was made and last changed so many minutes ago.
fn item(n: u64, minutes: u64, fields: Value) -> Value {
    let at = ago(minutes).to_string();
    let mut item = json!({
        "id": n, "number": n, "title": format!("Number {n}"), "body": "The checkout fails.", "created_at": at,
        "updated_at": at, "user": { "id": 1, "login": "ann" },
    });
    item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    item
}

/// Fills the lists of the repository. Returns the number of events that they tell.
fn tell(provider: &GithubServer) -> i64 {
    for n in 1..=250 {
        let page = format!("https://github.com/{REPOSITORY}/pull/{n}");
        let closed_at = (n <= 50).then(|| ago(n).to_string());
        let fields = json!({
            "html_url": page, "head": { "ref": format!("work-{n}"), "sha": format!("{n:040x}") },
            "base": { "ref": "main", "repo": { "default_branch": "main" } }, "closed_at": closed_at, "merged_at": closed_at,
        });
        provider.add_history(REPOSITORY, "pulls", item(n, n, fields));
    }
    // Half a year old, and not changed since: it ends the list.
    provider.add_history(REPOSITORY, "pulls", item(900, 60 * 24 * 180, json!({})));
    for n in 300..350 {
        let page = format!("https://github.com/{REPOSITORY}/issues/{n}");
        provider.add_history(REPOSITORY, "issues", item(n, n, json!({ "html_url": page })));
    }
    // Pull requests are among the issues as well.
    provider.add_history(REPOSITORY, "issues", item(1, 1, json!({ "pull_request": {} })));
    for (list, address) in [("issues/comments", "issue_url"), ("pulls/comments", "pull_request_url")] {
        let page = format!("https://github.com/{REPOSITORY}/pull/7#comment");
        let fields =
            json!({ "html_url": page, address: format!("https://api.github.com/x/7"), "path": "a.rs", "line": 1 });
        provider.add_history(REPOSITORY, list, item(7_000, 5, fields));
    }
    let published_at = ago(10).to_string();
    let fields = json!({ "tag_name": "v1", "name": "One", "target_commitish": "main", "published_at": published_at });
    provider.add_history(REPOSITORY, "releases", item(8_000, 11, fields));
    250 + 50 + 50 + 2 + 1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_a_repository_comes_along_and_is_silent() {
    let provider = GithubServer::start(&[REPOSITORY]).await;
    let events = tell(&provider);
    on_each_server(&settings(&provider), async |server| {
        super::be_told_of_everything(&server).await;
        let (connection, _) = link(&server, &provider).await;
        let has_some = |list: &Value| !list["data"].as_array().unwrap().is_empty();
        until_within(&server, "/api/observations", FIRST_WITHIN, has_some).await;

        let backfill = ended(&server, &latest(&server, &connection).await).await;
        assert_eq!(backfill["status"], "completed", "{backfill}");
        assert_eq!(backfill["progress"]["remembered"], events, "{backfill}");
        assert_eq!(stretch(&backfill, "pull_request")["pages"], 3);
        assert_eq!(told(&server).await, 0);
        let seen = server.all("/api/observations").await;
        let types: HashSet<&str> = seen.iter().map(|one| one["type"].as_str().unwrap()).collect();
        for wanted in
            ["pull_request.merged", "issues.opened", "pull_request_review_comment.created", "release.published"]
        {
            assert!(types.contains(wanted), "{types:?}");
        }
        let estimate = format!("/api/connections/{connection}/backfills/estimate");
        let estimate = server.post(&estimate, &json!({ "depth": 90 })).await.unwrap().json;
        assert_eq!(stretch(&estimate, "issue")["total"], 51, "{estimate}");
        assert_eq!(stretch(&estimate, "release")["total"], Value::Null);
        assert!(read(&server, &format!("/api/connections/{connection}")).await["limit_remaining"].is_i64());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_refused_is_blocked_alone_and_the_permission_is_told_by_name() {
    let provider = GithubServer::start(&[REPOSITORY]).await;
    tell(&provider);
    on_each_server(&settings(&provider), async |server| {
        provider.refuse_list("issues", "issues=read");
        let (connection, source) = link(&server, &provider).await;
        let backfill = ended(&server, &latest(&server, &connection).await).await;
        assert_eq!(backfill["status"], "incomplete", "{backfill}");
        let reason = stretch(&backfill, "issue")["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("issues=read"), "{reason}");
        assert_eq!(stretch(&backfill, "pull_request")["status"], "completed", "the others go on");
        assert_eq!(stretch(&backfill, "release")["status"], "completed");

        let place = format!("/api/connections/{connection}");
        let found = read(&server, &place).await;
        assert_eq!(found["status"], "active", "the token is good");
        let missing = &found["missing_permissions"];
        let expected = json!([{
            "permission": "issues:read", "kinds": ["issue"], "reason": "To read issues and the comments on them.",
        }]);
        assert_eq!(missing, &expected);
        assert_eq!(found["grant_url"], format!("{}/settings/tokens", provider.url));
        let list = read(&server, "/api/connections").await;
        assert_eq!(list["data"][0]["missing_permissions"], expected);
        let sources = read(&server, "/api/sources").await;
        let upkeep = |list: &Value| {
            let all = list["data"].as_array().unwrap();
            all.iter().find(|one| one["id"] == *source).unwrap()["upkeep"].clone()
        };
        assert_eq!(upkeep(&sources)["blocked"][0]["kind"], "issue", "{sources}");

        // Granted, the next reconcile reads it, and nothing is missing any more.
        provider.give_lists();
        let path = format!("/api/sources/{source}/reconcile");
        assert_eq!(server.post(&path, &json!({})).await.unwrap().status, 202);
        until(&server, &place, |found| found["missing_permissions"] == json!([])).await;
        until(&server, "/api/sources", |list| upkeep(list)["reconciled_at"].is_string()).await;
        assert_eq!(read(&server, &place).await["grant_url"], Value::Null);
    })
    .await;
}
