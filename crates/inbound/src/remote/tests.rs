use campanile_net::AddressRules;
use campanile_stand_ins::receiver::{Received, Receiver};
use serde_json::json;

use super::*;
use crate::connections::Limits;

const DIALECT: Dialect = Dialect::plain(LimitHeaders { total: "x-total", remaining: "x-remaining", reset: "x-reset" });

fn with(authorization: &str) -> (ConnectionKind, Secret) {
    (ConnectionKind::Token, Secret::new(authorization))
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

async fn peer(answer: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static) -> (Receiver, Api) {
    let peer = Receiver::replying(std::sync::Arc::new(answer)).await;
    let http = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
    let api = Api::new(&http, &format!("http://{}", peer.address), with("Bearer t"), DIALECT);
    (peer, api)
}

async fn ask(status: u16, body: serde_json::Value) -> Result<serde_json::Value, Trouble> {
    let (_peer, api) = peer(move |_| (status, body.to_string())).await;
    api.graphql("/graphql", "{ viewer { id } }", json!({}), now()).await
}

#[tokio::test]
async fn the_code_of_an_error_says_more_than_its_status() {
    let error =
        |code: &str| json!({ "data": { "a": 1 }, "errors": [{ "message": "no", "extensions": { "code": code } }] });
    assert!(matches!(ask(400, error("RATELIMITED")).await, Err(Trouble::Limited { until }) if until > now()));
    assert!(matches!(ask(200, error("AUTHENTICATION_ERROR")).await, Err(Trouble::Unauthorised)));
    assert!(matches!(ask(200, error("FORBIDDEN")).await, Err(Trouble::Forbidden(_))));
    // Data beside an error is no answer.
    assert!(matches!(ask(200, error("")).await, Err(Trouble::Invalid(said)) if said == "no"));
    assert!(matches!(ask(401, json!({})).await, Err(Trouble::Unauthorised)));
    assert!(matches!(ask(503, error("")).await, Err(Trouble::Provider(503))));
    assert!(matches!(ask(200, json!([])).await, Err(Trouble::Invalid(_))));
    assert_eq!(ask(200, json!({ "data": { "a": 1 } })).await.unwrap(), json!({ "a": 1 }));
}

#[tokio::test]
async fn a_redirect_to_another_host_does_not_get_the_token() {
    let (mut other, _) = peer(|_| (200, json!({ "data": {} }).to_string())).await;
    let (mut first, api) = redirecting(format!("http://{}/graphql", other.address)).await;
    let asked = api.graphql("/graphql", "{ a }", json!({}), now()).await;
    assert!(matches!(asked, Err(Trouble::Invalid(why)) if why.contains("another host")));
    assert!(first.requests.try_recv().is_ok() && other.requests.try_recv().is_err());
}

#[tokio::test]
async fn redirects_on_the_same_host_are_followed_three_times() {
    let (mut peer, api) = redirecting("/again".to_owned()).await;
    let asked = api.graphql("/graphql", "{ a }", json!({}), now()).await;
    assert!(matches!(asked, Err(Trouble::Invalid(why)) if why.contains("circle")));
    let mut seen = 0;
    while let Ok(request) = peer.requests.try_recv() {
        assert_eq!(request.header("authorization"), "Bearer t");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

/// A peer that answers everything with a redirect.
async fn redirecting(to: String) -> (Receiver, Api) {
    // The status line of the stand-in ends before the headers: a header can be added there.
    let head = move |_: &Received| (307, vec![("location".to_owned(), to.clone())], String::new());
    let peer = Receiver::replying_with_headers(std::sync::Arc::new(head)).await;
    let http = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
    let api = Api::new(&http, &format!("http://{}", peer.address), with("Bearer t"), DIALECT);
    (peer, api)
}

#[tokio::test]
async fn limits_are_read_from_headers_in_seconds_or_milliseconds_or_as_the_time_that_is_left() {
    for reset in [1_800_000_060_i64, 1_800_000_060_000, 60] {
        let answer = move |_: &Received| {
            let header = |name: &str, value: i64| (name.to_owned(), value.to_string());
            let headers = vec![header("x-total", 100), header("x-remaining", 0), header("x-reset", reset)];
            (429, headers, String::new())
        };
        let peer = Receiver::replying_with_headers(std::sync::Arc::new(answer)).await;
        let http = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
        let api = Api::new(&http, &format!("http://{}", peer.address), with("t"), DIALECT);
        let asked = api.graphql("/graphql", "{ a }", json!({}), now()).await;
        let minute = now().plus(std::time::Duration::from_secs(60));
        assert!(matches!(asked, Err(Trouble::Limited { until }) if until == minute), "{asked:?}");
        let limits = Limits { total: Some(100), remaining: Some(0), reset_at: Some(minute) };
        assert_eq!(api.limits(), limits);
    }
}

#[tokio::test]
async fn the_next_page_is_the_one_that_the_provider_names_and_stays_at_the_base() {
    let link =
        |to: &str| vec![("link".to_owned(), format!("<{to}?page=1>; rel=\"prev\", <{to}?a=b,c&page=3>; rel=\"next\""))];
    for (base, to, next) in [
        ("", "https://api.example/users", Some("/users?a=b,c&page=3")),
        ("/api/v3", "https://ghe.example/api/v3/users", Some("/users?a=b,c&page=3")),
        ("", "not an address", None),
    ] {
        let headers = link(to);
        let answer = move |_: &Received| (200, headers.clone(), "[1]".to_owned());
        let mut peer = Receiver::replying_with_headers(std::sync::Arc::new(answer)).await;
        let http = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
        let api = Api::new(&http, &format!("http://{}{base}", peer.address), with("Bearer t"), DIALECT);
        match (api.get("/users", now()).await, next) {
            (Ok(page), Some(next)) => assert_eq!((page.body, page.next.as_deref()), (json!([1]), Some(next))),
            // A list must not end there as if it were complete.
            (asked, next) => assert!(matches!(asked, Err(Trouble::Invalid(_))) && next.is_none()),
        }
        let asked = peer.requests.recv().await.unwrap();
        assert_eq!(asked.target, format!("GET {base}/users"));
        assert_eq!((asked.header("authorization"), asked.header("content-type")), ("Bearer t", ""));
    }
}

#[tokio::test]
async fn a_next_page_that_has_no_results_is_none() {
    for (results, is_there) in [("true", true), ("false", false)] {
        let before = "<https://sentry.io/a?cursor=0:0:1>; rel=\"previous\"; results=\"false\"; cursor=\"0:0:1\"";
        let next = format!("<https://sentry.io/a?cursor=0:2:0>; rel=\"next\"; results=\"{results}\"; cursor=\"0:2:0\"");
        let headers = vec![("link".to_owned(), format!("{before}, {next}"))];
        let answer = move |_: &Received| (200, headers.clone(), "[1]".to_owned());
        let peer = Receiver::replying_with_headers(std::sync::Arc::new(answer)).await;
        let http = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
        let api = Api::new(&http, &format!("http://{}", peer.address), with("Bearer t"), DIALECT);
        let page = api.get("/a", now()).await.unwrap();
        assert_eq!(page.next.as_deref(), Some("/a?cursor=0:2:0").filter(|_| is_there));
    }
}

#[tokio::test]
async fn a_page_that_is_not_json_or_is_refused_is_no_page() {
    let status = async |status: u16, body: &'static str| {
        let (_peer, api) = peer(move |_| (status, body.to_owned())).await;
        api.get("/x", now()).await
    };
    assert!(matches!(status(200, "<html>").await, Err(Trouble::Invalid(_))));
    assert!(matches!(status(404, "{}").await, Err(Trouble::Missing)));
    assert!(matches!(status(410, "{}").await, Err(Trouble::Gone)));
    assert!(matches!(status(403, "{}").await, Err(Trouble::Forbidden(_))));
}
