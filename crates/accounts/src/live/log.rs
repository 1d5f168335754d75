//! The log of live events: writes what this node announces, and passes on what all nodes wrote.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use campanile_base::Result;
use campanile_db::{Db, Engine, Tx};
use tokio::sync::mpsc;

use super::{Announcement, Live, LiveEvent, LiveEventKind, queries};
use crate::OrganisationId;

/// The bell that nodes ring when they have written.
const BELL: &str = "campanile_live";
/// The time for which announcements gather.
const GATHER: Duration = Duration::from_millis(50);
/// The time after which the log is read without a bell.
const LOOK: Duration = Duration::from_secs(1);
/// The newest events of an organisation, which are kept.
const KEPT: i64 = 1_000;
/// The events of an organisation that are written at a time. Where there are more, one says that
/// everything must be loaded again.
const AT_ONCE: usize = 200;
/// The announcements that are taken at a time.
const TAKEN: usize = 16_384;

/// The events that a watcher has missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// These, in order, up to the number of the newest one.
    Events(Vec<LiveEvent>, i64),
    /// More than the log has, or the number is of another log. The newest event has this number.
    TooOld(i64),
}

/// The events behind a number.
///
/// # Errors
/// `Unavailable`.
pub async fn missed(db: &Db, organisation: &OrganisationId, last: Option<i64>) -> Result<Missed> {
    let organisation = organisation.clone();
    let read = db.read(move |tx| {
        Box::pin(async move {
            // The number first: all events up to it are visible with it.
            let newest = queries::newest(tx, &organisation).await?;
            let Some(last) = last.filter(|last| (0..=newest).contains(last) && newest - last <= KEPT) else {
                return Ok(Missed::TooOld(newest));
            };
            let events = queries::since(tx, &organisation, (last, newest), KEPT).await?;
            let is_whole = events.len() as i64 == newest - last;
            Ok::<_, campanile_db::Error>(match is_whole {
                true => Missed::Events(events, newest),
                false => Missed::TooOld(newest),
            })
        })
    });
    Ok(read.await?)
}

/// Writes what is announced on this node, and passes on what all nodes wrote, until it is told to stop.
pub async fn keep(db: Db, live: Live) {
    let inbox = live.0.inbox.lock().expect("nobody panics while they hold it").take();
    let Some(mut inbox) = inbox else { return };
    begin(&db).await;
    let bell = db.bell(BELL);
    let mut waiting = Vec::new();
    loop {
        let is_stopping = tokio::select! {
            taken = inbox.recv_many(&mut waiting, TAKEN), if waiting.is_empty() => {
                if taken > 0 {
                    tokio::time::sleep(GATHER).await;
                }
                false
            }
            // The database was away.
            () = tokio::time::sleep(LOOK), if !waiting.is_empty() => false,
            () = bell.rung() => false,
            () = live.0.wake.notified() => false,
            () = tokio::time::sleep(LOOK), if db.engine() == Engine::Postgres => false,
            () = live.0.stop.notified() => true,
        };
        take_more(&mut inbox, &mut waiting);
        write(&db, &live, &mut waiting).await;
        follow(&db, &live).await;
        if is_stopping {
            return;
        }
    }
}

fn take_more(inbox: &mut mpsc::Receiver<Announcement>, waiting: &mut Vec<Announcement>) {
    while waiting.len() < TAKEN
        && let Ok(one) = inbox.try_recv()
    {
        waiting.push(one);
    }
}

/// Tells everybody to load their data again: an earlier life of this node may have ended before it wrote
/// its last events.
async fn begin(db: &Db) {
    let marked = db.write(|tx| {
        Box::pin(async move {
            queries::take_number_of_all(tx).await?;
            queries::insert_again_of_all(tx).await
        })
    });
    if let Err(error) = marked.await {
        tracing::warn!(%error, "streams could not be told of the start");
    }
}

/// Writes announcements. While the database is away they wait; when there are too many, only that they
/// are missing is written later.
async fn write(db: &Db, live: &Live, waiting: &mut Vec<Announcement>) {
    let overflowed = std::mem::take(&mut *live.0.overflowed.lock().expect("nobody panics while they hold it"));
    if waiting.is_empty() && overflowed.is_empty() {
        return;
    }
    let mut by_organisation: BTreeMap<OrganisationId, Vec<Announcement>> = BTreeMap::new();
    for one in waiting.iter().cloned() {
        by_organisation.entry(one.organisation.clone()).or_default().push(one);
    }
    for organisation in &overflowed {
        let again = again(organisation);
        by_organisation.entry(organisation.clone()).or_default().push(again);
    }
    // In order of the organisations, so that two nodes do not wait for each other.
    let written = db.write(move |tx| {
        Box::pin(async move {
            for (organisation, announced) in by_organisation {
                write_of(tx, &organisation, announced).await?;
            }
            Ok::<_, campanile_db::Error>(())
        })
    });
    match written.await {
        Ok(()) => {
            waiting.clear();
            let _ = db.ring(BELL).await;
        }
        Err(error) => {
            tracing::warn!(%error, "live events could not be written");
            live.0.overflowed.lock().expect("nobody panics while they hold it").extend(overflowed);
            if waiting.len() >= TAKEN {
                let organisations: HashSet<_> = waiting.drain(..).map(|one| one.organisation).collect();
                live.0.overflowed.lock().expect("nobody panics while they hold it").extend(organisations);
            }
        }
    }
}

