use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::tail::Tail;
use crate::terms::Splitter;

fn passage<'t>(no: u32, heading: &'t str, body: &'t str, tags: &'t [String]) -> Passage<'t> {
    Passage { no, heading, body, tags, occurred_at: i64::from(no), significance: 50 }
}

fn segment(passages: &[Passage<'_>]) -> Arc<Segment> {
    let mut tail = Tail::new(passages.first().map_or(0, |first| first.no));
    passages.iter().for_each(|passage| tail.add(passage));
    Arc::new(Segment::read(&tail.into_segment()).expect("a segment"))
}

fn nos(found: &Found) -> Vec<u32> {
    found.hits.iter().map(|hit| hit.no).collect()
}

fn ask(index: &Index, query: &str) -> Found {
    index.search(&Query::read(query, &[]), &Filter::default(), 10)
}

#[test]
fn the_passage_with_more_of_the_query_is_first() {
    let mut index = Index::of(Vec::new());
    index.add(&passage(0, "Deployments", "The deployment of the site failed", &[]));
    index.add(&passage(1, "Rate limits", "Requests are limited, and a deployment too", &[]));
    index.add(&passage(2, "Other", "Nothing to see", &[]));
    let found = ask(&index, "failed deployment");
    assert_eq!(nos(&found), [0, 1]);
    assert_eq!(found.total, 2);
}

#[test]
fn a_heading_counts_and_a_removed_passage_does_not() {
    let mut index = Index::of(Vec::new());
    index.add(&passage(0, "", "a text that explains rate limits, and much else beside them", &[]));
    index.add(&passage(1, "Rate limits", "How rate limits are explained, and much else beside them", &[]));
    assert_eq!(nos(&ask(&index, "rate limits"))[0], 1);
    index.remove(1);
    assert_eq!(nos(&ask(&index, "rate limits")), [0]);
    assert_eq!(index.passages(), 1);
}

#[test]
fn facets_count_the_passages_that_were_found() {
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let (github, linear) = (tags(&["source:GitHub", "type:push"]), tags(&["source:linear"]));
    let mut index = Index::of(vec![segment(&[passage(0, "", "deploy", &github), passage(1, "", "stop", &linear)])]);
    index.add(&passage(2, "", "deploy", &linear));
    index.add(&passage(3, "", "deploy", &github));
    let count = |numbers: &[u32], kind| {
        let facets = index.facets(numbers, kind);
        facets.into_iter().map(|facet| (facet.value, facet.passages)).collect::<Vec<_>>()
    };
    assert_eq!(count(&[0, 2, 3], "source"), [("github".to_owned(), 2), ("linear".to_owned(), 1)]);
    assert_eq!(count(&[0, 2], "type"), [("push".to_owned(), 1)]);
    assert_eq!(count(&[1], "type"), []);
    assert_eq!(count(&[99], "source"), []);
}

#[test]
fn filters_narrow_and_exclude() {
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let (github, linear) = (tags(&["source:github", "type:push"]), tags(&["source:linear"]));
    let mut index = Index::of(vec![segment(&[passage(0, "", "deploy", &github)])]);
    index.add(&passage(1, "", "deploy", &linear));
    index.add(&passage(2, "", "deploy", &github));
    let search = |filter: Filter| nos(&index.search(&Query::read("deploy", &[]), &filter, 10));
    assert_eq!(search(Filter { tags: vec![tags(&["source:GitHub"])], ..Filter::default() }), [2, 0]);
    assert_eq!(search(Filter { without: tags(&["source:github"]), ..Filter::default() }), [1]);
    assert_eq!(search(Filter { occurred_at: (1, 2), ..Filter::default() }), [1]);
    assert!(search(Filter { significance: 51, ..Filter::default() }).is_empty());
    assert!(search(Filter { tags: vec![tags(&["source:nobody"])], ..Filter::default() }).is_empty());
}

#[test]
fn an_excluded_word_is_in_no_result_in_any_form_and_part_of_the_index() {
    let mut index = Index::of(vec![segment(&[
        passage(0, "Nightly", "deploy", &[]),
        passage(1, "", "deploy by day", &[]),
        passage(2, "", "deploy with a rate-limiter", &[]),
    ])]);
    index.add(&passage(3, "", "deploy all the NIGHTLY builds", &[]));
    index.add(&passage(4, "", "deploy at a rate", &[]));
    assert_eq!(nos(&ask(&index, "deploy -nightly -rate-limiter")), [1, 4]);
    assert_eq!(nos(&ask(&index, "deploy -unknown")).len(), 5);
    assert_eq!(index.admitted(&[0, 1, 3], &Query::read("deploy -nightly", &[]), &Filter::default()), [1]);
}

#[test]
fn without_words_the_newest_passages_are_found() {
    let mut index = Index::of(vec![segment(&[passage(0, "", "one", &[]), passage(1, "", "two", &[])])]);
    index.add(&passage(2, "", "three", &[]));
    let found = index.search(&Query::default(), &Filter::default(), 2);
    assert_eq!((nos(&found), found.total), (vec![2, 1], 3));
}

#[test]
fn the_begin_of_a_word_finds_what_begins_with_it() {
    let mut index = Index::of(vec![segment(&[passage(0, "Gateways", "", &[]), passage(1, "", "a gate", &[])])]);
    index.add(&passage(2, "", "the payment gateway", &[]));
    index.add(&passage(3, "", "navigation", &[]));
    let complete = |text: &str| {
        let mut query = Query::read(text, &[]);
        index.complete(&mut query);
        let mut found = nos(&index.search(&query, &Filter::default(), 10));
        found.sort_unstable();
        found
    };
    assert_eq!(complete("gatew"), [0, 2]);
    assert_eq!(complete("gat"), [0, 1, 2]);
    assert_eq!(complete("navigatio"), [3], "it is stemmed to `navig`");
    assert!(complete("g").is_empty(), "one letter is nearly every word");
    assert_eq!(complete("payment zzz"), [2]);
}

#[test]
fn changed_bytes_are_no_segment() {
    let mut tail = Tail::new(7);
    tail.add(&passage(7, "A heading", "a body of some words", &[]));
    let bytes = tail.into_segment();
    assert_eq!(Segment::read(&bytes).map(|segment| (segment.first_no(), segment.next_no())).ok(), Some((7, 8)));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        // The two bytes of reserve behind the format are free.
        assert!(Segment::read(&changed).is_err() || (6..8).contains(&at), "byte {at}");
        assert!(Segment::read(&bytes[..at]).is_err());
    }
}

