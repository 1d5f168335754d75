use campanile_base::{Secret, Timestamp};
use campanile_net::{AddressRules, Client};
use campanile_stand_ins::github::{GithubConduct, GithubServer, TOKEN};

use super::remote::{Github, GithubSettings};
use crate::connections::ConnectionKind;
use crate::remote::{Api, Remote as _, Trouble};

const EXPIRATION: &str = "github-authentication-token-expiration";

fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

fn client(server: &GithubServer, token: &str) -> (Github, Api) {
    let (api_url, web_url) = (server.url.clone(), "https://github.example/".to_owned());
    let github = Github::new(&GithubSettings { api_url, web_url, app: None });
    let http = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
    let api = github.api(&http, ConnectionKind::Token, &Secret::new(token));
    (github, api)
}

#[tokio::test]
async fn a_token_names_its_person_its_scopes_and_its_end() {
    let server = GithubServer::start(&[]).await;
    let (github, api) = client(&server, TOKEN);
    let account = github.account(&api, now()).await.unwrap();
    assert_eq!((account.id.as_str(), account.label.as_str()), ("user:583231", "octocat"));
    assert_eq!((account.scopes, account.expires_at), (Vec::new(), None));
    server.set_token_headers(&[("x-oauth-scopes", "repo, read:org"), (EXPIRATION, "2027-01-31 12:00:00 UTC")]);
    let account = github.account(&api, now()).await.unwrap();
    assert_eq!((account.scopes, account.expires_at), (vec!["repo".into(), "read:org".into()], at("12:00:00Z")));
    server.set_token_headers(&[(EXPIRATION, "2027-01-31 12:00:00 +0200")]);
    assert_eq!(github.account(&api, now()).await.unwrap().expires_at, at("10:00:00Z"));
    server.set_token_headers(&[(EXPIRATION, "soon")]);
    assert_eq!(github.account(&api, now()).await.unwrap().expires_at, None);
    let asked = server.asked();
    assert_eq!(asked[0].header("accept"), "application/vnd.github+json");
    assert!(asked[0].header("user-agent").starts_with("campanile/"));
    assert_eq!((asked[0].header("x-github-api-version"), asked[0].header("content-type")), ("2022-11-28", ""));
}

fn at(time: &str) -> Option<Timestamp> {
    Timestamp::parse(&format!("2027-01-31T{time}"))
}

#[tokio::test]
async fn all_pages_of_repositories_are_followed_as_github_names_them() {
    let names: Vec<String> = (0..250).map(|n| format!("octo/r{n:03}")).collect();
    let server = GithubServer::start(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    server.change_repository("octo/r000", |repository| {
        repository.is_private = true;
        repository.is_archived = true;
    });
    let (github, api) = client(&server, TOKEN);
    let (mut after, mut listed, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = github.resources(&api, after.as_deref(), now()).await.unwrap();
        assert!(page.resources.len() <= 100);
        listed.extend(page.resources);
        pages += 1;
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!((pages, listed.len()), (3, 250));
    let first = &listed[0];
    assert_eq!(
        (first.kind, first.name.as_str(), first.is_private, first.is_archived),
        ("repository", "octo/r000", true, true)
    );
    assert_eq!(first.url.as_deref(), Some("https://github.example/octo/r000"));
    assert!(!listed[1].is_private && !listed[1].is_archived && first.id != listed[1].id);
}

#[tokio::test]
async fn a_refusal_is_told_apart_by_what_github_says_of_it() {
    let server = GithubServer::start(&[]).await;
    let (github, api) = client(&server, TOKEN);
    let asked = async |conduct| {
        server.conduct(conduct);
        github.account(&api, now()).await.unwrap_err()
    };
    let minute = now().plus(std::time::Duration::from_secs(60));
    assert!(
        matches!(asked(GithubConduct::UsedUp { reset: minute }).await, Trouble::Limited { until } if until == minute)
    );
    let wait = GithubConduct::Secondary { retry_after: Some(90) };
    let later = now().plus(std::time::Duration::from_secs(90));
    assert!(matches!(asked(wait).await, Trouble::Limited { until } if until == later));
    let unsaid = GithubConduct::Secondary { retry_after: None };
    assert!(matches!(asked(unsaid).await, Trouble::Limited { until } if until == minute));
    assert!(matches!(asked(GithubConduct::Forbids).await, Trouble::Forbidden(said) if said.contains("contents=read")));
    assert!(matches!(asked(GithubConduct::Suspends).await, Trouble::Suspended));
    assert!(matches!(asked(GithubConduct::Status(401)).await, Trouble::Unauthorised));
    assert!(matches!(asked(GithubConduct::Status(404)).await, Trouble::Missing));
    assert!(matches!(asked(GithubConduct::Status(410)).await, Trouble::Gone));
    assert!(matches!(asked(GithubConduct::Status(451)).await, Trouble::Withheld));
    assert!(matches!(asked(GithubConduct::Status(502)).await, Trouble::Provider(502)));
    server.conduct(GithubConduct::Works);
    github.account(&api, now()).await.unwrap();
    assert_eq!((api.limits().total, api.limits().remaining.is_some()), (Some(5_000), true));
}

#[tokio::test]
async fn a_token_that_github_does_not_know_is_refused() {
    let server = GithubServer::start(&["octo/r"]).await;
    let (github, api) = client(&server, "ghp_unknown");
    assert!(matches!(github.account(&api, now()).await, Err(Trouble::Unauthorised)));
    assert!(matches!(github.resources(&api, None, now()).await, Err(Trouble::Unauthorised)));
}
