//! Channel data: how a recipient is reached through a channel. Device tokens for push, connections for Slack, Microsoft
//! Teams and Discord; of a tenant, what its workspace was opened with. Sealed at rest, since tokens are among it.

mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Secret};
use campanile_db::Tx;
use serde_json::{Map, Value, json};

use crate::channels::{self, Channel, ChannelType};
use crate::{Notify, Reference, recipients};

/// Writes how a recipient is reached; what was written before is forgotten.
///
/// # Errors
/// `NotFound` of the channel; `InvalidField` where the data is of another channel's shape.
pub async fn set(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &str,
    data: Value,
) -> Result<(Channel, Value)> {
    let channel = channels::find(tx, notify, organisation, channel).await?.ok_or(Error::NotFound("channel"))?;
    let data = shaped(&channel, data)?;
    let sealed = notify.vault.seal(&Secret::new(data.to_string()));
    queries::put(tx, organisation, owner, &channel.id, &sealed, notify.clock.now()).await?;
    if recipients::get(tx, organisation, owner).await?.is_none() {
        let told = recipients::Told { properties: Some(Map::new()), ..recipients::Told::named(owner.clone()) };
        Box::pin(recipients::identify(tx, notify, organisation, vec![told])).await?;
    }
    Ok((channel, data))
}

/// How a recipient is reached through a channel, by its id.
///
/// # Errors
/// What the database says.
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
///
/// # Errors
/// What the database says.
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

/// Changes some of how a recipient is reached, in a transaction of its own.
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

/// Forgets how a recipient is reached; answers whether anything was known.
///
/// # Errors
/// What the database says.
pub async fn delete(tx: &mut Tx, organisation: &OrganisationId, owner: &Reference, channel: &str) -> Result<bool> {
    Ok(queries::delete(tx, organisation, owner, channel).await? > 0)
}

/// As the API shows it.
pub fn view(channel: &Channel, data: &Value) -> Value {
    json!({ "__typename": "ChannelData", "channel_id": channel.id, "provider": channel.provider, "data": data })
}

/// The data in the shape that the channel's kind has.
fn shaped(channel: &Channel, data: Value) -> Result<Value> {
    let Value::Object(mut data) = data else { return Err(Error::invalid_field("data", "must be an object")) };
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

/// Tokens and devices are two ways to say the same.
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
