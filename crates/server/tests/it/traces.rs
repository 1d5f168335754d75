//! The traces of runs, as an OpenTelemetry collector receives them.

use std::time::Duration;

use campanile_db::testing::TestDatabase;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::Server;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;

use crate::BINARY;

/// Reads until a span with this name has arrived. Returns all spans up to it.
async fn until(collector: &mut Receiver, name: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    while !spans.iter().any(|span| span.name == name) {
        let sent = tokio::time::timeout(Duration::from_secs(20), collector.requests.recv());
        let sent = sent.await.expect("the collector is told").expect("the collector listens");
        assert_eq!(sent.header("content-type"), "application/x-protobuf");
        let told = ExportTraceServiceRequest::decode(&*sent.body).expect("it is OTLP");
        let service = &told.resource_spans[0].resource.as_ref().unwrap().attributes;
        assert!(service.iter().any(|about| about.key == "service.name"), "{service:?}");
        spans.extend(told.resource_spans.into_iter().flat_map(|of| of.scope_spans).flat_map(|of| of.spans));
    }
    spans
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_a_trace_with_a_span_for_each_step() {
    for database in TestDatabase::each().await {
        let mut collector = Receiver::start().await;
        let endpoint = format!("http://{}", collector.address);
        let server = Server::start(BINARY, database, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
        let begun =
            server.post("/api/workflows/campanile.drill/runs", &json!({ "steps": 2, "pause_ms": 20 })).await.unwrap();
        let id = begun.json["id"].as_str().unwrap();
        let spans = until(&mut collector, "campanile.drill").await;
        let run = spans.iter().find(|span| span.name == "campanile.drill").unwrap();
        let known = server.get(&format!("/api/runs/{id}")).await.unwrap().json;
        assert_eq!(known["trace_id"], hex(&run.trace_id));
        assert!(run.parent_span_id.is_empty() && run.start_time_unix_nano < run.end_time_unix_nano);
        let steps: Vec<&Span> = spans.iter().filter(|span| span.parent_span_id == run.span_id).collect();
        assert_eq!(steps.len(), known["steps"].as_array().unwrap().len(), "{steps:?}");
        assert!(steps.iter().all(|step| step.trace_id == run.trace_id));

        let begun = server.post("/api/workflows/campanile.drill/runs", &json!({ "steps": 0 })).await.unwrap();
        assert_eq!(begun.status, 201);
        let spans = until(&mut collector, "campanile.drill").await;
        let failed = spans.iter().find(|span| span.name == "campanile.drill").unwrap();
        assert_eq!(failed.status.as_ref().unwrap().message, "a drill has 1 to 100 steps");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
