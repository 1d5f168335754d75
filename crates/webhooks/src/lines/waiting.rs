//! A message in a line.

use crate::model::messages::Message;

/// A message that joins a line.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) message: String,
    /// The number of attempts that have failed.
    pub(crate) failures: u32,
    /// True if a user asked for this attempt.
    pub(crate) is_manual: bool,
}

impl Waiting {
    /// A message that has not been tried yet.
    pub(crate) fn first(message: &Message) -> Self {
        Self { message: message.id.to_string(), failures: 0, is_manual: false }
    }
}
