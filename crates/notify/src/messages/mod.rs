//! Notifications as they are stored: feed items and mails, and what their recipients did with them.

mod queries;

use campanile_accounts::PersonId;
use campanile_base::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use queries::{feed, insert, list, mail, mark, mark_all, meta, set_status};

campanile_base::id_type!(
    /// One notification.
    pub NotificationId, "ntf"
);

/// Through what a notification goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The feed with the bell.
    InApp,
    /// Mail.
    Email,
}

/// How far a notification got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The mail server has taken it.
    Sent,
    /// It could not be delivered.
    Undelivered,
    /// There is nothing to send it with.
    NotSent,
}

/// What a recipient did with an item.
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
}

/// A notification about to be stored.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// Its id.
    pub id: NotificationId,
    /// What made it.
    pub workflow: &'static str,
    /// Through what it goes.
    pub channel: Channel,
    /// To whom.
    pub recipient: PersonId,
    /// To which address, for mail.
    pub address: Option<String>,
    /// One line.
    pub subject: String,
    /// Markdown in the feed, HTML in a mail.
    pub body: String,
    /// The text part of a mail.
    pub text_body: Option<String>,
}

/// What a mail is made of.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To whom.
    pub address: String,
    /// Its subject.
    pub subject: String,
    /// Its HTML part.
    pub html: String,
    /// Its text part.
    pub text: String,
}

/// An item of a feed.
#[derive(Debug, Clone)]
pub struct FeedItem {
    /// Its id.
    pub id: String,
    /// Within which workspace.
    pub tenant: String,
    /// What made it.
    pub workflow: String,
    /// What the trigger brought.
    pub data: Value,
    /// One line.
    pub subject: String,
    /// Markdown.
    pub body: String,
    /// When it was put there.
    pub inserted_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// When it was seen.
    pub seen_at: Option<Timestamp>,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// When it was clicked.
    pub interacted_at: Option<Timestamp>,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
}

/// Which items of a feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FeedStatus {
    #[default]
    All,
    Unseen,
    Unread,
    Read,
}

/// How many items a feed has.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct FeedMeta {
    /// All that are not archived.
    pub total_count: i64,
    /// Those not read.
    pub unread_count: i64,
    /// Those not seen.
    pub unseen_count: i64,
}

/// A notification as an operator sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NotificationSummary {
    /// Its id.
    pub id: String,
    /// What made it.
    pub workflow: String,
    /// `in_app` or `email`.
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

impl Channel {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Email => "email",
        }
    }
}

impl Status {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Undelivered => "undelivered",
            Self::NotSent => "not_sent",
        }
    }
}

impl Mark {
    /// By the Knock API's word for it.
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
}

impl FeedStatus {
    /// By the Knock API's word for it; an unknown one is all.
    pub fn parse(word: &str) -> Self {
        match word {
            "unseen" => Self::Unseen,
            "unread" => Self::Unread,
            "read" => Self::Read,
            _ => Self::All,
        }
    }
}
