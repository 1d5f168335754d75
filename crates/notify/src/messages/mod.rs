//! Messages: one notification to one recipient through one channel, how far it got, and what its recipient did with it.
//!
//! A feed item is delivered by being stored. Every other message is queued, and a job hands it to its channel. What happens to a
//! message is written into its own log, a line each, and told as its [`Event`]s.
//!
//! Marks are times: seen, read, interacted, archived. Who has read has seen, who has interacted has read. Marking again
//! moves the time.

mod log;
mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp, new_ksuid};
use campanile_db::{Found, Range, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::channels::{Channel, ChannelType};
use crate::signals::{self, Happening};
use crate::{Notify, Reference};

pub use log::{Event, EventKind};
pub(crate) use log::{kinds as kinds_in, line as log_line, read as events_in};
pub use queries::{Counts, counts, deliveries};
pub(crate) use queries::{Told, insert, put_into_feeds_since};

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// A KSUID.
    pub id: String,
    /// Through which channel, by its id.
    pub channel_id: String,
    /// The channel's type.
    pub channel_type: ChannelType,
    /// To whom.
    pub recipient: Reference,
    /// Within which tenant.
    pub tenant: Option<String>,
    /// What made it.
    pub source: Source,
    /// Who did what it tells of, ten at most.
    pub actors: Vec<Reference>,
    /// What the run knew.
    pub data: Map<String, Value>,
    /// What a feed item tells of: activities, and how many there were.
    pub activities: Option<Activities>,
    /// What it says, in the shape of its channel.
    pub content: Value,
    /// What its provider said of it.
    pub metadata: Option<Value>,
    /// Where it went.
    pub snapshot: Option<Value>,
    /// How far it got.
    pub status: Status,
    /// What has happened to it.
    pub log: String,
    /// When it may go out, if not at once.
    pub scheduled_at: Option<Timestamp>,
    /// When it was made.
    pub inserted_at: Timestamp,
    /// When something last happened to it.
    pub updated_at: Timestamp,
    /// What its recipient did with it.
    pub marks: Marks,
}

/// What made a message.
#[derive(Debug, Clone)]
pub struct Source {
    /// `workflow`, or `guide`.
    pub kind: String,
    /// The workflow's key.
    pub key: String,
    /// Its version.
    pub version_id: String,
    /// Its categories.
    pub categories: Vec<String>,
    /// The step.
    pub step: Option<String>,
    /// The trigger.
    pub workflow_run_id: Option<String>,
    /// What the trigger did for this recipient.
    pub recipient_run_id: Option<String>,
}

/// What a message tells of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Activities {
    /// Those that are shown.
    pub items: Vec<Value>,
    /// How many there were.
    pub total: i64,
    /// Of how many actors.
    pub total_actors: i64,
}

/// What a recipient did with a message, and when last.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Marks {
    pub seen_at: Option<Timestamp>,
    pub read_at: Option<Timestamp>,
    pub interacted_at: Option<Timestamp>,
    pub link_clicked_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
}

/// How far a message got.
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

/// What can be done with a message by who received it.
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

impl Status {
    /// As it is stored and written.
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

    /// By its name.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(Value::String(name.to_owned())).ok()
    }
}

impl Mark {
    /// By the Knock API's words for it.
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

    /// What takes it back.
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

    /// As an event.
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
}

impl Message {
    /// A message that is made now, and queued: without a tenant, and with nothing to say yet.
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

    /// Notes what has happened to it.
    pub fn note(&mut self, at: Timestamp, kind: EventKind, data: Option<&Value>) {
        self.log.push_str(&log::line(at, kind, data));
        self.updated_at = at;
    }

    /// What has happened to it, oldest first.
    pub fn events(&self) -> Vec<Event> {
        log::read(&self.id, &self.log)
    }

    /// What was done with it, by the Knock API's words.
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

