//! Delivery: one message to one endpoint, until it is answered or given up.
//!
//! A job per message and endpoint. It reads the endpoint as it is now, so a changed address or
//! secret counts from the next attempt on; an endpoint that was disabled, deleted or no longer
//! wants the message drops it. The attempt is stored in the transaction that ends or postpones
//! the job: an attempt that is written down was made, and what it says happened.

mod retry;

use std::time::{Duration, Instant};

use campanile_accounts::activity::{self, Action};
use campanile_accounts::live::NewsKind;
use campanile_accounts::{Caller, OrganisationId, WorkspaceId};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::{JobOptions, Outcome, Registry, Verdict};
use campanile_net::{Request, Response, SendError, SigningSecret};
use serde::{Deserialize, Serialize};

use crate::Webhooks;
use crate::attempts::{self, Attempt, AttemptId};
use crate::endpoints::Endpoint;
use crate::endpoints::queries::{self as endpoint_queries, Target};
use crate::messages::{self, Message};

pub use retry::{Plan, plan};

/// The kind of job that delivers.
pub const DELIVER: &str = "webhooks.deliver";

/// How many deliveries are under way at a time on a node, and to one endpoint.
const CONCURRENCY: usize = 256;
const PER_ENDPOINT: usize = 32;
/// How much of an answer's body is kept.
const KEPT: usize = 20_000;
const USER_AGENT: &str = concat!("Campanile-Webhooks/", env!("CARGO_PKG_VERSION"));

/// What the job is stored with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliverArgs {
    /// The message.
    pub message: String,
    /// The endpoint.
    pub endpoint: String,
}

/// Registers the job.
pub fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let options = JobOptions {
        // Its own plan decides; this bounds only what is not an answer, such as a lost database.
        max_attempts: 100,
        concurrency: CONCURRENCY,
        per_key: PER_ENDPOINT,
        timeout: webhooks.settings.request_timeout + Duration::from_secs(30),
        ..JobOptions::default()
    };
    let webhooks = webhooks.clone();
    registry.register(DELIVER, options, move |attempt| {
        let webhooks = webhooks.clone();
        async move {
            let tenant = OrganisationId::from(attempt.job.tenant.to_string());
            deliver(&webhooks, tenant, attempt.job.args()?, attempt.job.attempt).await
        }
    });
}

async fn deliver(webhooks: &Webhooks, tenant: OrganisationId, args: DeliverArgs, failures: u32) -> Result<Outcome> {
    let now = webhooks.clock.now();
    let Some((message, target, secrets)) = load(webhooks, args, now).await? else {
        return Ok(Outcome::done());
    };
    let endpoint = &target.endpoint;
    let request = signed_request(webhooks, &message, endpoint, &secrets, now);
    let began = Instant::now();
    let answer = webhooks.client.send(request).await;
    let took = began.elapsed();
    metrics_of(&answer, took);
    let plan = plan(&webhooks.settings.retry_schedule, failures, &answer, webhooks.clock.now());
    let attempt = Attempt {
        id: AttemptId::new(now),
        application_id: endpoint.application_id.clone(),
        message_id: message.id,
        endpoint_id: endpoint.id.clone(),
        number: i64::from(failures),
        url: endpoint.url.clone(),
        succeeded: plan == Plan::Delivered,
        status_code: answer.as_ref().map_or(0, |answer| i64::from(answer.status)),
        response: response_text(&answer),
        duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        created_at: now,
        next_at: plan.wait().map(|wait| webhooks.clock.now().plus(wait)),
    };
    let verdict = verdict(&plan, &attempt);
    let webhooks = webhooks.clone();
    Ok(Outcome::of(verdict)
        .with(move |tx| Box::pin(async move { write_down(tx, &webhooks, tenant, &target, attempt, plan).await })))
}

type Loaded = Option<(Message, Target, Vec<String>)>;

/// Message, endpoint and sealed secrets; nothing when the message is not to be delivered any more.
async fn load(webhooks: &Webhooks, args: DeliverArgs, now: Timestamp) -> Result<Loaded> {
    let loaded = webhooks.db.read(move |tx| {
        Box::pin(async move {
            let Some(target) = endpoint_queries::target(tx, &args.endpoint).await? else { return Ok(None) };
            let Some(message) = messages::queries::by_id(tx, &args.message).await? else { return Ok(None) };
            if !messages::wants(&target.endpoint, &message) {
                return Ok(None);
            }
            let secrets = endpoint_queries::secrets(tx, &target.endpoint.id, now).await?;
            Ok::<_, campanile_db::Error>(Some((message, target, secrets)))
        })
    });
    let Some((message, target, sealed)) = loaded.await? else { return Ok(None) };
    let open = |sealed: &String| webhooks.vault.open(sealed).map(|secret| secret.expose().to_owned());
    let secrets = sealed.iter().map(open).collect::<Result<_>>()?;
    Ok(Some((message, target, secrets)))
}

