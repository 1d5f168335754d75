//! A language model for jobs: its calls share a circuit, so that one that fails is left alone for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use campanile_net::Client;

use super::{ModelSettings, Prompt, Written};
use crate::circuit::Circuit;
use crate::error::ModelError;

/// A language model with its circuit.
pub struct Writer {
    settings: ModelSettings,
    client: Client,
    circuit: Mutex<Circuit>,
}

impl Writer {
    /// A model that nobody has called yet.
    pub fn new(settings: ModelSettings, client: Client) -> Self {
        Self { settings, client, circuit: Mutex::default() }
    }

    /// The model's name at its provider.
    pub fn name(&self) -> &str {
        &self.settings.model
    }

    /// Has a text written to its end.
    ///
    /// # Errors
    /// `Resting` while the model is left alone; otherwise when it does not answer to the end.
    pub async fn write(&self, prompt: &Prompt) -> Result<Written, ModelError> {
        let began = Instant::now();
        if let Some(rest) = self.circuit().rest(began) {
            return Err(ModelError::Resting(rest));
        }
        let written = self.settings.write(&self.client, prompt).await;
        match &written {
            Ok(_) => self.circuit().succeeded(),
            Err(error) => self.circuit().failed(Instant::now(), error.retry_after()),
        }
        let outcome = if written.is_ok() { "answered" } else { "failed" };
        metrics::counter!("campanile_provider_calls_total", "purpose" => "writer", "outcome" => outcome).increment(1);
        metrics::histogram!("campanile_provider_seconds", "purpose" => "writer").record(began.elapsed().as_secs_f64());
        written
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
