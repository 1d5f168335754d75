//! The daily reconcile: a source is compared with its tool.
//!
//! It pulls what has happened since the last one, by the same stretches as a backfill. An event that is
//! new to the memory is one that no webhook and no poll has told: it is counted as missed, and rings
//! nobody, since it is no news any more. Events of the last minutes are left to those who ring. The
//! documents of the source are compared at the same time, all of them, so that what was deleted at the
//! tool goes here as well.
//!
//! Reconciles come last: behind backfills in the queue of an organisation, five of all organisations at
//! a time, and never with the calls that are reserved for other work.

use std::time::Duration;

use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Timestamp, lowest_id};
use campanile_db::Tx;
use campanile_engine::{NewEvent, Registry};

use super::super::Connectors;
use super::super::backfill::{BackfillEvent, RECONCILE_REQUESTED, workflow};
use super::{SourceInUse, TOGETHER};
use crate::pulls::stretches::queries::{self as stretches, NewStretch};
use crate::pulls::{Backfill, BackfillId, Progress, PullMode, PullRun, PullRunId, queries as pulls};
use crate::sources::SourceId;
use crate::sync::syncs::SyncCause;
use crate::upkeep::queries::{self, DueSource};
use crate::upkeep::{DAY, next_reconcile};

/// The time that the first reconcile of a source goes back, and the longest.
const FIRST: Duration = Duration::from_secs(2 * 24 * 3_600);
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);
/// The longest time that a reconcile is under way.
const UNDER_WAY: Duration = Duration::from_secs(3 * 24 * 3_600);
/// The time by which a reconcile overlaps the one before. It covers the minutes that are left to webhooks.
const OVERLAP: Duration = Duration::from_secs(3_600);

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    workflow::register_reconcile(registry, connectors);
}

impl Connectors {
    /// Begins the reconciles that are due.
    pub(super) async fn begin_due_reconciles(&self) -> Result<()> {
        let now = self.clock.now();
        let due =
            self.db.read(move |tx| Box::pin(async move { queries::due_reconciles(tx, now, TOGETHER).await })).await?;
        for DueSource { organisation, source } in due {
            let connectors = self.clone();
            let begun = self.db.write(move |tx| {
                Box::pin(async move {
                    let next = next_reconcile(source.as_str(), connectors.clock.now());
                    queries::plan_reconcile(tx, (&organisation, &source), next).await?;
                    match SourceInUse::find(tx, &organisation, &source).await? {
                        Some(in_use) => connectors.begin_reconcile(tx, &in_use).await,
                        None => Ok(()),
                    }
                })
            });
            begun.await?;
        }
        Ok(())
    }

    /// Compares a source with its tool now.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's source; `Conflict` if it is not linked, its
    /// connection is not in use, or it is being compared already.
    pub async fn reconcile(&self, caller: &Caller, id: &SourceId) -> Result<()> {
        caller.must(Permission::Configure)?;
        let (connectors, caller, id) = (self.clone(), caller.clone(), id.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let source = crate::sources::find(tx, &caller.organisation, &id).await?;
                    if source.resource.is_none() {
                        return Err(Error::conflict("a source that was set up by hand has no account to compare with"));
                    }
                    let in_use = SourceInUse::find(tx, &caller.organisation, &id).await?;
                    let in_use = in_use.ok_or_else(|| Error::conflict("the connection is not in use"))?;
                    if connectors.is_reconciled(tx, &in_use).await? {
                        return Err(Error::conflict("this source is being compared already"));
                    }
                    connectors.begin_reconcile(tx, &in_use).await
                })
            })
            .await
    }

    /// True if a reconcile of a source is under way.
    async fn is_reconciled(&self, tx: &mut Tx, SourceInUse { source, .. }: &SourceInUse) -> Result<bool> {
        let since = lowest_id("bkf", self.clock.now().minus(UNDER_WAY));
        Ok(pulls::is_reconciled(tx, &source.organisation_id, &source.id, &since).await?)
    }

    /// Begins the reconcile of a source, unless one is under way.
    async fn begin_reconcile(&self, tx: &mut Tx, in_use: &SourceInUse) -> Result<()> {
        let SourceInUse { source, resource, connection } = in_use;
        let (organisation, now) = (&source.organisation_id, self.clock.now());
        if self.is_reconciled(tx, in_use).await? {
            return Ok(());
        }
        if self.has_documents(source) {
            self.request_sync(tx, &in_use.by(), source, SyncCause::Reconcile, None).await?;
        }
        let to = queries::reconciled_to(tx, organisation, &source.id).await?;
        let since = to.map_or(now.minus(FIRST), |to| to.minus(OVERLAP).max(now.minus(LONGEST)));
        let kinds = self.remote_of(connection.provider).map(|remote| remote.kinds()).unwrap_or_default();
        let mut planned = Vec::new();
        for kind in kinds.iter().filter(|kind| kind.is_default && kind.resource == resource.kind) {
            let of = (organisation, &source.id);
            let has_history = stretches::covered_until(tx, of.0, of.1, kind.name, since).await?.is_some();
            planned.push(NewStretch {
                id: PullRunId::new(now),
                source: source.id.clone(),
                workspace: source.workspace_id.clone(),
                kind: kind.name,
                // Nothing has told what was before the link, unless a backfill has brought it along.
                since: if has_history { since } else { since.max(source.created_at) },
            });
        }
        if planned.is_empty() {
            // Only its documents are compared.
            queries::end_reconcile(tx, (organisation, &source.id), Some(now), 0, now).await?;
            return Ok(());
        }
        let days = now.since(since).as_secs().div_ceil(DAY.as_secs());
        let reconcile = Backfill {
            id: BackfillId::new(now),
            organisation_id: organisation.clone(),
            connection_id: connection.id.clone(),
            mode: PullMode::Reconcile,
            depth: i64::try_from(days).map_err(Error::internal)?,
            is_automatic: true,
            status: "active".to_owned(),
            reason: None,
            requested_by: String::new(),
            created_at: now,
            finished_at: None,
            progress: Progress::default(),
        };
        pulls::insert(tx, &reconcile).await?;
        stretches::insert(tx, &reconcile, &planned).await?;
        let data = BackfillEvent { backfill: reconcile.id.to_string(), connection: connection.id.to_string() };
        self.engine.send(tx, NewEvent::new(RECONCILE_REQUESTED, organisation.as_str(), &data)).await?;
        Ok(())
    }

    /// Ends a reconcile whose stretches have all ended. `is_whole` tells that none has failed.
    pub(in crate::connectors) async fn end_reconcile(&self, tx: &mut Tx, run: &PullRun, is_whole: bool) -> Result<()> {
        let (organisation, id) = (&run.organisation_id, &run.backfill_id);
        let missed = stretches::remembered(tx, organisation, id).await?;
        let began = pulls::created_at(tx, organisation, id).await?;
        let to: Option<Timestamp> = is_whole.then_some(began);
        queries::end_reconcile(tx, (organisation, &run.source_id), to, missed, self.clock.now()).await?;
        if missed > 0 {
            tracing::info!(source = %run.source_id, missed, "a reconcile has found events that nothing had told");
        }
        Ok(())
    }
}
