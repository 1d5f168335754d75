//! People put together from the rows of their links, accounts and profiles.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use campanile_accounts::people::{Member, members};
use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;

use super::Account;
use super::links::{self, Link, MEMBER, email_key};
use super::profiles::{self, Counts, HOURS, Profile, day};
use super::queries;
use super::view::{Identity, NameCount, PersonDetail, PersonView};

/// The most accounts that are read for one page or one person.
const MOST_ACCOUNTS: i64 = 1_000;
/// The days of the small chart.
const DAYS: i64 = 30;
/// The names that a profile lists.
const NAMES: usize = 10;

/// A person as put together from the rows.
#[derive(Debug, Default)]
pub(super) struct Assembled {
    id: String,
    pub(super) actors: Vec<String>,
    links: Vec<Link>,
    accounts: Vec<Account>,
    profiles: Vec<Profile>,
}

/// The people with these ids, of whom the workspace has observations.
pub(super) async fn load(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    ids: &[String],
) -> Result<HashMap<String, Assembled>> {
    let mut people: HashMap<String, Assembled> = HashMap::new();
    let mut person_of: HashMap<String, String> = HashMap::new();
    for id in ids {
        people.insert(id.clone(), Assembled { id: id.clone(), actors: vec![id.clone()], ..Assembled::default() });
        person_of.insert(id.clone(), id.clone());
    }
    for link in links::of_people(tx, organisation, ids).await? {
        person_of.insert(link.actor_id.clone(), link.person_id.clone());
        if let Some(person) = people.get_mut(&link.person_id) {
            person.actors.push(link.actor_id.clone());
            person.links.push(link);
        }
    }
    let actors: Vec<String> = person_of.keys().cloned().collect();
    for account in queries::accounts_of(tx, organisation, &actors, MOST_ACCOUNTS).await? {
        if let Some(person) = people.get_mut(&person_of[&account.actor_id]) {
            person.accounts.push(account);
        }
    }
    for profile in profiles::of_actors(tx, workspace, &actors).await? {
        if let Some(person) = people.get_mut(&person_of[&profile.actor_id]) {
            person.profiles.push(profile);
        }
    }
    people.retain(|_, person| !person.profiles.is_empty());
    Ok(people)
}

/// The members of the organisation who are this person: joined by hand, or with the same mail address.
pub(super) async fn member_identities(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &Assembled,
) -> Result<Vec<Identity>> {
    let emails: BTreeSet<String> =
        person.accounts.iter().filter_map(|account| email_key(account.email.as_deref())).collect();
    let mut identities = Vec::new();
    for member in members(tx, organisation).await? {
        let actor = format!("{MEMBER}{}", member.id);
        if let Some(link) = person.links.iter().find(|link| link.actor_id == actor) {
            identities.push(of_member(member, actor, (&link.method, link.confidence, Some(link.joined_at))));
        } else if emails.contains(&member.email) {
            let own = std::slice::from_ref(&actor);
            let is_elsewhere = !links::of_actors(tx, organisation, own).await?.is_empty();
            if !is_elsewhere && !links::are_apart(tx, organisation, own, &person.actors).await? {
                identities.push(of_member(member, actor, ("email", links::CONFIDENCE_OF_EMAIL, None)));
            }
        }
    }
    Ok(identities)
}

fn of_member(
    member: Member,
    actor_id: String,
    (joined, confidence, joined_at): (&str, f64, Option<Timestamp>),
) -> Identity {
    Identity {
        actor_id,
        provider: "campanile".to_owned(),
        provider_id: member.id.to_string(),
        name: member.name,
        email: Some(member.email),
        found: "member".to_owned(),
        joined: joined.to_owned(),
        confidence,
        joined_at,
        seen_at: None,
    }
}

impl Assembled {
    /// The actor who was active last.
    pub(super) fn latest_actor(&self) -> Option<&String> {
        let latest = self.profiles.iter().max_by_key(|profile| (profile.last_active_at, &profile.actor_id))?;
        Some(&latest.actor_id)
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.profiles.iter().filter_map(|profile| profile.counts.clone()).for_each(|more| counts.join(more));
        counts
    }

