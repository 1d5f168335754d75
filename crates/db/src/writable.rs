//! Remembers whether changes can be stored: a disk may be full while everything can still be read.

use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// What the last change was refused with, if it was; noted after each commit.
#[derive(Debug, Default)]
pub(crate) struct Writable(Mutex<Option<String>>);

impl Writable {
    /// A change could not be stored, though there was nothing wrong with it.
    pub(crate) fn failed(&self, why: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    /// A change was stored.
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
