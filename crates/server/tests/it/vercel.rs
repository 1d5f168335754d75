//! Vercel is connected with a token or by its integration, its projects are listed and linked, and
//! their deployments come along.

use campanile_testkit::server::Server;
use campanile_testkit::vercel::{INTEGRATION, TEAM, TOKEN, VercelConduct, VercelServer};
use serde_json::{Value, json};

use crate::backfills::{ago, be_told_of_everything, ended, latest, stretch, told};
use crate::connections::{JSON, come_back, delete, names, sign_in, strangers_see_nothing};
use crate::github::parameter;
use crate::on_each_server;
use crate::tools::{linked, read, secret_of, until, webhook};

fn settings(provider: &VercelServer) -> Vec<(&'static str, &str)> {
    vec![
        ("CAMPANILE_CONNECTOR_VERCEL_API_URL", provider.url.as_str()),
        ("CAMPANILE_CONNECTOR_VERCEL_WEB_URL", provider.url.as_str()),
    ]
}

/// A deployment of the first project that was made so many minutes ago, and took half a minute.
fn deployment(n: u64, minutes: u64, state: &str) -> Value {
    let created = ago(minutes).as_micros() / 1_000;
    json!({
        "uid": format!("dpl_{n}"), "name": "shop", "url": format!("shop-{n}.vercel.app"), "created": created, "state": state,
        "ready": created + 30_000, "target": "production", "projectId": "prj_0",
        "meta": { "githubCommitSha": format!("{n:040x}"), "githubCommitRef": "main", "githubCommitMessage": "Ring the bell" },
        "inspectorUrl": format!("https://vercel.com/acme/shop/{n}"),
    })
}

/// A webhook of a deployment.
fn body(event: &str, deployment: &Value, at: i64) -> Value {
    json!({
        "id": format!("{event}-{}", deployment["uid"].as_str().unwrap()), "type": event, "createdAt": at,
        "payload": {
            "deployment": { "id": deployment["uid"], "name": "shop", "url": deployment["url"], "meta": deployment["meta"] },
            "project": { "id": "prj_0" }, "target": "production", "team": { "id": TEAM.0 },
        },
    })
}

