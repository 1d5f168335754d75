//! Mail by SMTP: the channel's own server, or the one that is set for all.
//!
//! Settings: `url`, as `smtp://user:password@host:587?tls=required`; `from_address`, `from_name`. The message's id is in the
//! Message-ID, which makes a second copy of the same mail recognisable as one.
//!
//! # Two kinds of servers
//! The server that is set for all is the operator's own setting, and may be anywhere. A channel's server is an
//! organisation's or a tenant's: it is reached as outgoing HTTP is, at public addresses only.
//!
//! # What is told of a failure
//! A class, and the number of a reply. What the other end says goes to the log: whoever may name a server
//! could otherwise read what services answer that speak another protocol.

use std::time::Duration;

use campanile_base::{Error, Result};
use email_encoding::headers::rfc2047;
use email_encoding::headers::writer::EmailWriter;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MessageBuilder, MultiPart};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor};
use serde_json::json;

use super::super::provider::Parcel;
use super::super::{Said, Verdict};
use super::server::MailServer;
use super::{Attachment, Letter, sender, sent};

/// How long a mail server may take to be connected to.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of what a mail server says is logged, in characters.
const LOGGED: usize = 300;

/// Why a mail was not taken, as callers are told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum MailFailure {
    /// The address is not one to connect to.
    #[error("the mail server's address is not public, and is not connected to")]
    Blocked,
    /// No connection, or it broke.
    #[error("the mail server cannot be reached")]
    Unreachable,
    /// It took too long.
    #[error("the mail server did not answer in time")]
    TimedOut,
    /// No encryption could be agreed on.
    #[error("no trusted TLS connection to the mail server could be made")]
    Tls,
    /// The name and the password are wrong, or no way to show them is known to both.
    #[error("the mail server did not take the name and the password")]
    Authentication,
    /// It refused, for now or for good.
    #[error("the mail server refused the mail with code {code}")]
    Refused {
        /// The number of its reply.
        code: u16,
        /// Whether a repetition changes nothing.
        is_final: bool,
    },
    /// There is no such mailbox there.
    #[error("the mail server knows no such mailbox (code {code})")]
    NoMailbox {
        /// The number of its reply.
        code: u16,
    },
    /// It cannot take this mail, or does not speak SMTP.
    #[error("what answers at the mail server's address does not speak SMTP as it should")]
    Protocol,
}

impl MailFailure {
    pub(super) fn of(error: &smtp::Error) -> Self {
        match error.status() {
            Some(code) if [530, 534, 535, 538].contains(&u16::from(code)) => Self::Authentication,
            Some(code) if error.is_permanent() && is_no_mailbox(&error.to_string()) => {
                Self::NoMailbox { code: u16::from(code) }
            }
            Some(code) => Self::Refused { code: u16::from(code), is_final: error.is_permanent() },
            None if error.is_timeout() => Self::TimedOut,
            None if error.is_tls() || is_broken_handshake(error) => Self::Tls,
            None if error.is_response() || error.is_client() => Self::Protocol,
            None => Self::Unreachable,
        }
    }

    fn said(&self) -> Said {
        match self {
            Self::Blocked | Self::Authentication | Self::Refused { is_final: true, .. } => {
                Said::never(self.to_string())
            }
            Self::NoMailbox { .. } => {
                let data = json!({ "failure_reason": "fatal_error", "failure_details": self.to_string() });
                Said { verdict: Verdict::Bounced { data }, log: Vec::new() }
            }
            _ => Said::later(self.to_string()),
        }
    }
}

/// True of a reply that says that the mailbox is not there, or was moved away (RFC 3463, 3.2): the next mail to it would come back as well.
fn is_no_mailbox(reply: &str) -> bool {
    let mut words = reply.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
    words.any(|word| matches!(word, "5.1.1" | "5.1.2" | "5.1.6" | "5.1.10"))
}

/// lettre takes a handshake that fails for a broken connection.
fn is_broken_handshake(error: &smtp::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData) {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Logs what a mail server said, cut.
pub(super) fn log(error: &smtp::Error) {
    let said: String = error.to_string().chars().take(LOGGED).collect();
    tracing::warn!(error = %said, "a mail server did not take a mail");
}

/// True of an address, and of a name with an address in angle brackets: mails can be from these.
pub fn is_sender(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// The mail server that is set for all, and who its mails are from. Cheap to clone; clones share their connections.
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

    pub(super) async fn send(&self, letter: &Letter) -> Said {
        let mail = match mail(letter, &self.from) {
            Ok(mail) => mail,
            Err(why) => return Said::never(why),
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

/// The mail as it is sent; from `from`, where the letter does not say.
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

/// Whether a word is longer than a line of a mail may be, with its name before it. Lines are folded between words only.
fn long_word(text: &str) -> bool {
    const LINE: usize = 900;
    text.split(' ').any(|word| word.len() > LINE)
}

/// A header in encoded words, which are as short as they have to be.
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

/// Hands a mail over.
pub(super) async fn carry(parcel: Parcel<'_>, letter: &Letter) -> Said {
    match (parcel.channel.setting("url"), &parcel.notify.mailer) {
        (Some(url), _) => by_own_server(&parcel, letter, url).await,
        (None, Some(mailer)) => mailer.send(letter).await,
        (None, None) => Said::never("no mail server is set".to_owned()),
    }
}

/// By the server of an organisation or a tenant.
async fn by_own_server(parcel: &Parcel<'_>, letter: &Letter, url: &str) -> Said {
    let from = sender(parcel.channel).unwrap_or_else(|| "noreply@localhost".to_owned());
    let mail = mailbox(&from).and_then(|from| mail(letter, &from));
    match (MailServer::parse(url), mail) {
        (Err(why), _) => Said::never(format!("the mail server's address cannot be used: {why}")),
        (_, Err(why)) => Said::never(why),
        (Ok(server), Ok(mail)) => {
            match server.send(&parcel.notify.client, &parcel.notify.mail_connections, &mail).await {
                Ok(()) => sent(),
                Err(failure) => failure.said(),
            }
        }
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
