//! Vectors: their order, their checks, and what happens to a provider that fails.

use std::time::{Duration, Instant};

use campanile_base::Secret;
use campanile_models::{Embeddings, EmbeddingsKind, EmbeddingsSettings, ModelError, TextRole};
use campanile_net::{AddressRules, Client};
use campanile_stand_ins::embeddings::{Conduct, EmbeddingServer};

use crate::{client, clock};

const SOON: Duration = Duration::from_secs(5);

fn settings(url: &str, kind: EmbeddingsKind) -> EmbeddingsSettings {
    EmbeddingsSettings {
        url: url.to_owned(),
        key: Some(Secret::new("hush")),
        model: "m".to_owned(),
        dimensions: None,
        kind,
        query_prefix: "query: ".to_owned(),
        document_prefix: "passage: ".to_owned(),
        max_tokens: 512,
    }
}

fn embeddings(server: &EmbeddingServer) -> Embeddings {
    Embeddings::new(settings(&server.url, EmbeddingsKind::OpenAi), client(), clock(), None)
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("text number {n}")).collect()
}

#[tokio::test]
async fn vectors_come_in_the_order_of_the_texts_whatever_the_order_of_the_reply() {
    let server = EmbeddingServer::start(64).await;
    let embeddings = embeddings(&server);
    let plain = embeddings.embed(&texts(5), TextRole::Document, SOON).await.unwrap();
    server.conduct(Conduct::Shuffled);
    assert_eq!(embeddings.embed(&texts(5), TextRole::Document, SOON).await.unwrap().vectors, plain.vectors);
    assert_eq!((plain.calls, plain.tokens, embeddings.dimensions()), (1, 7, Some(64)));
    let (head, body) = server.requests().remove(0);
    assert!(head.contains("POST /embeddings ") && head.contains("Bearer hush"), "{head}");
    assert_eq!(body["input"][0], "passage: text number 0");
    embeddings.query("where", SOON).await.unwrap();
    assert_eq!(server.requests().last().unwrap().1["input"][0], "query: where");
}

#[tokio::test]
async fn cohere_is_told_the_purpose_of_a_text() {
    let server = EmbeddingServer::start(32).await;
    let settings = EmbeddingsSettings { dimensions: Some(16), ..settings(&server.url, EmbeddingsKind::Cohere) };
    let cohere = Embeddings::new(settings, client(), clock(), None);
    assert_eq!(cohere.embed(&texts(2), TextRole::Document, SOON).await.unwrap().vectors[0].len(), 16);
    cohere.query("where", SOON).await.unwrap();
    let asked: Vec<_> = server.requests().into_iter().map(|(_, body)| body).collect();
    assert_eq!((&asked[0]["input_type"], &asked[1]["input_type"]), (&"search_document".into(), &"search_query".into()));
    assert_eq!(asked[0]["output_dimension"], 16);
}

#[tokio::test]
async fn many_texts_are_sent_in_groups_and_long_ones_are_cut() {
    let server = EmbeddingServer::start(8).await;
    let embeddings = embeddings(&server);
    let made = embeddings.embed(&texts(200), TextRole::Document, SOON).await.unwrap();
    assert_eq!((made.vectors.len(), made.calls), (200, 3));
    embeddings.embed(&["é".repeat(9_000), String::new()], TextRole::Document, SOON).await.unwrap();
    let sent = server.requests().pop().unwrap().1;
    assert!(sent["input"][0].as_str().unwrap().len() < 512 * 4);
    assert_eq!(sent["input"][1], "passage: -");
}

#[tokio::test]
async fn a_reply_that_cannot_be_right_is_refused_as_a_whole() {
    let server = EmbeddingServer::start(64).await;
    let embeddings = embeddings(&server);
    embeddings.embed(&texts(3), TextRole::Document, SOON).await.unwrap();
    for (conduct, expected) in [
        (Conduct::Dimensions(65), "had 64 before"),
        (Conduct::NotANumber, "could not be read"),
        (Conduct::DoubledIndex, "two results for text 0"),
        (Conduct::CutOff, "broke off"),
    ] {
        server.conduct(conduct.clone());
        let refused = embeddings.embed(&texts(3), TextRole::Document, SOON).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{conduct:?}: {refused}");
    }
    server.conduct(Conduct::Works);
    assert!(embeddings.embed(&texts(3), TextRole::Document, SOON).await.is_ok());
    let set = EmbeddingsSettings { dimensions: Some(64), ..settings(&server.url, EmbeddingsKind::OpenAi) };
    let set = Embeddings::new(set, client(), clock(), None);
    server.conduct(Conduct::Dimensions(63));
    assert!(set.query("x", SOON).await.unwrap_err().to_string().contains("64 are set"));
    server.conduct(Conduct::Dimensions(128));
    assert_eq!(set.query("x", SOON).await.unwrap().vectors[0].len(), 64, "cut");
}

#[tokio::test]
async fn a_busy_provider_is_left_alone_for_as_long_as_it_said() {
    let server = EmbeddingServer::start(8).await;
    let embeddings = embeddings(&server);
    server.conduct(Conduct::Busy(7));
    assert_eq!(embeddings.query("x", SOON).await, Err(ModelError::Busy(Some(Duration::from_secs(7)))));
    let refused = embeddings.query("x", SOON).await.unwrap_err();
    assert!(matches!(refused, ModelError::Resting(left) if left <= Duration::from_secs(7)), "{refused:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn five_failures_in_a_row_open_the_circuit() {
    let server = EmbeddingServer::start(8).await;
    let embeddings = embeddings(&server);
    server.conduct(Conduct::Refuses(401));
    for _ in 0..5 {
        assert_eq!(embeddings.query("x", SOON).await, Err(ModelError::Refused(401)));
    }
    server.conduct(Conduct::Works);
    assert!(matches!(embeddings.query("x", SOON).await, Err(ModelError::Resting(_))));
    assert_eq!(server.requests().len(), 5, "a refusal of the key is not tried a second time");
}

#[tokio::test]
async fn a_query_is_tried_once_more_and_ends_in_time() {
    let server = EmbeddingServer::start(8).await;
    server.conduct(Conduct::Refuses(500));
    assert_eq!(embeddings(&server).query("x", SOON).await, Err(ModelError::Refused(500)));
    assert_eq!(server.requests().len(), 2);
    server.conduct(Conduct::Slow(Duration::from_secs(30)));
    let began = Instant::now();
    assert_eq!(embeddings(&server).query("x", Duration::from_millis(300)).await, Err(ModelError::TimedOut));
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn no_more_than_four_calls_are_made_at_a_time() {
    let server = EmbeddingServer::start(8).await;
    let embeddings = std::sync::Arc::new(embeddings(&server));
    server.conduct(Conduct::Slow(Duration::from_millis(600)));
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let embeddings = embeddings.clone();
            tokio::spawn(async move { embeddings.query("x", SOON).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.requests().len(), 4);
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_private_address_is_not_reached_unless_it_is_allowed() {
    let server = EmbeddingServer::start(8).await;
    let outside = Client::new(AddressRules::default());
    let embeddings = Embeddings::new(settings(&server.url, EmbeddingsKind::OpenAi), outside, clock(), None);
    assert_eq!(embeddings.query("x", SOON).await, Err(ModelError::Unreachable));
    assert!(server.requests().is_empty());
}
