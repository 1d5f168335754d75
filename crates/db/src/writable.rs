//! Records if changes can be stored: a disk may be full while reads still work.

use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// The reason for the last failed change; `None` after a success. Updated after each commit.
#[derive(Debug, Default)]
pub(crate) struct Writable(Mutex<Option<String>>);

impl Writable {
    /// Records that a valid change could not be stored.
    pub(crate) fn failed(&self, why: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    /// Records that a change was stored.
    pub(crate) fn succeeded(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn check(&self) -> Result<()> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(Error::Unavailable(why.clone())),
            None => Ok(()),
        }
    }
}
