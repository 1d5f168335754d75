//! The source event: a delivery in normal form. It is what the inbound side says to memory, and
//! stands here because neither of the two may know the other.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Timestamp;

/// What happened, to which thing, by whom, with which references.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceEvent {
    /// `github`, `vercel`, `linear` or `sentry`.
    pub provider: String,
    /// The provider's name for it: `push`, `pull_request.merged`, `deployment.succeeded`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its identity: the same happening has the same id however often it is told.
    pub source_id: String,
    /// One line, at most 200 characters.
    pub title: String,
    /// The text that belongs to it, at most 10,000 characters.
    pub body: String,
    /// Who did it, where the provider says so.
    pub actor: Option<EventActor>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The repository in which numbers such as `#12` count, by the name that stands in keys.
    #[serde(skip)]
    pub repository: Option<String>,
    /// What else it speaks of.
    pub references: Vec<Reference>,
    /// What the provider says besides.
    pub metadata: Map<String, Value>,
}

/// Somebody at the provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventActor {
    /// The provider's id, or the best name there is.
    pub id: String,
    /// The login or name.
    pub name: String,
    /// The mail address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub avatar_url: Option<String>,
}

/// Something that an event speaks of.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Reference {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ReferenceKind,
    /// How people write it: a SHA, `#12`, `ABC-7`, a branch.
    pub id: String,
    /// Where it can be seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// How the event relates to it: `fixes`, `merge`, `resolved_by`, `tracked_in`, `linked`, ….
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// By what two events are found to speak of the same thing; `None` when it should not tie
    /// them, as a default branch, which everything shares, should not. `#12` alone would tie
    /// repositories together, so its key carries the repository's name.
    #[serde(skip)]
    pub key: Option<String>,
    /// Whether the event is about this very thing, rather than mentioning it.
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
}

impl ReferenceKind {
    /// As it is stored and written.
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
        }
    }
}

impl Reference {
    /// A reference that ties nothing: people, labels, teams, projects.
    pub fn new(kind: ReferenceKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), url: None, label: None, key: None, is_subject: false }
    }

    /// A commit, tied by its SHA.
    pub fn commit(sha: impl Into<String>) -> Self {
        let sha = sha.into();
        Self { key: Some(sha.to_ascii_lowercase()), ..Self::new(ReferenceKind::Commit, sha) }
    }

    /// A branch, tied by its name unless it is a default branch.
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

    /// The same with a label.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same with the address where it can be seen.
    #[must_use]
    pub fn at(mut self, url: Option<String>) -> Self {
        self.url = url;
        self
    }

    /// The same as what the event is about.
    #[must_use]
    pub fn subject(mut self) -> Self {
        self.is_subject = true;
        self
    }
}

/// Trims, and cuts to `most` characters with three dots at the end where it is longer.
pub fn cut(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 3).collect();
    format!("{}...", kept.trim_end())
}
