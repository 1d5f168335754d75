//! Mail: handed to an SMTP server, one job per mail.

use std::time::Duration;

use campanile_base::{Error, Result};
use campanile_engine::{Backoff, JobOptions, Outcome, Registry};
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};

use crate::Notify;
use crate::messages::{self, Mail, Status};

/// The kind of job that hands a mail over.
pub const SEND: &str = "notify.email";

/// How long a mail server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the job is stored with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendArgs {
    /// The notification.
    pub notification: String,
}

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

    async fn send(&self, id: &str, mail: &Mail) -> Result<(), SendFailure> {
        let message = self.message(id, mail).map_err(SendFailure::Never)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(SendFailure::Never(error.to_string())),
            Err(error) => Err(SendFailure::Later(error.to_string())),
        }
    }

    fn message(&self, id: &str, mail: &Mail) -> Result<Message, String> {
        let to: Mailbox = mail.address.parse().map_err(|e| format!("{:?} is not a mail address: {e}", mail.address))?;
        // The notification's id makes a second copy of the same mail recognisable as one.
        let message_id = format!("<{id}@{}>", self.from.email.domain());
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.trim())
            .message_id(Some(message_id))
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|e| e.to_string())
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailer(from {})", self.from)
    }
}

enum SendFailure {
    /// The server may take it later.
    Later(String),
    /// The server, or the mail itself, says never.
    Never(String),
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    let options = JobOptions {
        max_attempts: 10,
        backoff: Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(3600) },
        concurrency: 16,
        ..JobOptions::default()
    };
    let within = notify.clone();
    registry.register(SEND, options, move |attempt| {
        let notify = within.clone();
        async move { send(notify, attempt.job.args()?).await }
    });
    let clock = notify.clock.clone();
    registry.on_death(SEND, move |tx, job, error| {
        let (now, error) = (clock.now(), error.to_owned());
        let args: Option<SendArgs> = job.args().ok();
        Box::pin(async move {
            let Some(args) = args else { return Ok(()) };
            messages::set_status(tx, &args.notification, Status::Undelivered, Some(&error), now).await.map(drop)
        })
    });
}

async fn send(notify: Notify, SendArgs { notification }: SendArgs) -> Result<Outcome> {
    let id = notification.clone();
    let mail = notify.db.read(move |tx| Box::pin(async move { messages::mail(tx, &id).await })).await?;
    let Some(mail) = mail else { return Ok(Outcome::done()) };
    let (status, error) = match &notify.mailer {
        None => (Status::NotSent, Some("no mail server is set".to_owned())),
        Some(mailer) => match mailer.send(&notification, &mail).await {
            Ok(()) => (Status::Sent, None),
            Err(SendFailure::Never(error)) => (Status::Undelivered, Some(error)),
            Err(SendFailure::Later(error)) => return Err(Error::internal(format!("the mail server: {error}"))),
        },
    };
    count(status);
    let now = notify.clock.now();
    Ok(Outcome::done().with(move |tx| {
        Box::pin(async move {
            messages::set_status(tx, &notification, status, error.as_deref(), now).await?;
            Ok(())
        })
    }))
}

fn count(status: Status) {
    metrics::counter!("campanile_mails_total", "status" => status.as_str()).increment(1);
}
