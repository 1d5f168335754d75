//! Summaries of clusters by a language model, through the API: off until a workspace switches it on.

use std::time::{Duration, Instant};

use campanile_testkit::model::{Behaviour, Model};
use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::clusters::{assigned, issue, pull_request};
use crate::on_each_server;

const PATIENCE: Duration = Duration::from_secs(60);

/// The summary of the first cluster that has one.
async fn summary(server: &Server) -> Value {
    let began = Instant::now();
    loop {
        let clusters = server.all("/api/clusters").await;
        if let Some(summary) = clusters.iter().map(|cluster| &cluster["summary"]).find(|summary| summary.is_object()) {
            return summary.clone();
        }
        assert!(began.elapsed() < PATIENCE, "{clusters:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Six events of one thing.
async fn incident(server: &Server) {
    issue(server, 1, "Checkout times out", "opened", 10).await;
    for (number, hour) in [(3, 11), (4, 12), (5, 13), (6, 14)] {
        pull_request(server, number, &format!("Retry the gateway, attempt {number}"), 1, hour).await;
    }
    assigned(server).await;
}

async fn switch_on(server: &Server) -> Value {
    let key = format!("Bearer {SECRET_KEY}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let body = json!({ "modelSummaries": true }).to_string().into_bytes();
    server.ask("PATCH", "/api/models", &headers, body).await.unwrap().json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_has_its_clusters_summarised_by_the_model() {
    let said = r#"{"summary": "Checkout timed out at the gateway, and four attempts to retry it are open."}"#;
    let model = Model::start(Behaviour::Writes(said.to_owned())).await;
    let settings = [
        ("CAMPANILE_LLM_URL", model.url.as_str()),
        ("CAMPANILE_LLM_MODEL", "scribe"),
        ("CAMPANILE_LLM_KIND", "openai"),
        ("CAMPANILE_MEMORY_SUMMARY_DELAY", "0s"),
    ];
    on_each_server(&settings, async |server| {
        let before = server.get("/api/models").await.unwrap().json;
        assert_eq!(before["settings"]["modelSummaries"], false, "it is off at first");
        let changed = switch_on(&server).await;
        assert_eq!((&changed["modelSummaries"], &changed["modelEntities"]), (&json!(true), &json!(false)));
        let calls = model.requests().len();
        incident(&server).await;
        let summary = summary(&server).await;
        assert_eq!(summary["method"], "scribe", "{summary}");
        assert!(summary["text"].as_str().unwrap().starts_with("Checkout timed out at the gateway"), "{summary}");
        assert_eq!(model.requests().len(), calls + 1, "each summary is one call");
        let models = server.get("/api/models").await.unwrap().json;
        let understanding =
            models["usage"]["counts"].as_array().unwrap().iter().find(|c| c["purpose"] == "understanding");
        assert_eq!(understanding.unwrap()["calls"], 1, "{models}");
        let activity = server.get("/api/activity?action=memory_settings.updated").await.unwrap().json;
        assert_eq!(activity["data"][0]["metadata"]["to"]["modelSummaries"], true, "{activity}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_down_leaves_sentences_of_the_observations() {
    let model = Model::start(Behaviour::Fails).await;
    let settings = [
        ("CAMPANILE_LLM_URL", model.url.as_str()),
        ("CAMPANILE_LLM_MODEL", "scribe"),
        ("CAMPANILE_LLM_KIND", "anthropic"),
        ("CAMPANILE_MEMORY_SUMMARY_DELAY", "0s"),
    ];
    on_each_server(&settings, async |server| {
        switch_on(&server).await;
        let calls = model.requests().len();
        incident(&server).await;
        let summary = summary(&server).await;
        assert_eq!(summary["method"], "extractive", "{summary}");
        assert!(summary["text"].as_str().unwrap().contains("events on 2026-10-04"), "{summary}");
        assert_eq!(model.requests().len(), calls + 1, "it was asked");
    })
    .await;
}
