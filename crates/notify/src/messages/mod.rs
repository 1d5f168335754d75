//! Messages: a message is one notification to one recipient through one channel, with its delivery
//! status and the recipient's marks.
//!
//! A feed item is delivered when it is stored. Every other message is queued, and a job hands it to
//! its channel. Everything that happens to a message is a line in its own log. The API shows the
//! lines as [`Event`]s.
//!
//! Marks are times: seen, read, interacted, archived. A message that is marked as read is also
//! marked as seen. One that is marked as interacted is also marked as read. Marking again changes
//! the time.

mod changes;
mod log;
mod queries;

use campanile_accounts::{OrganisationId, Privacy};
use campanile_base::{Result, Timestamp, new_ksuid};
use campanile_db::{FilteredRows, Range, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Reference;
use crate::channels::{Channel, ChannelType};
use campanile_channels::DeliveryState;

pub(crate) use changes::append;
pub use changes::{mark, mark_where};
pub use log::{Event, EventKind};
pub(crate) use log::{kinds as kinds_in, line as log_line, read as events_in};
pub use queries::{Counts, counts, deliveries};
pub(crate) use queries::{StatusUpdate, insert, put_into_feeds_since};

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// A KSUID.
    pub id: String,
    /// The channel's id.
    pub channel_id: String,
    /// The channel's type.
    pub channel_type: ChannelType,
    /// The recipient.
    pub recipient: Reference,
    /// The tenant, if any.
    pub tenant: Option<String>,
    /// The workflow or guide that made the message.
    pub source: Source,
    /// The actors, ten at most.
    pub actors: Vec<Reference>,
    /// The data of the run.
    pub data: Map<String, Value>,
    /// The activities of a feed item, if a batch has gathered them.
    pub activities: Option<Activities>,
    /// The rendered content, in the shape of its channel.
    pub content: Value,
    /// The provider's metadata, if any.
    pub metadata: Option<Value>,
    /// The address, as it is shown.
    pub snapshot: Option<Value>,
    /// The delivery status.
    pub status: Status,
    /// The log of events, a line each.
    pub log: String,
    /// The time at which it may go out, if not at once.
    pub scheduled_at: Option<Timestamp>,
    /// The time at which it was made.
    pub inserted_at: Timestamp,
    /// The time of the latest event.
    pub updated_at: Timestamp,
    /// The recipient's marks.
    pub marks: Marks,
}

/// The source of a message.
#[derive(Debug, Clone)]
pub struct Source {
    /// `workflow` or `guide`.
    pub kind: String,
    /// The key of the workflow or guide.
    pub key: String,
    /// Its version.
    pub version_id: String,
    /// Its categories.
    pub categories: Vec<String>,
    /// The step's reference.
    pub step: Option<String>,
    /// The id of the trigger's workflow run.
    pub workflow_run_id: Option<String>,
    /// The id of the recipient's run.
    pub recipient_run_id: Option<String>,
}

/// The activities that a batch has gathered for a feed item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Activities {
    /// The activities that are shown.
    pub items: Vec<Value>,
    /// The number of all activities.
    pub total: i64,
    /// The number of their actors.
    pub total_actors: i64,
}

/// The recipient's marks on a message, with the time of the latest one.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Marks {
    pub seen_at: Option<Timestamp>,
    pub read_at: Option<Timestamp>,
    pub interacted_at: Option<Timestamp>,
    pub link_clicked_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
}

/// The delivery status of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Status {
    Queued,
    Sent,
    Delivered,
    DeliveryAttempted,
    Undelivered,
    NotSent,
    Bounced,
}

/// The marks that a recipient can set on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Mark {
    Seen,
    Unseen,
    Read,
    Unread,
    Interacted,
    Archived,
    Unarchived,
    LinkClicked,
}

/// The state of one mark of a message: it has it, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Engagement {
    Seen,
    Unseen,
    Read,
    Unread,
    Interacted,
    LinkClicked,
    Archived,
    Unarchived,
}

impl Engagement {
    /// Reads the word of a filter. Returns `None` for a word that filters nothing.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "seen" => Self::Seen,
            "unseen" => Self::Unseen,
            "read" => Self::Read,
            "unread" => Self::Unread,
            "interacted" => Self::Interacted,
            "link_clicked" => Self::LinkClicked,
            "archived" => Self::Archived,
            "unarchived" => Self::Unarchived,
            _ => return None,
        })
    }
}

