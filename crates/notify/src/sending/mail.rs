//! A mail before it is handed over: without suppressed addresses, and with tracked links.

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use serde_json::{Value, json};

use crate::channels::Channel;
use crate::messages::Message;
use crate::{Notify, suppressions, tracking};
use campanile_channels::email::addresses;

/// The lists of addresses in a mail.
const LISTS: [&str; 3] = ["to", "cc", "bcc"];

/// The content of a mail as it is handed over. The inner error is the reason if no `to` address is
/// left.
pub(super) async fn content(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    message: &Message,
) -> Result<std::result::Result<Value, String>> {
    let mut content = message.content.clone();
    if let Err(why) = leave_out(notify, organisation, &mut content).await? {
        return Ok(Err(why));
    }
    let tracks = |name: &str| channel.settings.channel_settings.get(name) == Some(&Value::Bool(true));
    let mut html = content["html_body"].as_str().unwrap_or_default().to_owned();
    if tracks("track_links") {
        html = tracking::links(notify, organisation, message, &html);
    }
    if tracks("track_opens") {
        html.push_str(&tracking::pixel(notify, organisation, message));
    }
    content["html_body"] = json!(html);
    Ok(Ok(content))
}

/// Removes [suppressed](suppressions) addresses.
async fn leave_out(
    notify: &Notify,
    organisation: &OrganisationId,
    content: &mut Value,
) -> Result<std::result::Result<(), String>> {
    let all = LISTS.into_iter().flat_map(|list| addresses(content, list));
    let all: Vec<String> = all.map(|address| suppressions::plain(&address)).collect();
    let organisation = organisation.clone();
    let read = notify.db.read(move |tx| Box::pin(async move { suppressions::among(tx, &organisation, &all).await }));
    let found = read.await?;
    let Some(first) = found.first() else { return Ok(Ok(())) };
    for list in LISTS {
        let mut kept = addresses(content, list);
        kept.retain(|address| !found.iter().any(|one| one.address == suppressions::plain(address)));
        content[list] = json!(kept.join(", "));
    }
    match addresses(content, "to").is_empty() {
        true => Ok(Err(format!("no mail goes to {}: {}", first.address, first.reason))),
        false => Ok(Ok(())),
    }
}

/// The only address of a mail; `None` if it has several.
pub(crate) fn sole_address(message: &Message) -> Option<String> {
    let mut all = LISTS.into_iter().flat_map(|list| addresses(&message.content, list));
    let first = all.next()?;
    all.next().is_none().then(|| suppressions::plain(&first))
}
