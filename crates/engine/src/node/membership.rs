//! The life of a node: its heartbeat, its shards, and the takeover from silent nodes.
//!
//! Clocks of different nodes are never compared. A node's beat is a number that grows. If a node
//! sees the same number for the whole lease time, by its own clock, it takes the other node for
//! dead and buries it. A node that finds itself buried was silent for too long. It begins a new
//! life with empty state.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use campanile_base::Timestamp;
use campanile_db::Result;

use super::Node;
use crate::Engine;
use crate::run::{Run, RunId};
use crate::store::lease::{self, SHARDS};

/// The number of heartbeats per lease time.
const BEATS: u32 = 5;

/// The state of a node's life, and its view of its peers.
pub(super) struct Membership {
    name: String,
    epoch: i64,
    lease: Duration,
    /// The owned shards, one bit each.
    owned: u64,
    /// Shards to be released when none of their runs is under way.
    leaving: u64,
    /// The time at which each shard was taken whose last owner did not leave in good order.
    inherited: HashMap<i64, Timestamp>,
    /// Suspects that were marked in this life. Each is marked once per life, since a life ends with
    /// at most one crash.
    pub(super) marked: HashSet<RunId>,
    /// The last beat of each life, and the time it was first seen.
    heard: HashMap<i64, (i64, Instant)>,
    looked: Instant,
    pub(super) paused: Vec<(String, String)>,
    pub(super) pauses_are_stale: bool,
}

impl Membership {
    pub(super) async fn begin(engine: &Engine, name: &str, lease: Duration) -> Result<Self> {
        let (node, now) = (name.to_owned(), engine.clock.now());
        let epoch = engine.db.write(move |tx| Box::pin(async move { lease::join(tx, &node, now).await })).await?;
        Ok(Self {
            name: name.to_owned(),
            epoch,
            lease,
            owned: 0,
            leaving: 0,
            inherited: HashMap::new(),
            marked: HashSet::new(),
            heard: HashMap::new(),
            looked: Instant::now(),
            paused: Vec::new(),
            pauses_are_stale: false,
        })
    }

    pub(super) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The shards whose runs may be started.
    pub(super) fn owned(&self) -> u64 {
        self.owned & !self.leaving
    }

    pub(super) fn interval(&self) -> Duration {
        self.lease / BEATS
    }

    pub(super) fn has_not_looked_for_a_while(&mut self) -> bool {
        let has_not = self.looked.elapsed() >= super::POLL;
        if has_not {
            self.looked = Instant::now();
        }
        has_not
    }

    /// True if the run existed when the last owner of its shard died, and is not marked yet.
    pub(super) fn suspects(&self, run: &Run) -> bool {
        let is_new = !run.is_duty() && !self.marked.contains(&run.id);
        is_new && self.inherited.get(&run.shard).is_some_and(|taken| run.queued_at < *taken)
    }

    /// The time until which a suspect waits, so that other runs start first.
    pub(super) fn rests_until(&self, run: &Run) -> Option<Timestamp> {
        let (most, wait) = super::CRASHES_TO_WAIT;
        let taken = self.inherited.get(&run.shard).filter(|_| run.crashes >= most)?;
        Some(taken.plus(wait * (run.crashes - most + 1)))
    }

    pub(super) async fn leave(&self, engine: &Engine) -> Result<()> {
        let epoch = self.epoch;
        engine.db.write(move |tx| Box::pin(async move { lease::leave(tx, epoch).await })).await
    }

    /// Other lives that have been silent for the lease time.
    fn silent(&mut self, beats: &[(i64, i64)]) -> Vec<i64> {
        let (now, epoch, ttl) = (Instant::now(), self.epoch, self.lease);
        self.heard.retain(|known, _| beats.iter().any(|(life, _)| life == known));
        let mut silent = Vec::new();
        for (life, beat) in beats.iter().filter(|(life, _)| *life != epoch) {
            let heard = self.heard.entry(*life).or_insert((*beat, now));
            match heard.0 == *beat {
                true if now.duration_since(heard.1) >= ttl => silent.push(*life),
                true => {}
                false => *heard = (*beat, now),
            }
        }
        silent
    }
}

impl Node {
    /// Sends a heartbeat, buries silent nodes, takes free shards and releases surplus ones.
    pub(super) async fn keep_alive(&mut self) {
        if let Err(error) = self.try_to_keep_alive().await {
            // Completions are fenced, so working on without the database is safe.
            tracing::warn!(%error, "the lease could not be renewed");
        }
    }

    async fn try_to_keep_alive(&mut self) -> Result<()> {
        let (db, epoch) = (self.shared.engine.db.clone(), self.life.epoch);
        let (lives, beats) = db
            .write(move |tx| {
                Box::pin(async move {
                    let lives = lease::beat(tx, epoch).await?;
                    Ok::<_, campanile_db::Error>((lives, lease::beats(tx).await?))
                })
            })
            .await?;
        if !lives {
            return self.begin_anew().await;
        }
        let silent = self.life.silent(&beats);
        let others = beats.len() - silent.len();
        for life in silent {
            tracing::warn!(life, "a node has gone silent; its work is taken over");
            db.write(move |tx| Box::pin(async move { lease::declare_dead(tx, life).await })).await?;
        }
        self.share_out(others.max(1)).await
    }

