//! The channels of an organisation, with their providers' settings. [Carriers](campanile_channels)
//! send through them.
//!
//! A tenant may have its own provider settings, within the rule of
//! [`campanile_channels::tenant_settings`].

mod merge;
mod queries;

use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Secret, Thing, new_uuid, uuid_of};
use campanile_db::{Range, Tx};
use campanile_documents::conditions::Group;
use serde::Deserialize;
use serde_json::Value;

pub use campanile_channels::{Channel, Provider, Settings};
use campanile_channels::{FALLBACK, check_provider};
pub use campanile_documents::{ChannelGroup, ChannelType};
pub use merge::Strategy;

use crate::Notify;

/// The key of the feed that every organisation has.
pub const FEED: &str = "in-app";
/// The key of the Slack channel that every organisation has.
pub const SLACK: &str = "slack";
/// The channels that every organisation has: key, name, type, provider.
const SEEDS: [(&str, &str, ChannelType, &str); 3] = [
    (FEED, "In-app feed", ChannelType::InAppFeed, "in_app_feed_knock"),
    ("email", "E-mail", ChannelType::Email, "email_smtp"),
    (SLACK, "Slack", ChannelType::Chat, "chat_slack"),
];

/// The lifetime of a cached list of channels.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// The cached channels of an organisation, at most a second old.
pub(crate) fn fresh(notify: &Notify, organisation: &OrganisationId) -> Option<Arc<Vec<Channel>>> {
    notify.channels.get(organisation, notify.clock.now())
}

