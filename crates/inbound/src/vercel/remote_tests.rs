use std::collections::BTreeMap;

use campanile_base::{Error, Secret, Timestamp};
use campanile_net::{AddressRules, Client};
use campanile_stand_ins::vercel::{PERSON, TEAM, TOKEN, VercelConduct, VercelServer};
use serde_json::{Map, Value, json};

use super::remote::{Vercel, VercelSettings};
use crate::connections::{ConnectionKind, Credentials};
use crate::remote::{Account, Api, FieldValues, Grant, OauthSettings, Remote as _, Revocation, Trouble};

fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

fn http() -> Client {
    Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]))
}

fn vercel(provider: &VercelServer) -> Vercel {
    let api_url = provider.url.clone();
    let oauth = OauthSettings { api_url, ..VercelSettings::default().oauth };
    Vercel::new(&VercelSettings { oauth, slug: None }, String::new())
}

fn api(provider: &VercelServer, token: &str) -> Api {
    vercel(provider).api(&http(), ConnectionKind::Token, &Secret::new(token))
}

fn team(name: &str) -> FieldValues {
    BTreeMap::from([("team".to_owned(), name.to_owned())])
}

#[tokio::test]
async fn a_token_connects_the_person_or_the_team_that_is_named() {
    let provider = VercelServer::start(&["shop"]).await;
    let connect = async |token: &str, fields: FieldValues| {
        vercel(&provider).account_of_token(&api(&provider, token), &fields, now()).await
    };
    let Account { id, label, .. } = connect(TOKEN, FieldValues::new()).await.unwrap();
    assert_eq!((id.as_str(), label.as_str()), (PERSON, "ann"));
    for name in [TEAM.0, TEAM.1] {
        let Account { id, label, .. } = connect(TOKEN, team(name)).await.unwrap();
        assert_eq!((id.as_str(), label.as_str()), (TEAM.0, "Acme"), "by {name}");
    }
    for unseen in ["strangers", "team_strangers"] {
        let refused = connect(TOKEN, team(unseen)).await;
        assert!(matches!(refused, Err(Trouble::Ours(Error::InvalidField { field: "team", .. }))), "{refused:?}");
    }
    assert!(matches!(connect("wrong", team(TEAM.1)).await, Err(Trouble::Unauthorised)));
}

#[tokio::test]
async fn projects_are_listed_page_by_page_within_the_team_of_the_connection() {
    let provider = VercelServer::start(&["a", "b", "c", "d", "e"]).await;
    let (of_team, mut names, mut after) = (api(&provider, TOKEN).of_account(TEAM.0), Vec::new(), None);
    loop {
        let page = vercel(&provider).resources(&of_team, after.as_deref(), now()).await.unwrap();
        names.extend(page.resources.into_iter().map(|project| project.name));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    assert!(provider.asked().iter().all(|call| call.query["teamId"] == TEAM.0));
    // The account of the person has none: nothing of the team is listed without its name.
    let of_person = api(&provider, TOKEN).of_account(PERSON);
    assert!(vercel(&provider).resources(&of_person, None, now()).await.unwrap().resources.is_empty());
}

#[tokio::test]
async fn an_installation_connects_nothing_if_it_is_another_than_the_one_that_was_made() {
    let provider = VercelServer::start(&[]).await;
    let grant = async |extra: Value, configuration: Option<&str>| {
        let extra: Map<String, Value> = serde_json::from_value(extra).unwrap();
        let grant = Grant { extra: &extra, configuration };
        vercel(&provider).account_of_grant(&api(&provider, TOKEN), grant, now()).await
    };
    let good = json!({ "installation_id": "icfg_1", "team_id": TEAM.0, "user_id": PERSON });
    let account = grant(good.clone(), Some("icfg_1")).await.unwrap();
    assert_eq!(account.id, TEAM.0);
    assert_eq!(account.removal.unwrap(), format!("/v1/integrations/configuration/icfg_1?teamId={}", TEAM.0));
    let personal = grant(json!({ "installation_id": "icfg_1", "team_id": null }), Some("icfg_1")).await.unwrap();
    assert_eq!((personal.id.as_str(), personal.removal.unwrap().contains('?')), (PERSON, false));
    for (extra, configuration) in [
        (good.clone(), Some("icfg_2")),
        (good, None),
        (json!({ "team_id": TEAM.0 }), Some("icfg_1")),
        (json!({ "installation_id": "a/../b" }), Some("a/../b")),
        (json!({ "installation_id": "icfg_1", "team_id": "x&y" }), Some("icfg_1")),
    ] {
        assert!(matches!(grant(extra, configuration).await, Err(Trouble::Invalid(_))));
    }
}

#[tokio::test]
async fn a_refusal_says_what_can_be_done_about_it() {
    let provider = VercelServer::start(&[]).await;
    let ask = async |token: &str| vercel(&provider).account(&api(&provider, token), now()).await;
    assert!(matches!(ask("wrong").await, Err(Trouble::Unauthorised)), "Vercel answers 403 here");
    let strange = vercel(&provider).account(&api(&provider, TOKEN).of_account("team_other"), now()).await;
    assert!(matches!(&strange, Err(Trouble::Forbidden(why)) if why.contains("access to this team")), "{strange:?}");
    provider.conduct(VercelConduct::LimitsEvery(1));
    assert!(matches!(ask(TOKEN).await, Err(Trouble::Limited { until }) if until > now()));
    provider.conduct(VercelConduct::Fails);
    assert!(matches!(ask(TOKEN).await, Err(Trouble::Provider(500))));
}

#[tokio::test]
async fn an_installation_is_removed_and_a_token_is_left_to_its_owner() {
    let provider = VercelServer::start(&[]).await;
    let revoke = async |kind, removal: Option<&str>| {
        let (access, removal) = (Secret::new(TOKEN), removal.map(str::to_owned));
        vercel(&provider).revoke(&http(), kind, &Credentials { access, refresh: None, removal }, now()).await
    };
    assert!(matches!(revoke(ConnectionKind::Token, None).await, Ok(Revocation::ByHand(_))));
    let gone = "/v1/integrations/configuration/icfg_gone?teamId=team_acme";
    assert_eq!(revoke(ConnectionKind::Oauth, Some(gone)).await.unwrap(), Revocation::Done);
    let last = provider.asked().pop().unwrap();
    assert_eq!((last.method.as_str(), last.query["teamId"].as_str()), ("DELETE", TEAM.0));
}
