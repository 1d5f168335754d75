//! Channels: their providers, and the carriers that hand messages to them.
//!
//! A carrier gets a [`Parcel`] and gives a [`CarrierReply`]. It reads and writes no tables: what it
//! has learned beside the result are [facts](Fact), which the caller stores. The parser of a
//! provider's later reports stands beside its sender.
//!
//! The feed needs no carrier, because this server is the feed. The address of each provider is a
//! setting (`base_url`), so that a gateway can take its place.

mod channel;
pub mod chat;
pub mod email;
mod http;
mod parcel;
mod provider;
mod public_settings;
mod push;
mod request;
pub mod sms;
pub mod tenant_settings;
#[cfg(test)]
mod tests;
mod verdict;

use campanile_base::{Cache, Clock};
use campanile_documents::ChannelType;
use campanile_net::Client;

pub use channel::{Channel, FALLBACK, Settings};
pub use chat::slack;
pub use parcel::Parcel;
pub use provider::{Provider, check as check_provider};
pub use public_settings::public_settings;
pub use request::{Call, Reply, path_segment};
pub use verdict::{CarrierReply, DeliveryState, Fact, SlackRefusal, Verdict};

/// The maximum number of tokens. Apple refuses servers that make one for each message.
const MOST_TOKENS: usize = 10_000;

/// All carriers, with the connections and tokens that they keep. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct Carriers {
    /// The HTTP client for calls to providers.
    pub client: Client,
    /// The mail server for channels that have none of their own, if one is set.
    pub mailer: Option<email::smtp::Mailer>,
    /// Short-lived tokens of providers.
    pub tokens: Cache<String, String>,
    clock: Clock,
    mail_connections: email::MailConnections,
}

impl Carriers {
    /// Carriers that have kept nothing yet.
    pub fn new(client: Client, mailer: Option<email::smtp::Mailer>, clock: Clock) -> Self {
        Self { client, mailer, clock, tokens: Cache::new(MOST_TOKENS), mail_connections: Default::default() }
    }

    /// Hands a message to its channel's carrier.
    pub async fn carry(&self, parcel: Parcel<'_>) -> CarrierReply {
        match parcel.channel.kind {
            ChannelType::Email => email::carry(self, parcel).await,
            ChannelType::Sms => sms::carry(self, parcel).await,
            ChannelType::Push => push::carry(self, parcel).await,
            ChannelType::Chat => chat::carry(self, parcel).await,
            ChannelType::Http => http::carry(self, parcel).await,
            ChannelType::InAppFeed | ChannelType::InAppGuide => {
                CarrierReply::never("what is shown in a page is not carried anywhere".to_owned())
            }
        }
    }
}
