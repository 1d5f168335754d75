//! Mails to members about their accounts: invitations, and links that sign in once.
//!
//! # A link is only in its mail
//! The job of a mail holds its recipient and its subject, but not the link's secret word. The word
//! is made when the mail is sent, and only its hash is stored. The mail goes by the operator's mail
//! server. It is no notification, so no list, webhook or workflow of the organisation shows it. A
//! repeated attempt makes a new word. The first word that is used ends the others.

use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::people::{Member, MemberStatus, NewMember};
use campanile_accounts::{Caller, OrganisationId, Permission, PersonId, members, organisations, people, sessions};
use campanile_base::{Error, Result};
use campanile_channels::email::{NotTaken, Notice};
use campanile_db::Tx;
use campanile_engine::{Attempt, Backoff, JobOptions, NewJob, Outcome, Registry, Verdict};
use serde::{Deserialize, Serialize};

use crate::App;

const KIND: &str = "campanile.account-mail";
/// The error if no mail can be sent.
const NO_SERVER: &str = "no mail server is set: set smtp_url, or choose a password for them";

/// The kind of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum About {
    /// The person is a new member, and signs in by the link.
    Welcome,
    /// The person is a new member, and signs in by the password that was chosen for them.
    WelcomeWithPassword,
    /// The person has an account already, and may accept the invitation.
    Invitation,
    /// An owner sends the person a link.
    SignInLink,
}

impl About {
    fn has_link(self) -> bool {
        matches!(self, Self::Welcome | Self::SignInLink)
    }

    /// True if the mail still makes sense for a member with this status.
    fn is_for(self, status: MemberStatus) -> bool {
        (self == Self::Invitation) == (status == MemberStatus::Invited)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Args {
    organisation: OrganisationId,
    person: PersonId,
    about: About,
}

impl App {
    /// Adds a member and sends them a mail.
    ///
    /// A person without an account gets a link that signs in once, within a day, unless a password
    /// was chosen for them. A person who belongs to another organisation is asked to sign in and
    /// accept.
    ///
    /// # Errors
    /// Like [`people::add`].
    pub async fn invite(&self, tx: &mut Tx, caller: &Caller, new: NewMember) -> Result<Member> {
        let has_password = new.password.is_some();
        let member = people::add(tx, &self.clock, caller, new).await?;
        let about = match (member.status, has_password) {
            (MemberStatus::Invited, _) => About::Invitation,
            (MemberStatus::Active, true) => About::WelcomeWithPassword,
            (MemberStatus::Active, false) => About::Welcome,
        };
        self.write_to(tx, &caller.organisation, &member.id, about).await?;
        Ok(member)
    }

    /// Sends a member a link that signs in to this organisation once, within a day. A member who is
    /// invited gets the invitation again.
    ///
    /// # Errors
    /// `Forbidden` for roles below owner, `NotFound` for another organisation's member, `Conflict` if no
    /// mail server is set.
    pub async fn send_sign_in_link(&self, tx: &mut Tx, caller: &Caller, id: &PersonId) -> Result<()> {
        caller.must(Permission::Administer)?;
        let member = members::find(tx, &caller.organisation, id).await?;
        if self.notify.carriers.mailer.is_none() {
            return Err(Error::conflict(NO_SERVER));
        }
        let about = match member.status {
            MemberStatus::Active => About::SignInLink,
            MemberStatus::Invited => About::Invitation,
        };
        self.write_to(tx, &caller.organisation, id, about).await?;
        let metadata = serde_json::json!({ "email": member.email });
        activity::record(tx, &self.clock, caller, Action::SignInLinkSent, id.as_str(), metadata).await
    }

    async fn write_to(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        person: &PersonId,
        about: About,
    ) -> Result<()> {
        let args = Args { organisation: organisation.clone(), person: person.clone(), about };
        // One waiting mail of a kind for each person: further requests make no second one.
        let job = NewJob::new(KIND, organisation.as_str(), &args).dedupe(format!("{person} {about:?}"));
        Ok(self.engine.enqueue(tx, job).await.map(drop)?)
    }
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, app: &App) {
    let options = JobOptions {
        max_attempts: 8,
        backoff: Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(600) },
        ..JobOptions::default()
    };
    let within = app.clone();
    registry.register(KIND, options, move |attempt| {
        let app = within.clone();
        async move { send(&app, &attempt).await }
    });
}

async fn send(app: &App, attempt: &Attempt) -> Result<Outcome> {
    let args: Args = attempt.job.args()?;
    let Some(mailer) = &app.notify.carriers.mailer else {
        return Ok(Outcome::of(Verdict::Dead { error: NO_SERVER.to_owned() }));
    };
    let Some(notice) = written(app, args, attempt.job.id.as_str()).await? else { return Ok(Outcome::done()) };
    match mailer.notify(notice).await {
        Ok(()) => Ok(Outcome::done()),
        Err(NotTaken::Ever(error)) => Ok(Outcome::of(Verdict::Dead { error })),
        Err(NotTaken::Yet(why)) => Err(Error::internal(why)),
    }
}

/// The mail, with a new word if it has a link. `None` if its recipient has left or has another
/// status by now.
async fn written(app: &App, args: Args, job: &str) -> Result<Option<Notice>> {
    let (within, id) = (app.clone(), job.to_owned());
    let write = app.db.write(move |tx| {
        Box::pin(async move {
            let Args { organisation, person, about } = args;
            let member = match members::find(tx, &organisation, &person).await {
                Ok(member) if about.is_for(member.status) => member,
                Ok(_) | Err(Error::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
            let word = match about.has_link() {
                true => Some(sessions::new_link(tx, &within.clock, &organisation, &person).await?),
                false => None,
            };
            let path = word.map_or("/sign-in".to_owned(), |word| format!("/sign-in?token={}", word.expose()));
            let name = organisations::name(tx, &organisation).await?;
            Ok(Some(notice(about, id, member.email, &name, &format!("{}{path}", within.base_url))))
        })
    });
    write.await
}

fn notice(about: About, id: String, to: String, organisation: &str, url: &str) -> Notice {
    let (subject, detail, action) = match about {
        About::Welcome => (
            format!("You are invited to {organisation}"),
            format!("You are a member of {organisation} now. This link signs you in once, within a day."),
            "Sign in",
        ),
        About::WelcomeWithPassword => (
            format!("You are invited to {organisation}"),
            format!("You are a member of {organisation} now. Sign in with the password that was chosen for you."),
            "Sign in",
        ),
        About::Invitation => (
            format!("{organisation} invites you"),
            format!("Sign in as you do already, and accept the invitation to join {organisation}."),
            "Sign in and accept",
        ),
        About::SignInLink => (
            format!("Sign in to {organisation}"),
            format!("This link signs you in to {organisation} once, within a day."),
            "Sign in",
        ),
    };
    let text = format!("{subject}\n\n{detail}\n\n{action}: {url}\n");
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{subject}</title></head>\n\
        <body style=\"margin:0;padding:24px;font-family:system-ui,sans-serif;line-height:1.5\">\n\
        <h1 style=\"font-size:18px;margin:0 0 12px\">{subject}</h1>\n<p style=\"margin:0 0 12px\">{detail}</p>\n\
        <p style=\"margin:0\"><a href=\"{url}\" style=\"color:#4f46e5\">{action}</a></p>\n</body></html>\n",
        subject = escaped(&subject),
        detail = escaped(&detail),
        url = escaped(url),
    );
    // The organisation's name may have line breaks; a subject must not.
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    Notice { id, to, subject, html, text }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
