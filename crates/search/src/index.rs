//! The index of a workspace: its segments, and the tail.

#[cfg(test)]
mod tests;

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use crate::bits::Bits;
use crate::bm25::{Lengths, rarity};
use crate::filter::{Filter, having};
use crate::part::{Content, Part};
use crate::query::{Query, words_in};
use crate::segment::Segment;
use crate::tail::Passage;
use crate::term_field::TermField;
use crate::terms::{folded, is_identifier};
use crate::vectors::{VectorRef, Vectors};

/// The weight of a term in the heading, beside 1 in the body: measured on title look-ups and
/// paraphrased questions.
const HEADING: f32 = 0.7;

/// A shorter begin of a word is not completed: it would be nearly every word.
const SHORTEST_BEGINNING: usize = 2;
/// Of a word that nothing begins with, up to so many characters may be the ending that its stem lacks.
const LONGEST_ENDING: usize = 5;
const SHORTEST_STEM: usize = 4;
/// The most terms that a begin of a word is taken for.
const MOST_COMPLETIONS: usize = 32;

/// A passage that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Its number.
    pub no: u32,
    /// The sum of its terms' weights. Only comparable within one search.
    pub score: f32,
}

/// The answer of an index.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The best passages, the best first. Of equal ones the newest is first.
    pub hits: Vec<Hit>,
    /// The number of passages that have one of the words, under the filter. Passages with the words
    /// of a phrase count even if the phrase is not there.
    pub total: usize,
    /// For each word of the query its share in the meaning of the query: the rarer, the higher.
    pub rarities: Vec<f32>,
}

/// All passages of a workspace.
pub struct Index {
    /// In the order of their numbers. The last one is the tail.
    parts: Vec<Part>,
    /// Passages get their vectors a little later than their words.
    vectors: Vectors,
}

impl Index {
    /// An index of segments, in order. Passages behind the last one are [added](Self::add).
    pub fn of(segments: Vec<Arc<Segment>>) -> Self {
        let next = segments.last().map_or(0, |segment| segment.next_no());
        let mut parts: Vec<Part> = segments.into_iter().map(Part::of).collect();
        parts.push(Part::tail(next));
        Self { parts, vectors: Vectors::default() }
    }

    /// Takes over the vectors of an index of the same passages.
    pub fn take_vectors(&mut self, from: &mut Self) {
        let mut vectors = std::mem::take(&mut from.vectors);
        vectors.keep(|no| self.place(no).is_none_or(|(part, place)| !part.dead.has(place)));
        self.vectors = vectors;
    }

    /// The number behind the last passage.
    pub fn next_no(&self) -> u32 {
        self.parts.last().map_or(0, |part| part.first_no() + part.columns().len() as u32)
    }

    /// Adds a passage. Passages are added in the order of their numbers.
    pub fn add(&mut self, passage: &Passage<'_>) {
        if let Some(tail) = self.parts.last_mut() {
            tail.add(passage);
        }
    }

    /// Takes these vectors in place of the ones that are there.
    pub fn replace_vectors(&mut self, mut vectors: Vectors) {
        vectors.keep(|no| self.place(no).is_none_or(|(part, place)| !part.dead.has(place)));
        self.vectors = vectors;
    }

    /// The model whose vectors are there; empty if there are none.
    pub fn vectors_of(&self) -> &str {
        self.vectors.model()
    }

    /// Adds the vector of a passage.
    pub fn add_vector(&mut self, no: u32, vector: VectorRef<'_>) {
        self.vectors.add(no, vector);
    }

    /// True if a passage has a vector.
    pub fn has_vectors(&self) -> bool {
        self.vectors.len() > 0
    }

    /// The share of the passages that have a vector: 0 to 1.
    pub fn embedded(&self) -> f32 {
        match self.passages() {
            0 => 1.0,
            passages => (self.vectors.len() as f32 / passages as f32).min(1.0),
        }
    }

    /// Removes a passage.
    pub fn remove(&mut self, no: u32) {
        let Some(part) = self.part_of(no).and_then(|at| self.parts.get_mut(at)) else { return };
        part.remove((no - part.first_no()) as usize);
    }

