//! What the server tells its own people besides observations: jobs that failed, and whatever an event says.
//!
//! `notification.dispatch` is the way for any workflow of the engine to tell somebody: its data names a notification workflow, its
//! recipients and its data, and it is triggered once for each event. Owners and managers are told of jobs that fail for good, and of
//! endpoints that were disabled.

use std::time::Duration;

use campanile_accounts::people::{self, Member};
use campanile_accounts::{OrganisationId, Role};
use campanile_base::{Error, Result, sha256_hex};
use campanile_db::Tx;
use campanile_engine::flow::RateLimit;
use campanile_engine::{Ctx, Failure, Registry, Workflow};
use campanile_notify::Reference;
use campanile_notify::recipients::Told;
use campanile_notify::triggers::{self, Asked, Repeat};
use campanile_notify::workflows::{ADMIN_ALERT, JOB_FAILED};
use campanile_webhooks::endpoints::ENDPOINT_DISABLED;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::App;

/// The event that triggers any workflow, and who hears it.
const DISPATCH: &str = "notification.dispatch";
const DISPATCHER: &str = "campanile.notification-dispatch";
const FAILURES: &str = "campanile.job-failed";
const DEATHS: &str = "campanile.job-given-up";
const ALERTS: &str = "campanile.endpoint-disabled";

/// After how long the next job of a kind that is given up is told.
const QUIET: Duration = Duration::from_secs(600);

/// What an event asks for.
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
    // A fault that every job of a kind meets is told once; so is one of the jobs that tell.
    let one_of_a_kind = RateLimit::of(1, QUIET).key("event.data.job");
    registry.workflow(Workflow::new(DEATHS, 1, failed).on_event("engine/job.failed").rate_limit(one_of_a_kind));
    let within = app.clone();
    let disabled = move |ctx: Ctx, _: Value| {
        let app = within.clone();
        async move { disabled(ctx, app).await }
    };
    registry.workflow(Workflow::new(ALERTS, 1, disabled).on_event(ENDPOINT_DISABLED));
}

fn organisation(ctx: &Ctx) -> Result<OrganisationId, Failure> {
    let parsed = serde_json::from_value(json!(ctx.tenant()));
    parsed.map_err(|_| Failure::permanent("the event is nobody's"))
}

/// Triggers what the event names; an event that asks for something impossible fails for good, and says why.
async fn dispatch(ctx: Ctx, app: App) -> Result<String, Failure> {
    let (organisation, event) = (organisation(&ctx)?, ctx.event().clone());
    let permanent = |error: Error| Failure::permanent(error.to_string());
    let asked: Dispatch = serde_json::from_value(event.data)
        .map_err(|error| Failure::permanent(format!("{DISPATCH} needs workflow and recipients: {error}")))?;
    let parsed = |told: &Value| Told::parse(told).map_err(permanent);
    let recipients = asked.recipients.iter().map(parsed).collect::<Result<Vec<_>, Failure>>()?;
    let hash = sha256_hex(&event.id);
    let asked = Asked {
        actor: asked.actor.as_ref().map(parsed).transpose()?,
        tenant: asked.tenant.as_ref().map(|told| Told::parse_tenant(told).map_err(permanent)).transpose()?,
        cancellation_key: asked.cancellation_key,
        repeat: Some(Repeat { key: format!("event {}", event.id), hash, request_id: event.id }),
        ..Asked::new(organisation, &asked.workflow, recipients, asked.data)
    };
    let triggered = ctx.transaction("trigger", move |tx| {
        Box::pin(async move {
            match triggers::trigger(tx, &app.notify, asked).await {
                Ok(accepted) => Ok(accepted.workflow_run_id),
                // Nobody's patience mends a workflow that is not there, or recipients that are none.
                Err(error @ (Error::NotFound(_) | Error::Invalid(_) | Error::InvalidField { .. })) => {
                    Err(Failure::permanent(error.to_string()))
                }
                Err(error) => Err(error.into()),
            }
        })
    });
    Ok(triggered.await?)
}

/// Tells owners and managers of a workflow or a job that failed for good.
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

/// Tells owners and managers of an endpoint that is sent nothing more.
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
        let asked = Asked::new(organisation.clone(), workflow, some.to_vec(), data.clone());
        triggers::trigger(tx, &app.notify, asked).await?;
    }
    Ok(())
}

/// A member as a recipient.
pub(crate) fn recipient(member: &Member) -> Result<Told> {
    let known = json!({ "name": member.name, "email": member.email });
    Told::of(Reference::user(member.id.as_str()), known.as_object().cloned().unwrap_or_default())
}