impl Status {
    /// The name, as it is stored and as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::DeliveryAttempted => "delivery_attempted",
            Self::Undelivered => "undelivered",
            Self::NotSent => "not_sent",
            Self::Bounced => "bounced",
        }
    }

    /// Reads a status from its name.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(Value::String(name.to_owned())).ok()
    }
}

impl Mark {
    /// Reads a mark from its name in the Knock API.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "seen" => Self::Seen,
            "unseen" => Self::Unseen,
            "read" => Self::Read,
            "unread" => Self::Unread,
            "interacted" => Self::Interacted,
            "archived" | "archive" => Self::Archived,
            "unarchived" | "unarchive" => Self::Unarchived,
            _ => return None,
        })
    }

    /// The mark that reverses this one. A mark that cannot be reversed is returned as it is.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Seen => Self::Unseen,
            Self::Unseen => Self::Seen,
            Self::Read => Self::Unread,
            Self::Unread => Self::Read,
            Self::Archived => Self::Unarchived,
            Self::Unarchived => Self::Archived,
            other => other,
        }
    }

    /// The event of the mark.
    pub fn event(self) -> EventKind {
        match self {
            Self::Seen => EventKind::Seen,
            Self::Unseen => EventKind::Unseen,
            Self::Read => EventKind::Read,
            Self::Unread => EventKind::Unread,
            Self::Interacted => EventKind::Interacted,
            Self::Archived => EventKind::Archived,
            Self::Unarchived => EventKind::Unarchived,
            Self::LinkClicked => EventKind::LinkClicked,
        }
    }

    /// The state of a message without this mark; `None` for a mark that is set as often as it happens.
    fn missing(self) -> Option<Engagement> {
        Some(match self {
            Self::Seen => Engagement::Unseen,
            Self::Unseen => Engagement::Seen,
            Self::Read => Engagement::Unread,
            Self::Unread => Engagement::Read,
            Self::Archived => Engagement::Unarchived,
            Self::Unarchived => Engagement::Archived,
            Self::Interacted | Self::LinkClicked => return None,
        })
    }
}

impl Message {
    /// A queued message that is made now, without a tenant and without content.
    pub(crate) fn new(channel: &Channel, recipient: Reference, source: Source, now: Timestamp) -> Self {
        let mut message = Self {
            id: new_ksuid(now),
            channel_id: channel.id.clone(),
            channel_type: channel.kind,
            recipient,
            tenant: None,
            source,
            actors: Vec::new(),
            data: Map::new(),
            activities: None,
            content: json!({}),
            metadata: None,
            snapshot: None,
            status: Status::Queued,
            log: String::new(),
            scheduled_at: None,
            inserted_at: now,
            updated_at: now,
            marks: Marks::default(),
        };
        message.note(now, EventKind::Created, None);
        message
    }

    /// Adds an event to the log.
    pub fn note(&mut self, at: Timestamp, kind: EventKind, data: Option<&Value>) {
        self.log.push_str(&log::line(at, kind, data));
        self.updated_at = at;
    }

    /// The events, oldest first.
    ///
    /// # Errors
    /// `Internal` when the log cannot be read.
    pub fn events(&self) -> Result<Vec<Event>> {
        log::read(&self.id, &self.log)
    }

