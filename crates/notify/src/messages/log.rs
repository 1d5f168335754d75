//! The log of a message. Each line has a time, a word for the event, and further data as JSON.
//!
//! A line is appended by the statement that changes the message, also for many messages at once. So
//! events have no stored ids. Their ids are computed from the line's time and its number, and are
//! always the same.

use campanile_base::{Error, Result, Timestamp, ksuid_of};
use campanile_db::stored_json;
use serde_json::{Value, json};

use crate::Reference;

macro_rules! kinds {
    ($($name:ident => $word:literal),* $(,)?) => {
        /// The kinds of events of a message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum EventKind { $($name),* }

        impl EventKind {
            /// The name without the beginning `message.`.
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
    /// The full name, as `message.read`.
    pub(crate) fn name(self) -> String {
        format!("message.{}", self.word())
    }

    /// True if an organisation's systems are notified of it. They are not notified of a message's
    /// first steps.
    pub(crate) fn is_told(self) -> bool {
        !matches!(self, Self::Created | Self::Queued | Self::NotSent)
    }
}

/// An event of a message.
#[derive(Debug, Clone)]
pub struct Event {
    /// A KSUID.
    pub id: String,
    /// The kind.
    pub kind: EventKind,
    /// Further data.
    pub data: Option<Value>,
    /// The time.
    pub at: Timestamp,
}

impl Event {
    /// The JSON of the API.
    pub fn view(&self, recipient: &Reference) -> Value {
        json!({
            "__typename": "MessageEvent", "id": self.id, "type": self.kind.name(),
            "recipient": recipient, "data": self.data, "inserted_at": self.at,
        })
    }
}

/// Writes a line of a log.
pub(crate) fn line(at: Timestamp, kind: EventKind, data: Option<&Value>) -> String {
    let data = data.map(Value::to_string).unwrap_or_default();
    format!("{} {} {data}\n", at.as_micros(), kind.word())
}

/// The kinds of a log's events, without their times and data.
pub(crate) fn kinds(log: &str) -> impl Iterator<Item = EventKind> {
    log.lines().filter_map(|line| EventKind::parse(line.split(' ').nth(1)?))
}

/// Reads a log.
///
/// # Errors
/// `Internal`, with the message's id, when a line cannot be read.
pub(crate) fn read(message: &str, log: &str) -> Result<Vec<Event>> {
    let unreadable = |index| {
        Error::internal(format!("the row {message:?} of notify_message has a log whose line {index} cannot be read"))
    };
    let events = log.lines().enumerate().map(|(index, line)| {
        let mut parts = line.splitn(3, ' ');
        let at = parts.next().and_then(|at| at.parse().ok()).map(Timestamp::from_micros);
        let kind = parts.next().and_then(EventKind::parse);
        let (at, kind) = at.zip(kind).ok_or_else(|| unreadable(index))?;
        let data = parts.next().filter(|data| !data.is_empty());
        let data = data.map(|data| stored_json("notify_message", message, data)).transpose()?;
        Ok(Event { id: ksuid_of(at, &[message, &index.to_string()]), kind, data, at })
    });
    events.collect()
}

#[cfg(test)]
mod tests {
    use campanile_base::Timestamp;
    use serde_json::json;

    use super::{EventKind, line, read};

    #[test]
    fn a_log_is_read_whole_or_refused() {
        let now = Timestamp::from_seconds(1);
        let whole = line(now, EventKind::Created, None) + &line(now, EventKind::Bounced, Some(&json!({ "why": 1 })));
        let events = read("msg_1", &whole).unwrap();
        assert_eq!((events[0].kind, events[0].data.clone()), (EventKind::Created, None));
        assert_eq!((events[1].kind, events[1].data.clone()), (EventKind::Bounced, Some(json!({ "why": 1 }))));
        for broken in ["1 bounced {", "soon bounced {}", "1 flown {}"] {
            let error = read("msg_1", &(whole.clone() + broken)).unwrap_err();
            assert!(error.chain().contains("msg_1"), "{}", error.chain());
        }
    }
}
