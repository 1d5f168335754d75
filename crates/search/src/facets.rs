//! How many of some passages have each tag of a kind: what a search can be narrowed by.

use crate::bits::Bits;
use crate::index::Index;
use crate::term_field::TermField;

/// A kind of tag with more values than this is not counted: it would take longer than the search.
const MOST_VALUES: usize = 2_000;

/// A value of a kind of tag, and the passages that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The value, in its normal form.
    pub value: String,
    /// The number of passages.
    pub passages: usize,
}

impl Index {
    /// The values of tags `kind:value` among some passages, the most frequent first.
    pub fn facets(&self, numbers: &[u32], kind: &str) -> Vec<Facet> {
        let prefix = TermField::Tag.key(&format!("{kind}:"));
        let mut counts: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
        for part in self.parts() {
            let mut wanted = Bits::none(part.columns().len());
            let within = |no: &u32| no.checked_sub(part.first_no()).map(|place| place as usize);
            let places = numbers.iter().filter_map(within).filter(|place| *place < part.columns().len());
            let mut is_asked = false;
            places.for_each(|place| {
                is_asked = true;
                wanted.set(place);
            });
            if !is_asked {
                continue;
            }
            let mut keys: Vec<Vec<u8>> = Vec::new();
            part.with_prefix(&prefix, &mut |key, _| keys.push(key.to_vec()));
            if keys.len() > MOST_VALUES {
                return Vec::new();
            }
            for key in keys {
                let postings = part.postings(&key).into_iter().flat_map(|(_, postings)| postings);
                let passages = postings.filter(|(place, _)| wanted.has(*place as usize)).count();
                if let (Ok(value), true) = (std::str::from_utf8(&key[prefix.len()..]), passages > 0) {
                    *counts.entry(value.to_owned()).or_default() += passages;
                }
            }
        }
        let mut facets: Vec<Facet> = counts.into_iter().map(|(value, passages)| Facet { value, passages }).collect();
        facets
            .sort_unstable_by(|one, other| other.passages.cmp(&one.passages).then_with(|| one.value.cmp(&other.value)));
        facets
    }
}
