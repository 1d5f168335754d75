//! Sentences of a text, and the words that they share with a question or a passage. Pure.

use std::collections::HashSet;

use campanile_search::terms::{Splitter, is_stop_word};

/// The sentences of a text that are looked at.
const MOST: usize = 200;
/// The longest sentence that is quoted, in characters.
const LONGEST: usize = 300;

/// The words of a text in the form in which they are compared, without those that carry no meaning.
pub(crate) fn terms(text: &str) -> HashSet<String> {
    let mut terms = HashSet::new();
    Splitter::default().split(text, &mut |term| {
        if !is_stop_word(&text[term.start..term.end]) {
            terms.insert(term.text.to_owned());
        }
    });
    terms
}

/// The sentences of a text. A line ends one.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(split).map(str::trim).filter(|sentence| !sentence.is_empty()).take(MOST)
}

fn split(line: &str) -> Vec<&str> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let mut characters = line.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let is_end = matches!(c, '.' | '!' | '?') && characters.peek().is_none_or(|(_, next)| next.is_whitespace());
        if is_end || matches!(c, '。' | '！' | '？') {
            let end = at + c.len_utf8();
            parts.push(&line[begin..end]);
            begin = end;
        }
    }
    parts.push(&line[begin..]);
    parts
}

/// The sentences of a text that have the most of these words, at most three, in their order. The title is
/// left out: it is told beside them.
pub(crate) fn best(text: &str, wanted: &HashSet<String>, title: &str) -> Vec<String> {
    let scored = sentences(text).enumerate().filter(|(_, sentence)| !title.contains(sentence));
    let mut scored: Vec<(usize, usize, &str)> = scored
        .map(|(place, sentence)| (terms(sentence).intersection(wanted).count(), place, sentence))
        .filter(|(score, ..)| *score > 0)
        .collect();
    scored.sort_by_key(|(score, place, _)| (std::cmp::Reverse(*score), *place));
    let most = scored.first().map_or(0, |(score, ..)| *score);
    scored.truncate(3);
    scored.retain(|(score, ..)| score * 2 >= most);
    scored.sort_by_key(|(_, place, _)| *place);
    scored.into_iter().map(|(_, _, sentence)| quoted(sentence)).collect()
}

/// A sentence that is short enough to be quoted.
pub(crate) fn quoted(sentence: &str) -> String {
    let sentence = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    match sentence.char_indices().nth(LONGEST) {
        None => sentence,
        Some((end, _)) => format!("{}…", sentence[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_with_a_mark_and_a_space_or_with_their_line() {
        let found: Vec<&str> = sentences("Uses v1.2.3 now. It works!\n- a point\n\n失敗した。直した。").collect();
        assert_eq!(found, ["Uses v1.2.3 now.", "It works!", "- a point", "失敗した。", "直した。"]);
    }

    #[test]
    fn the_sentences_with_most_of_the_question_are_quoted_in_their_order() {
        let text = "Nothing of it. The gateway timed out. The payment gateway timed out under load. Weather.";
        let wanted = terms("payment gateway timeouts load");
        assert_eq!(best(text, &wanted, "x"), ["The payment gateway timed out under load."]);
        let both = best("The gateway is slow. The payment is slow.", &wanted, "x");
        assert_eq!(both, ["The gateway is slow.", "The payment is slow."]);
        assert!(best(text, &terms("zeppelin"), "x").is_empty());
        assert!(quoted(&"word ".repeat(200)).chars().count() <= LONGEST + 1);
    }
}
