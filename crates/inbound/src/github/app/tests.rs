use campanile_base::{Secret, Timestamp};
use campanile_net::{AddressRules, Client};
use campanile_stand_ins::github::{GithubServer, PRIVATE_KEY};
use serde_json::json;

use super::manifest::{AppAddresses, is_reachable, manifest};
use super::*;
use crate::Provider;
use crate::apps::AppId;
use crate::github::remote::GithubSettings;

fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

fn http() -> Client {
    Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]))
}

fn github(server: &GithubServer) -> Github {
    let (api_url, web_url) = (server.url.clone(), server.url.clone());
    Github::new(&GithubSettings { api_url, web_url, app: None })
}

fn app(key: &str) -> OpenApp {
    let app = ConnectorApp {
        id: AppId::new(now()),
        organisation_id: None,
        provider: Provider::Github,
        number: campanile_stand_ins::github::APP.to_string(),
        slug: "campanile".to_owned(),
        url: String::new(),
        client_id: "Iv23".to_owned(),
        path: "p".to_owned(),
        created_by: String::new(),
        created_at: None,
    };
    let (client_secret, private_key) = (Secret::new("s"), Secret::new(key));
    OpenApp { app, secrets: AppSecrets { client_secret, webhook_secret: None, private_key } }
}

#[tokio::test]
async fn a_refused_proof_names_the_clock_if_it_differs_and_nothing_else_if_not() {
    let server = GithubServer::start(&[]).await;
    server.set_up_app("campanile");
    let (github, http, id) = (github(&server), http(), server.install("acme", true).to_string());
    let asked = async |app: &OpenApp, at: Timestamp| {
        let api = github.app_api(&http, app, at)?;
        github.installation(&api, &id, at).await
    };
    let good = app(PRIVATE_KEY);
    server.set_time(Some(now()));
    assert_eq!(asked(&good, now()).await.unwrap().permissions, ["contents:read", "metadata:read"]);
    // A minute off is nothing.
    server.set_time(Some(now().minus(std::time::Duration::from_secs(50))));
    assert!(asked(&good, now()).await.is_ok());
    server.set_time(Some(now().minus(std::time::Duration::from_secs(420))));
    let ahead = asked(&good, now()).await.unwrap_err();
    assert!(matches!(ahead, Trouble::ClockOff(420)), "{ahead:?}");
    assert!(ahead.to_string().contains("7 min ahead") && !ahead.is_refusal());
    server.set_time(Some(now().plus(std::time::Duration::from_secs(660))));
    assert!(asked(&good, now()).await.unwrap_err().to_string().contains("11 min behind"));
    server.set_time(Some(now()));
    let other = OpenApp { app: ConnectorApp { number: "1".to_owned(), ..good.app.clone() }, ..good };
    assert!(matches!(asked(&other, now()).await, Err(Trouble::Unauthorised)));
    assert!(matches!(asked(&app("no key"), now()).await, Err(Trouble::Invalid(why)) if why.contains("private key")));
}

#[tokio::test]
async fn every_page_of_a_persons_installations_is_looked_through() {
    let server = GithubServer::start(&[]).await;
    server.set_up_app("campanile");
    for n in 0..130 {
        server.install(&format!("org-{n}"), true);
    }
    let (last, unreachable) = (server.install("acme", true).to_string(), server.install("other", false).to_string());
    let (github, http) = (github(&server), http());
    let keys = server.app_keys();
    let mut app = app(PRIVATE_KEY);
    app.app.client_id = keys.client_id;
    app.secrets.client_secret = Secret::new(keys.client_secret);
    let page = format!("{}/apps/campanile/installations/new?state=s", server.url);
    let back = url::Url::parse(&server.lead_back(&page, &[])).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let (flow, client) = github.user_flow(&app, String::new());
    let token = oauth::exchange(&http, &flow, &client, &code, None).await.unwrap().access;
    let api = github.user_api(&http, &token);
    let found = async |number: &str| github.installation_of_user(&api, number, now()).await.unwrap();
    assert_eq!(found(&last).await.unwrap().account, "acme");
    assert_eq!((found(&unreachable).await, found("1").await), (None, None));
    github.end_user_token(&http, &app, &token, now()).await.unwrap();
    assert!(matches!(github.user(&api, now()).await, Err(Trouble::Unauthorised)));
}

#[test]
fn a_manifest_has_the_addresses_and_asks_to_read_only() {
    let at = AppAddresses {
        base_url: "https://bells.example.com",
        public_url: "https://hooks.example.com",
        is_public: true,
        path: "p1",
    };
    let made = manifest(&at);
    let hook = json!({ "url": "https://hooks.example.com/api/ingest/github/p1", "active": true });
    assert_eq!(made["hook_attributes"], hook);
    assert_eq!(made["redirect_url"], "https://bells.example.com/api/connect/github/app/return");
    assert_eq!(made["callback_urls"], json!(["https://bells.example.com/api/connect/github/return"]));
    let permissions = made["default_permissions"].as_object().unwrap();
    assert!(permissions.len() > 5 && permissions.values().all(|level| level == "read"), "{permissions:?}");
    assert!(made["name"].as_str().unwrap().chars().count() <= 34);
}

#[test]
fn an_address_of_this_machine_or_this_network_is_not_public() {
    for url in ["https://bells.example.com", "http://8.8.8.8:4400", "https://[2606:4700::1111]"] {
        assert!(is_reachable(url), "{url}");
    }
    for url in [
        "http://localhost:4400",
        "http://127.0.0.1:4400",
        "http://10.0.0.2",
        "http://bells",
        "http://bells.local",
        "http://[::1]",
        "http://[fd00::1]",
        "x",
    ] {
        assert!(!is_reachable(url), "{url}");
    }
}
