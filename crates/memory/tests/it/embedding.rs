//! Vectors: what means the same is found, by each node, and what is removed is not.

use std::time::Duration;

use campanile_base::{Clock, Error};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, params};
use campanile_engine::Engine;
use campanile_memory::embedding::embed;
use campanile_memory::search::{Confidence, SearchReply, VectorUse, merge, similar};
use campanile_memory::{EmbedderSettings, Memory, Settings, documents, retention};
use serde_json::json;

use crate::search::{Tenant, ask, clock, event, migrations, store, tenant};

const LONG: Duration = Duration::from_secs(60);

fn node(db: &Db, clock: &Clock) -> Memory {
    let (engine, _) = Engine::new(db.clone(), clock.clone());
    let settings = Settings { sealed_passages: 16, ..Settings::default() };
    Memory::new(db.clone(), clock.clone(), engine, settings, EmbedderSettings::BuiltIn).unwrap()
}

async fn question(memory: &Memory, tenant: &Tenant, query: &str) -> SearchReply {
    ask(memory, tenant, json!({ "query": query, "explain": true })).await
}

async fn vectors(db: &Db, tenant: &Tenant) -> (i64, i64) {
    let workspace = tenant.workspace.clone();
    let read = db.read(move |tx| {
        Box::pin(async move {
            let sql = "SELECT COUNT(*), COUNT(DISTINCT no) FROM passage_vector WHERE workspace_id = $1";
            tx.one(sql, params![workspace.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).await
        })
    });
    let counted: campanile_db::Result<(i64, i64)> = read.await;
    counted.unwrap()
}

const TEXTS: [(&str, &str); 6] = [
    ("Users cannot log in after resetting their password", "The session cookie is not renewed by the form."),
    ("Invoices show the wrong currency", "Amounts in euro are printed with a dollar sign."),
    ("Bump the linter to version 9", "No rule changes."),
    ("Database migration took forty minutes", "The index on orders was built without CONCURRENTLY."),
    ("Dark mode for the settings page", "Contrast is checked by the design team."),
    ("Mobile app crashes on start", "Only on old telephones with little memory."),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_means_the_same_is_found_by_every_node() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant, other) = (clock(), tenant("one"), tenant("two"));
        let nodes = [node(&db, &clock), node(&db, &clock)];
        for (n, (title, body)) in TEXTS.iter().enumerate() {
            store(&nodes[0], &db, &tenant, event(&format!("e{n}"), title, body)).await;
        }
        store(&nodes[0], &db, &other, event("e", "Sign-in fails with new credentials", "")).await;
        let before = question(&nodes[1], &tenant, "people are locked out with new credentials").await;
        assert_eq!((before.meta.vector, before.meta.embedded), (VectorUse::Skipped, 0.0));

        embed(&nodes[0], &tenant.workspace, LONG).await.unwrap();
        for node in &nodes {
            let reply = question(node, &tenant, "people are locked out with new credentials").await;
            assert_eq!((reply.meta.vector, reply.meta.embedded), (VectorUse::Used, 1.0));
            assert_eq!(reply.data[0].title, TEXTS[0].0, "{reply:?}");
            assert!(reply.data[0].explain.unwrap().vector > 0.0);
            assert_ne!(reply.meta.confidence, Confidence::None);
            let again = question(node, &tenant, "people are locked out with new credentials").await;
            assert_eq!(again.meta.vector, VectorUse::Cached);
            assert_eq!(question(node, &tenant, "ABC-123").await.meta.vector, VectorUse::Used, "no such identifier");
            let nothing = question(node, &tenant, "boundary layer of a supersonic wing").await;
            assert_eq!((nothing.meta.confidence, nothing.data.len()), (Confidence::None, 0));
            let fast = ask(node, &tenant, json!({ "query": "forms of payment", "mode": "fast" })).await;
            assert_eq!(fast.meta.vector, VectorUse::Skipped);
        }
        assert_eq!(vectors(&db, &tenant).await, (6, 6));
        assert_eq!(vectors(&db, &other).await, (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_make_each_vector_once() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let nodes = [node(&db, &clock), node(&db, &clock)];
        for n in 0..100 {
            store(&nodes[n % 2], &db, &tenant, event(&format!("e{n}"), &format!("Change number {n}"), "")).await;
        }
        let (one, other) =
            tokio::join!(embed(&nodes[0], &tenant.workspace, LONG), embed(&nodes[1], &tenant.workspace, LONG));
        one.and(other).unwrap();
        assert_eq!(vectors(&db, &tenant).await, (100, 100));
        for node in &nodes {
            assert_eq!(question(node, &tenant, "modification").await.meta.embedded, 1.0);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_outlive_merges_and_go_with_their_passages() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for (n, (title, body)) in TEXTS.iter().enumerate() {
            store(&memory, &db, &tenant, event(&format!("old{n}"), title, body)).await;
        }
        clock.advance(Duration::from_secs(86_400));
        for n in 0..40 {
            store(&memory, &db, &tenant, event(&format!("new{n}"), &format!("Nightly build {n}"), "It is green."))
                .await;
        }
        embed(&memory, &tenant.workspace, LONG).await.unwrap();
        let asked = "people are locked out with new credentials";
        assert_eq!(question(&memory, &tenant, asked).await.data[0].title, TEXTS[0].0);
        merge(&memory, &tenant.workspace).await.unwrap();
        for node in [memory.clone(), node(&db, &clock)] {
            let reply = question(&node, &tenant, asked).await;
            assert_eq!((reply.data[0].title.as_str(), reply.meta.embedded), (TEXTS[0].0, 1.0));
        }
        retention::tidy(&memory, clock.now(), Some(Duration::from_secs(3_600))).await.unwrap();
        for node in [memory.clone(), node(&db, &clock)] {
            let reply = question(&node, &tenant, asked).await;
            assert!(reply.data.iter().all(|hit| hit.title.starts_with("Nightly")), "{reply:?}");
        }
        assert_eq!(vectors(&db, &tenant).await, (40, 40));
        merge(&memory, &tenant.workspace).await.unwrap();
        assert_eq!(question(&memory, &tenant, "nightly build").await.meta.embedded, 1.0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_vector_costs_only_itself() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for (n, (title, body)) in TEXTS.iter().enumerate() {
            store(&memory, &db, &tenant, event(&format!("e{n}"), title, body)).await;
        }
        embed(&memory, &tenant.workspace, LONG).await.unwrap();
        let damage = db.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE passage_vector SET data = $1 WHERE no = 1";
                tx.execute(sql, params![&b"short"[..]]).await?;
                let sql = "UPDATE passage_vector SET data = $1 WHERE no = 2";
                tx.execute(sql, params![&[0xff_u8; 260][..]]).await
            })
        });
        let damaged: campanile_db::Result<u64> = damage.await;
        damaged.unwrap();
        let reply = question(&node(&db, &clock), &tenant, "people are locked out with new credentials").await;
        assert_eq!(reply.data[0].title, TEXTS[0].0);
        assert!(reply.meta.embedded < 1.0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_similar_to_a_thing_is_found_among_observations_and_documents() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant, other) = (clock(), tenant("one"), tenant("two"));
        let memory = node(&db, &clock);
        let mut ids = Vec::new();
        for (n, (title, body)) in TEXTS.iter().enumerate() {
            ids.push(store(&memory, &db, &tenant, event(&format!("e{n}"), title, body)).await);
        }
        store(&memory, &db, &other, event("e", TEXTS[0].0, TEXTS[0].1)).await;
        let (within, of) = (memory.clone(), (tenant.organisation.clone(), tenant.workspace.clone()));
        let input: documents::DocumentInput = serde_json::from_value(json!({
            "path": "docs/passwords.md",
            "content": "# Passwords\n\nAfter a password was reset, people must sign in again with the new one. If the \
                sign-in fails, the session cookie is cleared first.",
        }))
        .unwrap();
        let (source, prepared) = (documents::SourceName::api(), documents::prepare(input).unwrap());
        let put = db.write(move |tx| {
            Box::pin(async move { documents::put(tx, &within, (&of.0, &of.1), &source, None, &prepared).await })
        });
        put.await.unwrap();
        let asked = json!({ "id": ids[0], "threshold": 0.3 });
        let early =
            similar(&memory, &tenant.organisation, &tenant.workspace, serde_json::from_value(asked.clone()).unwrap());
        assert!(matches!(early.await, Err(Error::Conflict(_))));
        embed(&memory, &tenant.workspace, LONG).await.unwrap();
        let reply = similar(&memory, &tenant.organisation, &tenant.workspace, serde_json::from_value(asked).unwrap());
        let reply = reply.await.unwrap();
        assert_eq!((reply.data[0].title.as_str(), reply.embedded), ("Passwords", 1.0), "{reply:?}");
        assert!(reply.data.iter().all(|hit| hit.id != ids[0] && hit.score >= 0.3));
        let gone = json!({ "id": "obs_gone" });
        let gone = similar(&memory, &tenant.organisation, &tenant.workspace, serde_json::from_value(gone).unwrap());
        assert!(matches!(gone.await, Err(Error::NotFound(_))));
        let foreign = json!({ "id": ids[0] });
        let foreign = similar(&memory, &other.organisation, &other.workspace, serde_json::from_value(foreign).unwrap());
        assert!(matches!(foreign.await, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn todays_events_do_not_wait_behind_an_import() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for n in 0..400 {
            store(&memory, &db, &tenant, event(&format!("e{n}"), &format!("Imported change number {n}"), "")).await;
        }
        store(&memory, &db, &tenant, event("today", TEXTS[0].0, TEXTS[0].1)).await;
        embed(&memory, &tenant.workspace, Duration::from_millis(1)).await.unwrap();
        let reply = question(&memory, &tenant, "people are locked out with new credentials").await;
        assert_eq!(reply.data.first().map(|hit| hit.title.as_str()), Some(TEXTS[0].0), "{reply:?}");
        embed(&memory, &tenant.workspace, LONG).await.unwrap();
        assert_eq!(vectors(&db, &tenant).await, (401, 401));
        assert_eq!(question(&memory, &tenant, "modification").await.meta.embedded, 1.0);
    })
    .await;
}
