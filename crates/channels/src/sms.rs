//! Text messages, through Twilio's API. Twilio reports their delivery later, see [`status`].
//!
//! Settings: `account_sid`, `auth_token`, `from` (a number, or the sid of a messaging service);
//! `base_url`, unless it is Twilio's own. Source: Twilio's documentation of the Message resource
//! and of webhook security.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_base::constant_time_eq;
use campanile_net::{HmacAlgorithm, hmac_base64};

use super::request::{Call, path_segment};
use super::{CarrierReply, Carriers, DeliveryState, Parcel, Verdict};
use crate::{Channel, Provider};

/// Twilio's API.
const TWILIO: &str = "https://api.twilio.com";

/// Hands a text message to Twilio.
pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    let channel = parcel.channel;
    if channel.carrier() != Some(Provider::SmsTwilio) {
        return CarrierReply::not_served(&channel.provider);
    }
    let (Some(account), Some(token), Some(from)) =
        (channel.setting("account_sid"), channel.setting("auth_token"), channel.setting("from"))
    else {
        return CarrierReply::never("the channel has no account_sid, auth_token and from".to_owned());
    };
    let base = channel.setting("base_url").unwrap_or(TWILIO).trim_end_matches('/');
    let url = format!("{base}/2010-04-01/Accounts/{}/Messages.json", path_segment(account));
    let sender = if from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
    let fields = [
        ("To", parcel.word("to").unwrap_or_default()),
        (sender, from),
        ("Body", parcel.word("body").unwrap_or_default()),
        ("StatusCallback", parcel.status_address),
    ];
    // Twilio refuses a callback that it cannot reach.
    let fields = fields.into_iter().filter(|(name, value)| *name != "StatusCallback" || value.starts_with("https://"));
    let credentials = STANDARD.encode(format!("{account}:{token}"));
    let call = Call::form("twilio", url, fields).header("authorization", format!("Basic {credentials}"));
    let reply = match call.ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if !reply.is_good() {
        let why = reply.word("/message").unwrap_or("it says no more").to_owned();
        return reply.refused(&why);
    }
    CarrierReply { verdict: Verdict::sent(reply.word("/sid")), log: vec![reply.log], facts: Vec::new() }
}

/// The path of the address to which Twilio reports about a message.
pub fn status_path(organisation: &str, channel: &str, message: &str) -> String {
    format!("/providers/twilio/{organisation}/{channel}/{message}")
}

/// The meaning of a Twilio status; `None` if it changes nothing.
pub fn status(word: &str) -> Option<DeliveryState> {
    match word {
        "delivered" | "read" => Some(DeliveryState::Delivered),
        "undelivered" => Some(DeliveryState::Undelivered),
        "failed" => Some(DeliveryState::Bounced),
        _ => None,
    }
}

/// True if the form was signed by Twilio for this address.
pub fn is_signed(channel: &Channel, address: &str, form: &[(String, String)], signature: &str) -> bool {
    let Some(token) = channel.setting("auth_token") else { return false };
    constant_time_eq(signed(token, address, form).as_bytes(), signature.as_bytes())
}

/// The signature: HMAC-SHA1 of the address and the fields by name.
fn signed(token: &str, address: &str, form: &[(String, String)]) -> String {
    let mut form: Vec<&(String, String)> = form.iter().collect();
    form.sort();
    let text = form.iter().fold(address.to_owned(), |text, (name, value)| text + name + value);
    hmac_base64(HmacAlgorithm::Sha1, token.as_bytes(), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that Twilio's own libraries test with.
    #[test]
    fn the_signature_of_twilios_own_example_is_made() {
        let form = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ];
        let form: Vec<(String, String)> = form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let made = signed("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", &form);
        assert_eq!(made, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }
}
