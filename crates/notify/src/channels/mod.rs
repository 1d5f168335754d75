//! The channels that carry notifications out, each an organisation's own, with its provider's settings.
//!
//! The feed needs no carrier: it is where we are. All others hand over what a message was rendered to, in a job of its own. Every provider's
//! address is a setting (`base_url`), so that a gateway can stand in.
//!
//! A tenant may have settings of its own, within the rule of `tenant_settings`.

pub(crate) mod chat;
pub mod email;
mod group;
mod http;
mod merge;
pub(crate) mod provider;
mod push;
mod queries;
pub mod sms;
pub(crate) mod tenant_settings;
mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Secret, Timestamp, new_uuid, uuid_of};
use campanile_db::{Range, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use merge::FALLBACK;
pub use merge::Strategy;

use crate::Notify;
use crate::conditions::Group;
use crate::messages::Status;

pub use group::ChannelGroup;
pub(crate) use provider::Parcel;
pub(crate) use tokens::ProviderTokens;

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

/// A kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ChannelType {
    Email,
    InAppFeed,
    InAppGuide,
    Sms,
    Push,
    Chat,
    Http,
}

/// A channel.
#[derive(Debug, Clone)]
pub struct Channel {
    /// A UUID.
    pub id: String,
    /// What workflows call it by.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Its kind.
    pub kind: ChannelType,
    /// What it is carried by, as `chat_slack`.
    pub provider: String,
    /// How it is carried.
    pub settings: Arc<Settings>,
    /// Whether nothing really goes out.
    pub is_sandbox: bool,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How a channel carries.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Settings {
    /// Keys, addresses: what its provider asks for.
    #[serde(default)]
    pub provider_settings: Map<String, Value>,
    /// Tracking, overrides: what every provider has.
    #[serde(default)]
    pub channel_settings: Map<String, Value>,
    /// When it is used at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
}

impl ChannelType {
    /// As it is stored and written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::InAppFeed => "in_app_feed",
            Self::InAppGuide => "in_app_guide",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Chat => "chat",
            Self::Http => "http",
        }
    }

    /// By its name.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(Value::String(name.to_owned())).ok()
    }
}

impl Channel {
    /// As messages show it.
    pub fn view(&self) -> Value {
        json!({
            "id": self.id, "key": self.key, "name": self.name, "type": self.kind, "provider": self.provider,
            "created_at": self.created_at, "updated_at": self.updated_at,
        })
    }

    /// True where something could go out: mails need a server or a key, of the channel or of its fallback.
    pub fn can_carry(&self, notify: &Notify) -> bool {
        let settings = &self.settings.provider_settings;
        let fallback = settings.get(FALLBACK);
        let other = fallback.and_then(|fallback| fallback["provider"].as_str()).unwrap_or_default();
        let others = fallback.and_then(|fallback| fallback["provider_settings"].as_object());
        let has_server = notify.mailer.is_some();
        carries(&self.provider, settings, has_server) || others.is_some_and(|others| carries(other, others, has_server))
    }

    /// A provider's setting that is text.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.provider_settings.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

/// What a carrier said of a message. With what went to its provider and what came back, where that may be looked at.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) verdict: Verdict,
    pub(crate) log: Vec<Value>,
}

/// What becomes of a message.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The provider has taken it; what it is known by there, and what else there is to say.
    Taken { status: Status, metadata: Option<Value>, data: Option<Value> },
    /// The provider may take it later; after so long, where it says so.
    Later { why: String, after: Option<Duration> },
    /// The provider will never take it.
    Never { why: String },
    /// There is nobody any more where it went.
    Bounced { data: Value },
}

impl Said {
    fn never(why: String) -> Self {
        Self { verdict: Verdict::Never { why }, log: Vec::new() }
    }

    fn later(why: String) -> Self {
        Self { verdict: Verdict::Later { why, after: None }, log: Vec::new() }
    }

    fn logging(mut self, log: Value) -> Self {
        self.log.push(log);
        self
    }

    fn without_log(mut self) -> Self {
        self.log.clear();
        self
    }

    /// Whether it may be taken later.
    pub(crate) fn is_later(&self) -> bool {
        matches!(self.verdict, Verdict::Later { .. })
    }

    /// Why it was not taken.
    pub(crate) fn why(&self) -> String {
        match &self.verdict {
            Verdict::Later { why, .. } | Verdict::Never { why } => why.clone(),
            Verdict::Taken { .. } | Verdict::Bounced { .. } => String::new(),
        }
    }
}

/// Hands a message to its channel's carrier.
pub(crate) async fn carry(parcel: Parcel<'_>) -> Said {
    let channel = match parcel.of_tenant.map(|data| parcel.channel.for_tenant(data)).transpose() {
        Ok(channel) => channel,
        Err(why) => return Said::never(why),
    };
    let parcel = Parcel { channel: channel.as_ref().unwrap_or(parcel.channel), ..parcel };
    match parcel.channel.kind {
        ChannelType::Email => email::carry(parcel).await,
        ChannelType::Sms => sms::carry(parcel).await,
        ChannelType::Push => push::carry(parcel).await,
        ChannelType::Chat => chat::carry(parcel).await,
        ChannelType::Http => http::carry(parcel).await,
        ChannelType::InAppFeed | ChannelType::InAppGuide => {
            Said::never("what is shown in a page is not carried anywhere".to_owned())
        }
    }
}

