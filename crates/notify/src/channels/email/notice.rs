//! A mail of the server itself: by the operator's mail server, past channels, workflows and messages.
//!
//! For what must stand nowhere but in the mail. An organisation can point its channels at servers of its own, and lists its messages;
//! a notice goes neither way, and nothing of it is stored.

use super::super::{Said, Verdict};
use super::Letter;
use super::smtp::Mailer;

/// A mail to one person.
pub struct Notice {
    /// Its Message-ID before the `@`: two copies of the same mail have the same.
    pub id: String,
    /// The address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// As a page.
    pub html: String,
    /// The same without markup.
    pub text: String,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It may be later.
    #[error("{0}")]
    Yet(String),
    /// It never will.
    #[error("{0}")]
    Ever(String),
}

impl Mailer {
    /// Hands a notice over.
    ///
    /// # Errors
    /// Why the server has not taken it.
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
        let Said { verdict, .. } = self.send(&letter).await;
        match verdict {
            Verdict::Taken { .. } => Ok(()),
            Verdict::Later { why, .. } => Err(NotTaken::Yet(why)),
            Verdict::Never { why } => Err(NotTaken::Ever(why)),
            Verdict::Bounced { .. } => Err(NotTaken::Ever("the mail bounced".to_owned())),
        }
    }
}
