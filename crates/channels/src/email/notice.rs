//! Mails of the server itself. They go through the operator's mail server, not through channels,
//! workflows or messages.
//!
//! They are for content that must appear nowhere but in the mail. An organisation can point its
//! channels at its own servers, and can list its messages. A notice avoids both, and nothing of it
//! is stored.

use super::super::{CarrierReply, Verdict};
use super::Letter;
use super::smtp::Mailer;

/// A mail to one person.
pub struct Notice {
    /// The Message-ID before the `@`. Two copies of the same mail have the same one.
    pub id: String,
    /// The address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// The body as HTML.
    pub html: String,
    /// The body as plain text.
    pub text: String,
}

/// The reason why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Another attempt may succeed.
    #[error("{0}")]
    Yet(String),
    /// No attempt will succeed.
    #[error("{0}")]
    Ever(String),
}

impl Mailer {
    /// Hands a notice to the mail server.
    ///
    /// # Errors
    /// The reason of the server's refusal.
    pub async fn notify(&self, notice: Notice) -> Result<(), NotTaken> {
        let Notice { id, to, subject, html, text } = notice;
        let letter = Letter {
            id,
            from: None,
            to: vec![to],
            cc: Vec::new(),
            bcc: Vec::new(),
            reply_to: Vec::new(),
            subject,
            html,
            text,
            headers: Vec::new(),
            attachments: Vec::new(),
        };
        let CarrierReply { verdict, .. } = self.send(&letter).await;
        match verdict {
            Verdict::Taken { .. } => Ok(()),
            Verdict::Later { why, .. } => Err(NotTaken::Yet(why)),
            Verdict::Never { why } => Err(NotTaken::Ever(why)),
            Verdict::Bounced { .. } => Err(NotTaken::Ever("the mail bounced".to_owned())),
        }
    }
}
