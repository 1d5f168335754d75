//! An action on an issue that Sentry's webhooks and its history both tell is remembered once.

use std::time::Duration;

use campanile_base::Timestamp;
use campanile_base::source_event::SourceEvent;
use campanile_db::Db;
use campanile_db::testing::on_each_database;

use crate::search::{clock, event, migrations, node, tenant};
use crate::together::remember_in;

const ACTIONS: [&str; 3] = ["resolved", "unresolved", "archived"];

/// The next number of a series that looks like chance, below a limit.
fn roll(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

fn told(issue: u64, action: &str, behind: &str, at: Timestamp) -> SourceEvent {
    SourceEvent {
        provider: "sentry".into(),
        event_type: format!("issue.{action}"),
        source_id: format!("sentry-issue:{issue}:{action}:{behind}"),
        occurred_at: at,
        ..event("", "An issue", "It fails")
    }
}

/// Actions on issues, each as a webhook tells it some seconds later, and as history tells it.
fn story(seed: &mut u64) -> (Vec<SourceEvent>, Vec<SourceEvent>) {
    let (mut webhooks, mut history) = (Vec::new(), Vec::new());
    let mut at = Timestamp::from_seconds(1_780_000_000);
    for entry in 0..12 {
        at = at.plus(Duration::from_secs(240 + roll(seed, 3_600)));
        let (issue, action) = (roll(seed, 3), ACTIONS[roll(seed, 3) as usize]);
        let late = at.plus(Duration::from_secs(roll(seed, 100)));
        webhooks.push(told(issue, action, &format!("{}:-", late.as_seconds()), late));
        history.push(told(issue, action, &format!("activity:{entry}"), at));
    }
    (webhooks, history)
}

fn shuffled(mut events: Vec<SourceEvent>, seed: &mut u64) -> Vec<SourceEvent> {
    for place in (1..events.len()).rev() {
        events.swap(place, roll(seed, place as u64 + 1) as usize);
    }
    events
}

/// The number of events that are new, told in groups of random sizes.
async fn remembered(db: &Db, name: &str, events: &[SourceEvent], seed: &mut u64) -> usize {
    let (memory, tenant) = (node(db, &clock()), tenant(name));
    let (mut rest, mut number) = (events, 0);
    while !rest.is_empty() {
        let (group, later) = rest.split_at((1 + roll(seed, 8) as usize).min(rest.len()));
        number += remember_in(db, &memory, &tenant, group).await.into_iter().filter(|is_new| *is_new).count();
        rest = later;
    }
    number
}

#[tokio::test]
async fn an_action_on_an_issue_is_one_happening_told_by_webhooks_by_history_or_by_both_in_any_order() {
    on_each_database(migrations(), async |db: Db| {
        for round in 0..12 {
            let seed = &mut (77 + round);
            let (webhooks, history) = story(seed);
            let actions = webhooks.len();
            let both = [webhooks.clone(), history.clone()].concat();
            let orders = [
                webhooks.clone(),
                history.clone(),
                both.clone(),
                [history, webhooks].concat(),
                shuffled(both.clone(), seed),
                shuffled(both, seed),
            ];
            for (order, events) in orders.iter().enumerate() {
                let number = remembered(&db, &format!("round{round}order{order}"), events, seed).await;
                assert_eq!(number, actions, "round {round}, order {order}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn two_webhooks_or_two_entries_are_never_one_happening_and_nor_is_another_issue_action_or_time() {
    on_each_database(migrations(), async |db: Db| {
        let at = |seconds: i64| Timestamp::from_seconds(1_780_000_000 + seconds);
        let events = [
            told(1, "resolved", "1780000000:-", at(0)),
            told(1, "resolved", "1780000010:-", at(10)),
            told(1, "unresolved", "activity:1", at(0)),
            told(1, "unresolved", "activity:2", at(10)),
            told(2, "resolved", "activity:3", at(0)),
            told(11, "resolved", "activity:4", at(0)),
            told(1, "resolved", "activity:5", at(200)),
            told(1, "assigned", "1780000000:-", at(0)),
        ];
        assert_eq!(remembered(&db, "apart", &events, &mut 5).await, events.len());
        let (memory, other) = (node(&db, &clock()), tenant("other"));
        let elsewhere = [told(1, "resolved", "activity:9", at(0))];
        assert_eq!(
            remember_in(&db, &memory, &other, &elsewhere).await,
            [true],
            "another workspace knows nothing of it"
        );
        let ours = tenant("apart");
        assert_eq!(remember_in(&db, &memory, &ours, &elsewhere).await, [false]);
    })
    .await;
}
