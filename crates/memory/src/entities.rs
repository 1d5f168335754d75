//! Finds the entities that an event names: people, issues, endpoints, settings, files, commits.

use std::collections::HashMap;
use std::sync::LazyLock;

use campanile_base::source_event::{Reference, ReferenceKind, SourceEvent};
use regex::Regex;
use serde::Serialize;
use utoipa::ToSchema;

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

/// Category, confidence and pattern. The first group of a pattern is the value.
static PATTERNS: LazyLock<Vec<(&str, f64, Regex)>> = LazyLock::new(|| {
    let patterns = [
        ("endpoint", 0.95, r"\b((?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+/[\w\-./{}:]*)"),
        ("project", 0.95, r"(?:^|[^\w/&])(#\d{1,6})\b"),
        ("project", 0.90, r"\b([A-Z]{2,10}-\d+)\b"),
        ("engineer", 0.90, r"(?:^|[^\w/.@`])(@[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)\b"),
        ("config", 0.85, r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b"),
        (
            "definition",
            0.80,
            r"\b((?:src|lib|packages|apps|api|components|crates|internal|pkg|cmd|tests?)/[\w\-./]*\.[A-Za-z]{1,5})\b",
        ),
        ("reference", 0.75, r"(?i)\b(branch:\s*[\w\-./]+)"),
        ("reference", 0.70, r"\b([0-9a-f]{7,40})\b"),
    ];
    let compiled = patterns.into_iter().map(|(category, confidence, pattern)| {
        (category, confidence, Regex::new(pattern).expect("the patterns are constants"))
    });
    compiled.collect()
});

/// Words that look like entities but are not.
const NOISE: [&str; 12] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "API", "URL", "ID", "DB", "SQL"];

/// The entities of an event without duplicates, highest confidence first.
pub fn extract(event: &SourceEvent) -> Vec<Entity> {
    let text = format!("{}\n{}", event.title, event.body);
    let mut found: HashMap<(&'static str, String), Entity> = HashMap::new();
    for entity in event.references.iter().filter_map(from_reference).chain(from_text(&text)) {
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

fn from_reference(reference: &Reference) -> Option<Entity> {
    let (category, key) = match reference.kind {
        ReferenceKind::Issue | ReferenceKind::Pr | ReferenceKind::Project => ("project", reference.id.clone()),
        ReferenceKind::Commit => ("reference", reference.id.chars().take(7).collect()),
        ReferenceKind::Branch => ("reference", format!("branch:{}", reference.id)),
        ReferenceKind::Assignee | ReferenceKind::Reviewer => {
            ("engineer", format!("@{}", reference.id.trim_start_matches('@')))
        }
        // A label describes the event; it becomes a topic instead.
        ReferenceKind::Label => return None,
        _ => ("reference", reference.id.clone()),
    };
    Some(Entity { category, key, value: reference.id.clone(), confidence: 0.98, evidence: String::new() })
}

fn from_text(text: &str) -> impl Iterator<Item = Entity> {
    PATTERNS.iter().flat_map(move |(category, confidence, pattern)| {
        pattern.captures_iter(text).filter_map(move |capture| {
            let value = capture.get(1)?;
            let key = key_of(category, value.as_str())?;
            Some(Entity {
                category,
                key,
                value: value.as_str().to_owned(),
                confidence: *confidence,
                evidence: around(text, value.start(), value.end()),
            })
        })
    })
}

fn key_of(category: &str, value: &str) -> Option<String> {
    let digits_only = value.chars().all(|c| c.is_ascii_digit());
    if value.len() < 2 || digits_only || NOISE.contains(&value) {
        return None;
    }
    let is_branch = value.to_lowercase().starts_with("branch:");
    match (category, is_branch) {
        ("reference", true) => Some(format!("branch:{}", value[7..].trim())),
        // Letters a to f without a digit are more likely a word than a commit.
        ("reference", false) if !value.contains(|c: char| c.is_ascii_digit()) => None,
        ("reference", false) => Some(value[..7].to_owned()),
        _ => Some(value.to_owned()),
    }
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

fn around(text: &str, start: usize, end: usize) -> String {
    let before = text[..start].char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let after = text[end..].char_indices().nth(AROUND).map_or(text.len(), |(at, _)| end + at);
    text[before..after].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use campanile_base::Timestamp;

    use super::*;

    fn keys(body: &str) -> Vec<(&'static str, String)> {
        let event = SourceEvent {
            provider: "github".into(),
            event_type: "push".into(),
            source_id: "x".into(),
            title: "t".into(),
            body: body.into(),
            actor: None,
            occurred_at: Timestamp::from_seconds(0),
            repository: None,
            references: vec![Reference::commit("a8f3c2d91e4b5678")],
            metadata: serde_json::Map::new(),
        };
        extract(&event).into_iter().map(|entity| (entity.category, entity.key)).collect()
    }

    #[test]
    fn each_pattern_finds_its_kind() {
        let found = keys(
            "POST /api/search fails for @ada-l, see #361 and LF-412; DATABASE_URL in src/db/mod.rs since b7e4d1f82c, branch: fix/it",
        );
        for expected in [
            ("endpoint", "POST /api/search"),
            ("engineer", "@ada-l"),
            ("project", "#361"),
            ("project", "LF-412"),
            ("config", "DATABASE_URL"),
            ("definition", "src/db/mod.rs"),
            ("reference", "b7e4d1f"),
            ("reference", "branch:fix/it"),
            ("reference", "a8f3c2d"),
        ] {
            assert!(found.contains(&(expected.0, expected.1.to_owned())), "{expected:?} in {found:?}");
        }
    }

    #[test]
    fn noise_is_dropped_and_the_most_certain_find_is_kept() {
        let found = keys("The API and URL of a8f3c2d91e4b5678, 1234567 and defaced mail a@b.example");
        assert_eq!(found, [("reference", "a8f3c2d".to_owned())]);
    }

    #[test]
    fn a_commit_is_named_by_any_length_of_its_digits() {
        assert_eq!(key_of_written(" a8f3c2d91e4b5678 "), "a8f3c2d");
        for unchanged in ["#361", "LF-412", "1234567890", "defaced", "@ada", "branch:fix/it", "a8f3"] {
            assert_eq!(key_of_written(unchanged), unchanged);
        }
    }

    #[test]
    fn evidence_is_cut_at_characters_not_bytes() {
        let text = format!("{}#361{}", "é".repeat(80), " ü".repeat(80));
        let found: Vec<Entity> = from_text(&format!("é {text}")).collect();
        assert!(found.is_empty() || found[0].evidence.chars().count() <= 2 * AROUND + 4);
        assert_eq!(around(&format!("{} #1", "é".repeat(80)), 161, 163).chars().count(), 52);
    }
}
