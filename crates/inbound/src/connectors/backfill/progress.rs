//! The progress of a backfill: pages are counted when they are processed, and the last one ends it.

use std::time::{Duration, Instant};

use campanile_accounts::activity::{self, Action};
use campanile_accounts::live::LiveEventKind;
use campanile_accounts::{Caller, OrganisationId, WorkspaceId};
use campanile_base::Result;
use campanile_db::Tx;
use campanile_engine::NewEvent;
use serde_json::json;

use crate::connectors::Connectors;
use crate::pulls::queries;
use crate::pulls::stretches::queries as stretches;
use crate::pulls::{PullMode, PullRun, PullRunId};

/// The event of a backfill that has ended by itself.
const COMPLETED: &str = "backfill.completed";
/// The least time between two live events of a backfill.
const PACE: Duration = Duration::from_secs(1);
/// The number of backfills whose last live event is known.
const PACED: usize = 1_000;

impl Connectors {
    /// Begins a stretch whose turn has come. `false` if it has ended meanwhile.
    pub(super) async fn begin_fetching(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        id: &PullRunId,
    ) -> Result<bool> {
        Ok(stretches::begin(tx, organisation, id, self.clock.now()).await?)
    }

    /// Ends the fetching of a stretch: all of its pages are stored, or there is a problem.
    pub(super) async fn end_fetching(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        id: &PullRunId,
        problem: Option<&str>,
    ) -> Result<()> {
        let Some(run) = stretches::find(tx, organisation, id).await? else { return Ok(()) };
        queries::lock(tx, organisation, &run.backfill_id).await?;
        let (status, finished_at) = match problem {
            Some(_) => ("failed", Some(self.clock.now())),
            None => ("fetched", None),
        };
        if !stretches::set_status(tx, (organisation, id), status, problem, finished_at).await? {
            return Ok(());
        }
        let Some(run) = stretches::find(tx, organisation, id).await? else { return Ok(()) };
        self.end_if_processed(tx, &run).await
    }

    /// Counts a page of history that was processed, with the events that were new. `is_lost` tells that
    /// it was given up. Any other delivery is left alone.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count_processed(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        delivery_id: &str,
        remembered: usize,
        is_lost: bool,
    ) -> Result<()> {
        let parts = delivery_id.strip_prefix("pull:").and_then(|rest| rest.split_once(':'));
        let Some((id, _)) = parts else { return Ok(()) };
        let id = PullRunId::from(id.to_owned());
        let Some(run) = stretches::find(tx, organisation, &id).await? else { return Ok(()) };
        queries::lock(tx, organisation, &run.backfill_id).await?;
        let remembered = i64::try_from(remembered).unwrap_or(i64::MAX);
        let counted = stretches::count_processed(tx, organisation, &id, remembered, i64::from(is_lost)).await?;
        let Some(run) = counted else { return Ok(()) };
        self.tell_progress(tx, &run, &run.workspace_id);
        self.end_if_processed(tx, &run).await
    }

    /// Ends a stretch whose pages are all fetched and processed, and the backfill with its last one.
    async fn end_if_processed(&self, tx: &mut Tx, run: &PullRun) -> Result<()> {
        if run.status == "fetched" && run.pages_processed >= run.pages {
            let lost = (run.pages_lost > 0).then(|| format!("{} pages could not be processed", run.pages_lost));
            let status = if lost.is_some() { "failed" } else { "completed" };
            let (of, now) = ((&run.organisation_id, &run.id), self.clock.now());
            stretches::set_status(tx, of, status, lost.as_deref(), Some(now)).await?;
        }
        self.end_if_last(tx, &Caller::system(run.organisation_id.clone()), run).await
    }

    /// Ends a backfill whose stretches have all ended.
    pub(super) async fn end_if_last(&self, tx: &mut Tx, by: &Caller, run: &PullRun) -> Result<()> {
        let (organisation, id) = (&run.organisation_id, &run.backfill_id);
        let (open, failed) = stretches::open_and_failed(tx, organisation, id).await?;
        if open > 0 {
            return Ok(());
        }
        let (status, reason) = match failed {
            0 => ("completed", None),
            number => ("incomplete", Some(format!("{number} stretches failed"))),
        };
        if !queries::end(tx, (organisation, id), status, reason.as_deref(), self.clock.now()).await? {
            return Ok(());
        }
        if run.mode == PullMode::Reconcile {
            return self.end_reconcile(tx, run, failed == 0).await;
        }
        let about = json!({ "connection": run.connection_id, "status": status });
        activity::record(tx, &self.clock, by, Action::BackfillFinished, id.as_str(), about).await?;
        let data = json!({ "backfill": id, "connection": run.connection_id, "status": status });
        self.engine.send(tx, NewEvent::new(COMPLETED, organisation.as_str(), &data)).await?;
        let (live, of) = (self.live.clone(), (organisation.clone(), run.workspace_id.clone(), id.clone()));
        tx.after_commit(move || live.tell(&of.0, &of.1, LiveEventKind::Backfill, of.2.as_str()));
        Ok(())
    }

    /// Tells open pages of progress after the commit, at most once a second for each backfill.
    pub(super) fn tell_progress(&self, tx: &mut Tx, run: &PullRun, workspace: &WorkspaceId) {
        let connectors = self.clone();
        let (organisation, workspace, id) = (run.organisation_id.clone(), workspace.clone(), run.backfill_id.clone());
        tx.after_commit(move || {
            let now = Instant::now();
            let mut told = connectors.told.lock().expect("nobody panics while they hold it");
            if told.get(&id).is_some_and(|last| now.duration_since(*last) < PACE) {
                return;
            }
            if told.len() >= PACED {
                told.retain(|_, last| now.duration_since(*last) < PACE);
            }
            told.insert(id.clone(), now);
            drop(told);
            connectors.live.tell(&organisation, &workspace, LiveEventKind::Backfill, id.as_str());
        });
    }
}
