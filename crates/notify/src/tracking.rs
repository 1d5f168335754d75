//! Tracked links and images in mails, and the one-click way to unsubscribe.
//!
//! The content of such an address (the message, and the target of a link) is sealed with the
//! installation's key. So nobody can make one up, and a link leads only to the target that the
//! mail's author chose. Only `https://` links are tracked. `data-knock-no-track` on a link leaves
//! it unchanged.
//!
//! # Lifetime
//! Each address contains the time of its creation. Links and images expire after a year, the
//! address of the preferences after half a year. An expired address leads nowhere. The address to
//! unsubscribe is valid for three years: the law of several countries wants it to work long after
//! the mail.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Secret, Timestamp, bounds};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::messages::{self, Mark, Message};
use crate::{Notify, Reference, preferences};

/// The attribute that excludes a link from tracking.
const OPT_OUT: &str = "data-knock-no-track";

/// The content of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tracked {
    /// A link was followed.
    Link {
        /// The organisation.
        organisation: OrganisationId,
        /// The message's id.
        message: String,
        /// The target.
        url: String,
    },
    /// A mail was opened.
    Open {
        /// The organisation.
        organisation: OrganisationId,
        /// The message's id.
        message: String,
    },
    /// The preference page of a recipient was opened.
    Preferences {
        /// The organisation.
        organisation: OrganisationId,
        /// The recipient.
        recipient: Reference,
    },
    /// A recipient unsubscribes.
    Unsubscribe {
        /// The organisation.
        organisation: OrganisationId,
        /// The recipient of the mail.
        recipient: Reference,
    },
}

/// The sealed form: the content of an address, and the time of its creation.
#[derive(Serialize, Deserialize)]
struct Token {
    /// In seconds. Older addresses lack it and have expired, except those to unsubscribe.
    #[serde(default)]
    made_at: i64,
    #[serde(flatten)]
    tracked: Tracked,
}

impl Tracked {
    fn sealed(self, notify: &Notify) -> String {
        let token = Token { made_at: notify.clock.now().as_seconds(), tracked: self };
        notify.vault.seal(&Secret::new(json!(token).to_string()))
    }

    /// Opens a token. `None` if it is not one of ours, or has expired.
    pub fn open(notify: &Notify, token: &str) -> Option<Self> {
        let token: Token = serde_json::from_str(notify.vault.open(token).ok()?.expose()).ok()?;
        let is_good = token.tracked.is_good(token.made_at, notify.clock.now());
        Some(token.tracked).filter(|_| is_good)
    }

    fn is_good(&self, made_at: i64, now: Timestamp) -> bool {
        if matches!(self, Self::Unsubscribe { .. }) && made_at == 0 {
            return true;
        }
        // A link leads to the web only, whatever is sealed in it.
        let leads_on = match self {
            Self::Link { url, .. } => campanile_net::parse_url(url).is_ok(),
            _ => true,
        };
        leads_on && now.since(Timestamp::from_seconds(made_at)) <= self.lifetime()
    }

    fn lifetime(&self) -> Duration {
        match self {
            Self::Link { .. } | Self::Open { .. } => bounds::TRACKED_LINK_TIME,
            Self::Preferences { .. } => bounds::PREFERENCES_LINK_TIME,
            Self::Unsubscribe { .. } => bounds::UNSUBSCRIBE_LINK_TIME,
        }
    }
}

