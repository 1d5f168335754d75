//! Threads: an issue or a pull request as one text, with all that people said and did about it.
//!
//! Each event about it is an observation of its own, which search finds. A thread is put together from them when
//! it is read, so it is always as new as they are, nothing is stored twice, and what is forgotten of an
//! observation is not in the thread either.
//!
//! # The steps
//! `queries` reads the observations that refer to the issue or pull request by its key. [`assembly`] makes
//! the thread of them: the newest text of each comment, without those that were deleted; reviews; events. [`text`]
//! writes it as Markdown, as assistants and exports read it.

mod assembly;
mod queries;
#[cfg(test)]
mod tests;
mod text;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::{Reference, ReferenceKind};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::observations::{self, ObservationDetail};
use crate::search::ActorName;
use crate::states::{self, StatesOf};

/// The observations that one thread is put together from: the newest of them.
const MOST_OBSERVATIONS: i64 = 500;
/// The longest key, in characters.
const LONGEST_KEY: usize = 300;
/// The begin of the id of a thread.
const ID: &str = "thread:";

/// The kind of thing that a thread is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadKind {
    /// An issue.
    Issue,
    /// A pull request, or a merge request.
    PullRequest,
}

impl ThreadKind {
    const ALL: [Self; 2] = [Self::Issue, Self::PullRequest];

    fn of(kind: ReferenceKind) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.reference() == kind)
    }

    fn reference(self) -> ReferenceKind {
        match self {
            Self::Issue => ReferenceKind::Issue,
            Self::PullRequest => ReferenceKind::Pr,
        }
    }

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::PullRequest => "pull_request",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::PullRequest => "pull request",
        }
    }
}

/// The thread that is asked for.
#[derive(Debug, Clone)]
pub enum ThreadOf {
    /// The thread with this id.
    Id(String),
    /// The thread of the issue or pull request that people write so: `ENG-42`, `acme/shop#12`.
    Written(String),
    /// The thread that an observation is a part of.
    Observation(String),
}

/// An issue or a pull request with all that was said and done about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// Its id: `thread:`, the kind, and the key.
    pub id: String,
    /// `issue` or `pull_request`.
    pub kind: ThreadKind,
    /// The key by which events are recognised to be about it: `acme/shop#12`, `ENG-42`.
    pub key: String,
    /// The provider.
    pub provider: String,
    /// Its title at present.
    pub title: String,
    /// The address at the provider.
    pub url: Option<String>,
    /// Its status, if events tell it: `open`, `merged`, `In Progress`.
    pub status: Option<String>,
    /// The person who opened it.
    pub author: Option<ActorName>,
    /// Names of those to whom it is assigned.
    pub assignees: Vec<String>,
    /// Names of those who were asked to review it.
    pub reviewers: Vec<String>,
    /// Further authors of its commits.
    pub co_authors: Vec<String>,
    /// The labels.
    pub labels: Vec<String>,
    /// The milestone.
    pub milestone: Option<String>,
    /// The issues, pull requests, commits and deployments that it names.
    pub links: Vec<ThreadLink>,
    /// Observations of other things that name it, the newest first.
    pub mentions: Vec<ThreadMention>,
    /// Its description, comments, reviews and events, the oldest first.
    pub parts: Vec<ThreadPart>,
    /// True if older parts are left out.
    pub is_cut: bool,
    /// The time of its newest part.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// All of it as one text.
    pub markdown: String,
}

/// A thing that a thread names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThreadLink {
    /// `issue`, `pr`, `commit` or `deployment`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The form that people write.
    pub id: String,
    /// The relation: `fixes`, `merge`, `linked`.
    pub label: Option<String>,
    /// The address at the provider.
    pub url: Option<String>,
}

/// An observation that names the thread's issue or pull request.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThreadMention {
    /// The observation.
    pub observation_id: String,
    /// The provider.
    pub provider: String,
    /// The event, such as `push`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its title.
    pub title: String,
    /// The time of the event.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
}

/// The kind of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ThreadPartKind {
    Description,
    Comment,
    Review,
    Event,
}

/// A part of a thread.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThreadPart {
    /// `description`, `comment`, `review` or `event`.
    pub kind: ThreadPartKind,
    /// The observation with its newest text.
    pub observation_id: String,
    /// The event, such as `issue_comment.created`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// A line: the title of the observation.
    pub title: String,
    /// The text; empty for an event.
    pub text: String,
    /// The person.
    pub actor: Option<ActorName>,
    /// The line of code that it is about: `src/pay.rs:12`.
    pub place: Option<String>,
    /// The time.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// The time of the newest change of its text.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub edited_at: Option<Timestamp>,
    /// The address at the provider.
    pub url: Option<String>,
}

