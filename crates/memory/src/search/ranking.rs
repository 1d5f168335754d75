//! The order of the candidates: by their words and vectors, then small additions.
//!
//! Questions name who, where and what kind of event: `what did Ada merge in checkout`. A passage that
//! has these facts gains, and so does the kind of event that a question begins with. The other
//! additions are small, so that they order passages that fit about equally: how close together the
//! words stand, how much of the query the title has, how important and how new the event is. They are
//! computed for the best fifty candidates and their [neighbours](super::neighbours). So the first ten
//! results are the same whatever the limit.

use std::collections::{HashMap, HashSet};

use campanile_base::Timestamp;
use campanile_search::{Found, Query, Reading, Snippet};

use super::candidates::{Candidates, Nearest};
use super::fusion::Candidate;
use super::kinds::{asked_kind, with_kinds};
use super::neighbours::Neighbour;
use super::reply::{Confidence, Explanation};
use crate::passages::{Owner, Passage};

/// The additions, at most. The first two were measured on the questions of a company.
const FACTS: f32 = 0.8;
const KIND: f32 = 0.4;
const PROXIMITY: f32 = 0.2;
const HEADING: f32 = 0.2;
const IMPORTANCE: f32 = 0.1;
/// A candidate that is tied to one of the best.
const TIED: f32 = 0.08;
/// The highest sum, so that a score is at most 1.
const HIGHEST: f32 = 1.0 + FACTS + KIND + PROXIMITY + HEADING + IMPORTANCE;
/// The share of the score that an old event loses, and the days in which it loses half of that.
const AGE: f32 = 0.08;
const HALF_LIFE_DAYS: f32 = 14.0;
/// The best passage has less of the query than this: nothing fits, or it fits badly.
const NOTHING: f32 = 0.5;
const POOR: f32 = 0.7;
/// A passage without a word of the query must be more similar by this.
const UNSURE: f32 = 0.08;
/// The most passages of one document in a collapsed answer.
const MOST_OF_DOCUMENT: usize = 2;

/// A passage in its order.
pub(super) struct Ranked {
    pub(super) passage: Passage,
    pub(super) score: f32,
    pub(super) explanation: Explanation,
}

/// The similarity of a passage that surely fits.
const SIMILAR: f32 = 0.6;

/// The candidates in order, and how well the best fits.
pub(super) struct Ranking {
    pub(super) ranked: Vec<Ranked>,
    /// The fit of the best one, by its words or by its vector: 0 to 1.
    pub(super) fit: f32,
    pub(super) confidence: Confidence,
}

/// Orders candidates. The first `read` are read; the others follow in the order that they have.
pub(super) fn rank(
    candidates: &Candidates,
    (passages, neighbours): (Vec<Passage>, Vec<Neighbour>),
    read: usize,
    now: Timestamp,
) -> Ranking {
    let Candidates { query, found, list, nearest, .. } = candidates;
    let mut by_number: HashMap<u32, Passage> = passages.into_iter().map(|passage| (passage.no, passage)).collect();
    let mut tied: HashMap<u32, Neighbour> =
        neighbours.into_iter().map(|neighbour| (neighbour.passage.no, neighbour)).collect();
    let scorer = Scorer { with_kinds: with_kinds(query), kind: asked_kind(&query.text), found, now };
    let mut coverage = 0.0_f32;
    let (mut best, mut others): (Vec<Ranked>, Vec<Ranked>) = (Vec::new(), Vec::new());
    for (place, candidate) in list.iter().enumerate() {
        let Some(passage) = by_number.remove(&candidate.no) else { continue };
        let Candidate { lexical, vector, .. } = *candidate;
        let begun = Explanation { lexical, vector, recency: 1.0, ..Explanation::default() };
        if place >= read && query.phrases.is_empty() {
            others.push(Ranked::of(passage, begun));
            continue;
        }
        let reading = reading(query, found, &passage);
        if !reading.has_phrases {
            continue;
        }
        coverage = coverage.max(reading.coverage);
        if place >= read {
            others.push(Ranked::of(passage, begun));
            continue;
        }
        let graph = tied.remove(&candidate.no).map_or(0.0, |_| TIED);
        let explanation = scorer.explain(Explanation { graph, ..begun }, &reading, &passage);
        best.push(Ranked::of(passage, explanation));
    }
    for Neighbour { passage, score } in tied.into_values() {
        let reading = reading(query, found, &passage);
        if reading.has_phrases {
            let begun = Explanation { graph: score, ..Explanation::default() };
            let explanation = scorer.explain(begun, &reading, &passage);
            best.push(Ranked::of(passage, explanation));
        }
    }
    best.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| other.passage.no.cmp(&one.passage.no)));
    // Passages that were not read stay behind those that were.
    let known: HashSet<u32> = best.iter().map(|ranked| ranked.passage.no).collect();
    others.retain(|ranked| !known.contains(&ranked.passage.no));
    best.extend(others);
    let mut ranked = best;
    if query.is_without_words() {
        coverage = 1.0;
        ranked.sort_by_key(|ranked| std::cmp::Reverse((ranked.passage.occurred_at(), ranked.passage.no)));
    }
    let fits_nothing = ranked.is_empty() || candidates.is_by_time_alone;
    let confidence = match confidence(coverage, *nearest) {
        _ if fits_nothing => Confidence::None,
        // `get_user_id` is not found by what has `user` and `id`, though that may be what was meant.
        Confidence::High if candidates.is_by_parts => Confidence::Low,
        other => other,
    };
    let similar = nearest.map_or(0.0, |nearest| nearest.similarity / SIMILAR);
    Ranking { ranked, fit: coverage.max(similar.clamp(0.0, 1.0)), confidence }
}