    /// The number of passages that are there.
    pub fn passages(&self) -> usize {
        self.parts.iter().map(|part| part.living).sum()
    }

    /// The number of passages in the tail, those that were removed included.
    pub fn tail(&self) -> usize {
        self.parts.last().map_or(0, |part| part.columns().len())
    }

    /// The bytes that it takes in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(Part::bytes).sum::<usize>() + self.vectors.bytes()
    }

    /// One segment of several that follow each other, without the passages that were removed.
    pub fn merge(segments: &[Arc<Segment>], removed: &[u32]) -> Vec<u8> {
        let mut index = Self::of(segments.to_vec());
        removed.iter().for_each(|no| index.remove(*no));
        let parts: Vec<(&Segment, &Bits)> = index.parts.iter().filter_map(Part::as_segment).collect();
        Segment::merged(&parts)
    }

    /// Takes the last word of a query for the begin of one: adds the terms that begin with it, the
    /// most common ones.
    pub fn complete(&self, query: &mut Query) {
        let Some(word) = query.words.last_mut() else { return };
        let beginning = folded(&word.written);
        if beginning.chars().count() < SHORTEST_BEGINNING {
            return;
        }
        let mut passages: HashMap<String, u64> = HashMap::new();
        for field in [TermField::Body, TermField::Heading] {
            for part in &self.parts {
                part.with_prefix(&field.key(&beginning), &mut |key, count| {
                    if let Ok(term) = std::str::from_utf8(&key[1..]) {
                        *passages.entry(term.to_owned()).or_default() += u64::from(count);
                    }
                });
            }
        }
        let mut terms: Vec<(u64, String)> = passages.into_iter().map(|(term, count)| (count, term)).collect();
        terms.sort_unstable_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        // Behind the end of a stem nothing begins with what was typed: `deploymen`.
        let stem = || {
            let ends = beginning.char_indices().map(|(at, _)| at).skip(SHORTEST_STEM).collect::<Vec<_>>();
            let shorter = ends.into_iter().rev().take(LONGEST_ENDING).map(|end| &beginning[..end]);
            shorter.into_iter().find(|term| self.passages_with(&TermField::Body.key(term)) > 0).map(str::to_owned)
        };
        let mut found: Vec<String> = terms.into_iter().map(|(_, term)| term).take(MOST_COMPLETIONS).collect();
        if found.is_empty() {
            found.extend(stem());
        }
        let known = std::mem::take(&mut word.terms);
        found.retain(|term| !known.contains(term));
        word.terms = [known, found].concat();
    }

    /// The best passages for a query, at most `most`.
    pub fn search(&self, query: &Query, filter: &Filter, most: usize) -> Found {
        let scoring = Scoring::of(self, query);
        let mut best = Best { most, heap: BinaryHeap::with_capacity(most + 1) };
        let total = self.parts.iter().map(|part| scoring.part(part, filter, &mut best)).sum();
        Found { hits: best.into_hits(), total, rarities: scoring.rarities }
    }

    /// The passages whose vectors are the most similar to that of the query, at most `most`, under
    /// the same conditions as [`search`](Self::search). The score is the similarity, from -1 to 1.
    pub fn nearest(&self, vector: VectorRef<'_>, query: &Query, filter: &Filter, most: usize) -> Vec<Hit> {
        let demands = Demands::of(query);
        let wanted: Vec<Wanted> = self.parts.iter().map(|part| Wanted::of(part, filter, &demands)).collect();
        let mut best = Best { most, heap: BinaryHeap::with_capacity(most + 1) };
        self.vectors.each(vector, |no, score| {
            let candidate = Candidate { score, at: 0, no };
            let Some(at) = best.has_room_for(&candidate).then(|| self.part_of(no)).flatten() else { return };
            let part = &self.parts[at];
            if wanted[at].has(part, filter, (no - part.first_no()) as usize) {
                best.offer(candidate);
            }
        });
        best.into_hits()
    }

    /// Those of some passages that meet the conditions of a search.
    pub fn admitted(&self, numbers: &[u32], query: &Query, filter: &Filter) -> Vec<u32> {
        let demands = Demands::of(query);
        let wanted: Vec<Wanted> = self.parts.iter().map(|part| Wanted::of(part, filter, &demands)).collect();
        let is_admitted = |no: &u32| {
            let at = self.part_of(*no)?;
            let part = &self.parts[at];
            wanted[at].has(part, filter, (no - part.first_no()) as usize).then_some(())
        };
        numbers.iter().copied().filter(|no| is_admitted(no).is_some()).collect()
    }

    /// True if a passage has this tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.passages_with(&TermField::Tag.key(&folded(tag))) > 0
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn part_of(&self, no: u32) -> Option<usize> {
        self.parts.partition_point(|part| part.first_no() <= no).checked_sub(1)
    }

    fn place(&self, no: u32) -> Option<(&Part, usize)> {
        let part = self.parts.get(self.part_of(no)?)?;
        Some((part, (no - part.first_no()) as usize))
    }
}

