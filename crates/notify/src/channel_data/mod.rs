//! Channel data: the addresses of a recipient in a channel. For push they are device tokens; for
//! Slack, Microsoft Teams and Discord they are connections. A tenant also has the tokens of its
//! workspace here. The data is sealed at rest, since it contains tokens.
//!
//! # Pages
//! A page that acts for an end user may change the addresses, and no more. A tenant's
//! `provider_settings` contain keys, and its `token` opens its Slack workspace. A page sees neither
//! of them, and its writes and deletions leave both unchanged. It can never write
//! `provider_settings`.

mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Secret, Thing};
use campanile_db::Tx;
use serde_json::{Map, Value, json};

use crate::channels::{self, Channel, ChannelType};
use crate::{Notify, Reference, recipients};
use campanile_channels::tenant_settings::{self, PROVIDER_SETTINGS};

/// The fields that pages of end users do not see.
const KEPT_FROM_PAGES: [&str; 2] = [PROVIDER_SETTINGS, "token"];

/// Stores a recipient's channel data, in place of any earlier data.
///
/// # Errors
/// `NotFound` for the channel; `InvalidField` if the data does not have the shape of the channel's
/// type.
pub async fn set(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &str,
    data: Value,
) -> Result<(Channel, Value)> {
    let channel = channels::find(tx, notify, organisation, channel).await?.ok_or(Error::NotFound(Thing::Channel))?;
    let data = shaped(&channel, data)?;
    let sealed = notify.vault.seal(&Secret::new(data.to_string()));
    queries::put(tx, organisation, owner, &channel.id, &sealed, notify.clock.now()).await?;
    recipients::ensure(tx, notify, organisation, owner).await?;
    Ok((channel, data))
}

/// Stores a recipient's channel data for a page that acts for an end user.
///
/// # Errors
/// Like [`set`]; `Forbidden` if the data has `provider_settings`.
pub async fn set_by_page(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &str,
    mut data: Value,
) -> Result<(Channel, Value)> {
    may_write_by_page(&data)?;
    let channel = channels::find(tx, notify, organisation, channel).await?.ok_or(Error::NotFound(Thing::Channel))?;
    if let Value::Object(data) = &mut data {
        for (name, kept) in kept_from_pages(tx, notify, organisation, owner, &channel).await? {
            data.entry(name).or_insert(kept);
        }
    }
    set(tx, notify, organisation, owner, &channel.id, data).await
}

/// Checks that a page may write this data.
///
/// # Errors
/// `Forbidden` if it has `provider_settings`.
pub fn may_write_by_page(data: &Value) -> Result<()> {
    match data.get(PROVIDER_SETTINGS) {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden("provider_settings can be written with a secret key only")),
    }
}

/// The fields that a page neither sees nor changes, read under the lock that [`change`] takes.
async fn kept_from_pages(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &Channel,
) -> Result<Map<String, Value>> {
    tx.lock(&format!("channel_data {organisation} {owner} {}", channel.id)).await?;
    let known = get(tx, notify, organisation, owner, &channel.id).await?;
    let mut known = known.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    known.retain(|name, _| KEPT_FROM_PAGES.contains(&name.as_str()));
    Ok(known)
}

/// A recipient's channel data, by the channel's id.
pub async fn get(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &str,
) -> Result<Option<Value>> {
    let sealed = queries::get(tx, organisation, owner, channel).await?;
    let open = |sealed: String| {
        let opened = notify.vault.open(&sealed)?;
        serde_json::from_str(opened.expose()).map_err(Error::internal)
    };
    sealed.map(open).transpose()
}

/// The same, in a transaction of its own.
pub(crate) async fn of(
    notify: &Notify,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &str,
) -> Result<Option<Value>> {
    let (within, organisation, owner, channel) =
        (notify.clone(), organisation.clone(), owner.clone(), channel.to_owned());
    let read =
        notify.db.read(move |tx| Box::pin(async move { get(tx, &within, &organisation, &owner, &channel).await }));
    read.await
}

/// Changes some fields of a recipient's channel data, in a transaction of its own.
///
/// # Errors
/// Like [`set`].
pub(crate) async fn change(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    owner: Reference,
    change: impl FnOnce(&mut Map<String, Value>) + Send + 'static,
) -> Result<()> {
    let (within, organisation, channel) = (notify.clone(), organisation.clone(), channel.id.clone());
    let write = notify.db.write(move |tx| {
        Box::pin(async move {
            tx.lock(&format!("channel_data {organisation} {owner} {channel}")).await?;
            let known = get(tx, &within, &organisation, &owner, &channel).await?;
            let mut data = known.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
            change(&mut data);
            set(tx, &within, &organisation, &owner, &channel, Value::Object(data)).await.map(drop)
        })
    });
    write.await
}