    /// The names of its marks in the Knock API.
    pub fn engagements(&self) -> Vec<&'static str> {
        let Marks { seen_at, read_at, interacted_at, link_clicked_at, archived_at } = self.marks;
        let all = [
            (seen_at, "seen"),
            (read_at, "read"),
            (interacted_at, "interacted"),
            (link_clicked_at, "link_clicked"),
            (archived_at, "archived"),
        ];
        all.into_iter().filter(|(at, _)| at.is_some()).map(|(_, word)| word).collect()
    }

    /// The JSON of the API, with the channel if it is given.
    pub fn view(&self, channel: Option<Value>) -> Value {
        let Source { kind, key, version_id, categories, step, workflow_run_id, recipient_run_id } = &self.source;
        let mut view = json!({
            "__typename": "Message",
            "id": self.id,
            "channel_id": self.channel_id,
            "recipient": self.recipient,
            "recipient_snapshot": self.snapshot,
            "actors": self.actors,
            "workflow": key,
            "source": {
                "__typename": "NotificationSource", "key": key, "version_id": version_id, "categories": categories,
                "step_ref": step, "type": kind, "workflow_run_id": workflow_run_id,
                "workflow_recipient_run_id": recipient_run_id,
            },
            "tenant": self.tenant,
            "data": self.data,
            "metadata": self.metadata,
            "status": self.status,
            "engagement_statuses": self.engagements(),
            "scheduled_at": self.scheduled_at,
            "inserted_at": self.inserted_at,
            "updated_at": self.updated_at,
        });
        let marks = self.marks.view();
        if let (Value::Object(view), Value::Object(marks)) = (&mut view, marks) {
            view.extend(marks);
            view.extend(channel.map(|channel| ("channel".to_owned(), channel)));
        }
        view
    }
}

impl Marks {
    /// The JSON of the API.
    pub fn view(&self) -> Value {
        json!({
            "seen_at": self.seen_at, "read_at": self.read_at, "interacted_at": self.interacted_at,
            "link_clicked_at": self.link_clicked_at, "clicked_at": self.link_clicked_at,
            "archived_at": self.archived_at,
        })
    }
}

/// A message as an operator sees it in a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NotificationSummary {
    /// Its id.
    pub id: String,
    /// The key of the workflow or guide.
    pub workflow: String,
    /// The type of its channel, as `in_app_feed` or `email`.
    pub channel: String,
    /// The recipient.
    pub recipient_id: String,
    /// The subject or the beginning, in one line.
    pub subject: String,
    /// The delivery status.
    pub status: String,
    /// The reason of the failure, if any.
    pub error: Option<String>,
    /// The time at which it was made.
    #[schema(value_type = String, format = DateTime)]
    pub inserted_at: Timestamp,
}

impl NotificationSummary {
    /// The summary of a message.
    ///
    /// # Errors
    /// `Internal` when its log cannot be read.
    pub fn of(message: &Message) -> Result<Self> {
        let content = &message.content;
        let subject = match message.channel_type {
            ChannelType::InAppFeed => campanile_documents::markdown::text_of_html(
                content["blocks"][0]["rendered"].as_str().unwrap_or_default(),
            ),
            _ => {
                let said = ["subject_line", "title", "body", "summary", "url"];
                said.iter().find_map(|name| content[*name].as_str()).unwrap_or_default().to_owned()
            }
        };
        let events = message.events()?;
        let why = events.iter().rev().find_map(|event| event.data.as_ref()?["failure_details"].as_str());
        Ok(Self {
            id: message.id.clone(),
            workflow: message.source.key.clone(),
            channel: message.channel_type.as_str().to_owned(),
            recipient_id: message.recipient.id.clone(),
            subject,
            status: message.status.as_str().to_owned(),
            error: why.map(str::to_owned),
            inserted_at: message.inserted_at,
        })
    }
}

/// The status of a message in this state, and the event that leads to it.
pub(crate) fn of_state(state: DeliveryState) -> (Status, EventKind) {
    match state {
        DeliveryState::Sent => (Status::Sent, EventKind::Sent),
        DeliveryState::Delivered => (Status::Delivered, EventKind::Delivered),
        DeliveryState::Undelivered => (Status::Undelivered, EventKind::Undelivered),
        DeliveryState::Bounced => (Status::Bounced, EventKind::Bounced),
    }
}

/// A filter of messages.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The recipient.
    pub recipient: Option<Reference>,
    /// The users whose messages are left out; messages to objects are not.
    pub privacy: Privacy,
    /// The channel's id.
    pub channel: Option<String>,
    /// The tenants.
    pub tenant: TenantFilter,
    /// The delivery statuses: any of these.
    pub statuses: Vec<String>,
    /// The marks: all of these.
    pub engagements: Vec<Engagement>,
    /// The ids: any of these.
    pub ids: Vec<String>,
    /// The categories: any of these, three at most.
    pub categories: Vec<String>,
    /// The workflows' keys: any of these.
    pub workflows: Vec<String>,
    /// The id of the trigger's workflow run.
    pub workflow_run_id: Option<String>,
    /// The id of the recipient's run.
    pub recipient_run_id: Option<String>,
    /// Values in the messages' data: all of these, four at most.
    pub data: Map<String, Value>,
    /// Excludes or includes archived messages, or selects only these.
    pub archived: Archived,
}

