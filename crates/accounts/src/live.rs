//! News for whoever is watching: what just became durable in an organisation.
//!
//! A hint, not a record: a watcher that falls behind is told to look again. Sent after a commit
//! only, so what a watcher then reads is there. Each organisation has a stream of its own, so that one where much happens makes no
//! other fall behind. A message is told where its tenant is a workspace, or its recipient a member who watches.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::{OrganisationId, PersonId, WorkspaceId};

/// How far a watcher may fall behind.
const BACKLOG: usize = 1_024;

/// Something new in an organisation.
#[derive(Debug, Clone, Serialize)]
pub struct News {
    /// In which workspace.
    pub workspace: Option<String>,
    /// The user whom it is for, who may be a member.
    #[serde(skip)]
    pub user: Option<String>,
    /// What kind of thing.
    pub kind: NewsKind,
    /// Which one.
    pub id: String,
}

/// What there can be news of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum NewsKind {
    Delivery,
    Observation,
    Notification,
    Attempt,
}

/// Where news are told and heard. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Live(Arc<Mutex<HashMap<OrganisationId, Watched>>>);

/// An organisation that somebody watches.
#[derive(Debug)]
struct Watched {
    news: broadcast::Sender<News>,
    workspaces: HashSet<String>,
    /// The times that each member watches.
    members: HashMap<String, usize>,
}

impl Live {
    /// Tells whoever watches a workspace; nobody is fine too.
    pub fn tell(&self, organisation: &OrganisationId, workspace: &WorkspaceId, kind: NewsKind, id: &str) {
        if let Some(watched) = self.all().get_mut(organisation) {
            // It may be new.
            watched.workspaces.insert(workspace.to_string());
            let news = News { workspace: Some(workspace.to_string()), user: None, kind, id: id.to_owned() };
            let _ = watched.news.send(news);
        }
    }

    /// Tells whoever watches the workspace that this tenant is, and the member whom a message is for.
    pub fn tell_message(&self, organisation: &OrganisationId, tenant: Option<&str>, user: Option<&str>, id: &str) {
        if let Some(watched) = self.all().get(organisation) {
            let workspace = tenant.filter(|tenant| watched.workspaces.contains(*tenant)).map(str::to_owned);
            let user = user.filter(|user| watched.members.contains_key(*user)).map(str::to_owned);
            if workspace.is_some() || user.is_some() {
                let _ = watched.news.send(News { workspace, user, kind: NewsKind::Notification, id: id.to_owned() });
            }
        }
    }

    /// Listens from now on, as a member or as a program, to an organisation that has these workspaces.
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

/// Somebody who listens, until they are dropped.
#[derive(Debug)]
pub struct Listener {
    live: Live,
    organisation: OrganisationId,
    member: Option<String>,
    /// There until it is dropped.
    news: Option<broadcast::Receiver<News>>,
}

impl Listener {
    /// The next news for this listener; nothing where some were missed, and it has to look again.
    pub async fn next(&mut self) -> Option<News> {
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
        live.tell(&organisation, &WorkspaceId::from("ws_new".to_owned()), NewsKind::Delivery, "del_1");
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
            live.tell(&organisation, &workspace, NewsKind::Observation, &number.to_string());
        }
        assert!(listener.next().await.is_none());
        assert!(listener.next().await.is_some(), "and it goes on");
        drop(listener);
        assert!(live.all().is_empty());
    }
}
