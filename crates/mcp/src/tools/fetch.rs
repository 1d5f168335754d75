//! `fetch`: the whole text of a result.
//!
//! The name, the one argument and the shape of the answer are those that ChatGPT expects. A text
//! that is too long for one answer comes in parts: the id of a further part is that of the whole,
//! with `~2` and so on behind it.

use campanile_base::{Error, Result, Thing};
use campanile_memory::clusters::{self, Cluster};
use campanile_memory::documents::{self, DocumentDetail};
use campanile_memory::threads::{self, Thread, ThreadOf};
use campanile_memory::{ObservationDetail, observations};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, ToolContext, ToolOutcome, read, schema, told};

pub(super) const TOOL: Tool = Tool {
    name: "fetch",
    title: "Read a result",
    description: "Returns the whole text of a result of `search`, `related`, `graph` or `timeline`, with its source, \
        person, time and references. A long text comes in parts: if `metadata.truncated` is true, call `fetch` again \
        with `metadata.nextId`. `metadata.thread` is the id of the whole issue or pull request, with all comments \
        and reviews: fetch it for the full conversation.",
    input: schema::<Arguments>,
    output: schema::<Answer>,
    call,
};

/// The longest text of an answer, in characters.
const PART: usize = 60_000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The id of a result, or of a further part of its text.
    id: String,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// The id that was asked for.
    id: String,
    /// One line.
    title: String,
    /// The text, or this part of it.
    text: String,
    /// A link to it.
    url: String,
    /// Further facts.
    metadata: Metadata,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    /// The tool that it comes from, such as `github`.
    source: String,
    /// The event, such as `pull_request.merged`.
    #[serde(rename = "type")]
    event_type: String,
    /// The person who caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    /// The id of this person, for `timeline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<String>,
    /// The time of the event, RFC 3339.
    occurred_at: String,
    /// The importance of an observation, from 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    significance: Option<i64>,
    /// The category, such as `bug_fix`.
    category: String,
    /// The topics.
    topics: Vec<String>,
    /// The things that it refers to.
    references: Vec<ReferenceView>,
    /// The page in the console that shows it with everything around it.
    page: String,
    /// The id of the issue or pull request that it is about, with everything that was said and done.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    /// True if the text goes on in another part.
    truncated: bool,
    /// The id of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ReferenceView {
    /// The kind, such as `commit`, `pr` or `issue`.
    kind: String,
    /// The form that people write, for `search` and `timeline`.
    id: String,
    /// A link to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

fn call(context: &ToolContext, arguments: JsonObject) -> BoxFuture<'_, ToolOutcome> {
    async move {
        let Arguments { id } = read(arguments)?;
        let (whole, number) = whole_and_part(&id)?;
        let (workspace, wanted, now) = (context.workspace.clone(), whole.to_owned(), context.app.clock.now());
        let found = context.app.db.read_in_turn(context.organisation.as_str(), move |tx| {
            Box::pin(async move {
                if threads::is_id(&wanted) {
                    return match threads::thread(tx, &workspace, ThreadOf::Id(wanted)).await {
                        Err(Error::NotFound(_)) => Ok(None),
                        found => found.map(|found| Some(Found::Thread(Box::new(found)))),
                    };
                }
                if let Some(found) = observations::by_id(tx, &workspace, &wanted).await? {
                    let thread = threads::id_of(tx, &workspace, &found).await?;
                    return Ok(Some(Found::Observation(Box::new(found), thread)));
                }
                if let Some(found) = documents::of_result(tx, &workspace, &wanted).await? {
                    return Ok(Some(Found::Document(Box::new(found))));
                }
                let found = clusters::by_id(tx, &workspace, &wanted, now).await?;
                Ok::<_, Error>(found.map(|found| Found::Cluster(Box::new(found))))
            })
        });
        let found: Option<Found> = found.await?;
        let found = found.ok_or(Error::NotFound(Thing::Observation))?;
        let (text, goes_on) = part(found.text(), number).ok_or_else(|| {
            Error::invalid_field("id", "names a part that the text does not have; use metadata.nextId")
        })?;
        let (text, next_id) = (text.to_owned(), goes_on.then(|| format!("{whole}~{}", number + 1)));
        told(match found {
            Found::Observation(found, thread) => answer(context, &id, text, next_id, (*found, thread)),
            Found::Thread(found) => whole_thread(context, &id, text, next_id, *found),
            Found::Document(found) => document(context, &id, text, next_id, *found),
            Found::Cluster(found) => cluster(context, &id, text, *found),
        })
    }
    .boxed()
}

/// The thing that an id names.
enum Found {
    /// With the id of its thread.
    Observation(Box<ObservationDetail>, Option<String>),
    Thread(Box<Thread>),
    Document(Box<DocumentDetail>),
    Cluster(Box<Cluster>),
}

impl Found {
    fn text(&self) -> &str {
        match self {
            Self::Observation(found, _) => &found.body,
            Self::Thread(found) => &found.markdown,
            Self::Document(found) => &found.text,
            Self::Cluster(found) => found.summary.as_ref().map_or(&found.title, |summary| &summary.text),
        }
    }
}

