//! A small random source for tests, the same on every machine.

pub(crate) struct Dice(u64);

impl Dice {
    /// The dice for a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number from 0 to `sides - 1`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    pub(crate) fn is_one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }
}