    /// A full name, or else a login. The person's own account goes before those that were joined with it, so that
    /// joining somebody renames nobody who has a full name.
    fn name(&self) -> String {
        let is_own = |account: &&Account| account.actor_id == self.id;
        let accounts =
            || self.accounts.iter().filter(is_own).chain(self.accounts.iter().filter(|account| !is_own(account)));
        let names = || accounts().map(|account| account.name.trim());
        let full = names().find(|name| name.contains(char::is_whitespace));
        let told = || self.profiles.first().map(|profile| profile.name.as_str());
        full.or_else(|| names().next()).or_else(told).unwrap_or(&self.id).to_owned()
    }

    pub(super) fn view(&self, now: Timestamp) -> PersonView {
        self.view_with(&self.counts(), now)
    }

    fn view_with(&self, counts: &Counts, now: Timestamp) -> PersonView {
        let today = day(now);
        let days = (today - DAYS + 1..=today).map(|day| counts.days.get(&day).copied().unwrap_or(0));
        let providers: BTreeSet<&str> = self.accounts.iter().map(|account| account.provider.as_str()).collect();
        PersonView {
            id: self.id.clone(),
            name: self.name(),
            email: self.accounts.iter().find_map(|account| account.email.clone()),
            avatar_url: self.accounts.iter().find_map(|account| account.avatar_url.clone()),
            providers: providers.into_iter().map(str::to_owned).collect(),
            observations: self.profiles.iter().map(|profile| profile.observations).sum(),
            first_seen_at: self.profiles.iter().filter_map(|profile| profile.first_seen_at).min(),
            last_active_at: self.profiles.iter().map(|profile| profile.last_active_at).max().unwrap_or(now),
            days: days.collect(),
        }
    }

    pub(super) fn detail(self, members: Vec<Identity>, now: Timestamp) -> PersonDetail {
        let counts = self.counts();
        let identities = self.accounts.iter().map(|account| self.identity(account)).chain(members);
        PersonDetail {
            person: self.view_with(&counts, now),
            identities: identities.collect(),
            sources: most(&counts.sources),
            types: most(&counts.types),
            topics: most(&telling(&counts)),
            is_counted: self.profiles.iter().all(|profile| profile.counts.is_some()),
            hours: if counts.hours.is_empty() { vec![0; HOURS] } else { counts.hours },
        }
    }

    fn identity(&self, account: &Account) -> Identity {
        let link = self.links.iter().find(|link| link.actor_id == account.actor_id);
        let found = match account.method.as_str() {
            "commit_sha" => 0.95,
            "username" => 0.8,
            _ => 1.0,
        };
        Identity {
            actor_id: account.actor_id.clone(),
            provider: account.provider.clone(),
            provider_id: account.provider_id.clone(),
            name: account.name.clone(),
            email: account.email.clone(),
            found: account.method.clone(),
            joined: link.map_or("first", |link| link.method.as_str()).to_owned(),
            confidence: link.map_or(1.0, |link| link.confidence).min(found),
            joined_at: link.map(|link| link.joined_at),
            seen_at: Some(account.seen_at),
        }
    }
}

/// The topics that say more than the sources, the types and no category.
fn telling(counts: &Counts) -> BTreeMap<String, i64> {
    let says_more =
        |topic: &str| topic != "other" && !counts.sources.contains_key(topic) && !counts.types.contains_key(topic);
    counts.topics.iter().filter(|(topic, _)| says_more(topic)).map(|(topic, count)| (topic.clone(), *count)).collect()
}

/// The most frequent names.
fn most(names: &BTreeMap<String, i64>) -> Vec<NameCount> {
    let mut all: Vec<NameCount> =
        names.iter().map(|(name, count)| NameCount { name: name.clone(), count: *count }).collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    all.truncate(NAMES);
    all
}
