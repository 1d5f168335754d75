//! GitHub is connected, and its repositories are listed.

use campanile_testkit::github::{GithubConduct, GithubServer, TOKEN};
use serde_json::json;

use crate::connections::{names, read, until};
use crate::on_each_server;

fn settings(provider: &GithubServer) -> Vec<(&'static str, &str)> {
    vec![
        ("CAMPANILE_CONNECTOR_GITHUB_API_URL", provider.url.as_str()),
        ("CAMPANILE_CONNECTOR_GITHUB_WEB_URL", provider.url.as_str()),
    ]
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