/// For how long the channels of an organisation are taken to be as they were.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// Channels, and when they were read.
type Read = (Instant, Arc<Vec<Channel>>);

/// The channels of organisations, as they were a moment ago.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<Mutex<HashMap<OrganisationId, Read>>>);

/// The channels of an organisation as they were read within the last second.
pub(crate) fn fresh(notify: &Notify, organisation: &OrganisationId) -> Option<Arc<Vec<Channel>>> {
    let known = notify.channels.0.lock().expect("nobody panics while they hold it");
    known.get(organisation).and_then(|(read, channels)| (read.elapsed() < KNOWN_FOR).then(|| channels.clone()))
}

/// An organisation's channels, as [`fresh`] or read.
///
/// # Errors
/// What the database says.
pub(crate) async fn known(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<Arc<Vec<Channel>>> {
    if let Some(known) = fresh(notify, organisation) {
        return Ok(known);
    }
    let channels = Arc::new(all(tx, notify, organisation).await?);
    let mut known = notify.channels.0.lock().expect("nobody panics while they hold it");
    known.insert(organisation.clone(), (Instant::now(), channels.clone()));
    Ok(channels)
}

/// A channel by its id or its key.
///
/// # Errors
/// What the database says.
pub async fn find(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, word: &str) -> Result<Option<Channel>> {
    let found = queries::find(tx, organisation, word).await?;
    found.map(|(channel, sealed)| opened(notify, channel, &sealed)).transpose()
}

/// A stretch of the channels, by key.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, range: &Range) -> Result<Vec<Channel>> {
    let found = queries::list(tx, organisation, range).await?;
    found.into_iter().map(|(channel, sealed)| opened(notify, channel, &sealed)).collect()
}

/// All channels.
///
/// # Errors
/// What the database says.
pub async fn all(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<Vec<Channel>> {
    list(tx, notify, organisation, &Range::first(1_000)).await
}

/// What is told of a channel.
#[derive(Debug, Clone, Deserialize)]
pub struct Told {
    /// Its id, where it is to be this one.
    #[serde(default)]
    pub id: Option<String>,
    /// What people call it; the key, unless said.
    #[serde(default)]
    pub name: Option<String>,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: ChannelType,
    /// What it is carried by.
    pub provider: String,
    /// Whether nothing really goes out.
    #[serde(default)]
    pub is_sandbox: Option<bool>,
    /// The fate of what is known and not told: it is replaced, unless said.
    #[serde(default, rename = "__persistence_strategy__")]
    #[serde(alias = "__persistence_strategy", alias = "_persistence_strategy_")]
    pub strategy: Strategy,
    /// True where the conditions are told to be none.
    #[serde(skip)]
    pub clears_conditions: bool,
    /// How it carries.
    #[serde(flatten)]
    pub settings: Settings,
}

/// A fallback is another provider of mails, with settings of its own.
fn check_fallback(fallback: Option<&Value>) -> Result<()> {
    let Some(fallback) = fallback else { return Ok(()) };
    let is_known = fallback["provider"].as_str().is_some_and(|name| name.starts_with("email_"));
    let settings = &fallback["provider_settings"];
    match is_known && (settings.is_null() || settings.is_object()) {
        true => Ok(()),
        false => Err(Error::invalid_field(
            "provider_settings.fallback",
            "must have a provider, such as email_resend, and may have provider_settings",
        )),
    }
}

fn carries(provider: &str, settings: &Map<String, Value>, has_server: bool) -> bool {
    let is_set = |name: &str| settings.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    match provider {
        "email_smtp" => is_set("url") || has_server,
        "email_resend" => is_set("api_key"),
        _ => true,
    }
}

/// Makes a channel, or changes the one of this key.
///
/// # Errors
/// `InvalidField`; `Conflict` when a channel would become one of another kind.
pub async fn put(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    told: Told,
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
    if let Some(Err(why)) = told.settings.conditions.as_ref().map(Group::check) {
        return Err(Error::invalid_field("conditions", why));
    }
    // What is merged is read before: nobody may change it in between.
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
    let channel = find(tx, notify, organisation, word).await?.ok_or(Error::NotFound("channel"))?;
    queries::delete(tx, organisation, &channel.id).await?;
    Ok(())
}

/// Gives an organisation the channels that everybody has, where it has them not yet.
///
/// # Errors
/// What the database says.
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
    let (known, whose) = (notify.channels.clone(), organisation.clone());
    tx.after_commit(move || drop(known.0.lock().expect("nobody panics while they hold it").remove(&whose)));
    Ok(())
}

fn opened(notify: &Notify, channel: Channel, sealed: &str) -> Result<Channel> {
    let opened = notify.vault.open(sealed)?;
    let settings = serde_json::from_str(opened.expose()).map_err(Error::internal)?;
    Ok(Channel { settings: Arc::new(settings), ..channel })
}

#[cfg(test)]
mod tests {
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
