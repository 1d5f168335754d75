//! A set of the passages of one part of an index.

/// One bit for each passage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set of passages below `len`.
    pub(crate) fn none(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    /// Adds a passage. The set grows as needed.
    pub(crate) fn set(&mut self, n: usize) {
        if self.0.len() <= n / 64 {
            self.0.resize(n / 64 + 1, 0);
        }
        self.0[n / 64] |= 1 << (n % 64);
    }

    pub(crate) fn has(&self, n: usize) -> bool {
        self.0.get(n / 64).is_some_and(|word| word >> (n % 64) & 1 == 1)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Keeps the passages that are in `other` too.
    pub(crate) fn keep(&mut self, other: &Self) {
        for (n, word) in self.0.iter_mut().enumerate() {
            *word &= other.0.get(n).copied().unwrap_or(0);
        }
    }

    /// Adds the passages of `other`.
    pub(crate) fn join(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity() * 8
    }

    /// The set as bytes, for `len` passages.
    pub(crate) fn write(&self, len: usize, bytes: &mut Vec<u8>) {
        let words = (0..len.div_ceil(64)).map(|n| self.0.get(n).copied().unwrap_or(0));
        words.for_each(|word| bytes.extend(word.to_le_bytes()));
    }

    /// The set from bytes.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let word = |chunk: &[u8]| u64::from_le_bytes(chunk.try_into().expect("chunks have eight bytes"));
        Self(bytes.chunks_exact(8).map(word).collect())
    }
}
