//! Holds the sentences of a language model against the passages that they cite. Pure.
//!
//! A sentence is supported if it cites a passage that has at least a fifth of its words. Links to other
//! places than the passages' own are removed.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::retrieval::Found;
use crate::sentences::terms;

/// The share of a sentence's words that its passages must have.
const SHARE: f64 = 0.2;
/// The text in place of a link to another place.
const REMOVED: &str = "(link removed)";

static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:https?://|www\.)[^\s\])>]+").expect("the pattern is a constant"));
static CITATION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\s*\[\d{1,9}\]").expect("the pattern is a constant"));

/// A sentence of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) text: String,
    pub(crate) is_supported: bool,
}

/// The words of the passages, by their numbers.
pub(crate) struct Verifier {
    passages: Vec<HashSet<String>>,
    addresses: Vec<String>,
}

impl Verifier {
    pub(crate) fn new(found: &Found) -> Self {
        let words = |text: &crate::retrieval::PassageText| {
            let states = found.states.iter().filter(|view| view.observation_id == text.passage.id);
            let states =
                states.map(|view| format!("{} {} {}", view.name, view.state, view.value.clone().unwrap_or_default()));
            let states: Vec<String> = states.collect();
            terms(&format!("{}\n{}\n{}", text.passage.title, text.body, states.join("\n")))
        };
        Self {
            passages: found.texts.iter().map(words).collect(),
            addresses: found.texts.iter().map(|text| text.passage.url.clone()).collect(),
        }
    }

    /// A sentence with its citations of passages that exist, and whether they support it.
    pub(crate) fn verify(&self, sentence: &str) -> Verified {
        let linked = LINK.replace_all(sentence, |found: &regex::Captures<'_>| {
            if self.addresses.iter().any(|known| known == &found[0]) { found[0].to_owned() } else { REMOVED.to_owned() }
        });
        let text = CITATION.replace_all(&linked, |found: &regex::Captures<'_>| {
            let exists = crate::answer::cited(&found[0]).iter().all(|n| (1..=self.passages.len()).contains(n));
            if exists { found[0].to_owned() } else { String::new() }
        });
        let words = terms(&CITATION.replace_all(&text, ""));
        let cited = crate::answer::cited(&text);
        let passages: Vec<&HashSet<String>> =
            cited.iter().filter_map(|n| self.passages.get(n.checked_sub(1)?)).collect();
        let known = |word: &&String| passages.iter().any(|passage| passage.contains(*word));
        let share = words.iter().filter(known).count() as f64 / words.len().max(1) as f64;
        // A line without words, such as a list's mark, says nothing that could be wrong.
        let is_supported = words.is_empty() || share >= SHARE && !passages.is_empty();
        Verified { text: text.into_owned(), is_supported }
    }
}

/// The first sentence of what has come so far, with its citations; `None` while it may go on.
pub(crate) fn first_sentence(text: &str, is_end: bool) -> Option<usize> {
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        let rest = &text[after..];
        let is_break = c == '\n'
            || matches!(c, '。' | '！' | '？')
            || matches!(c, '.' | '!' | '?') && rest.starts_with(char::is_whitespace);
        if !is_break {
            continue;
        }
        // Citations may stand behind the full stop.
        let trimmed = rest.trim_start_matches([' ', '\t']);
        if trimmed.is_empty() && !is_end {
            return None;
        }
        let is_cited = c != '\n' && trimmed.starts_with('[');
        let end = if is_cited { behind_citations(text, after, is_end)? } else { after };
        return Some(end);
    }
    (is_end && !text.is_empty()).then_some(text.len())
}

/// The end of the citations from a place on; `None` while they may go on.
fn behind_citations(text: &str, from: usize, is_end: bool) -> Option<usize> {
    let mut end = from;
    loop {
        let rest = &text[end..];
        let trimmed = rest.trim_start_matches([' ', '\t']);
        match (trimmed.starts_with('['), trimmed.find(']')) {
            (true, Some(close)) => end += rest.len() - trimmed.len() + close + 1,
            (true, None) if is_end => return Some(text.len()),
            (true, None) => return None,
            (false, _) if trimmed.is_empty() && !is_end => return None,
            (false, _) => return Some(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, size: usize) -> Vec<String> {
        let (mut rest, mut found) = (String::new(), Vec::new());
        let characters: Vec<char> = text.chars().collect();
        for piece in characters.chunks(size) {
            rest.extend(piece);
            while let Some(end) = first_sentence(&rest, false) {
                found.push(rest.drain(..end).collect());
            }
        }
        while let Some(end) = first_sentence(&rest, true) {
            found.push(rest.drain(..end).collect());
        }
        found
    }

    #[test]
    fn sentences_are_the_same_wherever_the_pieces_end() {
        let text = "It failed in v1.2 [1]. It works. [2][3] Then\n- a point [1]\nLast one";
        let expected = ["It failed in v1.2 [1].", " It works. [2][3]", " Then\n", "- a point [1]\n", "Last one"];
        for size in 1..text.len() {
            assert_eq!(split(text, size), expected, "{size}");
        }
    }

    fn verifier() -> Verifier {
        let passages = ["The payment gateway timed out under load", "Dark mode is too bright"];
        Verifier {
            passages: passages.iter().map(|text| terms(text)).collect(),
            addresses: vec!["https://github.com/acme/shop/issues/1".into()],
        }
    }

    #[test]
    fn sentences_need_a_passage_with_their_words() {
        let told = |text: &str| verifier().verify(text).is_supported;
        assert!(told("The gateway timed out [1]."));
        assert!(!told("The gateway timed out [2]."));
        assert!(!told("The gateway timed out."));
        assert!(!told("The gateway timed out [7]."));
        assert!(!told("Zeppelins moor over Berlin every summer afternoon [1]."));
        assert!(told("\n"));
        assert_eq!(verifier().verify("It timed out [1][9].").text, "It timed out [1].");
        assert!(!told("It timed out [99999999999] [0]."));
    }

    #[test]
    fn links_to_other_places_are_removed() {
        let told = |text: &str| verifier().verify(text).text;
        assert_eq!(told("See https://evil.example/?q=secret [1]."), "See (link removed) [1].");
        let own = "See https://github.com/acme/shop/issues/1 [1].";
        assert_eq!(told(own), own);
    }
}
