//! The passages among which a search looks.

use crate::bits::Bits;
use crate::part::Part;
use crate::term_field::TermField;
use crate::terms::folded;

/// Conditions that all must hold.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Each list is a condition: the passage has one of its tags.
    pub tags: Vec<Vec<String>>,
    /// Tags that the passage must not have.
    pub without: Vec<String>,
    /// The time of the event: from, and before.
    pub occurred_at: (i64, i64),
    /// The lowest significance.
    pub significance: u8,
}

impl Default for Filter {
    fn default() -> Self {
        Self { tags: Vec::new(), without: Vec::new(), occurred_at: (i64::MIN, i64::MAX), significance: 0 }
    }
}

impl Filter {
    /// The passages of a part that have one of the wanted tags, in each list. `None` for all.
    pub(crate) fn mask(&self, part: &Part) -> Option<Bits> {
        let mut mask: Option<Bits> = None;
        for any_of in &self.tags {
            let having = having(part, any_of.iter().map(|tag| TermField::Tag.key(&folded(tag))));
            match &mut mask {
                Some(mask) => mask.keep(&having),
                None => mask = Some(having),
            }
        }
        mask
    }

    /// The passages of a part that have an unwanted tag.
    pub(crate) fn unwanted(&self, part: &Part) -> Option<Bits> {
        (!self.without.is_empty())
            .then(|| having(part, self.without.iter().map(|tag| TermField::Tag.key(&folded(tag)))))
    }

    /// True if time and significance are as wanted.
    #[inline]
    pub(crate) fn admits(&self, occurred_at: i64, significance: u8) -> bool {
        (self.occurred_at.0..self.occurred_at.1).contains(&occurred_at) && significance >= self.significance
    }
}

/// The passages of a part that have one of the terms.
pub(crate) fn having(part: &Part, keys: impl IntoIterator<Item = Vec<u8>>) -> Bits {
    let mut having = Bits::none(part.columns().len());
    for key in keys {
        let postings = part.postings(&key).into_iter().flat_map(|(_, postings)| postings);
        postings.for_each(|(place, _)| having.set(place as usize));
    }
    having
}
