//! Messages: what is sent, and to which endpoints.
//!
//! [`accept`] hands a message to the lane of messages: those that come in at the same time are stored
//! together, each with a delivery for every endpoint that wants it, in one transaction.
//! [`send`] does the same within a transaction of the caller's.

mod accept;
pub(crate) mod queries;
mod recent;

use bytes::Bytes;
use campanile_accounts::{Caller, Permission};
use campanile_base::bounds::{
    CONTENT_TYPE_BYTES, EVENT_TYPES_IN_A_FILTER, PAGE_BYTES, PAYLOADS_SEARCHED, ROWS_LOOKED_AT, SEARCH_BYTES,
};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_net::check_header;

use crate::Webhooks;
use crate::applications::{Application, ApplicationId, ApplicationSpec};
use crate::endpoints::EndpointId;
use crate::names::{check_channel, check_count, check_name, check_set, check_tag, check_uid};
use campanile_db::{Found, Range};

pub(crate) use accept::Accepts;
pub use accept::{Accepted, Refused, accept, send, send_all};
pub(crate) use recent::Recent;

campanile_base::id_type!(
    /// One message.
    pub MessageId, "msg"
);

/// How many days it may be asked to keep a payload.
const MOST_DAYS: i64 = 90;
/// How many channels and tags a message may have.
const CHANNELS: usize = 10;
const TAGS: usize = 5;

/// A stored message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id, which receivers see.
    pub id: MessageId,
    /// Whose it is.
    pub application_id: ApplicationId,
    /// What kind of event it tells of.
    pub event_type: String,
    /// The caller's own id for it.
    pub event_id: Option<String>,
    /// The channels that it goes to.
    pub channels: Option<Vec<String>>,
    /// Words that it is found by.
    pub tags: Option<Vec<String>>,
    /// What is sent, byte for byte; `None` once it is expunged.
    pub payload: Option<Bytes>,
    /// What the sender says that the payload is; JSON otherwise.
    pub content_type: Option<String>,
    /// JSON: what its sender tells the scripts.
    pub transformations_params: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Not to be sent before that.
    pub deliver_at: Option<Timestamp>,
    /// When its payload is expunged, where that is before it is forgotten as a whole.
    pub expires_at: Option<Timestamp>,
}

/// A message to be sent.
#[derive(Debug, Clone, Default)]
pub struct NewMessage {
    /// What kind of event it tells of.
    pub event_type: String,
    /// The caller's own id for it, once per application.
    pub event_id: Option<String>,
    /// The channels that it goes to; `None` for none in particular.
    pub channels: Option<Vec<String>>,
    /// Words that it is found by.
    pub tags: Option<Vec<String>>,
    /// What is sent, byte for byte.
    pub payload: Bytes,
    /// What it is, where it is not JSON.
    pub content_type: Option<String>,
    /// JSON: what the endpoints' scripts are told beside it.
    pub transformations_params: Option<String>,
    /// Not to be sent before that.
    pub deliver_at: Option<Timestamp>,
    /// How long the payload is kept, in hours; as long as the message otherwise.
    pub keep_hours: Option<i64>,
    /// The one endpoint that it goes to, instead of all.
    pub only_to: Option<EndpointId>,
}

impl NewMessage {
    fn checked(mut self, now: Timestamp) -> Result<Self> {
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

/// A content type is a header's value: one that could not be sent is refused here.
fn check_content_type(text: &str) -> Result<()> {
    let is_plain = !text.is_empty() && text.chars().all(|c| (' '..='~').contains(&c));
    match is_plain && text.len() <= CONTENT_TYPE_BYTES {
        true => Ok(()),
        false => {
            Err(Error::invalid_field("content-type", format!("must be 1 to {CONTENT_TYPE_BYTES} plain characters")))
        }
    }
}

/// Whose message it is, as the caller named it; the application may be made with its first message.
#[derive(Debug, Clone)]
pub struct To {
    /// The application's id or uid.
    pub application: String,
    /// What it is made of where there is none; its uid is the word above.
    pub create: Option<ApplicationSpec>,
}

/// A message by its id or event id.
///
/// # Errors
/// `NotFound` when the application has none.
pub async fn get(tx: &mut Tx, application: &Application, id: &str) -> Result<Message> {
    queries::by_id_or_event(tx, &application.id, id).await?.ok_or(Error::NotFound("message"))
}

/// Which messages a list is to show.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of these types.
    pub event_types: Option<Vec<String>>,
    /// In this channel.
    pub channel: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// With this at the beginning of a text within the payload.
    pub content: Option<String>,
}

/// How many messages are read at a time in search of a text.
const SEARCHED_AT_A_TIME: i64 = 100;

/// Messages of an application. What a filter lets through is looked for among [`ROWS_LOOKED_AT`] messages, a text among
/// [`PAYLOADS_SEARCHED`]; the next page goes on from there.
///
/// # Errors
/// `InvalidField` for a filter that is too large.
pub async fn list(tx: &mut Tx, application: &Application, filter: &Filter, range: &Range) -> Result<Found<Message>> {
    filter.check()?;
    if filter.is_everything() {
        let (rows, is_cut) = queries::list(tx, &application.id, filter, range).await?;
        return Ok(Found::cut(rows, is_cut, None, |message| message.id.to_string()));
    }
    let most = if filter.content.is_some() { PAYLOADS_SEARCHED } else { ROWS_LOOKED_AT };
    let (range, stop) = queries::bounded(tx, &application.id, range, most).await?;
    let (rows, is_cut) = match &filter.content {
        None => queries::list(tx, &application.id, filter, &range).await?,
        Some(content) => search(tx, application, filter, content, &range).await?,
    };
    let stop = stop.filter(|_| (rows.len() as i64) < range.limit);
    Ok(Found::cut(rows, is_cut, stop, |message| message.id.to_string()))
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
    /// Whether it lets everything through.
    pub(crate) fn is_everything(&self) -> bool {
        self.event_types.is_none() && self.channel.is_none() && self.tag.is_none() && self.content.is_none()
    }

    /// Refuses one that would cost too much with each message.
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

    /// Whether a message is one of those.
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
    /// Whether its payload is still there.
    pub(crate) fn is_readable(&self, now: Timestamp) -> bool {
        self.payload.is_some() && self.expires_at.is_none_or(|at| at > now)
    }

    /// Whether a text within the payload begins like this, whatever its case.
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

/// Forgets what a message said. Nothing more of it is delivered.
///
/// # Errors
/// `NotFound`.
pub async fn expunge(tx: &mut Tx, caller: &Caller, application: &Application, id: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    let message = get(tx, application, id).await?;
    queries::expunge(tx, &application.id, &message.id).await?;
    Ok(())
}

/// A message as it would be stored, for looking at.
///
/// # Errors
/// `InvalidField` for a name that cannot be.
pub fn preview(webhooks: &Webhooks, application: &Application, new: NewMessage) -> Result<Message> {
    let now = webhooks.clock.now();
    Ok(accept::message_of(&application.id, new.checked(now)?, now))
}

/// Whether a message of this kind would go to any endpoint.
///
/// # Errors
/// `InvalidField` for a name that cannot be.
pub async fn would_be_sent(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    event_type: String,
    channels: Option<Vec<String>>,
) -> Result<bool> {
    let now = webhooks.clock.now();
    let new = NewMessage { event_type, channels, ..NewMessage::default() }.checked(now)?;
    let message = accept::message_of(&application.id, new, now);
    let entry = webhooks.directory.at_revision(tx, webhooks, &application.id, application.revision).await?;
    Ok(entry.is_some_and(|entry| entry.targets.iter().any(|target| target.wants(&message))))
}
