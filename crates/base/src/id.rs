//! Ids: a prefix that names the kind, and 27 base62 characters that sort by time.
//!
//! The body is the KSUID variant that the Svix API uses: four bytes of seconds since
//! 1,400,000,000, one byte of 4 ms steps within the second, fifteen random bytes. Two ids made
//! within the same 4 ms have no order between them.

use std::cell::RefCell;

use sha2::{Digest as _, Sha256};

use crate::Timestamp;

const EPOCH_SECONDS: i64 = 1_400_000_000;
const BODY_LENGTH: usize = 27;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The text inside an id type: cheap to clone, compared as a string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(std::sync::Arc<str>);

impl Kind {
    /// The whole id, prefix included.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Kind {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// `{prefix}_{27 characters}`, ordered by `at`.
pub fn new_id(prefix: &str, at: Timestamp) -> String {
    id_of(prefix, at, drawn())
}

/// The number of random bytes that are drawn at a time.
const DRAWN: usize = 1_500;

thread_local! {
    /// Bytes that no id has had yet. Asking the operating system for each id takes longer than all the rest of it.
    static DRAW: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The random part of an id. Do not use it for secrets; [`random_bytes`] is for those.
fn drawn() -> [u8; 15] {
    DRAW.with_borrow_mut(|left| {
        if left.len() < 15 {
            *left = random_bytes::<DRAWN>().to_vec();
        }
        let rest = left.len() - 15;
        let bytes = left[rest..].try_into().expect("there are fifteen left");
        left.truncate(rest);
        bytes
    })
}

/// The lowest id of this kind at a time: no id made then or later is lower.
pub fn lowest_id(prefix: &str, at: Timestamp) -> String {
    id_of(prefix, at, [0; 15])
}

/// The creation time of an id, accurate to 4 ms; `None` when it is not an id of this kind.
pub fn time_of_id(prefix: &str, id: &str) -> Option<Timestamp> {
    let body = id.strip_prefix(prefix)?.strip_prefix('_').filter(|body| body.len() == BODY_LENGTH)?;
    let mut bytes = [0u8; 20];
    for character in body.bytes() {
        let mut carry = ALPHABET.iter().position(|known| *known == character)? as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 62;
            *byte = carry as u8;
            carry >>= 8;
        }
        // The value is larger than twenty bytes can hold.
        (carry == 0).then_some(())?;
    }
    let seconds = i64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])) + EPOCH_SECONDS;
    Some(Timestamp::from_micros(seconds * 1_000_000 + i64::from(bytes[4]) * 4_000))
}

fn id_of(prefix: &str, at: Timestamp, rest: [u8; 15]) -> String {
    let mut id = String::with_capacity(prefix.len() + 1 + BODY_LENGTH);
    id.push_str(prefix);
    id.push('_');
    push_base62(&mut id, bytes_of(at, rest));
    id
}

fn body_of(at: Timestamp, rest: [u8; 15]) -> String {
    let mut id = String::with_capacity(BODY_LENGTH);
    push_base62(&mut id, bytes_of(at, rest));
    id
}

fn bytes_of(at: Timestamp, rest: [u8; 15]) -> [u8; 20] {
    let micros = at.as_micros();
    let seconds = (micros.div_euclid(1_000_000) - EPOCH_SECONDS).clamp(0, i64::from(u32::MAX)) as u32;
    let step = (micros.rem_euclid(1_000_000) / 4_000) as u8;
    let mut bytes = [0u8; 20];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    bytes[4] = step;
    bytes[5..].copy_from_slice(&rest);
    bytes
}

/// The body of an id alone, ordered by `at`.
pub fn new_ksuid(at: Timestamp) -> String {
    body_of(at, drawn())
}

/// A KSUID derived from these words, ordered by `at`. The same words always give the same one.
pub fn ksuid_of(at: Timestamp, words: &[&str]) -> String {
    let rest = hash_of(words)[..15].try_into().expect("a hash has 32 bytes");
    body_of(at, rest)
}

/// The lowest [`new_ksuid`] of a time.
pub fn lowest_ksuid(at: Timestamp) -> String {
    body_of(at, [0; 15])
}

/// A random UUID.
pub fn new_uuid() -> String {
    let mut bytes = random_bytes::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    uuid(bytes)
}

/// A UUID derived from these words. The same words always give the same one.
pub fn uuid_of(words: &[&str]) -> String {
    let mut bytes: [u8; 16] = hash_of(words)[..16].try_into().expect("a hash has 32 bytes");
    // Version 8: for custom methods.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    uuid(bytes)
}

/// A hash that distinguishes `["ab", ""]` from `["a", "b"]`.
fn hash_of(words: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for word in words {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word.as_bytes());
    }
    hash.finalize().into()
}

fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Random bytes from the operating system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random source");
    bytes
}

fn push_base62(out: &mut String, bytes: [u8; 20]) {
    let mut limbs: [u32; 5] = std::array::from_fn(|i| {
        u32::from_be_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]])
    });
    let mut digits = [b'0'; BODY_LENGTH];
    for digit in digits.iter_mut().rev() {
        let mut rest: u64 = 0;
        for limb in &mut limbs {
            let value = (rest << 32) | u64::from(*limb);
            *limb = (value / 62) as u32;
            rest = value % 62;
        }
        *digit = ALPHABET[rest as usize];
    }
    out.push_str(std::str::from_utf8(&digits).expect("base62 is ASCII"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time() {
        let early = new_id("obs", Timestamp::from_micros(1_700_000_000_000_000));
        let later = new_id("obs", Timestamp::from_micros(1_700_000_000_004_000));
        assert!(early < later);
        assert_eq!(early.len(), "obs_".len() + 27);
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let at = Timestamp::from_micros(1_700_000_000_123_456);
        let made = time_of_id("msg", &new_id("msg", at)).unwrap();
        assert_eq!(made, Timestamp::from_micros(1_700_000_000_120_000));
        assert!(lowest_id("msg", at) <= new_id("msg", at));
        for foreign in [
            "msg_short",
            "app_aWgEPTl1tmebfsQzFP4bxwgy80V",
            "msg_zzzzzzzzzzzzzzzzzzzzzzzzzzz",
            "msg_$$$$$$$$$$$$$$$$$$$$$$$$$$$",
        ] {
            assert_eq!(time_of_id("msg", foreign), None, "{foreign}");
        }
    }

    #[test]
    fn uuids_look_like_them_and_words_come_to_one() {
        for id in [new_uuid(), uuid_of(&["a", "b"])] {
            assert_eq!(id.len(), 36);
            assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
        }
        assert_eq!(uuid_of(&["a", "b"]), uuid_of(&["a", "b"]));
        assert_ne!(uuid_of(&["a", "b"]), uuid_of(&["ab", ""]));
        assert_ne!(new_uuid(), new_uuid());
    }

    #[test]
    fn the_largest_body_is_27_characters() {
        let mut out = String::new();
        push_base62(&mut out, [0xff; 20]);
        assert_eq!(out, "aWgEPTl1tmebfsQzFP4bxwgy80V");
    }
}
