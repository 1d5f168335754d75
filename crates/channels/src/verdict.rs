//! The reply of a carrier: the result for the message, and the log of requests.

use std::time::Duration;

use serde_json::{Value, json};

/// The reply of a carrier.
#[derive(Debug)]
pub struct CarrierReply {
    /// The result for the message.
    pub verdict: Verdict,
    /// The requests and responses, where they may be shown.
    pub log: Vec<Value>,
    /// Facts that were learned beside that. The caller stores them.
    pub facts: Vec<Fact>,
}

/// A fact about an address or a connection that a provider has told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The token of a device is no longer valid.
    DeviceGone {
        /// The token.
        token: String,
    },
    /// Slack knows the recipient's mail address as this user.
    SlackUser {
        /// The user's id.
        id: String,
    },
    /// Slack refused a message, and a person has to repair the connection.
    SlackRefused(SlackRefusal),
    /// Slack took a message.
    SlackAccepted,
}

/// A refusal of Slack, by the action that it calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlackRefusal {
    /// Another attempt may succeed.
    Later(String),
    /// The token is invalid: a person has to connect again.
    Disconnected(String),
    /// The app lacks a permission: a person has to allow it.
    Scope(String),
    /// The channel does not exist, or is closed to the app: a person has to choose another.
    Channel(String),
    /// The message itself is invalid.
    Message(String),
}

impl SlackRefusal {
    /// The code of Slack.
    pub fn code(&self) -> &str {
        match self {
            Self::Later(code)
            | Self::Disconnected(code)
            | Self::Scope(code)
            | Self::Channel(code)
            | Self::Message(code) => code,
        }
    }
}

/// The state of a message at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// The provider has it, and may report more later.
    Sent,
    /// It has arrived.
    Delivered,
    /// The provider could not deliver it.
    Undelivered,
    /// The address or device does not exist.
    Bounced,
}

/// The result for a message.
#[derive(Debug)]
pub enum Verdict {
    /// The provider has taken it.
    Taken {
        /// `Sent` or `Delivered`.
        state: DeliveryState,
        /// The message's id at the provider.
        metadata: Option<Value>,
        /// More details.
        data: Option<Value>,
    },
    /// The provider may take it later.
    Later {
        /// The reason.
        why: String,
        /// The wait that the provider asks for, if it names one.
        after: Option<Duration>,
    },
    /// The provider will never take it.
    Never {
        /// The reason.
        why: String,
    },
    /// The address or device no longer exists.
    Bounced {
        /// The details.
        data: Value,
    },
}

impl CarrierReply {
    /// A refusal for good.
    pub fn never(why: String) -> Self {
        Self { verdict: Verdict::Never { why }, log: Vec::new(), facts: Vec::new() }
    }

    /// The refusal of a channel whose provider has no carrier here.
    pub(super) fn not_served(provider: &str) -> Self {
        Self::never(format!("this server has no carrier for {provider}"))
    }

    /// A refusal for now.
    pub fn later(why: String) -> Self {
        Self { verdict: Verdict::Later { why, after: None }, log: Vec::new(), facts: Vec::new() }
    }

    pub(super) fn with(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    pub(super) fn logging(mut self, log: Value) -> Self {
        self.log.push(log);
        self
    }

    pub(super) fn without_log(mut self) -> Self {
        self.log.clear();
        self
    }

    /// True if another attempt may succeed.
    pub fn is_later(&self) -> bool {
        matches!(self.verdict, Verdict::Later { .. })
    }

    /// The reason of a refusal; empty otherwise.
    pub fn why(&self) -> String {
        match &self.verdict {
            Verdict::Later { why, .. } | Verdict::Never { why } => why.clone(),
            Verdict::Taken { .. } | Verdict::Bounced { .. } => String::new(),
        }
    }
}

impl Verdict {
    /// Taken by a provider that may report the delivery later.
    pub(crate) fn sent(external_id: Option<&str>) -> Self {
        let metadata = external_id.map(|id| json!({ "external_id": id }));
        Self::Taken { state: DeliveryState::Sent, metadata, data: None }
    }
}
