//! The rules by which providers sign their deliveries. Each is checked over the raw body and in constant
//! time, with each secret that the source has at present.
//!
//! A provider that signs nothing sends the secret itself in a header. That header is never stored.

use campanile_base::Secret;
use campanile_net::{HmacAlgorithm, SigningSecret, equal_in_constant_time, fits, verify_hmac_hex};

use crate::envelope::{Headers, header};
use crate::{Code, IngestError, Provider};

/// The header in which GitLab sends the secret token of a webhook.
pub(crate) const GITLAB_TOKEN: &str = "x-gitlab-token";
/// The headers of Standard Webhooks.
const STANDARD: [&str; 3] = ["webhook-signature", "webhook-id", "webhook-timestamp"];
/// The beginning of a secret of Standard Webhooks.
const STANDARD_SECRET: &str = "whsec_";

/// The rule of a provider.
enum Rule {
    /// An HMAC of the body in hex, behind a prefix.
    Hex { header: &'static str, prefix: &'static str, algorithm: HmacAlgorithm },
    /// Several of them with commas between, one for each secret that the provider has.
    HexList { header: &'static str, prefix: &'static str },
    /// GitLab's two ways: Standard Webhooks with a signing token, or the secret token in a header.
    Gitlab,
}

impl Provider {
    fn rule(self) -> Rule {
        let hex = |header, prefix, algorithm| Rule::Hex { header, prefix, algorithm };
        match self {
            Self::Github => hex("x-hub-signature-256", "sha256=", HmacAlgorithm::Sha256),
            Self::Vercel => hex("x-vercel-signature", "", HmacAlgorithm::Sha1),
            Self::Linear => hex("linear-signature", "", HmacAlgorithm::Sha256),
            Self::Sentry => hex("sentry-hook-signature", "", HmacAlgorithm::Sha256),
            Self::Notion => hex("x-notion-signature", "sha256=", HmacAlgorithm::Sha256),
            Self::Pagerduty => Rule::HexList { header: "x-pagerduty-signature", prefix: "v1=" },
            Self::Gitlab => Rule::Gitlab,
        }
    }

    /// Checks that `body` was signed with one of the secrets.
    pub(crate) fn verify(self, secrets: &[Secret], headers: &Headers, body: &[u8]) -> Result<(), IngestError> {
        let rule = self.rule();
        let name = rule.header(headers);
        let sent = header(headers, name)
            .ok_or_else(|| IngestError::new(Code::MissingSignature, format!("the header {name} is missing")))?;
        match secrets.iter().any(|secret| rule.fits(secret.expose(), sent, headers, body)) {
            true => Ok(()),
            false => {
                Err(IngestError::new(Code::InvalidSignature, format!("{name} does not fit the body and the secret")))
            }
        }
    }
}

impl Rule {
    /// The header with the signature.
    fn header(&self, headers: &Headers) -> &'static str {
        match self {
            Self::Hex { header, .. } | Self::HexList { header, .. } => header,
            Self::Gitlab if header(headers, GITLAB_TOKEN).is_some() && header(headers, STANDARD[0]).is_none() => {
                GITLAB_TOKEN
            }
            Self::Gitlab => STANDARD[0],
        }
    }

    fn fits(&self, secret: &str, sent: &str, headers: &Headers, body: &[u8]) -> bool {
        let is_hex = |prefix: &str, algorithm, sent: &str| {
            sent.strip_prefix(prefix).is_some_and(|hex| verify_hmac_hex(algorithm, secret.as_bytes(), body, hex))
        };
        match self {
            Self::Hex { prefix, algorithm, .. } => is_hex(prefix, *algorithm, sent),
            Self::HexList { prefix, .. } => {
                sent.split(',').any(|one| is_hex(prefix, HmacAlgorithm::Sha256, one.trim()))
            }
            // A signing token is no secret token: it never travels.
            Self::Gitlab if secret.starts_with(STANDARD_SECRET) => is_standard(secret, headers, body),
            Self::Gitlab => header(headers, GITLAB_TOKEN).is_some_and(|token| equal_in_constant_time(token, secret)),
        }
    }
}

/// True if the headers of Standard Webhooks sign the body with this secret. The time is judged later, like
/// that of other providers.
fn is_standard(secret: &str, headers: &Headers, body: &[u8]) -> bool {
    let [signatures, id, at] = STANDARD.map(|name| header(headers, name));
    let at = at.and_then(|at| at.parse::<i64>().ok());
    let (Ok(secret), Some(signatures), Some(id), Some(at)) = (SigningSecret::parse(secret), signatures, id, at) else {
        return false;
    };
    fits(&secret, (id, at), body, signatures)
}

#[cfg(test)]
mod tests;
