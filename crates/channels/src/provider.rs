//! The providers that this server has a carrier for: their names, their types of channel, and
//! the settings that are sent to them as credentials.

use campanile_documents::ChannelType;

/// A provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Mail through Resend.
    EmailResend,
    /// Mail through an SMTP server.
    EmailSmtp,
    /// Text messages through Twilio.
    SmsTwilio,
    /// Push through Google's Firebase Cloud Messaging.
    PushFcm,
    /// Push through Apple's service.
    PushApns,
    /// Chat in Slack.
    ChatSlack,
    /// Chat in Discord.
    ChatDiscord,
    /// Chat in Microsoft Teams.
    ChatMsTeams,
}

impl Provider {
    pub(crate) const ALL: [Self; 8] = [
        Self::EmailResend,
        Self::EmailSmtp,
        Self::SmsTwilio,
        Self::PushFcm,
        Self::PushApns,
        Self::ChatSlack,
        Self::ChatDiscord,
        Self::ChatMsTeams,
    ];

    /// The provider with this name in a channel.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }

    /// Its name in channels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmailResend => "email_resend",
            Self::EmailSmtp => "email_smtp",
            Self::SmsTwilio => "sms_twilio",
            Self::PushFcm => "push_fcm",
            Self::PushApns => "push_apns",
            Self::ChatSlack => "chat_slack",
            Self::ChatDiscord => "chat_discord",
            Self::ChatMsTeams => "chat_ms_teams",
        }
    }

    /// The type of its channels.
    pub fn channel_type(self) -> ChannelType {
        match self {
            Self::EmailResend | Self::EmailSmtp => ChannelType::Email,
            Self::SmsTwilio => ChannelType::Sms,
            Self::PushFcm | Self::PushApns => ChannelType::Push,
            Self::ChatSlack | Self::ChatDiscord | Self::ChatMsTeams => ChannelType::Chat,
        }
    }

    /// The settings that are sent to it as credentials. Slack has none: it is authorised by tokens
    /// of tenants and recipients.
    pub(crate) fn credentials(self) -> &'static [&'static str] {
        match self {
            Self::EmailResend => &["api_key"],
            // The address of a mail server contains the name and the password.
            Self::EmailSmtp => &["url"],
            Self::SmsTwilio => &["account_sid", "auth_token"],
            Self::PushFcm => &["service_account"],
            Self::PushApns => &["key"],
            Self::ChatDiscord => &["bot_token"],
            Self::ChatMsTeams => &["graph_client_secret"],
            Self::ChatSlack => &[],
        }
    }

    /// The settings that are no secrets: they are shown to those who may set the channel up. An
    /// address may contain a password, so [`crate::public_settings()`] looks at it first.
    pub(crate) fn public_settings(self) -> &'static [&'static str] {
        match self {
            Self::EmailResend => &["from_address", "from_name", "base_url"],
            Self::EmailSmtp => &["from_address", "from_name"],
            Self::SmsTwilio => &["account_sid", "from", "base_url"],
            Self::PushFcm => &["project_id", "base_url", "token_uri"],
            Self::PushApns => &["key_id", "team_id", "bundle_id", "environment", "base_url"],
            Self::ChatSlack => &["client_id", "base_url", "authorize_url"],
            Self::ChatDiscord => &["base_url"],
            Self::ChatMsTeams => &["graph_client_id", "graph_url", "login_url"],
        }
    }
}

/// Checks that a channel's provider can carry its messages. Types that this server shows or calls
/// itself take any name.
///
/// # Errors
/// The rest of a sentence that begins with `provider`, with the names that are possible.
pub fn check(kind: ChannelType, name: &str) -> Result<(), String> {
    let of_type: Vec<&str> =
        Provider::ALL.into_iter().filter(|provider| provider.channel_type() == kind).map(Provider::as_str).collect();
    match of_type.is_empty() || of_type.contains(&name) {
        true => Ok(()),
        false => Err(format!("is not served here; for {} there are {}", kind.as_str(), of_type.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_a_carrier_is_refused_with_the_names_of_those_that_have_one() {
        assert_eq!(check(ChannelType::Email, "email_smtp"), Ok(()));
        assert_eq!(check(ChannelType::Http, "http_anything"), Ok(()));
        let why = check(ChannelType::Email, "email_sendgrid").unwrap_err();
        assert_eq!(why, "is not served here; for email there are email_resend, email_smtp");
        assert!(check(ChannelType::Chat, "email_smtp").is_err());
        for provider in Provider::ALL {
            assert_eq!(Provider::parse(provider.as_str()), Some(provider));
        }
    }
}