fn again(organisation: &OrganisationId) -> Announcement {
    let (organisation, id) = (organisation.clone(), String::new());
    Announcement { organisation, workspace: None, user: None, kind: LiveEventKind::Again, id }
}

async fn write_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    announced: Vec<Announcement>,
) -> campanile_db::Result<()> {
    let mut announced = gathered(announced);
    keep_own(tx, organisation, &mut announced).await?;
    if announced.is_empty() {
        return Ok(());
    }
    if announced.len() > AT_ONCE || announced.iter().any(|one| one.kind == LiveEventKind::Again) {
        announced = vec![again(organisation)];
    }
    let next = queries::take_numbers(tx, organisation, announced.len() as i64).await?;
    let numbers = next - announced.len() as i64..;
    let events = numbers.zip(announced).map(|(seq, one)| LiveEvent {
        seq,
        workspace: one.workspace,
        user: one.user,
        kind: one.kind,
        id: one.id,
    });
    queries::insert(tx, organisation, &events.collect::<Vec<_>>()).await?;
    queries::trim(tx, organisation, next - 1 - KEPT).await.map(drop)
}

/// The announcements without repeats. Of attempts, and of notifications to the same reader, the last one
/// stands for all.
fn gathered(announced: Vec<Announcement>) -> Vec<Announcement> {
    let mut seen = HashSet::new();
    let mut kept: Vec<Announcement> = announced
        .into_iter()
        .rev()
        .filter(|one| {
            let stands_for_all = matches!(one.kind, LiveEventKind::Attempt | LiveEventKind::Notification);
            let id = if stands_for_all { String::new() } else { one.id.clone() };
            seen.insert((one.kind, one.workspace.clone(), one.user.clone(), id))
        })
        .collect();
    kept.reverse();
    kept
}

/// Leaves out notifications that are neither of a workspace nor of a member: a customer's users are
/// nobody's concern here.
async fn keep_own(
    tx: &mut Tx,
    organisation: &OrganisationId,
    announced: &mut Vec<Announcement>,
) -> campanile_db::Result<()> {
    let is_notice = |one: &&Announcement| one.kind == LiveEventKind::Notification;
    let distinct = |of: fn(&Announcement) -> Option<String>| {
        let mut all: Vec<String> = announced.iter().filter(is_notice).filter_map(of).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (tenants, users) = (distinct(|one| one.workspace.clone()), distinct(|one| one.user.clone()));
    let mut workspaces: HashSet<String> = HashSet::new();
    for some in tenants.chunks(AT_ONCE) {
        workspaces.extend(queries::workspaces_among(tx, organisation, some).await?);
    }
    let mut members: HashSet<String> = HashSet::new();
    for some in users.chunks(AT_ONCE) {
        members.extend(queries::members_among(tx, organisation, some).await?);
    }
    announced.retain_mut(|one| {
        if one.kind != LiveEventKind::Notification {
            return true;
        }
        one.workspace = one.workspace.take().filter(|tenant| workspaces.contains(tenant));
        one.user = one.user.take().filter(|user| members.contains(user));
        one.workspace.is_some() || one.user.is_some()
    });
    Ok(())
}

/// Passes the events on that were written since the last time, of the organisations that are watched here.
async fn follow(db: &Db, live: &Live) {
    for (organisation, last) in live.positions() {
        let of = organisation.clone();
        let read = db.read(move |tx| Box::pin(async move { queries::since(tx, &of, (last, i64::MAX), KEPT).await }));
        match read.await {
            Ok(events) => {
                let is_whole = events.first().is_none_or(|first| first.seq == last + 1);
                let gap = |first: &LiveEvent| LiveEvent {
                    seq: first.seq - 1,
                    workspace: None,
                    user: None,
                    kind: LiveEventKind::Again,
                    id: String::new(),
                };
                let missing = events.first().filter(|_| !is_whole).map(gap);
                live.pass_on(&organisation, missing.into_iter().chain(events).collect());
            }
            Err(error) => tracing::warn!(%error, "live events could not be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(kind: LiveEventKind, id: &str) -> Announcement {
        let organisation = OrganisationId::from("org_1".to_owned());
        Announcement { organisation, workspace: Some("ws_1".into()), user: None, kind, id: id.into() }
    }

    #[test]
    fn attempts_are_told_once_and_observations_each() {
        use LiveEventKind::{Attempt, Observation};
        let all = [(Attempt, "a1"), (Observation, "o1"), (Attempt, "a2"), (Observation, "o2"), (Observation, "o1")];
        let kept = gathered(all.map(|(kind, id)| announced(kind, id)).to_vec());
        let told: Vec<&str> = kept.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(told, ["a2", "o2", "o1"]);
    }
}
