//! Stores what carriers have learned: dead devices, users of Slack, refused connections.

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use serde_json::{Value, json};

use crate::channels::Channel;
use crate::messages::Message;
use crate::slack::Refusal;
use crate::{Notify, Reference, channel_data, slack};
use campanile_channels::Fact;

/// The message of which facts are stored.
#[derive(Clone, Copy)]
pub(super) struct Carried<'c> {
    pub(super) notify: &'c Notify,
    pub(super) organisation: &'c OrganisationId,
    pub(super) channel: &'c Channel,
    pub(super) message: &'c Message,
    /// The tenant's channel data.
    pub(super) of_tenant: Option<&'c Value>,
}

impl Carried<'_> {
    /// Stores the facts. A fact that cannot be stored is logged: the message has its result without
    /// it.
    pub(super) async fn store(self, facts: Vec<Fact>) {
        for fact in facts {
            if let Err(error) = self.stored(&fact).await {
                tracing::warn!(%error, message_id = %self.message.id, ?fact, "a fact of a provider was not stored");
            }
        }
    }

    async fn stored(self, fact: &Fact) -> Result<()> {
        match fact {
            Fact::DeviceGone { token } => self.forget_device(token).await,
            Fact::SlackUser { id } => {
                let connections = json!({ "connections": [{ "user_id": id }] });
                self.set(move |_| Some(connections)).await
            }
            Fact::SlackRefused(refusal) => self.note(Some(refusal)).await,
            Fact::SlackAccepted => self.note(None).await,
        }
    }

    async fn forget_device(self, token: &str) -> Result<()> {
        let token = token.to_owned();
        self.set(move |data| {
            let devices = data?["devices"].as_array().cloned().unwrap_or_default();
            let kept: Vec<Value> = devices.into_iter().filter(|device| device["token"] != token.as_str()).collect();
            Some(json!({ "devices": kept }))
        })
        .await
    }

    /// Changes the recipient's data for the channel.
    async fn set(self, changed: impl FnOnce(Option<Value>) -> Option<Value> + Send + 'static) -> Result<()> {
        let (notify, organisation) = (self.notify.clone(), self.organisation.clone());
        let (owner, channel) = (self.message.recipient.clone(), self.channel.id.clone());
        let write = self.notify.db.write(move |tx| {
            Box::pin(async move {
                let data = channel_data::get(tx, &notify, &organisation, &owner, &channel).await?;
                let Some(data) = changed(data) else { return Ok(()) };
                channel_data::set(tx, &notify, &organisation, &owner, &channel, data).await?;
                Ok::<_, Error>(())
            })
        });
        write.await
    }

    /// Notes a refusal with the tenant, where the pages that can repair the connection find it. A
    /// message that was accepted removes the note.
    async fn note(self, refusal: Option<&Refusal>) -> Result<()> {
        let Some(tenant) = self.message.tenant.as_deref().map(Reference::tenant) else { return Ok(()) };
        let is_noted = self.of_tenant.is_some_and(|data| data.get("trouble").is_some());
        if refusal.is_none() && !is_noted {
            return Ok(());
        }
        let where_to = self.message.content["connection"]["channel_id"].as_str().filter(|text| !text.is_empty());
        slack::note(self.notify, self.organisation, self.channel, tenant, refusal, where_to).await
    }
}
