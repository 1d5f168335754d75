//! Mail by SMTP: the channel's own server, or the one that is set for all.
//!
//! Settings: `url`, as `smtp://user:password@host:587?tls=required`; `from_address`, `from_name`. The message's id is in the
//! Message-ID, which makes a second copy of the same mail recognisable as one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use campanile_base::{Error, Result};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MessageBuilder, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor};

use super::super::Said;
use super::super::provider::Parcel;
use super::{Attachment, Letter, sender, sent};

/// How long a mail server may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many channels' servers are kept connected.
const KEPT: usize = 256;

/// A mail server and who the mails are from. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// The mail servers of channels that have one of their own, by address and sender. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Mailers(Arc<Mutex<HashMap<(String, String), Mailer>>>);

impl Mailers {
    fn of(&self, url: &str, from: &str) -> Result<Mailer> {
        let mut known = self.0.lock().expect("nobody panics while they hold it");
        let place = (url.to_owned(), from.to_owned());
        if let Some(mailer) = known.get(&place) {
            return Ok(mailer.clone());
        }
        if known.len() >= KEPT {
            known.clear();
        }
        let mailer = Mailer::new(url, from)?;
        known.insert(place, mailer.clone());
        Ok(mailer)
    }
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

    async fn send(&self, letter: &Letter) -> Said {
        let mail = match self.mail(letter) {
            Ok(mail) => mail,
            Err(why) => return Said::never(why),
        };
        match self.transport.send(mail).await {
            Ok(_) => sent(),
            Err(error) if error.is_permanent() => Said::never(error.to_string()),
            Err(error) => Said::later(format!("the mail server: {error}")),
        }
    }

    fn mail(&self, letter: &Letter) -> Result<Mail, String> {
        let from = letter.from.as_deref().map_or(Ok(self.from.clone()), mailbox)?;
        let message_id = format!("<{}@{}>", letter.id, from.email.domain());
        let mut mail: MessageBuilder =
            Mail::builder().from(from).subject(letter.subject.as_str()).message_id(Some(message_id));
        for address in &letter.to {
            mail = mail.to(mailbox(address)?);
        }
        for address in &letter.cc {
            mail = mail.cc(mailbox(address)?);
        }
        for address in &letter.bcc {
            mail = mail.bcc(mailbox(address)?);
        }
        for address in &letter.reply_to {
            mail = mail.reply_to(mailbox(address)?);
        }
        for (name, value) in &letter.headers {
            let name = HeaderName::new_from_ascii(name.clone()).map_err(|error| error.to_string())?;
            mail = mail.raw_header(HeaderValue::new(name, value.clone()));
        }
        let text = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
        let body = match letter.attachments.is_empty() {
            true => text,
            false => {
                let files = letter.attachments.iter().map(part).collect::<Result<Vec<_>, String>>()?;
                files.into_iter().fold(MultiPart::mixed().multipart(text), MultiPart::singlepart)
            }
        };
        mail.multipart(body).map_err(|error| error.to_string())
    }
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.trim().parse::<Mailbox>().map_err(|error| format!("{text:?} is not a mail address: {error}"))
}

fn part(file: &Attachment) -> Result<lettre::message::SinglePart, String> {
    let kind = ContentType::parse(&file.content_type)
        .map_err(|error| format!("{:?} is no content type: {error}", file.content_type))?;
    let part = match &file.content_id {
        Some(id) => Part::new_inline(id.clone()),
        None => Part::new(file.name.clone()),
    };
    Ok(part.body(file.content.clone(), kind))
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailer(from {})", self.from)
    }
}

/// Hands a mail over.
pub(super) async fn carry(parcel: Parcel<'_>, letter: &Letter) -> Said {
    let own = parcel.channel.setting("url").map(|url| {
        let from = sender(parcel.channel).unwrap_or_else(|| "noreply@localhost".to_owned());
        parcel.notify.mailers.of(url, &from)
    });
    match (own, &parcel.notify.mailer) {
        (Some(Ok(mailer)), _) => mailer.send(letter).await,
        (Some(Err(error)), _) => Said::never(error.to_string()),
        (None, Some(mailer)) => mailer.send(letter).await,
        (None, None) => Said::never("no mail server is set".to_owned()),
    }
}