    /// As the API shows it, with its channel.
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
    /// As the API shows them.
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
    /// What made it.
    pub workflow: String,
    /// The type of its channel, as `in_app_feed` or `email`.
    pub channel: String,
    /// To whom.
    pub recipient_id: String,
    /// One line.
    pub subject: String,
    /// How far it got.
    pub status: String,
    /// Why not further.
    pub error: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub inserted_at: Timestamp,
}

impl From<&Message> for NotificationSummary {
    fn from(message: &Message) -> Self {
        let content = &message.content;
        let subject = match message.channel_type {
            ChannelType::InAppFeed => {
                crate::markdown::text_of_html(content["blocks"][0]["rendered"].as_str().unwrap_or_default())
            }
            _ => {
                let said = ["subject_line", "title", "body", "summary", "url"];
                said.iter().find_map(|name| content[*name].as_str()).unwrap_or_default().to_owned()
            }
        };
        let events = message.events();
        let why = events.iter().rev().find_map(|event| event.data.as_ref()?["failure_details"].as_str());
        Self {
            id: message.id.clone(),
            workflow: message.source.key.clone(),
            channel: message.channel_type.as_str().to_owned(),
            recipient_id: message.recipient.id.clone(),
            subject,
            status: message.status.as_str().to_owned(),
            error: why.map(str::to_owned),
            inserted_at: message.inserted_at,
        }
    }
}

/// Which messages.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// To whom.
    pub recipient: Option<Reference>,
    /// Of users' messages those to this one only, beside all to objects: who asks may read no other's.
    pub reader: Option<String>,
    /// Through which channel, by its id.
    pub channel: Option<String>,
    /// Within which tenant.
    pub tenant: TenantFilter,
    /// How far they got; any of these.
    pub statuses: Vec<String>,
    /// What was done with them; all of these.
    pub engagements: Vec<String>,
    /// These, by id.
    pub ids: Vec<String>,
    /// Of one of these categories, three at most.
    pub categories: Vec<String>,
    /// Of one of these workflows, by key.
    pub workflows: Vec<String>,
    /// Of this trigger.
    pub workflow_run_id: Option<String>,
    /// Of this recipient's run.
    pub recipient_run_id: Option<String>,
    /// Whose data has all of these, four at most.
    pub data: Map<String, Value>,
    /// Whether archived ones are among them.
    pub archived: Archived,
}

/// Of which tenants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TenantFilter {
    /// Of any, and of none.
    #[default]
    Any,
    /// Of any.
    Some,
    /// Of none.
    None,
    /// Of this.
    Only(String),
    /// Of this, and of none.
    OrNone(String),
}

impl TenantFilter {
    /// By a tenant and whether there is to be one, as the feed is asked.
    pub fn of(tenant: Option<&str>, has_tenant: Option<bool>) -> Self {
        match (tenant, has_tenant) {
            (Some(tenant), Some(true)) => Self::Only(tenant.to_owned()),
            // Some clients always say false, and do not mean it.
            (Some(tenant), _) => Self::OrNone(tenant.to_owned()),
            (None, Some(true)) => Self::Some,
            (None, Some(false)) => Self::None,
            (None, None) => Self::Any,
        }
    }

    /// Whether a message of a tenant is of these.
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

/// Whether archived messages are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Archived {
    #[default]
    Exclude,
    Include,
    Only,
}

impl Archived {
    /// By the Knock API's words; unknown ones exclude.
    pub fn parse(word: Option<&str>) -> Self {
        match word {
            Some("include") => Self::Include,
            Some("only") => Self::Only,
            _ => Self::Exclude,
        }
    }
}

/// What of a run's data can be asked for: scalars at the top, long texts cut.
pub fn facts(data: &Map<String, Value>) -> Map<String, Value> {
    let scalars = data.iter().filter(|(_, value)| !value.is_array() && !value.is_object());
    let cut = |value: &Value| match value {
        Value::String(text) => Value::String(text.chars().take(256).collect()),
        other => other.clone(),
    };
    scalars.map(|(key, value)| (key.clone(), cut(value))).collect()
}

/// One of an organisation's messages.
///
/// # Errors
/// What the database says.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Message>> {
    Ok(queries::these(tx, organisation, &[id.to_owned()]).await?.into_iter().next())
}

