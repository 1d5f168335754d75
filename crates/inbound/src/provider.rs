//! The providers: their names, their answers and repeats, and their signatures.

use std::time::Duration;

use campanile_base::Secret;
use campanile_net::{HmacAlgorithm, verify_hmac_hex};
use serde::{Deserialize, Serialize};

use crate::envelope::{Headers, header};
use crate::{Code, IngestError};

/// A provider that sends deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Provider {
    Github,
    Vercel,
    Linear,
    Sentry,
    Notion,
}

const LINEAR_REPEATS: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(3_600), Duration::from_secs(6 * 3_600)];

/// The delivery rules of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryRules {
    /// The HTTP status that tells it that a delivery was accepted. Any other makes it send again,
    /// and may make it stop for good.
    pub success: u16,
    /// The times after the first delivery at which it sends again. Empty if it promises no repeats.
    pub repeats: &'static [Duration],
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Github, Self::Vercel, Self::Linear, Self::Sentry, Self::Notion];
    /// The providers whose webhooks a source takes that is set up by hand.
    pub const WITH_WEBHOOKS: [Self; 4] = [Self::Github, Self::Vercel, Self::Linear, Self::Sentry];

    /// The provider with this name in a path.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }

    /// Its name in paths and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Vercel => "vercel",
            Self::Linear => "linear",
            Self::Sentry => "sentry",
            Self::Notion => "notion",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Vercel => "Vercel",
            Self::Linear => "Linear",
            Self::Sentry => "Sentry",
            Self::Notion => "Notion",
        }
    }

    /// The success status of this provider, and the times of its repeats.
    pub fn delivery_rules(self) -> DeliveryRules {
        const ACCEPTED: u16 = 202;
        match self {
            Self::Linear => DeliveryRules { success: 200, repeats: &LINEAR_REPEATS },
            Self::Github | Self::Vercel | Self::Sentry | Self::Notion => {
                DeliveryRules { success: ACCEPTED, repeats: &[] }
            }
        }
    }

    /// Checks that `body` was signed with one of the secrets.
    pub(crate) fn verify(self, secrets: &[Secret], headers: &Headers, body: &[u8]) -> Result<(), IngestError> {
        let (name, prefix, algorithm) = match self {
            Self::Github => ("x-hub-signature-256", "sha256=", HmacAlgorithm::Sha256),
            Self::Vercel => ("x-vercel-signature", "", HmacAlgorithm::Sha1),
            Self::Linear => ("linear-signature", "", HmacAlgorithm::Sha256),
            Self::Sentry => ("sentry-hook-signature", "", HmacAlgorithm::Sha256),
            Self::Notion => ("x-notion-signature", "sha256=", HmacAlgorithm::Sha256),
        };
        let sent = header(headers, name)
            .ok_or_else(|| IngestError::new(Code::MissingSignature, format!("the header {name} is missing")))?;
        let wrong = || IngestError::new(Code::InvalidSignature, format!("{name} does not fit the body and the secret"));
        let signature = sent.strip_prefix(prefix).ok_or_else(wrong)?;
        let fits = |secret: &Secret| verify_hmac_hex(algorithm, secret.expose().as_bytes(), body, signature);
        if secrets.iter().any(fits) { Ok(()) } else { Err(wrong()) }
    }
}
