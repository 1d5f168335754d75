//! The source event: a delivery in normalised form. The inbound side passes it to memory. It is
//! defined here because neither of the two may depend on the other.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plain_text::{one_line, plain_lines};
use crate::web_address::if_web;
use crate::{Timestamp, is_web_address};

/// The metadata field that says how an event reached us; absent for one that the provider sent.
pub const ORIGIN: &str = "origin";
/// The value of [`ORIGIN`] for an event of a tool's history. Such an event rings nobody.
pub const HISTORY: &str = "backfill";

/// An event: its type, subject, actor and references.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceEvent {
    /// The provider's name, such as `github`.
    pub provider: String,
    /// The provider's event type: `push`, `pull_request.merged`, `deployment.succeeded`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The identity of the event: it keeps the same id, even if it is delivered several times.
    pub source_id: String,
    /// One line, at most 200 characters.
    pub title: String,
    /// The text of the event, at most 10,000 characters.
    pub body: String,
    /// The person who caused it, if the provider names one.
    pub actor: Option<EventActor>,
    /// The time it happened.
    pub occurred_at: Timestamp,
    /// The repository in which numbers such as `#12` count, by the name used in keys.
    #[serde(skip)]
    pub repository: Option<String>,
    /// Other things that the event refers to.
    pub references: Vec<Reference>,
    /// Further data of the provider. `url` is the address of the event itself.
    pub metadata: Map<String, Value>,
}

impl SourceEvent {
    /// Removes the characters that nobody sees from what is shown of it: title, text, and the actor's name.
    #[must_use]
    pub fn with_plain_texts(mut self) -> Self {
        self.title = one_line(&self.title);
        self.body = plain_lines(&self.body);
        if let Some(actor) = &mut self.actor {
            actor.name = one_line(&actor.name);
        }
        self
    }

    /// Removes the addresses that are not of the web.
    #[must_use]
    pub fn with_web_addresses(mut self) -> Self {
        let is_web = |url: &Value| url.as_str().is_some_and(is_web_address);
        if self.metadata.get("url").is_some_and(|url| !is_web(url)) {
            self.metadata.shift_remove("url");
        }
        for reference in &mut self.references {
            reference.url.take_if(|url| !is_web_address(url));
        }
        if let Some(actor) = &mut self.actor {
            actor.avatar_url.take_if(|url| !is_web_address(url));
        }
        self
    }
}

/// The address of an event at its provider: its own, or else that of the first thing that it refers to.
pub fn address_of(own: Option<String>, references: &[Reference]) -> Option<String> {
    let own = own.filter(|url| is_web_address(url));
    own.or_else(|| references.iter().find_map(|reference| reference.url.clone()))
}

/// A person at the provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventActor {
    /// The provider's id, or the best available name.
    pub id: String,
    /// The login or name.
    pub name: String,
    /// The mail address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// A picture: an address of the web.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "if_web")]
    pub avatar_url: Option<String>,
}

/// A thing that an event refers to.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Reference {
    /// The kind of thing.
    #[serde(rename = "type")]
    pub kind: ReferenceKind,
    /// The form that people write: a SHA, `#12`, `ABC-7`, a branch.
    pub id: String,
    /// The URL at which it can be viewed: an address of the web.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "if_web")]
    pub url: Option<String>,
    /// The relation of the event to it: `fixes`, `merge`, `resolved_by`, `tracked_in`, `linked`, ….
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// The key by which two events are recognised to refer to the same thing. It is `None` if the
    /// reference must not link them, for example for a default branch, which all events share.
    /// `#12` alone would link different repositories, so its key contains the repository's name.
    #[serde(skip)]
    pub key: Option<String>,
    /// True if the event is about this thing, and does not only mention it.
    #[serde(skip)]
    pub is_subject: bool,
}

/// The kinds of reference.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ReferenceKind {
    Commit,
    Branch,
    Pr,
    Issue,
    Deployment,
    Project,
    Cycle,
    Assignee,
    Reviewer,
    Team,
    Label,
    Incident,
    Ticket,
    Service,
}

impl ReferenceKind {
    /// The name that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Branch => "branch",
            Self::Pr => "pr",
            Self::Issue => "issue",
            Self::Deployment => "deployment",
            Self::Project => "project",
            Self::Cycle => "cycle",
            Self::Assignee => "assignee",
            Self::Reviewer => "reviewer",
            Self::Team => "team",
            Self::Label => "label",
            Self::Incident => "incident",
            Self::Ticket => "ticket",
            Self::Service => "service",
        }
    }
}

impl Reference {
    /// A reference that links no events: people, labels, teams, projects.
    pub fn new(kind: ReferenceKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), url: None, label: None, key: None, is_subject: false }
    }

    /// A commit, linked by its SHA.
    pub fn commit(sha: impl Into<String>) -> Self {
        let sha = sha.into();
        Self { key: Some(sha.to_ascii_lowercase()), ..Self::new(ReferenceKind::Commit, sha) }
    }

    /// A branch, linked by its name unless it is a default branch.
    pub fn branch(name: &str, default_branch: Option<&str>) -> Self {
        let everyones = Some(name) == default_branch || name == "main" || name == "master";
        let key = (!everyones).then(|| name.to_owned());
        Self { key, ..Self::new(ReferenceKind::Branch, name) }
    }

    /// An issue by a key such as `ABC-7`, which is unique by itself.
    pub fn issue_key(id: &str) -> Self {
        Self { key: Some(id.to_ascii_uppercase()), ..Self::new(ReferenceKind::Issue, id) }
    }

    /// An issue or pull request by its number in a repository.
    pub fn numbered(kind: ReferenceKind, repository: &str, number: u64) -> Self {
        let key = Some(Self::number_key(repository, number));
        Self { key, ..Self::new(kind, format!("#{number}")) }
    }

    /// The key of a number in a repository.
    pub fn number_key(repository: &str, number: u64) -> String {
        format!("{}#{number}", repository.to_ascii_lowercase())
    }

    /// Adds a label.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds the URL at which it can be viewed, if it is an address of the web.
    #[must_use]
    pub fn at(mut self, url: Option<String>) -> Self {
        self.url = url.filter(|url| is_web_address(url));
        self
    }

    /// Marks it as the subject of the event.
    #[must_use]
    pub fn subject(mut self) -> Self {
        self.is_subject = true;
        self
    }
}

/// Trims the text. If it is longer than `most` characters, cuts it to `most`, with three dots at
/// the end.
pub fn cut(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 3).collect();
    format!("{}...", kept.trim_end())
}
