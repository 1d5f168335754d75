//! What has happened to a message: lines of a time, a word, and what else there is to say, as JSON.
//!
//! A line is appended in the statement that changes the message, also of many messages at once; so events have no ids of
//! their own in the table, but always come to the same ones.

use campanile_base::{Timestamp, ksuid_of};
use serde_json::{Value, json};

use crate::Reference;

macro_rules! kinds {
    ($($name:ident => $word:literal),* $(,)?) => {
        /// Something that can happen to a message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum EventKind { $($name),* }

        impl EventKind {
            /// Without what all of them begin with.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }
    };
}
kinds! {
    Created => "created", Queued => "queued", Sent => "sent", Delivered => "delivered",
    DeliveryAttempted => "delivery_attempted", Undelivered => "undelivered", Bounced => "bounced", NotSent => "not_sent",
    Read => "read", Unread => "unread", Seen => "seen", Unseen => "unseen", Archived => "archived",
    Unarchived => "unarchived", Interacted => "interacted", LinkClicked => "link_clicked",
}

impl EventKind {
    /// As `message.read`.
    pub(crate) fn name(self) -> String {
        format!("message.{}", self.word())
    }

    /// Whether an organisation's systems are told of it: not of how a message began.
    pub(crate) fn is_told(self) -> bool {
        !matches!(self, Self::Created | Self::Queued | Self::NotSent)
    }

    /// What a message is that this has not happened to, where there is a word for it.
    pub(super) fn yet(self) -> Option<&'static str> {
        Some(match self {
            Self::Seen => "unseen",
            Self::Unseen => "seen",
            Self::Read => "unread",
            Self::Unread => "read",
            Self::Archived => "unarchived",
            Self::Unarchived => "archived",
            _ => return None,
        })
    }
}

/// Something that happened to a message.
#[derive(Debug, Clone)]
pub struct Event {
    /// A KSUID.
    pub id: String,
    /// What.
    pub kind: EventKind,
    /// What else there is to say.
    pub data: Option<Value>,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// As the API shows it.
    pub fn view(&self, recipient: &Reference) -> Value {
        json!({
            "__typename": "MessageEvent", "id": self.id, "type": self.kind.name(),
            "recipient": recipient, "data": self.data, "inserted_at": self.at,
        })
    }
}

/// A line of a log.
pub(crate) fn line(at: Timestamp, kind: EventKind, data: Option<&Value>) -> String {
    let data = data.map(Value::to_string).unwrap_or_default();
    format!("{} {} {data}\n", at.as_micros(), kind.word())
}

/// What has happened by a log, and nothing else of it.
pub(crate) fn kinds(log: &str) -> impl Iterator<Item = EventKind> {
    log.lines().filter_map(|line| EventKind::parse(line.split(' ').nth(1)?))
}

pub(crate) fn read(message: &str, log: &str) -> Vec<Event> {
    let events = log.lines().enumerate().filter_map(|(index, line)| {
        let mut parts = line.splitn(3, ' ');
        let at = Timestamp::from_micros(parts.next()?.parse().ok()?);
        let kind = EventKind::parse(parts.next()?)?;
        let data = parts.next().and_then(|data| serde_json::from_str(data).ok());
        Some(Event { id: ksuid_of(at, &[message, &index.to_string()]), kind, data, at })
    });
    events.collect()
}
