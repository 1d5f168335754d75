//! Notices: news for an organisation about its endpoints, messages and tasks.
//!
//! The transaction that causes a notice stores it as a job, if the organisation has an operational
//! endpoint. [`operational`](crate::operational), in the layer above, sends it as a message.
//! Notices of one organisation are sent one after another.

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::{Range, Tx};
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Webhooks;
use crate::model::applications::{Application, ApplicationKind, queries};
use crate::model::attempts::Attempt;
use crate::model::endpoints::{self, Endpoint};
use crate::model::messages::Message;

/// The kind of job that sends a notice.
pub(crate) const NOTICE: &str = "webhooks.notice";

/// The event types of notices.
pub const TYPES: [&str; 9] = [
    "background_task.finished",
    "endpoint.created",
    "endpoint.deleted",
    "endpoint.disabled",
    "endpoint.enabled",
    "endpoint.updated",
    "message.attempt.exhausted",
    "message.attempt.failing",
    "message.attempt.recovered",
];

/// The attempt at which a message counts as failing: after this many failed attempts, with more to
/// come. A message that is delivered after as many failures has recovered.
pub(crate) const FAILING: i64 = 4;

/// A change of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndpointChange {
    Created,
    Updated,
    Deleted,
    Enabled,
    /// Automatically.
    Disabled {
        since: Option<Timestamp>,
    },
}

/// The arguments of the job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Notice {
    /// One of [`TYPES`].
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// Announces a change of an endpoint.
pub(crate) async fn endpoint_changed(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    endpoint: &Endpoint,
    change: EndpointChange,
) -> Result<()> {
    let name = match change {
        EndpointChange::Created => "endpoint.created",
        EndpointChange::Updated => "endpoint.updated",
        EndpointChange::Deleted => "endpoint.deleted",
        EndpointChange::Enabled => "endpoint.enabled",
        EndpointChange::Disabled { .. } => "endpoint.disabled",
    };
    let mut data = json!({
        "appId": application.id,
        "appUid": application.uid,
        "endpointId": endpoint.id,
        "endpointUid": endpoint.uid,
    });
    if let EndpointChange::Disabled { since } = change {
        (data["failSince"], data["trigger"]) = (json!(since), json!("automatic"));
    }
    tell(tx, webhooks, application, name, data).await
}

/// A change in a message's delivery that is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptChange {
    Failing,
    Exhausted,
    Recovered,
}

impl AttemptChange {
    /// The change that an attempt makes. `is_last` means that no other attempt follows.
    pub(crate) fn of(attempt: &Attempt, is_success: bool, is_last: bool) -> Option<Self> {
        match (is_success, is_last) {
            (true, _) => (attempt.number >= FAILING).then_some(Self::Recovered),
            (false, true) => Some(Self::Exhausted),
            (false, false) => (attempt.number + 1 == FAILING).then_some(Self::Failing),
        }
    }
}

/// Announces an attempt.
pub(crate) async fn attempted(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    message: &Message,
    attempt: &Attempt,
    change: AttemptChange,
) -> Result<()> {
    let name = match change {
        AttemptChange::Failing => "message.attempt.failing",
        AttemptChange::Exhausted => "message.attempt.exhausted",
        AttemptChange::Recovered => "message.attempt.recovered",
    };
    let data = json!({
        "appId": application.id,
        "appUid": application.uid,
        "msgId": message.id,
        "msgEventId": message.event_id,
        "endpointId": attempt.endpoint_id,
        "lastAttempt": {
            "id": attempt.id,
            "responseStatusCode": attempt.status_code,
            "timestamp": attempt.created_at,
        },
    });
    tell(tx, webhooks, application, name, data).await
}

async fn tell(tx: &mut Tx, webhooks: &Webhooks, about: &Application, name: &str, data: Value) -> Result<()> {
    match about.kind {
        ApplicationKind::Operational => Ok(()),
        _ => enqueue(tx, webhooks, &about.organisation_id, name, data).await,
    }
}

/// Stores a notice, if the organisation has an operational endpoint.
async fn enqueue(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    name: &str,
    data: Value,
) -> Result<()> {
    let Some(operational) = queries::operational(tx, organisation).await? else { return Ok(()) };
    if endpoints::list(tx, &operational.id, &Range::first(1)).await?.is_empty() {
        return Ok(());
    }
    let notice = Notice { name: name.to_owned(), data };
    let job = NewJob::new(NOTICE, organisation.as_str(), &notice).key(organisation.as_str());
    webhooks.engine.enqueue(tx, job).await?;
    Ok(())
}

/// Announces the end of a task.
pub(crate) async fn task_finished(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    data: Value,
) -> Result<()> {
    enqueue(tx, webhooks, organisation, "background_task.finished", data).await
}