/// The passages of a part that meet the conditions.
struct Wanted {
    mask: Option<Bits>,
    unwanted: Option<Bits>,
}

impl Wanted {
    fn of(part: &Part, filter: &Filter, demands: &Demands) -> Self {
        let mut mask = filter.mask(part);
        if let Some(having) = having_all(part, &demands.required) {
            match &mut mask {
                Some(mask) => mask.keep(&having),
                None => mask = Some(having),
            }
        }
        let mut unwanted = filter.unwanted(part);
        for word in &demands.excluded {
            let Some(having) = having_all(part, word) else { continue };
            match &mut unwanted {
                Some(unwanted) => unwanted.join(&having),
                None => unwanted = Some(having),
            }
        }
        Self { mask, unwanted }
    }

    #[inline]
    fn has(&self, part: &Part, filter: &Filter, place: usize) -> bool {
        let columns = part.columns();
        place < columns.len()
            && !part.dead.has(place)
            && self.mask.as_ref().is_none_or(|mask| mask.has(place))
            && self.unwanted.as_ref().is_none_or(|unwanted| !unwanted.has(place))
            && filter.admits(columns.occurred_at[place], columns.significance[place])
    }
}

/// The keys of a word: a passage has the word if it has one of them.
type WordKeys = Vec<Vec<u8>>;

/// The words that passages must have, and those that they must not have.
struct Demands {
    /// The words of phrases.
    required: Vec<WordKeys>,
    /// The parts of each excluded word.
    excluded: Vec<Vec<WordKeys>>,
}

impl Demands {
    fn of(query: &Query) -> Self {
        let keys = |terms: &[String]| {
            terms.iter().flat_map(|term| [TermField::Body.key(term), TermField::Heading.key(term)]).collect()
        };
        let words = |text: &String| words_in(text).iter().map(|terms| keys(terms)).collect::<Vec<WordKeys>>();
        // `rate-limiter` excludes neither `rate` nor `limiter`.
        let whole = |word: &String| match is_identifier(word) {
            true => vec![keys(&[folded(word)])],
            false => words(word),
        };
        Self {
            required: query.phrases.iter().flat_map(words).collect(),
            excluded: query.excluded.iter().map(whole).collect(),
        }
    }
}

/// The passages of a part that have all parts of a word; `None` if it has no parts.
fn having_all(part: &Part, word: &[WordKeys]) -> Option<Bits> {
    let mut all: Option<Bits> = None;
    for keys in word {
        let having = having(part, keys.iter().cloned());
        match &mut all {
            Some(all) => all.keep(&having),
            None => all = Some(having),
        }
    }
    all
}

impl Part {
    fn as_segment(&self) -> Option<(&Segment, &Bits)> {
        match &self.content {
            Content::Segment(segment) => Some((segment, &self.dead)),
            Content::Tail(_) => None,
        }
    }
}

/// The weights of a query's terms, over the whole index.
struct Scoring {
    /// The keys of each term in body and heading, with its rarity.
    terms: Vec<(Vec<u8>, Vec<u8>, f32)>,
    demands: Demands,
    rarities: Vec<f32>,
    bodies: Lengths,
    headings: Lengths,
}

