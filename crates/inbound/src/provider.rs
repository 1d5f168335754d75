//! The providers: their names, their answers and repeats.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A provider that sends deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Provider {
    Github,
    Vercel,
    Linear,
    Sentry,
    Notion,
    Pagerduty,
    Gitlab,
}

const LINEAR_REPEATS: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(3_600), Duration::from_secs(6 * 3_600)];

/// PagerDuty documents only by when the last one comes.
const PAGERDUTY_REPEATS: [Duration; 1] = [Duration::from_secs(20 * 60)];

/// The delivery rules of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryRules {
    /// The HTTP status that tells it that a delivery was accepted. Any other makes it send again,
    /// and may make it stop for good.
    pub success: u16,
    /// The times after the first delivery at which it sends again. Empty if it promises no repeats.
    pub repeats: &'static [Duration],
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Github, Self::Vercel, Self::Linear, Self::Sentry, Self::Notion, Self::Pagerduty, Self::Gitlab];
    /// The providers whose webhooks a source takes that is set up by hand.
    pub const WITH_WEBHOOKS: [Self; 6] =
        [Self::Github, Self::Vercel, Self::Linear, Self::Sentry, Self::Pagerduty, Self::Gitlab];

    /// The provider with this name in a path.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }

    /// Its name in paths and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Vercel => "vercel",
            Self::Linear => "linear",
            Self::Sentry => "sentry",
            Self::Notion => "notion",
            Self::Pagerduty => "pagerduty",
            Self::Gitlab => "gitlab",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Vercel => "Vercel",
            Self::Linear => "Linear",
            Self::Sentry => "Sentry",
            Self::Notion => "Notion",
            Self::Pagerduty => "PagerDuty",
            Self::Gitlab => "GitLab",
        }
    }

    /// The success status of this provider, and the times of its repeats.
    pub fn delivery_rules(self) -> DeliveryRules {
        const ACCEPTED: u16 = 202;
        match self {
            Self::Linear => DeliveryRules { success: 200, repeats: &LINEAR_REPEATS },
            Self::Pagerduty => DeliveryRules { success: ACCEPTED, repeats: &PAGERDUTY_REPEATS },
            Self::Github | Self::Vercel | Self::Sentry | Self::Notion | Self::Gitlab => {
                DeliveryRules { success: ACCEPTED, repeats: &[] }
            }
        }
    }
}
