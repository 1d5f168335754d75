//! Fetches a page of a stretch, and stores it as a delivery.
//!
//! The row of the stretch is the truth about its place: a step that is repeated after a crash fetches
//! the page behind the last one that was stored.

use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Error, Result, Timestamp, sha256_hex};
use campanile_db::Tx;
use campanile_engine::Failure;
use serde::{Deserialize, Serialize};

use crate::connections::{Connection, Limits, find};
use crate::connectors::Connectors;
use crate::deliveries::{self, Delivery, DeliveryId, process_job};
use crate::normalisation;
use crate::pulls::queries;
use crate::pulls::stretches::ERRORS;
use crate::pulls::stretches::queries::{self as stretches, FetchedPage};
use crate::pulls::{BackfillId, PullRun, PullRunId};
use crate::remote::{HistoryPage, HistoryPlace, Trouble};
use crate::sources::{self, LinkedResource, Source};
use crate::upkeep::kinds::queries as kinds;

/// The longest cursor of a provider, in bytes.
const CURSOR: usize = 2_048;

/// The outcome of a step that fetches a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum PageOutcome {
    /// It is stored, and another one follows. The hash of its cursor tells circles.
    More { cursor: String },
    /// It is stored, and was the last one.
    Last,
    /// Nothing is stored: no calls may be made before this time.
    Limited { until: Timestamp },
    /// Nothing is stored: the provider does not answer, or fails.
    Unanswered { reason: String },
    /// There is nothing to store: the stretch has ended meanwhile.
    Gone,
}

/// A stretch with what is needed to fetch its next page.
struct Place {
    run: PullRun,
    source: Source,
    resource: LinkedResource,
    connection: Connection,
}

impl Connectors {
    /// The stretches of a backfill whose turn has not come.
    pub(super) async fn waiting_stretches(&self, organisation: OrganisationId, id: BackfillId) -> Result<Vec<String>> {
        let read =
            self.db.read(move |tx| Box::pin(async move { stretches::of_backfill(tx, &organisation, &id).await }));
        let all: Vec<PullRun> = read.await?;
        Ok(all.into_iter().filter(|run| run.status == "waiting").map(|run| run.id.to_string()).collect())
    }

    /// Fetches and stores the next page of a stretch.
    pub(super) async fn fetch_page(
        &self,
        organisation: &OrganisationId,
        id: &PullRunId,
    ) -> Result<PageOutcome, Failure> {
        let Some(place) = self.place(organisation, id).await? else { return Ok(PageOutcome::Gone) };
        if let Some(until) = self.reserved_until(&place.connection, self.settings.budget_reserve) {
            return Ok(self.limited(&place, until).await?);
        }
        let Place { run, resource, .. } = &place;
        let of = HistoryPlace {
            kind: &run.kind,
            resource: &resource.provider_id,
            name: resource.name.as_deref(),
            since: run.since,
        };
        match self.history_page(&place.connection, of, run.cursor.as_deref()).await {
            Ok((page, limits)) => {
                self.note_success(&place.connection, None, limits).await?;
                Ok(self.store_history(place, page).await?)
            }
            Err(Trouble::Ours(error)) => Err(error.into()),
            Err(Trouble::Closed) => Ok(PageOutcome::Gone),
            Err(trouble @ Trouble::Limited { until }) => {
                self.note_trouble(&place.connection, trouble).await?;
                Ok(self.limited(&place, until).await?)
            }
            Err(trouble @ (Trouble::Network(_) | Trouble::Provider(_))) => {
                let reason = trouble.to_string();
                self.note_trouble(&place.connection, trouble).await?;
                Ok(PageOutcome::Unanswered { reason })
            }
            Err(trouble @ Trouble::Forbidden(_)) => {
                let Place { run, source, connection, .. } = &place;
                self.block_kind(source, connection, &run.kind, &trouble).await?;
                Err(Failure::permanent(trouble.to_string()))
            }
            Err(trouble) => {
                let failure = Failure::permanent(trouble.to_string());
                // What is refused here may be this kind alone; the probe judges the tokens.
                if matches!(trouble, Trouble::Unauthorised | Trouble::GrantEnded) {
                    self.note_trouble(&place.connection, trouble).await?;
                }
                Err(failure)
            }
        }
    }

