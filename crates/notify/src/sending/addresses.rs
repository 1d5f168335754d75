//! The addresses of a recipient in a channel: the part that a message needs, and the part that is
//! shown.

use campanile_base::Result;
use campanile_documents::template::{Template, Variables};
use serde_json::{Map, Value, json};

use crate::channels::{Channel, ChannelType};
use crate::recipients::is_one_address;
use crate::runs::{Run, RunContext};
use crate::workflows::{Content, Send};
use crate::{Notify, channel_data};
use campanile_channels::email;

/// One address of a recipient.
#[derive(Debug, Default)]
pub(super) struct Address {
    /// The fields that it adds to a message's content.
    pub(super) content: Map<String, Value>,
    /// The part that the API shows as `recipient_snapshot`.
    pub(super) snapshot: Option<Value>,
}

impl Address {
    fn of(content: Value, snapshot: Value) -> Self {
        let content = content.as_object().cloned().unwrap_or_default();
        Self { content, snapshot: Some(snapshot) }
    }
}

/// The addresses, or the reason why there are none.
pub(super) async fn of(
    notify: &Notify,
    world: &RunContext,
    run: &Run,
    channel: &Channel,
    (send, content): (&Send, &Content),
    texts: &Variables,
) -> Result<std::result::Result<Vec<Address>, &'static str>> {
    let recipient = world.recipient(&run.recipient);
    Ok(match channel.kind {
        ChannelType::InAppFeed if !run.recipient.is_user() => Err("objects have no feed"),
        ChannelType::InAppFeed => Ok(vec![Address::default()]),
        ChannelType::Email => email(channel, send, texts, recipient.text("email"), recipient.text("name")),
        ChannelType::Sms => {
            let own = match content {
                Content::Sms { to: Some(to), .. } => to.render(texts).ok().filter(|to| !to.trim().is_empty()),
                _ => recipient.text("phone_number").map(str::to_owned),
            };
            let address = |to: String| vec![Address::of(json!({ "to": to }), json!({ "phone_number": to }))];
            own.map(address).ok_or("the recipient has no phone_number")
        }
        ChannelType::Push => {
            let data = channel_data::of(notify, &world.organisation, &run.recipient, &channel.id).await?;
            let devices = data.as_ref().and_then(|data| data.get("devices")).and_then(Value::as_array);
            let address = |device: &Value| Address::of(json!({ "token": device["token"] }), json!(device));
            let all: Vec<Address> = devices.into_iter().flatten().map(address).collect();
            if all.is_empty() { Err("the recipient has no devices") } else { Ok(all) }
        }
        ChannelType::Chat => {
            let data = channel_data::of(notify, &world.organisation, &run.recipient, &channel.id).await?;
            let connections = data.as_ref().and_then(|data| data.get("connections")).and_then(Value::as_array);
            let all: Vec<Address> = connections.into_iter().flatten().map(connection).collect();
            match (all.is_empty(), looked_up(channel, send).then(|| recipient.text("email")).flatten()) {
                (false, _) => Ok(all),
                (true, Some(email)) => Ok(vec![connection(&json!({ "email": email }))]),
                (true, None) => Err("the recipient has no connections"),
            }
        }
        ChannelType::Http => Ok(vec![Address::default()]),
        ChannelType::InAppGuide => Err("guides are not sent by workflows"),
    })
}

fn email(
    channel: &Channel,
    send: &Send,
    texts: &Variables,
    address: Option<&str>,
    name: Option<&str>,
) -> std::result::Result<Vec<Address>, &'static str> {
    let written = |field: &str| {
        let of_step = send.channel_overrides.get(field).and_then(Value::as_str);
        of_step.or_else(|| channel.settings.channel_settings.get(field).and_then(Value::as_str))
    };
    // If neither the step nor the channel names a sender, the carrier does: it may be a tenant's
    // own provider.
    let names_sender = written("from_address").is_some() || written("from_name").is_some();
    let said = |field: &str| {
        let is_known = names_sender || !field.starts_with("from_");
        let text = written(field).or_else(|| channel.setting(field).filter(|_| is_known))?;
        let rendered = Template::parse(text).ok()?.render_with(texts).ok()?;
        Some(rendered.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let to = match (said("to_address"), address) {
        (Some(to), _) => to,
        (None, Some(address)) if is_one_address(address) => address.trim().to_owned(),
        (None, Some(_)) => return Err("the recipient's email is not one address"),
        (None, None) => return Err("the recipient has no email"),
    };
    let from = match (said("from_name"), said("from_address")) {
        (name, Some(address)) => Some(email::sender_of(name.as_deref(), &address)),
        (_, None) => None,
    };
    let content = json!({
        "to": to, "from": from, "cc": said("cc_address"), "bcc": said("bcc_address"), "reply_to": said("reply_to_address"),
    });
    Ok(vec![Address::of(content, json!({ "email": to, "name": name }))])
}

/// True if a recipient without a connection is looked up by mail address.
fn looked_up(channel: &Channel, send: &Send) -> bool {
    let name = "email_based_user_id_resolution";
    let of_step = send.channel_overrides.get(name).and_then(Value::as_bool);
    of_step.or_else(|| channel.settings.channel_settings.get(name)?.as_bool()).unwrap_or(false)
}

/// The address of a connection. Its access token is not stored with the message.
fn connection(connection: &Value) -> Address {
    let shown: Map<String, Value> = connection
        .as_object()
        .map(|map| map.iter().filter(|(key, _)| *key != "access_token").map(|(k, v)| (k.clone(), v.clone())).collect())
        .unwrap_or_default();
    let word = |name: &str| connection.get(name).cloned().unwrap_or(Value::Null);
    let snapshot = json!({
        "channel_id": word("channel_id"), "user_id": word("user_id"),
        "via_incoming_webhook": connection.get("incoming_webhook").is_some(),
    });
    Address::of(json!({ "connection": shown }), snapshot)
}
