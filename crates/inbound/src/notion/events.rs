//! Notion's webhooks. They name things by their ids, and have no content: that is fetched, and then the
//! event is told with it, in a delivery of its own. Here are both ends of that.
//!
//! The body of a fetched delivery has the webhook as `event`, and beside it `object` (the page or the
//! data source), `comment` and `author`, as far as Notion gives them.
//!
//! Notion gathers edits, and tells them late and out of order. So an edit is told once for a page and an
//! hour, and other changes by their minute.

use campanile_base::source_event::{EventActor, SourceEvent, cut};
use campanile_base::{Clock, Result};
use serde_json::{Value, json};

use super::remote::{Notion, get};
use super::rich_text::plain;
use super::{address_of, properties};
use crate::NormalForm;
use crate::deliveries::Delivery;
use crate::payload::{Read, metadata};
use crate::remote::{Api, Trouble, WebhookContent};

/// The longest body of an observation, and its longest title, in characters.
const BODY: usize = 10_000;
const TITLE: usize = 200;

/// A kind of event that is remembered.
struct Kind {
    /// Notion's name of it.
    event: &'static str,
    /// The word in the identity, and the one in the title.
    action: &'static str,
    title: &'static str,
}

const KINDS: [Kind; 7] = [
    kind("page.created", "created", "Page Created"),
    kind("page.content_updated", "content_updated", "Page Edited"),
    kind("page.moved", "moved", "Page Moved"),
    kind("page.deleted", "deleted", "Page Deleted"),
    kind("page.undeleted", "undeleted", "Page Restored"),
    kind("data_source.schema_updated", "schema_updated", "Database Changed"),
    kind("comment.created", "created", "Comment"),
];

const fn kind(event: &'static str, action: &'static str, title: &'static str) -> Kind {
    Kind { event, action, title }
}

fn kind_of(event: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.event == event)
}

/// The page whose content an event has changed, if it may have.
fn changed_page<'p>(event: &str, payload: &'p Value) -> Option<&'p str> {
    payload.text("entity/id").filter(|_| event.starts_with("page."))
}

pub(super) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    if delivery.origin.is_pulled() {
        let Some(kind) = kind_of(event) else { return Ok(skipped(event)) };
        return Ok(NormalForm::Events {
            events: vec![told(kind, payload, delivery)?],
            changes: Vec::new(),
            push: None,
        });
    }
    let is_wanted = kind_of(event).is_some() || changed_page(event, payload).is_some();
    Ok(if is_wanted { NormalForm::Reference } else { skipped(event) })
}

fn skipped(event: &str) -> NormalForm {
    NormalForm::Skipped(format!("{event} events are not remembered"))
}

/// The event that a fetched delivery tells.
fn told(kind: &Kind, payload: &Value, delivery: &Delivery) -> Result<SourceEvent> {
    let nothing = Value::Null;
    let (webhook, object) = (payload.at("event").unwrap_or(&nothing), payload.at("object").unwrap_or(&nothing));
    let id = webhook.needed("entity/id")?;
    let occurred_at = webhook.time("timestamp").unwrap_or(delivery.received_at);
    let comment = payload.at("comment").filter(|_| kind.event == "comment.created");
    let name = properties::title(object).unwrap_or_else(|| "Untitled".to_owned());
    let text = comment.map(|comment| plain(&comment["rich_text"])).unwrap_or_default();
    let first_line = text.lines().next().unwrap_or_default();
    let title = match comment {
        Some(_) => format!("[{}] {name}: {first_line}", kind.title),
        None => format!("[{}] {name}", kind.title),
    };
    let page = object.text("id");
    let url = object.text("url").map(str::to_owned).or_else(|| page.map(address_of));
    Ok(SourceEvent {
        provider: "notion".to_owned(),
        event_type: kind.event.to_owned(),
        source_id: identity(kind, id, &occurred_at.to_string()),
        title: cut(&title, TITLE),
        body: cut(&text, BODY),
        actor: actor(payload),
        occurred_at,
        repository: None,
        references: Vec::new(),
        metadata: metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("action", Some(json!(kind.action))),
            ("pageId", page.map(|page| json!(page))),
            ("workspaceId", webhook.at("workspace_id").cloned()),
            ("parent", object.at("parent").cloned()),
            ("url", url.map(|url| json!(url))),
        ]),
    })
}

/// The identity of an event at a time as `2026-11-01T10:20:30Z`: the same for all that count as one.
fn identity(kind: &Kind, id: &str, at: &str) -> String {
    let (hour, minute) = (at.get(..13).unwrap_or(at), at.get(..16).unwrap_or(at));
    let action = kind.action;
    match kind.event {
        "comment.created" => format!("notion-comment:{id}"),
        // A page is created once.
        "page.created" => format!("notion-page:{id}:{action}"),
        "page.content_updated" => format!("notion-page:{id}:{action}:{hour}"),
        "data_source.schema_updated" => format!("notion-data-source:{id}:{action}:{minute}"),
        _ => format!("notion-page:{id}:{action}:{minute}"),
    }
}

/// The first author, by the name that Notion gave, if it did.
fn actor(payload: &Value) -> Option<EventActor> {
    let author = payload.at("author").filter(|author| author.text("id").is_some());
    let id = author.and_then(|author| author.text("id")).or(payload.text("event/authors/0/id"))?.to_owned();
    let name = author.and_then(|author| author.text("name")).unwrap_or(&id).to_owned();
    let text = |field: &str| author.and_then(|author| author.text(field)).map(str::to_owned);
    Some(EventActor { name, email: text("person/email"), avatar_url: text("avatar_url"), id })
}

impl Notion {
    /// Fetches what a webhook names.
    pub(super) async fn content_of(
        &self,
        api: &Api,
        event: &str,
        payload: &Value,
        clock: &Clock,
    ) -> std::result::Result<WebhookContent, Trouble> {
        let document = changed_page(event, payload).map(str::to_owned);
        let Some(kind) = kind_of(event) else { return Ok(WebhookContent { document, event: None }) };
        let id = payload.text("entity/id").unwrap_or_default();
        let comment = match kind.event {
            "comment.created" => Some(there(get(api, &format!("/v1/comments/{id}"), clock).await)?),
            _ => None,
        };
        if comment.as_ref().is_some_and(Value::is_null) {
            // It was deleted meanwhile.
            return Ok(WebhookContent { document, event: None });
        }
        let path = match kind.event {
            "comment.created" => payload.text("data/page_id").or(payload.text("data/parent/id")).map(page_at),
            "data_source.schema_updated" => Some(format!("/v1/data_sources/{}", plain_id(id))),
            _ => Some(page_at(id)),
        };
        let object = match path {
            Some(path) => there(get(api, &path, clock).await)?,
            None => Value::Null,
        };
        let author = match payload.text("authors/0/id") {
            Some(author) => there(get(api, &format!("/v1/users/{}", plain_id(author)), clock).await)?,
            None => Value::Null,
        };
        let body = json!({ "event": payload, "object": object, "comment": comment, "author": author });
        Ok(WebhookContent { document, event: Some((event.to_owned(), body)) })
    }
}

fn page_at(id: &str) -> String {
    format!("/v1/pages/{}", plain_id(id))
}

/// An id as a part of a path. It comes from outside.
fn plain_id(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect()
}

/// The answer; null for what is not there, or not for us.
fn there(answer: std::result::Result<Value, Trouble>) -> std::result::Result<Value, Trouble> {
    match answer {
        Err(Trouble::Missing | Trouble::Forbidden(_)) => Ok(Value::Null),
        answer => answer,
    }
}

#[cfg(test)]
mod tests;
