//! Finds the issues that a pull request or a merge request says that it closes.

use std::sync::LazyLock;

use campanile_base::source_event::{Reference, ReferenceKind};
use regex::Regex;

/// A closing keyword, then `#12`, `owner/name#12`, or a key such as `ABC-7`, optionally with the
/// word Sentry before it.
static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(fix(?:e[sd])?|close[sd]?|resolve[sd]?)\b:?\s+(?:([\w.-]+/[\w.-]+)?#(\d{1,9})\b|(?:sentry\s+)?([a-z][a-z0-9]*-\d+)\b)",
    )
    .expect("the pattern is a constant")
});

/// The issues that `text` closes, each once, with `fixes`, `closes` or `resolves` as their label.
pub(crate) fn closed_issues(text: &str, repository: &str) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    for capture in CLOSING.captures_iter(text) {
        let reference = match (capture.get(3), capture.get(4)) {
            (Some(number), _) => {
                let repository = capture.get(2).map_or(repository, |named| named.as_str());
                let number = number.as_str().parse().unwrap_or_default();
                Reference::numbered(ReferenceKind::Issue, repository, number)
            }
            (None, Some(key)) => Reference::issue_key(&key.as_str().to_ascii_uppercase()),
            (None, None) => continue,
        };
        if !found.iter().any(|known| known.key == reference.key) {
            found.push(reference.labelled(label(&capture[1])));
        }
    }
    found
}

/// The keyword in the one spelling that the graph uses.
fn label(keyword: &str) -> &'static str {
    match keyword.as_bytes()[0].to_ascii_lowercase() {
        b'f' => "fixes",
        b'c' => "closes",
        _ => "resolves",
    }
}

#[cfg(test)]
mod tests;
