//! Deliveries, signed as their providers sign them.

use campanile_net::{HmacAlgorithm, hmac_hex};

/// A delivery, ready to be posted.
#[derive(Debug, Clone)]
pub struct SignedDelivery {
    /// `github`, `vercel`, `linear`, `sentry`, `pagerduty` or `gitlab`.
    pub provider: &'static str,
    /// The provider's headers.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// Signs a delivery. `event` is GitHub's or GitLab's event name, or Sentry's resource. `id` is the provider's id
/// of the delivery, if it has a header for it. For Sentry, `id` is the timestamp header.
///
/// # Panics
/// For an unknown provider.
pub fn sign(provider: &str, secret: &str, event: &str, id: &str, body: &[u8]) -> SignedDelivery {
    let hmac = |algorithm| hmac_hex(algorithm, secret.as_bytes(), body);
    let (provider, headers) = match provider {
        "github" => (
            "github",
            vec![
                ("x-github-event", event.to_owned()),
                ("x-github-delivery", id.to_owned()),
                ("x-hub-signature-256", format!("sha256={}", hmac(HmacAlgorithm::Sha256))),
                ("user-agent", "GitHub-Hookshot/044aadd".to_owned()),
            ],
        ),
        "notion" => ("notion", vec![("x-notion-signature", format!("sha256={}", hmac(HmacAlgorithm::Sha256)))]),
        "vercel" => ("vercel", vec![("x-vercel-signature", hmac(HmacAlgorithm::Sha1))]),
        "linear" => {
            ("linear", vec![("linear-delivery", id.to_owned()), ("linear-signature", hmac(HmacAlgorithm::Sha256))])
        }
        "sentry" => (
            "sentry",
            vec![
                ("sentry-hook-resource", event.to_owned()),
                ("sentry-hook-timestamp", id.to_owned()),
                ("sentry-hook-signature", hmac(HmacAlgorithm::Sha256)),
            ],
        ),
        "pagerduty" => (
            "pagerduty",
            vec![
                ("x-webhook-id", id.to_owned()),
                ("x-pagerduty-signature", format!("v1={}", hmac(HmacAlgorithm::Sha256))),
            ],
        ),
        // Without a signing token, GitLab signs nothing.
        "gitlab" => (
            "gitlab",
            vec![
                ("x-gitlab-event", event.to_owned()),
                ("idempotency-key", id.to_owned()),
                ("x-gitlab-token", secret.to_owned()),
            ],
        ),
        other => panic!("there is no provider {other}"),
    };
    let mut headers: Vec<(String, String)> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    SignedDelivery { provider, headers, body: body.to_vec() }
}
