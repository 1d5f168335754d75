//! Profiles: what each actor did in a workspace, counted in the transaction that stores the
//! observation.
//!
//! A profile is one row, read and written under the lock of its workspace: the [counts](Counts) of
//! the actor, and the times of their first and last observation. Removed observations are taken away
//! from it. A profile of a version without counts is counted by the hourly chore; until then only the
//! number of its observations is right.

mod counts;
mod queries;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::EventActor;
use campanile_base::{Result, Timestamp};
use campanile_db::{Db, Tx};

use crate::observations::Draft;

pub use counts::HOURS;
pub(crate) use counts::{Counted, Counts, day};
pub(crate) use queries::{of_actors, recent};

/// The profiles that the chore counts in one go.
const TOGETHER: i64 = 200;
/// The observations that the chore reads at a time.
const ROWS: i64 = 2_000;
/// A profile that changes while it is counted is tried so often, and again an hour later.
const TRIES: u32 = 3;

/// A profile as stored.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) actor_id: String,
    pub(crate) name: String,
    pub(crate) observations: i64,
    /// `None` before a profile of an earlier version is counted.
    pub(crate) counts: Option<Counts>,
    pub(crate) first_seen_at: Option<Timestamp>,
    pub(crate) last_active_at: Timestamp,
}

/// An observation that is gone, or that turned out to be another actor's.
#[derive(Debug)]
pub(crate) struct Removed {
    pub(crate) actor_id: String,
    pub(crate) provider: String,
    pub(crate) event_type: String,
    pub(crate) topics: Vec<String>,
    pub(crate) occurred_at: Timestamp,
}

impl Removed {
    fn counted(&self) -> Counted<'_> {
        Counted {
            provider: &self.provider,
            event_type: &self.event_type,
            topics: &self.topics,
            occurred_at: self.occurred_at,
        }
    }
}

/// New observations of one actor.
#[derive(Debug)]
struct Activity<'o> {
    name: &'o str,
    email: Option<&'o str>,
    counted: Vec<Counted<'o>>,
}

impl<'o> Activity<'o> {
    fn of(actor: &'o EventActor) -> Self {
        Self { name: &actor.name, email: actor.email.as_deref(), counted: Vec::new() }
    }

    fn times(&self) -> impl Iterator<Item = Timestamp> {
        self.counted.iter().map(|one| one.occurred_at)
    }
}

