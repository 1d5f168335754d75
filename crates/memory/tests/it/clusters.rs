//! Clusters: each observation is assigned once, by words and by vectors; summaries are found, and go with
//! their clusters.

use std::collections::BTreeMap;
use std::time::Duration;

use campanile_accounts::Caller;
use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent};
use campanile_base::{Clock, Cursor, PageSize, Timestamp};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, params};
use campanile_engine::Engine;
use campanile_memory::clusters::{self, Cluster, ClusterFilter, ClusterStatus, assign, summarise};
use campanile_memory::embedding::embed;
use campanile_memory::search::{Kind, merge};
use campanile_memory::{EmbedderSettings, Memory, Settings, observations, people, retention};
use serde_json::json;

use crate::search::{Tenant, ask, clock, event, migrations, node, store, tenant};

const LONG: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// An event `minutes` after the others, by a person.
pub(crate) fn happened(minutes: i64, title: &str, body: &str, actor: &str, references: Vec<Reference>) -> SourceEvent {
    let mut event = event(&format!("{minutes}:{title}"), title, body);
    event.occurred_at = Timestamp::from_seconds(1_790_000_000 - 86_400 + minutes * 60);
    event.event_type = match title.split(']').next().unwrap() {
        "[Issue Opened" => "issues.opened",
        "[Issue Closed" => "issues.closed",
        "[PR Opened" => "pull_request.opened",
        "[PR Merged" => "pull_request.merged",
        _ => "push",
    }
    .to_owned();
    event.actor = Some(EventActor { id: actor.into(), name: actor.into(), email: None, avatar_url: None });
    event.references = references;
    event
}

/// Two stories at the same time, by the same person, and a stray event.
fn stories() -> Vec<SourceEvent> {
    let issue = |number| Reference::numbered(ReferenceKind::Issue, "acme/shop", number);
    let fixes = |number| issue(number).labelled("fixes");
    let pull = |number| Reference::numbered(ReferenceKind::Pr, "acme/shop", number).subject();
    vec![
        happened(
            0,
            "[Issue Opened] Checkout times out",
            "The gateway answers with 504.",
            "ada",
            vec![issue(1).subject()],
        ),
        happened(5, "[Issue Opened] Dark mode is too bright", "The settings page.", "ada", vec![issue(2).subject()]),
        happened(20, "[PR Opened] Retry the gateway", "Checkout waits longer.", "ada", vec![pull(3), fixes(1)]),
        happened(25, "[PR Opened] Softer colours", "Of the settings page.", "ada", vec![pull(4), fixes(2)]),
        happened(
            40,
            "[Push] Retry the gateway",
            "Merge #3",
            "ada",
            vec![pull(3), Reference::commit("a8f3c2d91e4b5678")],
        ),
        happened(45, "[Push] Softer colours", "Merge #4", "ada", vec![pull(4), Reference::commit("b8f3c2d91e4b5678")]),
        happened(50, "[Release] Nightly build of the mobile app", "Nothing else.", "bot", Vec::new()),
    ]
}

pub(crate) async fn listed(db: &Db, clock: &Clock, tenant: &Tenant, filter: ClusterFilter) -> Vec<Cluster> {
    let (organisation, workspace, now) = (tenant.organisation.clone(), tenant.workspace.clone(), clock.now());
    let read = db.read(move |tx| {
        Box::pin(async move {
            let all = (&Cursor::newest(), PageSize::new(Some(200)).unwrap());
            clusters::page(tx, (&organisation, &workspace), &filter, now, all).await
        })
    });
    read.await.unwrap().data
}

/// The titles of the observations of each cluster.
async fn members(db: &Db, tenant: &Tenant) -> Vec<Vec<String>> {
    let workspace = tenant.workspace.clone();
    let read = db.read(move |tx| {
        Box::pin(async move {
            let sql = "SELECT cluster_id, title FROM observation WHERE workspace_id = $1 ORDER BY occurred_at, id";
            let read = |row: &campanile_db::Row<'_>| Ok((row.get::<Option<String>>(0)?, row.get::<String>(1)?));
            tx.all(sql, params![workspace.as_str()], read).await
        })
    });
    let rows: campanile_db::Result<Vec<(Option<String>, String)>> = read.await;
    let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (cluster, title) in rows.unwrap() {
        clusters.entry(cluster.expect("it is assigned")).or_default().push(title);
    }
    let mut members: Vec<_> = clusters.into_values().collect();
    members.sort();
    members
}

