//! `campanile fixtures knock`: puts into a database what the official suites of the Knock libraries expect to find, with the key that they bring
//! along. For trials: a server with these has a key that everybody knows.

use campanile_accounts::{Caller, keys, organisations};
use campanile_base::{Error, Secret};

use crate::boot;
use crate::settings::Settings;

/// The key that the suites call with.
const KEY: &str = "My API Key";

/// Founds the organisation where there is none yet, and writes the fixtures.
pub(crate) async fn knock(mut settings: Settings, upstream: String) -> Result<(), String> {
    // Any port: nobody is to call while this writes.
    settings.listen = "127.0.0.1:0".to_owned();
    let started = boot::start(&settings).await?;
    let app = started.app.clone();
    boot::found(&app, settings.bootstrap.clone()).await?;
    let (notify, clock) = (app.notify.clone(), app.clock.clone());
    let written = app.db.write(move |tx| {
        Box::pin(async move {
            let organisation =
                organisations::all(tx).await?.into_iter().next().ok_or(Error::NotFound("organisation"))?;
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
