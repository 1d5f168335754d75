//! One provider over HTTP: its address and key, the calls under way, and its circuit.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use campanile_base::{Clock, Secret};
use campanile_net::{Client, Request, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::circuit::Circuit;
use crate::error::{ModelError, retry_after};

/// The calls of a provider at a time.
const CALLS: usize = 4;
/// The bytes of a reply: 96 vectors of 4,096 numbers, each of some twenty characters.
const REPLY_BYTES: usize = 8 << 20;
/// The characters of a refusal that are logged.
const REFUSAL: usize = 300;

/// A provider of vectors or orders.
pub(crate) struct Provider {
    /// Its purpose, for the log and the measurements: `embeddings` or `rerank`.
    purpose: &'static str,
    client: Client,
    clock: Clock,
    url: String,
    key: Option<Secret>,
    turns: Semaphore,
    circuit: Mutex<Circuit>,
}

impl Provider {
    pub(crate) fn new(
        purpose: &'static str,
        (client, clock): (Client, Clock),
        (url, key): (&str, Option<Secret>),
    ) -> Self {
        let (turns, circuit) = (Semaphore::new(CALLS), Mutex::default());
        Self { purpose, client, clock, url: url.trim_end_matches('/').to_owned(), key, turns, circuit }
    }

    /// Posts a body and reads the reply, within a time that includes the wait for a turn.
    pub(crate) async fn post<R: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        most: Duration,
    ) -> Result<R, ModelError> {
        let began = Instant::now();
        if let Some(rest) = self.circuit().rest(began) {
            return Err(ModelError::Resting(rest));
        }
        let Ok(Ok(_turn)) = tokio::time::timeout(most, self.turns.acquire()).await else {
            // The wait was for our own calls, so it says nothing of the provider.
            return Err(ModelError::TimedOut);
        };
        let left = most.saturating_sub(began.elapsed());
        let replied = self.call(path, body, left).await;
        let outcome = if replied.is_ok() { "answered" } else { "failed" };
        metrics::counter!("campanile_provider_calls_total", "purpose" => self.purpose, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("campanile_provider_seconds", "purpose" => self.purpose)
            .record(began.elapsed().as_secs_f64());
        replied
    }

    /// Notes the outcome of a call, once its reply was checked.
    pub(crate) fn note<R>(&self, outcome: &Result<R, ModelError>) {
        match outcome {
            Ok(_) => self.circuit().succeeded(),
            // A call that was not made says nothing.
            Err(ModelError::Resting(_)) => {}
            Err(error) => self.circuit().failed(Instant::now(), error.retry_after()),
        }
    }

    async fn call<R: DeserializeOwned>(&self, path: &str, body: &Value, most: Duration) -> Result<R, ModelError> {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.push(("accept".to_owned(), "application/json".to_owned()));
        headers.extend(self.key.as_ref().map(|key| ("authorization".to_owned(), format!("Bearer {}", key.expose()))));
        let request = Request {
            method: "POST",
            url: format!("{}{path}", self.url),
            headers,
            body: body.to_string().into(),
            timeout: most,
            keep: REPLY_BYTES,
            tls: None,
        };
        let sent = self.client.send(request).await;
        let reply = sent.map_err(|error| {
            tracing::warn!(%error, purpose = self.purpose, "a model could not be reached");
            ModelError::from(&error)
        })?;
        match reply.status {
            200..300 => self.read(&reply),
            429 | 503 | 529 => {
                let wait = reply.header("retry-after").and_then(|value| retry_after(value, self.clock.now()));
                Err(ModelError::Busy(wait))
            }
            status => {
                let said = String::from_utf8_lossy(&reply.body);
                let said: String = said.chars().filter(|c| !c.is_control()).take(REFUSAL).collect();
                tracing::warn!(status, said, purpose = self.purpose, "a model refused a call");
                Err(ModelError::Refused(status))
            }
        }
    }

    fn read<R: DeserializeOwned>(&self, reply: &Response) -> Result<R, ModelError> {
        serde_json::from_slice(&reply.body).map_err(|error| {
            tracing::warn!(%error, bytes = reply.body.len(), purpose = self.purpose, "a model's reply cannot be read");
            // A body that was cut is no whole JSON: that is the only way in which it shows.
            if error.is_eof() { ModelError::BrokeOff } else { ModelError::Unreadable }
        })
    }

    fn circuit(&self) -> std::sync::MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
