//! Selects the adapter for a provider.

use campanile_base::Result;

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Headers, Outline};
use crate::{IngestError, NormalForm, Provider, github, linear, notion, sentry, vercel};

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
    }
}

/// Converts a stored delivery into normal form. Pure: the same delivery always gives the same
/// result.
///
/// # Errors
/// `Invalid` when a required field is missing.
pub fn normalise(delivery: &Delivery) -> Result<NormalForm> {
    let payload = delivery.payload()?;
    let form = match delivery.provider {
        Provider::Github => github::normalise(&delivery.event, &payload, delivery),
        Provider::Vercel => vercel::normalise(&delivery.event, &payload, delivery),
        Provider::Linear => linear::normalise(&delivery.event, &payload, delivery),
        Provider::Sentry => sentry::normalise(&delivery.event, &payload, delivery),
        Provider::Notion => Ok(notion::normalise(&delivery.event)),
    };
    form.map(NormalForm::made_harmless)
}
