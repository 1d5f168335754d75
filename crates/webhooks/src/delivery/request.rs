//! Builds the signed request of a delivery. The signature is sent in both spellings of its headers
//! (`svix-` and `webhook-`), so that receivers of either kind verify it unchanged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_base::Timestamp;
use campanile_net::{Request, SigningSecret};

use crate::Webhooks;
use crate::directory::Target;
use crate::model::messages::Message;
use crate::transformations::Content;

/// The maximum length of an answer's body that is kept, in bytes.
const KEPT: usize = 20_000;
const USER_AGENT: &str = concat!("Campanile-Webhooks/", env!("CARGO_PKG_VERSION"));

/// The signed request. `token` is the endpoint's access token, if it requires one.
pub(super) fn signed(
    webhooks: &Webhooks,
    message: &Message,
    target: &Target,
    content: Content,
    token: Option<String>,
    now: Timestamp,
) -> Request {
    let Content { method, url, body, headers: extra } = content;
    let (id, timestamp) = (message.id.as_str(), now.as_seconds());
    let signatures: Vec<String> = target.secrets(now).map(|secret| secret.sign(id, timestamp, &body)).collect();
    let signature = signatures.join(" ");
    let (url, basic) = without_credentials(&url);
    let content_type = message.content_type.as_deref().unwrap_or("application/json");
    let mut headers: Vec<(String, String)> =
        [("accept", "*/*"), ("content-type", content_type), ("user-agent", USER_AGENT)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    for prefix in ["svix", "webhook"] {
        headers.push((format!("{prefix}-id"), id.to_owned()));
        headers.push((format!("{prefix}-timestamp"), timestamp.to_string()));
        headers.push((format!("{prefix}-signature"), signature.clone()));
    }
    if let Some(environment) = &target.environment {
        headers.push(("x-knock-event".to_owned(), message.event_type.clone()));
        headers.push(("x-knock-environment-id".to_owned(), environment.clone()));
        // Here the HMAC key is the secret as displayed, not the bytes that it decodes to.
        let shared = target.secrets(now).find(|secret| matches!(secret, SigningSecret::Hmac(_)));
        let stamp = now.as_micros() / 1_000;
        let stamped = shared.map(|secret| campanile_net::stamped(&secret.expose(), stamp, &body));
        headers.extend(stamped.map(|stamped| ("x-knock-signature".to_owned(), stamped)));
    }
    headers.extend(basic.map(|basic| ("authorization".to_owned(), basic)));
    let token = token.map(|token| ("authorization".to_owned(), format!("Bearer {token}")));
    for (name, value) in target.headers.iter().chain(&token).chain(&extra) {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    let (timeout, tls) = (webhooks.settings.request_timeout, target.access.tls.clone());
    Request { method, url, headers, body, timeout, keep: KEPT, tls }
}

/// An address without its user name and password, and the `Authorization` header that they become.
fn without_credentials(url: &str) -> (String, Option<String>) {
    // Fast path: most addresses have no credentials and need no parsing.
    let Some(mut parsed) = url.contains('@').then(|| url::Url::parse(url).ok()).flatten() else {
        return (url.to_owned(), None);
    };
    if parsed.username().is_empty() && parsed.password().is_none() {
        return (url.to_owned(), None);
    }
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let pair = [decoded(parsed.username()), b":".to_vec(), decoded(parsed.password().unwrap_or_default())].concat();
    // Both can be set on any address with a host, and an endpoint's address has one.
    let _ = (parsed.set_username(""), parsed.set_password(None));
    (parsed.to_string(), Some(format!("Basic {}", STANDARD.encode(pair))))
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
