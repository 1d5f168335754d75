//! `campanile fixtures knock`: writes the data that the official test suites of the Knock libraries
//! expect, and their key. For trials only: everybody knows that key.

use campanile_accounts::{Caller, keys, organisations};
use campanile_base::{Error, Secret, Thing};
use clap::{Arg, ArgMatches};

use crate::boot;
use crate::settings::Settings;

/// The key that the suites use.
const KEY: &str = "My API Key";

/// `fixtures knock`; `with_settings` adds the settings of the server.
pub(crate) fn command(with_settings: fn(clap::Command) -> clap::Command) -> clap::Command {
    let upstream = Arg::new("upstream")
        .long("upstream")
        .value_name("URL")
        .default_value("http://127.0.0.1:9")
        .help("Who stands in for Slack (at /slack) and Microsoft (at /graph and /login)");
    let knock = clap::Command::new("knock")
        .about("Write what the official suites of the Knock libraries expect to find, and their key")
        .arg(upstream);
    clap::Command::new("fixtures")
        .about("Fill a database for trials")
        .arg_required_else_help(true)
        .subcommand(with_settings(knock))
}

/// The URL of the stand-in for Slack and Microsoft.
pub(crate) fn upstream(given: &ArgMatches) -> String {
    given.get_one::<String>("upstream").cloned().unwrap_or_default()
}

/// Founds the organisation if there is none yet, and writes the fixtures.
pub(crate) async fn knock(mut settings: Settings, upstream: String) -> Result<(), String> {
    // Any port: nobody needs to call this server.
    settings.listen = "127.0.0.1:0".to_owned();
    let started = boot::start(&settings).await?;
    let app = started.app.clone();
    boot::found(&app, settings.bootstrap.clone()).await?;
    let (notify, clock) = (app.notify.clone(), app.clock.clone());
    let written = app.db.write(move |tx| {
        Box::pin(async move {
            let organisation =
                organisations::all(tx).await?.into_iter().next().ok_or(Error::NotFound(Thing::Organisation))?;
            let caller = Caller::system(organisation.clone());
            keys::adopt_as_it_is(tx, &clock, &caller, "suites", &Secret::new(KEY)).await?;
            campanile_notify::suites::knock(tx, &notify, &organisation, &upstream).await
        })
    });
    let outcome = written.await.map_err(|error: Error| error.chain());
    started.stop().await;
    outcome?;
    println!(
        "Written. The suites' key is {KEY:?}; start the server with the same settings, and set TEST_API_BASE_URL."
    );
    Ok(())
}
