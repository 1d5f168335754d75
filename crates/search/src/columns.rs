//! The facts of every passage beside its terms: lengths, time, significance.

use crate::bits::Bits;
use crate::damaged::Damaged;

/// The columns of a part, by the passage's place in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// The length of the body, as a [`length_code`].
    pub(crate) body: Vec<u8>,
    /// The length of the heading, as a [`length_code`].
    pub(crate) heading: Vec<u8>,
    /// 0 to 100.
    pub(crate) significance: Vec<u8>,
    /// Microseconds since 1970.
    pub(crate) occurred_at: Vec<i64>,
    /// The places whose passage was gone when the part was made.
    pub(crate) absent: Bits,
}

/// The bytes of a passage in the four columns.
const WIDTH: usize = 3 + 8;

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }

    /// Adds places without a passage, so that the next one stands at `place`.
    pub(crate) fn fill(&mut self, place: usize) {
        for gone in self.len()..place {
            self.absent.set(gone);
        }
        self.body.resize(place, 0);
        self.heading.resize(place, 0);
        self.significance.resize(place, 0);
        self.occurred_at.resize(place, 0);
    }

    pub(crate) fn push(&mut self, (body, heading): (u32, u32), significance: u8, occurred_at: i64) {
        self.body.push(length_code(body));
        self.heading.push(length_code(heading));
        self.significance.push(significance);
        self.occurred_at.push(occurred_at);
    }

    /// Copies the passage at `place` of another part.
    pub(crate) fn copy(&mut self, other: &Self, place: usize) {
        self.body.push(other.body[place]);
        self.heading.push(other.heading[place]);
        self.significance.push(other.significance[place]);
        self.occurred_at.push(other.occurred_at[place]);
    }

    /// The words of all bodies and of all headings.
    pub(crate) fn words(&self) -> (u64, u64) {
        let sum = |codes: &[u8]| codes.iter().map(|code| u64::from(length_of(*code))).sum();
        (sum(&self.body), sum(&self.heading))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.body.capacity() * 3 + self.occurred_at.capacity() * 8 + self.absent.bytes()
    }

    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(&self.body);
        bytes.extend(&self.heading);
        bytes.extend(&self.significance);
        self.occurred_at.iter().for_each(|at| bytes.extend(at.to_le_bytes()));
        self.absent.write(self.len(), bytes);
    }

    /// Reads the columns of `len` passages, and returns the bytes behind them.
    pub(crate) fn read(bytes: &[u8], len: usize) -> Result<(Self, &[u8]), Damaged> {
        let needed = len.checked_mul(WIDTH).and_then(|size| size.checked_add(len.div_ceil(64) * 8));
        if needed.is_none_or(|needed| needed > bytes.len()) {
            return Err(Damaged("its columns are cut off"));
        }
        let (body, rest) = bytes.split_at(len);
        let (heading, rest) = rest.split_at(len);
        let (significance, rest) = rest.split_at(len);
        let (times, rest) = rest.split_at(len * 8);
        let (absent, rest) = rest.split_at(len.div_ceil(64) * 8);
        let time = |chunk: &[u8]| i64::from_le_bytes(chunk.try_into().expect("chunks have eight bytes"));
        let columns = Self {
            body: body.to_vec(),
            heading: heading.to_vec(),
            significance: significance.to_vec(),
            occurred_at: times.chunks_exact(8).map(time).collect(),
            absent: Bits::read(absent),
        };
        Ok((columns, rest))
    }
}

/// A length in one byte: exact up to 127 words, in steps of eight up to 1,144.
pub(crate) fn length_code(words: u32) -> u8 {
    match words {
        0..128 => words as u8,
        _ => (128 + (words - 128) / 8).min(255) as u8,
    }
}

/// The length of a code.
pub(crate) const fn length_of(code: u8) -> u32 {
    match code {
        0..128 => code as u32,
        _ => 128 + (code as u32 - 128) * 8,
    }
}
