//! Polls: a tool that sends no webhooks is asked for its news.
//!
//! A source is polled if no webhook has come for it within a day. The sources of an app that GitHub can
//! reach are never polled. A poll pulls each kind of thing since the last poll and a little before, which
//! is one call for a source in which nothing happens. A page is a delivery with the origin `poll`, and
//! what it tells rings like a webhook. Documents that were edited are read again.
//!
//! Each source has a job of its own, and one at a time. A poll that fails is tried again after growing
//! pauses, up to an hour. An organisation has two polls at a time on a node, so that its slow tool holds
//! up no other organisation.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp};
use campanile_engine::{Attempt, JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};

use super::super::Connectors;
use super::{HEARD, SourceInUse, TOGETHER};
use crate::deliveries::{self, Delivery, DeliveryId, Origin, process_job};
use crate::normalisation;
use crate::remote::{HistoryPage, HistoryPlace, Trouble};
use crate::sources::SourceId;
use crate::upkeep::kinds::queries as kinds;
use crate::upkeep::queries::{self, DueSource};

const POLL: &str = "inbound.poll";
/// The polls of a node at a time, and those of one organisation.
const CONCURRENCY: usize = 16;
const PER_ORGANISATION: usize = 2;
/// The longest poll.
const LONGEST: Duration = Duration::from_secs(600);
/// The time by which a poll overlaps the one before: a provider's list may be late.
const OVERLAP: Duration = Duration::from_secs(300);
/// The time that a poll goes back at most. A reconcile finds what was before.
const OLDEST: Duration = Duration::from_secs(2 * 24 * 3_600);
/// The time for which a link counts as a moment ago.
const LATELY: Duration = Duration::from_secs(3_600);
/// The pages of one kind that a poll reads. A reconcile finds the rest.
const PAGES: usize = 50;
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// The share of a provider's calls, in percent, that polls leave to others, if backfills leave as much.
const RESERVE: i64 = 10;
/// The name of the documents among the kinds of things.
pub(super) const DOCUMENTS: &str = "document";
/// The most characters of an error that is shown.
const ERROR: usize = 300;

/// The arguments of a poll.
#[derive(Debug, Serialize, Deserialize)]
struct PollArgs {
    source: SourceId,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    let within = connectors.clone();
    let options = JobOptions {
        max_attempts: 3,
        concurrency: CONCURRENCY,
        per_key: PER_ORGANISATION,
        timeout: LONGEST,
        ..JobOptions::default()
    };
    registry.register(POLL, options, move |attempt: Attempt| {
        let connectors = within.clone();
        async move { poll_job(&connectors, &attempt).await }
    });
}

async fn poll_job(connectors: &Connectors, attempt: &Attempt) -> Result<Outcome> {
    let PollArgs { source } = attempt.job.args()?;
    connectors.poll(&OrganisationId::from(attempt.job.tenant.to_string()), &source).await?;
    Ok(Outcome::done())
}

/// The end of a poll that did not fail on our side.
enum PollEnd {
    Whole,
    /// The provider wants no calls before this time.
    Limited(Timestamp),
    Failed(String),
}

impl Connectors {
    /// Enqueues the polls that are due. One that is under way is not enqueued again.
    pub(super) async fn enqueue_due_polls(&self) -> Result<()> {
        let (now, engine, apps) = (self.clock.now(), self.engine.clone(), !self.is_public);
        let enqueued = self.db.write(move |tx| {
            Box::pin(async move {
                let due = queries::due_polls(tx, now, now.minus(HEARD), apps, TOGETHER).await?;
                let job = |DueSource { organisation, source }: DueSource| {
                    let dedupe = source.to_string();
                    NewJob::new(POLL, organisation.as_str(), &PollArgs { source })
                        .key(organisation.as_str())
                        .dedupe(dedupe)
                };
                engine.enqueue_all(tx, due.into_iter().map(job).collect()).await
            })
        });
        enqueued.await?;
        Ok(())
    }