/// BM25 as the textbook writes it, over plain lists.
fn textbook(texts: &BTreeMap<u32, String>, query: &str) -> BTreeMap<u32, f32> {
    let terms_of = |text: &str| {
        let mut terms: BTreeMap<String, f32> = BTreeMap::new();
        let words = Splitter::default().split(text, &mut |term| *terms.entry(term.text.to_owned()).or_default() += 1.0);
        (terms, words as f32)
    };
    let passages: BTreeMap<u32, _> = texts.iter().map(|(no, text)| (*no, terms_of(text))).collect();
    let n = passages.len() as f32;
    let average = (passages.values().map(|(_, words)| words).sum::<f32>() / n.max(1.0)).max(1.0);
    let query: BTreeSet<String> = Query::read(query, &[]).words.into_iter().flat_map(|word| word.terms).collect();
    let mut scores = BTreeMap::new();
    for term in &query {
        let with = passages.values().filter(|(terms, _)| terms.contains_key(term)).count() as f32;
        let idf = (1.0 + (n - with + 0.5) / (with + 0.5)).ln();
        for (no, (terms, words)) in &passages {
            if let Some(times) = terms.get(term) {
                let norm = 1.2 * (1.0 - 0.6 + 0.6 * words / average);
                *scores.entry(*no).or_default() += idf * times * 2.2 / (times + norm);
            }
        }
    }
    scores
}

