//! Finds the entities that an event names: people, issues, endpoints, settings, files, functions,
//! services, commits.
//!
//! They come from the provider's own fields, and from the [patterns] of the text.

mod patterns;
#[cfg(test)]
mod tests;

use campanile_base::source_event::{Reference, ReferenceKind, SourceEvent};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use utoipa::ToSchema;

use patterns::{Found, PATTERNS};

/// The categories of entities.
pub const CATEGORIES: [&str; 7] = ["config", "definition", "endpoint", "engineer", "project", "reference", "service"];
/// The maximum number of entities of an observation.
const MOST: usize = 50;
/// The length of the evidence on each side of a match, in characters.
const AROUND: usize = 50;

/// A thing that an event names.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Entity {
    /// `engineer`, `project`, `endpoint`, `config`, `definition`, `service` or `reference`.
    pub category: &'static str,
    /// Its identifying text.
    pub key: String,
    /// The text as written.
    pub value: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// The text around it; empty if it comes from the provider's own fields.
    pub evidence: String,
}

/// Words that look like entities but are not.
pub(crate) const NOISE: [&str; 12] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "API", "URL", "ID", "DB", "SQL"];

/// The entities of an event without duplicates, highest confidence first.
pub fn extract(event: &SourceEvent) -> Vec<Entity> {
    let text = format!("{}\n{}", event.title, event.body);
    let mut found: HashMap<(&'static str, String), Entity> = HashMap::new();
    for entity in
        event.references.iter().filter_map(|reference| from_reference(event, reference)).chain(from_text(&text))
    {
        let known = found.entry((entity.category, entity.key.to_lowercase())).or_insert_with(|| entity.clone());
        if entity.confidence > known.confidence {
            *known = entity;
        }
    }
    let mut entities: Vec<Entity> = found.into_values().collect();
    entities.sort_by(|a, b| {
        b.confidence.total_cmp(&a.confidence).then_with(|| (a.category, &a.key).cmp(&(b.category, &b.key)))
    });
    entities.truncate(MOST);
    entities
}

/// The entity that a reference names. A number without a sign is an id of the provider, which says
/// nothing to people; nor does an id where the event has the name.
fn from_reference(event: &SourceEvent, reference: &Reference) -> Option<Entity> {
    let id = reference.id.as_str();
    let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
    let name = event.metadata.get("projectName").and_then(Value::as_str);
    let (category, key) = match reference.kind {
        ReferenceKind::Issue | ReferenceKind::Project if is_number => return None,
        ReferenceKind::Project => ("project", name.unwrap_or(id).to_owned()),
        ReferenceKind::Issue | ReferenceKind::Pr => ("project", id.to_owned()),
        ReferenceKind::Service => ("service", id.to_owned()),
        ReferenceKind::Commit => ("reference", id.chars().take(7).collect()),
        ReferenceKind::Branch => ("reference", format!("branch:{id}")),
        ReferenceKind::Assignee | ReferenceKind::Reviewer => ("engineer", format!("@{}", id.trim_start_matches('@'))),
        // A label describes the event; it becomes a topic instead.
        ReferenceKind::Label => return None,
        _ => ("reference", id.to_owned()),
    };
    let value = if category == "project" { key.clone() } else { id.to_owned() };
    Some(Entity { category, key, value, confidence: 0.98, evidence: String::new() })
}

fn from_text(text: &str) -> impl Iterator<Item = Entity> {
    PATTERNS.iter().flat_map(move |pattern| {
        pattern.regex.captures_iter(text).filter_map(move |capture| {
            let value = capture.get(1)?;
            let found = Found { text, value: value.as_str(), start: value.start(), end: value.end() };
            Some(Entity {
                category: pattern.category,
                key: (pattern.key)(&found)?,
                value: value.as_str().to_owned(),
                confidence: pattern.confidence,
                evidence: around(text, value.start(), value.end()),
            })
        })
    })
}

/// The key of the entity that a person names: a commit by its first seven digits, everything else as
/// it is written.
pub fn key_of_written(text: &str) -> String {
    let text = text.trim();
    let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_commit = (7..=40).contains(&text.len()) && is_hexadecimal && text.bytes().any(|byte| byte.is_ascii_digit());
    let digits_only = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_commit && !digits_only { text[..7].to_owned() } else { text.to_owned() }
}

/// The text around a part of it.
pub(crate) fn around(text: &str, start: usize, end: usize) -> String {
    let before = text[..start].char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let after = text[end..].char_indices().nth(AROUND).map_or(text.len(), |(at, _)| end + at);
    text[before..after].trim().to_owned()
}
