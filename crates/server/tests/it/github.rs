//! GitHub is connected, and its repositories are listed.

use campanile_testkit::github::{APP, AppKeys, GithubConduct, GithubServer, PRIVATE_KEY, TOKEN};
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::connections::{JSON, come_back, delete, names, sign_in};
use crate::on_each_server;
use crate::strangers::other_organisation;
use crate::tools::{read, until};

pub(crate) fn settings(provider: &GithubServer) -> Vec<(&'static str, &str)> {
    vec![
        ("CAMPANILE_CONNECTOR_GITHUB_API_URL", provider.url.as_str()),
        ("CAMPANILE_CONNECTOR_GITHUB_WEB_URL", provider.url.as_str()),
    ]
}

/// The settings of a server with an app for all its organisations.
pub(crate) fn settings_of_app(keys: &AppKeys) -> Vec<(&'static str, String)> {
    vec![
        ("CAMPANILE_CONNECTOR_GITHUB_APP_ID", APP.to_string()),
        ("CAMPANILE_CONNECTOR_GITHUB_SLUG", keys.slug.clone()),
        ("CAMPANILE_CONNECTOR_GITHUB_CLIENT_ID", keys.client_id.clone()),
        ("CAMPANILE_CONNECTOR_GITHUB_CLIENT_SECRET", keys.client_secret.clone()),
        ("CAMPANILE_CONNECTOR_GITHUB_PRIVATE_KEY", PRIVATE_KEY.replace('\n', "\\n")),
        ("CAMPANILE_CONNECTOR_GITHUB_WEBHOOK_SECRET", keys.webhook_secret.clone()),
    ]
}

/// The page where somebody installs the app.
async fn install_page(server: &Server, cookie: &str) -> String {
    let begun = ask(server, "POST", "/api/connect/github", cookie, json!({ "return_to": "/done" })).await;
    assert_eq!(begun.0, 200, "{}", begun.1);
    begun.1["url"].as_str().unwrap().to_owned()
}

async fn ask(server: &Server, method: &'static str, path: &str, cookie: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let answer = server.ask(method, path, &[JSON, ("cookie", cookie)], body).await.unwrap();
    (answer.status, answer.json)
}

/// A parameter of the address that one is led on to.
pub(crate) fn parameter(address: &str, name: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    let found = url.query_pairs().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("{address} has no {name}")).1.into_owned()
}

/// Asks an owner to install the app. Returns the address that one is led on to.
pub(crate) async fn request_installation(server: &Server, provider: &GithubServer, cookie: &str) -> String {
    let back = provider.lead_back(&install_page(server, cookie).await, &[("setup_action", "request")]);
    come_back(server, Some(cookie), &back).await
}

