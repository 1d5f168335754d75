//! Orders: each API, and the checks of its replies.

use std::time::Duration;

use campanile_models::{ModelError, RerankKind, RerankSettings, Reranker};
use campanile_stand_ins::embeddings::{Conduct, EmbeddingServer};

use crate::{client, clock};

const SOON: Duration = Duration::from_secs(5);

fn reranker(server: &EmbeddingServer, kind: RerankKind) -> Reranker {
    let settings = RerankSettings { url: server.url.clone(), key: None, model: Some("m".to_owned()), kind };
    Reranker::new(settings, client(), clock())
}

fn texts() -> Vec<String> {
    ["one", "two", "three"].map(str::to_owned).to_vec()
}

#[tokio::test]
async fn each_api_is_spoken_and_relevance_comes_in_the_order_of_the_texts() {
    let server = EmbeddingServer::start(8).await;
    for (kind, path) in [
        (RerankKind::Cohere, "/v2/rerank"),
        (RerankKind::Jina, "/v1/rerank"),
        (RerankKind::Voyage, "/v1/rerank"),
        (RerankKind::Tei, "/rerank"),
    ] {
        for conduct in [Conduct::Works, Conduct::Shuffled] {
            server.conduct(conduct);
            let ranked = reranker(&server, kind).rank("which", &texts(), SOON).await.unwrap();
            assert_eq!(ranked.relevance, [0.25, 0.5, 0.75], "{kind:?}");
            assert!(ranked.tokens > 0);
        }
        let (head, body) = server.requests().pop().unwrap();
        assert!(head.starts_with(&format!("POST {path} ")), "{head}");
        assert_eq!((&body["query"], &body["model"]), (&"which".into(), &"m".into()));
    }
}

#[tokio::test]
async fn an_order_that_lacks_a_text_is_refused() {
    let server = EmbeddingServer::start(8).await;
    let reranker = reranker(&server, RerankKind::Cohere);
    for (conduct, expected) in [(Conduct::DoubledIndex, "two results"), (Conduct::CutOff, "broke off")] {
        server.conduct(conduct);
        let refused = reranker.rank("which", &texts(), SOON).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    server.conduct(Conduct::Slow(Duration::from_secs(30)));
    assert_eq!(reranker.rank("x", &texts(), Duration::from_millis(200)).await, Err(ModelError::TimedOut));
}

#[tokio::test]
async fn a_long_text_is_cut_before_it_is_sent() {
    let server = EmbeddingServer::start(8).await;
    reranker(&server, RerankKind::Tei).rank("x", &["é".repeat(5_000)], SOON).await.unwrap();
    let sent = server.requests().pop().unwrap().1;
    assert_eq!(sent["texts"][0].as_str().unwrap().chars().count(), 1_600);
}
