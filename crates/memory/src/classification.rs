//! Classifies an event: one category by rules, and its topics.

use std::sync::LazyLock;

use campanile_base::source_event::{ReferenceKind, SourceEvent};
use regex::Regex;

/// The categories with their words, in order of precedence.
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

/// The category of an event to which no rule applies.
const OTHER: &str = "other";
/// All categories.
pub const CATEGORIES: [&str; 14] = [
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

/// The begin of a title as conventional commits have it, behind a prefix in brackets: `[Push] fix(api)!:`.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    let words = "feat|fix|perf|tests?|docs|build|ci|refactor|style|revert";
    Regex::new(&format!(r"(?i)^(?:\[[^\]]*\]\s*)?({words})(?:\([^)]*\))?!?:")).expect("the pattern is a constant")
});

/// The category that the first word of a conventional commit stands for.
fn of_prefix(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "feat" => "feature",
        "perf" => "performance",
        "test" | "tests" => "testing",
        "docs" => "documentation",
        "build" | "ci" => "infrastructure",
        "refactor" | "style" => "refactor",
        _ => "bug_fix",
    }
}

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

/// The category of an event. What decides, in this order: a release or a deployment as the kind of event,
/// the title, a discussion as the kind, the labels, the text. A deployment or a release that a text speaks of is rarely what it is about, so these two come
/// last there.
fn category(event: &SourceEvent) -> &'static str {
    let kind = event.event_type.as_str();
    let of = |text: &str, wanted: fn(&str) -> bool| {
        RULES.iter().find(|(category, words)| wanted(category) && words.is_match(text)).map(|(category, _)| *category)
    };
    let is_shipping = |category: &str| matches!(category, "release" | "deployment");
    let is_urgent = |category: &str| matches!(category, "security" | "incident");
    let shipped = of(kind, is_shipping);
    let title = || {
        let title = event.title.as_str();
        let prefix = || PREFIX.captures(title).map(|found| of_prefix(&found[1]));
        of(title, is_urgent).or_else(prefix).or_else(|| of(title, |_| true))
    };
    let labels = || {
        let labels = event.references.iter().filter(|reference| reference.kind == ReferenceKind::Label);
        let labels: Vec<&str> = labels.map(|label| label.id.as_str()).collect();
        of(&labels.join(" "), |_| true)
    };
    let text = || {
        let text = format!("{kind} {}", event.body);
        of(&text, |category| !matches!(category, "release" | "deployment")).or_else(|| of(&text, |_| true))
    };
    let talk = || kind.starts_with("discussion").then_some("discussion");
    shipped.or_else(title).or_else(talk).or_else(labels).or_else(text).unwrap_or(OTHER)
}

/// Classifies an event by rules.
pub fn classify(event: &SourceEvent) -> Classification {
    let category = category(event);
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
            ("push", "hm", "bug_fix"),
            ("push", "[Push] feat(search)!: fix the patch of old bugs", "feature"),
            ("push", "[Push] fix(auth): close the injection", "security"),
            ("push", "[Push] docs: how errors are added", "documentation"),
            ("issue_comment.created", "comment on the outage", "incident"),
        ] {
            assert_eq!(classify(&event(kind, title)).category, expected, "{title}");
        }
    }

    #[test]
    fn a_text_decides_where_title_and_labels_say_nothing() {
        let told = |kind: &str, body: &str| {
            let event = SourceEvent { references: Vec::new(), body: body.into(), ..event(kind, "hm") };
            classify(&event).category
        };
        assert_eq!(told("push", "hm"), "other");
        assert_eq!(told("issues.closed", "The crash is gone. It was deployed at noon."), "bug_fix");
        assert_eq!(told("issues.closed", "It was deployed at noon."), "deployment");
    }

    #[test]
    fn topics_name_source_type_labels_keywords_and_category_once() {
        let topics = classify(&event("push", "[Push] fix: fix the CI")).topics;
        assert_eq!(topics, ["github", "push", "bug", "fix", "ci", "bug_fix"]);
    }
}
