//! Deliveries to an app at GitHub: they go to the sources of their repository, change connections,
//! wait for somebody to connect, and are asked for again when they were lost.

use std::time::{Duration, Instant};

use campanile_testkit::github::GithubServer;
use campanile_testkit::provider;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::connections::{delete, names, sign_in};
use crate::github::{connect, parameter, request_installation, settings, settings_of_app};
use crate::on_each_server;
use crate::strangers::other_organisation;
use crate::tools::{read, until};

/// A server's settings with the app that `provider` has.
fn all_settings(provider: &GithubServer) -> Vec<(&'static str, String)> {
    let own = settings(provider).into_iter().map(|(name, value)| (name, value.to_owned()));
    own.chain(settings_of_app(&provider.set_up_app("campanile"))).collect()
}

fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// A push to a repository, whose commit has this message.
fn push(provider: &GithubServer, installation: u64, repository: &str, message: &str) -> Value {
    let id = provider.number_of(repository);
    let commit = format!("{:0>40}", message.bytes().map(u64::from).sum::<u64>());
    json!({
        "ref": "refs/heads/main", "before": "0".repeat(40), "after": commit,
        "repository": { "id": id, "full_name": repository, "default_branch": "main", "private": false },
        "head_commit": { "id": commit, "message": message, "timestamp": "2026-11-01T10:00:00Z" },
        "commits": [], "pusher": { "name": "octocat" }, "sender": { "id": 583_231, "login": "octocat" },
        "installation": { "id": installation },
    })
}

/// Tells of an account, as GitHub does.
async fn tell(server: &Server, provider: &GithubServer, event: &str, mut payload: Value, id: u64) -> String {
    payload["installation"] = provider.installation(id).json();
    let (status, answer) = provider.deliver(&server.url("/api/ingest/github/app"), event, &payload).await;
    assert_eq!(status, 202, "{answer}");
    answer["status"].as_str().unwrap().to_owned()
}

async fn send_push(server: &Server, provider: &GithubServer, body: &Value) -> String {
    let (status, answer) = provider.deliver(&server.url("/api/ingest/github/app"), "push", body).await;
    assert_eq!(status, 202, "{answer}");
    answer["status"].as_str().unwrap().to_owned()
}

/// Links a repository in a workspace.
async fn link(server: &Server, provider: &GithubServer, connection: &str, workspace: &str, repository: &str) {
    let resources = format!("/api/connections/{connection}/resources");
    until(server, &resources, |list| list.to_string().contains(repository)).await;
    let choice = json!({ "kind": "repository", "provider_id": provider.number_of(repository).to_string() });
    let body = json!({ "connection": connection, "resources": [choice] });
    let linked = server.post(&format!("/api/workspaces/{workspace}/sources"), &body).await.unwrap();
    assert_eq!(linked.status, 201, "{}", linked.json);
}

