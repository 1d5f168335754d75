//! The words of an observation, weighted, for comparing texts without vectors.

use std::collections::BTreeMap;

use campanile_search::terms::{Splitter, is_stop_word};

/// The most words of an observation, and of a cluster: the heaviest.
const MOST_OF_OBSERVATION: usize = 48;
const MOST_OF_CLUSTER: usize = 96;

/// The weighted words of a text: stems as search has them, without stop words. A word of the title
/// counts twice.
pub(in crate::clusters) fn terms(splitter: &mut Splitter, title: &str, body: &str) -> BTreeMap<String, f32> {
    let mut counts: BTreeMap<String, f32> = BTreeMap::new();
    for (text, times) in [(title, 2.0), (body, 1.0)] {
        splitter.split(text, &mut |term| {
            let is_word = term.text.chars().nth(1).is_some() && !is_stop_word(&text[term.start..term.end]);
            if is_word {
                *counts.entry(term.text.to_owned()).or_default() += times;
            }
        });
    }
    counts.values_mut().for_each(|count| *count = 1.0 + count.ln());
    heaviest(counts, MOST_OF_OBSERVATION)
}

/// Adds the words of an observation to those of its cluster.
pub(super) fn add(cluster: &mut BTreeMap<String, f32>, observed: &BTreeMap<String, f32>) {
    for (term, weight) in observed {
        *cluster.entry(term.clone()).or_default() += weight;
    }
    *cluster = heaviest(std::mem::take(cluster), MOST_OF_CLUSTER);
}

fn heaviest(terms: BTreeMap<String, f32>, most: usize) -> BTreeMap<String, f32> {
    if terms.len() <= most {
        return terms;
    }
    let mut ordered: Vec<(String, f32)> = terms.into_iter().collect();
    ordered.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ordered.truncate(most);
    ordered.into_iter().collect()
}