impl Scoring {
    fn of(index: &Index, query: &Query) -> Self {
        let passages = index.passages() as u64;
        let (mut body_words, mut heading_words) = (0, 0);
        for part in &index.parts {
            let (body, heading) = part.words;
            (body_words, heading_words) = (body_words + body, heading_words + heading);
        }
        let average = |words: u64| words as f32 / passages.max(1) as f32;
        let (mut terms, mut rarities, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for word in &query.words {
            let mut most = 0.0_f32;
            for term in &word.terms {
                let (body, heading) = (TermField::Body.key(term), TermField::Heading.key(term));
                let with = index.passages_with(&body).max(index.passages_with(&heading));
                let rarity = rarity(passages, with);
                most = most.max(rarity);
                if with > 0 && seen.insert(term) {
                    terms.push((body, heading, rarity));
                }
            }
            rarities.push(most);
        }
        let demands = Demands::of(query);
        let (bodies, headings) = (Lengths::around(average(body_words)), Lengths::around(average(heading_words)));
        Self { terms, demands, rarities, bodies, headings }
    }

    /// Scores the passages of a part. Returns the number that match.
    fn part(&self, part: &Part, filter: &Filter, best: &mut Best) -> usize {
        let wanted = Wanted::of(part, filter, &self.demands);
        let (scores, columns) = (self.scores(part), part.columns());
        let mut total = 0;
        for place in 0..columns.len() {
            let score = scores.as_ref().map_or(0.0, |scores| scores[place]);
            let is_found = (scores.is_none() || score > 0.0) && wanted.has(part, filter, place);
            if is_found {
                total += 1;
                let at = if scores.is_none() { columns.occurred_at[place] } else { 0 };
                best.offer(Candidate { score, at, no: part.first_no() + place as u32 });
            }
        }
        total
    }

    /// The score of each passage of a part. `None` if the query has no words: all passages match.
    fn scores(&self, part: &Part) -> Option<Vec<f32>> {
        if self.rarities.is_empty() {
            return None;
        }
        let columns = part.columns();
        let mut scores = vec![0.0; columns.len()];
        for (body, heading, rarity) in &self.terms {
            for (key, weight, lengths, codes) in [
                (body, *rarity, &self.bodies, &columns.body),
                (heading, rarity * HEADING, &self.headings, &columns.heading),
            ] {
                let Some((_, postings)) = part.postings(key) else { continue };
                for (place, times) in postings {
                    let place = place as usize;
                    if let (Some(score), Some(code)) = (scores.get_mut(place), codes.get(place)) {
                        *score += weight * lengths.weight(times, *code);
                    }
                }
            }
        }
        Some(scores)
    }
}

impl Index {
    fn passages_with(&self, key: &[u8]) -> u64 {
        self.parts.iter().map(|part| part.passages_with(key)).sum()
    }
}

/// A passage that may be among the best.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    score: f32,
    /// The time of the event, for queries without words.
    at: i64,
    no: u32,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(self.at.cmp(&other.at)).then(self.no.cmp(&other.no))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The best candidates so far, the worst of them on top.
struct Best {
    most: usize,
    heap: BinaryHeap<Reverse<Candidate>>,
}

impl Best {
    #[inline]
    fn has_room_for(&self, candidate: &Candidate) -> bool {
        self.heap.len() < self.most || self.heap.peek().is_some_and(|Reverse(worst)| candidate > worst)
    }

    #[inline]
    fn offer(&mut self, candidate: Candidate) {
        if self.heap.len() < self.most {
            self.heap.push(Reverse(candidate));
        } else if self.heap.peek().is_some_and(|Reverse(worst)| candidate > *worst) {
            self.heap.pop();
            self.heap.push(Reverse(candidate));
        }
    }

    fn into_hits(self) -> Vec<Hit> {
        let best = self.heap.into_sorted_vec();
        best.into_iter().map(|Reverse(Candidate { no, score, .. })| Hit { no, score }).collect()
    }
}
