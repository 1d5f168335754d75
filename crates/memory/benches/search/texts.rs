//! Generated texts whose words are as common as in real ones: the word at rank n is about n times
//! rarer than the first.

/// The different words.
const VOCABULARY: f64 = 60_000.0;
const SYLLABLES: [&str; 20] = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta", "ve", "wi", "xo",
    "zu",
];

pub(crate) struct Texts(u64);

impl Texts {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number from 0 to 1.
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn word(rank: u64) -> String {
        let (mut word, mut rest) = (String::new(), rank + 20);
        while rest > 0 {
            word.push_str(SYLLABLES[(rest % 20) as usize]);
            rest /= 20;
        }
        word
    }

    pub(crate) fn words(&mut self, count: usize) -> String {
        let words: Vec<String> = (0..count).map(|_| Self::word(VOCABULARY.powf(self.roll()) as u64)).collect();
        words.join(" ")
    }

    /// Two to four words, none of the most common.
    pub(crate) fn query(&mut self) -> String {
        let count = 2 + (self.roll() * 3.0) as usize;
        let words: Vec<String> =
            (0..count).map(|_| Self::word(20 + (VOCABULARY / 20.0).powf(self.roll()) as u64)).collect();
        words.join(" ")
    }

    pub(crate) fn identifier(&mut self, most: u64) -> String {
        format!("ABC-{}", (self.roll() * most as f64) as u64)
    }
}
