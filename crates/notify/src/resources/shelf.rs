//! What workflows of an organisation share: layouts that mails are wrapped in, partials, translations, groups of channels, the preferences
//! under all others. As they were a moment ago; what this node changes shows at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::{Range, Tx};
use serde_json::Value;

use super::{Kind, queries};
use crate::channels::ChannelGroup;
use crate::template::{Partials, TemplateError, Translations, Variables};
use crate::workflows::Text;
use crate::{Notify, preferences};

/// For how long they are taken to be as they were.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// What they share.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    layouts: HashMap<String, Layout>,
    groups: HashMap<String, ChannelGroup>,
    pub(crate) partials: Arc<Partials>,
    pub(crate) translations: Arc<Translations>,
    /// What everybody's preferences begin with.
    pub(crate) preferences: preferences::Body,
    /// Whether there are audiences: most have none, and need not ask who is in them.
    pub(crate) has_audiences: bool,
}

/// What a mail is wrapped in; `{{ content }}` is where it goes.
#[derive(Debug)]
pub(crate) struct Layout {
    html: Text,
    text: Option<Text>,
    footer_links: Value,
}

/// A shelf, and when it was read.
type Read = (Instant, Arc<Shelf>);

/// The shelves of organisations, as they were a moment ago.
#[derive(Clone, Default)]
pub(crate) struct Shelves(Arc<Mutex<HashMap<OrganisationId, Read>>>);

impl Shelf {
    /// An organisation's, at most a second old.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn known(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<Arc<Self>> {
        let lock = || notify.shelves.0.lock().expect("nobody panics while they hold it");
        if let Some((read, shelf)) = lock().get(organisation)
            && read.elapsed() < KNOWN_FOR
        {
            return Ok(shelf.clone());
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
        let shelf = Arc::new(Self {
            layouts: layouts.collect(),
            groups: groups.collect(),
            partials: Arc::new(Partials::new(partials)),
            translations: Arc::new(translations),
            preferences: preferences::for_all(tx, organisation).await?,
            has_audiences: !queries::list(tx, organisation, Kind::Audience.as_str(), &Range::first(1))
                .await?
                .is_empty(),
        });
        lock().insert(organisation.clone(), (Instant::now(), shelf.clone()));
        Ok(shelf)
    }

    /// Says that something on an organisation's shelf is changed here: it is read anew once that is durable.
    pub(crate) fn changes(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) {
        let (shelves, organisation) = (notify.shelves.clone(), organisation.clone());
        tx.after_commit(move || {
            drop(shelves.0.lock().expect("nobody panics while they hold it").remove(&organisation))
        });
    }

    /// A layout by its key.
    pub(crate) fn layout(&self, key: &str) -> Option<&Layout> {
        self.layouts.get(key)
    }

    /// A group of channels by its key.
    pub(crate) fn group(&self, key: &str) -> Option<&ChannelGroup> {
        self.groups.get(key)
    }
}

impl Layout {
    /// Out of its document.
    pub(crate) fn of(body: &Value) -> Self {
        let text = body["text_layout"].as_str().filter(|text| !text.trim().is_empty()).map(Text::new);
        let html = Text::new(body["html_layout"].as_str().unwrap_or("{{ content }}"));
        Self { html, text, footer_links: body["footer_links"].clone() }
    }

    /// Wraps what a mail says.
    ///
    /// # Errors
    /// What is wrong with the layout, and where.
    pub(crate) fn wrap(
        &self,
        variables: &Variables,
        html: &str,
        text: Option<&str>,
    ) -> std::result::Result<(String, Option<String>), TemplateError> {
        let around = |content: &str| {
            variables.with("content", &Value::String(content.to_owned())).with("footer_links", &self.footer_links)
        };
        let wrapped = self.html.render(&around(html))?;
        let text = match (&self.text, text) {
            (Some(layout), Some(text)) => Some(layout.render(&around(text))?),
            (_, text) => text.map(str::to_owned),
        };
        Ok((wrapped, text))
    }
}
