//! Checks of connections: a call to each every five minutes, unless one succeeded meanwhile.
//!
//! * Three failures in a row make a connection degraded. It is still used.
//! * If the provider refuses the tokens six times, or refuses the refresh token for good, the
//!   connection is revoked.
//! * Failures of the network or of the provider never revoke it. The checks become rarer, up to one
//!   an hour.
//! * An app that the owner of the account has suspended is neither: the connection is suspended.
//! * A good call makes it active again. That is recorded and told like the failure.
//! * A limit of the provider is no failure. The next check is when the limit ends.

use std::time::Duration;

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Error, Result, Timestamp};
use campanile_engine::flow::Cron;
use campanile_engine::{Attempt, Backoff, Ctx, Failure, JobOptions, NewJob, Outcome, Registry, Workflow};
use serde::{Deserialize, Serialize};

use super::Connectors;
use crate::connections::{
    Change, Connection, ConnectionId, ConnectionKind, Limits, LogEvent, Status, Trigger, find, queries,
};
use crate::remote::{Account, Trouble};
use crate::upkeep::kinds::queries as kinds;

/// The job that checks one connection, and the workflow that enqueues it for those that are due.
const CHECK: &str = "inbound.check-connection";
const CHECKS: &str = "inbound.check-connections";
const EVERY: &str = "*/5 * * * *";
/// The time between two checks of a connection, and the longest such time after failures.
const BETWEEN: Duration = Duration::from_secs(300);
const LONGEST: Duration = Duration::from_secs(3_600);
/// The number of failures that make a connection degraded.
const DEGRADED_AFTER: i64 = 3;
/// The number of refusals of its tokens that revoke it.
const REVOKED_AFTER: i64 = 6;
/// The number of connections that are enqueued at a time.
const TOGETHER: i64 = 1_000;

/// The arguments of the check.
#[derive(Debug, Serialize, Deserialize)]
struct CheckArgs {
    connection: String,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    let within = connectors.clone();
    let options = JobOptions { max_attempts: 3, concurrency: 8, ..JobOptions::default() };
    registry.register(CHECK, options, move |attempt: Attempt| {
        let connectors = within.clone();
        async move { check_job(&connectors, &attempt).await }
    });
    let within = connectors.clone();
    let workflow = Workflow::new(CHECKS, 1, move |_: Ctx, _: serde_json::Value| {
        let connectors = within.clone();
        async move { enqueue_due(&connectors).await.map_err(Failure::from) }
    });
    let backoff = Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(60) };
    let schedule = Cron::parse(EVERY).expect("the schedule is a constant");
    registry.workflow(workflow.on_cron(schedule).attempts(3).backoff(backoff));
}

/// The time of the check after a good call.
pub(super) fn next_check(now: Timestamp) -> Timestamp {
    now.plus(BETWEEN)
}

/// The time of the check after so many failures.
fn check_after(failures: i64, now: Timestamp) -> Timestamp {
    let doubled = u32::try_from(failures.clamp(1, 8) - 1).unwrap_or_default();
    now.plus((BETWEEN * 2_u32.pow(doubled)).min(LONGEST))
}

/// Enqueues a check of each connection that is due.
pub(super) async fn enqueue_due(connectors: &Connectors) -> Result<()> {
    let (now, engine) = (connectors.clock.now(), connectors.engine.clone());
    let enqueued = connectors.db.write(move |tx| {
        Box::pin(async move {
            let due = queries::due(tx, now, TOGETHER).await?;
            let job = |(organisation, id): (OrganisationId, ConnectionId)| {
                let args = CheckArgs { connection: id.to_string() };
                NewJob::new(CHECK, organisation.as_str(), &args).dedupe(id.as_str())
            };
            engine.enqueue_all(tx, due.into_iter().map(job).collect()).await
        })
    });
    enqueued.await?;
    Ok(())
}

async fn check_job(connectors: &Connectors, attempt: &Attempt) -> Result<Outcome> {
    let args: CheckArgs = attempt.job.args()?;
    let organisation = OrganisationId::from(attempt.job.tenant.to_string());
    let by = Caller::system(organisation);
    match connectors.probe(&by, &ConnectionId::from(args.connection)).await {
        // It was disconnected in the meantime.
        Ok(_) | Err(Error::NotFound(_) | Error::Conflict(_)) => Ok(Outcome::done()),
        Err(error) => Err(error),
    }
}

impl Connectors {
    /// Checks a connection now, and learns its resources again if it is good.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's connection; `Conflict` if it is being
    /// disconnected. A provider that does not answer is no error: the connection says so.
    pub async fn check(&self, caller: &Caller, id: &ConnectionId) -> Result<Connection> {
        caller.must(Permission::Configure)?;
        let checked = self.probe(caller, id).await?;
        if checked.failures == 0 {
            let (connectors, found) = (self.clone(), checked.clone());
            self.db
                .write(move |tx| {
                    Box::pin(async move {
                        // Somebody may have granted what was missing.
                        kinds::unblock_all(tx, &found.organisation_id, &found.id).await?;
                        super::listing::request(tx, &connectors, &found).await
                    })
                })
                .await?;
        }
        Ok(checked)
    }

