//! Observations that people and programs tell themselves, beside those of connected tools.

use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent};
use campanile_base::{Error, Result, Timestamp, is_web_address, new_id};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use std::time::Duration;

/// The source of an observation that a member told by hand.
pub const MANUAL_SOURCE: &str = "manual";

const LONGEST_ID: usize = 200;
const LONGEST_TYPE: usize = 100;
const LONGEST_TITLE: usize = 200;
const LONGEST_BODY: usize = 10_000;
const LONGEST_NAME: usize = 200;
const MOST_REFERENCES: usize = 50;
/// The largest metadata, in bytes of JSON.
const LARGEST_METADATA: usize = 16 * 1024;
/// A clock may be ahead of ours by so much.
const AHEAD: Duration = Duration::from_secs(24 * 3_600);
/// The type of an observation that names none.
const NOTE: &str = "note.created";

/// An observation to remember.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservationInput {
    /// Your identity of it, at most 200 characters: what is told again under it is remembered once. Without one, it
    /// is always new.
    #[serde(default)]
    pub id: Option<String>,
    /// The type, such as `decision.made`: small letters, digits, `_` and `-`, with dots between words. `note.created`
    /// when absent.
    #[serde(default)]
    pub r#type: Option<String>,
    /// One line, at most 200 characters.
    pub title: String,
    /// The text, at most 10,000 characters.
    #[serde(default)]
    pub body: String,
    /// The time at which it happened, at most a day ahead; now when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub occurred_at: Option<String>,
    /// The person who did it; the signed-in member when absent.
    #[serde(default)]
    pub actor: Option<ActorInput>,
    /// The repository in which numbers such as `#12` count: `owner/name`.
    #[serde(default)]
    pub repository: Option<String>,
    /// At most 50 things that it is about.
    #[serde(default)]
    pub references: Vec<ReferenceInput>,
    /// An `http` or `https` address at which it can be seen.
    #[serde(default)]
    pub url: Option<String>,
    /// Further fields, at most 16 KiB of JSON.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// A person who did something.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActorInput {
    /// Your id of them.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their mail address.
    #[serde(default)]
    pub email: Option<String>,
}

/// A thing that an observation is about.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceInput {
    /// The kind of thing.
    pub r#type: ReferenceWord,
    /// A SHA, a branch, `ABC-7`, or `#12` of the repository.
    pub id: String,
    /// An `http` or `https` address at which it can be seen.
    #[serde(default)]
    pub url: Option<String>,
    /// True for the thing to which it happened.
    #[serde(default)]
    pub is_subject: bool,
}

/// The kinds of things that can be referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ReferenceWord {
    Commit,
    Branch,
    Pr,
    Issue,
    Project,
    Label,
}

impl ObservationInput {
    /// The source event that it tells, of this source. `teller` is the person who tells it, if one does.
    ///
    /// # Errors
    /// `InvalidField` for a field out of bounds.
    pub fn read(self, source: &str, teller: Option<EventActor>, now: Timestamp) -> Result<SourceEvent> {
        let id = self.id.as_deref().map(|id| line("id", id, LONGEST_ID)).transpose()?;
        let kind = self.r#type.as_deref().map(event_type).transpose()?;
        let title = line("title", &self.title, LONGEST_TITLE)?;
        if self.body.chars().count() > LONGEST_BODY {
            return Err(Error::invalid_field("body", format!("must have at most {LONGEST_BODY} characters")));
        }
        let repository = self.repository.as_deref().map(repository).transpose()?;
        if self.references.len() > MOST_REFERENCES {
            return Err(Error::invalid_field("references", format!("must have at most {MOST_REFERENCES} things")));
        }
        let references = self.references.iter().map(|reference| reference.read(repository.as_deref()));
        let references = references.collect::<Result<Vec<Reference>>>()?;
        let mut metadata = self.metadata;
        if let Some(url) = address(self.url)? {
            metadata.insert("url".to_owned(), url.into());
        }
        if campanile_db::json_text(&metadata).len() > LARGEST_METADATA {
            let text = format!("must have at most {LARGEST_METADATA} bytes of JSON");
            return Err(Error::invalid_field("metadata", text));
        }
        let event = SourceEvent {
            provider: source.to_owned(),
            event_type: kind.unwrap_or_else(|| NOTE.to_owned()),
            source_id: format!("{source}:{}", id.unwrap_or_else(|| new_id("note", now))),
            title,
            body: self.body,
            actor: self.actor.map(ActorInput::read).transpose()?.or(teller),
            occurred_at: time(self.occurred_at.as_deref(), now)?,
            repository,
            references,
            metadata,
        };
        Ok(event.with_plain_texts())
    }
}

impl ActorInput {
    fn read(self) -> Result<EventActor> {
        let email = self.email.map(|email| line("actor.email", &email, LONGEST_NAME)).transpose()?;
        Ok(EventActor {
            id: line("actor.id", &self.id, LONGEST_NAME)?,
            name: line("actor.name", &self.name, LONGEST_NAME)?,
            email,
            avatar_url: None,
        })
    }
}

