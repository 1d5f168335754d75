//! Actors: the accounts behind events, under one name across providers.
//!
//! A [person](crate::people) may have several of them. The name is `{provider}:{id}`. Vercel knows its
//! authors only by their GitHub login, so they are mapped to GitHub users: by a commit that a GitHub push
//! has named, otherwise by the login. If the push arrives after the deployment, the deployment's actor is
//! corrected, and its counts are moved.

mod queries;

use std::collections::{BTreeSet, HashMap, HashSet};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{EventActor, ReferenceKind, SourceEvent};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;

use crate::observations::{Draft, ObservedActor};
use crate::people::{links, profiles};

/// The method by which a deployment's author is identified when no push has named its commit.
const BY_LOGIN: &str = "username";
/// The method by which a deployment's author is identified by a push.
const BY_COMMIT: &str = "commit_sha";

/// An account that some events name.
#[derive(Debug)]
struct Account<'e> {
    provider: &'e str,
    /// As the last of the events tells it.
    actor: EventActor,
    canonical_id: String,
    method: &'static str,
    /// The place of the first of the events.
    first: usize,
}

/// A push, and the person who pushed.
#[derive(Debug)]
pub(crate) struct Push {
    commit: String,
    actor: EventActor,
    canonical_id: String,
}

/// Identifies the actors of new observations, and records their activity. The caller holds the lock of
/// the workspace. Returns the pushes, by which [stored deployments are corrected](correct_deployments).
pub(crate) async fn resolve(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    drafts: &mut [Draft<'_>],
    now: Timestamp,
) -> Result<Vec<Push>> {
    let mut authors = Authors::look_up(tx, organisation, workspace, drafts).await?;
    let mut accounts: HashMap<(&str, &str), Account<'_>> = HashMap::new();
    let mut pushes = Vec::new();
    for place in 0..drafts.len() {
        let event = drafts[place].event;
        let Some(actor) = &event.actor else { continue };
        let (canonical_id, method) = match event.provider.as_str() {
            "github" => (authors.of_login(actor), "github_id"),
            "vercel" => authors.of_deployment(&actor.name, commit(event), place),
            provider => (format!("{provider}:{}", actor.id), "none"),
        };
        // An account of the provider itself is told by the event, not found by a method.
        let found = if event.provider == "vercel" { method } else { "webhook" };
        let known = accounts.remove(&(event.provider.as_str(), actor.id.as_str()));
        let account = Account::seen(&event.provider, actor, (&canonical_id, found), (place, known));
        accounts.insert((&event.provider, &actor.id), account);
        if let ("push", Some(commit)) = (event.event_type.as_str(), commit(event)) {
            for deployment in authors.pushed(commit, &canonical_id) {
                let deployment = &mut drafts[deployment];
                deployment.actor_method = BY_COMMIT;
                if let Some(author) = &mut deployment.observation.actor {
                    author.actor_id.clone_from(&canonical_id);
                }
            }
            let (commit, canonical_id) = (commit.to_owned(), canonical_id.clone());
            pushes.push(Push { commit, actor: actor.clone(), canonical_id });
        }
        drafts[place].actor_method = method;
        drafts[place].observation.actor = Some(ObservedActor { actor_id: canonical_id, told: actor.clone() });
    }
    // Sorted, so that concurrent transactions do not deadlock.
    let mut accounts: Vec<Account<'_>> = accounts.into_values().collect();
    accounts.sort_by(|one, other| (one.provider, &one.actor.id).cmp(&(other.provider, &other.actor.id)));
    let mut new = queries::upsert_accounts(tx, organisation, &accounts, now).await?;
    new.sort_by_key(|place| accounts[*place].first);
    let mut later: HashSet<(&str, &str)> = new.iter().map(|place| accounts[*place].name()).collect();
    for account in new.into_iter().map(|place| &accounts[place]) {
        later.remove(&account.name());
        let is_author = authors.named.contains(&account.actor.name);
        join(tx, organisation, account, (is_author, &later), now).await?;
    }
    profiles::record(tx, workspace, drafts).await?;
    Ok(pushes)
}

/// The commit of an event.
fn commit(event: &SourceEvent) -> Option<&str> {
    let commit = event.references.iter().find(|reference| reference.kind == ReferenceKind::Commit);
    commit.and_then(|reference| reference.key.as_deref())
}

impl<'e> Account<'e> {
    /// Its provider, with the id under which its activity is counted.
    fn name(&self) -> (&str, &str) {
        (self.provider, &self.canonical_id)
    }

    /// An account as an event tells it, which earlier events may have told with more.
    fn seen(
        provider: &'e str,
        actor: &EventActor,
        (canonical_id, method): (&str, &'static str),
        (place, known): (usize, Option<Self>),
    ) -> Self {
        let first = known.as_ref().map_or(place, |known| known.first);
        let (email, avatar_url) = known.map_or((None, None), |known| (known.actor.email, known.actor.avatar_url));
        let actor = EventActor {
            email: actor.email.clone().or(email),
            avatar_url: actor.avatar_url.clone().or(avatar_url),
            ..actor.clone()
        };
        Self { provider, actor, canonical_id: canonical_id.to_owned(), method, first }
    }
}

/// The GitHub accounts that deployments may have been made by.
#[derive(Debug, Default)]
struct Authors {
    by_commit: HashMap<String, String>,
    by_login: HashMap<String, String>,
    /// The new deployments whose author is known by the login only, by commit.
    unsure: HashMap<String, Vec<usize>>,
    /// The logins of deployments that were no GitHub account's when they were named.
    named: HashSet<String>,
}

impl Authors {
    /// Looks up the accounts of the deployments among new observations.
    async fn look_up(
        tx: &mut Tx,
        organisation: &OrganisationId,
        workspace: &WorkspaceId,
        drafts: &[Draft<'_>],
    ) -> Result<Self> {
        let deployments = drafts.iter().map(|draft| draft.event).filter(|event| event.provider == "vercel");
        let deployments: Vec<&SourceEvent> = deployments.filter(|event| event.actor.is_some()).collect();
        if deployments.is_empty() {
            return Ok(Self::default());
        }
        let commits: Vec<&str> = deployments.iter().filter_map(|event| commit(event)).collect();
        let logins = deployments.iter().filter_map(|event| event.actor.as_ref());
        let logins: Vec<&str> = logins.map(|actor| actor.name.as_str()).collect();
        // They matter only to accounts of GitHub that are new together with them.
        let may_join = drafts.iter().any(|draft| draft.event.provider == "github" && draft.event.actor.is_some());
        let vercel = if may_join { logins.as_slice() } else { &[] };
        let named = queries::by_usernames(tx, organisation, "vercel", vercel).await?.into_iter();
        let named = named.filter(|(login, canonical_id)| *canonical_id == format!("github:{login}"));
        Ok(Self {
            by_commit: queries::pushers_of(tx, workspace, &commits).await?,
            by_login: queries::by_usernames(tx, organisation, "github", &logins).await?,
            named: named.map(|(login, _)| login).collect(),
            unsure: HashMap::new(),
        })
    }

    /// The id of a GitHub account, which later deployments may name by its login.
    fn of_login(&mut self, actor: &EventActor) -> String {
        let canonical_id = format!("github:{}", actor.id);
        self.by_login.insert(actor.name.clone(), canonical_id.clone());
        canonical_id
    }

    /// The id of the author of a deployment, and the method by which it was found.
    fn of_deployment(&mut self, login: &str, commit: Option<&str>, place: usize) -> (String, &'static str) {
        if let Some(pusher) = commit.and_then(|commit| self.by_commit.get(commit)) {
            return (pusher.clone(), BY_COMMIT);
        }
        if let Some(commit) = commit {
            self.unsure.entry(commit.to_owned()).or_default().push(place);
        }
        let known = self.by_login.get(login).cloned();
        let canonical_id = known.unwrap_or_else(|| {
            self.named.insert(login.to_owned());
            format!("github:{login}")
        });
        (canonical_id, BY_LOGIN)
    }

    /// Notes who pushed a commit. Returns the new deployments of it whose author was not sure.
    fn pushed(&mut self, commit: &str, canonical_id: &str) -> Vec<usize> {
        self.by_commit.entry(commit.to_owned()).or_insert_with(|| canonical_id.to_owned());
        self.unsure.remove(commit).unwrap_or_default()
    }
}

/// Gives stored deployments, whose author was known by the login only, to the one who pushed. The new
/// observations are stored by then: the profiles are read from all that there are.
pub(crate) async fn correct_deployments(tx: &mut Tx, workspace: &WorkspaceId, pushes: &[Push]) -> Result<()> {
    let commits: BTreeSet<&str> = pushes.iter().map(|push| push.commit.as_str()).collect();
    let mut found = queries::deployments_by_login(tx, workspace, &commits).await?;
    for push in pushes {
        let Some(deployments) = found.remove(&push.commit) else { continue };
        let (deployments, moved): (Vec<_>, Vec<_>) = deployments.into_iter().unzip();
        queries::set_actor(tx, deployments, &push.canonical_id).await?;
        profiles::move_to(tx, workspace, &moved, &push.canonical_id, &push.actor).await?;
    }
    Ok(())
}

/// Joins an account with the person it belongs to, when it is new or its mail address is.
/// `is_author` is true if a deployment is known to have named its login before. It is not joined with those that come
/// later.
async fn join(
    tx: &mut Tx,
    organisation: &OrganisationId,
    account: &Account<'_>,
    (is_author, later): (bool, &HashSet<(&str, &str)>),
    now: Timestamp,
) -> Result<()> {
    let Account { provider, actor, canonical_id, .. } = account;
    if *provider == "github" {
        links::join_login(tx, organisation, &actor.name, is_author, canonical_id, now).await?;
    }
    match links::email_key(actor.email.as_deref()) {
        Some(email) => links::join_by_email(tx, organisation, (provider, canonical_id), &email, later, now).await,
        None => Ok(()),
    }
}
