//! `timeline`: what happened to a thing, or by a person, in the order of time.

use campanile_base::{Cursor, Error, PageSize, Result};
use campanile_memory::entities::key_of_written;
use campanile_memory::{Filter, Observation, observations, people};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Brief, Tool, ToolContext, ToolOutcome, read, schema, time, told};

pub(super) const TOOL: Tool = Tool {
    name: "timeline",
    title: "Follow a thing or a person",
    description: "Lists what happened to one thing or by one person, oldest first. `entity` is an identifier as it is \
        written: `ABC-123`, `#42`, a commit's SHA, `branch:fix/login`, `@ada`, `POST /api/search`, `DATABASE_URL`, \
        `src/db/pool.rs`. `actor` is a person's name or id. Give one of them or both. The latest events are listed; \
        if `earlier` is there, call `timeline` again with it as `cursor` for those before.",
    input: schema::<Arguments>,
    output: schema::<Answer>,
    call,
};

/// The name in its cursors.
const LIST: &str = "timeline";
/// The stretches of rows that one call reads. Each has ten thousand at most.
const STRETCHES: usize = 5;
/// The longest entity or actor, in characters.
const LONGEST: usize = 300;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// An identifier, as it is written in the texts.
    #[serde(default)]
    entity: Option<String>,
    /// A person: a name, a mail address, or an id such as `github:123`, of any of their accounts.
    #[serde(default)]
    actor: Option<String>,
    /// Not before this time: RFC 3339, or a date such as 2026-10-01.
    #[serde(default)]
    after: Option<String>,
    /// Before this time: RFC 3339, or a date.
    #[serde(default)]
    before: Option<String>,
    /// The number of events, from 1 to 50; 20 when absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 50))]
    limit: Option<usize>,
    /// `earlier` of the answer before.
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// The events, oldest first.
    events: Vec<Brief>,
    /// The cursor for the events before these; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier: Option<String>,
}

fn call(context: &ToolContext, arguments: JsonObject) -> BoxFuture<'_, ToolOutcome> {
    async move {
        let asked: Arguments = read(arguments)?;
        let limit = asked.limit.unwrap_or(20);
        if !(1..=50).contains(&limit) {
            return Err(Error::invalid_field("limit", "must be between 1 and 50").into());
        }
        let from = Cursor::decode(LIST, asked.cursor.as_deref())?;
        let (mut events, earlier) = latest(context, &filter(asked)?, from, limit).await?;
        events.reverse();
        let earlier = earlier.map(|place| place.encode(LIST));
        told(Answer { events: events.into_iter().map(|event| Brief::of(context, event)).collect(), earlier })
    }
    .boxed()
}

fn filter(asked: Arguments) -> Result<Filter> {
    let text = |field, text: Option<String>| match text.map(|text| text.trim().to_owned()) {
        Some(text) if text.is_empty() || text.chars().count() > LONGEST => {
            Err(Error::invalid_field(field, format!("must have between 1 and {LONGEST} characters")))
        }
        text => Ok(text),
    };
    let (entity, actor) = (text("entity", asked.entity)?, text("actor", asked.actor)?);
    if entity.is_none() && actor.is_none() {
        return Err(Error::invalid("give `entity`, `actor` or both"));
    }
    Ok(Filter {
        entity: entity.as_deref().map(key_of_written),
        actor,
        after: time("after", asked.after.as_deref())?,
        before: time("before", asked.before.as_deref())?,
        ..Filter::default()
    })
}

/// The latest events, newest first, and the cursor of those before. A rare thing may have its
/// events far back, so a few stretches are read until there are enough.
async fn latest(
    context: &ToolContext,
    filter: &Filter,
    mut from: Cursor,
    limit: usize,
) -> Result<(Vec<Observation>, Option<Cursor>)> {
    let mut events = Vec::new();
    for _ in 0..STRETCHES {
        let size = PageSize::new(Some((limit - events.len()) as i64))?;
        let (workspace, filter, at) = (context.workspace.clone(), filter.clone(), from.clone());
        let organisation = context.organisation.clone();
        let page = context.app.db.read_in_turn(context.organisation.as_str(), move |tx| {
            Box::pin(async move {
                let filter = people::widened(tx, &organisation, filter).await?;
                observations::page(tx, &workspace, &filter, &at, size).await
            })
        });
        let page = page.await?;
        events.extend(page.data);
        match page.next {
            Some(next) if events.len() < limit => from = next,
            next => return Ok((events, next)),
        }
    }
    Ok((events, Some(from)))
}