/// Both spellings of the signature headers, so that receivers of either kind verify unchanged.
fn signed_request(
    webhooks: &Webhooks,
    message: &Message,
    endpoint: &Endpoint,
    secrets: &[String],
    now: Timestamp,
) -> Request {
    let (id, timestamp) = (message.id.as_str(), now.as_seconds());
    let signatures = secrets.iter().filter_map(|secret| SigningSecret::parse(secret).ok());
    let signatures: Vec<String> = signatures.map(|secret| secret.sign(id, timestamp, &message.payload)).collect();
    let signature = signatures.join(" ");
    let mut headers = vec![
        ("accept".to_owned(), "*/*".to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("user-agent".to_owned(), USER_AGENT.to_owned()),
    ];
    for prefix in ["svix", "webhook"] {
        headers.push((format!("{prefix}-id"), id.to_owned()));
        headers.push((format!("{prefix}-timestamp"), timestamp.to_string()));
        headers.push((format!("{prefix}-signature"), signature.clone()));
    }
    Request {
        method: "POST",
        url: endpoint.url.clone(),
        headers,
        body: message.payload.clone(),
        timeout: webhooks.settings.request_timeout,
        keep: KEPT,
    }
}

fn response_text(answer: &std::result::Result<Response, SendError>) -> String {
    match answer {
        // PostgreSQL's text cannot hold the character NUL.
        Ok(answer) => String::from_utf8_lossy(&answer.body).replace('\0', "\u{fffd}"),
        Err(error) => error.to_string(),
    }
}

fn verdict(plan: &Plan, attempt: &Attempt) -> Verdict {
    let error = format!("{} answered {}: {}", attempt.url, attempt.status_code, first_line(&attempt.response));
    match plan {
        Plan::Delivered => Verdict::Done,
        Plan::Again(wait) => Verdict::Retry { after: *wait, error },
        Plan::GiveUp | Plan::Disable => Verdict::Dead { error },
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

async fn write_down(
    tx: &mut Tx,
    webhooks: &Webhooks,
    tenant: OrganisationId,
    target: &Target,
    attempt: Attempt,
    plan: Plan,
) -> Result<()> {
    let endpoint = &target.endpoint;
    attempts::insert(tx, &attempt).await?;
    match plan {
        Plan::Delivered if target.is_failing => drop(endpoint_queries::works_again(tx, &endpoint.id).await?),
        Plan::Delivered | Plan::Again(_) => {}
        Plan::Disable => disable(tx, webhooks, tenant, endpoint, "the endpoint answered 410 Gone").await?,
        Plan::GiveUp => {
            let now = webhooks.clock.now();
            let since = endpoint_queries::gave_up(tx, &endpoint.id, now).await?;
            if since.is_some_and(|since| now.since(since) > webhooks.settings.disable_after) {
                disable(tx, webhooks, tenant, endpoint, "the endpoint has taken nothing for too long").await?;
            }
        }
    }
    if let Some(workspace) = workspace_of(target) {
        let live = webhooks.live.clone();
        tx.after_commit(move || live.tell(&workspace, NewsKind::Attempt, attempt.id.as_str()));
    }
    Ok(())
}

/// The workspace whose application this is, for those who watch it; others watch nothing.
fn workspace_of(target: &Target) -> Option<WorkspaceId> {
    target.application_uid.clone().filter(|uid| uid.starts_with("ws_")).map(WorkspaceId::from)
}

async fn disable(
    tx: &mut Tx,
    webhooks: &Webhooks,
    tenant: OrganisationId,
    endpoint: &Endpoint,
    why: &str,
) -> Result<()> {
    endpoint_queries::disable(tx, &endpoint.id, webhooks.clock.now()).await.map_err(Error::from)?;
    tracing::warn!(endpoint = %endpoint.id, why, "an endpoint was disabled");
    let about = serde_json::json!({ "url": endpoint.url, "reason": why });
    let caller = Caller::system(tenant);
    activity::record(tx, &webhooks.clock, &caller, Action::EndpointDisabled, endpoint.id.as_str(), about).await
}

fn metrics_of(answer: &std::result::Result<Response, SendError>, took: Duration) {
    let end = match answer {
        Ok(answer) if (200..300).contains(&answer.status) => "delivered",
        Ok(_) => "refused",
        Err(_) => "unanswered",
    };
    metrics::counter!("campanile_webhook_attempts_total", "end" => end).increment(1);
    metrics::histogram!("campanile_webhook_seconds").record(took.as_secs_f64());
}