    /// Polls a source, and plans the next poll.
    pub(in crate::connectors) async fn poll(&self, organisation: &OrganisationId, id: &SourceId) -> Result<()> {
        let Some(every) = self.upkeep.poll else { return Ok(()) };
        let Some(in_use) = self.in_use(organisation, id).await? else {
            return self.plan_poll(organisation, id, |_| (None, LONGEST_PAUSE)).await;
        };
        match self.poll_all(&in_use).await? {
            PollEnd::Whole => self.plan_poll(organisation, id, move |_| (None, every)).await,
            PollEnd::Limited(until) => {
                let (of, id) = (organisation.clone(), id.clone());
                self.db
                    .write(move |tx| Box::pin(async move { queries::put_poll_off(tx, (&of, &id), until).await }))
                    .await?;
                Ok(())
            }
            PollEnd::Failed(error) => {
                let error: String = error.chars().take(ERROR).collect();
                self.plan_poll(organisation, id, move |failures| (Some(error), pause(every, failures))).await
            }
        }
    }

    /// Records the end of a poll. `end` gets the number of failures before it, and says the error and
    /// the time until the next poll.
    async fn plan_poll(
        &self,
        organisation: &OrganisationId,
        id: &SourceId,
        end: impl FnOnce(i64) -> (Option<String>, Duration) + Send + 'static,
    ) -> Result<()> {
        let (of, id, now) = (organisation.clone(), id.clone(), self.clock.now());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let Some(polling) = queries::polling(tx, &of, &id).await? else { return Ok(()) };
                    let (error, pause) = end(polling.failures);
                    queries::end_poll(tx, (&of, &id), error.as_deref(), now.plus(pause), now).await?;
                    Ok::<_, campanile_db::Error>(())
                })
            })
            .await?;
        Ok(())
    }

    async fn poll_all(&self, in_use: &SourceInUse) -> Result<PollEnd> {
        let SourceInUse { source, resource, connection } = in_use;
        let reserve = RESERVE.min(self.settings.budget_reserve);
        if let Some(until) = self.reserved_until(connection, reserve) {
            return Ok(PollEnd::Limited(until));
        }
        let (of, id) = (source.organisation_id.clone(), source.id.clone());
        let blocked = self.db.read(move |tx| Box::pin(async move { kinds::blocked_of(tx, &of, &id).await })).await?;
        let all = self.remote_of(connection.provider).map(|remote| remote.kinds()).unwrap_or_default();
        let is_polled =
            |name: &str, of: &str, is_default: bool| is_default && of == resource.kind && !blocked.contains(name);
        for kind in all.iter().filter(|kind| is_polled(kind.name, kind.resource, kind.is_default)) {
            if let Err(trouble) = self.poll_kind(in_use, kind.name).await {
                return self.after_trouble(in_use, trouble).await;
            }
        }
        if self.has_documents(source)
            && let Err(trouble) = self.poll_documents(in_use).await
        {
            return self.after_trouble(in_use, trouble).await;
        }
        Ok(PollEnd::Whole)
    }

    async fn after_trouble(&self, in_use: &SourceInUse, trouble: Trouble) -> Result<PollEnd> {
        match trouble {
            Trouble::Ours(error) => Err(error),
            Trouble::Limited { until } => {
                self.note_trouble(&in_use.connection, trouble).await?;
                Ok(PollEnd::Limited(until))
            }
            trouble => {
                let said = trouble.to_string();
                // A refusal may be about this source alone; the probe judges the tokens.
                if matches!(
                    trouble,
                    Trouble::Network(_) | Trouble::Provider(_) | Trouble::Unauthorised | Trouble::GrantEnded
                ) {
                    self.note_trouble(&in_use.connection, trouble).await?;
                }
                Ok(PollEnd::Failed(said))
            }
        }
    }

    /// Pulls a kind of thing since the last poll.
    async fn poll_kind(&self, in_use: &SourceInUse, kind: &'static str) -> Result<(), Trouble> {
        let SourceInUse { source, resource, connection } = in_use;
        let began = self.clock.now();
        let since = self.pulled_from(in_use, kind).await?;
        let place = HistoryPlace { kind, resource: &resource.provider_id, name: resource.name.as_deref(), since };
        let mut cursor = None::<String>;
        for number in 0..PAGES {
            let (page, limits) = match self.history_page(connection, place, cursor.as_deref()).await {
                Err(trouble @ Trouble::Forbidden(_)) => {
                    self.block_kind(source, connection, kind, &trouble).await?;
                    return Ok(());
                }
                page => page?,
            };
            self.note_success(connection, None, limits).await?;
            let next = page.next.clone();
            if next.is_some() && next == cursor {
                return Err(Trouble::Invalid("its pages lead in a circle".to_owned()));
            }
            let is_last = next.is_none() || number + 1 == PAGES;
            self.store_polled(in_use, (kind, began, number), page, is_last).await?;
            if is_last {
                break;
            }
            cursor = next;
        }
        Ok(())
    }

    /// The time from which on a kind is pulled: a little before the last poll. The first poll begins at
    /// the last webhook, or at the link if that was a moment ago; what was before is history, and a
    /// reconcile finds what is missing of it.
    pub(super) async fn pulled_from(&self, in_use: &SourceInUse, kind: &'static str) -> Result<Timestamp> {
        let (of, id) = (in_use.source.organisation_id.clone(), in_use.source.id.clone());
        let read = self.db.read(move |tx| {
            Box::pin(async move {
                let to = kinds::polled_to(tx, (&of, &id), kind).await?;
                Ok::<_, campanile_db::Error>((to, queries::polling(tx, &of, &id).await?))
            })
        });
        let ((to, polling), now) = (read.await?, self.clock.now());
        let lately = now.minus(LATELY.max(self.upkeep.poll.unwrap_or_default() * 2));
        let first = polling.and_then(|it| it.heard_at.or(Some(it.began_at).filter(|began| *began > lately)));
        let from = to.map(|to| to.minus(OVERLAP)).or(first).unwrap_or(now);
        Ok(from.max(now.minus(OLDEST)))
    }

    /// Stores a page as a delivery, with the job that processes it. The last page moves the time up to
    /// which the kind was read.
    async fn store_polled(
        &self,
        in_use: &SourceInUse,
        (kind, began, number): (&'static str, Timestamp, usize),
        page: HistoryPage,
        is_last: bool,
    ) -> Result<()> {
        let source = in_use.source.clone();
        let connection = in_use.connection.id.clone();
        let delivery = (!page.items.is_empty()).then(|| Delivery {
            id: DeliveryId::new(self.clock.now()),
            organisation_id: source.organisation_id.clone(),
            workspace_id: source.workspace_id.clone(),
            source_id: source.id.clone(),
            provider: source.provider,
            delivery_id: format!("poll:{}:{kind}:{number}", began.as_micros()),
            event: format!("poll:{kind}"),
            headers: Vec::new(),
            body: normalisation::page_body(&page.items),
            received_at: self.clock.now(),
            origin: Origin::Poll,
        });
        let engine = self.engine.clone();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(delivery) = &delivery {
                        deliveries::insert_many(tx, &[delivery]).await?;
                        let job = process_job(&delivery.organisation_id, delivery.id.as_str(), delivery.origin);
                        engine.enqueue(tx, job).await?;
                    }
                    if is_last {
                        let of = (&source.id, &connection);
                        kinds::set_polled_to(tx, &source.organisation_id, of, kind, began).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}

/// The pause after a poll that failed, and so many before it.
fn pause(every: Duration, failures: i64) -> Duration {
    let doubled = u32::try_from(failures.clamp(0, 10)).unwrap_or_default() + 1;
    (every * 2_u32.pow(doubled)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_that_fail_become_rarer_up_to_one_an_hour() {
        let minutes = |failures| pause(Duration::from_secs(300), failures).as_secs() / 60;
        assert_eq!([0, 1, 2, 3, 100].map(minutes), [10, 20, 40, 60, 60]);
    }
}
