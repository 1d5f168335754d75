//! What uids, event ids, event types and channels may look like.

use campanile_base::{Error, Result};

/// Checks a name: 1 to 256 letters, digits, dashes, underscores or dots.
///
/// # Errors
/// `Invalid`, naming the field.
pub fn check_name(field: &str, name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match (1..=256).contains(&name.len()) && name.chars().all(plain) {
        true => Ok(()),
        false => Err(Error::invalid(format!("{field} must be 1 to 256 letters, digits, dashes, underscores or dots"))),
    }
}

/// Checks a uid: a name that cannot be taken for an id of its kind.
///
/// # Errors
/// `Invalid`.
pub fn check_uid(uid: &str, prefix: &str) -> Result<()> {
    check_name("uid", uid)?;
    match uid.starts_with(prefix) {
        false => Ok(()),
        true => Err(Error::invalid(format!("uid must not begin with {prefix}"))),
    }
}
