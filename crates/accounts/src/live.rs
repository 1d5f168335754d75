//! Live events: tells watchers in an organisation about data that was just committed.
//!
//! An event is a hint, not a record: a watcher that falls behind is told to load the data again.
//! Events are sent only after a commit, so the data is there when a watcher reads it. Each
//! organisation has its own stream, so a busy one does not make watchers of others fall behind. A
//! notification is announced if its tenant is a workspace, or its recipient is a member who
//! watches.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::{OrganisationId, PersonId, WorkspaceId};

/// The number of events that a watcher may fall behind.
const BACKLOG: usize = 1_024;

/// New data in an organisation.
#[derive(Debug, Clone, Serialize)]
pub struct LiveEvent {
    /// The workspace that it belongs to.
    pub workspace: Option<String>,
    /// The user whom it is for, if that is a member who watches.
    #[serde(skip)]
    pub user: Option<String>,
    /// The kind of data.
    pub kind: LiveEventKind,
    /// The id of the data.
    pub id: String,
}

/// The kinds of data that are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum LiveEventKind {
    Delivery,
    Document,
    Observation,
    Notification,
    Attempt,
}

/// The place where events are announced and received. Cheap to clone; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Live(Arc<Mutex<HashMap<OrganisationId, Watched>>>);

/// An organisation with at least one watcher.
#[derive(Debug)]
struct Watched {
    news: broadcast::Sender<LiveEvent>,
    workspaces: HashSet<String>,
    /// The number of watchers of each member.
    members: HashMap<String, usize>,
}

impl Live {
    /// Announces data to all watchers of the organisation; does nothing without watchers.
    pub fn tell(&self, organisation: &OrganisationId, workspace: &WorkspaceId, kind: LiveEventKind, id: &str) {
        if let Some(watched) = self.all().get_mut(organisation) {
            // The workspace may be new.
            watched.workspaces.insert(workspace.to_string());
            let news = LiveEvent { workspace: Some(workspace.to_string()), user: None, kind, id: id.to_owned() };
            let _ = watched.news.send(news);
        }
    }

    /// Announces a notification to the watchers if its tenant is a workspace, and to its recipient
    /// if that is a member who watches.
    pub fn tell_message(&self, organisation: &OrganisationId, tenant: Option<&str>, user: Option<&str>, id: &str) {
        if let Some(watched) = self.all().get(organisation) {
            let workspace = tenant.filter(|tenant| watched.workspaces.contains(*tenant)).map(str::to_owned);
            let user = user.filter(|user| watched.members.contains_key(*user)).map(str::to_owned);
            if workspace.is_some() || user.is_some() {
                let _ = watched.news.send(LiveEvent {
                    workspace,
                    user,
                    kind: LiveEventKind::Notification,
                    id: id.to_owned(),
                });
            }
        }
    }