/// Replaces the links of HTML by tracked ones.
pub(crate) fn links(notify: &Notify, organisation: &OrganisationId, message: &Message, html: &str) -> String {
    let wrapped = |url: &str| {
        let tracked = Tracked::Link {
            organisation: organisation.clone(),
            message: message.id.clone(),
            url: url.replace("&amp;", "&"),
        };
        format!("{}/t/{}", notify.base_url, tracked.sealed(notify))
    };
    let mut out = String::with_capacity(html.len() * 2);
    let mut rest = html;
    while let Some(start) = rest.find("<a ") {
        let (before, from) = rest.split_at(start);
        let Some(end) = from.find('>') else { break };
        let (tag, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(&anchor(tag, wrapped));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn anchor(tag: &str, wrapped: impl Fn(&str) -> String) -> String {
    if tag.contains(OPT_OUT) {
        return tag.replace(&format!(" {OPT_OUT}=\"true\""), "").replace(&format!(" {OPT_OUT}"), "");
    }
    for quote in ['"', '\''] {
        let Some(at) = tag.find(&format!("href={quote}https://")) else { continue };
        let start = at + "href=".len() + 1;
        let Some(length) = tag[start..].find(quote) else { continue };
        return format!("{}{}{}", &tag[..start], wrapped(&tag[start..start + length]), &tag[start + length..]);
    }
    tag.to_owned()
}

/// An invisible image that reports when it is loaded.
pub(crate) fn pixel(notify: &Notify, organisation: &OrganisationId, message: &Message) -> String {
    let tracked = Tracked::Open { organisation: organisation.clone(), message: message.id.clone() };
    let token = tracked.sealed(notify);
    format!("<img src=\"{}/t/{token}/open.gif\" width=\"1\" height=\"1\" alt=\"\">", notify.base_url)
}

/// The address at which a recipient unsubscribes.
pub(crate) fn unsubscribe_address(notify: &Notify, organisation: &OrganisationId, recipient: &Reference) -> String {
    let (organisation, recipient) = (organisation.clone(), recipient.clone());
    let tracked = Tracked::Unsubscribe { organisation, recipient };
    format!("{}/unsubscribe/{}", notify.base_url, tracked.sealed(notify))
}

/// The address of a recipient's preference page, and the token in it.
pub fn preferences_address(notify: &Notify, organisation: &OrganisationId, recipient: &Reference) -> (String, String) {
    let (organisation, recipient) = (organisation.clone(), recipient.clone());
    let token = Tracked::Preferences { organisation, recipient }.sealed(notify);
    (format!("{}/p/{token}", notify.base_url), token)
}

/// Stores the event: a mark on the message, or an unsubscription.
pub async fn happened(notify: &Notify, tracked: Tracked) -> Result<()> {
    let within = notify.clone();
    let write = notify.db.write(move |tx| {
        Box::pin(async move {
            let now = within.clock.now();
            match tracked {
                Tracked::Link { organisation, message, url } => {
                    let data = json!({ "url": url });
                    let clicked = (Mark::LinkClicked, Some(&data));
                    messages::mark(tx, &within, &organisation, None, &[message], clicked, now).await?;
                }
                Tracked::Open { organisation, message } => {
                    messages::mark(tx, &within, &organisation, None, &[message], (Mark::Read, None), now).await?;
                }
                Tracked::Unsubscribe { organisation, recipient } => {
                    unsubscribe(tx, &within, &organisation, &recipient).await?;
                }
                Tracked::Preferences { .. } => {}
            }
            Ok::<_, Error>(())
        })
    });
    write.await
}

/// Unsubscribes a recipient from commercial notifications.
pub async fn unsubscribe(
    tx: &mut campanile_db::Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    recipient: &Reference,
) -> Result<()> {
    let no = json!({ "commercial_subscribed": false });
    preferences::set(tx, notify, organisation, recipient, preferences::DEFAULT, &no, preferences::MergeStrategy::Merge)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_mails_run_out() {
        let organisation: OrganisationId = serde_json::from_value(json!("org_1")).unwrap();
        let link = |url: &str| Tracked::Link {
            organisation: organisation.clone(),
            message: "m".to_owned(),
            url: url.to_owned(),
        };
        let recipient = Reference::user("ada");
        let preferences = Tracked::Preferences { organisation: organisation.clone(), recipient: recipient.clone() };
        let unsubscribe = Tracked::Unsubscribe { organisation: organisation.clone(), recipient };
        let open = Tracked::Open { organisation: organisation.clone(), message: "m".to_owned() };
        let made_at = 1_800_000_000;
        let after = |days: i64| Timestamp::from_seconds(made_at + days * 24 * 3_600);
        for (tracked, good, run_out) in [
            (link("https://x.y/z"), 364, 366),
            (open, 364, 366),
            (preferences, 182, 184),
            (unsubscribe.clone(), 1_094, 1_096),
        ] {
            assert!(tracked.is_good(made_at, after(0)) && tracked.is_good(made_at, after(good)), "{tracked:?}");
            assert!(!tracked.is_good(made_at, after(run_out)), "{tracked:?}");
        }
        assert!(unsubscribe.is_good(0, after(0)), "one without a time is of an older mail");
        assert!(!link("https://x.y/z").is_good(0, after(0)));
    }

    #[test]
    fn a_link_leads_to_the_web_only() {
        let organisation: OrganisationId = serde_json::from_value(json!("org_1")).unwrap();
        for (url, leads) in [
            ("https://x.y", true),
            ("http://x.y", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("JavaScript:alert(1)", false),
            ("//x.y", false),
            ("file:///etc/passwd", false),
        ] {
            let link =
                Tracked::Link { organisation: organisation.clone(), message: "m".to_owned(), url: url.to_owned() };
            assert_eq!(link.is_good(1, Timestamp::from_seconds(2)), leads, "{url}");
        }
    }

    #[test]
    fn only_secure_links_are_tracked_and_only_where_they_may_be() {
        let wrapped = |url: &str| format!("T({url})");
        assert_eq!(
            anchor("<a class=\"b\" href=\"https://x.y/?a=1\"", wrapped),
            "<a class=\"b\" href=\"T(https://x.y/?a=1)\""
        );
        assert_eq!(anchor("<a href='https://x.y'", wrapped), "<a href='T(https://x.y)'");
        assert_eq!(anchor("<a href=\"mailto:a@b.c\"", wrapped), "<a href=\"mailto:a@b.c\"");
        assert_eq!(anchor("<a data-knock-no-track href=\"https://x.y\"", wrapped), "<a href=\"https://x.y\"");
    }
}
