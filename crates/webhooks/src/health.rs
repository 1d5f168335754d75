//! Disables an endpoint automatically: it asked for that, or has accepted nothing for too long.

use campanile_accounts::Caller;
use campanile_accounts::activity::Action;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::NewEvent;

use crate::model::applications::Application;
use crate::model::endpoints::{Endpoint, queries};
use crate::notice::{self, EndpointChange};
use crate::{Webhooks, directory, trail};

/// The engine's event for an endpoint that was disabled automatically. Fields: `endpoint`, `url`,
/// `application`, `reason`.
pub const ENDPOINT_DISABLED: &str = "webhooks/endpoint.disabled";

/// Disables an endpoint automatically. `since` is the time at which it began to fail, if known.
pub(crate) async fn disable(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    endpoint: &Endpoint,
    since: Option<Timestamp>,
    why: &str,
) -> Result<()> {
    if !queries::disable(tx, &endpoint.id, webhooks.clock.now()).await? {
        return Ok(());
    }
    tracing::warn!(endpoint = %endpoint.id, why, "an endpoint was disabled");
    directory::changed(tx, webhooks, &application.id).await?;
    let (caller, reason) = (Caller::system(application.organisation_id.clone()), Some(("reason", why)));
    let disabled = Endpoint { disabled: true, ..endpoint.clone() };
    trail::endpoint(tx, webhooks, &caller, (application, &disabled), Action::EndpointDisabled, reason).await?;
    let about = serde_json::json!({
        "endpoint": endpoint.id, "url": endpoint.url, "application": application.name, "reason": why,
    });
    let event = NewEvent::new(ENDPOINT_DISABLED, application.organisation_id.as_str(), &about);
    webhooks.engine.send(tx, event).await?;
    notice::endpoint_changed(tx, webhooks, application, endpoint, EndpointChange::Disabled { since }).await
}