/// Counts new observations for their actors. The caller holds the lock of the workspace.
pub(crate) async fn record(tx: &mut Tx, workspace: &WorkspaceId, drafts: &[Draft<'_>]) -> Result<()> {
    let mut by_actor: BTreeMap<&str, Activity<'_>> = BTreeMap::new();
    for observation in drafts.iter().map(|draft| &draft.observation) {
        let Some(actor) = &observation.actor else { continue };
        let activity = by_actor.entry(&actor.actor_id).or_insert_with(|| Activity::of(&actor.told));
        activity.name = &actor.told.name;
        activity.email = actor.told.email.as_deref().or(activity.email);
        activity.counted.push(Counted {
            provider: &observation.provider,
            event_type: &observation.event_type,
            topics: &observation.topics,
            occurred_at: observation.occurred_at,
        });
    }
    Ok(count(tx, workspace, by_actor).await?)
}

async fn count(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    by_actor: BTreeMap<&str, Activity<'_>>,
) -> campanile_db::Result<()> {
    let actors: Vec<&str> = by_actor.keys().copied().collect();
    let mut known = queries::counts_of(tx, workspace, &actors).await?;
    let rows = by_actor.into_iter().map(|(actor, activity)| {
        let counts = match known.remove(actor) {
            // Of an earlier version: the chore counts it.
            Some(None) => None,
            known => {
                let mut counts = known.flatten().unwrap_or_default();
                activity.counted.iter().for_each(|one| counts.add(one));
                Some(counts)
            }
        };
        (actor, activity, counts)
    });
    let rows: Vec<(&str, Activity<'_>, Option<Counts>)> = rows.collect();
    queries::upsert(tx, workspace, &rows).await
}

/// Moves observations to the actor who turned out to have caused them. The caller holds the lock of
/// the workspace, and stores the actor of the observations.
pub(crate) async fn move_to(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    moved: &[Removed],
    actor_id: &str,
    actor: &EventActor,
) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let activity = Activity { counted: moved.iter().map(Removed::counted).collect(), ..Activity::of(actor) };
    count(tx, workspace, BTreeMap::from([(actor_id, activity)])).await?;
    forget(tx, workspace.as_str(), moved).await?;
    Ok(())
}

/// Takes observations away from their profiles, after their rows are gone or have another actor. The
/// caller holds the lock of the workspace.
pub(crate) async fn forget(tx: &mut Tx, workspace: &str, removed: &[Removed]) -> campanile_db::Result<()> {
    let workspace = WorkspaceId::from(workspace.to_owned());
    let mut by_actor: BTreeMap<&str, Vec<&Removed>> = BTreeMap::new();
    for one in removed {
        by_actor.entry(&one.actor_id).or_default().push(one);
    }
    let actors: Vec<&str> = by_actor.keys().copied().collect();
    let mut known = queries::counts_of(tx, &workspace, &actors).await?;
    for (actor, gone) in by_actor {
        let Some(counts) = known.remove(actor) else { continue };
        let counts = counts.map(|mut counts| {
            gone.iter().for_each(|one| counts.take_away(&one.counted()));
            counts
        });
        let times = queries::times(tx, &workspace, actor).await?;
        queries::lessen(tx, &workspace, actor, gone.len() as i64, counts.as_ref(), times).await?;
        queries::delete_empty(tx, &workspace, actor).await?;
    }
    Ok(())
}

/// Counts the profiles of an earlier version: some of them, the next time the others.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn count_earlier(db: &Db) -> Result<()> {
    let uncounted = db.read(|tx| Box::pin(async move { queries::uncounted(tx, TOGETHER).await })).await?;
    for (workspace, actor) in uncounted {
        for _ in 0..TRIES {
            if count_anew(db, &workspace, &actor).await? {
                break;
            }
        }
    }
    Ok(())
}

/// Counts all observations of an actor without holding up others. Returns false if there came new
/// ones meanwhile.
async fn count_anew(db: &Db, workspace: &WorkspaceId, actor: &str) -> Result<bool> {
    let state = async || {
        let (workspace, actor) = (workspace.clone(), actor.to_owned());
        db.read(move |tx| Box::pin(async move { queries::state(tx, &workspace, &actor).await })).await
    };
    let Some(before) = state().await? else { return Ok(true) };
    let (mut counts, mut number, mut first) = (Counts::default(), 0_i64, None);
    let mut from = (Timestamp::from_micros(i64::MIN), String::new());
    loop {
        let (of, whose, after) = (workspace.clone(), actor.to_owned(), from.clone());
        let rows =
            db.read(move |tx| Box::pin(async move { queries::observations(tx, &of, &whose, &after, ROWS).await }));
        let rows: Vec<(String, Removed)> = rows.await?;
        let is_last = (rows.len() as i64) < ROWS;
        for (id, row) in rows {
            counts.add(&row.counted());
            number += 1;
            first.get_or_insert(row.occurred_at);
            from = (row.occurred_at, id);
        }
        if is_last {
            break;
        }
    }
    let (of, whose) = (workspace.clone(), actor.to_owned());
    let stored = db.write(move |tx| {
        Box::pin(async move {
            tx.lock(of.as_str()).await?;
            if queries::state(tx, &of, &whose).await?.is_some_and(|now| now != before) {
                return Ok::<_, campanile_db::Error>(false);
            }
            queries::set_counts(tx, &of, &whose, &counts, number, first).await?;
            queries::delete_empty(tx, &of, &whose).await?;
            Ok(true)
        })
    });
    Ok(stored.await?)
}