fn document(context: &ToolContext, id: &str, text: String, next_id: Option<String>, found: DocumentDetail) -> Answer {
    let found = found.document;
    let page = context.page(found.id.as_str());
    Answer {
        id: id.to_owned(),
        title: found.title,
        text,
        url: found.url.unwrap_or_else(|| page.clone()),
        metadata: Metadata {
            source: found.source,
            event_type: format!("document.{}", found.format),
            actor: None,
            actor_id: None,
            occurred_at: found.updated_at.to_string(),
            significance: None,
            category: "document".to_owned(),
            topics: found.tags,
            references: Vec::new(),
            page,
            thread: None,
            truncated: next_id.is_some(),
            next_id,
        },
    }
}

fn cluster(context: &ToolContext, id: &str, text: String, found: Cluster) -> Answer {
    let page = context.page(found.id.as_str());
    Answer {
        id: id.to_owned(),
        title: found.title,
        text,
        url: page.clone(),
        metadata: Metadata {
            source: found.sources.into_iter().next().map(|source| source.name).unwrap_or_default(),
            event_type: "cluster.summary".to_owned(),
            actor: None,
            actor_id: None,
            occurred_at: found.last_at.to_string(),
            significance: None,
            category: "cluster".to_owned(),
            topics: found.topics,
            references: Vec::new(),
            page,
            thread: None,
            truncated: false,
            next_id: None,
        },
    }
}

fn whole_thread(context: &ToolContext, id: &str, text: String, next_id: Option<String>, found: Thread) -> Answer {
    let newest = found.parts.last().map(|part| part.observation_id.as_str()).unwrap_or_default();
    let page = context.page(newest);
    let references = found.links.into_iter();
    let references = references.map(|link| ReferenceView { kind: link.kind.to_owned(), id: link.id, url: link.url });
    Answer {
        id: id.to_owned(),
        title: found.title,
        text,
        url: found.url.unwrap_or_else(|| page.clone()),
        metadata: Metadata {
            source: found.provider,
            event_type: format!("thread.{}", found.kind.as_str()),
            actor: found.author.as_ref().map(|author| author.name.clone()),
            actor_id: found.author.map(|author| author.id),
            occurred_at: found.updated_at.to_string(),
            significance: None,
            category: "thread".to_owned(),
            topics: found.labels,
            references: references.collect(),
            page,
            thread: None,
            truncated: next_id.is_some(),
            next_id,
        },
    }
}

fn answer(
    context: &ToolContext,
    id: &str,
    text: String,
    next_id: Option<String>,
    (found, thread): (ObservationDetail, Option<String>),
) -> Answer {
    let ObservationDetail { observation, references, .. } = found;
    let page = context.page(observation.id.as_str());
    let actor = observation.actor;
    let references: Vec<ReferenceView> = references
        .into_iter()
        .map(|reference| ReferenceView {
            kind: reference.kind.as_str().to_owned(),
            id: reference.id,
            url: reference.url,
        })
        .collect();
    Answer {
        id: id.to_owned(),
        title: observation.title,
        text,
        url: observation.url.unwrap_or_else(|| page.clone()),
        metadata: Metadata {
            source: observation.provider,
            event_type: observation.event_type,
            actor: actor.as_ref().map(|actor| actor.told.name.clone()),
            actor_id: actor.map(|actor| actor.actor_id),
            occurred_at: observation.occurred_at.to_string(),
            significance: Some(observation.significance),
            category: observation.category,
            topics: observation.topics,
            references,
            page,
            thread,
            truncated: next_id.is_some(),
            next_id,
        },
    }
}

/// The id of the whole, and the number of the part, from 1.
fn whole_and_part(id: &str) -> Result<(&str, usize)> {
    let Some((whole, number)) = id.split_once('~') else { return Ok((id, 1)) };
    let number = number.parse().ok().filter(|number| (2..1_000).contains(number));
    Ok((whole, number.ok_or_else(|| Error::invalid_field("id", "ends with ~ and no number of a part"))?))
}

/// A part of a text, and whether the text goes on. `None` if there is no such part.
fn part(text: &str, number: usize) -> Option<(&str, bool)> {
    let mut borders = text.char_indices().map(|(at, _)| at).step_by(PART).skip(number - 1);
    match (borders.next(), borders.next()) {
        (Some(from), until) => Some((&text[from..until.unwrap_or(text.len())], until.is_some())),
        // An empty text has one part.
        (None, _) => (number == 1).then_some(("", false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_comes_in_parts_that_are_the_whole_text() {
        let text = "äb".repeat(PART);
        let (mut read, mut number) = (String::new(), 1);
        loop {
            let (piece, goes_on) = part(&text, number).unwrap();
            assert!(piece.chars().count() <= PART);
            read.push_str(piece);
            number += 1;
            if !goes_on {
                break;
            }
        }
        assert_eq!((read == text, number), (true, 3));
        assert_eq!(part(&text, 3), None);
        assert_eq!(part("", 1), Some(("", false)));
        assert_eq!(part("short", 1), Some(("short", false)));
        assert_eq!(part("short", 2), None);
    }

    #[test]
    fn the_id_of_a_part_names_the_whole_and_a_number() {
        assert_eq!(whole_and_part("obs_1").unwrap(), ("obs_1", 1));
        assert_eq!(whole_and_part("obs_1~2").unwrap(), ("obs_1", 2));
        for wrong in ["obs_1~", "obs_1~1", "obs_1~x", "obs_1~-2", "obs_1~99999999999999999999"] {
            assert!(whole_and_part(wrong).is_err(), "{wrong}");
        }
    }
}
