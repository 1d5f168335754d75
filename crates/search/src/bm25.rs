//! The weight of a term in a passage: BM25.
//!
//! A term counts more the fewer passages have it, less and less with each repetition, and less in a
//! longer passage. The constants were measured on documentation and commits: `k1` 1.2 and `b` 0.6
//! for bodies.

use crate::columns::length_of;

const K1: f32 = 1.2;
const B: f32 = 0.6;

/// The share of a term in the meaning of a query, from the number of all passages and of those that
/// have it.
pub(crate) fn rarity(passages: u64, with_term: u64) -> f32 {
    let (all, with) = (passages as f32, (with_term as f32).min(passages as f32));
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

/// The part of BM25 that depends on the length alone, for each of the 256 length codes.
pub(crate) struct Lengths([f32; 256]);

impl Lengths {
    /// For passages of this average length, in words.
    pub(crate) fn around(average: f32) -> Self {
        let average = average.max(1.0);
        Self(std::array::from_fn(|code| K1 * (1.0 - B + B * length_of(code as u8) as f32 / average)))
    }

    /// The weight of `times` occurrences, from 0 to `k1 + 1`.
    #[inline]
    pub(crate) fn weight(&self, times: u32, length_code: u8) -> f32 {
        let times = times as f32;
        times * (K1 + 1.0) / (times + self.0[usize::from(length_code)])
    }
}
