//! Live events: tells watchers in an organisation about data that was just committed, on every node.
//!
//! An event is a hint, not a record: a watcher that falls behind is told to load the data again.
//! Events are announced only after a commit, so the data is there when a watcher reads it. A
//! notification is announced if its tenant is a workspace, or its recipient is a member.
//!
//! # The log
//! Announced events gather for a moment, and one task of the node [writes it into the log](log): the newest
//! thousand events of each organisation, numbered in order. The same task reads the log, told by a bell of
//! what other nodes wrote, and passes it on to the watchers of this node. So all watchers hear the same events
//! in the same order, and one that comes back with the number of its last event gets those that it missed.
//! Where the log does not reach back, it is told so.
//!
//! Events that were announced in the moment before a crash are lost. So a node begins with an event for
//! everybody to load their data again.

pub mod log;
mod queries;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, mpsc};

use crate::{OrganisationId, PersonId, WorkspaceId};

/// The number of events that a watcher may fall behind.
const BACKLOG: usize = 1_024;
/// The number of events that may wait to be written.
const OUTBOX: usize = 16_384;

/// New data in an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveEvent {
    /// Its number in the organisation.
    #[serde(skip)]
    pub seq: i64,
    /// The workspace that it belongs to.
    pub workspace: Option<String>,
    /// The member whom it is for.
    #[serde(skip)]
    pub user: Option<String>,
    /// The kind of data.
    pub kind: LiveEventKind,
    /// The id of the data.
    pub id: String,
}

/// The kinds of data that are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum LiveEventKind {
    Delivery,
    Document,
    Observation,
    Notification,
    Attempt,
    Backfill,
    /// Events are missing here: everything must be loaded again.
    Again,
}

impl LiveEventKind {
    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Document => "document",
            Self::Observation => "observation",
            Self::Notification => "notification",
            Self::Attempt => "attempt",
            Self::Backfill => "backfill",
            Self::Again => "again",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::Delivery,
            Self::Document,
            Self::Observation,
            Self::Notification,
            Self::Attempt,
            Self::Backfill,
            Self::Again,
        ];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// An event that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Announcement {
    organisation: OrganisationId,
    /// A workspace, or a tenant that may be one.
    workspace: Option<String>,
    /// A user, who may be a member.
    user: Option<String>,
    kind: LiveEventKind,
    id: String,
}

/// The place where events are announced and received. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub struct Live(Arc<Hub>);

#[derive(Debug)]
struct Hub {
    watched: Mutex<HashMap<OrganisationId, Watched>>,
    outbox: mpsc::Sender<Announcement>,
    /// Until the log takes it.
    inbox: Mutex<Option<mpsc::Receiver<Announcement>>>,
    /// Organisations of which events did not fit into the outbox.
    overflowed: Mutex<HashSet<OrganisationId>>,
    /// Wakes the log.
    wake: Notify,
    stop: Notify,
}

/// An organisation with at least one watcher.
#[derive(Debug)]
struct Watched {
    news: broadcast::Sender<LiveEvent>,
    /// The number of the last event that was passed on; `None` until a watcher has read the log.
    last: Option<i64>,
}

impl Default for Live {
    fn default() -> Self {
        let (outbox, inbox) = mpsc::channel(OUTBOX);
        Self(Arc::new(Hub {
            watched: Mutex::default(),
            outbox,
            inbox: Mutex::new(Some(inbox)),
            overflowed: Mutex::default(),
            wake: Notify::new(),
            stop: Notify::new(),
        }))
    }
}

impl Live {
    /// Announces data of a workspace.
    pub fn tell(&self, organisation: &OrganisationId, workspace: &WorkspaceId, kind: LiveEventKind, id: &str) {
        self.announce(organisation, Some(workspace.as_str()), None, kind, id);
    }

    /// Announces a notification, to the workspace if its tenant is one, and to its recipient if that is a
    /// member.
    pub fn tell_message(&self, organisation: &OrganisationId, tenant: Option<&str>, user: Option<&str>, id: &str) {
        if tenant.or(user).is_some() {
            self.announce(organisation, tenant, user, LiveEventKind::Notification, id);
        }
    }

    fn announce(
        &self,
        organisation: &OrganisationId,
        workspace: Option<&str>,
        user: Option<&str>,
        kind: LiveEventKind,
        id: &str,
    ) {
        let announcement = Announcement {
            organisation: organisation.clone(),
            workspace: workspace.map(str::to_owned),
            user: user.map(str::to_owned),
            kind,
            id: id.to_owned(),
        };
        if self.0.outbox.try_send(announcement).is_err() {
            self.0.overflowed.lock().expect("nobody panics while they hold it").insert(organisation.clone());
        }
    }

    /// Starts to listen to an organisation, as a member or as a program. The listener hears the events behind
    /// the number that it [begins at](Listener::begin_at).
    pub fn listen(&self, organisation: &OrganisationId, member: Option<&PersonId>) -> Listener {
        let mut all = self.watched();
        let watched = all
            .entry(organisation.clone())
            .or_insert_with(|| Watched { news: broadcast::channel(BACKLOG).0, last: None });
        let news = watched.news.subscribe();
        drop(all);
        let (live, organisation) = (self.clone(), organisation.clone());
        Listener { live, organisation, member: member.map(ToString::to_string), heard: 0, news: Some(news) }
    }

