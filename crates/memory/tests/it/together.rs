//! Events that are remembered together leave what they would leave one after the other.

use campanile_base::Timestamp;
use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, params};
use campanile_memory::{Memory, RememberOutcome, remember};
use serde_json::{Map, json};

use crate::search::{Tenant, clock, event, migrations, node, tenant};

/// All that events leave, with the identity of the event in place of each observation's id.
const LEFT: [&str; 9] = [
    "SELECT source_id || ' ' || COALESCE(actor_id, '-') || ' ' || COALESCE(actor, '-') || ' ' || actor_method || ' '
        || COALESCE(cluster_id, '-') FROM observation WHERE workspace_id = $1",
    "SELECT one.source_id || ' ' || edge.type || ' ' || other.source_id || ' ' || CAST(edge.confidence AS TEXT) || ' '
        || edge.method || ' ' || edge.linking_key FROM edge JOIN observation AS one ON one.id = edge.from_id
        JOIN observation AS other ON other.id = edge.to_id WHERE edge.workspace_id = $1",
    "SELECT observation.source_id || ' ' || reference.kind || ' ' || reference.key || ' ' || reference.role
        FROM observation_reference AS reference JOIN observation ON observation.id = reference.observation_id
        WHERE reference.workspace_id = $1",
    "SELECT entity.category || ' ' || entity.key || ' ' || entity.value || ' ' || CAST(entity.occurrences AS TEXT)
        || ' ' || observation.source_id FROM entity JOIN observation ON observation.id = entity.first_observation_id
        WHERE entity.workspace_id = $1",
    "SELECT provider || ' ' || provider_id || ' ' || canonical_id || ' ' || username || ' ' || COALESCE(email, '-')
        || ' ' || method || ' ' || COALESCE(joined_for, '-') FROM actor_identity
        WHERE organisation_id = REPLACE($1, 'ws_', 'org_')",
    "SELECT actor_id || ' ' || display_name || ' ' || COALESCE(email, '-') || ' ' || CAST(observations AS TEXT) || ' '
        || COALESCE(counts, '-') || ' ' || CAST(first_seen_at AS TEXT) || ' ' || CAST(last_active_at AS TEXT)
        FROM actor_profile WHERE workspace_id = $1",
    "SELECT actor_id || ' ' || person_id || ' ' || method FROM actor_person
        WHERE organisation_id = REPLACE($1, 'ws_', 'org_')",
    "SELECT entity_key || ' ' || state_type || ' ' || COALESCE(value, '-') || ' ' || CAST(valid_from AS TEXT)
        FROM temporal_state WHERE workspace_id = $1",
    "SELECT CAST(passage.no AS TEXT) || ' ' || observation.source_id || ' ' || CAST(passage.part AS TEXT)
        FROM passage JOIN observation ON observation.id = passage.owner_id WHERE passage.workspace_id = $1",
];

const ROUNDS: u64 = 3;
const PEOPLE: [&str; 4] = ["ann", "bob", "cem", "dee"];

