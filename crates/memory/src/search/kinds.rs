//! Other words for the kinds of events: who asks for what was *reported* means what was created.

use campanile_search::Query;

/// A word of questions that stands for a kind of event.
struct KindWord {
    said: &'static str,
    /// The words of events that are searched beside it; empty if it has none that differ from it.
    beside: &'static str,
    /// The words of the events that it asks for at the begin of a question, as in `which deployment …`;
    /// empty if it asks for none there.
    asks_for: &'static str,
}

const fn word(said: &'static str, beside: &'static str, asks_for: &'static str) -> KindWord {
    KindWord { said, beside, asks_for }
}

/// The words, each once.
const WORDS: &[KindWord] = &[
    word("report", "created opened", ""),
    word("reported", "created opened", "created"),
    word("raised", "created opened", ""),
    word("filed", "created opened", ""),
    word("started", "created opened", ""),
    word("bug", "issue error", ""),
    word("bugs", "issue error", ""),
    word("problem", "issue error", ""),
    word("problems", "issue error", ""),
    word("ticket", "issue", ""),
    word("task", "issue", ""),
    word("crash", "error", ""),
    word("crashes", "error", ""),
    word("exception", "error", ""),
    word("exceptions", "error", ""),
    word("pr", "pull request", "pull request"),
    word("prs", "pull request", "pull request"),
    word("approve", "review", ""),
    word("approved", "review", "review"),
    word("commit", "push", "push"),
    word("commits", "push", "push"),
    word("committed", "push", ""),
    word("shipped", "deployment succeeded", ""),
    word("released", "release deployment", ""),
    word("rollout", "deployment", ""),
    word("fix", "merged resolved", ""),
    word("fixed", "merged resolved", ""),
    word("solved", "merged resolved", ""),
    word("deployment", "", "deployment"),
    word("deployments", "", "deployment"),
    word("deploy", "", "deployment"),
    word("deployed", "", "deployment"),
    word("pull request", "", "pull request"),
    word("pull requests", "", "pull request"),
    word("push", "", "push"),
    word("issue", "", "issue"),
    word("issues", "", "issue"),
    word("error", "", "error"),
    word("errors", "", "error"),
    word("release", "", "release"),
    word("releases", "", "release"),
    word("comment", "", "comment"),
    word("comments", "", "comment"),
    word("reviewed", "", "review"),
    word("merged", "", "merged"),
    word("opened", "", "opened"),
];

/// The line of a word or of two, in small letters.
fn line_of(said: &str) -> Option<&'static KindWord> {
    WORDS.iter().find(|word| word.said == said)
}

/// The query with the words of events beside those that stand for them.
pub(super) fn with_kinds(query: &Query) -> Query {
    let mut query = query.clone();
    for word in &mut query.words {
        let Some(line) = line_of(&word.written.to_lowercase()) else { continue };
        let beside = Query::read(line.beside, &[]).words;
        word.terms.extend(beside.into_iter().flat_map(|beside| beside.terms));
    }
    query
}

/// The words behind the first one of a question among which a kind is asked for.
const WITHIN: usize = 3;

/// The kind of event that a question asks for: `which pull request fixed …`, `who approved …`.
pub(super) fn asked_kind(text: &str) -> Option<Query> {
    let text = text.to_lowercase();
    let mut words = text.split_whitespace();
    if !matches!(words.next()?, "which" | "what" | "who" | "whose") {
        return None;
    }
    let words: Vec<&str> = words.take(WITHIN).collect();
    (0..words.len()).find_map(|at| {
        let two = words.get(at..at + 2).map(|two| two.join(" "));
        let asked = |said: &str| line_of(said).map(|line| line.asks_for).filter(|kind| !kind.is_empty());
        let kind = two.as_deref().and_then(asked).or_else(|| asked(words[at]))?;
        Some(Query::read(kind, &[]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_question_has_the_words_of_events_beside_it() {
        let query = with_kinds(&Query::read("who reported login problems", &[]));
        let terms: Vec<&[String]> = query.words.iter().map(|word| word.terms.as_slice()).collect();
        assert_eq!(terms, [vec!["report", "creat", "open"], vec!["login"], vec!["problem", "issu", "error"]]);
    }

    #[test]
    fn a_word_stands_in_one_line_and_says_something() {
        let said: std::collections::BTreeSet<&str> = WORDS.iter().map(|word| word.said).collect();
        assert_eq!(said.len(), WORDS.len());
        for KindWord { said, beside, asks_for } in WORDS {
            assert!(!beside.is_empty() || !asks_for.is_empty(), "{said}");
            assert_eq!(*said, said.to_lowercase());
        }
    }

    #[test]
    fn the_begin_of_a_question_asks_for_a_kind() {
        let asked = |text: &str| asked_kind(text).map(|query| query.text);
        assert_eq!(asked("Which pull request fixed the login?").as_deref(), Some("pull request"));
        assert_eq!(asked("who approved it").as_deref(), Some("review"));
        assert_eq!(asked("which of the deploys failed"), None);
        assert_eq!(asked("deployments of last week"), None);
        assert_eq!(asked("who fixed it"), None, "a word that only has others beside it asks for no kind");
    }
}
