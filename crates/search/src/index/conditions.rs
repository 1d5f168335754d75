//! The conditions that a passage must meet to be found: the filter, the words of phrases, and excluded words.

use super::Part;
use crate::bits::Bits;
use crate::filter::{Filter, having};
use crate::query::{Query, words_in};
use crate::term_field::TermField;
use crate::terms::{folded, is_identifier};

/// The passages of a part that meet the conditions.
pub(super) struct Wanted {
    mask: Option<Bits>,
    unwanted: Option<Bits>,
}

impl Wanted {
    pub(super) fn of(part: &Part, filter: &Filter, demands: &Demands) -> Self {
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
    pub(super) fn has(&self, part: &Part, filter: &Filter, place: usize) -> bool {
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
pub(super) struct Demands {
    /// The words of phrases.
    required: Vec<WordKeys>,
    /// The parts of each excluded word.
    excluded: Vec<Vec<WordKeys>>,
}

impl Demands {
    pub(super) fn of(query: &Query) -> Self {
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
