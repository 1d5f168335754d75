//! Other words for the kinds of events: who asks for what was *reported* means what was created.

use campanile_search::Query;

/// Words of questions, and the words of events that they stand for.
const KINDS: &[(&str, &str)] = &[
    ("report", "created opened"),
    ("reported", "created opened"),
    ("raised", "created opened"),
    ("filed", "created opened"),
    ("started", "created opened"),
    ("bug", "issue error"),
    ("bugs", "issue error"),
    ("problem", "issue error"),
    ("problems", "issue error"),
    ("ticket", "issue"),
    ("task", "issue"),
    ("crash", "error"),
    ("crashes", "error"),
    ("exception", "error"),
    ("exceptions", "error"),
    ("pr", "pull request"),
    ("prs", "pull request"),
    ("approve", "review"),
    ("approved", "review"),
    ("commit", "push"),
    ("commits", "push"),
    ("committed", "push"),
    ("shipped", "deployment succeeded"),
    ("released", "release deployment"),
    ("rollout", "deployment"),
    ("fix", "merged resolved"),
    ("fixed", "merged resolved"),
    ("solved", "merged resolved"),
];

/// The query with the words of events beside those that stand for them.
pub(super) fn with_kinds(query: &Query) -> Query {
    let mut query = query.clone();
    for word in &mut query.words {
        let written = word.written.to_lowercase();
        let others = KINDS.iter().filter(|(said, _)| *said == written).map(|(_, meant)| *meant);
        let terms: Vec<String> =
            others.flat_map(|meant| Query::read(meant, &[]).words).flat_map(|meant| meant.terms).collect();
        word.terms.extend(terms);
    }
    query
}

/// Words that ask for a kind of event at the begin of a question, and the words of such events.
const ASKED: &[(&str, &str)] = &[
    ("deployment", "deployment"),
    ("deployments", "deployment"),
    ("deploy", "deployment"),
    ("deployed", "deployment"),
    ("pull request", "pull request"),
    ("pull requests", "pull request"),
    ("pr", "pull request"),
    ("prs", "pull request"),
    ("commit", "push"),
    ("commits", "push"),
    ("push", "push"),
    ("issue", "issue"),
    ("issues", "issue"),
    ("error", "error"),
    ("errors", "error"),
    ("release", "release"),
    ("releases", "release"),
    ("comment", "comment"),
    ("comments", "comment"),
    ("approved", "review"),
    ("reviewed", "review"),
    ("merged", "merged"),
    ("reported", "created"),
    ("opened", "opened"),
];
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
        let meant = |said: &str| ASKED.iter().find(|(word, _)| *word == said).map(|(_, meant)| *meant);
        let meant = two.as_deref().and_then(meant).or_else(|| meant(words[at]))?;
        Some(Query::read(meant, &[]))
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
}
