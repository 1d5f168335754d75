//! Vectors of a provider, and the change from one model to another.

use std::time::Duration;

use campanile_accounts::{Caller, Founding, OrganisationId};
use campanile_base::Clock;
use campanile_db::testing::on_each_database;
use campanile_db::{Db, params};
use campanile_engine::Engine;
use campanile_memory::embedding::{embed, start, tidy};
use campanile_memory::search::{RerankUse, SearchReply, VectorUse};
use campanile_memory::workspace_settings::{self, WorkspaceSettingsPatch};
use campanile_memory::{EmbedderSettings, Memory, ModelChoice, Models, Settings};
use campanile_models::usage::{self, Purpose};
use campanile_models::{EmbeddingsKind, EmbeddingsSettings, RerankKind, RerankSettings};
use campanile_net::{AddressRules, Client};
use campanile_stand_ins::embeddings::{Conduct, EmbeddingServer};
use serde_json::json;

use crate::search::{Tenant, ask, clock, event, migrations, store};

const LONG: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn provider(server: &EmbeddingServer, model: &str) -> EmbedderSettings {
    EmbedderSettings::Provider(EmbeddingsSettings {
        url: server.url.clone(),
        key: None,
        model: model.to_owned(),
        dimensions: None,
        kind: EmbeddingsKind::OpenAi,
        query_prefix: String::new(),
        document_prefix: String::new(),
        max_tokens: 512,
    })
}

fn models(embedder: EmbedderSettings) -> Models {
    let client = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
    Models { client, ..Models::from(embedder) }
}

/// A node that starts now.
fn node(db: &Db, clock: &Clock, models: Models) -> Memory {
    let (engine, _) = Engine::new(db.clone(), clock.clone());
    Memory::new(db.clone(), clock.clone(), engine, Settings::default(), models).unwrap()
}

/// An organisation with a workspace, since the use of a provider is counted.
async fn founded(db: &Db, clock: &Clock) -> Tenant {
    let clock = clock.clone();
    let founded = db.write(move |tx| {
        Box::pin(async move {
            let founding = Founding { secret_key: None, owner: None, owner_password: None };
            campanile_accounts::found(tx, &clock, founding).await
        })
    });
    let first = founded.await.unwrap().unwrap();
    Tenant { organisation: first.caller.organisation, workspace: first.workspace.id }
}

async fn question(memory: &Memory, tenant: &Tenant, query: &str) -> SearchReply {
    ask(memory, tenant, json!({ "query": query, "explain": true })).await
}

/// The vectors of each model.
async fn vectors(db: &Db, tenant: &Tenant) -> Vec<i64> {
    let workspace = tenant.workspace.clone();
    let read = db.read(move |tx| {
        Box::pin(async move {
            let sql = "SELECT COUNT(*) FROM passage_vector WHERE workspace_id = $1 GROUP BY embedder_id ORDER BY 1";
            tx.all(sql, params![workspace.as_str()], |row| row.get(0)).await
        })
    });
    let counted: campanile_db::Result<Vec<i64>> = read.await;
    counted.unwrap()
}

async fn tokens(db: &Db, organisation: &OrganisationId, clock: &Clock) -> u64 {
    let (organisation, now) = (organisation.clone(), clock.now());
    db.read(move |tx| Box::pin(async move { usage::used(tx, &organisation, &[Purpose::Embeddings], now).await }))
        .await
        .unwrap()
}

