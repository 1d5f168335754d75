//! Names of repositories: people and links use them, but they can change.
//!
//! A provider's number of a repository never changes. So the number decides if two deliveries
//! concern the same repository. Identities and keys contain the first known name of that number. A
//! repository that takes a name that another one has had is written with its number after the name.

use std::collections::{BTreeSet, HashMap};

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::SourceEvent;
use campanile_db::{Result, Tx};

use super::queries;

/// The holder of a name: the provider's number, and its first known name.
type Holder = (i64, String);

/// The names of some events' repositories, read together.
struct Names<'w> {
    workspace: &'w WorkspaceId,
    /// By the name in lower case.
    holders: HashMap<String, Option<Holder>>,
}

/// Replaces the name of each repository in the identities and keys of events by its first known name, in the order
/// of the events.
pub async fn resolve(tx: &mut Tx, workspace: &WorkspaceId, events: &mut [SourceEvent]) -> Result<()> {
    let named: BTreeSet<String> = events.iter().flat_map(names_in).collect();
    let named: Vec<String> = named.into_iter().collect();
    let found = queries::holders_of(tx, workspace, &named).await?;
    let mut holders: HashMap<String, Option<Holder>> = named.into_iter().map(|name| (name, None)).collect();
    holders.extend(found.into_iter().map(|(name, holder)| (name, Some(holder))));
    let mut names = Names { workspace, holders };
    for event in events {
        names.rename(tx, event).await?;
    }
    Ok(())
}

/// The names of repositories in an event, in lower case.
fn names_in(event: &SourceEvent) -> impl Iterator<Item = String> {
    let own = event.repository.as_ref().filter(|_| number_of(event).is_some());
    let referred = event.references.iter().filter_map(|reference| reference.key.as_deref()?.rsplit_once('#'));
    own.map(|name| name.to_lowercase()).into_iter().chain(referred.map(|(name, _)| name.to_owned()))
}

/// The provider's number of an event's repository.
fn number_of(event: &SourceEvent) -> Option<i64> {
    event.metadata.get("repoId").and_then(serde_json::Value::as_i64)
}

impl Names<'_> {
    fn holder(&self, name: &str) -> Option<&Holder> {
        self.holders.get(name).and_then(Option::as_ref)
    }

    async fn rename(&mut self, tx: &mut Tx, event: &mut SourceEvent) -> Result<()> {
        let mut known_as: Option<(String, String)> = None;
        if let (Some(name), Some(number)) = (event.repository.clone(), number_of(event)) {
            let first = self.first_name(tx, &name, number).await?;
            if first != name {
                // The identity begins with its kind; the repository's name follows.
                event.source_id = event.source_id.replacen(&format!(":{name}"), &format!(":{first}"), 1);
                event.repository = Some(first.clone());
            }
            known_as = Some((name.to_lowercase(), first.to_lowercase()));
        }
        for reference in &mut event.references {
            let Some((name, number)) = reference.key.as_deref().and_then(|key| key.rsplit_once('#')) else { continue };
            let first = match &known_as {
                Some((known, first)) if known == name => first.clone(),
                _ => self.holder(name).map_or_else(|| name.to_owned(), |(_, first)| first.to_lowercase()),
            };
            reference.key = Some(format!("{first}#{number}"));
        }
        Ok(())
    }

    /// The first known name of a repository. An unknown repository is stored under its current name.
    async fn first_name(&mut self, tx: &mut Tx, name: &str, number: i64) -> Result<String> {
        let lower = name.to_lowercase();
        if let Some((holder, first)) = self.holder(&lower)
            && *holder == number
        {
            return Ok(first.clone());
        }
        // One transaction at a time per workspace. `remember` takes the same lock afterwards.
        tx.lock(self.workspace.as_str()).await?;
        let earlier = queries::first_name_of(tx, self.workspace, number).await?;
        let first = match earlier {
            Some(earlier) => earlier,
            None if queries::is_taken(tx, self.workspace, name).await? => format!("{name}~{number}"),
            None => name.to_owned(),
        };
        queries::give_name(tx, self.workspace, &lower, number, &first).await?;
        self.holders.insert(lower, Some((number, first.clone())));
        Ok(first)
    }
}