/// Connects the team with a token, and waits for its projects. Returns the connection.
async fn connected(server: &Server, projects: usize) -> String {
    let asked = json!({ "token": TOKEN, "fields": { "team": TEAM.1 } });
    let made = server.post("/api/connect/vercel/token", &asked).await.unwrap();
    assert_eq!((made.status, &made.json["kind"]), (201, &json!("token")), "{}", made.json);
    let id = made.json["id"].as_str().unwrap().to_owned();
    let resources = format!("/api/connections/{id}/resources");
    until(server, &resources, |list| list["data"].as_array().unwrap().len() == projects).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_connected_with_a_token_and_its_deployments_come_along_once_and_silently() {
    let provider = VercelServer::start(&[]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.conduct(VercelConduct::Works);
        provider.set_projects(&["shop", "docs", "admin"]);
        // The newest is being built; the one before it has failed.
        let mut all: Vec<Value> = (2..70).map(|n| deployment(n, n, "READY")).collect();
        all.push(deployment(1, 1, "ERROR"));
        all.push(deployment(0, 0, "BUILDING"));
        all.push(deployment(900, 60 * 24 * 40, "READY"));
        all.push(json!({ "uid": "dpl_other", "projectId": "prj_1", "created": ago(5).as_micros() / 1_000 }));
        provider.set_deployments(all);
        be_told_of_everything(&server).await;

        let refused = async |asked: Value| {
            let answer = server.post("/api/connect/vercel/token", &asked).await.unwrap();
            assert_eq!(answer.status, 400, "{}", answer.json);
            answer.json.to_string()
        };
        assert!(refused(json!({ "token": "wrong" })).await.contains("not accepted by Vercel"));
        assert!(refused(json!({ "token": TOKEN, "fields": { "team": "strangers" } })).await.contains("team"));
        assert!(refused(json!({ "token": TOKEN, "fields": { "teem": "acme" } })).await.contains("teem"));
        assert!(read(&server, "/api/connections").await["data"].as_array().unwrap().is_empty());

        let connection = connected(&server, 3).await;
        assert_eq!(
            names(&server, &format!("/api/connections/{connection}/resources")).await,
            ["admin", "docs", "shop"]
        );
        strangers_see_nothing(&server, &connection).await;
        let chosen = json!([{ "kind": "project", "provider_id": "prj_0" }]);
        let source = linked(&server, &connection, &chosen).await.remove(0);
        let backfill = ended(&server, &latest(&server, &connection).await).await;
        assert_eq!(backfill["status"], "completed", "{backfill}");
        let deployments = stretch(&backfill, "deployment");
        // Each has two events but for the one that is being built.
        let counts = ["pages", "produced", "remembered", "unreadable"].map(|name| deployments[name].as_i64().unwrap());
        assert_eq!(counts, [2, 139, 139, 0], "{deployments}");
        assert_eq!(told(&server).await, 0);

        // Webhooks of what history has told are known; those of what comes next ring.
        let secret = secret_of(&server, &source).await;
        let send = async |event: &str, of: &Value| {
            let at = of["created"].as_i64().unwrap() + 30_000;
            assert_eq!(webhook(&server, &source, &secret, ("", ""), &body(event, of, at)).await, 202);
        };
        send("deployment.created", &deployment(7, 7, "READY")).await;
        send("deployment.succeeded", &deployment(7, 7, "READY")).await;
        send("deployment.error", &deployment(1, 1, "ERROR")).await;
        server.until_settled().await;
        let statuses = server.all("/api/deliveries?origin=webhook").await;
        assert!(statuses.iter().all(|delivery| delivery["status"] == "skipped"), "{statuses:?}");
        assert_eq!((statuses.len(), told(&server).await), (3, 0));
        send("deployment.succeeded", &deployment(0, 0, "READY")).await;
        let member = server.all("/api/members").await[0]["id"].as_str().unwrap().to_owned();
        until(&server, &format!("/v1/users/{member}/feeds/in-app"), |feed| feed["meta"]["total_count"] == 1).await;
        assert_eq!(server.all("/api/observations").await.len(), 140);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_every_third_call_is_read_to_the_end_and_a_token_that_ends_revokes() {
    let provider = VercelServer::start(&[]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.conduct(VercelConduct::Works);
        provider.set_projects(&["shop", "docs", "admin"]);
        provider.set_deployments((1..160).map(|n| deployment(n, n, "READY")).collect());
        let connection = connected(&server, 3).await;
        provider.conduct(VercelConduct::LimitsEvery(3));
        linked(&server, &connection, &json!([{ "kind": "project", "provider_id": "prj_0" }])).await;
        let backfill = ended(&server, &latest(&server, &connection).await).await;
        assert_eq!((&backfill["status"], &backfill["progress"]["remembered"]), (&json!("completed"), &json!(318)));
        provider.conduct(VercelConduct::Refuses);
        let place = format!("/api/connections/{connection}");
        for _ in 0..6 {
            assert_eq!(server.post(&format!("{place}/check"), &json!({})).await.unwrap().status, 200);
        }
        let revoked = read(&server, &place).await;
        assert_eq!(revoked["status"], "revoked", "{revoked}");
        assert!(revoked["status_reason"].as_str().unwrap().contains("does not accept"), "{revoked}");
        provider.conduct(VercelConduct::Works);
        assert_eq!(delete(&server, &place).await["status"], "closing");
        let closed = until(&server, &place, |connection| connection["status"] == "closed").await;
        assert!(closed["status_reason"].as_str().unwrap().contains("Account Settings, Tokens"), "{closed}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_integration_is_installed_on_a_team_and_removed_with_its_connection() {
    let provider = VercelServer::start(&["shop"]).await;
    let mut settings = settings(&provider);
    settings.push(("CAMPANILE_CONNECTOR_VERCEL_CLIENT_ID", INTEGRATION.0));
    settings.push(("CAMPANILE_CONNECTOR_VERCEL_CLIENT_SECRET", INTEGRATION.1));
    settings.push(("CAMPANILE_CONNECTOR_VERCEL_SLUG", INTEGRATION.2));
    on_each_server(&settings, async |server| {
        let catalogue = read(&server, "/api/connectors").await;
        let entries = catalogue["data"].as_array().unwrap();
        let vercel = entries.iter().find(|entry| entry["provider"] == "vercel").unwrap();
        assert_eq!((&vercel["has_oauth"], &vercel["token_fields"][0]["name"]), (&json!(true), &json!("team")));
        let to = vercel["redirect_uri"].as_str().unwrap();
        let cookie = sign_in(&server).await;
        let begin = async || {
            let body = json!({ "return_to": "/done" }).to_string().into_bytes();
            let begun = server.ask("POST", "/api/connect/vercel", &[JSON, ("cookie", &cookie)], body).await.unwrap();
            assert_eq!(begun.status, 200, "{}", begun.json);
            provider.install(begun.json["url"].as_str().unwrap(), to)
        };
        // The installation in the address is another one than that of the code.
        let back = begin().await.replace("configurationId=icfg_", "configurationId=icfg_x");
        let refused = come_back(&server, Some(&cookie), &back).await;
        assert_eq!(parameter(&refused, "reason"), "provider_failed");
        assert!(read(&server, "/api/connections").await["data"].as_array().unwrap().is_empty());

        let before = provider.installations();
        let led_on = come_back(&server, Some(&cookie), &begin().await).await;
        assert!(led_on.contains("/done?provider=vercel&result=connected"), "{led_on}");
        assert_eq!(provider.installations(), before + 1);
        let place = format!("/api/connections/{}", parameter(&led_on, "connection"));
        let connection = read(&server, &place).await;
        assert_eq!((&connection["kind"], &connection["account_id"]), (&json!("oauth"), &json!(TEAM.0)));
        assert_eq!((&connection["account_label"], &connection["expires_at"]), (&json!("Acme"), &Value::Null));
        until(&server, &format!("{place}/resources"), |list| list["data"].as_array().unwrap().len() == 1).await;
        strangers_see_nothing(&server, &parameter(&led_on, "connection")).await;
        delete(&server, &place).await;
        let closed = until(&server, &place, |connection| connection["status"] == "closed").await;
        assert_eq!((&closed["status_reason"], provider.installations()), (&Value::Null, before), "{closed}");
    })
    .await;
}
