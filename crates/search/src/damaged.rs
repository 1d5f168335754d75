//! The error of bytes that are no segment.

use thiserror::Error;

/// The bytes are no segment, or not all of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a segment is damaged: {0}")]
pub struct Damaged(pub &'static str);