impl ReferenceInput {
    fn read(&self, repository: Option<&str>) -> Result<Reference> {
        let id = line("references.id", &self.id, LONGEST_ID)?;
        let number = id.strip_prefix('#').and_then(|number| number.parse::<u64>().ok());
        let numbered = |kind| match (number, repository) {
            (Some(number), Some(repository)) => Ok(Reference::numbered(kind, repository, number)),
            _ => Err(Error::invalid_field(
                "references.id",
                format!("{id:?} needs a number such as #12, and `repository`"),
            )),
        };
        let reference = match self.r#type {
            ReferenceWord::Commit if id.len() < 7 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                return Err(Error::invalid_field("references.id", format!("{id:?} is no SHA of a commit")));
            }
            ReferenceWord::Commit => Reference::commit(&*id),
            ReferenceWord::Branch => Reference::branch(&id, None),
            ReferenceWord::Pr => numbered(ReferenceKind::Pr)?,
            ReferenceWord::Issue if id.starts_with('#') => numbered(ReferenceKind::Issue)?,
            ReferenceWord::Issue => Reference::issue_key(&id),
            ReferenceWord::Project => Reference::new(ReferenceKind::Project, &*id),
            ReferenceWord::Label => Reference::new(ReferenceKind::Label, &*id),
        };
        let reference = reference.at(address(self.url.clone())?);
        Ok(if self.is_subject { reference.subject() } else { reference })
    }
}

/// A text of one line that is not empty.
fn line(field: &'static str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    let is_line = !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control);
    let refused = || Error::invalid_field(field, format!("must be one line of 1 to {most} characters"));
    is_line.then(|| text.to_owned()).ok_or_else(refused)
}

fn event_type(text: &str) -> Result<String> {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
    };
    match text.len() <= LONGEST_TYPE && text.split('.').all(is_word) {
        true => Ok(text.to_owned()),
        false => Err(Error::invalid_field("type", "must be like decision.made: small letters, digits, _ and -")),
    }
}

fn repository(text: &str) -> Result<String> {
    let is_part = |part: &str| {
        !part.is_empty() && part.len() <= 100 && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    match text.split_once('/') {
        Some((owner, name)) if is_part(owner) && is_part(name) => Ok(text.to_owned()),
        _ => Err(Error::invalid_field("repository", "must be like owner/name")),
    }
}

fn address(text: Option<String>) -> Result<Option<String>> {
    match text {
        Some(text) if !is_web_address(&text) => Err(Error::invalid_field("url", "must be an http or https address")),
        known => Ok(known),
    }
}

fn time(text: Option<&str>, now: Timestamp) -> Result<Timestamp> {
    let Some(text) = text else { return Ok(now) };
    let time = Timestamp::parse(text).filter(|time| *time <= now.plus(AHEAD));
    time.ok_or_else(|| Error::invalid_field("occurred_at", "must be an RFC 3339 time, at most a day ahead"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(input: Value) -> Result<SourceEvent> {
        let input: ObservationInput = serde_json::from_value(input).unwrap();
        let ann = EventActor { id: "per_1".into(), name: "Ann".into(), email: None, avatar_url: None };
        input.read("api", Some(ann), Timestamp::parse("2026-11-28T07:00:00Z").unwrap())
    }

    #[test]
    fn what_is_told_becomes_an_event_with_its_ties() {
        let event = read(json!({
            "id": "meeting-7", "type": "decision.made", "title": " We move to Postgres ", "body": "All agreed.",
            "occurred_at": "2026-11-27T10:00:00Z", "repository": "acme/shop", "url": "https://wiki.example/7",
            "references": [{ "type": "issue", "id": "eng-7", "is_subject": true }, { "type": "pr", "id": "#12" },
                { "type": "commit", "id": "C0FFEE1" }],
        }))
        .unwrap();
        assert_eq!((event.source_id.as_str(), event.title.as_str()), ("api:meeting-7", "We move to Postgres"));
        let keys: Vec<Option<&str>> = event.references.iter().map(|reference| reference.key.as_deref()).collect();
        assert_eq!(keys, [Some("ENG-7"), Some("acme/shop#12"), Some("c0ffee1")]);
        assert_eq!(event.metadata["url"], "https://wiki.example/7");
        assert_eq!(event.actor.unwrap().name, "Ann");
    }

    #[test]
    fn without_an_identity_each_is_new_and_it_is_a_note_of_now() {
        let (one, other) = (read(json!({ "title": "x" })).unwrap(), read(json!({ "title": "x" })).unwrap());
        assert_ne!(one.source_id, other.source_id);
        assert_eq!(
            (one.event_type.as_str(), one.occurred_at.to_string().as_str()),
            (NOTE, "2026-11-28T07:00:00.000000Z")
        );
    }

    #[test]
    fn each_field_is_bounded_and_the_error_names_it() {
        let long = |count: usize| "x".repeat(count);
        for (field, input) in [
            ("title", json!({ "title": "  " })),
            ("title", json!({ "title": "two\nlines" })),
            ("title", json!({ "title": long(201) })),
            ("id", json!({ "title": "x", "id": "" })),
            ("type", json!({ "title": "x", "type": "Made Up" })),
            ("type", json!({ "title": "x", "type": "a..b" })),
            ("body", json!({ "title": "x", "body": long(10_001) })),
            ("occurred_at", json!({ "title": "x", "occurred_at": "soon" })),
            ("occurred_at", json!({ "title": "x", "occurred_at": "2026-11-30T07:00:00Z" })),
            ("repository", json!({ "title": "x", "repository": "shop" })),
            ("url", json!({ "title": "x", "url": "javascript:alert(1)" })),
            ("metadata", json!({ "title": "x", "metadata": { "a": long(17_000) } })),
            ("references", json!({ "title": "x", "references": vec![json!({ "type": "branch", "id": "b" }); 51] })),
            ("references.id", json!({ "title": "x", "references": [{ "type": "pr", "id": "#12" }] })),
            ("references.id", json!({ "title": "x", "references": [{ "type": "commit", "id": "main" }] })),
            ("actor.name", json!({ "title": "x", "actor": { "id": "1", "name": "" } })),
        ] {
            let error = read(input.clone()).expect_err(field).to_string();
            assert!(error.contains(field), "{field}: {error}");
        }
    }
}
