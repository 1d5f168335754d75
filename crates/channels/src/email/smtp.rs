//! Mail through SMTP: by the channel's own server, or by the operator's.
//!
//! Settings: `url`, as `smtp://user:password@host:587?tls=required`; `from_address`, `from_name`.
//! The Message-ID contains the message's id, so a second copy of a mail can be recognised.
//!
//! # Two kinds of servers
//! The operator's server is set for the whole installation, and may be at any address. A channel's
//! server belongs to an organisation or a tenant. Like outgoing HTTP, it is reached at public
//! addresses only.
//!
//! # Reports of failures
//! Callers see a class and the reply code. The server's own words go to the log. Otherwise, anybody
//! who may name a server could read the answers of services that speak another protocol.

use std::time::Duration;

use campanile_base::{Error, Result};
use email_encoding::headers::rfc2047;
use email_encoding::headers::writer::EmailWriter;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MessageBuilder, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor};

use super::super::{CarrierReply, Carriers, Parcel};
use super::failure::{MailFailure, log};
use super::server::MailServer;
use super::{Attachment, Letter, sender, sent};

/// The time limit to connect to the operator's mail server.
const PATIENCE: Duration = Duration::from_secs(30);
/// True if a text can be the sender of a mail: an address, or a name with an address in angle
/// brackets.
pub fn is_sender(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// The operator's mail server, and the sender of its mails. Cheap to clone; clones share their
/// connections.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Takes an address such as `smtp://user:password@host:587?tls=required` or `smtps://host`, and
    /// a sender such as `Campanile <noreply@example.com>`.
    ///
    /// # Errors
    /// `Invalid`; the message does not contain the password.
    pub fn new(url: &str, from: &str) -> Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|e| Error::invalid(format!("the mail server's address cannot be used: {e}")))?
            .timeout(Some(PATIENCE))
            .build();
        let from = from.parse().map_err(|e| Error::invalid(format!("the sender {from:?} cannot be used: {e}")))?;
        Ok(Self { transport, from })
    }

    pub(super) async fn send(&self, letter: &Letter) -> CarrierReply {
        let mail = match mail(letter, &self.from) {
            Ok(mail) => mail,
            Err(why) => return CarrierReply::never(why),
        };
        match self.transport.send(mail).await {
            Ok(_) => sent(),
            Err(error) => {
                log(&error);
                MailFailure::of(&error).said()
            }
        }
    }
}

/// Builds the mail. `from` is the sender if the letter has none.
fn mail(letter: &Letter, from: &Mailbox) -> Result<Mail, String> {
    let from = letter.from.as_deref().map_or(Ok(from.clone()), mailbox)?;
    let message_id = format!("<{}@{}>", letter.id, from.email.domain());
    let mut mail: MessageBuilder = Mail::builder().from(from).message_id(Some(message_id));
    mail = match long_word(&letter.subject) {
        true => mail.raw_header(encoded("Subject", &letter.subject)?),
        false => mail.subject(letter.subject.as_str()),
    };
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

/// True if a word, after the header's name, does not fit into a line. Lines are folded between
/// words only.
fn long_word(text: &str) -> bool {
    const LINE: usize = 900;
    text.split(' ').any(|word| word.len() > LINE)
}

/// A header in encoded words, each short enough for a line.
fn encoded(name: &'static str, text: &str) -> Result<HeaderValue, String> {
    let mut written = String::new();
    let at = name.len() + ": ".len();
    rfc2047::encode(text, &mut EmailWriter::new(&mut written, at, 0, false)).map_err(|error| error.to_string())?;
    Ok(HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), text.to_owned(), written))
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

/// Hands a mail to the channel's own server, or to the operator's.
pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>, letter: &Letter) -> CarrierReply {
    match (parcel.channel.setting("url"), &carriers.mailer) {
        (Some(url), _) => by_own_server(carriers, &parcel, letter, url).await,
        (None, Some(mailer)) => mailer.send(letter).await,
        (None, None) => CarrierReply::never("no mail server is set".to_owned()),
    }
}

/// Sends through the server of an organisation or a tenant.
async fn by_own_server(carriers: &Carriers, parcel: &Parcel<'_>, letter: &Letter, url: &str) -> CarrierReply {
    let from = sender(parcel.channel).unwrap_or_else(|| "noreply@localhost".to_owned());
    let mail = mailbox(&from).and_then(|from| mail(letter, &from));
    match (MailServer::parse(url), mail) {
        (Err(why), _) => CarrierReply::never(format!("the mail server's address cannot be used: {why}")),
        (_, Err(why)) => CarrierReply::never(why),
        (Ok(server), Ok(mail)) => match server.send(&carriers.client, &carriers.mail_connections, &mail).await {
            Ok(()) => sent(),
            Err(failure) => failure.said(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(subject: String) -> Letter {
        let (cc, bcc, reply_to, headers, attachments) = Default::default();
        Letter {
            id: "msg_1".to_owned(),
            from: None,
            to: vec!["m@example.com".to_owned()],
            cc,
            bcc,
            reply_to,
            subject,
            html: "<p>x</p>".to_owned(),
            text: "x".to_owned(),
            headers,
            attachments,
        }
    }

    #[test]
    fn no_line_of_a_header_is_longer_than_mail_servers_take() {
        let from: Mailbox = "bell@example.com".parse().unwrap();
        for subject in ["a".repeat(5_000), format!("See https://example.com/{}", "é".repeat(1_000)), "short".to_owned()]
        {
            let written = String::from_utf8(mail(&letter(subject.clone()), &from).unwrap().formatted()).unwrap();
            let (head, _) = written.split_once("\r\n\r\n").unwrap();
            assert!(head.lines().all(|line| line.len() <= 998), "{subject:.20}");
            assert!(head.contains("Subject: "), "{head:.200}");
        }
    }
}
