//! Classifies an event: one category by rules, and its topics.

use std::sync::LazyLock;

use campanile_base::source_event::{ReferenceKind, SourceEvent};
use regex::Regex;

/// The categories, in order of precedence: the first whose words occur is the event's category. The
/// event type is part of the searched text, so a release event is a release whatever its title.
static RULES: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let rules = [
        ("release", r"release[.\s]|released|changelog|\bv\d+\.\d+"),
        ("deployment", r"deployment|deploy(s|ed|ing)?\b|rollback|rolled back"),
        ("security", r"security|vulnerabilit|cve-\d+|credential|\bxss\b|injection|exploit"),
        ("incident", r"incident|outage|downtime|emergency|hotfix|sev-?\d|post-?mortem|alert"),
        ("bug_fix", r"\bfix(es|ed)?\b|\bbugs?\b|\bpatch|\bcrash|\berror\b|regression|resolve[sd]?\b"),
        ("feature", r"\bfeat(ure)?s?\b|\badd(s|ed)?\b|\bnew\b|implement|introduc"),
        ("performance", r"\bperf\b|performance|optimi[sz]|latency|faster|slow"),
        ("testing", r"\btests?\b|testing|coverage|\be2e\b|flaky"),
        ("documentation", r"\bdocs?\b|documentation|readme|guide"),
        (
            "infrastructure",
            r"infra|\bci\b|\bcd\b|pipeline|docker|kubernetes|terraform|\bdeps\b|dependenc|\bbump\b|upgrade",
        ),
        ("refactor", r"refactor|clean ?up|restructur|simplif|rename"),
        ("discussion", r"discussion|question|comment|\brfc\b|proposal"),
        ("decision", r"decision|decided|\badr\b|agreed"),
    ];
    let compiled = rules
        .into_iter()
        .map(|(category, words)| (category, Regex::new(&format!("(?i){words}")).expect("the patterns are constants")));
    compiled.collect()
});

/// All categories.
pub(crate) const CATEGORIES: [&str; 14] = [
    "bug_fix",
    "feature",
    "refactor",
    "documentation",
    "testing",
    "infrastructure",
    "security",
    "performance",
    "incident",
    "decision",
    "discussion",
    "release",
    "deployment",
    "other",
];

/// The category of an event to which no rule applies.
const OTHER: &str = "other";

/// The words of conventional commits that become topics if a title contains them.
static KEYWORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(fix|feat|refactor|test|docs|chore|ci|perf)\b").expect("the pattern is a constant")
});

/// True for a topic that events of all kinds have: a category, or a word of conventional commits.
pub(crate) fn is_general(topic: &str) -> bool {
    topic == OTHER
        || RULES.iter().any(|(category, _)| *category == topic)
        || KEYWORDS.find(topic).is_some_and(|word| word.len() == topic.len())
}

/// The category and topics of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classification {
    /// One of fourteen categories.
    pub category: &'static str,
    /// Lower-case words, each once.
    pub topics: Vec<String>,
}

/// Classifies an event by rules.
pub fn classify(event: &SourceEvent) -> Classification {
    let text = format!("{} {} {}", event.event_type, event.title, event.body);
    let found = RULES.iter().find(|(_, words)| words.is_match(&text));
    let category = found.map_or(OTHER, |(category, _)| category);
    let labels = event.references.iter().filter(|reference| reference.kind == ReferenceKind::Label);
    let named = [event.provider.to_lowercase(), event.event_type.to_lowercase()].into_iter();
    let keywords = KEYWORDS.find_iter(&event.title).map(|word| word.as_str().to_lowercase());
    let mut topics: Vec<String> = Vec::new();
    let all = named.chain(labels.map(|label| label.id.to_lowercase())).chain(keywords).chain([category.to_owned()]);
    for topic in all {
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    Classification { category, topics }
}

#[cfg(test)]
mod tests {
    use campanile_base::Timestamp;
    use campanile_base::source_event::Reference;

    use super::*;

    fn event(kind: &str, title: &str) -> SourceEvent {
        SourceEvent {
            provider: "github".into(),
            event_type: kind.into(),
            source_id: "x".into(),
            title: title.into(),
            body: String::new(),
            actor: None,
            occurred_at: Timestamp::from_seconds(0),
            repository: None,
            references: vec![Reference::new(ReferenceKind::Label, "Bug")],
            metadata: serde_json::Map::new(),
        }
    }

    #[test]
    fn the_first_category_whose_words_occur_wins() {
        for (kind, title, expected) in [
            ("release.published", "2.0", "release"),
            ("deployment.error", "failed", "deployment"),
            ("push", "security fix", "security"),
            ("push", "fix: outage of the feed", "incident"),
            ("push", "fix: login", "bug_fix"),
            ("push", "feat: login", "feature"),
            ("push", "make it faster", "performance"),
            ("push", "more tests", "testing"),
            ("push", "readme", "documentation"),
            ("push", "bump serde", "infrastructure"),
            ("push", "refactor login", "refactor"),
            ("discussion.created", "hm", "discussion"),
            ("push", "ADR: one binary", "decision"),
            ("push", "hm", "other"),
        ] {
            assert_eq!(classify(&event(kind, title)).category, expected, "{title}");
        }
    }

    #[test]
    fn topics_name_source_type_labels_keywords_and_category_once() {
        let topics = classify(&event("push", "[Push] fix: fix the CI")).topics;
        assert_eq!(topics, ["github", "push", "bug", "fix", "ci", "bug_fix"]);
    }
}
