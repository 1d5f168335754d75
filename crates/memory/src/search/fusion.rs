//! The candidates of a search: those that its words find, and those whose vectors are near.
//!
//! The scores of each list are spread from 1, its best, to 0, its two hundredth, and added by the
//! weight of the embedder, which grows where the words are found badly. Measured on documents, commits and questions in other words, this is
//! better than adding places: the distance between two scores tells something.

use std::collections::{HashMap, HashSet};

use campanile_search::{Found, Hit};

use super::READ;

/// The candidates between which a list is spread from 1 to 0, and the most that vectors give.
pub(super) const COMPARED: usize = 200;

/// The passages with the most of the words that are read in any case.
const BY_WORDS: usize = 20;
/// The share of the words' weight that vectors take over when no passage has any of the words:
/// measured on questions of people who were not there.
const TAKEN_OVER: f32 = 0.7;
/// The score of a passage that has a word once, in a text of usual length, beside its rarity.
const USUAL: f32 = 1.2;

/// The passages whose vectors are near, and their share in a score.
#[derive(Debug, Default)]
pub(super) struct Similar {
    /// The nearest first, at most [`COMPARED`].
    pub(super) hits: Vec<Hit>,
    /// From 0 to 1; words have the rest.
    pub(super) weight: f32,
    /// A passage that has none of the words is no candidate below this similarity.
    pub(super) threshold: f32,
}

/// A passage that may be a result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) no: u32,
    /// The part of the score by its words.
    pub(super) lexical: f32,
    /// The part of the score by its vector.
    pub(super) vector: f32,
}

impl Candidate {
    /// Its score by words and vector.
    pub(super) fn score(&self) -> f32 {
        self.lexical + self.vector
    }
}

/// The candidates of both lists, the best first. A list that is empty takes nothing from the other.
pub(super) fn fused(found: &Found, similar: &Similar) -> Vec<Candidate> {
    if similar.hits.is_empty() {
        // As they were found: without words, that is by their time.
        let words = spread(&found.hits, 0.0);
        return found
            .hits
            .iter()
            .zip(words)
            .map(|(hit, lexical)| Candidate { no: hit.no, lexical, vector: 0.0 })
            .collect();
    }
    let weight = weight(found, similar);
    // If fewer fit, the next one has nothing of the query: zero.
    let words = spread(&found.hits, 0.0);
    // The nearest passages are always there, so the last one stands for those that are not similar.
    let vectors = spread(&similar.hits, similar.hits.last().map_or(0.0, |last| last.score.min(0.0)));
    let mut candidates: HashMap<u32, Candidate> = HashMap::with_capacity(found.hits.len() + similar.hits.len());
    for (hit, lexical) in found.hits.iter().zip(words) {
        let lexical = (1.0 - weight) * lexical;
        candidates.insert(hit.no, Candidate { no: hit.no, lexical, vector: 0.0 });
    }
    for (hit, vector) in similar.hits.iter().zip(vectors) {
        if let Some(candidate) = candidates.get_mut(&hit.no) {
            candidate.vector = weight * vector;
        } else if hit.score >= similar.threshold {
            candidates.insert(hit.no, Candidate { no: hit.no, lexical: 0.0, vector: weight * vector });
        }
    }
    let mut candidates: Vec<Candidate> = candidates.into_values().collect();
    candidates.sort_unstable_by(best_first);
    with_words_first(candidates, found)
}

/// The share of vectors in a score. The worse the words of the query are found, the higher: the best
/// of bad passages is not good.
fn weight(found: &Found, similar: &Similar) -> f32 {
    let Some(best) = found.hits.first() else { return 1.0 };
    let all_words: f32 = found.rarities.iter().sum::<f32>() * USUAL;
    let found = if all_words > 0.0 { (best.score / all_words).clamp(0.0, 1.0) } else { 1.0 };
    similar.weight + (1.0 - similar.weight) * (1.0 - found) * TAKEN_OVER
}

/// Moves the passages with the most of the words to those that are read, behind the better ones.
fn with_words_first(candidates: Vec<Candidate>, found: &Found) -> Vec<Candidate> {
    let words: HashSet<u32> = found.hits.iter().take(BY_WORDS).map(|hit| hit.no).collect();
    let (mut first, rest): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|candidate| words.contains(&candidate.no));
    let split = rest.len().min(READ - BY_WORDS);
    first.extend_from_slice(&rest[..split]);
    first.sort_unstable_by(best_first);
    first.extend_from_slice(&rest[split..]);
    first
}

fn best_first(one: &Candidate, other: &Candidate) -> std::cmp::Ordering {
    other.score().total_cmp(&one.score()).then(other.no.cmp(&one.no))
}

/// The scores of a list between 1 and 0. `worst` is zero when the list is shorter than those that
/// are compared.
fn spread(hits: &[Hit], worst: f32) -> impl Iterator<Item = f32> + '_ {
    let best = hits.first().map_or(0.0, |hit| hit.score);
    let worst = hits.get(COMPARED - 1).map_or(worst, |hit| hit.score);
    hits.iter().map(move |hit| if best > worst { ((hit.score - worst) / (best - worst)).max(0.0) } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(scores: &[(u32, f32)]) -> Vec<Hit> {
        scores.iter().map(|(no, score)| Hit { no: *no, score: *score }).collect()
    }

    fn numbers(words: &[(u32, f32)], vectors: &[(u32, f32)]) -> Vec<u32> {
        let found = Found { hits: hits(words), ..Found::default() };
        fused(&found, &Similar { hits: hits(vectors), weight: 0.5, threshold: 0.3 })
            .into_iter()
            .map(|candidate| candidate.no)
            .collect()
    }

    #[test]
    fn a_passage_that_both_lists_have_is_before_one_of_each() {
        assert_eq!(numbers(&[(1, 9.0), (2, 8.0)], &[(3, 0.9), (2, 0.8)]), [2, 3, 1]);
    }

    #[test]
    fn an_empty_list_leaves_the_other_as_it_is() {
        let found = Found { hits: hits(&[(4, 9.0), (7, 3.0)]), ..Found::default() };
        let alone = fused(&found, &Similar::default());
        assert_eq!(alone.iter().map(|candidate| candidate.no).collect::<Vec<_>>(), [4, 7]);
        assert!((alone[0].lexical - 1.0).abs() < 1e-6 && (alone[1].lexical - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(numbers(&[], &[(5, 0.4), (6, 0.35)]), [5, 6]);
        assert_eq!(numbers(&[], &[]), [] as [u32; 0]);
    }

    #[test]
    fn a_passage_that_is_hardly_similar_is_a_candidate_by_its_words_alone() {
        assert_eq!(numbers(&[(1, 9.0)], &[(3, 0.5), (1, 0.2), (2, 0.1)]), [1, 3]);
    }

    #[test]
    fn words_alone_keep_the_order_in_which_they_were_found() {
        assert_eq!(numbers(&[(1, 2.0), (3, 2.0), (2, 2.0)], &[]), [1, 3, 2]);
    }
}
