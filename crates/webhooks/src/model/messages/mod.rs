//! Messages: the stored noun, with lists and search.

pub(crate) mod queries;
mod recent;

use bytes::Bytes;
use campanile_accounts::{Caller, Permission};
use campanile_base::bounds::{
    CONTENT_TYPE_BYTES, EVENT_TYPES_IN_A_FILTER, PAGE_BYTES, PAYLOADS_SEARCHED, ROWS_LOOKED_AT, SEARCH_BYTES,
};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::{FilteredRows, Range, Tx};
use campanile_net::check_header;

use super::applications::{Application, ApplicationId, ApplicationSpec};
use super::endpoints::EndpointId;
use crate::names::{check_channel, check_count, check_name, check_set, check_tag, check_uid};

pub(crate) use recent::Recent;

campanile_base::id_type!(
    /// One message.
    pub MessageId, "msg"
);

/// The maximum number of days that a message may ask to keep its payload.
const MOST_DAYS: i64 = 90;
/// The maximum number of channels and of tags of a message.
const CHANNELS: usize = 10;
const TAGS: usize = 5;

/// A stored message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id, which receivers see.
    pub id: MessageId,
    /// The owner.
    pub application_id: ApplicationId,
    /// The type of event.
    pub event_type: String,
    /// The sender's own id for it.
    pub event_id: Option<String>,
    /// The channels that it goes to.
    pub channels: Option<Vec<String>>,
    /// Words to find it by.
    pub tags: Option<Vec<String>>,
    /// The body to send, byte for byte; `None` once it is expunged.
    pub payload: Option<Bytes>,
    /// The content type of the payload; JSON if absent.
    pub content_type: Option<String>,
    /// Parameters for the endpoints' scripts, as JSON.
    pub transformations_params: Option<String>,
    /// The time at which it was accepted.
    pub created_at: Timestamp,
    /// The time before which it is not sent.
    pub deliver_at: Option<Timestamp>,
    /// The time at which its payload is expunged, if that is before the message is removed.
    pub expires_at: Option<Timestamp>,
}

/// A message to be sent.
#[derive(Debug, Clone, Default)]
pub struct NewMessage {
    /// The type of event.
    pub event_type: String,
    /// The sender's own id for it, unique within the application.
    pub event_id: Option<String>,
    /// The channels that it goes to; `None` for none in particular.
    pub channels: Option<Vec<String>>,
    /// Words to find it by.
    pub tags: Option<Vec<String>>,
    /// The body to send, byte for byte.
    pub payload: Bytes,
    /// The content type of the payload; JSON if absent.
    pub content_type: Option<String>,
    /// Parameters for the endpoints' scripts, as JSON.
    pub transformations_params: Option<String>,
    /// The time before which it is not sent; at most a day ahead.
    pub deliver_at: Option<Timestamp>,
    /// The retention of the payload, in hours; as long as the message if absent.
    pub keep_hours: Option<i64>,
    /// The only endpoint that it goes to; all if absent.
    pub only_to: Option<EndpointId>,
}

impl NewMessage {
    pub(crate) fn checked(mut self, now: Timestamp) -> Result<Self> {
        check_name("event_type", &self.event_type)?;
        if let Some(event_id) = &self.event_id {
            check_uid("event_id", event_id, "msg_")?;
        }
        if let Some(Err(why)) = self.content_type.as_deref().map(|kind| check_header("content-type", kind)) {
            return Err(Error::invalid_field("content_type", format!("cannot be sent: {why}")));
        }
        self.channels = check_set("channels", self.channels, CHANNELS, check_channel)?;
        if self.tags.as_ref().is_some_and(Vec::is_empty) {
            self.tags = None;
        }
        self.tags = check_set("tags", self.tags, TAGS, check_tag)?;
        if self.keep_hours.is_some_and(|hours| !(1..=MOST_DAYS * 24).contains(&hours)) {
            return Err(Error::invalid_field("payload_retention_period", "must be at most 90 days"));
        }
        if let Some(content_type) = &self.content_type {
            check_content_type(content_type)?;
        }
        let soon = now.plus(std::time::Duration::from_secs(24 * 3600));
        if self.deliver_at.is_some_and(|at| at > soon) {
            return Err(Error::invalid_field("deliver_at", "must be within a day"));
        }
        Ok(self)
    }
}

/// A new message as it is to be stored.
pub(crate) fn message_of(application: &ApplicationId, new: NewMessage, now: Timestamp) -> Message {
    Message {
        id: MessageId::new(now),
        application_id: application.clone(),
        event_type: new.event_type,
        event_id: new.event_id,
        channels: new.channels,
        tags: new.tags,
        payload: Some(new.payload),
        content_type: new.content_type,
        transformations_params: new.transformations_params,
        created_at: now,
        deliver_at: new.deliver_at.filter(|at| *at > now),
        expires_at: new.keep_hours.map(|hours| now.plus(std::time::Duration::from_secs(3_600 * hours as u64))),
    }
}

/// Checks a content type: it must be valid as a header's value.
fn check_content_type(text: &str) -> Result<()> {
    let is_plain = !text.is_empty() && text.chars().all(|c| (' '..='~').contains(&c));
    match is_plain && text.len() <= CONTENT_TYPE_BYTES {
        true => Ok(()),
        false => {
            Err(Error::invalid_field("content-type", format!("must be 1 to {CONTENT_TYPE_BYTES} plain characters")))
        }
    }
}

