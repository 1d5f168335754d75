//! Sends the traces of runs to an OpenTelemetry collector, over OTLP with HTTP.
//!
//! Spans wait in a bounded queue and are sent in batches. If the collector is slow or unreachable,
//! spans are dropped and counted; runs are not affected. Besides the endpoint, OpenTelemetry's own
//! variables are read: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
//! `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use campanile_base::Timestamp;
use campanile_engine::{Span, SpanId, Tracer};
use campanile_net::{AddressRules, Client};
use opentelemetry::trace::{self, SpanContext, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _, SpanLinks};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The most lists of spans that may wait to be sent. Each list comes from one call of the tracer.
const QUEUE: usize = 8_192;
/// The number of spans that fill a batch, and the longest time that the first of them waits.
const TOGETHER: usize = 512;
const GATHERING: Duration = Duration::from_secs(1);
/// The time for the last spans when the server stops.
const GRACE: Duration = Duration::from_secs(2);
/// The timeout of one request to a collector. It applies besides the exporter's own timeout.
const LONGEST: Duration = Duration::from_secs(30);

/// The task that sends traces, and its queue.
pub(crate) struct Traces {
    queue: mpsc::Sender<Vec<Span>>,
    stop: CancellationToken,
    sending: JoinHandle<()>,
}

impl Traces {
    /// Starts sending to `endpoint`, such as `http://localhost:4318`.
    pub(crate) fn start(endpoint: &str) -> Result<Self, String> {
        let base = endpoint.trim_end_matches('/').trim_end_matches("/v1/traces");
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector(Client::new(anywhere())))
            .with_endpoint(format!("{base}/v1/traces"))
            .build()
            .map_err(|e| format!("the setting otlp_endpoint: {e}"))?;
        let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
        let resource = Resource::builder();
        exporter.set_resource(&if named { resource } else { resource.with_service_name("campanile") }.build());
        let (queue, waiting) = mpsc::channel(QUEUE);
        let stop = CancellationToken::new();
        Ok(Self { queue, sending: tokio::spawn(send(exporter, waiting, stop.clone())), stop })
    }

    /// A tracer that puts spans into the queue. If the queue is full, they are dropped and counted.
    pub(crate) fn tracer(&self) -> Tracer {
        let queue = self.queue.clone();
        Arc::new(move |spans| {
            let many = spans.len() as u64;
            if queue.try_send(spans).is_err() {
                metrics::counter!("campanile_spans_lost_total").increment(many);
            }
        })
    }

    /// Accepts no more spans, and sends the rest.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if tokio::time::timeout(GRACE, self.sending).await.is_err() {
            tracing::warn!("the last traces could not be sent in time");
        }
    }
}

/// Every address is allowed, because the operator chooses the collector.
fn anywhere() -> AddressRules {
    AddressRules::allowing(["0.0.0.0/0", "::/0"].iter().filter_map(|range| range.parse().ok()).collect())
}

async fn send(exporter: SpanExporter, mut waiting: mpsc::Receiver<Vec<Span>>, stop: CancellationToken) {
    while let Some(first) = next(&mut waiting, &stop).await {
        let mut batch = first;
        let until = tokio::time::Instant::now() + GATHERING;
        while batch.len() < TOGETHER
            && let Ok(Some(more)) = tokio::time::timeout_at(until, next(&mut waiting, &stop)).await
        {
            batch.extend(more);
        }
        let many = batch.len() as u64;
        if let Err(error) = exporter.export(batch.into_iter().map(as_otlp).collect()).await {
            tracing::warn!(%error, spans = many, "traces could not be sent");
            metrics::counter!("campanile_spans_lost_total").increment(many);
        }
    }
}

async fn next(waiting: &mut mpsc::Receiver<Vec<Span>>, stop: &CancellationToken) -> Option<Vec<Span>> {
    tokio::select! {
        spans = waiting.recv() => return spans,
        () = stop.cancelled() => waiting.close(),
    }
    waiting.recv().await
}

fn as_otlp(span: Span) -> SpanData {
    let mut links = SpanLinks::default();
    links.links.extend(span.cause.map(|cause| trace::Link::with_context(context(cause))));
    SpanData {
        span_context: context(span.id),
        parent_span_id: span.parent.map_or(trace::SpanId::INVALID, trace::SpanId::from_bytes),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: span.name.into(),
        start_time: as_system_time(span.started_at),
        end_time: as_system_time(span.ended_at),
        attributes: span.attributes.into_iter().map(|(name, value)| KeyValue::new(name, value)).collect(),
        dropped_attributes_count: 0,
        events: Default::default(),
        links,
        status: span.error.map_or(Status::Unset, Status::error),
        instrumentation_scope: InstrumentationScope::builder("campanile")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build(),
    }
}

fn context(id: SpanId) -> SpanContext {
    let (trace, span) = (TraceId::from_bytes(id.trace), trace::SpanId::from_bytes(id.span));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::default())
}

fn as_system_time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(0))
}

/// Campanile's HTTP client, as the exporter uses it.
#[derive(Debug)]
struct Collector(Client);

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let answer = self.0.send(campanile_net::Request {
            method: "POST",
            url: head.uri.to_string(),
            headers: head
                .headers
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
                .collect(),
            body,
            timeout: LONGEST,
            keep: 64 * 1024,
            tls: None,
        });
        let answer = answer.await?;
        Ok(Response::builder().status(answer.status).body(answer.body.into())?)
    }
}