    /// The place of a stretch that runs. A stretch whose source is gone is cancelled.
    async fn place(&self, organisation: &OrganisationId, id: &PullRunId) -> Result<Option<Place>> {
        let (connectors, organisation, id) = (self.clone(), organisation.clone(), id.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let Some(run) = stretches::find(tx, &organisation, &id).await? else { return Ok(None) };
                    if run.status != "running" {
                        return Ok(None);
                    }
                    let connection = find(tx, &organisation, &run.connection_id).await?;
                    let source = sources::find_any(tx, &organisation, &run.source_id).await?;
                    let linked = source.and_then(|source| Some((source.resource.clone()?, source)));
                    let Some((resource, source)) = linked else {
                        connectors.end_removed(tx, &run).await?;
                        return Ok(None);
                    };
                    Ok(connection.status.is_usable().then_some(Place { run, source, resource, connection }))
                })
            })
            .await
    }

    /// The end of the provider's period, if fewer calls are left than the percents that are reserved for
    /// other work.
    pub(in crate::connectors) fn reserved_until(&self, connection: &Connection, reserve: i64) -> Option<Timestamp> {
        let (total, remaining) = (connection.limit_total?, connection.limit_remaining?);
        let until = connection.limit_reset_at.filter(|at| *at > self.clock.now())?;
        (remaining.saturating_mul(100) < total.saturating_mul(reserve)).then_some(until)
    }

    async fn limited(&self, place: &Place, until: Timestamp) -> Result<PageOutcome> {
        let (connectors, run, workspace) = (self.clone(), place.run.clone(), place.source.workspace_id.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    stretches::wait(tx, &run.organisation_id, &run.id, until).await?;
                    connectors.tell_progress(tx, &run, &workspace);
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok(PageOutcome::Limited { until })
    }

    /// Asks for a page. A token that is refused is refreshed once.
    pub(in crate::connectors) async fn history_page(
        &self,
        connection: &Connection,
        of: HistoryPlace<'_>,
        cursor: Option<&str>,
    ) -> Result<(HistoryPage, Limits), Trouble> {
        let remote = self.remote_of(connection.provider)?;
        let access = self.access(connection).await?;
        match remote.history(&access.api, of, cursor, self.clock.now()).await {
            Err(Trouble::Unauthorised) => {
                let access = self.access_after_refusal(connection, access.generation).await?;
                let page = remote.history(&access.api, of, cursor, self.clock.now()).await?;
                Ok((page, access.api.limits()))
            }
            page => Ok((page?, access.api.limits())),
        }
    }

    /// Stores a page as a delivery, with the job that processes it and the cursor behind it. An empty
    /// page only moves the cursor.
    async fn store_history(&self, place: Place, page: HistoryPage) -> Result<PageOutcome> {
        if page.next.as_ref().is_some_and(|next| next.len() > CURSOR) {
            return Err(Error::internal("the provider's cursor is too long"));
        }
        let (connectors, now) = (self.clone(), self.clock.now());
        let outcome = match &page.next {
            None => PageOutcome::Last,
            Some(next) => PageOutcome::More { cursor: sha256_hex(next)[..16].to_owned() },
        };
        let Place { run, source, .. } = place;
        let delivery = delivery(&run, source, &page, now);
        let (produced, reasons) = normalisation::unreadable(&delivery.payload()?, &delivery);
        let stored = self.db.write(move |tx| {
            Box::pin(async move {
                let mut errors = run.errors.clone();
                errors.extend(reasons.iter().cloned());
                errors.truncate(ERRORS);
                let fetched = FetchedPage {
                    next: page.next.as_deref(),
                    produced: i64::try_from(produced).map_err(Error::internal)?,
                    unreadable: i64::try_from(reasons.len()).map_err(Error::internal)?,
                    is_empty: page.items.is_empty(),
                    errors: &errors,
                };
                if !stretches::advance(tx, &run, fetched).await? {
                    return Ok::<_, Error>(false);
                }
                kinds::unblock(tx, (&run.organisation_id, &run.source_id), &run.kind).await?;
                if !page.items.is_empty() {
                    deliveries::insert_many(tx, &[&delivery]).await?;
                    let job = process_job(&delivery.organisation_id, delivery.id.as_str(), delivery.origin);
                    connectors.engine.enqueue(tx, job).await?;
                }
                connectors.tell_progress(tx, &run, &delivery.workspace_id);
                Ok(true)
            })
        });
        Ok(if stored.await? { outcome } else { PageOutcome::Gone })
    }

    /// Cancels a stretch whose source was removed.
    async fn end_removed(&self, tx: &mut Tx, run: &PullRun) -> Result<()> {
        let of = (&run.organisation_id, &run.id);
        queries::lock(tx, &run.organisation_id, &run.backfill_id).await?;
        stretches::set_status(tx, of, "cancelled", Some("the source was removed"), Some(self.clock.now())).await?;
        self.end_if_last(tx, &Caller::system(run.organisation_id.clone()), run).await
    }
}

/// The delivery that a page becomes.
fn delivery(run: &PullRun, source: Source, page: &HistoryPage, now: Timestamp) -> Delivery {
    Delivery {
        id: DeliveryId::new(now),
        organisation_id: source.organisation_id,
        workspace_id: source.workspace_id,
        source_id: source.id,
        provider: source.provider,
        delivery_id: format!("pull:{}:{}", run.id, run.pages),
        event: format!("pull:{}", run.kind),
        headers: Vec::new(),
        body: normalisation::page_body(&page.items),
        received_at: now,
        origin: run.mode.origin(),
    }
}