/// The application of a message, as the sender names it. It may be created with its first message.
#[derive(Debug, Clone)]
pub struct To {
    /// The application's id or uid.
    pub application: String,
    /// The input to create the application if it does not exist. Its uid is then to be
    /// `application`.
    pub create: Option<ApplicationSpec>,
}

/// A message by its id or event id.
///
/// # Errors
/// `NotFound` when the application has none.
pub async fn get(tx: &mut Tx, application: &Application, id: &str) -> Result<Message> {
    queries::by_id_or_event(tx, &application.id, id).await?.ok_or(Error::NotFound(Thing::Message))
}

/// The messages that a list includes.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of these types.
    pub event_types: Option<Vec<String>>,
    /// In this channel.
    pub channel: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// With a text in the payload that begins like this, regardless of case.
    pub content: Option<String>,
}

/// The number of messages that are read at a time in a search.
const SEARCHED_AT_A_TIME: i64 = 100;

/// Messages of an application. A filter is applied to at most [`ROWS_LOOKED_AT`] messages, a text
/// search to at most [`PAYLOADS_SEARCHED`]; the next page continues after those.
///
/// # Errors
/// `InvalidField` for a filter that is too large.
pub async fn list(
    tx: &mut Tx,
    application: &Application,
    filter: &Filter,
    range: &Range,
) -> Result<FilteredRows<Message>> {
    filter.check()?;
    if filter.is_everything() {
        let (rows, is_cut) = queries::list(tx, &application.id, filter, range).await?;
        return Ok(FilteredRows::cut(rows, is_cut, None, |message| message.id.to_string()));
    }
    let most = if filter.content.is_some() { PAYLOADS_SEARCHED } else { ROWS_LOOKED_AT };
    let (range, stop) = queries::bounded(tx, &application.id, range, most).await?;
    let (rows, is_cut) = match &filter.content {
        None => queries::list(tx, &application.id, filter, &range).await?,
        Some(content) => search(tx, application, filter, content, &range).await?,
    };
    let stop = stop.filter(|_| (rows.len() as i64) < range.limit);
    Ok(FilteredRows::cut(rows, is_cut, stop, |message| message.id.to_string()))
}

async fn search(
    tx: &mut Tx,
    application: &Application,
    filter: &Filter,
    content: &str,
    range: &Range,
) -> Result<(Vec<Message>, bool)> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    let mut rest = Range { limit: SEARCHED_AT_A_TIME, ..range.clone() };
    while (found.len() as i64) < range.limit && bytes < PAGE_BYTES {
        let (page, _) = queries::list(tx, &application.id, filter, &rest).await?;
        let Some(last) = page.last().map(|message| message.id.to_string()) else { break };
        *(if rest.oldest_first { &mut rest.low } else { &mut rest.high }) = last;
        let says = page.into_iter().filter(|message| message.says(content));
        found.extend(says.inspect(|message| bytes += message.payload.as_ref().map_or(0, Bytes::len)));
    }
    let is_cut = bytes >= PAGE_BYTES && (found.len() as i64) < range.limit;
    found.truncate(range.limit as usize);
    Ok((found, is_cut))
}

impl Filter {
    /// True if it excludes nothing.
    pub(crate) fn is_everything(&self) -> bool {
        self.event_types.is_none() && self.channel.is_none() && self.tag.is_none() && self.content.is_none()
    }

    /// Refuses a filter that would cost too much per message.
    pub(crate) fn check(&self) -> Result<()> {
        check_count("event_types", self.event_types.as_ref().map_or(0, Vec::len), EVENT_TYPES_IN_A_FILTER)?;
        let texts = [("channel", &self.channel), ("tag", &self.tag), ("content", &self.content)];
        match texts.iter().find(|(_, text)| text.as_ref().is_some_and(|text| text.len() > SEARCH_BYTES)) {
            None => Ok(()),
            Some((field, _)) => {
                Err(Error::invalid_field(field, format!("must not be longer than {SEARCH_BYTES} bytes")))
            }
        }
    }

    /// True if the filter includes a message; the text in the payload is not compared.
    pub(crate) fn admits(&self, message: &Message) -> bool {
        let has = |words: &Option<Vec<String>>, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| words.as_ref().is_some_and(|words| words.contains(wanted)))
        };
        self.event_types.as_ref().is_none_or(|types| types.contains(&message.event_type))
            && has(&message.channels, &self.channel)
            && has(&message.tags, &self.tag)
    }
}

impl Message {
    /// True if its payload is still there.
    pub(crate) fn is_readable(&self, now: Timestamp) -> bool {
        self.payload.is_some() && self.expires_at.is_none_or(|at| at > now)
    }

    /// True if a text in the payload begins like this, regardless of case.
    fn says(&self, beginning: &str) -> bool {
        fn within(value: &serde_json::Value, beginning: &str) -> bool {
            match value {
                serde_json::Value::String(text) => text.to_lowercase().starts_with(beginning),
                serde_json::Value::Array(items) => items.iter().any(|item| within(item, beginning)),
                serde_json::Value::Object(fields) => fields.values().any(|field| within(field, beginning)),
                other => other.to_string().starts_with(beginning),
            }
        }
        let payload = self.payload.as_ref().and_then(|payload| serde_json::from_slice(payload).ok());
        payload.is_some_and(|value: serde_json::Value| within(&value, &beginning.to_lowercase()))
    }
}

/// Clears the payload of a message. It is not delivered any more.
///
/// # Errors
/// `NotFound`.
pub async fn expunge(tx: &mut Tx, caller: &Caller, application: &Application, id: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    let message = get(tx, application, id).await?;
    queries::expunge(tx, &application.id, &message.id).await?;
    Ok(())
}