/// Those of these that there are, in the order in which they are named.
///
/// # Errors
/// What the database says.
pub async fn these(tx: &mut Tx, organisation: &OrganisationId, ids: &[String]) -> Result<Vec<Message>> {
    let mut found = queries::these(tx, organisation, ids).await?;
    found.sort_by_key(|message| ids.iter().position(|id| *id == message.id));
    Ok(found)
}

/// A stretch of the messages, by id.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, filter: &Filter, range: &Range) -> Result<Vec<Message>> {
    Ok(queries::list(tx, organisation, filter, range).await?.0)
}

/// A stretch of a user's feed, by id.
///
/// # Errors
/// What the database says.
pub async fn feed(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<Found<Message>> {
    let (rows, is_cut) = queries::feed(tx, organisation, filter, range).await?;
    Ok(Found::cut(rows, is_cut, None, |message| message.id.clone()))
}

/// Like [`list`], for those who page through it: of what a filter does not let through, so many are looked at for one page.
///
/// # Errors
/// What the database says.
pub async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<Found<Message>> {
    let (range, stop) = queries::bounded(tx, organisation, range).await?;
    let (rows, is_cut) = queries::list(tx, organisation, filter, &range).await?;
    let stop = stop.filter(|_| (rows.len() as i64) < range.limit);
    Ok(Found::cut(rows, is_cut, stop, |message| message.id.clone()))
}

/// Marks messages, only those to one user where one is given; answers those that were marked.
///
/// # Errors
/// What the database says.
pub async fn mark(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    only_user: Option<&str>,
    ids: &[String],
    (mark, data): (Mark, Option<&Value>),
    now: Timestamp,
) -> Result<Vec<Message>> {
    let mut found = these(tx, organisation, ids).await?;
    found.retain(|message| only_user.is_none_or(|user| message.recipient.is_user() && message.recipient.id == user));
    let marked: Vec<&str> = found.iter().map(|message| message.id.as_str()).collect();
    self::set_marks(tx, notify, organisation, &marked, (mark, data), now).await?;
    let marked: Vec<String> = marked.into_iter().map(str::to_owned).collect();
    these(tx, organisation, &marked).await
}

/// Marks all messages that a filter lets through and that are not marked so yet, so many at most; answers how many there were.
///
/// # Errors
/// What the database says.
pub async fn mark_where(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
    mark: Mark,
    now: Timestamp,
) -> Result<u64> {
    let yet = mark.event().yet();
    let engagements = filter.engagements.iter().cloned().chain(yet.map(str::to_owned)).collect();
    let filter = Filter { engagements, ..filter.clone() };
    let found = queries::ids(tx, organisation, &filter, range).await?;
    let ids: Vec<&str> = found.iter().map(String::as_str).collect();
    set_marks(tx, notify, organisation, &ids, (mark, None), now).await
}

async fn set_marks(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    ids: &[&str],
    (mark, data): (Mark, Option<&Value>),
    now: Timestamp,
) -> Result<u64> {
    let line = log::line(now, mark.event(), data);
    let marked = queries::mark(tx, organisation, ids, mark, &line, now).await?;
    let happened = ids.iter().map(|id| Happening::Message { id: (*id).to_owned(), lines: line.clone() });
    signals::raise(tx, notify, organisation, happened.collect()).await?;
    Ok(marked)
}

/// Writes down how far messages got.
///
/// # Errors
/// What the database says.
pub(crate) async fn append(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    told: &[Told],
    now: Timestamp,
) -> Result<()> {
    queries::append(tx, organisation, told, now).await?;
    let happened = told.iter().map(|told| Happening::Message { id: told.id.clone(), lines: told.log.clone() });
    signals::raise(tx, notify, organisation, happened.collect()).await
}

/// Forgets messages.
///
/// # Errors
/// What the database says.
pub(crate) async fn forget(tx: &mut Tx, organisation: &OrganisationId, ids: &[String]) -> Result<()> {
    Ok(queries::delete(tx, organisation, ids).await?)
}
