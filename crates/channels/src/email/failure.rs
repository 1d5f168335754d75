//! The failure of a mail, as callers see it: a class, and the code of the server's reply.

use lettre::transport::smtp;
use serde_json::json;

use super::super::{CarrierReply, Verdict};

/// The part of a server's reply that is logged, in characters.
const LOGGED: usize = 300;

/// The reason why a mail was not taken, as callers see it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum MailFailure {
    /// The address is not public, so no connection was made.
    #[error("the mail server's address is not public, and is not connected to")]
    Blocked,
    /// No connection was made, or it broke.
    #[error("the mail server cannot be reached")]
    Unreachable,
    /// The server took too long.
    #[error("the mail server did not answer in time")]
    TimedOut,
    /// No trusted TLS connection was made.
    #[error("no trusted TLS connection to the mail server could be made")]
    Tls,
    /// The name or the password is wrong, or there is no common way to sign in.
    #[error("the mail server did not take the name and the password")]
    Authentication,
    /// The server refused the mail, for now or for good.
    #[error("the mail server refused the mail with code {code}")]
    Refused {
        /// The reply code.
        code: u16,
        /// True if another attempt would not help.
        is_final: bool,
    },
    /// The mailbox does not exist.
    #[error("the mail server knows no such mailbox (code {code})")]
    NoMailbox {
        /// The reply code.
        code: u16,
    },
    /// The server does not support this mail, or does not speak SMTP.
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

    pub(super) fn said(&self) -> CarrierReply {
        match self {
            Self::Blocked | Self::Authentication | Self::Refused { is_final: true, .. } => {
                CarrierReply::never(self.to_string())
            }
            Self::NoMailbox { .. } => {
                let data = json!({ "failure_reason": "fatal_error", "failure_details": self.to_string() });
                CarrierReply { verdict: Verdict::Bounced { data }, log: Vec::new(), facts: Vec::new() }
            }
            _ => CarrierReply::later(self.to_string()),
        }
    }
}

/// True if a reply says that the mailbox does not exist or has moved (RFC 3463, 3.2). The next mail
/// to it would come back as well.
fn is_no_mailbox(reply: &str) -> bool {
    let mut words = reply.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
    words.any(|word| matches!(word, "5.1.1" | "5.1.2" | "5.1.6" | "5.1.10"))
}

/// True for a failed TLS handshake, which lettre reports as a broken connection.
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

/// Logs a server's reply, cut to length.
pub(super) fn log(error: &smtp::Error) {
    let said: String = error.to_string().chars().take(LOGGED).collect();
    tracing::warn!(error = %said, "a mail server did not take a mail");
}