    /// Takes free shards up to a fair share, and releases those above it.
    async fn share_out(&mut self, nodes: usize) -> Result<()> {
        let db = self.shared.engine.db.clone();
        let leases = db.read(|tx| Box::pin(async move { lease::leases(tx).await })).await?;
        let mut mine: Vec<i64> = leases.iter().filter(|l| l.epoch == self.life.epoch).map(|l| l.shard).collect();
        let share = (SHARDS as usize).div_ceil(nodes);
        self.life.leaving &= mask_of(&mine);
        if mine.len() > share {
            self.life.leaving = mask_of(&mine[share..]);
            self.place_is(self.life.owned & mask_of(&mine));
            return self.free_what_is_idle().await;
        }
        if self.life.leaving != 0 {
            // Shards about to be released are kept after all, so the forgotten runs must be read
            // again.
            self.life.leaving = 0;
            self.core.catch_up(self.now());
        }
        let free = leases.iter().filter(|lease| lease.epoch == 0).take(share - mine.len());
        let wanted: Vec<i64> = free.map(|lease| lease.shard).collect();
        if !wanted.is_empty() {
            mine.extend(self.take(wanted).await?);
        }
        let unclean: Vec<i64> = leases.iter().filter(|lease| !lease.clean).map(|lease| lease.shard).collect();
        self.settle_in(mask_of(&mine), mask_of(&unclean)).await
    }

    async fn take(&mut self, wanted: Vec<i64>) -> Result<Vec<i64>> {
        let epoch = self.life.epoch;
        let taken = self.shared.engine.db.write(move |tx| {
            Box::pin(async move {
                match lease::still_lives(tx, epoch).await? {
                    true => lease::take(tx, &wanted, epoch).await,
                    false => Ok(Vec::new()),
                }
            })
        });
        taken.await
    }

    /// Starts work on newly taken shards. First it restores the held slots and the throttle usage
    /// that earlier owners left; no run of these shards starts before that.
    async fn settle_in(&mut self, mine: u64, unclean: u64) -> Result<()> {
        let gained = mine & !self.life.owned;
        if gained != 0 {
            tracing::info!(
                node = self.life.name,
                epoch = self.life.epoch,
                shards = gained.count_ones(),
                "this node takes shards over"
            );
            self.restore_holders(shards_of(gained)).await?;
            self.restore_throttles().await?;
            let now = self.now();
            self.life.inherited.extend(shards_of(gained & unclean).into_iter().map(|shard| (shard, now)));
        }
        self.place_is(mine);
        if gained != 0 {
            self.core.catch_up(self.now());
        }
        Ok(())
    }

    /// Releases shards that have no run under way, so that no run executes twice.
    async fn free_what_is_idle(&mut self) -> Result<()> {
        let idle = self.life.leaving & !self.core.busy_shards();
        let shards = shards_of(idle);
        if shards.is_empty() {
            return Ok(());
        }
        let (epoch, freed) = (self.life.epoch, shards.clone());
        self.shared.engine.db.write(move |tx| Box::pin(async move { lease::free(tx, &freed, epoch).await })).await?;
        tracing::info!(node = self.life.name, shards = shards.len(), "this node gives shards away");
        self.life.inherited.retain(|shard, _| !shards.contains(shard));
        self.life.leaving &= !idle;
        self.place_is(self.life.owned & !idle);
        // The next owner counts the slots held by runs of those shards.
        self.core.forget_holders();
        let restored = self.restore_holders(shards_of(self.life.owned)).await;
        if restored.is_err() {
            // Without the holders, limits would not hold. So all shards are taken anew.
            self.place_is(0);
        }
        restored
    }

    /// Begins a new life after a burial: the work of the old life now belongs to other nodes.
    async fn begin_anew(&mut self) -> Result<()> {
        tracing::warn!(node = self.life.name, "this node was taken for dead; it begins anew");
        self.place_is(0);
        self.life = Membership::begin(&self.shared.engine, &self.life.name, self.life.lease).await?;
        self.shared.epoch.store(self.life.epoch, Ordering::Relaxed);
        self.core = crate::machine::Core::new(super::limits(self.shared.engine.catalogue()), super::BOUNDS);
        self.life.pauses_are_stale = true;
        // Runs under way belong to the old life, and may stop.
        self.underway.drain().for_each(|(_, look)| look.notify_one());
        Ok(())
    }

    fn place_is(&mut self, owned: u64) {
        self.life.owned = owned;
        self.shared.engine.place.owned.store(self.life.owned(), Ordering::Relaxed);
        self.core.own(self.life.owned());
    }
}

fn mask_of(shards: &[i64]) -> u64 {
    shards.iter().fold(0, |mask, shard| mask | 1 << shard)
}

fn shards_of(mask: u64) -> Vec<i64> {
    (0..i64::from(SHARDS)).filter(|shard| mask >> shard & 1 == 1).collect()
}
