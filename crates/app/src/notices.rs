//! Notifications to an organisation's own members: failed jobs, disabled endpoints, and any event
//! that asks for one.
//!
//! Any workflow of the engine can send a notification by the event `notification.dispatch`. The
//! event's data names a notification workflow, its recipients and its data. It is triggered once for
//! each event. Owners and managers are notified of jobs that failed for good, of endpoints that were
//! disabled, and of connected tools that cannot be reached or can be reached again.

use std::time::Duration;

use campanile_accounts::people::{self, Member};
use campanile_accounts::{OrganisationId, Role};
use campanile_base::{Error, Result, sha256_hex};
use campanile_db::Tx;
use campanile_engine::flow::RateLimit;
use campanile_engine::{Ctx, Failure, Registry, Workflow};
use campanile_notify::Reference;
use campanile_notify::recipients::RecipientInput;
use campanile_notify::triggers::{self, IdempotencyKey, TriggerRequest};
use campanile_notify::workflows::{ADMIN_ALERT, JOB_FAILED};
use campanile_webhooks::endpoints::ENDPOINT_DISABLED;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::App;

/// The event that triggers any notification workflow, and the engine's workflow that handles it.
const DISPATCH: &str = "notification.dispatch";
const DISPATCHER: &str = "campanile.notification-dispatch";
const FAILURES: &str = "campanile.job-failed";
const DEATHS: &str = "campanile.job-given-up";
const ALERTS: &str = "campanile.endpoint-disabled";
const CONNECTIONS: &str = "campanile.connection-changed";

/// The least time between two notifications of failed jobs of one kind.
const QUIET: Duration = Duration::from_secs(600);

/// The data of a `notification.dispatch` event.
#[derive(Debug, Clone, Deserialize)]
struct Dispatch {
    workflow: String,
    recipients: Vec<Value>,
    #[serde(default)]
    actor: Option<Value>,
    #[serde(default)]
    tenant: Option<Value>,
    #[serde(default)]
    data: Map<String, Value>,
    #[serde(default)]
    cancellation_key: Option<String>,
}

pub(crate) fn register(registry: &mut Registry, app: &App) {
    let within = app.clone();
    let dispatch = move |ctx: Ctx, _: Value| {
        let app = within.clone();
        async move { dispatch(ctx, app).await }
    };
    registry.workflow(Workflow::new(DISPATCHER, 1, dispatch).on_event(DISPATCH));
    let within = app.clone();
    let failed = move |ctx: Ctx, _: Value| {
        let app = within.clone();
        async move { failed(ctx, app).await }
    };
    registry.workflow(Workflow::new(FAILURES, 1, failed.clone()).on_event("engine/run.failed"));
    // Limited, because one fault can make every job of a kind fail, and because the notification's
    // own jobs may fail too.
    let one_of_a_kind = RateLimit::of(1, QUIET).key("event.data.job");
    registry.workflow(Workflow::new(DEATHS, 1, failed).on_event("engine/job.failed").rate_limit(one_of_a_kind));
    let within = app.clone();
    let disabled = move |ctx: Ctx, _: Value| {
        let app = within.clone();
        async move { disabled(ctx, app).await }
    };
    registry.workflow(Workflow::new(ALERTS, 1, disabled).on_event(ENDPOINT_DISABLED));
    let within = app.clone();
    let changed = move |ctx: Ctx, _: Value| {
        let app = within.clone();
        async move { connection_changed(ctx, app).await }
    };
    let workflow = Workflow::new(CONNECTIONS, 1, changed);
    registry.workflow(
        workflow
            .on_event("connection.degraded")
            .on_event("connection.revoked")
            .on_event("connection.suspended")
            .on_event("connection.recovered"),
    );
}

fn organisation(ctx: &Ctx) -> Result<OrganisationId, Failure> {
    let parsed = serde_json::from_value(json!(ctx.tenant()));
    parsed.map_err(|_| Failure::permanent("the event is nobody's"))
}

