//! Reads and changes the custom headers that are sent to an endpoint with each message.

use campanile_accounts::activity::Action;
use campanile_accounts::{Caller, Permission};
use campanile_base::Result;
use campanile_base::bounds::ENDPOINT_HEADERS;
use campanile_db::Tx;

use crate::model::applications::Application;
use crate::model::endpoints::headers::{checked, open, seal};
use crate::model::endpoints::{Endpoint, queries};
use crate::names::check_count;
use crate::{Webhooks, directory, trail};

pub use crate::model::endpoints::headers::{Headers, is_sensitive};

/// The headers of an endpoint.
///
/// # Errors
/// The vault cannot decrypt the headers, since it has another key.
pub async fn get(tx: &mut Tx, webhooks: &Webhooks, endpoint: &Endpoint) -> Result<Headers> {
    open(&webhooks.vault, queries::headers(tx, &endpoint.id).await?.as_deref())
}

/// Replaces the headers of an endpoint.
///
/// # Errors
/// `InvalidField` for a name or value that is not allowed.
pub async fn set(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    headers: Headers,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    let sealed = seal(&webhooks.vault, &checked(headers)?);
    queries::set_headers(tx, &endpoint.id, sealed.as_deref(), webhooks.clock.now()).await?;
    directory::changed(tx, webhooks, &application.id).await?;
    let part = Some(("part", "headers"));
    trail::endpoint(tx, webhooks, caller, (application, endpoint), Action::EndpointUpdated, part).await
}

/// Sets some headers of an endpoint, and removes those without a value.
///
/// # Errors
/// Like [`set`].
pub async fn patch(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    changes: Vec<(String, Option<String>)>,
) -> Result<()> {
    check_count("deleteHeaders", changes.len(), 2 * ENDPOINT_HEADERS)?;
    let mut headers = get(tx, webhooks, endpoint).await?;
    for (name, value) in changes {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        headers.extend(value.map(|value| (name, value)));
    }
    set(tx, webhooks, caller, application, endpoint, headers).await
}