proptest! {
    #[test]
    fn segments_and_tail_score_like_the_textbook(
        texts in prop::collection::vec("([abc]{1,2} ){0,12}", 1..40),
        cuts in prop::collection::vec(0..40_usize, 0..4),
        query in "([abc]{1,2} ){1,4}",
    ) {
        let mut borders: Vec<usize> = cuts.into_iter().map(|cut| cut.min(texts.len())).collect();
        borders.push(0);
        borders.sort_unstable();
        borders.dedup();
        let all: Vec<Passage<'_>> = texts.iter().zip(0..).map(|(text, no)| passage(no, "", text, &[])).collect();
        let segments = borders.windows(2).map(|pair| segment(&all[pair[0]..pair[1]])).collect();
        let mut index = Index::of(segments);
        let from = *borders.last().expect("there is one");
        all[from..].iter().for_each(|passage| index.add(passage));
        let found = index.search(&Query::read(&query, &[]), &Filter::default(), 100);
        let expected = textbook(&(0..).zip(texts.iter().cloned()).collect(), &query);
        prop_assert_eq!(found.total, expected.len());
        for hit in &found.hits {
            let difference = (hit.score - expected[&hit.no]).abs();
            prop_assert!(difference < 1e-4, "{} is {} and not {}", hit.no, hit.score, expected[&hit.no]);
        }
    }

    #[test]
    fn a_merged_segment_finds_what_its_parts_found(
        texts in prop::collection::vec("([a-d]{1,2}[-/ ]){0,12}", 1..40),
        cut in 0..40_usize,
        removed in prop::collection::btree_set(0..40_u32, 0..10),
        query in "([a-d]{1,2} ){1,3}",
    ) {
        let cut = cut.min(texts.len());
        let all: Vec<Passage<'_>> = texts.iter().zip(0..).map(|(text, no)| passage(no, text, text, &[])).collect();
        let parts: Vec<Arc<Segment>> =
            [&all[..cut], &all[cut..]].into_iter().filter(|part| !part.is_empty()).map(segment).collect();
        let removed: Vec<u32> = removed.into_iter().filter(|no| (*no as usize) < texts.len()).collect();
        let merged = Segment::read(&Index::merge(&parts, &removed)).expect("a segment");
        let living: Vec<Passage<'_>> = all.iter().filter(|passage| !removed.contains(&passage.no)).cloned().collect();
        let mut anew = Index::of(Vec::new());
        living.iter().for_each(|passage| anew.add(passage));
        let merged = Index::of(vec![Arc::new(merged)]);
        prop_assert_eq!(merged.passages(), living.len());
        let query = Query::read(&query, &[]);
        let (one, other) = (merged.search(&query, &Filter::default(), 50), anew.search(&query, &Filter::default(), 50));
        prop_assert_eq!(one.total, other.total);
        prop_assert_eq!(&one.hits, &other.hits, "to the last digit");
        // The same before the merge, with the passages only marked as removed.
        let mut marked = Index::of(parts);
        removed.iter().for_each(|no| marked.remove(*no));
        prop_assert_eq!(&marked.search(&query, &Filter::default(), 50).hits, &other.hits);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        // With a fitting checksum, so that what lies behind it is read.
        let mut bytes = bytes;
        if bytes.len() >= 12 {
            bytes[..6].copy_from_slice(&[b'C', b'S', b'E', b'G', 1, 0]);
            let checksum = crc32fast::hash(&bytes[12..]);
            bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        }
        if let Ok(segment) = Segment::read(&bytes) {
            let index = Index::of(vec![Arc::new(segment)]);
            index.search(&Query::read("a b c", &[]), &Filter::default(), 10);
            Index::merge(&[Arc::new(Segment::read(&bytes).expect("as before"))], &[]);
        }
    }
}