    /// Has the log write what was announced, and end.
    pub fn stop(&self) {
        self.0.stop.notify_one();
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<OrganisationId, Watched>> {
        self.0.watched.lock().expect("nobody panics while they hold the watched")
    }

    /// The watched organisations, each with the number of the last event that was passed on.
    fn positions(&self) -> Vec<(OrganisationId, i64)> {
        let all = self.watched();
        all.iter().filter_map(|(organisation, watched)| Some((organisation.clone(), watched.last?))).collect()
    }

    /// Passes events of an organisation on, in order.
    fn pass_on(&self, organisation: &OrganisationId, events: Vec<LiveEvent>) {
        if let Some(watched) = self.watched().get_mut(organisation) {
            for event in events {
                watched.last = Some(event.seq);
                let _ = watched.news.send(event);
            }
        }
    }
}

/// A watcher. It stops when it is dropped.
#[derive(Debug)]
pub struct Listener {
    live: Live,
    organisation: OrganisationId,
    member: Option<String>,
    /// The number of the last event that it has heard of.
    heard: i64,
    /// Present until the drop.
    news: Option<broadcast::Receiver<LiveEvent>>,
}

impl Listener {
    /// Hears the events behind this number from now on. The caller has read the log up to it.
    pub fn begin_at(&mut self, seq: i64) {
        self.heard = seq;
        if let Some(watched) = self.live.watched().get_mut(&self.organisation) {
            watched.last.get_or_insert(seq);
        }
        self.live.0.wake.notify_one();
    }

    /// True if this watcher may hear of an event.
    pub fn may_hear(&self, event: &LiveEvent) -> bool {
        event.workspace.is_some()
            || event.kind == LiveEventKind::Again
            || (event.user.is_some() && event.user == self.member)
    }

    /// The number of the last event that it has heard of.
    pub fn heard(&self) -> i64 {
        self.heard
    }

    /// The next event for this listener; `None` if some were missed and the data must be loaded
    /// again.
    pub async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            match self.news.as_mut()?.recv().await {
                Ok(one) if one.seq <= self.heard => {}
                Ok(one) => {
                    self.heard = one.seq;
                    if self.may_hear(&one) {
                        return Some(one).filter(|one| one.kind != LiveEventKind::Again);
                    }
                }
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut all = self.live.watched();
        self.news = None;
        if all.get(&self.organisation).is_some_and(|watched| watched.news.receiver_count() == 0) {
            all.remove(&self.organisation);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn event(seq: i64, workspace: Option<&str>, user: Option<&str>) -> LiveEvent {
        let (workspace, user) = (workspace.map(str::to_owned), user.map(str::to_owned));
        LiveEvent { seq, workspace, user, kind: LiveEventKind::Notification, id: format!("msg_{seq}") }
    }

    async fn nothing(listener: &mut Listener) -> bool {
        tokio::time::timeout(Duration::from_millis(20), listener.next()).await.is_err()
    }

    #[tokio::test]
    async fn an_event_is_for_its_workspace_or_its_member_and_is_heard_once() {
        let live = Live::default();
        let (ours, theirs) = (OrganisationId::from("org_1".to_owned()), OrganisationId::from("org_2".to_owned()));
        let (ada, ben) = (PersonId::from("user_ada".to_owned()), PersonId::from("user_ben".to_owned()));
        let mut as_ada = live.listen(&ours, Some(&ada));
        let mut as_ben = live.listen(&ours, Some(&ben));
        let mut elsewhere = live.listen(&theirs, Some(&ada));
        as_ada.begin_at(4);
        as_ben.begin_at(5);
        assert_eq!(live.positions(), [(ours.clone(), 4)], "the log is read from where the first one begins");
        live.pass_on(&ours, vec![event(5, Some("ws_1"), None), event(6, None, Some("user_ada"))]);
        live.pass_on(&ours, vec![event(6, None, Some("user_ada")), event(7, None, Some("somebody"))]);
        assert_eq!(as_ada.next().await.unwrap().seq, 5);
        assert_eq!(as_ada.next().await.unwrap().seq, 6);
        assert!(nothing(&mut as_ada).await && nothing(&mut as_ben).await && nothing(&mut elsewhere).await);
        assert_eq!((as_ada.heard(), as_ben.heard()), (7, 7));
    }

    #[tokio::test]
    async fn a_watcher_that_missed_some_is_told_so_and_one_that_left_is_forgotten() {
        let live = Live::default();
        let organisation = OrganisationId::from("org_1".to_owned());
        let mut listener = live.listen(&organisation, None);
        listener.begin_at(0);
        live.pass_on(&organisation, (1..=BACKLOG as i64 * 3).map(|seq| event(seq, Some("ws_1"), None)).collect());
        assert!(listener.next().await.is_none());
        assert!(listener.next().await.is_some(), "and it goes on");
        let again = LiveEvent { kind: LiveEventKind::Again, ..event(9_999, None, None) };
        live.pass_on(&organisation, vec![again]);
        while listener.next().await.is_some() {}
        assert_eq!(listener.heard(), 9_999);
        drop(listener);
        assert!(live.watched().is_empty());
    }
}