async fn fill(memory: &Memory, db: &Db, tenant: &Tenant, from: usize, until: usize) {
    for n in from..until {
        store(memory, db, tenant, event(&format!("e{n}"), &format!("Nightly build number {n}"), "It is green.")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_not_embedded_where_meaning_has_no_share() {
    on_each_database(migrations(), async |db| {
        let (clock, server) = (clock(), EmbeddingServer::start(384).await);
        let tenant = founded(&db, &clock).await;
        let memory = node(&db, &clock, models(provider(&server, "m")));
        start(&memory).await.unwrap();
        fill(&memory, &db, &tenant, 0, 10).await;
        embed(&memory, &tenant.workspace, LONG).await.unwrap();
        assert_eq!(question(&memory, &tenant, "green builds").await.meta.vector, VectorUse::Used);
        let asked = server.requests().len();
        let (caller, workspace, at) =
            (Caller::system(tenant.organisation.clone()), tenant.workspace.clone(), clock.clone());
        let patch = WorkspaceSettingsPatch { vector_weight: Some(Some(0.0)), ..WorkspaceSettingsPatch::default() };
        let set = db.write(move |tx| {
            Box::pin(async move { workspace_settings::update(tx, &at, &caller, &workspace, patch).await })
        });
        set.await.unwrap();
        for words in ["green builds", "nightly at night", "locked out"] {
            let reply = question(&memory, &tenant, words).await;
            assert_eq!(reply.meta.vector, VectorUse::Skipped, "{words}");
            assert!(reply.data.iter().all(|hit| hit.explain.is_some_and(|parts| parts.vector == 0.0)), "{words}");
        }
        assert_eq!(server.requests().len(), asked, "nobody is asked for a vector that counts for nothing");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_of_a_provider_are_stored_with_its_dimensions_and_counted() {
    on_each_database(migrations(), async |db| {
        let (clock, server) = (clock(), EmbeddingServer::start(384).await);
        let tenant = founded(&db, &clock).await;
        let memory = node(&db, &clock, models(provider(&server, "m")));
        start(&memory).await.unwrap();
        fill(&memory, &db, &tenant, 0, 40).await;
        store(&memory, &db, &tenant, event("lock", "Accounts were lockedout", "")).await;
        embed(&memory, &tenant.workspace, LONG).await.unwrap();
        let used = tokens(&db, &tenant.organisation, &clock).await;
        assert_eq!(used, 14, "two calls, of seven tokens each");
        let reply = question(&memory, &tenant, "lockedouts accountses").await;
        assert_eq!((reply.meta.vector, reply.meta.embedded), (VectorUse::Used, 1.0));
        assert_eq!(reply.data[0].title, "Accounts were lockedout", "{reply:?}");
        assert!(reply.data[0].explain.unwrap().vector > 0.0);
        assert_eq!(question(&memory, &tenant, "lockedouts accountses").await.meta.vector, VectorUse::Cached);
        let asked = server.requests().len();
        assert_eq!(
            ask(&memory, &tenant, json!({ "query": "forms", "mode": "fast" })).await.meta.vector,
            VectorUse::Skipped
        );
        assert_eq!(server.requests().len(), asked, "nobody who types waits for a provider");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_leaves_the_words() {
    on_each_database(migrations(), async |db| {
        let (clock, server) = (clock(), EmbeddingServer::start(64).await);
        let tenant = founded(&db, &clock).await;
        let memory = node(&db, &clock, models(provider(&server, "m")));
        fill(&memory, &db, &tenant, 0, 3).await;
        for conduct in [Conduct::Refuses(401), Conduct::NotANumber, Conduct::CutOff] {
            server.conduct(conduct);
            assert!(embed(&memory, &tenant.workspace, LONG).await.is_err());
        }
        assert_eq!(vectors(&db, &tenant).await, [] as [i64; 0]);
        server.conduct(Conduct::Works);
        embed(&memory, &tenant.workspace, LONG).await.unwrap();
        server.conduct(Conduct::Slow(Duration::from_secs(30)));
        let began = std::time::Instant::now();
        let reply = question(&memory, &tenant, "nightly").await;
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!((reply.meta.vector, reply.data.len()), (VectorUse::Unavailable, 3));
        server.conduct(Conduct::Busy(60));
        fill(&memory, &db, &tenant, 3, 5).await;
        let busy = embed(&memory, &tenant.workspace, LONG).await.unwrap_err();
        assert!(busy.chain().contains("busy"), "{}", busy.chain());
        let resting = question(&memory, &tenant, "builds of the night").await;
        assert_eq!(resting.meta.vector, VectorUse::Unavailable);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_whose_vectors_cannot_be_used_is_refused_at_the_start() {
    on_each_database(migrations(), async |db| {
        let (clock, server) = (clock(), EmbeddingServer::start(64).await);
        let tenant = founded(&db, &clock).await;
        let first = node(&db, &clock, models(provider(&server, "m")));
        start(&first).await.unwrap();
        fill(&first, &db, &tenant, 0, 2).await;
        embed(&first, &tenant.workspace, LONG).await.unwrap();
        server.conduct(Conduct::Dimensions(65));
        let refused = start(&node(&db, &clock, models(provider(&server, "m")))).await.unwrap_err();
        assert!(refused.to_string().contains("had 64 before"), "{refused}");
        server.conduct(Conduct::Dimensions(2_000));
        let refused = start(&node(&db, &clock, models(provider(&server, "other")))).await.unwrap_err();
        assert!(refused.to_string().contains("embeddings_dimensions"), "{refused}");
        server.conduct(Conduct::Refuses(500));
        start(&node(&db, &clock, models(provider(&server, "m")))).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_monthly_cap_stops_the_job_and_not_the_search() {
    on_each_database(migrations(), async |db| {
        let (clock, server) = (clock(), EmbeddingServer::start(64).await);
        let tenant = founded(&db, &clock).await;
        let mut capped = models(provider(&server, "m"));
        capped.choice = ModelChoice { embeddings_monthly_tokens: 10, ..capped.choice };
        let memory = node(&db, &clock, capped);
        fill(&memory, &db, &tenant, 0, 100).await;
        let refused = embed(&memory, &tenant.workspace, LONG).await.unwrap_err();
        assert!(refused.chain().contains("used up"), "{}", refused.chain());
        assert_eq!(vectors(&db, &tenant).await, [64], "two groups of 32, then the cap");
        assert_eq!(question(&memory, &tenant, "builds of a night").await.meta.vector, VectorUse::Used);
        clock.advance(31 * DAY);
        let _ = embed(&memory, &tenant.workspace, LONG).await;
        assert_eq!(vectors(&db, &tenant).await, [100], "a new month");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_model_serves_until_the_new_one_has_all_vectors() {
    on_each_database(migrations(), async |db| {
        let (clock, server) = (clock(), EmbeddingServer::start(384).await);
        let tenant = founded(&db, &clock).await;
        let before = node(&db, &clock, models(EmbedderSettings::BuiltIn));
        fill(&before, &db, &tenant, 0, 90).await;
        store(&before, &db, &tenant, event("lock", "Users cannot log in after resetting their password", "")).await;
        embed(&before, &tenant.workspace, LONG).await.unwrap();
        let asked = "people are locked out with new credentials";
        let same = "cannot reset passwords";
        assert_eq!(
            question(&before, &tenant, asked).await.data[0].title,
            "Users cannot log in after resetting their password"
        );
        clock.advance(Duration::from_secs(60));

        // Another model is set. Its provider breaks in the midst, as after a kill.
        let after = node(&db, &clock, models(provider(&server, "m")));
        start(&after).await.unwrap();
        embed(&after, &tenant.workspace, Duration::from_millis(1)).await.unwrap();
        server.conduct(Conduct::Refuses(500));
        assert!(embed(&after, &tenant.workspace, LONG).await.is_err());
        let restarted = node(&db, &clock, models(provider(&server, "m")));
        fill(&restarted, &db, &tenant, 90, 95).await;
        assert!(embed(&restarted, &tenant.workspace, LONG).await.is_err());
        for node in [&before, &after, &restarted] {
            let reply = question(node, &tenant, asked).await;
            assert_eq!(reply.meta.embedded, 1.0, "what is new has vectors of the model that serves");
            assert_ne!(reply.meta.vector, VectorUse::Unavailable, "it needs no provider");
            assert_eq!(reply.data[0].title, "Users cannot log in after resetting their password");
        }
        let made = vectors(&db, &tenant).await;
        assert!(made.len() == 2 && made[0] > 0 && made[0] < 96 && made[1] == 96, "{made:?}");

        // A node with the former settings takes no part.
        server.conduct(Conduct::Works);
        embed(&before, &tenant.workspace, LONG).await.unwrap();
        assert_eq!(vectors(&db, &tenant).await, made);
        clock.advance(Duration::from_secs(1));
        embed(&restarted, &tenant.workspace, LONG).await.unwrap();
        assert_eq!(vectors(&db, &tenant).await, [96, 96]);
        for node in [&after, &restarted] {
            let reply = question(node, &tenant, same).await;
            assert_eq!((reply.meta.vector, reply.meta.embedded), (VectorUse::Used, 1.0));
            assert!(server.requests().last().unwrap().1["input"][0] == same);
        }
        // The node with the former settings does not turn it back, and searches by what it can run.
        embed(&before, &tenant.workspace, LONG).await.unwrap();
        assert_eq!(question(&before, &tenant, "logging in with passwords").await.meta.vector, VectorUse::Used);

        // Whoever sets it back within a day needs no new vectors.
        clock.advance(Duration::from_secs(60));
        let back = node(&db, &clock, models(EmbedderSettings::BuiltIn));
        let calls = server.requests().len();
        embed(&back, &tenant.workspace, LONG).await.unwrap();
        let reply = question(&back, &tenant, asked).await;
        assert_eq!(
            (reply.meta.embedded, reply.data[0].title.as_str()),
            (1.0, "Users cannot log in after resetting their password")
        );
        assert_eq!(server.requests().len(), calls);

        tidy(&back).await.unwrap();
        assert_eq!(vectors(&db, &tenant).await, [96, 96]);
        clock.advance(DAY + Duration::from_secs(1));
        tidy(&back).await.unwrap();
        assert_eq!(vectors(&db, &tenant).await, [96]);
        assert_eq!(question(&back, &tenant, asked).await.meta.embedded, 1.0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_cannot_be_run_any_more_is_replaced_at_once() {
    on_each_database(migrations(), async |db| {
        let (clock, server) = (clock(), EmbeddingServer::start(64).await);
        let tenant = founded(&db, &clock).await;
        let EmbedderSettings::Provider(settings) = provider(&server, "m") else { unreachable!() };
        let settings = EmbeddingsSettings { key: Some(campanile_base::Secret::new("hush")), ..settings };
        let before = node(&db, &clock, models(EmbedderSettings::Provider(settings)));
        fill(&before, &db, &tenant, 0, 40).await;
        embed(&before, &tenant.workspace, LONG).await.unwrap();
        clock.advance(Duration::from_secs(60));
        let after = node(&db, &clock, models(EmbedderSettings::BuiltIn));
        assert_eq!(question(&after, &tenant, "builds").await.meta.vector, VectorUse::Unavailable);
        embed(&after, &tenant.workspace, Duration::from_millis(1)).await.unwrap();
        let reply = question(&after, &tenant, "builds").await;
        assert_eq!(reply.meta.vector, VectorUse::Used);
        assert!(reply.meta.embedded > 0.0 && reply.meta.embedded < 1.0);
    })
    .await;
}

fn titles(reply: &SearchReply) -> Vec<String> {
    reply.data.iter().map(|hit| hit.title.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_a_reranker_is_taken_and_ours_kept_when_it_fails() {
    on_each_database(migrations(), async |db| {
        let (clock, server) = (clock(), EmbeddingServer::start(64).await);
        let tenant = founded(&db, &clock).await;
        let mut with = models(EmbedderSettings::Off);
        let settings = RerankSettings { url: server.url.clone(), key: None, model: None, kind: RerankKind::Tei };
        with.choice = ModelChoice { reranker: Some(settings), ..with.choice };
        let plain = node(&db, &clock, models(EmbedderSettings::Off));
        let memory = node(&db, &clock, with);
        fill(&memory, &db, &tenant, 0, 120).await;
        let ours = ask(&plain, &tenant, json!({ "query": "nightly", "limit": 100 })).await;
        assert_eq!((ours.meta.rerank, ours.latency.rerank), (RerankUse::Off, 0.0));

        // The stand-in turns the order of what it is sent around: fifty texts, whatever the limit.
        let turned = ask(&memory, &tenant, json!({ "query": "nightly", "limit": 100, "explain": true })).await;
        let mut expected = titles(&ours);
        expected[..50].reverse();
        assert_eq!((turned.meta.rerank, titles(&turned)), (RerankUse::Used, expected.clone()));
        assert!(turned.latency.rerank > 0.0);
        assert!(turned.data[0].explain.unwrap().rerank.unwrap() > 0.9);
        assert!(turned.data.is_sorted_by(|one, other| one.score >= other.score), "{:?}", turned.data);
        let few = ask(&memory, &tenant, json!({ "query": "nightly", "limit": 10 })).await;
        assert_eq!(titles(&few), expected[..10]);
        ask(&memory, &tenant, json!({ "query": "nightly", "mode": "thorough" })).await;
        let sent = server.requests();
        let counts: Vec<usize> = sent.iter().map(|(_, body)| body["texts"].as_array().unwrap().len()).collect();
        assert_eq!(counts, [50, 50, 100]);

        for request in [json!({ "query": "nightly", "mode": "fast" }), json!({ "query": "source:github" })] {
            assert_eq!(ask(&memory, &tenant, request).await.meta.rerank, RerankUse::Off);
        }
        for conduct in [Conduct::DoubledIndex, Conduct::Refuses(500), Conduct::Slow(Duration::from_secs(30))] {
            server.conduct(conduct);
            let failed = ask(&memory, &tenant, json!({ "query": "nightly", "limit": 100 })).await;
            assert_eq!((failed.meta.rerank, titles(&failed)), (RerankUse::Failed, titles(&ours)));
            assert!(failed.latency.rerank < 2_000.0);
        }
    })
    .await;
}
