//! Sends the traces of runs to an OpenTelemetry collector, over OTLP with HTTP.
//!
//! Spans wait in a bounded queue and go out in batches. A collector that is slow or away costs spans, which
//! are counted, never runs. Beside the endpoint the variables of OpenTelemetry hold: `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT`.

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

/// How many ended commits may wait to be sent.
const QUEUE: usize = 8_192;
/// How many spans go out together, and how long the first of them waits for others.
const TOGETHER: usize = 512;
const GATHERING: Duration = Duration::from_secs(1);
/// How long the last spans may take when the server stops.
const GRACE: Duration = Duration::from_secs(2);
/// The longest request to a collector, whatever the exporter's own patience is.
const LONGEST: Duration = Duration::from_secs(30);

/// Traces that are being sent.
pub(crate) struct Traces {
    queue: mpsc::Sender<Vec<Span>>,
    stop: CancellationToken,
    sending: JoinHandle<()>,
}

impl Traces {
    /// Begins to send to `endpoint`, such as `http://localhost:4318`.
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

    /// Takes spans for as long as there is room for them.
    pub(crate) fn tracer(&self) -> Tracer {
        let queue = self.queue.clone();
        Arc::new(move |spans| {
            let many = spans.len() as u64;
            if queue.try_send(spans).is_err() {
                metrics::counter!("campanile_spans_lost_total").increment(many);
            }
        })
    }

    /// Takes nothing more, and sends what is left.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if tokio::time::timeout(GRACE, self.sending).await.is_err() {
            tracing::warn!("the last traces could not be sent in time");
        }
    }
}

/// The collector is the operator's own: it may stand anywhere.
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

/// Our own client under the exporter.
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
