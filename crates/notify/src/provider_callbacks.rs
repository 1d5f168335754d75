//! Processes the reports of providers: delivered, bounced, opened, complained.

use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::Value;

use crate::channels::Channel;
use crate::messages::Mark;
use crate::sending::sole_address;
use crate::suppressions::Reason;
use crate::{Notify, messages, sending, suppressions, tracking};
use campanile_channels::DeliveryState;
use campanile_channels::email::{Engagement, Intake, Suppression};

/// Processes a report about a mail. After a complaint, the recipient is unsubscribed from
/// commercial notifications.
pub async fn take_in(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    told: Intake,
) -> Result<()> {
    let Intake { message, at, state, engagement, suppression, data } = told;
    if let Some(suppression) = suppression {
        let of_channel =
            messages::get(tx, organisation, &message).await?.filter(|known| known.channel_id == channel.id);
        if let Some(address) = of_channel.as_ref().and_then(sole_address) {
            let details = data.as_ref().and_then(|data| data["failure_details"].as_str());
            let caller = Caller::system(organisation.clone());
            let reason = match suppression {
                Suppression::Bounced => Reason::Bounced,
                Suppression::Complained => Reason::Complained,
            };
            suppressions::add(tx, &notify.clock, &caller, &address, (reason, details, Some(&message))).await?;
        }
    }
    if let Some(state) = state {
        return report(tx, notify, organisation, (&channel.id, &message), (state, data.as_ref()), at).await;
    }
    let message = messages::get(tx, organisation, &message).await?;
    let Some(message) = message.filter(|message| message.channel_id == channel.id) else { return Ok(()) };
    if suppression == Some(Suppression::Complained) {
        tracking::unsubscribe(tx, notify, organisation, &message.recipient).await?;
    }
    if let Some(engagement) = engagement {
        let mark = match engagement {
            Engagement::Opened => Mark::Read,
            Engagement::Clicked => Mark::LinkClicked,
        };
        messages::mark(tx, notify, organisation, None, &[message.id], (mark, data.as_ref()), at).await?;
    }
    Ok(())
}

/// Stores a provider's report about a message of a channel.
pub async fn report(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    (channel, message): (&str, &str),
    (state, data): (DeliveryState, Option<&Value>),
    at: Timestamp,
) -> Result<()> {
    let (status, kind) = messages::of_state(state);
    sending::said_later(tx, notify, organisation, channel, message, (status, kind, data), at).await
}
