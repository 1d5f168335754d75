//! People as they are shown.

use campanile_base::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A person, as a list shows them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    /// The id of the first of their accounts, such as `github:7`.
    pub id: String,
    /// Their full name, if a tool tells it; otherwise the name of the account that was seen last.
    pub name: String,
    /// A mail address, if a tool tells one.
    pub email: Option<String>,
    /// A picture.
    pub avatar_url: Option<String>,
    /// The tools in which they have an account.
    pub providers: Vec<String>,
    /// The number of their observations in the workspace.
    pub observations: i64,
    /// The time of the first of them.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen_at: Option<Timestamp>,
    /// The time of the last of them.
    #[schema(value_type = String, format = DateTime)]
    pub last_active_at: Timestamp,
    /// The observations of each of the last thirty days in UTC, today last.
    pub days: Vec<i64>,
}

/// A person with their profile and their accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonDetail {
    /// The fields that a list shows.
    #[serde(flatten)]
    pub person: PersonView,
    /// Their accounts, those that were seen last first.
    pub identities: Vec<Identity>,
    /// Their observations by source, the most first.
    pub sources: Vec<NameCount>,
    /// Their observations by type, the most first: ten at most.
    pub types: Vec<NameCount>,
    /// The topics of their observations besides sources and types, the most first: ten at most.
    pub topics: Vec<NameCount>,
    /// Their observations by hour of the week in UTC, from Monday 00:00 on: 168 numbers.
    pub hours: Vec<i64>,
    /// False until the observations of an earlier version are counted: then only their number is known.
    pub is_counted: bool,
}

/// An account of a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The id that observations carry: `{provider}:{id}`. A Vercel author has that of their GitHub account, a
    /// member of the organisation `member:{id}`.
    pub actor_id: String,
    /// The tool; `campanile` for a member of the organisation.
    pub provider: String,
    /// The id or name within the tool.
    pub provider_id: String,
    /// The login or name.
    pub name: String,
    /// The mail address, if the tool tells it.
    pub email: Option<String>,
    /// The way in which it was found: `webhook` (an event named it), `commit_sha` or `username` (a Vercel author, by
    /// the commit or the login), or `member`.
    pub found: String,
    /// The reason for which it is this person: `first` (it is the person's own), `email` (an equal address), `login`
    /// (an equal GitHub login) or `hand`.
    pub joined: String,
    /// The certainty that it is this person, from 0 to 1.
    pub confidence: f64,
    /// The time at which it was joined; `null` for the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub joined_at: Option<Timestamp>,
    /// The time at which an event named it last; `null` for a member.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen_at: Option<Timestamp>,
}

/// A name with the number of observations that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NameCount {
    /// The name.
    pub name: String,
    /// The number.
    pub count: i64,
}

/// Two people who may be one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Suggestion {
    /// The two.
    pub people: Vec<PersonView>,
    /// The evidence: `email`, `name`, `handle` or `handle_of_email`.
    pub reason: String,
    /// The text that they share.
    pub shared: String,
    /// From 0 to 1.
    pub confidence: f64,
}