/// The best passage fits by its words, or by its vector.
fn confidence(coverage: f32, nearest: Option<Nearest>) -> Confidence {
    let is_similar = |threshold: fn((f32, f32)) -> f32| {
        let without_words = UNSURE * (1.0 - coverage / NOTHING).max(0.0);
        nearest.is_some_and(|nearest| nearest.similarity >= threshold(nearest.thresholds) + without_words)
    };
    if coverage >= POOR || is_similar(|(_, hardly)| hardly) {
        Confidence::High
    } else if coverage >= NOTHING || is_similar(|(nothing, _)| nothing) {
        Confidence::Low
    } else {
        Confidence::None
    }
}

/// The part of a passage that shows why it was found.
pub(super) fn snippet(query: &Query, found: &Found, passage: &Passage) -> Snippet {
    let reading = Reading::of(query, &found.rarities, &passage.heading(), passage.body());
    Snippet::of(&reading, passage.body())
}

fn reading(query: &Query, found: &Found, passage: &Passage) -> Reading {
    Reading::of(query, &found.rarities, &passage.heading(), &passage.indexed_text())
}

/// Keeps the best passage of each observation, and the two best of each document.
pub(super) fn collapsed(mut ranked: Vec<Ranked>) -> Vec<Ranked> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    ranked.retain(|Ranked { passage, .. }| {
        let times = seen.entry(passage.owner_id().to_owned()).or_default();
        *times += 1;
        *times <= if matches!(passage.owner, Owner::Document(_)) { MOST_OF_DOCUMENT } else { 1 }
    });
    ranked
}

/// Computes the parts of a score.
struct Scorer<'q> {
    /// The query with other words for kinds of events.
    with_kinds: Query,
    /// The kind of event that it asks for.
    kind: Option<Query>,
    found: &'q Found,
    now: Timestamp,
}

impl Scorer<'_> {
    fn explain(&self, begun: Explanation, reading: &Reading, passage: &Passage) -> Explanation {
        let days = self.now.since(passage.occurred_at()).as_secs_f32() / 86_400.0;
        let facts = passage.facts();
        let is_kind =
            |kind: &Query| Reading::of(kind, &vec![1.0; kind.words.len()], &facts, "").heading_coverage > 0.99;
        let kind = if self.kind.as_ref().is_some_and(is_kind) { KIND } else { 0.0 };
        let facts = Reading::of(&self.with_kinds, &self.found.rarities, &facts, "");
        Explanation {
            facts: FACTS * facts.heading_coverage,
            kind,
            proximity: PROXIMITY * reading.proximity,
            heading: HEADING * reading.heading_coverage,
            importance: importance(passage.significance(), passage.category()),
            recency: 1.0 - AGE + AGE * 0.5_f32.powf(days / HALF_LIFE_DAYS),
            ..begun
        }
    }
}

impl Ranked {
    fn of(passage: Passage, explanation: Explanation) -> Self {
        let Explanation { lexical, vector, facts, kind, graph, proximity, heading, importance, recency, .. } =
            explanation;
        let score = (lexical + vector + facts + kind + graph + proximity + heading + importance) * recency / HIGHEST;
        Self { passage, score, explanation }
    }
}

/// Up to 0.02 by significance, and up to 0.08 by the kind of event.
fn importance(significance: i64, category: &str) -> f32 {
    let kind = match category {
        "incident" => 0.08,
        "decision" => 0.05,
        "bug_fix" => 0.03,
        _ => 0.0,
    };
    0.02 * significance.clamp(0, 100) as f32 / 100.0 + kind
}
