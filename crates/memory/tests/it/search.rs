//! A search finds exactly what is committed: through removals, merges, restarts, damage, and on
//! several nodes.

use std::collections::BTreeMap;
use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{Reference, SourceEvent};
use campanile_base::{Clock, Timestamp};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, Migrations, params};
use campanile_engine::Engine;
use campanile_memory::search::{Confidence, SearchReply, SearchRequest, merge, search};
use campanile_memory::{EmbedderSettings, Memory, RememberOutcome, Settings, remember, retention};
use serde_json::{Map, Value, json};

/// The passages of the smallest segment: few, so that there are many merges.
const SEALED: i64 = 16;
const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn migrations() -> Vec<Migrations> {
    let below = [campanile_engine::MIGRATIONS, campanile_accounts::MIGRATIONS, campanile_models::MIGRATIONS];
    below.into_iter().chain([campanile_memory::MIGRATIONS]).collect()
}

/// A node: its indexes are empty.
pub(crate) fn node(db: &Db, clock: &Clock) -> Memory {
    let (engine, _) = Engine::new(db.clone(), clock.clone());
    let settings = Settings { sealed_passages: SEALED, ..Settings::default() };
    Memory::new(db.clone(), clock.clone(), engine, settings, EmbedderSettings::Off).expect("no embedder")
}

pub(crate) fn clock() -> Clock {
    Clock::manual(Timestamp::from_seconds(1_790_000_000))
}

pub(crate) fn event(id: &str, title: &str, body: &str) -> SourceEvent {
    SourceEvent {
        provider: "github".into(),
        event_type: "pull_request.merged".into(),
        source_id: id.into(),
        title: title.into(),
        body: body.into(),
        actor: None,
        occurred_at: Timestamp::from_seconds(1_780_000_000),
        repository: None,
        references: Vec::new(),
        metadata: Map::new(),
    }
}

pub(crate) struct Tenant {
    pub(crate) organisation: OrganisationId,
    pub(crate) workspace: WorkspaceId,
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant { organisation: format!("org_{name}").into(), workspace: format!("ws_{name}").into() }
}

pub(crate) async fn store(memory: &Memory, db: &Db, tenant: &Tenant, event: SourceEvent) -> String {
    let (memory, organisation, workspace) = (memory.clone(), tenant.organisation.clone(), tenant.workspace.clone());
    let stored =
        db.write(move |tx| Box::pin(async move { remember(tx, &memory, &organisation, &workspace, &[event]).await }));
    match stored.await.unwrap().remove(0) {
        RememberOutcome::New(observation, _) => observation.id.to_string(),
        RememberOutcome::Known => panic!("it is new"),
    }
}

pub(crate) async fn ask(memory: &Memory, tenant: &Tenant, request: Value) -> SearchReply {
    let request: SearchRequest = serde_json::from_value(request).unwrap();
    search(memory, &tenant.organisation, &tenant.workspace, request).await.unwrap()
}

