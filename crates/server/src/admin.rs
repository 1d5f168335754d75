//! `campanile admin …`: the operator's access to the database when nobody can sign in any more.
//!
//! It needs no key: a person with the database and the settings can do everything anyway. With
//! SQLite, the server must be stopped first.

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, people, sessions};
use campanile_app::migrations;
use campanile_base::{Clock, Error, Secret, Thing};
use campanile_db::Tx;
use clap::{Arg, ArgMatches};

use crate::boot;
use crate::settings::Settings;

/// The person and the organisation of a link.
pub(crate) struct LinkRequest {
    email: String,
    organisation: Option<String>,
}

impl LinkRequest {
    /// The arguments of `campanile admin sign-in-link`.
    pub(crate) fn arguments() -> [Arg; 2] {
        [
            Arg::new("email").value_name("ADDRESS").required(true).help("The member's mail address"),
            Arg::new("organisation")
                .long("organisation")
                .value_name("ID")
                .help("The organisation to sign in to [default: the one that they joined first]"),
        ]
    }

    pub(crate) fn new(given: &ArgMatches) -> Self {
        let text = |name: &str| given.get_one::<String>(name).cloned();
        Self { email: text("email").unwrap_or_default(), organisation: text("organisation") }
    }
}

/// Prints a link that signs a member in once, within a day.
pub(crate) async fn sign_in_link(settings: Settings, request: LinkRequest) -> Result<(), String> {
    let (db, _lock) = boot::open_alone(&settings).await?;
    db.migrate(migrations()).await.map_err(|error| error.to_string())?;
    let made = db.write(move |tx| Box::pin(async move { make_link(tx, request).await })).await;
    let word = made.map_err(|error| error.chain())?;
    let base = settings.base_url.unwrap_or_else(|| boot::reachable(&settings.listen));
    println!("{}/sign-in?token={}", base.trim_end_matches('/'), word.expose());
    Ok(())
}

async fn make_link(tx: &mut Tx, request: LinkRequest) -> Result<Secret, Error> {
    let clock = Clock::System;
    let person = people::find(tx, &request.email).await?.ok_or(Error::NotFound(Thing::Member))?;
    let memberships = people::memberships(tx, &person).await?;
    let named = request.organisation.map(OrganisationId::from);
    let wanted = |organisation: &OrganisationId| named.as_ref().is_none_or(|named| named == organisation);
    let organisation = memberships.into_iter().map(|(organisation, _)| organisation).find(wanted);
    let organisation = organisation.ok_or(Error::NotFound(Thing::Member))?;
    let word = sessions::new_link(tx, &clock, &organisation, &person).await?;
    let about = serde_json::json!({ "by": "campanile admin" });
    activity::record(tx, &clock, &Caller::system(organisation), Action::SignInLinkSent, person.as_str(), about).await?;
    Ok(word)
}
