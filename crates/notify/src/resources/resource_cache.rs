//! A cache of the resources that all workflows of an organisation share: mail layouts, partials,
//! translations, channel groups, and the default preferences.
//!
//! An entry is at most a second old. A change on this node shows at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::{Range, Tx};
use campanile_documents::ChannelGroup;
use campanile_documents::layout::{Layout, Layouts};
use campanile_documents::template::{Partials, Translations};
use serde_json::Value;

use super::{Kind, queries};
use crate::{Notify, preferences};

/// The time for which an entry is used.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// The shared resources of an organisation.
#[derive(Debug, Default)]
pub(crate) struct SharedResources {
    pub(crate) layouts: Layouts,
    groups: HashMap<String, ChannelGroup>,
    pub(crate) partials: Arc<Partials>,
    pub(crate) translations: Arc<Translations>,
    /// The default preferences, on which all others build.
    pub(crate) preferences: preferences::Body,
    /// True if there are audiences. Most organisations have none, and then need not read the
    /// members.
    pub(crate) has_audiences: bool,
}

impl SharedResources {
    /// The shared resources of an organisation, at most a second old.
    pub(crate) async fn known(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<Arc<Self>> {
        if let Some(shared) = notify.resources.get(organisation, notify.clock.now()) {
            return Ok(shared);
        }
        let word = |body: &Value, name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let partials = queries::counting(tx, organisation, Kind::Partial.as_str()).await?;
        let partials = partials.into_iter().map(|(key, body)| (key, word(&body, "content")));
        let layouts = queries::counting(tx, organisation, Kind::EmailLayout.as_str()).await?;
        let layouts = layouts.into_iter().map(|(key, body)| (key, Layout::of(&body)));
        let groups = queries::counting(tx, organisation, Kind::ChannelGroup.as_str()).await?;
        let groups = groups.into_iter().filter_map(|(key, body)| Some((key, ChannelGroup::parse(&body).ok()?)));
        let translations = queries::counting(tx, organisation, Kind::Translation.as_str()).await?;
        let translations = Translations::new(translations.into_iter().map(|(_, body)| body));
        let shared = Arc::new(Self {
            layouts: layouts.collect(),
            groups: groups.collect(),
            partials: Arc::new(Partials::new(partials)),
            translations: Arc::new(translations),
            preferences: preferences::for_all(tx, organisation).await?,
            has_audiences: !queries::list(tx, organisation, Kind::Audience.as_str(), &Range::first(1))
                .await?
                .is_empty(),
        });
        notify.resources.insert(organisation.clone(), shared.clone(), notify.clock.now(), KNOWN_FOR);
        Ok(shared)
    }

    /// A group of channels by its key.
    pub(crate) fn group(&self, key: &str) -> Option<&ChannelGroup> {
        self.groups.get(key)
    }
}