async fn workspaces(server: &Server) -> Vec<String> {
    let list = read(server, "/api/workspaces").await;
    list["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

/// The titles that a workspace remembers.
async fn titles(server: &Server, workspace: &str) -> Vec<String> {
    let list = read(server, &format!("/api/observations?workspace={workspace}")).await;
    list["data"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_goes_to_every_workspace_in_which_its_repository_is_linked() {
    let provider = GithubServer::start(&["octocat/one", "octocat/two"]).await;
    let settings = all_settings(&provider);
    on_each_server(&borrowed(&settings), async |server| {
        let (cookie, installation) = (sign_in(&server).await, provider.install("octocat", true));
        let ping = json!({ "zen": "Keep it simple.", "hook_id": 1 });
        let place = server.url("/api/ingest/github/app");
        assert_eq!(read(&server, "/api/connect/github/app").await["app"]["heard_at"], Value::Null);
        assert_eq!(provider.deliver(&place, "ping", &ping).await.1["status"], "accepted");
        assert!(read(&server, "/api/connect/github/app").await["app"]["heard_at"].is_string());

        // GitHub tells of the installation before the person has come back from it.
        let early = push(&provider, installation, "octocat/one", "before anybody connected it");
        assert_eq!(
            tell(&server, &provider, "installation", json!({ "action": "created" }), installation).await,
            "waiting"
        );
        assert_eq!(send_push(&server, &provider, &early).await, "waiting");
        let id = connect(&server, &provider, &cookie, installation).await;
        let unlinked = format!("/api/connections/{id}/unlinked");
        until(&server, &unlinked, |list| list.to_string().contains("push")).await;

        let second = server.post("/api/workspaces", &json!({ "name": "second" })).await.unwrap();
        assert_eq!(second.status, 201, "{}", second.json);
        let all = workspaces(&server).await;
        for workspace in &all {
            link(&server, &provider, &id, workspace, "octocat/one").await;
        }
        let body = push(&provider, installation, "octocat/one", "a change for both");
        assert_eq!(send_push(&server, &provider, &body).await, "accepted");
        for workspace in &all {
            let list = format!("/api/observations?workspace={workspace}");
            until(&server, &list, |list| list.to_string().contains("a change for both")).await;
        }
        // The same delivery again, and one for a repository that nobody has linked.
        let signed = provider::sign(
            "github",
            &provider.app_keys().webhook_secret,
            "push",
            "guid-1",
            body.to_string().as_bytes(),
        );
        let again = async || {
            server.ask("POST", "/api/ingest/github/app", &headers(&signed), signed.body.clone()).await.unwrap()
        };
        assert_eq!(again().await.json["status"], "accepted");
        assert_eq!(again().await.json["status"], "duplicate");
        let other = push(&provider, installation, "octocat/two", "nobody reads this");
        assert_eq!(send_push(&server, &provider, &other).await, "ignored");
        let counted = read(&server, &unlinked).await;
        assert_eq!(
            (&counted["data"][0]["event"], &counted["data"][0]["number"]),
            (&json!("push"), &json!(2)),
            "{counted}"
        );

        // A wrong signature, another app's path, and the path of the app for a source.
        let forged = provider::sign("github", "wrong", "push", "guid-2", body.to_string().as_bytes());
        let refused =
            server.ask("POST", "/api/ingest/github/app", &headers(&forged), forged.body.clone()).await.unwrap();
        assert_eq!(refused.status, 401, "{}", refused.json);
        assert_eq!(provider.deliver(&server.url("/api/ingest/github/guessed"), "push", &body).await.0, 404);
        let taken = server.post("/api/sources", &json!({ "provider": "github", "path": "app" })).await.unwrap();
        assert_eq!(taken.status, 409, "{}", taken.json);

        delete(&server, &format!("/api/connections/{id}")).await;
        let after = push(&provider, installation, "octocat/one", "after the end");
        assert_eq!(send_push(&server, &provider, &after).await, "ignored");
        for workspace in &all {
            let told = titles(&server, workspace).await;
            assert_eq!(told.iter().filter(|title| title.starts_with("[Push]")).count(), 1, "{told:?}");
        }
        let (key, _) = other_organisation(&server).await;
        let key = format!("Bearer {key}");
        let stranger = server.ask("GET", &unlinked, &[("authorization", &key)], Vec::new()).await.unwrap();
        assert_eq!(stranger.status, 404);
    })
    .await;
}

fn headers(signed: &provider::SignedDelivery) -> Vec<(&str, &str)> {
    signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_tells_of_an_account_changes_its_connection() {
    let provider = GithubServer::start(&["octocat/one", "octocat/two"]).await;
    let settings = all_settings(&provider);
    on_each_server(&borrowed(&settings), async |server| {
        provider.set_repositories(&["octocat/one", "octocat/two"]);
        let cookie = sign_in(&server).await;
        // Somebody asks an owner for the installation, and the owner installs it.
        let to = request_installation(&server, &provider, &cookie).await;
        let place = format!("/api/connections/{}", parameter(&to, "connection"));
        assert_eq!(read(&server, &place).await["status"], "pending");
        let installation = provider.install("octocat", true);
        let created = |requester: u64| json!({ "action": "created", "requester": { "id": requester } });
        assert_eq!(tell(&server, &provider, "installation", created(1), installation).await, "waiting");
        assert_eq!(tell(&server, &provider, "installation", created(583_231), installation).await, "accepted");
        let connected = read(&server, &place).await;
        assert_eq!(
            (&connected["status"], &connected["account_label"]),
            (&json!("active"), &json!("octocat")),
            "{connected}"
        );
        let resources = format!("{place}/resources");
        until(&server, &resources, |list| list["data"].as_array().unwrap().len() == 2).await;

        let action = |name: &str| json!({ "action": name });
        provider.change_installation(installation, |it| it.is_suspended = true);
        tell(&server, &provider, "installation", action("suspend"), installation).await;
        assert_eq!(read(&server, &place).await["status"], "suspended");
        tell(&server, &provider, "installation", action("suspend"), installation).await;
        provider.change_installation(installation, |it| it.is_suspended = false);
        tell(&server, &provider, "installation", action("unsuspend"), installation).await;
        assert_eq!(read(&server, &place).await["status"], "active");

        // A repository is renamed, another is taken away.
        let number = provider.number_of("octocat/two");
        provider.change_repository("octocat/one", |it| it.full_name = "octocat/uno".to_owned());
        let one = json!({ "id": provider.number_of("octocat/uno"), "full_name": "octocat/uno", "private": true });
        tell(&server, &provider, "repository", json!({ "action": "renamed", "repository": one }), installation).await;
        assert!(names(&server, &resources).await.contains(&"octocat/uno".to_owned()));
        provider.set_repositories(&["octocat/uno"]);
        let removed = json!({ "action": "removed", "repositories_removed": [{ "id": number }] });
        tell(&server, &provider, "installation_repositories", removed, installation).await;
        let is_gone = |list: &Value| list["data"].as_array().unwrap().iter().any(|it| it["status"] == "inactive");
        assert!(is_gone(&read(&server, &resources).await));
        tell(&server, &provider, "installation", action("new_permissions_accepted"), installation).await;

        provider.uninstall(installation);
        let gone = json!({ "action": "deleted", "installation": { "id": installation } });
        let told = provider.deliver(&server.url("/api/ingest/github/app"), "installation", &gone).await;
        assert_eq!((told.0, &told.1["status"]), (202, &json!("accepted")));
        until(&server, &place, |connection| connection["status"] == "closed").await;
        let log = read(&server, &format!("{place}/log")).await.to_string();
        for event in
            ["requested", "connected", "suspended", "recovered", "changed", "closing", "access_revoked", "closed"]
        {
            assert!(log.contains(&format!("\"{event}\"")), "{event}: {log}");
        }
        assert!(log.contains("has uninstalled the app"), "{log}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_were_lost_while_the_server_was_down_come_afterwards() {
    let provider = GithubServer::start(&["octocat/one"]).await;
    let settings = all_settings(&provider);
    on_each_server(&borrowed(&settings), async |mut server| {
        provider.forget_attempts();
        let cookie = sign_in(&server).await;
        let installation = provider.install("octocat", true);
        let id = connect(&server, &provider, &cookie, installation).await;
        let workspace = workspaces(&server).await.remove(0);
        link(&server, &provider, &id, &workspace, "octocat/one").await;
        let place = server.url("/api/ingest/github/app");
        // What was refused, and what arrived, is not asked for again.
        let forged = provider.deliver(&server.url("/api/ingest/github/nowhere"), "push", &json!({})).await;
        assert_eq!(forged.0, 404);
        let first = push(&provider, installation, "octocat/one", "while it was up");
        assert_eq!(send_push(&server, &provider, &first).await, "accepted");

        server.kill().await;
        for message in ["lost one", "lost another"] {
            let body = push(&provider, installation, "octocat/one", message);
            assert_eq!(provider.deliver(&place, "push", &body).await.0, 0);
        }
        server.restart().await;
        let (began, mut asked) = (Instant::now(), 0);
        while asked < 2 {
            assert!(began.elapsed() < Duration::from_secs(60), "they are not asked for again: {asked}");
            asked += provider.redeliver_all().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let list = format!("/api/observations?workspace={workspace}");
        until(&server, &list, |list| {
            list.to_string().contains("lost one") && list.to_string().contains("lost another")
        })
        .await;
        // Another start asks for nothing again.
        let attempts = provider.attempts().len();
        let looks = || provider.asked().iter().filter(|asked| asked.path == "/app/hook/deliveries").count();
        let before = looks();
        server.restart().await;
        let began = Instant::now();
        while looks() == before {
            assert!(began.elapsed() < Duration::from_secs(60), "they are not looked through");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server.until_settled().await;
        assert_eq!((provider.redeliver_all().await, provider.attempts().len()), (0, attempts));
    })
    .await;
}