    /// Makes a call with a connection, and records what it has shown.
    async fn probe(&self, by: &Caller, id: &ConnectionId) -> Result<Connection> {
        let (organisation, wanted) = (by.organisation.clone(), id.clone());
        let connection: Connection =
            self.db.read(move |tx| Box::pin(async move { find(tx, &organisation, &wanted).await })).await?;
        if connection.status == Status::Pending {
            return Err(Error::conflict("the owner of the account has not installed the app yet"));
        }
        if !connection.status.is_checked() {
            return Err(Error::conflict("the connection is disconnected"));
        }
        let answer = self.account_of(&connection).await;
        match answer {
            Err(Trouble::Ours(error)) => return Err(error),
            Err(Trouble::Closed) => return Err(Error::conflict("the connection is disconnected")),
            Ok((account, limits)) => self.note_success(&connection, Some(account), limits).await?,
            Err(trouble) => self.note_trouble(&connection, trouble).await?,
        }
        let (organisation, id) = (by.organisation.clone(), id.clone());
        self.db.read(move |tx| Box::pin(async move { find(tx, &organisation, &id).await })).await
    }

    /// The account of a connection. If its token is refused, it is refreshed once.
    async fn account_of(&self, connection: &Connection) -> Result<(Account, Limits), Trouble> {
        if connection.kind == ConnectionKind::App {
            return self.account_of_installation(connection).await;
        }
        let remote = self.remote_of(connection.provider)?;
        let access = self.access(connection).await?;
        match remote.account(&access.api, self.clock.now()).await {
            Err(Trouble::Unauthorised) => {
                let access = self.access_after_refusal(connection, access.generation).await?;
                let account = remote.account(&access.api, self.clock.now()).await?;
                Ok((account, access.api.limits()))
            }
            account => Ok((account?, access.api.limits())),
        }
    }

    /// Records a good call. A connection that was not active is active again.
    pub(super) async fn note_success(
        &self,
        connection: &Connection,
        account: Option<Account>,
        limits: Limits,
    ) -> Result<()> {
        let (connectors, connection) = (self.clone(), connection.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let (now, of) = (connectors.clock.now(), (&connection.organisation_id, &connection.id));
                    queries::record_success(tx, of, limits, now, next_check(now)).await?;
                    if let Some(account) = account {
                        queries::set_label(tx, of, &account.label).await?;
                        if !account.scopes.is_empty() {
                            queries::set_scopes(tx, of, &account.scopes).await?;
                        }
                    }
                    let Some(present) = queries::find(tx, of.0, of.1).await? else { return Ok(()) };
                    if matches!(present.status, Status::Degraded | Status::Revoked | Status::Suspended) {
                        connectors
                            .change_status(
                                tx,
                                &present,
                                Change {
                                    to: Status::Active,
                                    event: LogEvent::Recovered,
                                    reason: None,
                                    trigger: Trigger::Health,
                                },
                            )
                            .await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Records a failed call, and what follows from it.
    pub(super) async fn note_trouble(&self, connection: &Connection, trouble: Trouble) -> Result<()> {
        let (connectors, connection) = (self.clone(), connection.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let (now, of) = (connectors.clock.now(), (&connection.organisation_id, &connection.id));
                    if let Trouble::Limited { until } = trouble {
                        queries::set_limited(tx, of, until).await?;
                        return Ok(());
                    }
                    let counted = queries::count_failure(tx, of, trouble.is_refusal()).await?;
                    let present = queries::find(tx, of.0, of.1).await?;
                    let (Some((failures, refusals)), Some(present)) = (counted, present) else { return Ok(()) };
                    queries::set_check_at(tx, of, check_after(failures, now)).await?;
                    let is_final = matches!(trouble, Trouble::GrantEnded) || refusals >= REVOKED_AFTER;
                    let change =
                        |to, event| Change { to, event, reason: Some(trouble.to_string()), trigger: Trigger::Health };
                    if matches!(trouble, Trouble::Suspended) {
                        if present.status.is_usable() {
                            connectors
                                .change_status(tx, &present, change(Status::Suspended, LogEvent::Suspended))
                                .await?;
                        }
                        return Ok(());
                    }
                    match present.status {
                        Status::Active | Status::Degraded if is_final => {
                            queries::stop_checks(tx, of.0, of.1).await?;
                            connectors.change_status(tx, &present, change(Status::Revoked, LogEvent::Revoked)).await?;
                        }
                        Status::Active if failures >= DEGRADED_AFTER => {
                            connectors
                                .change_status(tx, &present, change(Status::Degraded, LogEvent::Degraded))
                                .await?;
                        }
                        _ => {}
                    }
                    Ok(())
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_become_rarer_with_failures_up_to_one_an_hour() {
        let now = Timestamp::from_micros(0);
        let minutes = |failures| check_after(failures, now).as_micros() / 60_000_000;
        assert_eq!([1, 2, 3, 4, 5, 100].map(minutes), [5, 10, 20, 40, 60, 60]);
    }
}
