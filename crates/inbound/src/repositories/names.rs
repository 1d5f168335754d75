//! Names of repositories: people and links use them, but they can change.
//!
//! A provider's number of a repository never changes. So the number decides if two deliveries
//! concern the same repository. Identities and keys contain the first known name of that number. A
//! repository that takes a name that another one has had is written with its number after the name.

use std::collections::HashMap;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::SourceEvent;
use campanile_db::{Result, Tx};

use super::queries;

/// Replaces the name of each repository in an event's identity and keys by its first known name.
pub async fn resolve(tx: &mut Tx, workspace: &WorkspaceId, event: &mut SourceEvent) -> Result<()> {
    let mut known_as: HashMap<String, String> = HashMap::new();
    let number = event.metadata.get("repoId").and_then(serde_json::Value::as_i64);
    if let (Some(name), Some(number)) = (event.repository.clone(), number) {
        let first = first_name(tx, workspace, &name, number).await?;
        if first != name {
            // The identity begins with its kind; the repository's name follows.
            event.source_id = event.source_id.replacen(&format!(":{name}"), &format!(":{first}"), 1);
            event.repository = Some(first.clone());
        }
        known_as.insert(name.to_lowercase(), first.to_lowercase());
    }
    for reference in &mut event.references {
        let Some((name, number)) = reference.key.as_deref().and_then(|key| key.rsplit_once('#')) else { continue };
        let first = match known_as.get(name) {
            Some(first) => first.clone(),
            None => {
                let holder = queries::holder_of(tx, workspace, name).await?;
                let first = holder.map_or_else(|| name.to_owned(), |(_, first)| first.to_lowercase());
                known_as.entry(name.to_owned()).or_insert(first).clone()
            }
        };
        reference.key = Some(format!("{first}#{number}"));
    }
    Ok(())
}

/// The first known name of a repository. An unknown repository is stored under its current name.
async fn first_name(tx: &mut Tx, workspace: &WorkspaceId, name: &str, number: i64) -> Result<String> {
    let lower = name.to_lowercase();
    if let Some((holder, first)) = queries::holder_of(tx, workspace, &lower).await?
        && holder == number
    {
        return Ok(first);
    }
    // One transaction at a time per workspace. `remember` takes the same lock afterwards.
    tx.lock(workspace.as_str()).await?;
    let earlier = queries::first_name_of(tx, workspace, number).await?;
    let first = match earlier {
        Some(earlier) => earlier,
        None if queries::is_taken(tx, workspace, name).await? => format!("{name}~{number}"),
        None => name.to_owned(),
    };
    queries::give_name(tx, workspace, &lower, number, &first).await?;
    Ok(first)
}