/// A filter by tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TenantFilter {
    /// Messages of any tenant, and of none.
    #[default]
    Any,
    /// Messages of any tenant.
    Some,
    /// Messages of no tenant.
    None,
    /// Messages of this tenant.
    Only(String),
    /// Messages of this tenant, and of none.
    OrNone(String),
}

impl TenantFilter {
    /// Builds the filter from the two parameters of a feed request.
    pub fn of(tenant: Option<&str>, has_tenant: Option<bool>) -> Self {
        match (tenant, has_tenant) {
            (Some(tenant), Some(true)) => Self::Only(tenant.to_owned()),
            // Some clients always send `has_tenant=false`, without meaning it.
            (Some(tenant), _) => Self::OrNone(tenant.to_owned()),
            (None, Some(true)) => Self::Some,
            (None, Some(false)) => Self::None,
            (None, None) => Self::Any,
        }
    }

    /// True if the filter lets a tenant's message through.
    pub fn holds(&self, tenant: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Some => tenant.is_some(),
            Self::None => tenant.is_none(),
            Self::Only(only) => tenant == Some(only),
            Self::OrNone(only) => tenant.is_none_or(|tenant| tenant == only),
        }
    }
}

/// A filter by the mark `archived`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Archived {
    #[default]
    Exclude,
    Include,
    Only,
}

impl Archived {
    /// Reads the name in the Knock API. An unknown name excludes.
    pub fn parse(word: Option<&str>) -> Self {
        match word {
            Some("include") => Self::Include,
            Some("only") => Self::Only,
            _ => Self::Exclude,
        }
    }
}

/// The values of a run's data that filters can use: scalars at the top level, texts cut to 256
/// characters.
pub fn facts(data: &Map<String, Value>) -> Map<String, Value> {
    let scalars = data.iter().filter(|(_, value)| !value.is_array() && !value.is_object());
    let cut = |value: &Value| match value {
        Value::String(text) => Value::String(text.chars().take(256).collect()),
        other => other.clone(),
    };
    scalars.map(|(key, value)| (key.clone(), cut(value))).collect()
}

/// One of an organisation's messages.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Message>> {
    Ok(queries::these(tx, organisation, &[id.to_owned()]).await?.into_iter().next())
}

/// The messages with these ids, in the order of the ids. Ids without a message are left out.
pub async fn these(tx: &mut Tx, organisation: &OrganisationId, ids: &[String]) -> Result<Vec<Message>> {
    let mut found = queries::these(tx, organisation, ids).await?;
    found.sort_by_key(|message| ids.iter().position(|id| *id == message.id));
    Ok(found)
}

/// A page of the messages, by id.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, filter: &Filter, range: &Range) -> Result<Vec<Message>> {
    Ok(queries::list(tx, organisation, filter, range).await?.0)
}

/// A page of a user's feed, by id.
pub async fn feed(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<FilteredRows<Message>> {
    let (rows, is_cut) = queries::feed(tx, organisation, filter, range).await?;
    Ok(FilteredRows::cut(rows, is_cut, None, |message| message.id.clone()))
}

/// Like [`list`], for clients that page through the messages. The number of rows that are read for
/// one page is limited, so a strict filter may return fewer messages and the place where reading
/// stopped.
pub async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<FilteredRows<Message>> {
    let (range, stop) = queries::bounded(tx, organisation, range).await?;
    let (rows, is_cut) = queries::list(tx, organisation, filter, &range).await?;
    let stop = stop.filter(|_| (rows.len() as i64) < range.limit);
    Ok(FilteredRows::cut(rows, is_cut, stop, |message| message.id.clone()))
}

/// Deletes messages.
pub(crate) async fn forget(tx: &mut Tx, organisation: &OrganisationId, ids: &[String]) -> Result<()> {
    Ok(queries::delete(tx, organisation, ids).await?)
}
