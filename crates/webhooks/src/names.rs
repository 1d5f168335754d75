//! Checks uids, event ids, event types, channels, tags and other short texts of the caller.

use std::collections::HashSet;

use campanile_base::bounds::{FEATURE_FLAGS, WORDS_BYTES};
use campanile_base::{Error, Result};
use serde_json::{Map, Value};

/// The maximum length of metadata as JSON, in bytes.
const METADATA: usize = 4_096;

/// Checks a name: 1 to 256 letters, digits, dashes, underscores or dots.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_name(field: &'static str, name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    check(field, name, 256, plain, "must be 1 to 256 letters, digits, dashes, underscores or dots")
}

/// Checks a channel, which may also contain colons and pluses.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_channel(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:+".contains(c);
    check("channels", name, 256, plain, "must be 1 to 256 letters, digits, or any of - _ . : +")
}

/// Checks a tag.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_tag(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./\\#".contains(c);
    check("tags", name, 128, plain, "must be 1 to 128 letters, digits, or any of - _ . / \\ #")
}

/// Checks a uid: a name that does not begin like an id of its kind.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_uid(field: &'static str, uid: &str, prefix: &str) -> Result<()> {
    check_name(field, uid)?;
    match uid.starts_with(prefix) {
        false => Ok(()),
        true => Err(Error::invalid_field(field, format!("must not begin with {prefix}"))),
    }
}

/// Checks a text for people: at most [`WORDS_BYTES`] long, without the control characters up to
/// U+0008.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_words(field: &'static str, words: &str) -> Result<()> {
    if words.len() > WORDS_BYTES {
        return Err(Error::invalid_field(field, format!("must not be longer than {WORDS_BYTES} bytes")));
    }
    match words.chars().any(|c| c <= '\u{8}') {
        false => Ok(()),
        true => Err(Error::invalid_field(field, "must not have control characters")),
    }
}

/// Checks metadata: only strings as values, and at most [`METADATA`] bytes as JSON.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_metadata(metadata: &Map<String, Value>) -> Result<()> {
    if metadata.values().any(|value| !value.is_string()) {
        return Err(Error::invalid_field("metadata", "must have strings as values"));
    }
    match serde_json::to_string(metadata).is_ok_and(|text| text.len() <= METADATA) {
        true => Ok(()),
        false => Err(Error::invalid_field("metadata", format!("must not be longer than {METADATA} bytes"))),
    }
}

/// Checks a set of names: `None` means all, an empty set is refused. Returns it without duplicates.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_set(
    field: &'static str,
    names: Option<Vec<String>>,
    most: usize,
    check: impl Fn(&str) -> Result<()>,
) -> Result<Option<Vec<String>>> {
    let Some(names) = names else { return Ok(None) };
    if names.is_empty() {
        return Err(Error::invalid_field(field, "can't be empty, it must have at least one item or be null"));
    }
    names.iter().try_for_each(|name| check(name))?;
    let mut known = HashSet::new();
    let set: Vec<String> = names.iter().filter(|name| known.insert(name.as_str())).cloned().collect();
    match set.len() <= most {
        true => Ok(Some(set)),
        false => Err(Error::invalid_field(field, format!("must not have more than {most} items"))),
    }
}

/// Checks feature flags.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_flags(flags: Option<&[String]>) -> Result<()> {
    check_count("featureFlags", flags.map_or(0, <[String]>::len), FEATURE_FLAGS)?;
    flags.unwrap_or_default().iter().try_for_each(|flag| check_name("featureFlags", flag))
}

/// Refuses lists that are too long.
///
/// # Errors
/// `InvalidField`.
pub fn check_count(field: &'static str, many: usize, most: usize) -> Result<()> {
    match many <= most {
        true => Ok(()),
        false => Err(Error::invalid_field(field, format!("must not have more than {most} items"))),
    }
}

fn check(field: &'static str, name: &str, most: usize, plain: impl Fn(char) -> bool, why: &str) -> Result<()> {
    match (1..=most).contains(&name.len()) && name.chars().all(plain) {
        true => Ok(()),
        false => Err(Error::invalid_field(field, why)),
    }
}