/// Installs the app and comes back. Returns the connection's id.
pub(crate) async fn connect(server: &Server, provider: &GithubServer, cookie: &str, installation: u64) -> String {
    let parameters = [("installation_id", &*installation.to_string()), ("setup_action", "install")];
    let back = provider.lead_back(&install_page(server, cookie).await, &parameters);
    let to = come_back(server, Some(cookie), &back).await;
    assert!(to.contains("/done?provider=github&result=connected"), "{to}");
    parameter(&to, "connection")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_registered_by_a_manifest_installed_and_removed() {
    let provider = GithubServer::start(&["acme/one", "acme/two", "other/three"]).await;
    let mut settings = settings(&provider);
    settings.push(("CAMPANILE_PUBLIC_URL", "https://hooks.example.org"));
    on_each_server(&settings, async |server| {
        let (cookie, path) = (sign_in(&server).await, "/api/connect/github/app");
        assert_eq!(read(&server, path).await, json!({ "app": null }));
        let begun = ask(&server, "POST", "/api/connect/github", &cookie, json!({})).await;
        assert_eq!(begun.0, 400, "there is no app yet: {}", begun.1);
        assert_eq!(ask(&server, "POST", path, &cookie, json!({ "owner": "a/b" })).await.0, 400);
        assert_eq!(server.post(path, &json!({})).await.unwrap().status, 403, "a key has no browser to come back with");

        let (status, form) =
            ask(&server, "POST", path, &cookie, json!({ "owner": "acme", "return_to": "/done" })).await;
        assert_eq!((status, &form["has_webhooks"]), (200, &json!(true)), "{form}");
        let address = form["url"].as_str().unwrap();
        assert!(address.starts_with(&format!("{}/organizations/acme/settings/apps/new?state=", provider.url)));
        let back = provider.confirm_manifest(address, form["manifest"].as_str().unwrap());
        // A state that was drawn for an app connects no account, and nobody else can use it.
        let elsewhere = back.replace("/api/connect/github/app/return", "/api/connect/github/return");
        assert_eq!(parameter(&come_back(&server, Some(&cookie), &elsewhere).await, "reason"), "state_mismatch");
        assert_eq!(parameter(&come_back(&server, None, &back).await, "reason"), "signed_out");
        let again = ask(&server, "POST", path, &cookie, json!({})).await.1;
        let (asked, state) = (provider.asked().len(), parameter(again["url"].as_str().unwrap(), "state"));
        let odd = format!("{path}/return?code=a/../../user&state={state}");
        assert_eq!(parameter(&come_back(&server, Some(&cookie), &odd).await, "reason"), "provider_failed");
        assert_eq!(provider.asked().len(), asked, "GitHub is not asked with it");
        let to = come_back(&server, Some(&cookie), &back).await;
        assert_eq!(
            (parameter(&to, "result").as_str(), parameter(&to, "app").as_str()),
            ("registered", "campanile-test")
        );
        assert_eq!(parameter(&come_back(&server, Some(&cookie), &back).await, "reason"), "state_unknown");
        assert_eq!(ask(&server, "POST", path, &cookie, json!({})).await.0, 409);

        let app = read(&server, path).await["app"].clone();
        let hook = provider.manifest()["hook_attributes"].clone();
        let place = format!("https://hooks.example.org/api/ingest/github/{}", app["path"].as_str().unwrap());
        assert_eq!(hook, json!({ "url": place, "active": true }));
        let keys = provider.app_keys();
        let shown = app.to_string();
        assert!(
            !shown.contains(&keys.client_secret) && !shown.contains(&keys.webhook_secret) && !shown.contains("KEY")
        );

        let id = connect(&server, &provider, &cookie, provider.install("acme", true)).await;
        assert_eq!(provider.user_tokens(), 0, "the token of the person is ended");
        let place = format!("/api/connections/{id}");
        let connection = read(&server, &place).await;
        assert_eq!(
            (&connection["kind"], &connection["account_label"]),
            (&json!("app"), &json!("acme")),
            "{connection}"
        );
        assert_eq!((&connection["app_id"], &connection["scopes"][0]), (&app["id"], &json!("contents:read")));
        let resources = format!("{place}/resources");
        until(&server, &resources, |list| list["data"].as_array().unwrap().len() == 2).await;
        assert_eq!(names(&server, &resources).await, ["acme/one", "acme/two"]);

        assert_eq!(ask(&server, "DELETE", path, &cookie, Value::Null).await.0, 409);
        delete(&server, &place).await;
        let closed = until(&server, &place, |connection| connection["status"] == "closed").await;
        assert!(closed["status_reason"].as_str().unwrap().contains("stays installed"), "{closed}");
        assert_eq!(ask(&server, "DELETE", path, &cookie, Value::Null).await.0, 204);
        assert_eq!(ask(&server, "DELETE", path, &cookie, Value::Null).await.0, 204, "twice is as good as once");
        assert_eq!(read(&server, path).await, json!({ "app": null }));
        let trail = read(&server, "/api/activity?action=connector_app").await;
        assert_eq!(trail["data"].as_array().unwrap().len(), 2, "{trail}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_that_is_not_proven_connects_nothing() {
    let provider = GithubServer::start(&["octocat/one"]).await;
    let keys = provider.set_up_app("campanile");
    let (own, of_app) = (settings(&provider), settings_of_app(&keys));
    let settings: Vec<(&str, &str)> =
        own.into_iter().chain(of_app.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    let strangers = provider.install("strangers", false).to_string();
    let read_only = provider.install("reader", true).to_string();
    let theirs = provider.install("octocat", true);
    provider.set_role("reader", "member");
    on_each_server(&settings, async |server| {
        let cookie = sign_in(&server).await;
        let refusal = async |parameters: &[(&str, &str)]| {
            let back = provider.lead_back(&install_page(&server, &cookie).await, parameters);
            parameter(&come_back(&server, Some(&cookie), &back).await, "reason")
        };
        let forged = |id: &'static str| [("installation_id", id), ("setup_action", "install")];
        assert_eq!(refusal(&[("installation_id", &strangers), ("setup_action", "install")]).await, "not_theirs");
        assert_eq!(refusal(&forged("1")).await, "not_theirs");
        assert_eq!(refusal(&forged("../1")).await, "provider_failed");
        assert_eq!(refusal(&[]).await, "provider_failed");
        // Everybody on this server uses the app, so that reading a repository is not enough.
        assert_eq!(refusal(&[("installation_id", &read_only)]).await, "not_owner");
        // A code that was used, and one of nobody.
        let page = install_page(&server, &cookie).await;
        let state = parameter(&page, "state");
        let forged = format!("/api/connect/github/return?code=guessed&installation_id={theirs}&state={state}");
        assert_eq!(parameter(&come_back(&server, Some(&cookie), &forged).await, "reason"), "provider_failed");
        assert!(read(&server, "/api/connections").await["data"].as_array().unwrap().is_empty());
        assert_eq!(provider.user_tokens(), 0);

        // An owner has to install it first: the connection waits, and can be taken back.
        let to = request_installation(&server, &provider, &cookie).await;
        assert_eq!(parameter(&to, "result"), "requested");
        let place = format!("/api/connections/{}", parameter(&to, "connection"));
        let pending = read(&server, &place).await;
        assert_eq!(
            (&pending["status"], &pending["account_label"]),
            (&json!("pending"), &json!("asked for by octocat"))
        );
        assert_eq!(server.post(&format!("{place}/check"), &json!({})).await.unwrap().status, 409);

        provider.set_role("reader", "admin");
        let id = connect(&server, &provider, &cookie, read_only.parse().unwrap()).await;
        provider.set_role("reader", "member");
        assert_eq!(server.get(&place).await.unwrap().status, 404, "what was asked for is there");
        let own = connect(&server, &provider, &cookie, theirs).await;
        assert_ne!(id, own);
        let resources = format!("/api/connections/{own}/resources");
        until(&server, &resources, |list| list["data"].as_array().unwrap().len() == 1).await;

        let (key, _) = other_organisation(&server).await;
        let key = format!("Bearer {key}");
        let answer = server.ask("GET", "/api/connections", &[("authorization", &key)], Vec::new()).await.unwrap();
        assert_eq!(answer.json["data"], json!([]));
        let shared =
            server.ask("GET", "/api/connect/github/app", &[("authorization", &key)], Vec::new()).await.unwrap();
        assert_eq!(shared.json["app"]["id"], "server", "everybody has the app of the whole server");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_personal_token_connects_github_and_its_repositories_are_listed() {
    let provider = GithubServer::start(&[]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.conduct(GithubConduct::Works);
        let many: Vec<String> = (0..130).map(|n| format!("octo/r{n:03}")).collect();
        provider.set_repositories(&many.iter().map(String::as_str).collect::<Vec<_>>());
        provider.change_repository("octo/r000", |repository| repository.is_private = true);
        provider.change_repository("octo/r001", |repository| repository.is_archived = true);
        provider.set_token_headers(&[("github-authentication-token-expiration", "2099-01-31 12:00:00 UTC")]);

        let catalogue = read(&server, "/api/connectors").await;
        let github = &catalogue["data"][0];
        assert_eq!((&github["provider"], &github["state"]), (&json!("github"), &json!("available")));
        assert!(github["token_warning"].as_str().unwrap().contains("ends with their account"));

        let by =
            async |token: &str| server.post("/api/connect/github/token", &json!({ "token": token })).await.unwrap();
        assert_eq!(by("ghp_unknown").await.status, 400);
        let made = by(TOKEN).await;
        assert_eq!((made.status, &made.json["kind"]), (201, &json!("token")), "{}", made.json);
        assert_eq!(
            (&made.json["account_label"], &made.json["expires_at"]),
            (&json!("octocat"), &json!("2099-01-31T12:00:00.000000Z"))
        );
        assert!(!made.json.to_string().contains(TOKEN));
        let place = format!("/api/connections/{}", made.json["id"].as_str().unwrap());

        let resources = format!("{place}/resources?limit=200");
        let all = until(&server, &resources, |list| list["data"].as_array().unwrap().len() == 130).await;
        let marks = |at: usize| (all["data"][at]["is_private"].clone(), all["data"][at]["is_archived"].clone());
        assert_eq!((marks(0), marks(1)), ((json!(true), json!(false)), (json!(false), json!(true))));
        assert_eq!(all["data"][2]["kind"], "repository");

        // A list that breaks off takes nothing away, a whole one does.
        provider.set_repositories(&["octo/r000"]);
        provider.conduct(GithubConduct::Forbids);
        let refused = server.post(&format!("{place}/check"), &json!({})).await.unwrap();
        assert_eq!((refused.status, &refused.json["failures"]), (200, &json!(1)), "{}", refused.json);
        provider.conduct(GithubConduct::Secondary { retry_after: Some(60) });
        let limited = server.post(&format!("{place}/check"), &json!({})).await.unwrap();
        assert_eq!((&limited.json["status"], &limited.json["limit_remaining"]), (&json!("active"), &json!(0)));
        let active = async || names(&server, &resources).await.len();
        assert_eq!(active().await, 130);
        provider.conduct(GithubConduct::Works);
        assert_eq!(server.post(&format!("{place}/check"), &json!({})).await.unwrap().status, 200);
        let is_inactive = |it: &serde_json::Value| it["status"] == "inactive";
        until(&server, &resources, |list| {
            list["data"].as_array().unwrap().iter().filter(|it| is_inactive(it)).count() == 129
        })
        .await;
    })
    .await;
}