    /// Starts to listen to an organisation with these workspaces, as a member or as a program.
    pub fn listen(
        &self,
        organisation: &OrganisationId,
        workspaces: impl IntoIterator<Item = WorkspaceId>,
        member: Option<&PersonId>,
    ) -> Listener {
        let member = member.map(ToString::to_string);
        let mut all = self.all();
        let watched = all.entry(organisation.clone()).or_insert_with(|| Watched {
            news: broadcast::channel(BACKLOG).0,
            workspaces: HashSet::new(),
            members: HashMap::new(),
        });
        watched.workspaces.extend(workspaces.into_iter().map(|workspace| workspace.to_string()));
        if let Some(member) = &member {
            *watched.members.entry(member.clone()).or_default() += 1;
        }
        let news = watched.news.subscribe();
        drop(all);
        Listener { live: self.clone(), organisation: organisation.clone(), member, news: Some(news) }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<OrganisationId, Watched>> {
        self.0.lock().expect("nobody panics while they hold the watched")
    }
}

/// A watcher. It stops when it is dropped.
#[derive(Debug)]
pub struct Listener {
    live: Live,
    organisation: OrganisationId,
    member: Option<String>,
    /// Present until the drop.
    news: Option<broadcast::Receiver<LiveEvent>>,
}

impl Listener {
    /// The next event for this listener; `None` if some were missed and the data must be loaded
    /// again.
    pub async fn next(&mut self) -> Option<LiveEvent> {
        let news = self.news.as_mut()?;
        loop {
            match news.recv().await {
                Ok(one) if one.workspace.is_some() || (one.user.is_some() && one.user == self.member) => {
                    return Some(one);
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut all = self.live.all();
        self.news = None;
        let Some(watched) = all.get_mut(&self.organisation) else { return };
        if let Some(member) = &self.member
            && let Some(times) = watched.members.get_mut(member)
        {
            *times -= 1;
            if *times == 0 {
                watched.members.remove(member);
            }
        }
        if watched.news.receiver_count() == 0 {
            all.remove(&self.organisation);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn nothing(listener: &mut Listener) -> bool {
        tokio::time::timeout(Duration::from_millis(20), listener.next()).await.is_err()
    }

    #[tokio::test]
    async fn a_message_is_news_to_its_workspace_and_to_its_member() {
        let live = Live::default();
        let (ours, theirs) = (OrganisationId::from("org_1".to_owned()), OrganisationId::from("org_2".to_owned()));
        let (ada, ben) = (PersonId::from("user_ada".to_owned()), PersonId::from("user_ben".to_owned()));
        let workspace = WorkspaceId::from("ws_1".to_owned());
        let mut as_ada = live.listen(&ours, [workspace.clone()], Some(&ada));
        let mut as_ben = live.listen(&ours, [workspace], Some(&ben));
        let mut elsewhere = live.listen(&theirs, [], Some(&ada));

        live.tell_message(&ours, Some("acme"), Some("user_ada"), "of a customer's tenant");
        assert_eq!(as_ada.next().await.unwrap().id, "of a customer's tenant");
        assert!(nothing(&mut as_ben).await, "it is not for him");
        live.tell_message(&ours, None, Some("somebody"), "for a customer's user");
        live.tell_message(&ours, Some("ws_of_nobody"), None, "of no workspace");
        assert!(nothing(&mut as_ada).await);
        live.tell_message(&ours, Some("ws_1"), Some("somebody"), "of the workspace");
        assert_eq!(as_ada.next().await.unwrap().id, "of the workspace");
        assert_eq!(as_ben.next().await.unwrap().workspace.as_deref(), Some("ws_1"));
        assert!(nothing(&mut elsewhere).await, "another organisation's");
    }

    #[tokio::test]
    async fn a_workspace_that_is_new_is_heard_of() {
        let live = Live::default();
        let organisation = OrganisationId::from("org_1".to_owned());
        let mut listener = live.listen(&organisation, [], None);
        live.tell(&organisation, &WorkspaceId::from("ws_new".to_owned()), LiveEventKind::Delivery, "del_1");
        assert_eq!(listener.next().await.unwrap().id, "del_1");
        live.tell_message(&organisation, Some("ws_new"), None, "msg_1");
        assert_eq!(listener.next().await.unwrap().id, "msg_1");
    }

    #[tokio::test]
    async fn who_missed_some_is_told_so_and_who_left_is_forgotten() {
        let live = Live::default();
        let organisation = OrganisationId::from("org_1".to_owned());
        let workspace = WorkspaceId::from("ws_1".to_owned());
        let mut listener = live.listen(&organisation, [], None);
        for number in 0..BACKLOG * 3 {
            live.tell(&organisation, &workspace, LiveEventKind::Observation, &number.to_string());
        }
        assert!(listener.next().await.is_none());
        assert!(listener.next().await.is_some(), "and it goes on");
        drop(listener);
        assert!(live.all().is_empty());
    }
}