/// The ids that a word finds, in order.
async fn find(memory: &Memory, tenant: &Tenant, word: &str) -> Vec<String> {
    let reply = ask(memory, tenant, json!({ "query": word, "limit": 100 })).await;
    reply.data.into_iter().map(|hit| hit.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_is_found_by_the_next_search_on_every_node() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let nodes = [node(&db, &clock), node(&db, &clock)];
        for n in 0..100_usize {
            let id =
                store(&nodes[n % 2], &db, &tenant, event(&format!("e{n}"), "A change", &word("w", n as u64))).await;
            for node in &nodes {
                assert_eq!(find(node, &tenant, &word("w", n as u64)).await, std::slice::from_ref(&id), "{n}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_are_found_as_people_write_them() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let texts = [
            ("issue", "ABC-123: login fails", "The session ends with ORA-00942"),
            ("other", "ABC-124: logout", "Numbers 123 and letters abc"),
            ("commit", "Fix the pool", "In 9fceb02d0ae598e95dc970b74767f19372d61af8, MAX_RETRIES of src/db/pool.rs"),
        ];
        let mut ids = BTreeMap::new();
        for (name, title, body) in texts {
            ids.insert(name, store(&memory, &db, &tenant, event(name, title, body)).await);
        }
        let mut linked = event("linked", "A deployment", "It is live");
        linked.references.push(Reference::issue_key("XYZ-9"));
        ids.insert("linked", store(&memory, &db, &tenant, linked).await);
        for (query, expected) in [
            ("ABC-123", "issue"),
            ("abc-123", "issue"),
            ("ora-00942", "issue"),
            ("9fceb02", "commit"),
            ("9fceb02d0ae598e95dc970b74767f19372d61af8", "commit"),
            ("max_retries", "commit"),
            ("src/db/pool.rs", "commit"),
            ("XYZ-9", "linked"),
        ] {
            let reply = ask(&memory, &tenant, json!({ "query": query })).await;
            let found: Vec<&str> = reply.data.iter().map(|hit| hit.id.as_str()).collect();
            assert_eq!(found, [&ids[expected]], "{query}");
            assert_eq!(reply.meta.confidence, Confidence::High, "{query}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_phrases_and_confidence() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let near = store(&memory, &db, &tenant, event("1", "Connection reset by peer", "while it waited")).await;
        let far = store(&memory, &db, &tenant, event("2", "Reset the password", "over a new connection")).await;
        let all = async |request: Value| ask(&memory, &tenant, request).await;
        let ids = |reply: &SearchReply| reply.data.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&all(json!({ "query": "connection reset" })).await), [near.clone(), far.clone()]);
        let phrase = all(json!({ "query": "\"connection reset\"" })).await;
        assert_eq!(ids(&phrase), std::slice::from_ref(&near));
        assert!(!phrase.meta.total_is_exact);
        assert!(ids(&all(json!({ "query": "connection source:linear" })).await).is_empty());
        assert_eq!(ids(&all(json!({ "query": "connection type:pull_request -source:linear" })).await).len(), 2);
        assert!(ids(&all(json!({ "query": "connection before:2020-01-01" })).await).is_empty());
        let newest = all(json!({ "query": "" })).await;
        assert_eq!(ids(&newest), [far.clone(), near]);
        assert_eq!(newest.meta.confidence, Confidence::High);
        assert_eq!(all(json!({ "query": "zeppelin hangar" })).await.meta.confidence, Confidence::None);
        let poor = all(json!({ "query": "zeppelin hangar mooring password" })).await;
        assert_eq!(poor.meta.confidence, Confidence::None, "it has little of the query: {:?}", poor.data);
        assert!(ids(&all(json!({ "query": "passw" })).await).is_empty());
        assert_eq!(ids(&all(json!({ "query": "passw", "prefix": true })).await), std::slice::from_ref(&far));
        let hit = &phrase.data[0];
        assert!((0.0..=1.0).contains(&hit.score));
        assert_eq!(hit.title, "Connection reset by peer");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_out_of_bounds_are_refused() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for request in [
            json!({ "query": "x".repeat(1_001) }),
            json!({ "query": "x", "limit": 0 }),
            json!({ "query": "x", "limit": 101 }),
            json!({ "query": "x", "limit": 100, "offset": 101 }),
            json!({ "query": "after:yesterday" }),
            json!({ "query": "-after:2026-01-01" }),
            json!({ "query": "x", "filters": { "minSignificance": 101 } }),
            json!({ "query": "x", "filters": { "topics": vec!["x"; 101] } }),
            json!({ "query": "x", "filters": { "dateRange": { "start": "soon" } } }),
        ] {
            let parsed: SearchRequest = serde_json::from_value(request.clone()).unwrap();
            let outcome = search(&memory, &tenant.organisation, &tenant.workspace, parsed).await;
            assert!(outcome.is_err(), "{request}");
        }
        for unknown in [json!({ "query": "x", "fliters": {} }), json!({ "query": "x", "filters": { "source": [] } })] {
            assert!(serde_json::from_value::<SearchRequest>(unknown).is_err());
        }
        for hostile in
            ["\u{202e}abc", "%00", "'; DROP TABLE passage; --", "\"\"\"", "😀😀", "שלום עולם", "a:b:c:::", "((((("]
        {
            ask(&memory, &tenant, json!({ "query": hostile })).await;
        }
    })
    .await;
}

/// A word of its own for each number, without digits: those would be found by their parts.
fn word(prefix: &str, n: u64) -> String {
    let letters =
        n.to_string().bytes().map(|digit| char::from(b"bcdfghjklm"[usize::from(digit - b'0')])).collect::<String>();
    format!("{prefix}q{letters}")
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

async fn damage_a_segment(db: &Db) {
    let sql = "UPDATE search_segment_part SET data = $1 WHERE segment_id IN
        (SELECT id FROM search_segment WHERE is_ready ORDER BY id DESC LIMIT 1)";
    let damage = db.write(move |tx| Box::pin(async move { tx.execute(sql, params![&b"no segment"[..]]).await }));
    damage.await.unwrap();
}

/// Removes the observations that were stored before this time, as retention does.
async fn remove_older(memory: &Memory, now: Timestamp, age: Duration) {
    retention::tidy(memory, now, Some(age)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_live_passage_is_found_once_through_all_that_happens() {
    on_each_database(migrations(), async |db| {
        for seed in 1..=3 {
            let mut dice = Dice(seed);
            let clock = Clock::manual(Timestamp::from_seconds(1_790_000_000 + 10_000_000 * seed as i64));
            let tenant = tenant(&format!("seed{seed}"));
            let mut nodes = vec![node(&db, &clock), node(&db, &clock)];
            // The ids of living observations by their words, oldest first.
            let mut living: BTreeMap<u64, String> = BTreeMap::new();
            let mut next = 0;
            for _ in 0..150 {
                let at = dice.roll(nodes.len() as u64) as usize;
                match dice.roll(20) {
                    0..10 => {
                        // Some have several passages.
                        let body = format!("{} {}", word("w", next), "filler text ".repeat(dice.roll(400) as usize));
                        let made = event(&format!("s{seed}e{next}"), &word("t", next), &body);
                        living.insert(next, store(&nodes[at], &db, &tenant, made).await);
                        next += 1;
                        clock.advance(DAY);
                    }
                    10..12 => {
                        let kept = 5 + dice.roll(60);
                        remove_older(&nodes[at], clock.now(), DAY * kept as u32 + DAY / 2).await;
                        while living.first_key_value().is_some_and(|(n, _)| next - n > kept) {
                            living.pop_first();
                        }
                    }
                    12..14 => merge(&nodes[at], &tenant.workspace).await.unwrap(),
                    14 => nodes[at] = node(&db, &clock),
                    15 => damage_a_segment(&db).await,
                    _ => {
                        let n = dice.roll(next + 1);
                        let expected: Vec<String> = living.get(&n).into_iter().cloned().collect();
                        assert_eq!(find(&nodes[at], &tenant, &word("w", n)).await, expected, "{seed}: {n}");
                    }
                }
            }
            for node in &nodes {
                for n in 0..next {
                    let expected: Vec<String> = living.get(&n).into_iter().cloned().collect();
                    assert_eq!(find(node, &tenant, &word("w", n)).await, expected, "{seed}: {n}");
                    assert_eq!(find(node, &tenant, &word("t", n)).await, expected, "{seed}: {n}");
                }
                assert_eq!(ask(node, &tenant, json!({ "query": "" })).await.data.is_empty(), living.is_empty());
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_tell_nothing_of_a_neighbour() {
    on_each_database(migrations(), async |db| {
        let (clock, one, other) = (clock(), tenant("one"), tenant("other"));
        let memory = node(&db, &clock);
        for n in 0..20 {
            store(
                &memory,
                &db,
                &one,
                event(&format!("e{n}"), "Deployments", &format!("the deployment {n} of the site")),
            )
            .await;
        }
        let scores = async || {
            let reply = ask(&memory, &one, json!({ "query": "deployment of the site 7", "explain": true })).await;
            serde_json::to_value((&reply.data, &reply.meta.total, &reply.meta.confidence)).unwrap()
        };
        let before = scores().await;
        for n in 0..40 {
            store(&memory, &db, &other, event(&format!("n{n}"), "Deployments", "deployment site site site 7")).await;
        }
        merge(&memory, &other.workspace).await.unwrap();
        assert_eq!(scores().await, before);
        assert_eq!(find(&memory, &other, "deployment").await.len(), 40);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_results_do_not_depend_on_the_limit() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for n in 0..150 {
            let body = format!("rate {} limit {n}", "and so on ".repeat(n % 7));
            store(&memory, &db, &tenant, event(&format!("e{n}"), "Rate limits", &body)).await;
        }
        let ids = async |limit: usize, offset: usize| {
            let reply = ask(&memory, &tenant, json!({ "query": "rate limit", "limit": limit, "offset": offset })).await;
            reply.data.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
        };
        let all = ids(100, 0).await;
        assert_eq!(ids(10, 0).await, all[..10]);
        assert_eq!(ids(10, 30).await, all[30..40]);
        assert_eq!(ids(10, 60).await, all[60..70]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_newest_follow_each_other() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for n in 0..60_i64 {
            // Stored in another order than they happened.
            let mut event = event(&format!("e{n}"), "A change", &"word ".repeat(if n % 3 == 0 { 900 } else { 1 }));
            event.occurred_at = Timestamp::from_seconds(1_780_000_000 + (n * 37) % 60);
            store(&memory, &db, &tenant, event).await;
        }
        let page = async |offset: usize, limit: usize| {
            let reply = ask(&memory, &tenant, json!({ "query": "", "offset": offset, "limit": limit })).await;
            reply.data.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
        };
        let mut pages = Vec::new();
        for offset in (0..60).step_by(10) {
            pages.extend(page(offset, 10).await);
        }
        assert_eq!(pages, page(0, 60).await);
        assert_eq!(pages.iter().collect::<std::collections::BTreeSet<_>>().len(), 60);
    })
    .await;
}
