//! Asks GitHub again for deliveries that have failed: it tries each of them once, so one that came
//! while this server was down would be lost.
//!
//! A job for each app runs every ten minutes, and at the start of the server. It reads the failed
//! attempts, and asks again for deliveries that are not stored here. The highest id that was
//! looked at is remembered, so each attempt is looked at once; a repeat that fails has a new id. The
//! oldest are asked for first, and what is left when GitHub wants no more calls is asked for next time.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use campanile_engine::flow::Cron;
use campanile_engine::{Attempt, Backoff, Ctx, Failure, JobOptions, NewJob, Outcome, Registry, Workflow};
use serde::{Deserialize, Serialize};

use super::super::Connectors;
use crate::apps::{OF_SERVER, OpenApp, queries};
use crate::github::app::hook_deliveries::{HookDelivery, lost};
use crate::remote::Trouble;

/// The job that looks through the failed deliveries of one app, and the workflow that enqueues it for all.
const SWEEP: &str = "inbound.redeliver-app";
const SWEEPS: &str = "inbound.redeliver";
const EVERY: &str = "*/10 * * * *";

/// The arguments of the job.
#[derive(Debug, Serialize, Deserialize)]
struct SweepArgs {
    app: String,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    let within = connectors.clone();
    let options = JobOptions { max_attempts: 3, concurrency: 2, ..JobOptions::default() };
    registry.register(SWEEP, options, move |attempt: Attempt| {
        let connectors = within.clone();
        async move { sweep_job(&connectors, &attempt).await }
    });
    let within = connectors.clone();
    let workflow = Workflow::new(SWEEPS, 1, move |_: Ctx, _: serde_json::Value| {
        let connectors = within.clone();
        async move { connectors.enqueue_sweeps().await.map_err(Failure::from) }
    });
    let backoff = Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(60) };
    let schedule = Cron::parse(EVERY).expect("the schedule is a constant");
    registry.workflow(workflow.on_cron(schedule).attempts(3).backoff(backoff));
}

async fn sweep_job(connectors: &Connectors, attempt: &Attempt) -> Result<Outcome> {
    let args: SweepArgs = attempt.job.args()?;
    let app = match args.app.as_str() {
        OF_SERVER => connectors.server_app.clone(),
        id => {
            let organisation = OrganisationId::from(attempt.job.tenant.to_string());
            connectors.app_for(&organisation).await?.filter(|open| open.app.id.as_str() == id)
        }
    };
    // An app without a secret delivers nothing.
    if let Some(app) = app.filter(|open| open.secrets.webhook_secret.is_some()) {
        connectors.sweep(&app).await?;
    }
    Ok(Outcome::done())
}

impl Connectors {
    /// Enqueues a look through the failed deliveries of each app that delivers.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn enqueue_sweeps(&self) -> Result<()> {
        let (engine, of_server) = (self.engine.clone(), self.server_app.clone());
        let has_server_app = of_server.is_some_and(|open| open.secrets.webhook_secret.is_some());
        let enqueued = self.db.write(move |tx| {
            Box::pin(async move {
                let job = |tenant: &str, app: &str| {
                    NewJob::new(SWEEP, tenant, &SweepArgs { app: app.to_owned() }).dedupe(app)
                };
                let all = queries::all(tx).await?;
                let own = all.iter().map(|(organisation, id)| job(organisation.as_str(), id.as_str()));
                let jobs = own.chain(has_server_app.then(|| job("", OF_SERVER))).collect();
                engine.enqueue_all(tx, jobs).await
            })
        });
        enqueued.await?;
        Ok(())
    }

    /// Asks again for the failed deliveries of an app. Trouble at GitHub is left to the next time.
    pub(super) async fn sweep(&self, app: &OpenApp) -> Result<()> {
        match self.ask_again(app).await {
            Ok(()) => Ok(()),
            Err(Trouble::Ours(error @ Error::Unavailable { .. })) => Err(error),
            Err(trouble) => {
                tracing::warn!(%trouble, app = app.app.slug, "failed deliveries could not be asked for again");
                Ok(())
            }
        }
    }

    async fn ask_again(&self, app: &OpenApp) -> Result<(), Trouble> {
        let api = self.github.app_api(&self.client, app, self.clock.now())?;
        let attempts = self.github.failed_attempts(&api, self.clock.now()).await?;
        let id = app.app.id.to_string();
        let read = self.db.read(move |tx| Box::pin(async move { queries::swept_to(tx, &id).await }));
        let swept_to = read.await?.unwrap_or_default();
        for attempt in lost(attempts, swept_to) {
            if !self.is_stored(app, &attempt).await? {
                match self.github.redeliver(&api, attempt.id, self.clock.now()).await {
                    // GitHub does not have it any more.
                    Ok(()) | Err(Trouble::Missing | Trouble::Invalid(_)) => {}
                    Err(trouble) => return Err(trouble),
                }
            }
            self.set_swept_to(app, attempt.id).await?;
        }
        Ok(())
    }

    async fn is_stored(&self, app: &OpenApp, attempt: &HookDelivery) -> Result<bool> {
        let (id, guid) = (app.app.id.to_string(), attempt.guid.clone());
        let read = self.db.read(move |tx| Box::pin(async move { queries::has_delivery(tx, &id, &guid).await }));
        Ok(read.await?)
    }

    async fn set_swept_to(&self, app: &OpenApp, to: i64) -> Result<()> {
        let id = app.app.id.to_string();
        self.db.write(move |tx| Box::pin(async move { queries::set_swept_to(tx, &id, to).await })).await?;
        Ok(())
    }
}