/// The channels of an organisation, cached or read.
pub(crate) async fn known(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<Arc<Vec<Channel>>> {
    if let Some(known) = fresh(notify, organisation) {
        return Ok(known);
    }
    let channels = Arc::new(all(tx, notify, organisation).await?);
    notify.channels.insert(organisation.clone(), channels.clone(), notify.clock.now(), KNOWN_FOR);
    Ok(channels)
}

/// A channel by its id or its key.
pub async fn find(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, word: &str) -> Result<Option<Channel>> {
    let found = queries::find(tx, organisation, word).await?;
    found.map(|(channel, sealed)| opened(notify, channel, &sealed)).transpose()
}

/// One page of the channels, ordered by key.
pub async fn list(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, range: &Range) -> Result<Vec<Channel>> {
    let found = queries::list(tx, organisation, range).await?;
    found.into_iter().map(|(channel, sealed)| opened(notify, channel, &sealed)).collect()
}

/// All channels, up to 1,000.
pub async fn all(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<Vec<Channel>> {
    list(tx, notify, organisation, &Range::first(1_000)).await
}

/// The description of a channel in a request.
#[derive(Debug, Clone, Deserialize)]
pub struct ChannelSpec {
    /// The id of a new channel. One is made up by default.
    #[serde(default)]
    pub id: Option<String>,
    /// A name for people to read. The key by default.
    #[serde(default)]
    pub name: Option<String>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: ChannelType,
    /// The provider.
    pub provider: String,
    /// True if messages are not really sent.
    #[serde(default)]
    pub is_sandbox: Option<bool>,
    /// The treatment of settings that the request leaves out. They are removed by default.
    #[serde(default, rename = "__persistence_strategy__")]
    #[serde(alias = "__persistence_strategy", alias = "_persistence_strategy_")]
    pub strategy: Strategy,
    /// True if the request clears the conditions.
    #[serde(skip)]
    pub clears_conditions: bool,
    /// The settings.
    #[serde(flatten)]
    pub settings: Settings,
}

/// Checks that a fallback is another mail provider with its own settings.
fn check_fallback(fallback: Option<&Value>) -> Result<()> {
    let Some(fallback) = fallback else { return Ok(()) };
    let is_known = fallback["provider"].as_str().is_some_and(|name| check_provider(ChannelType::Email, name).is_ok());
    let settings = &fallback["provider_settings"];
    match is_known && (settings.is_null() || settings.is_object()) {
        true => Ok(()),
        false => Err(Error::invalid_field(
            "provider_settings.fallback",
            "must have a provider, email_resend or email_smtp, and may have provider_settings",
        )),
    }
}

/// Creates a channel, or changes the one with this key.
///
/// # Errors
/// `InvalidField`; `Conflict` if the type of a channel would change.
pub async fn put(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    told: ChannelSpec,
) -> Result<Channel> {
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if key.is_empty() || key.len() > 255 || !is_key(key) {
        return Err(Error::invalid_field("key", "must be letters, digits, - and _"));
    }
    if let Some(id) = &told.id
        && (id.is_empty() || id.len() > 255 || !is_key(id))
    {
        return Err(Error::invalid_field("id", "must be letters, digits, - and _"));
    }
    check_provider(told.kind, &told.provider).map_err(|why| Error::invalid_field("provider", why))?;
    if let Some(Err(why)) = told.settings.conditions.as_ref().map(Group::check) {
        return Err(Error::invalid_field("conditions", why));
    }
    // Merging reads the channel first. The lock prevents changes in between.
    tx.lock(&format!("channel {organisation} {key}")).await?;
    let (now, known) = (notify.clock.now(), find(tx, notify, organisation, key).await?);
    if known.as_ref().is_some_and(|known| known.kind != told.kind) {
        return Err(Error::conflict("a channel's type cannot be changed"));
    }
    let told = match told.strategy {
        Strategy::Merge => told.merged(known.as_ref())?,
        Strategy::Replace => told,
    };
    check_fallback(told.settings.provider_settings.get(FALLBACK))?;
    let (id, created_at) = match known {
        Some(known) => (known.id, known.created_at),
        None => (told.id.unwrap_or_else(new_uuid), now),
    };
    let channel = Channel {
        id,
        key: key.to_owned(),
        name: told.name.unwrap_or_else(|| key.to_owned()),
        kind: told.kind,
        provider: told.provider,
        settings: Arc::new(told.settings),
        is_sandbox: told.is_sandbox.unwrap_or_default(),
        created_at,
        updated_at: now,
    };
    store(tx, notify, organisation, &channel).await?;
    Ok(channel)
}

/// Removes a channel. Its messages stay.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, word: &str) -> Result<()> {
    let channel = find(tx, notify, organisation, word).await?.ok_or(Error::NotFound(Thing::Channel))?;
    queries::delete(tx, organisation, &channel.id).await?;
    Ok(())
}

/// Creates the channels that every organisation has, unless they exist.
pub async fn seed(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<()> {
    let now = notify.clock.now();
    for (key, name, kind, provider) in SEEDS {
        if find(tx, notify, organisation, key).await?.is_some() {
            continue;
        }
        let channel = Channel {
            id: seeded_id(organisation, key),
            key: key.to_owned(),
            name: name.to_owned(),
            kind,
            provider: provider.to_owned(),
            settings: Arc::default(),
            is_sandbox: false,
            created_at: now,
            updated_at: now,
        };
        store(tx, notify, organisation, &channel).await?;
    }
    Ok(())
}

/// The id of a channel that every organisation has.
pub fn seeded_id(organisation: &OrganisationId, key: &str) -> String {
    uuid_of(&["channel", organisation.as_str(), key])
}

async fn store(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, channel: &Channel) -> Result<()> {
    let settings = serde_json::to_string(&*channel.settings).map_err(Error::internal)?;
    queries::put(tx, organisation, channel, &notify.vault.seal(&Secret::new(settings))).await?;
    tx.forgets(&notify.channels, organisation.clone());
    Ok(())
}

fn opened(notify: &Notify, channel: Channel, sealed: &str) -> Result<Channel> {
    let opened = notify.vault.open(sealed)?;
    let settings = serde_json::from_str(opened.expose()).map_err(Error::internal)?;
    Ok(Channel { settings: Arc::new(settings), ..channel })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fallback_has_a_provider() {
        for wrong in [json!("x"), json!({}), json!({ "provider": null }), json!({ "provider": "sms_twilio" })] {
            assert!(check_fallback(Some(&wrong)).is_err(), "{wrong}");
        }
        assert!(check_fallback(Some(&json!({ "provider": "email_resend", "provider_settings": "x" }))).is_err());
        assert!(check_fallback(Some(&json!({ "provider": "email_smtp" }))).is_ok() && check_fallback(None).is_ok());
    }
}
