//! The ground of all HTTP APIs of the server: their state, the callers, the errors, and the table of
//! operations.
//!
//! Each API is a crate or a folder of its own above this one: the wire APIs in
//! `campanile-wire-svix` and `campanile-wire-knock`, our own in `campanile-web`, which puts them
//! together.

pub mod body;
pub mod caller;
pub mod error;
pub mod link_pages;
pub mod operation;
pub mod origins;
pub mod request_id;

use std::ops::Deref;
use std::sync::Arc;

use campanile_app::App;

use caller::KeyCache;

/// The state that every handler can ask for. It is cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Parts>);

/// The state that all handlers share.
pub struct Parts {
    /// The application.
    pub app: App,
    /// The keys that were recognised recently.
    pub known_keys: KeyCache,
}

impl Web {
    /// The state of handlers for this application.
    pub fn new(app: App) -> Self {
        Self(Arc::new(Parts { app, known_keys: KeyCache::default() }))
    }
}

impl Deref for Web {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
