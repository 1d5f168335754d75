//! Reads from the table: the runs that the machine requests, and the runs that messages name.

use std::time::{Duration, Instant};

use super::{Node, POLL};
use crate::run::{Run, RunId};
use crate::store::{flow, lease, runs};

/// The number of rows per read.
const PAGE: i64 = 1_000;
/// The pause after a failed read.
const REST: Duration = Duration::from_millis(250);
/// The number of pages that are read before the loop handles messages again.
const PAGES: usize = 8;

impl Node {
    /// Scans ahead, refills lanes, and reads runs that were changed.
    pub(super) async fn load_what_is_wanted(&mut self) {
        if self.blind_until.is_some_and(|until| until > Instant::now()) {
            return;
        }
        self.blind_until = None;
        if self.life.owned() == 0 {
            return;
        }
        for id in std::mem::take(&mut self.touched) {
            self.load_one(id).await;
        }
        for _ in 0..PAGES {
            if !self.scan().await {
                break;
            }
        }
        for lane in self.core.wanted() {
            self.load_lane(lane).await;
        }
        if self.life.pauses_are_stale {
            self.read_pauses().await;
        }
    }

    /// Reads one page at the cursor. Returns `true` if there may be another.
    async fn scan(&mut self) -> bool {
        let now = self.now();
        let Some(((at, id), until)) = self.core.to_scan(now) else { return false };
        let (id, owned) = (id.to_owned(), self.life.owned());
        let page = self
            .shared
            .engine
            .db
            .read(move |tx| Box::pin(async move { runs::scan(tx, (at, &id), until, owned, PAGE).await }));
        match page.await {
            Ok(rows) => {
                let is_last = (rows.len() as i64) < PAGE;
                self.core.scanned(rows, is_last.then_some(until), now);
                !is_last
            }
            Err(error) => self.could_not_load(&error),
        }
    }

    async fn load_lane(&mut self, lane: i64) {
        let (now, owned, limit) = (self.now(), self.life.owned(), self.core.lane_page());
        let page = self
            .shared
            .engine
            .db
            .read(move |tx| Box::pin(async move { runs::of_lane(tx, lane, now, owned, limit).await }));
        match page.await {
            Ok((rows, is_all)) => self.core.lane_loaded(lane, rows, is_all, now),
            Err(error) => {
                self.could_not_load(&error);
                self.core.lane_failed(lane);
            }
        }
    }

    /// Reloads a run that another party changed, or frees the slots of one that was ended.
    async fn load_one(&mut self, id: RunId) {
        let (owned, wanted) = (self.life.owned(), id.clone());
        let row = self.shared.engine.db.read(move |tx| Box::pin(async move { runs::any(tx, &wanted).await })).await;
        let now = self.now();
        match row {
            Ok(Some(run)) if run.status.is_active() && owned >> run.shard & 1 == 1 => self.core.reload(run, now),
            Ok(Some(run)) => self.core.let_go(&run),
            Ok(None) => {}
            Err(error) => {
                self.could_not_load(&error);
                self.touched.push(id);
            }
        }
    }

    /// Takes the nudges for this node's shards.
    pub(super) async fn look_around(&mut self) {
        self.life.pauses_are_stale = true;
        loop {
            let owned = self.life.owned();
            let nudged = self
                .shared
                .engine
                .db
                .write(move |tx| Box::pin(async move { lease::take_nudges(tx, owned, PAGE).await }));
            match nudged.await {
                Ok(nudged) => {
                    let many = nudged.len() as i64;
                    nudged.into_iter().for_each(|id| self.touch(id));
                    if many < PAGE {
                        return;
                    }
                }
                Err(error) => {
                    self.could_not_load(&error);
                    // The nudges may have been deleted although the answer was lost.
                    self.sweep_at.get_or_insert(Instant::now() + POLL);
                    return;
                }
            }
        }
    }

    pub(super) async fn look_around_if(&mut self, has_peers: bool) {
        if has_peers && self.life.has_not_looked_for_a_while() {
            self.look_around().await;
        }
    }

    /// Restores the slots of runs in these shards that have held them since an earlier life.
    pub(super) async fn restore_holders(&mut self, shards: Vec<i64>) -> campanile_db::Result<()> {
        let held = self.shared.engine.db.read(move |tx| {
            Box::pin(async move {
                let mut held: Vec<Run> = Vec::new();
                for shard in shards {
                    held.append(&mut runs::holding(tx, shard).await?);
                }
                Ok::<_, campanile_db::Error>(held)
            })
        });
        held.await?.iter().for_each(|run| self.core.hold(run));
        Ok(())
    }

    /// Restores the throttle usage of earlier owners.
    pub(super) async fn restore_throttles(&mut self) -> campanile_db::Result<()> {
        let now = self.now();
        let used =
            self.shared.engine.db.read(move |tx| Box::pin(async move { flow::throttles(tx, now).await })).await?;
        used.into_iter().for_each(|(key, tat)| self.core.restore_throttle(key, tat));
        Ok(())
    }

    /// Pauses reads for a moment after a failed one.
    fn could_not_load(&mut self, error: &campanile_db::Error) -> bool {
        tracing::warn!(%error, "work could not be loaded; it will be tried again");
        self.blind_until = Some(Instant::now() + REST);
        false
    }
}
