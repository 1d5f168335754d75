//! A passage's own text beside a query: how much of the query it has, and how close together.

use crate::query::Query;
use crate::terms::{Splitter, folded};

/// A passage that was read for a query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The share of the query that stands in heading or body, weighed by the rarity of the words:
    /// from 0 to 1.
    pub coverage: f32,
    /// The share that stands in the heading.
    pub heading_coverage: f32,
    /// The closeness of the words to each other: 1 if all are neighbours, 0 if there is only one.
    pub proximity: f32,
    /// True if all phrases are there.
    pub has_phrases: bool,
    /// The words of the query in the body: the number of the word, and its bytes.
    pub(crate) places: Vec<(usize, usize, usize)>,
}

impl Reading {
    /// Reads a passage. `rarities` has one value for each word of the query.
    pub fn of(query: &Query, rarities: &[f32], heading: &str, body: &str) -> Self {
        let terms = query.words.iter().flat_map(|word| word.terms.iter().map(String::as_str));
        let mut splitter = Splitter::looking_for(terms);
        let in_heading = places(&mut splitter, query, heading);
        let in_body = places(&mut splitter, query, body);
        let share = |has: &dyn Fn(usize) -> bool| {
            let all: f32 = rarities.iter().sum();
            let found: f32 = (0..query.words.len()).filter(|n| has(*n)).filter_map(|n| rarities.get(n)).sum();
            if all > 0.0 { found / all } else { 0.0 }
        };
        let has = |places: &[Place], n: usize| places.iter().any(|place| place.word == n);
        let proximity = proximity(&in_body, query.words.len()).max(proximity(&in_heading, query.words.len()));
        Self {
            coverage: share(&|n| has(&in_heading, n) || has(&in_body, n)),
            heading_coverage: share(&|n| has(&in_heading, n)),
            proximity,
            has_phrases: query.phrases.iter().all(|phrase| stands_in(phrase, heading) || stands_in(phrase, body)),
            places: in_body.iter().map(|place| (place.word, place.start, place.end)).collect(),
        }
    }
}

/// A word of the query in a text.
#[derive(Debug, Clone, Copy)]
struct Place {
    word: usize,
    position: u32,
    start: usize,
    end: usize,
}

/// The places of a query's words in a text, each word of the text once.
fn places(splitter: &mut Splitter, query: &Query, text: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    splitter.split(text, &mut |term| {
        if places.last().is_some_and(|last| last.position == term.position) {
            return;
        }
        let word = query.words.iter().position(|word| word.terms.iter().any(|known| known == term.text));
        places.extend(word.map(|word| Place { word, position: term.position, start: term.start, end: term.end }));
    });
    places
}

/// The share of the query's words in the shortest stretch that has all of them that the text has:
/// the number of different words by the length of the stretch, times their share in the query.
fn proximity(places: &[Place], words: usize) -> f32 {
    let mut last = vec![None; words];
    let mut wanted = vec![false; words];
    places.iter().for_each(|place| wanted[place.word] = true);
    let different = wanted.iter().filter(|is_wanted| **is_wanted).count();
    if different < 2 {
        return 0.0;
    }
    let mut shortest = u32::MAX;
    for place in places {
        last[place.word] = Some(place.position);
        if last.iter().flatten().count() == different {
            let first = last.iter().flatten().min().copied().unwrap_or(place.position);
            shortest = shortest.min(place.position - first + 1);
        }
    }
    (different as f32 / words as f32) * (different as f32 / shortest.max(1) as f32).min(1.0)
}

/// True if a phrase stands in a text, without regard to case, accents and the width of spaces.
fn stands_in(phrase: &str, text: &str) -> bool {
    let spaced = |text: &str| folded(text).split_whitespace().collect::<Vec<_>>().join(" ");
    spaced(text).contains(&spaced(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, heading: &str, body: &str) -> Reading {
        let query = Query::read(query, &[]);
        let rarities = vec![1.0; query.words.len()];
        Reading::of(&query, &rarities, heading, body)
    }

    #[test]
    fn coverage_is_the_share_of_the_query() {
        let reading = read("connection pool timeout", "Pool sizes", "A connection is kept");
        assert!((reading.coverage - 2.0 / 3.0).abs() < 1e-6);
        assert!((reading.heading_coverage - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn neighbours_are_closer_than_words_far_apart() {
        let near = read("connection timeout", "", "the connection timeout was raised");
        let far = read("connection timeout", "", "the connection was kept, and after a while there was a timeout");
        assert!((near.proximity - 1.0).abs() < 1e-6);
        assert!(far.proximity > 0.0 && far.proximity < 0.3);
        assert!(read("connection timeout", "", "one timeout").proximity.abs() < 1e-6);
    }

    #[test]
    fn a_phrase_must_stand_as_it_is() {
        assert!(read("\"connection reset\"", "", "A  Connection\nreset by peer").has_phrases);
        assert!(!read("\"connection reset\"", "", "reset the connection").has_phrases);
    }
}
