//! Stories of things at Linear, told by webhooks, by their history, or by both in any order.

use std::collections::BTreeSet;

use campanile_base::source_event::SourceEvent;

use super::*;
use crate::Provider;
use crate::identity_tests::{Dice, sent, told_by_history};

fn start() -> Timestamp {
    Timestamp::parse("2026-11-01T00:00:00Z").unwrap()
}

fn person(name: &str) -> Value {
    json!({ "id": format!("user-{name}"), "name": name, "email": format!("{name}@example.com") })
}

/// A thing of a kind as the API has it, at its beginning.
fn thing(kind: &str, n: u64) -> Value {
    let id = format!("{kind}-{n}");
    let issue = json!({ "id": "issue-0", "identifier": "ENG-0", "title": "The first" });
    match kind {
        "issue" => json!({
            "id": id, "identifier": format!("ENG-{n}"), "title": format!("Title {n}"), "priorityLabel": "High",
            "url": format!("https://linear.app/acme/issue/ENG-{n}"), "team": { "id": "team-0", "key": "ENG", "name": "Eng" },
            "state": { "name": "Todo" }, "creator": person("ann"), "branchName": format!("eng-{n}"),
            "labels": { "nodes": [{ "name": "bug" }] },
            "attachments": { "nodes": [{ "url": "https://github.com/acme/app/pull/7", "sourceType": "github" }] },
        }),
        "comment" => json!({ "id": id, "body": format!("Comment {n}"), "user": person("bob"), "issue": issue }),
        "project" => {
            json!({ "id": id, "name": format!("Project {n}"), "description": "", "status": { "name": "Planned" } })
        }
        "cycle" => json!({ "id": id, "number": n, "team": { "id": "team-0", "key": "ENG", "name": "Eng" } }),
        _ => {
            json!({ "id": id, "body": format!("Update {n}"), "user": person("bob"), "project": { "id": "p", "name": "P" } })
        }
    }
}

/// A thing at its end, and the webhooks that were sent of it.
fn story(dice: &mut Dice, kind: &str, n: u64) -> (Value, Vec<(String, Value)>) {
    let (_, name, maker) = source(kind).unwrap();
    let mut node = thing(kind, n);
    let mut at = start().plus(std::time::Duration::from_millis(dice.below(1_000_000_000)));
    node["createdAt"] = json!(at.to_string());
    let mut webhooks = Vec::new();
    for step in 0..=dice.below(4) {
        let action = if step == 0 { "create" } else { "update" };
        node["updatedAt"] = json!(at.to_string());
        let text = if kind == "project" || kind == "issue" { "description" } else { "body" };
        node[text] = json!(format!("text {step}"));
        let mut data = plain(&node);
        // Linear's own webhooks have neither.
        data.remove("branchName");
        data.remove("attachments");
        let actor = if step == 0 { maker.map(|field| node[field].clone()) } else { Some(person("cyd")) };
        let before = if step == 0 { Value::Null } else { json!({ text: "before" }) };
        let body = json!({
            "action": action, "type": name, "actor": actor, "createdAt": node["updatedAt"], "data": data,
            "updatedFrom": before, "url": node["url"], "organizationId": "organisation-1",
        });
        webhooks.push((format!("{name}:{action}"), body));
        at = at.plus(std::time::Duration::from_millis(1 + dice.below(1_000_000)));
    }
    (node, webhooks)
}

fn ids(events: &[SourceEvent]) -> BTreeSet<&str> {
    events.iter().map(|event| event.source_id.as_str()).collect()
}

#[test]
fn a_story_is_the_same_told_by_webhooks_by_its_history_or_by_both_in_any_order() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let kind = KINDS[usize::try_from(dice.below(5)).unwrap()].name;
        let stories: Vec<_> = (0..1 + dice.below(6)).map(|n| story(&mut dice, kind, n)).collect();
        let since = start();
        let place = HistoryPlace { kind, resource: "team-0", name: None, since };
        let mut nodes: Vec<&Value> = stories.iter().map(|(node, _)| node).collect();
        nodes.sort_by_key(|node| std::cmp::Reverse(node["updatedAt"].as_str()));
        let answer = json!({
            "organization": { "id": "organisation-1" },
            "nodes": { "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } },
        });
        let page = page(place, &answer).unwrap();
        let pulled = told_by_history(Provider::Linear, &page.items);
        let sent_by_webhooks = sent(Provider::Linear, stories.iter().flat_map(|(_, webhooks)| webhooks));

        // History tells the first and the last event of each thing, and nothing that no webhook tells.
        let (by_history, by_webhooks) = (ids(&pulled), ids(&sent_by_webhooks));
        assert!(by_history.is_subset(&by_webhooks), "seed {seed}: {by_history:?} {by_webhooks:?}");
        let ends = stories.iter().flat_map(|(_, webhooks)| [webhooks.first(), webhooks.last()]).flatten();
        assert_eq!(by_history, ids(&sent(Provider::Linear, ends)), "seed {seed}");
        // So both together are what webhooks tell, whichever comes first; and what both tell is alike.
        let both: BTreeSet<&str> = by_history.union(&by_webhooks).copied().collect();
        assert_eq!(both, by_webhooks, "seed {seed}");
        for event in &pulled {
            let twin = sent_by_webhooks.iter().find(|sent| sent.source_id == event.source_id).unwrap();
            assert_eq!((event.occurred_at, &event.event_type), (twin.occurred_at, &twin.event_type), "seed {seed}");
            assert_eq!(event.metadata.get("organizationId"), twin.metadata.get("organizationId"), "seed {seed}");
            match event.event_type.ends_with(".created") {
                true => assert_eq!(
                    event.actor.as_ref().map(|actor| &actor.id),
                    twin.actor.as_ref().map(|actor| &actor.id),
                    "seed {seed}"
                ),
                false => assert!(event.actor.is_none(), "nothing tells who updated it: seed {seed}"),
            }
        }
    }
}

#[test]
fn a_thing_that_was_made_before_the_history_is_told_by_its_last_change_alone() {
    let since = start();
    let mut node = thing("issue", 1);
    node["createdAt"] = json!("2026-10-01T00:00:00Z");
    node["updatedAt"] = json!("2026-11-02T00:00:00Z");
    let place = HistoryPlace { kind: "issue", resource: "team-0", name: None, since };
    let answer = json!({ "organization": {}, "nodes": { "nodes": [node], "pageInfo": { "hasNextPage": true, "endCursor": "c" } } });
    let page = page(place, &answer).unwrap();
    assert_eq!(page.items.iter().map(|(event, _)| event.as_str()).collect::<Vec<_>>(), ["Issue:update"]);
    assert_eq!(page.next.as_deref(), Some("c"));
}

#[test]
fn an_answer_without_nodes_or_cursor_is_trouble_and_not_the_end() {
    let place = HistoryPlace { kind: "issue", resource: "team-0", name: None, since: start() };
    let more = json!({ "nodes": { "nodes": [], "pageInfo": { "hasNextPage": true, "endCursor": "" } } });
    for answer in [json!({}), json!({ "nodes": {} }), more] {
        assert!(matches!(page(place, &answer), Err(Trouble::Invalid(_))), "{answer}");
    }
}
