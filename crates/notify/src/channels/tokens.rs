//! Tokens that providers want renewed now and then, by [`Parcel::place`](super::provider::Parcel::place), for as long as they are good.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use campanile_base::Timestamp;

/// The tokens of all channels. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct ProviderTokens(Arc<Mutex<HashMap<String, (String, Timestamp)>>>);

impl ProviderTokens {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (String, Timestamp)>> {
        self.0.lock().expect("nobody panics while they hold it")
    }

    /// A place's token, while it is good.
    pub(crate) fn get(&self, place: &str, now: Timestamp) -> Option<String> {
        self.lock().get(place).filter(|(_, until)| *until > now).map(|(token, _)| token.clone())
    }

    /// Keeps a token until then.
    pub(crate) fn put(&self, place: &str, token: String, until: Timestamp) {
        self.lock().insert(place.to_owned(), (token, until));
    }

    /// A token was refused.
    pub(super) fn forget(&self, place: &str) {
        self.lock().remove(place);
    }
}
