//! Models of providers: what people see of them, and a change that is survived by searches and kills.

use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_testkit::embeddings::{Conduct, EmbeddingServer};
use campanile_testkit::model::{Behaviour, Model};
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::{BINARY, on_each_server};

const PATIENCE: Duration = Duration::from_secs(60);

async fn add(server: &Server, number: usize, content: &str) {
    let document = json!({ "path": format!("docs/{number}.md"), "content": content });
    let added = server.post("/api/documents", &json!({ "documents": [document] })).await.unwrap();
    assert!(matches!(added.status, 200 | 201), "{}", added.json);
}

async fn overview(server: &Server) -> Value {
    let read = server.get("/api/models").await.unwrap();
    assert_eq!(read.status, 200, "{}", read.json);
    read.json
}

async fn search(server: &Server, query: &str) -> Value {
    let found = server.post("/api/search", &json!({ "query": query, "explain": true })).await.unwrap();
    assert_eq!(found.status, 200, "{}", found.json);
    found.json
}

/// Waits until the models of a workspace are as they should be.
async fn until(server: &Server, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let models = overview(server).await;
        if is_so(&models) {
            return models;
        }
        assert!(began.elapsed() < PATIENCE, "{models}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn with_provider(provider: &EmbeddingServer) -> Vec<(&str, &str)> {
    vec![
        ("CAMPANILE_MEMORY_EMBEDDER", "built-in"),
        ("CAMPANILE_EMBEDDINGS_URL", provider.url.as_str()),
        ("CAMPANILE_EMBEDDINGS_MODEL", "stand-in"),
        ("CAMPANILE_EMBEDDINGS_DIMENSIONS", "384"),
        ("CAMPANILE_EMBEDDINGS_KEY", "hush"),
        ("CAMPANILE_LOG", "off"),
    ]
}

async fn tried(server: &Server, model: &str) -> Value {
    let tried = server.post("/api/models/test", &json!({ "model": model })).await.unwrap();
    assert_eq!(tried.status, 200, "{}", tried.json);
    tried.json
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_shown_tried_counted_and_switched() {
    let provider = EmbeddingServer::start(8).await;
    let writer = Model::start(Behaviour::Writes("ready".to_owned())).await;
    let mut settings = with_provider(&provider);
    settings.extend([
        ("CAMPANILE_RERANK_URL", provider.url.as_str()),
        ("CAMPANILE_RERANK_KIND", "tei"),
        ("CAMPANILE_LLM_URL", writer.url.as_str()),
        ("CAMPANILE_LLM_MODEL", "writer"),
        ("CAMPANILE_LLM_KIND", "anthropic"),
    ]);
    on_each_server(&settings, async |server| {
        provider.conduct(Conduct::Works);
        for number in 0..4 {
            add(&server, number, &format!("# Page {number}\n\nThe bells of tower {number} ring at noon.")).await;
        }
        let models = until(&server, |models| models["vectors"]["serving"]["done"] == 4).await;
        assert_eq!(models["embedder"]["dimensions"], 384);
        assert_eq!((&models["embedder"]["kind"], &models["embedder"]["name"]), (&json!("openai"), &json!("stand-in")));
        assert_eq!((&models["embedder"]["hasKey"], &models["reranker"]["kind"]), (&json!(true), &json!("tei")));
        assert!(!models.to_string().contains("hush"), "{models}");
        let found = search(&server, "bells that rang").await;
        assert_eq!((&found["meta"]["vector"], &found["meta"]["rerank"]), (&json!("used"), &json!("used")));
        assert!(found["data"][0]["explain"]["rerank"].as_f64().is_some(), "{found}");

        let vector = tried(&server, "embedder").await;
        assert_eq!((&vector["works"], &vector["dimensions"]), (&json!(true), &json!(384)), "{vector}");
        assert_eq!(tried(&server, "reranker").await["works"], true);
        assert_eq!(tried(&server, "writer").await["said"], "ready");
        provider.conduct(Conduct::Refuses(401));
        let refused = tried(&server, "embedder").await;
        assert_eq!(
            (&refused["works"], &refused["said"]),
            (&json!(false), &json!("The model refused with status 401."))
        );
        // Calls of searches are stored every few seconds.
        let counted = |models: &Value, purpose: &str| {
            let counts = models["usage"]["counts"].as_array().cloned().unwrap_or_default();
            counts.iter().find(|count| count["purpose"] == purpose).map_or(0, |count| count["calls"].as_u64().unwrap())
        };
        let models = until(&server, |models| counted(models, "rerank") == 2).await;
        assert!(counted(&models, "embeddings") >= 3 && counted(&models, "understanding") == 1, "{models}");

        let patch = |body: Value| {
            let server = &server;
            async move {
                let headers = [
                    ("authorization", format!("Bearer {}", campanile_testkit::server::SECRET_KEY)),
                    ("content-type", "application/json".to_owned()),
                ];
                let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                server.ask("PATCH", "/api/models", &headers, body.to_string().into_bytes()).await.unwrap()
            }
        };
        for wrong in [json!({ "vectorWeight": 1.5 }), json!({ "vectorWeight": "x" }), json!({ "other": 1 })] {
            let refused = patch(wrong.clone()).await;
            assert!((400..500).contains(&refused.status), "{wrong}: {}", refused.json);
        }
        let changed = patch(json!({ "modelClassification": true, "vectorWeight": 0.0 })).await.json;
        assert_eq!((&changed["modelClassification"], &changed["vectorWeight"]), (&json!(true), &json!(0.0)));
        let unchanged = patch(json!({ "modelClassification": true })).await.json;
        assert_eq!(unchanged["vectorWeight"], 0.0);
        assert_eq!(patch(json!({ "vectorWeight": null })).await.json["vectorWeight"], Value::Null);
        let activity = server.get("/api/activity?action=memory_settings.updated").await.unwrap().json;
        assert_eq!(activity["data"].as_array().unwrap().len(), 2, "{activity}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_model_outlives_kills_and_interrupts_no_search() {
    for database in campanile_db::testing::TestDatabase::each().await {
        println!("on {}", database.name);
        let (database, provider) = (Arc::new(database), EmbeddingServer::start(384).await);
        let own = [("CAMPANILE_MEMORY_EMBEDDER", "built-in")];
        let mut before = Server::start_within(&[], BINARY, database.clone(), &own).await;
        let many = 96;
        for number in 0..many {
            add(&before, number, &format!("# Page {number}\n\nThe gateway of shop {number} answers late.")).await;
        }
        add(&before, many, "# Signing in\n\nUsers cannot log in after resetting their password.").await;
        until(&before, |models| models["vectors"]["serving"]["done"] == many + 1).await;
        before.kill().await;
        drop(before);

        // Each call takes a while, and the process is killed between some of them.
        provider.conduct(Conduct::Slow(Duration::from_secs(3)));
        let mut server = Server::start_within(&[], BINARY, database.clone(), &with_provider(&provider)).await;
        let is_begun = |models: &Value| models["vectors"]["building"]["done"].as_u64().is_some_and(|done| done > 0);
        for _ in 0..2 {
            let models = until(&server, is_begun).await;
            assert_eq!(models["vectors"]["serving"]["name"], "all-MiniLM-L6-v2", "{models}");
            let found = search(&server, "people are locked out with new credentials").await;
            assert_eq!((&found["meta"]["vector"], &found["meta"]["embedded"]), (&json!("used"), &json!(1.0)));
            assert_eq!(found["data"][0]["title"], "Signing in", "{found}");
            server.restart().await;
        }
        provider.conduct(Conduct::Works);
        // The embedded database has one process.
        let beside = if database.url.is_some() { Some(server.beside().await) } else { None };
        let models = until(&server, |models| models["vectors"]["serving"]["name"] == "stand-in").await;
        assert_eq!(models["vectors"]["previous"]["name"], "all-MiniLM-L6-v2");
        assert_eq!(
            (&models["vectors"]["serving"]["done"], &models["vectors"]["building"]),
            (&json!(many + 1), &Value::Null)
        );
        for node in [Some(&server), beside.as_ref()].into_iter().flatten() {
            let found = search(node, "passwords resetting logins").await;
            assert_eq!((&found["meta"]["vector"], &found["meta"]["embedded"]), (&json!("used"), &json!(1.0)));
            assert_eq!(found["data"][0]["title"], "Signing in", "{found}");
        }
    }
}
