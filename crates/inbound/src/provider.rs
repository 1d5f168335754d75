//! The providers, and what each adapter must answer.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use campanile_base::{Secret, Timestamp};
use campanile_net::{HmacAlgorithm, verify_hmac_hex};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{Code, IngestError, github, linear, sentry, vercel};

/// A provider that sends deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Provider {
    Github,
    Vercel,
    Linear,
    Sentry,
}

const LINEAR_REPEATS: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(3_600), Duration::from_secs(6 * 3_600)];

/// How a provider sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// The status that says to it that a delivery was taken; any other makes it send again, and may make it stop for good.
    pub success: u16,
    /// How long after the first time it sends again what was not taken; nothing where that is not promised.
    pub repeats: &'static [Duration],
}

/// The headers of a delivery: lower-case names, in the order of arrival.
pub(crate) type Headers = [(String, String)];

/// What the outside of a delivery says, once its signature has been checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// What kind of event: `pull_request`, `deployment.created`, `Issue:create`, `issue.created`.
    pub(crate) event: String,
    /// The provider's id of this delivery; a repeat has the same.
    pub(crate) delivery_id: String,
    /// When it was sent, where that is signed.
    pub(crate) sent_at: Option<Timestamp>,
}

/// The few fields of a body that its outside is told by; of the rest is only made sure that it will be readable.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) id: Option<Value>,
    pub(crate) r#type: Option<Value>,
    pub(crate) action: Option<Value>,
    pub(crate) webhook_timestamp: Option<Value>,
}

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Outline;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Outline, A::Error> {
                let mut outline = Outline::default();
                while let Some(name) = fields.next_key::<Cow<'de, str>>()? {
                    let place = match &*name {
                        "id" => &mut outline.id,
                        "type" => &mut outline.r#type,
                        "action" => &mut outline.action,
                        "webhookTimestamp" => &mut outline.webhook_timestamp,
                        _ => {
                            fields.next_value::<Readable>()?;
                            continue;
                        }
                    };
                    *place = fields.next_value()?;
                }
                Ok(outline)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// Any value, looked at and not kept: its texts are Unicode, its numbers fit, and it lies no deeper than can be read later.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

impl Outline {
    /// A field's text, unless it is empty.
    pub(crate) fn text(field: &Option<Value>) -> Option<&str> {
        field.as_ref()?.as_str().filter(|text| !text.is_empty())
    }
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Github, Self::Vercel, Self::Linear, Self::Sentry];

    /// By its name in a path.
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
        }
    }

    /// What this provider takes for success, and when it sends again what did not succeed.
    pub fn manners(self) -> Manners {
        const ACCEPTED: u16 = 202;
        match self {
            Self::Linear => Manners { success: 200, repeats: &LINEAR_REPEATS },
            Self::Github | Self::Vercel | Self::Sentry => Manners { success: ACCEPTED, repeats: &[] },
        }
    }

    /// Checks that `body` was signed with `secret`.
    pub(crate) fn verify(self, secrets: &[Secret], headers: &Headers, body: &[u8]) -> Result<(), IngestError> {
        let (name, prefix, algorithm) = match self {
            Self::Github => ("x-hub-signature-256", "sha256=", HmacAlgorithm::Sha256),
            Self::Vercel => ("x-vercel-signature", "", HmacAlgorithm::Sha1),
            Self::Linear => ("linear-signature", "", HmacAlgorithm::Sha256),
            Self::Sentry => ("sentry-hook-signature", "", HmacAlgorithm::Sha256),
        };
        let sent = header(headers, name)
            .ok_or_else(|| IngestError::new(Code::MissingSignature, format!("the header {name} is missing")))?;
        let wrong = || IngestError::new(Code::InvalidSignature, format!("{name} does not fit the body and the secret"));
        let signature = sent.strip_prefix(prefix).ok_or_else(wrong)?;
        let fits = |secret: &Secret| verify_hmac_hex(algorithm, secret.expose().as_bytes(), body, signature);
        if secrets.iter().any(fits) { Ok(()) } else { Err(wrong()) }
    }

    /// Reads the outside of a delivery.
    pub(crate) fn envelope(self, headers: &Headers, body: &[u8], outline: &Outline) -> Result<Envelope, IngestError> {
        match self {
            Self::Github => github::envelope(headers),
            Self::Vercel => vercel::envelope(outline),
            Self::Linear => linear::envelope(headers, body, outline),
            Self::Sentry => sentry::envelope(headers, body, outline),
        }
    }
}

pub(crate) fn header<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A header that the provider always sends.
pub(crate) fn required<'h>(headers: &'h Headers, name: &str) -> Result<&'h str, IngestError> {
    header(headers, name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| IngestError::new(Code::InvalidPayload, format!("the header {name} is missing")))
}