/// Deletes a recipient's channel data. The result is false if there was none.
pub async fn delete(tx: &mut Tx, organisation: &OrganisationId, owner: &Reference, channel: &str) -> Result<bool> {
    Ok(queries::delete(tx, organisation, owner, channel).await? > 0)
}

/// Deletes a recipient's channel data for a page that acts for an end user. The result is false if
/// there was none.
///
/// # Errors
/// Like [`set`].
pub async fn delete_by_page(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &Channel,
) -> Result<bool> {
    let kept = kept_from_pages(tx, notify, organisation, owner, channel).await?;
    match kept.is_empty() {
        true => delete(tx, organisation, owner, &channel.id).await,
        false => set(tx, notify, organisation, owner, &channel.id, Value::Object(kept)).await.map(|_| true),
    }
}

/// The data in the shape of the API, for a page that acts for an end user.
pub fn view_of_page(channel: &Channel, data: &Value) -> Value {
    let mut shown = data.clone();
    if let Value::Object(shown) = &mut shown {
        shown.retain(|name, _| !KEPT_FROM_PAGES.contains(&name.as_str()));
    }
    view(channel, &shown)
}

/// The data in the shape of the API, for those who manage the organisation.
pub fn view(channel: &Channel, data: &Value) -> Value {
    json!({ "__typename": "ChannelData", "channel_id": channel.id, "provider": channel.provider, "data": data })
}

/// Checks the data, and brings it into the shape of the channel's type.
fn shaped(channel: &Channel, data: Value) -> Result<Value> {
    let Value::Object(mut data) = data else { return Err(Error::invalid_field("data", "must be an object")) };
    match data.get(PROVIDER_SETTINGS) {
        None => {}
        Some(Value::Object(own)) => {
            tenant_settings::check(&channel.provider, own)
                .map_err(|why| Error::invalid_field(PROVIDER_SETTINGS, why))?;
            if channel.kind == ChannelType::Push && !data.contains_key("devices") {
                // A tenant with settings needs no devices.
                data.entry("devices").or_insert_with(|| json!([]));
            }
        }
        Some(_) => return Err(Error::invalid_field(PROVIDER_SETTINGS, "must be an object")),
    }
    match channel.kind {
        ChannelType::Push => devices(&channel.provider, &mut data)?,
        ChannelType::Chat => {
            let connections = data.entry("connections").or_insert_with(|| json!([]));
            if !connections.as_array().is_some_and(|list| list.iter().all(Value::is_object)) {
                return Err(Error::invalid_field("connections", "must be a list of objects"));
            }
        }
        _ => {}
    }
    Ok(Value::Object(data))
}

/// Completes push data: `tokens` and `devices` are two forms of the same list.
fn devices(provider: &str, data: &mut Map<String, Value>) -> Result<()> {
    let (token, tokens) = match provider {
        "push_aws_sns" => ("target_arn", "target_arns"),
        "push_one_signal" => ("player_id", "player_ids"),
        _ => ("token", "tokens"),
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let known: Vec<Map<String, Value>> = match (data.get("devices"), data.get(tokens)) {
        (Some(Value::Array(devices)), _) => devices.iter().filter_map(Value::as_object).cloned().collect(),
        (None | Some(Value::Null), Some(Value::Array(list))) => {
            list.iter().filter_map(text).map(|word| Map::from_iter([(token.to_owned(), Value::String(word))])).collect()
        }
        _ => return Err(Error::invalid_field("data", format!("must have {tokens} or devices"))),
    };
    let mut devices: Vec<Value> = Vec::new();
    for device in known {
        let word = device.get(token).and_then(text);
        let word = word.ok_or_else(|| Error::invalid_field("devices", format!("each must have a {token}")))?;
        if devices.iter().any(|device| device[token] == word.as_str()) {
            continue;
        }
        let part = |name: &str| device.get(name).cloned().unwrap_or(Value::Null);
        let (locale, timezone) = (part("locale"), part("timezone"));
        devices.push(json!({ token: word, "locale": locale, "timezone": timezone }));
    }
    let list: Vec<Value> = devices.iter().map(|device| device[token].clone()).collect();
    data.insert(tokens.to_owned(), Value::Array(list));
    data.insert("devices".to_owned(), Value::Array(devices));
    Ok(())
}
