//! Mail: handed to an SMTP server, the channel's own or the one that is set for all.

use std::time::Duration;

use campanile_base::{Error, Result};
use lettre::message::{Mailbox, MessageBuilder, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor};
use serde_json::Value;

use super::{Channel, Said};
use crate::Notify;
use crate::messages::{Message, Status};

/// How long a mail server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail server and who the mails are from. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// From an address such as `smtp://user:password@host:587?tls=required` or `smtps://host`, and
    /// a sender such as `Campanile <noreply@example.com>`.
    ///
    /// # Errors
    /// `Invalid`, without the password.
    pub fn new(url: &str, from: &str) -> Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|e| Error::invalid(format!("the mail server's address cannot be used: {e}")))?
            .timeout(Some(PATIENCE))
            .build();
        let from = from.parse().map_err(|e| Error::invalid(format!("the sender {from:?} cannot be used: {e}")))?;
        Ok(Self { transport, from })
    }

    async fn send(&self, message: &Message) -> Said {
        let mail = match self.mail(message) {
            Ok(mail) => mail,
            Err(why) => return Said::Never(why, None),
        };
        match self.transport.send(mail).await {
            Ok(_) => Said::Taken { status: Status::Sent, metadata: None, log: None },
            Err(error) if error.is_permanent() => Said::Never(error.to_string(), None),
            Err(error) => Said::Later(format!("the mail server: {error}"), None),
        }
    }

    fn mail(&self, message: &Message) -> Result<Mail, String> {
        let word = |name: &str| message.content.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mailbox =
            |text: &str| text.trim().parse::<Mailbox>().map_err(|e| format!("{text:?} is not a mail address: {e}"));
        let from = word("from").map_or(Ok(self.from.clone()), mailbox)?;
        // The message's id makes a second copy of the same mail recognisable as one.
        let message_id = format!("<{}@{}>", message.id, from.email.domain());
        let subject = word("subject_line").unwrap_or_default();
        let mut mail: MessageBuilder = Mail::builder()
            .from(from)
            .to(mailbox(word("to").unwrap_or_default())?)
            .subject(subject)
            .message_id(Some(message_id));
        for address in word("cc").into_iter().flat_map(|list| list.split(',')) {
            mail = mail.cc(mailbox(address)?);
        }
        for address in word("bcc").into_iter().flat_map(|list| list.split(',')) {
            mail = mail.bcc(mailbox(address)?);
        }
        if let Some(address) = word("reply_to") {
            mail = mail.reply_to(mailbox(address)?);
        }
        let text = |name: &str| word(name).unwrap_or_default().to_owned();
        mail.multipart(MultiPart::alternative_plain_html(text("text_body"), text("html_body")))
            .map_err(|e| e.to_string())
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailer(from {})", self.from)
    }
}

/// Hands a mail over.
pub(super) async fn carry(notify: &Notify, channel: &Channel, message: &Message) -> Said {
    let own = channel.setting("url").map(|url| {
        let from = channel.setting("from_address").map_or_else(|| "noreply@localhost".to_owned(), str::to_owned);
        Mailer::new(url, &from)
    });
    match (own, &notify.mailer) {
        (Some(Ok(mailer)), _) => mailer.send(message).await,
        (Some(Err(error)), _) => Said::Never(error.to_string(), None),
        (None, Some(mailer)) => mailer.send(message).await,
        (None, None) => Said::Never("no mail server is set".to_owned(), None),
    }
}
