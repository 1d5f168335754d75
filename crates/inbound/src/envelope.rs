//! The envelope of a delivery: its headers, and the few fields of its body that identify it.

use std::borrow::Cow;
use std::fmt;

use campanile_base::Timestamp;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::deliveries::parse_body;
use crate::{Code, IngestError};

/// The headers of a delivery: lower-case names, in the order of arrival.
pub(crate) type Headers = [(String, String)];

/// The identifying data of a delivery, read after its signature was checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// The event type: `pull_request`, `deployment.created`, `Issue:create`, `issue.created`.
    pub(crate) event: String,
    /// The provider's id of this delivery; a repeat has the same id.
    pub(crate) delivery_id: String,
    /// The time of sending, if the provider signs it.
    pub(crate) sent_at: Option<Timestamp>,
}

/// The few fields of a body that identify a delivery. The rest is only checked to be readable.
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

/// Any value, checked and dropped: its texts are Unicode, its numbers fit, and its depth can be
/// parsed later.
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

    /// The envelope of a body that has its id and its event type in itself.
    pub(crate) fn envelope(&self) -> Result<Envelope, IngestError> {
        let needed = |name: &str, field: &Option<Value>| {
            let missing = || IngestError::new(Code::InvalidPayload, format!("the body has no {name}"));
            Self::text(field).map(str::to_owned).ok_or_else(missing)
        };
        Ok(Envelope { event: needed("type", &self.r#type)?, delivery_id: needed("id", &self.id)?, sent_at: None })
    }
}

/// Reads those fields of a body that identify its event, where they are not at its top.
pub(crate) fn identifying<T: DeserializeOwned>(headers: &Headers, body: &[u8]) -> Result<T, IngestError> {
    parse_body(headers, body).map_err(|error| IngestError::new(Code::InvalidPayload, error))
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
