use std::collections::BTreeMap;

use campanile_base::{Error, Secret, Timestamp};
use campanile_net::{AddressRules, Client};
use campanile_stand_ins::sentry::{ORGANISATIONS, PERSONAL_TOKEN, SentryConduct, SentryServer, TOKEN};

use super::remote::{Sentry, SentrySettings};
use crate::connections::ConnectionKind;
use crate::remote::{Account, Api, FieldValues, Remote as _, Trouble};

fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

fn sentry(provider: &SentryServer) -> Sentry {
    Sentry::new(&SentrySettings { api_url: provider.url.clone() })
}

fn api(provider: &SentryServer, token: &str) -> Api {
    let http = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
    sentry(provider).api(&http, ConnectionKind::Token, &Secret::new(token))
}

#[tokio::test]
async fn a_token_connects_the_organisation_that_it_sees_and_one_of_several_has_to_be_named() {
    let provider = SentryServer::start(&[]).await;
    let connect = async |token: &str, organisation: &str| {
        let named = BTreeMap::from([("organisation".to_owned(), organisation.to_owned())]);
        let fields = if organisation.is_empty() { FieldValues::new() } else { named };
        sentry(&provider).account_of_token(&api(&provider, token), &fields, now()).await
    };
    for (token, organisation, id) in [(TOKEN, "", "2"), (TOKEN, "acme", "2"), (PERSONAL_TOKEN, "other", "3")] {
        let Account { id: found, label, .. } = connect(token, organisation).await.unwrap();
        let (_, name) = ORGANISATIONS.iter().find(|(known, _)| *known == id).unwrap();
        assert_eq!((found.as_str(), label), (id, name.to_uppercase()));
    }
    for (token, organisation, said) in [(PERSONAL_TOKEN, "", "acme, other"), (TOKEN, "other", "it sees acme")] {
        let refused = connect(token, organisation).await;
        let Err(Trouble::Ours(error @ Error::InvalidField { field: "organisation", .. })) = refused else {
            panic!("{refused:?}")
        };
        assert!(error.to_string().contains(said), "{error}");
    }
    assert!(matches!(connect("wrong", "").await, Err(Trouble::Unauthorised)));
}

#[tokio::test]
async fn projects_are_listed_to_the_page_behind_which_there_are_no_results() {
    let provider = SentryServer::start(&["api", "shop", "web", "app"]).await;
    let (of_acme, mut projects, mut after) = (api(&provider, TOKEN).of_account("2"), Vec::new(), None);
    loop {
        let page = sentry(&provider).resources(&of_acme, after.as_deref(), now()).await.unwrap();
        projects.extend(page.resources);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let names: Vec<&str> = projects.iter().map(|project| project.name.as_str()).collect();
    assert_eq!(names, ["api", "shop", "web", "app"]);
    let address = format!("{}/organizations/acme/projects/api/", provider.url);
    assert_eq!((projects[0].id.as_str(), projects[0].url.as_deref()), ("10", Some(address.as_str())));
    let pages = provider.asked().iter().filter(|call| call.path.ends_with("/projects/")).count();
    assert_eq!(pages, 2, "the empty page behind the last one is not asked for");
}

#[tokio::test]
async fn the_probe_asks_for_the_organisation_of_the_connection() {
    let provider = SentryServer::start(&[]).await;
    let probe = async |token: &str, account: &str| {
        sentry(&provider).account(&api(&provider, token).of_account(account), now()).await
    };
    assert_eq!(probe(TOKEN, "2").await.unwrap().label, "ACME");
    assert!(matches!(probe(TOKEN, "3").await, Err(Trouble::Missing)));
    assert!(matches!(probe("wrong", "2").await, Err(Trouble::Unauthorised)));
    provider.conduct(SentryConduct::LimitsEvery(1));
    assert!(matches!(probe(TOKEN, "2").await, Err(Trouble::Limited { until }) if until > now()));
}
