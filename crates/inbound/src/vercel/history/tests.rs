//! Stories of deployments, told by webhooks, by their history, or by both in any order.

use std::collections::BTreeSet;

use super::*;
use crate::Provider;
use crate::identity_tests::{Dice, sent, told_by_history};

const START: i64 = 1_793_000_000_000;

fn place<'p>() -> HistoryPlace<'p> {
    let since = Timestamp::from_millis(START);
    HistoryPlace { kind: "deployment", resource: "prj_0", name: Some("shop"), since }
}

/// A deployment at its end, and the webhooks that were sent of it.
fn story(dice: &mut Dice, n: u64) -> (Value, Vec<(String, Value)>) {
    let created = START + i64::try_from(dice.below(1_000_000_000)).unwrap();
    let ready = created + 1 + i64::try_from(dice.below(600_000)).unwrap();
    let (state, end): (&str, &[&str]) = match dice.below(4) {
        0 => ("READY", &["deployment.succeeded", "deployment.ready"]),
        1 => ("ERROR", &["deployment.error"]),
        2 => ("CANCELED", &["deployment.canceled"]),
        _ => ("BUILDING", &[]),
    };
    let meta =
        json!({ "githubCommitSha": format!("{n:040x}"), "githubCommitRef": "main", "githubCommitMessage": "Ring" });
    let target = if dice.below(2) == 0 { json!("production") } else { Value::Null };
    let deployment = json!({
        "uid": format!("dpl_{n}"), "name": "shop", "url": "shop.vercel.app", "created": created, "state": state,
        "buildingAt": created + 1, "ready": (state == "READY").then_some(ready), "meta": meta, "target": target,
        "projectId": "prj_0", "inspectorUrl": format!("https://vercel.com/acme/shop/{n}"),
    });
    let webhook = |event: &str, at: i64| {
        let body = json!({
            "id": format!("{event}-{n}"), "type": event, "createdAt": at, "region": null,
            "payload": {
                "deployment": { "id": format!("dpl_{n}"), "name": "shop", "url": "shop.vercel.app", "meta": meta },
                "links": { "deployment": format!("https://vercel.com/acme/shop/{n}") }, "target": target,
                "project": { "id": "prj_0" }, "team": { "id": "team_acme" }, "user": { "id": "u" },
            },
        });
        (event.to_owned(), body)
    };
    let webhooks = [("deployment.created", created)].into_iter().chain(end.iter().map(|event| (*event, ready)));
    (deployment, webhooks.map(|(event, at)| webhook(event, at)).collect())
}

#[test]
fn a_story_is_the_same_told_by_webhooks_by_its_history_or_by_both_in_any_order() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let stories: Vec<_> = (0..1 + dice.below(6)).map(|n| story(&mut dice, n)).collect();
        let deployments: Vec<&Value> = stories.iter().map(|(deployment, _)| deployment).collect();
        let answer = json!({ "deployments": deployments, "pagination": { "next": null } });
        let pulled = told_by_history(Provider::Vercel, &page(place(), Some("team_acme"), &answer).unwrap().items);
        let sent = sent(Provider::Vercel, stories.iter().flat_map(|(_, webhooks)| webhooks));
        let ids: BTreeSet<&str> = sent.iter().map(|event| event.source_id.as_str()).collect();
        for event in &pulled {
            // So both together are what webhooks tell, whichever comes first; and what both tell is
            // alike.
            assert!(ids.contains(event.source_id.as_str()), "seed {seed}: {}", event.source_id);
            let twin = sent.iter().find(|sent| sent.source_id == event.source_id).unwrap();
            let alike = |event: &campanile_base::source_event::SourceEvent| {
                let metadata = ["environment", "gitCommitSha", "projectName", "teamId"]
                    .map(|name| event.metadata.get(name).cloned());
                (event.event_type.clone(), event.title.clone(), event.references.clone(), metadata)
            };
            assert_eq!(alike(event), alike(twin), "seed {seed}");
        }
        // Of each deployment, the beginning and the end are told; `ready` says the same as `succeeded`.
        let expected = ids.iter().filter(|id| !id.ends_with(".ready")).count();
        assert_eq!(pulled.len(), expected, "seed {seed}");
    }
}

#[test]
fn an_answer_without_deployments_or_with_a_strange_place_to_go_on_is_trouble_and_not_the_end() {
    for answer in [
        json!({}),
        json!({ "deployments": {} }),
        json!({ "deployments": [], "pagination": { "next": "1&projectId=other" } }),
    ] {
        assert!(matches!(page(place(), None, &answer), Err(Trouble::Invalid(_))), "{answer}");
    }
    let more = json!({ "deployments": [], "pagination": { "next": START } });
    let next = page(place(), None, &more).unwrap().next.unwrap();
    let path = path(place(), Some(&next)).unwrap();
    assert_eq!(path, format!("/v7/deployments?projectId=prj_0&since={START}&limit=100&until={START}"));
}

#[test]
fn a_deployment_that_is_older_than_the_history_and_ended_within_it_tells_its_end_alone() {
    let deployment = json!({ "uid": "d", "name": "shop", "created": START - 5, "ready": START + 5, "state": "READY" });
    let page = page(place(), None, &json!({ "deployments": [deployment] })).unwrap();
    assert_eq!(page.items.iter().map(|(event, _)| event.as_str()).collect::<Vec<_>>(), ["deployment.succeeded"]);
}