/// The next number of a series that looks like chance, below a limit.
fn roll(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

fn actor(id: &str, name: &str, email: Option<String>) -> Option<EventActor> {
    Some(EventActor { id: id.to_owned(), name: name.to_owned(), email, avatar_url: None })
}

/// A happening of a team: few people, commits and issues, so that most of them are related.
fn happening(number: u64, seed: &mut u64) -> SourceEvent {
    let (what, who, commit, issue) = (roll(seed, 6), roll(seed, 4), roll(seed, 8), 40 + roll(seed, 6));
    // The first is a push, and a commit is pushed and deployed by its author.
    let what = if number == 0 { 0 } else { what };
    let who = if what < 3 { commit % 4 } else { who };
    let (name, sha) = (PEOPLE[who as usize], format!("c0ffee{commit:034}"));
    let text = format!(
        "See ENG-{issue} and #{}. {}",
        roll(seed, 5),
        "Payments are slow again. ".repeat(1 + commit as usize * 12)
    );
    let told = event(&format!("e{number}"), &format!("Payments, part {number}"), &text);
    let told = SourceEvent {
        occurred_at: Timestamp::from_seconds(1_780_000_000 + i64::try_from(number * 60).unwrap()),
        repository: Some("acme/shop".to_owned()),
        ..told
    };
    let by = |kind: &str, provider: &str, actor, references| SourceEvent {
        event_type: kind.to_owned(),
        provider: provider.to_owned(),
        actor,
        references,
        ..told.clone()
    };
    let (github, email) = (format!("{}", who + 7), (who < 2).then(|| format!("{name}@acme.example")));
    let subject = |reference: Reference| Reference { is_subject: true, ..reference };
    let pull = || Reference {
        key: Some(Reference::number_key("acme/shop", issue)),
        ..Reference::new(ReferenceKind::Pr, format!("#{issue}"))
    };
    let linear = || Reference {
        key: Some(format!("ENG-{issue}")),
        ..Reference::new(ReferenceKind::Issue, format!("ENG-{issue}"))
    };
    match what {
        0 => by("push", "github", actor(&github, name, email), vec![subject(Reference::commit(&sha))]),
        1 | 2 => by("deployment.succeeded", "vercel", actor(name, name, None), vec![Reference::commit(&sha)]),
        3 => by(
            "pull_request.merged",
            "github",
            actor(&github, name, email),
            vec![subject(pull()), Reference::commit(&sha), Reference { label: Some("fixes".to_owned()), ..linear() }],
        ),
        4 => {
            let mut metadata = Map::new();
            metadata.insert("status".to_owned(), json!("Done"));
            let told = by("issue.updated", "linear", actor(&format!("u{who}"), name, email), vec![subject(linear())]);
            SourceEvent { metadata, ..told }
        }
        _ => by("issue.created", "sentry", None, vec![subject(linear()), Reference::commit(&sha)]),
    }
}

pub(crate) async fn remember_in(db: &Db, memory: &Memory, tenant: &Tenant, events: &[SourceEvent]) -> Vec<bool> {
    let (memory, organisation, workspace) = (memory.clone(), tenant.organisation.clone(), tenant.workspace.clone());
    let events = events.to_vec();
    let stored =
        db.write(move |tx| Box::pin(async move { remember(tx, &memory, &organisation, &workspace, &events).await }));
    stored.await.unwrap().iter().map(|outcome| matches!(outcome, RememberOutcome::New(..))).collect()
}

/// All that a workspace's events left, sorted.
async fn left(db: &Db, tenant: &Tenant) -> Vec<Vec<String>> {
    let mut left = Vec::new();
    for sql in LEFT {
        let workspace = tenant.workspace.clone();
        let rows = db.read(move |tx| {
            Box::pin(async move { tx.all(sql, params![workspace.as_str()], |row| row.get::<String>(0)).await })
        });
        let mut rows: Vec<String> = rows.await.unwrap();
        rows.sort();
        left.push(rows);
    }
    left
}

/// Remembers events in groups of these sizes. The first is of a cluster.
async fn remembered(db: &Db, name: &str, events: &[SourceEvent], mut size: impl FnMut() -> usize) -> Vec<Vec<String>> {
    let (memory, tenant) = (node(db, &clock()), tenant(name));
    assert_eq!(remember_in(db, &memory, &tenant, &events[..1]).await, [true]);
    let workspace = tenant.workspace.clone();
    let clustered = db.write(move |tx| {
        let sql = "UPDATE observation SET cluster_id = 'cl_first' WHERE workspace_id = $1";
        Box::pin(async move { tx.execute(sql, params![workspace.as_str()]).await })
    });
    let clustered: campanile_db::Result<u64> = clustered.await;
    assert_eq!(clustered.unwrap(), 1);
    let mut rest = &events[1..];
    while !rest.is_empty() {
        let (group, later) = rest.split_at(size().min(rest.len()));
        remember_in(db, &memory, &tenant, group).await;
        rest = later;
    }
    left(db, &tenant).await
}

#[tokio::test]
async fn events_remembered_together_leave_the_same_as_one_after_the_other() {
    on_each_database(migrations(), async |db: Db| {
        for round in 0..ROUNDS {
            let mut seed = 11 + round;
            let mut events: Vec<SourceEvent> = (0..60).map(|number| happening(number, &mut seed)).collect();
            // Some are told twice.
            for _ in 0..6 {
                let (from, to) = (roll(&mut seed, 60) as usize, roll(&mut seed, 60) as usize);
                events.insert(to, events[from].clone());
            }
            let singly = remembered(&db, &format!("singly{round}"), &events, || 1).await;
            let grouped =
                remembered(&db, &format!("grouped{round}"), &events, || 1 + roll(&mut seed, 9) as usize).await;
            let together = remembered(&db, &format!("together{round}"), &events, || 100).await;
            assert!(singly.iter().all(|rows| !rows.is_empty()), "each table has rows: {singly:#?}");
            assert!(singly[0].iter().filter(|row| row.ends_with("cl_first")).count() > 1, "a cluster is inherited");
            assert_eq!(singly, grouped, "round {round}, in groups");
            assert_eq!(singly, together, "round {round}, together");
        }
    })
    .await;
}

#[tokio::test]
async fn an_event_that_is_told_twice_at_once_is_remembered_once() {
    on_each_database(migrations(), async |db: Db| {
        let (memory, tenant) = (node(&db, &clock()), tenant("twice"));
        let (one, other) = (event("a", "One", "first"), event("b", "Other", "second"));
        let told = [one.clone(), other, one.clone()];
        assert_eq!(remember_in(&db, &memory, &tenant, &told).await, [true, true, false]);
        assert_eq!(remember_in(&db, &memory, &tenant, &[one]).await, [false]);
        assert!(remember_in(&db, &memory, &tenant, &[]).await.is_empty());
    })
    .await;
}
