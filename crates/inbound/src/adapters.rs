//! Selects the adapter for a provider.

use campanile_base::Result;
use serde_json::Value;

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Headers, Outline};
use crate::{IngestError, NormalForm, Provider, github, gitlab, linear, notion, pagerduty, sentry, vercel};

/// Reads the event type, the provider's id and the time of sending of a delivery.
pub(crate) fn envelope(
    provider: Provider,
    headers: &Headers,
    body: &[u8],
    outline: &Outline,
) -> Result<Envelope, IngestError> {
    match provider {
        Provider::Github => github::envelope(headers),
        Provider::Vercel => vercel::envelope(outline),
        Provider::Linear => linear::envelope(headers, body, outline),
        Provider::Sentry => sentry::envelope(headers, body, outline),
        Provider::Notion => notion::envelope(outline),
        Provider::Pagerduty => pagerduty::envelope(headers, body),
        Provider::Gitlab => gitlab::envelope(headers, body),
    }
}

/// Converts one event, which the provider sent or which a page tells in the same shape.
pub(crate) fn normalise_event(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    match delivery.provider {
        Provider::Github => github::normalise(event, payload, delivery),
        Provider::Vercel => vercel::normalise(event, payload, delivery),
        Provider::Linear => linear::normalise(event, payload, delivery),
        Provider::Sentry => sentry::normalise(event, payload, delivery),
        Provider::Notion => notion::normalise(event, payload, delivery),
        Provider::Pagerduty => pagerduty::normalise(event, payload, delivery),
        Provider::Gitlab => gitlab::normalise(event, payload, delivery),
    }
}
