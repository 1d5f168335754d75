//! Changes of applications and endpoints in the activity trail.

use campanile_accounts::Caller;
use campanile_accounts::activity::{self, Action};
use campanile_base::{Clock, Result};
use campanile_db::Tx;
use serde_json::json;

use crate::Webhooks;
use crate::model::applications::Application;
use crate::model::endpoints::Endpoint;

/// Records a change of an application.
pub(crate) async fn application(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    application: &Application,
    action: Action,
) -> Result<()> {
    let about = json!({ "name": application.name, "uid": application.uid });
    activity::record(tx, clock, caller, action, application.id.as_str(), about).await
}

/// Records a change of an endpoint. `detail` says what of it was changed, or why.
pub(crate) async fn endpoint(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    (application, endpoint): (&Application, &Endpoint),
    action: Action,
    detail: Option<(&str, &str)>,
) -> Result<()> {
    let mut about = json!({ "url": endpoint.url, "application": application.id, "disabled": endpoint.disabled });
    if let Some((name, text)) = detail {
        about[name] = text.into();
    }
    activity::record(tx, &webhooks.clock, caller, action, endpoint.id.as_str(), about).await
}