/// Triggers the workflow that the event names. An event with impossible data fails for good, with
/// the reason.
async fn dispatch(ctx: Ctx, app: App) -> Result<String, Failure> {
    let (organisation, event) = (organisation(&ctx)?, ctx.event().clone());
    let permanent = |error: Error| Failure::permanent(error.to_string());
    let asked: Dispatch = serde_json::from_value(event.data)
        .map_err(|error| Failure::permanent(format!("{DISPATCH} needs workflow and recipients: {error}")))?;
    let parsed = |told: &Value| RecipientInput::parse(told).map_err(permanent);
    let recipients = asked.recipients.iter().map(parsed).collect::<Result<Vec<_>, Failure>>()?;
    let hash = sha256_hex(&event.id);
    let asked = TriggerRequest {
        actor: asked.actor.as_ref().map(parsed).transpose()?,
        tenant: asked.tenant.as_ref().map(|told| RecipientInput::parse_tenant(told).map_err(permanent)).transpose()?,
        cancellation_key: asked.cancellation_key,
        repeat: Some(IdempotencyKey { key: format!("event {}", event.id), hash, request_id: event.id }),
        ..TriggerRequest::new(organisation, &asked.workflow, recipients, asked.data)
    };
    let triggered = ctx.transaction("trigger", move |tx| {
        Box::pin(async move {
            match triggers::trigger(tx, &app.notify, asked).await {
                Ok(accepted) => Ok(accepted.workflow_run_id),
                // Trying again does not help with a missing workflow or invalid recipients.
                Err(error @ (Error::NotFound(_) | Error::Invalid(_) | Error::InvalidField { .. })) => {
                    Err(Failure::permanent(error.to_string()))
                }
                Err(error) => Err(error.into()),
            }
        })
    });
    Ok(triggered.await?)
}

/// Notifies owners and managers of a workflow or a job that failed for good.
async fn failed(ctx: Ctx, app: App) -> Result<(), Failure> {
    let (organisation, event) = (organisation(&ctx)?, ctx.event().clone());
    let word = |name: &str| event.data[name].as_str().unwrap_or_default().to_owned();
    let name = if event.data["job"].is_string() { word("job") } else { word("workflow") };
    let (run, error) = (word("run"), word("error"));
    let told = ctx.transaction("tell", move |tx| {
        Box::pin(async move {
            let data = json!({
                "title": format!("{name} has failed"), "detail": error, "urgent": true, "job": name, "run": run,
                "url": app.base_url,
            });
            tell_those_who_run_it(tx, &app, organisation, JOB_FAILED, data).await?;
            Ok(())
        })
    });
    Ok(told.await?)
}

/// Notifies owners and managers of an endpoint that was disabled.
async fn disabled(ctx: Ctx, app: App) -> Result<(), Failure> {
    let (organisation, event) = (organisation(&ctx)?, ctx.event().clone());
    let word = |name: &str| event.data[name].as_str().unwrap_or_default().to_owned();
    let data = json!({
        "title": format!("The endpoint {} of {} was disabled", word("url"), word("application")),
        "detail": word("reason"), "urgent": true, "url": app.base_url,
    });
    let told = ctx.transaction("tell", move |tx| {
        Box::pin(async move {
            tell_those_who_run_it(tx, &app, organisation, ADMIN_ALERT, data).await?;
            Ok(())
        })
    });
    Ok(told.await?)
}

/// Notifies owners and managers of a connected tool whose status has changed by itself.
async fn connection_changed(ctx: Ctx, app: App) -> Result<(), Failure> {
    let (organisation, event) = (organisation(&ctx)?, ctx.event().clone());
    let word = |name: &str| event.data[name].as_str().unwrap_or_default().to_owned();
    let account = format!("{} ({})", word("account"), word("provider"));
    let (title, is_urgent) = match event.name.as_str() {
        "connection.revoked" => (format!("{account} no longer accepts our access: connect it again"), true),
        "connection.suspended" => (format!("the owner of {account} has suspended the access"), true),
        "connection.degraded" => (format!("{account} cannot be reached"), true),
        _ => (format!("{account} can be reached again"), false),
    };
    let data = json!({ "title": title, "detail": word("reason"), "urgent": is_urgent, "url": app.base_url });
    let told = ctx.transaction("tell", move |tx| {
        Box::pin(async move {
            tell_those_who_run_it(tx, &app, organisation, ADMIN_ALERT, data).await?;
            Ok(())
        })
    });
    Ok(told.await?)
}

/// Triggers a workflow for the owners and managers of an organisation.
///
/// # Errors
/// Like [`triggers::trigger`].
async fn tell_those_who_run_it(
    tx: &mut Tx,
    app: &App,
    organisation: OrganisationId,
    workflow: &str,
    data: Value,
) -> Result<()> {
    let members = people::members(tx, &organisation).await?;
    let told = members.iter().filter(|member| member.role != Role::Staff).map(recipient);
    let told = told.collect::<Result<Vec<_>>>()?;
    let data = data.as_object().cloned().unwrap_or_default();
    for some in told.chunks(triggers::RECIPIENTS) {
        let asked = TriggerRequest::new(organisation.clone(), workflow, some.to_vec(), data.clone());
        triggers::trigger(tx, &app.notify, asked).await?;
    }
    Ok(())
}

/// A member as a recipient.
pub(crate) fn recipient(member: &Member) -> Result<RecipientInput> {
    let known = json!({ "name": member.name, "email": member.email });
    RecipientInput::of(Reference::user(member.id.as_str()), known.as_object().cloned().unwrap_or_default())
}