/// An observation that refers to the thing of a thread.
#[derive(Debug, Clone)]
pub(crate) struct Referring {
    pub(crate) detail: ObservationDetail,
    /// True if it is about the thing, or is said about it: it is a part of the thread.
    pub(crate) is_part: bool,
}

/// The thread of an issue or a pull request.
///
/// # Errors
/// `InvalidField` for a name out of bounds; `NotFound` if the workspace knows no such thing.
pub async fn thread(tx: &mut Tx, workspace: &WorkspaceId, of: ThreadOf) -> Result<Thread> {
    let (kind, key) = match of {
        ThreadOf::Id(id) => parsed(&id).ok_or(Error::NotFound(Thing::Thread))?,
        ThreadOf::Written(written) => named(tx, workspace, &written).await?.ok_or(Error::NotFound(Thing::Thread))?,
        ThreadOf::Observation(id) => {
            let found = observations::by_id(tx, workspace, &id).await?.ok_or(Error::NotFound(Thing::Observation))?;
            key_of(tx, workspace, &found).await?.ok_or(Error::NotFound(Thing::Thread))?
        }
    };
    let found = queries::referring(tx, workspace, kind.reference(), &key, MOST_OBSERVATIONS).await?;
    let is_cut = found.len() as i64 == MOST_OBSERVATIONS;
    let mut thread = assembly::assemble(kind, &key, found, is_cut).ok_or(Error::NotFound(Thing::Thread))?;
    thread.status = status(tx, workspace, kind, &key).await?;
    thread.co_authors = assembly::co_authors(&thread, &queries::pushes(tx, workspace, &thread).await?);
    thread.markdown = text::markdown(&thread);
    Ok(thread)
}

/// The id of the thread that an observation is a part of.
///
/// # Errors
/// `Unavailable`.
pub async fn id_of(tx: &mut Tx, workspace: &WorkspaceId, detail: &ObservationDetail) -> Result<Option<String>> {
    Ok(key_of(tx, workspace, detail).await?.map(|(kind, key)| id(kind, &key)))
}

/// True for the id of a thread.
pub fn is_id(text: &str) -> bool {
    parsed(text).is_some()
}

fn id(kind: ThreadKind, key: &str) -> String {
    format!("{ID}{}:{key}", kind.reference().as_str())
}

fn parsed(id: &str) -> Option<(ThreadKind, String)> {
    let (kind, key) = id.strip_prefix(ID)?.split_once(':')?;
    let kind = ThreadKind::ALL.into_iter().find(|it| it.reference().as_str() == kind)?;
    (!key.is_empty() && key.chars().count() <= LONGEST_KEY).then(|| (kind, key.to_owned()))
}

/// The thing that a person writes so. Keys of numbers are in lower case, other ones in capitals.
async fn named(tx: &mut Tx, workspace: &WorkspaceId, written: &str) -> Result<Option<(ThreadKind, String)>> {
    let written = written.trim();
    if written.is_empty() || written.chars().count() > LONGEST_KEY || written.contains('\0') {
        return Err(Error::invalid_field("entity", format!("must have from 1 to {LONGEST_KEY} characters")));
    }
    let key = if written.contains('#') { written.to_ascii_lowercase() } else { written.to_ascii_uppercase() };
    for kind in ThreadKind::ALL {
        if queries::has_part(tx, workspace, kind.reference(), &key).await? {
            return Ok(Some((kind, key)));
        }
    }
    Ok(None)
}

/// The thing that an observation is about, or says something about.
async fn key_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    detail: &ObservationDetail,
) -> Result<Option<(ThreadKind, String)>> {
    let id = detail.observation.id.as_str();
    let of = |reference: &Reference| Some((ThreadKind::of(reference.kind)?, reference.id.clone()));
    let named: Vec<(ThreadKind, String)> = detail.references.iter().filter_map(of).collect();
    if named.is_empty() {
        return Ok(None);
    }
    let repository = queries::repository_of(tx, workspace, id).await?;
    for (kind, written) in named {
        for key in possible_keys(&written, &repository) {
            if queries::is_part(tx, workspace, id, (kind.reference(), &key)).await? {
                return Ok(Some((kind, key)));
            }
        }
    }
    Ok(None)
}

async fn status(tx: &mut Tx, workspace: &WorkspaceId, kind: ThreadKind, key: &str) -> Result<Option<String>> {
    let of = StatesOf::Named(vec![key.to_owned()]);
    let found = states::states(tx, workspace, of, Some(kind.reference().as_str()), None).await?;
    let status = found.data.into_iter().find(|state| state.state == "status" && state.is_current);
    Ok(status.and_then(|state| state.value))
}

/// The keys of what is written so in a repository.
fn possible_keys(written: &str, repository: &str) -> [String; 2] {
    [format!("{}{written}", repository.to_ascii_lowercase()), written.to_ascii_uppercase()]
}