fn expected() -> Vec<Vec<String>> {
    let titles: Vec<String> = stories().into_iter().map(|event| event.title).collect();
    let of = |places: [usize; 3]| places.map(|place| titles[place].clone()).to_vec();
    vec![of([0, 2, 4]), of([1, 3, 5]), vec![titles[6].clone()]]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_one_thing_is_gathered_by_words_alone() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant, other) = (clock(), tenant("one"), tenant("two"));
        let memory = node(&db, &clock);
        for event in stories() {
            store(&memory, &db, &tenant, event).await;
        }
        store(&memory, &db, &other, stories().swap_remove(0)).await;
        assert_eq!(assign(&memory, &tenant.workspace, LONG).await.unwrap(), 7);
        assert_eq!(assign(&memory, &tenant.workspace, LONG).await.unwrap(), 0, "each once");
        assert_eq!(members(&db, &tenant).await, expected());
        assert!(listed(&db, &clock, &other, ClusterFilter::default()).await.is_empty());

        let filter = || ClusterFilter { min_observations: 2, ..ClusterFilter::default() };
        let both = listed(&db, &clock, &tenant, filter()).await;
        let titles: Vec<&str> = both.iter().map(|cluster| cluster.title.as_str()).collect();
        assert_eq!(titles, ["Softer colours", "Retry the gateway"], "the latest first; those of the most significant");
        let checkout = &both[1];
        assert_eq!((checkout.observation_count, checkout.compared_by), (3, "words"));
        assert_eq!((checkout.last_at.since(checkout.first_at), checkout.actors[0].observations), (LONG * 40, 3));
        assert!(checkout.entities.contains(&"#1".to_owned()), "{checkout:?}");
        assert_eq!(checkout.status, ClusterStatus::Active);
        let none = ClusterFilter { source: Some("linear".into()), ..filter() };
        assert!(listed(&db, &clock, &tenant, none).await.is_empty());
        for fits in [
            ClusterFilter { source: Some("github".into()), ..filter() },
            ClusterFilter { actor: Some("ada".into()), ..filter() },
            ClusterFilter { actor: Some("github:ada".into()), ..filter() },
            ClusterFilter { status: Some(ClusterStatus::Active), ..filter() },
            ClusterFilter { since: Some(both[1].last_at), ..filter() },
            ClusterFilter { until: Some(both[0].last_at), ..filter() },
        ] {
            assert_eq!(listed(&db, &clock, &tenant, fits.clone()).await.len(), 2, "{fits:?}");
        }
        let since = ClusterFilter { since: Some(both[0].last_at), ..filter() };
        assert_eq!(listed(&db, &clock, &tenant, since).await.len(), 1);
        let until = ClusterFilter { until: Some(both[0].first_at), ..filter() };
        assert_eq!(listed(&db, &clock, &tenant, until).await.len(), 1);
        clock.advance(DAY * 6);
        let stalled = ClusterFilter { status: Some(ClusterStatus::Stalled), ..filter() };
        assert_eq!(listed(&db, &clock, &tenant, stalled).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_two_accounts_is_named_once() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let issue = || vec![Reference::numbered(ReferenceKind::Issue, "acme/shop", 1).labelled("fixes")];
        for (minute, actor) in [(0, "ada"), (1, "eve"), (2, "a.lovelace"), (3, "eve"), (4, "ada")] {
            store(&memory, &db, &tenant, happened(minute, "[Push] Checkout waits", "Longer.", actor, issue())).await;
        }
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        let named = async || {
            let all = listed(&db, &clock, &tenant, ClusterFilter::default()).await;
            assert_eq!(all.len(), 1, "{all:?}");
            all[0].actors.iter().map(|actor| (actor.name.clone(), actor.observations)).collect::<Vec<_>>()
        };
        assert_eq!(named().await.len(), 3);
        let (caller, now) = (Caller::system(tenant.organisation.clone()), clock.clone());
        let merge = db.write(move |tx| {
            Box::pin(
                async move { people::merge(tx, &now, &caller, "github:ada", &["github:a.lovelace".to_owned()]).await },
            )
        });
        merge.await.unwrap();
        assert_eq!(named().await, [("ada".to_owned(), 3), ("eve".to_owned(), 2)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_completed_when_its_issue_is_closed_in_another_one() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let issue = || Reference::numbered(ReferenceKind::Issue, "acme/shop", 1).subject();
        let month = 30 * 24 * 60;
        let opened = happened(-month, "[Issue Opened] Checkout times out", "504.", "ada", vec![issue()]);
        let closed = happened(0, "[Issue Closed] Checkout times out", "No longer.", "bob", vec![issue()]);
        let statuses = async || {
            let all = listed(&db, &clock, &tenant, ClusterFilter::default()).await;
            all.into_iter().map(|cluster| cluster.status).collect::<Vec<_>>()
        };
        store(&memory, &db, &tenant, opened).await;
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        assert_eq!(statuses().await, [ClusterStatus::Stalled]);
        store(&memory, &db, &tenant, closed).await;
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        assert_eq!(statuses().await, [ClusterStatus::Completed; 2], "too far apart to be one");
        // The one of a month ago hears late that it was opened before.
        let late = happened(-month + 5, "[Issue Opened] Checkout times out", "Again 504.", "ada", vec![issue()]);
        store(&memory, &db, &tenant, late).await;
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        assert!(statuses().await.iter().all(|status| *status == ClusterStatus::Completed));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_model_they_wait_for_their_vectors() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let (engine, _) = Engine::new(db.clone(), clock.clone());
        let memory =
            Memory::new(db.clone(), clock.clone(), engine, Settings::default(), EmbedderSettings::BuiltIn).unwrap();
        for event in stories() {
            store(&memory, &db, &tenant, event).await;
        }
        assert_eq!(assign(&memory, &tenant.workspace, LONG).await.unwrap(), 0);
        embed(&memory, &tenant.workspace, LONG).await.unwrap();
        assert_eq!(assign(&memory, &tenant.workspace, LONG).await.unwrap(), 7);
        assert_eq!(members(&db, &tenant).await, expected());
        let all = listed(&db, &clock, &tenant, ClusterFilter::default()).await;
        assert!(all.iter().all(|cluster| cluster.compared_by == "vectors"), "{all:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_assign_each_observation_once() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let nodes = [node(&db, &clock), node(&db, &clock)];
        for n in 0..200 {
            let event = happened(n * 3, &format!("Change {}", n % 7), "Of a page", "ada", Vec::new());
            store(&nodes[0], &db, &tenant, event).await;
        }
        let (one, other) =
            tokio::join!(assign(&nodes[0], &tenant.workspace, LONG), assign(&nodes[1], &tenant.workspace, LONG));
        assert_eq!(one.unwrap() + other.unwrap(), 200);
        let all = listed(&db, &clock, &tenant, ClusterFilter::default()).await;
        assert_eq!(all.iter().map(|cluster| cluster.observation_count).sum::<i64>(), 200);
        assert_eq!(members(&db, &tenant).await.iter().map(Vec::len).sum::<usize>(), 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tied_to_a_cluster_joins_it_at_once() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let mut stories = stories();
        let fix = stories.remove(2);
        store(&memory, &db, &tenant, stories.remove(0)).await;
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        let cluster = listed(&db, &clock, &tenant, ClusterFilter::default()).await.remove(0);
        let id = store(&memory, &db, &tenant, fix).await;
        let workspace = tenant.workspace.clone();
        let read = db.read(move |tx| Box::pin(async move { observations::by_id(tx, &workspace, &id).await }));
        let joined = read.await.unwrap().unwrap().observation.cluster_id;
        assert_eq!(joined.as_ref(), Some(&cluster.id), "before it is assigned");
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        let after = listed(&db, &clock, &tenant, ClusterFilter::default()).await;
        assert_eq!((after.len(), after[0].observation_count), (1, 2), "it is counted once");
    })
    .await;
}

/// Six events of one incident.
pub(crate) async fn incident(memory: &Memory, db: &Db, tenant: &Tenant) -> Vec<String> {
    let issue = Reference::numbered(ReferenceKind::Issue, "acme/shop", 1);
    let mut ids = Vec::new();
    for (n, title) in [
        "[Issue Opened] Checkout times out",
        "The gateway answers with 504 under load",
        "[PR Opened] Retry the payment gateway",
        "[PR Merged] Retry the payment gateway",
        "[Deployment Succeeded] The shop is deployed with the retry",
        "Zeppelins are not affected",
    ]
    .into_iter()
    .enumerate()
    {
        let reference = if n == 0 { issue.clone().subject() } else { issue.clone().labelled("fixes") };
        ids.push(store(memory, db, tenant, happened(n as i64, title, "", "ada", vec![reference])).await);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_is_found_and_replaced_after_a_day() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        incident(&memory, &db, &tenant).await;
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        let cluster = listed(&db, &clock, &tenant, ClusterFilter::default()).await.remove(0);
        assert_eq!(cluster.observation_count, 6);
        let look = async || {
            let outcome = summarise(&memory, &tenant.organisation, &tenant.workspace, cluster.id.as_str()).await;
            format!("{:?}", outcome.unwrap())
        };
        assert!(look().await.starts_with("NotDue"), "it was changed just now");
        clock.advance(Duration::from_secs(601));
        assert_eq!(look().await, "Made");
        assert!(look().await.starts_with("NotDue"), "there is one of today");
        let found = ask(&memory, &tenant, json!({ "query": "checkout gateway kind:summary" })).await;
        assert_eq!(found.data.len(), 1, "{found:?}");
        let hit = &found.data[0];
        assert_eq!((hit.kind, hit.id.as_str()), (Kind::Summary, cluster.id.as_str()));
        assert_eq!((hit.source.as_str(), hit.event_type.as_str()), ("github", "cluster.summary"));
        let both = ask(&memory, &tenant, json!({ "query": "checkout gateway" })).await;
        let context = both.context.unwrap();
        assert_eq!(context.clusters[0].id, cluster.id);
        assert_eq!(context.clusters[0].observation_count, 6);
        let summary = listed(&db, &clock, &tenant, ClusterFilter::default()).await.remove(0).summary.unwrap();
        assert_eq!(summary.method, "extractive");
        assert!(summary.text.starts_with("6 events on ") && summary.text.contains("Checkout times out"), "{summary:?}");

        clock.advance(DAY);
        assert_eq!(look().await, "Made");
        merge(&memory, &tenant.workspace).await.unwrap();
        for node in [memory.clone(), node(&db, &clock)] {
            let found = ask(&node, &tenant, json!({ "query": "checkout", "filters": { "kinds": ["summary"] } })).await;
            assert_eq!(found.data.len(), 1, "the earlier one is gone");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_follows_its_observations_and_goes_with_the_last() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        incident(&memory, &db, &tenant).await;
        clock.advance(DAY);
        let issue = Reference::numbered(ReferenceKind::Issue, "acme/shop", 1).labelled("fixes");
        let last = happened(90, "[Issue Closed] Solved for good", "", "eve", vec![issue]);
        store(&memory, &db, &tenant, last).await;
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        let cluster = listed(&db, &clock, &tenant, ClusterFilter::default()).await.remove(0);
        assert_eq!(cluster.observation_count, 7);
        clock.advance(Duration::from_secs(601));
        summarise(&memory, &tenant.organisation, &tenant.workspace, cluster.id.as_str()).await.unwrap();

        retention::tidy(&memory, clock.now(), Some(Duration::from_secs(3_600))).await.unwrap();
        let left = listed(&db, &clock, &tenant, ClusterFilter::default()).await.remove(0);
        assert_eq!((left.observation_count, left.title.as_str()), (1, "Solved for good"));
        assert_eq!(left.summary, None, "it quoted what is gone");
        let names: Vec<_> = left.actors.iter().map(|actor| (actor.name.as_str(), actor.observations)).collect();
        assert_eq!(names, [("eve", 1)], "who has nothing left in it is not named");
        assert_eq!(left.sources.iter().map(|source| source.observations).sum::<i64>(), 1);
        let found = ask(&memory, &tenant, json!({ "query": "kind:summary" })).await;
        assert!(found.data.is_empty(), "{found:?}");

        clock.advance(DAY);
        retention::tidy(&memory, clock.now(), Some(Duration::from_secs(3_600))).await.unwrap();
        assert!(listed(&db, &clock, &tenant, ClusterFilter::default()).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_events_are_gathered_whatever_has_begun_since() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for (n, word) in [
            "anchor", "basket", "candle", "dragon", "ember", "falcon", "glacier", "harbour", "island", "jungle",
            "kettle", "lantern", "meadow",
        ]
        .into_iter()
        .enumerate()
        {
            let title = format!("{word} {word}s and nothing else");
            store(&memory, &db, &tenant, happened(1_000 + n as i64, &title, "", word, Vec::new())).await;
        }
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        for minute in 0..4 {
            let late =
                happened(minute, "The nightly export stops halfway", "It ends without a word.", "ada", Vec::new());
            store(&memory, &db, &tenant, late).await;
            assign(&memory, &tenant.workspace, LONG).await.unwrap();
        }
        let mut counts: Vec<i64> = listed(&db, &clock, &tenant, ClusterFilter::default())
            .await
            .iter()
            .map(|one| one.observation_count)
            .collect();
        counts.sort_unstable();
        assert_eq!(counts.last(), Some(&4), "{counts:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_one_person_count_as_one_and_any_of_their_names_finds_the_clusters() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant, other) = (clock(), tenant("one"), tenant("two"));
        let memory = node(&db, &clock);
        // The same words at the same hour are fifty points: only the person makes a cluster of two of them.
        let told = |minutes, title: &str, provider: &str, actor: &str, email: Option<&str>| {
            let mut event = happened(minutes, title, "", actor, Vec::new());
            event.provider = provider.into();
            event.actor.as_mut().unwrap().email = email.map(str::to_owned);
            event
        };
        let address = Some("ada@acme.example");
        for event in [
            told(0, "The nightly export stops", "github", "ada", address),
            told(1, "The nightly export stops", "linear", "lovelace", address),
            told(2, "Letters of the printed manual are small", "github", "ada", address),
            told(3, "Letters of the printed manual are small", "linear", "eve", Some("eve@acme.example")),
        ] {
            store(&memory, &db, &tenant, event.clone()).await;
            store(&memory, &db, &other, event).await;
        }
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        let counts = |clusters: &[Cluster]| {
            let mut counts: Vec<i64> = clusters.iter().map(|cluster| cluster.observation_count).collect();
            counts.sort_unstable();
            counts
        };
        assert_eq!(counts(&listed(&db, &clock, &tenant, ClusterFilter::default()).await), [1, 1, 2]);
        for (actor, expected) in [
            ("github:ada", vec![1, 2]),
            ("linear:lovelace", vec![1, 2]),
            ("lovelace", vec![1, 2]),
            ("Ada@ACME.example", vec![1, 2]),
            ("eve@acme.example", vec![1]),
            ("nobody", vec![]),
            ("github:nobody", vec![]),
        ] {
            let filter = ClusterFilter { actor: Some(actor.into()), ..ClusterFilter::default() };
            assert_eq!(counts(&listed(&db, &clock, &tenant, filter.clone()).await), expected, "{actor}");
            assert!(listed(&db, &clock, &other, filter).await.is_empty(), "nothing is assigned there: {actor}");
        }
    })
    .await;
}
