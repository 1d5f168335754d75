//! Operational webhooks: an organisation is told what becomes of its applications' endpoints and messages.
//!
//! They are messages like any other, to the endpoints of an application of the organisation's own
//! ([`applications::operational`]). What becomes of those is told to nobody.

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::{Value, json};

use crate::Webhooks;
use crate::applications::{self, Application, ApplicationKind};
use crate::attempts::Attempt;
use crate::endpoints::{self, Endpoint};
use crate::messages::{self, Message, NewMessage};
use campanile_db::Range;

/// What there is to be told of.
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

/// After so many failed attempts, more to come, a message is failing; delivered after as many it has recovered.
pub(crate) const FAILING: i64 = 4;

/// What became of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndpointChange {
    Created,
    Updated,
    Deleted,
    Enabled,
    /// By our own decision.
    Disabled {
        since: Option<Timestamp>,
    },
}

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

/// What is worth telling of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptChange {
    Failing,
    Exhausted,
    Recovered,
}

impl AttemptChange {
    /// What an attempt comes to: `is_last` says that there will be no other.
    pub(crate) fn of(attempt: &Attempt, is_success: bool, is_last: bool) -> Option<Self> {
        match (is_success, is_last) {
            (true, _) => (attempt.number >= FAILING).then_some(Self::Recovered),
            (false, true) => Some(Self::Exhausted),
            (false, false) => (attempt.number + 1 == FAILING).then_some(Self::Failing),
        }
    }
}

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
        _ => tell_organisation(tx, webhooks, &about.organisation_id, name, data).await,
    }
}

/// Sends it, where anybody listens.
async fn tell_organisation(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    name: &str,
    data: Value,
) -> Result<()> {
    let Some(operational) = applications::queries::operational(tx, organisation).await? else { return Ok(()) };
    if endpoints::list(tx, &operational.id, &Range::first(1)).await?.is_empty() {
        return Ok(());
    }
    let payload = json!({ "type": name, "data": data }).to_string();
    let new = NewMessage { event_type: name.to_owned(), payload: payload.into(), ..NewMessage::default() };
    Box::pin(messages::send(tx, webhooks, &operational, new)).await.map(drop)
}

/// Tells of the end of a task.
pub(crate) async fn task_finished(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    task: &crate::tasks::Task,
) -> Result<()> {
    let data = json!({ "taskId": task.id, "task": task.task, "status": task.status, "data": task.data });
    tell_organisation(tx, webhooks, organisation, "background_task.finished", data).await
}
