//! The part of a text that shows why it was found.

use crate::reading::Reading;

/// The longest snippet, in bytes of the text.
const LENGTH: usize = 240;
/// A word that is found has so much of its sentence before it, at most.
const BEFORE: usize = 80;

/// A word of the query in a snippet. The numbers count characters (Unicode scalar values).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highlight {
    /// The first character.
    pub start: usize,
    /// The character behind the last.
    pub end: usize,
}

/// A part of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// The text, on one line.
    pub text: String,
    /// The words of the query in it, in order.
    pub highlights: Vec<Highlight>,
    /// True if there is more text before it or behind it.
    pub is_cut: (bool, bool),
}

impl Snippet {
    /// The stretch of `body` with the most words of the query, from a reading of the same body.
    pub fn of(reading: &Reading, body: &str) -> Self {
        let start = reading.places.iter().map(|(_, start, _)| begin(body, *start));
        let best = start.map(|start| (different(reading, body, start), start)).max_by(|(one, a), (other, b)| {
            // Of equal stretches the first.
            one.cmp(other).then(b.cmp(a))
        });
        let start = best.map_or(0, |(_, start)| start);
        let end = end_of(body, start);
        let within = |place: &&(usize, usize, usize)| place.1 >= start && place.2 <= end;
        let characters = |from: usize, until: usize| body[from..until].chars().count();
        let mut highlights: Vec<Highlight> = Vec::new();
        for (_, from, until) in reading.places.iter().filter(within) {
            let first = characters(start, *from);
            highlights.push(Highlight { start: first, end: first + characters(*from, *until) });
        }
        let text = body[start..end].chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        Self { text, highlights, is_cut: (start > 0, end < body.trim_end().len()) }
    }
}

/// The number of different words of the query in the snippet from `start` on.
fn different(reading: &Reading, body: &str, start: usize) -> usize {
    let end = end_of(body, start);
    let mut words: Vec<usize> =
        reading.places.iter().filter(|(_, from, until)| *from >= start && *until <= end).map(|place| place.0).collect();
    words.sort_unstable();
    words.dedup();
    words.len()
}

/// The begin of the sentence in which a word stands, or of a word not far before it.
fn begin(body: &str, word: usize) -> usize {
    let from = border(body, word.saturating_sub(BEFORE));
    let before = &body[from..word];
    let sentence = before.rmatch_indices(['.', '!', '?', '\n']).find_map(|(at, mark)| {
        let rest = &before[at + mark.len()..];
        (mark == "\n" || rest.starts_with(char::is_whitespace)).then(|| word - rest.trim_start().len())
    });
    if let Some(sentence) = sentence {
        return sentence;
    }
    match from {
        0 => word - before.trim_start().len(),
        _ => before.find(char::is_whitespace).map_or(from, |at| word - before[at..].trim_start().len()),
    }
}

/// The end of a snippet: not within a word, if that can be.
fn end_of(body: &str, start: usize) -> usize {
    if body.len() - start <= LENGTH {
        return body.trim_end().len().max(start);
    }
    let end = border(body, start + LENGTH);
    let cut = body[start..end].rfind(char::is_whitespace).filter(|at| *at > LENGTH / 2);
    cut.map_or(end, |at| start + body[start..start + at].trim_end().len())
}

/// The border of characters at a byte or before it.
fn border(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::Query;

    fn snippet(query: &str, body: &str) -> Snippet {
        let query = Query::read(query, &[]);
        Snippet::of(&Reading::of(&query, &vec![1.0; query.words.len()], "", body), body)
    }

    #[test]
    fn the_sentence_with_most_of_the_query_is_shown() {
        let filler = "Nothing of interest is said here, for quite some time. ".repeat(8);
        let body = format!("A timeout. {filler}The connection pool ran into a timeout.\nMore text. {filler}");
        let snippet = snippet("connection pool timeout", &body);
        assert!(snippet.text.starts_with("The connection pool ran into a timeout."), "{}", snippet.text);
        let marked = |highlight: &Highlight| {
            snippet.text.chars().skip(highlight.start).take(highlight.end - highlight.start).collect::<String>()
        };
        let marked: Vec<String> = snippet.highlights.iter().map(marked).collect();
        assert_eq!(marked, ["connection", "pool", "timeout"]);
        assert_eq!(snippet.is_cut, (true, true));
    }

    #[test]
    fn a_text_without_the_words_is_shown_from_its_begin() {
        assert_eq!(snippet("zebra", "Hello world"), Snippet { text: "Hello world".into(), ..Snippet::default() });
        assert_eq!(snippet("zebra", ""), Snippet::default());
    }

    proptest! {
        #[test]
        fn highlights_lie_in_the_snippet(body in "(\\PC{0,8}[ .\\n]|zug |größe ){0,80}") {
            let snippet = snippet("zug größe", &body);
            prop_assert!(snippet.text.len() <= LENGTH * 2);
            for highlight in &snippet.highlights {
                prop_assert!(highlight.start < highlight.end && highlight.end <= snippet.text.chars().count());
            }
        }
    }
}
