//! The SQL of actors.

use std::collections::{BTreeSet, HashMap};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Bulk, Result, Row, Tx, json_text, row};

use super::{Account, BY_COMMIT};
use crate::observations::ObservedActor;
use crate::people::links;
use crate::people::profiles::Removed;

/// Stores accounts that events name. Returns the places of those that are new, or have another mail
/// address than before.
pub(super) async fn upsert_accounts(
    tx: &mut Tx,
    organisation: &OrganisationId,
    accounts: &[Account<'_>],
    now: Timestamp,
) -> Result<Vec<usize>> {
    macro_rules! upsert {
        ($values:literal) => {
            concat!(
                "INSERT INTO actor_identity (organisation_id, provider, provider_id, canonical_id, username, name_key,
                    email, email_key, avatar_url, method, seen_at) ",
                $values,
                " ON CONFLICT (organisation_id, provider, provider_id) DO UPDATE SET
                    canonical_id = excluded.canonical_id, username = excluded.username, name_key = excluded.name_key,
                    email = COALESCE(excluded.email, actor_identity.email),
                    email_key = COALESCE(excluded.email_key, actor_identity.email_key),
                    avatar_url = COALESCE(excluded.avatar_url, actor_identity.avatar_url), method = excluded.method,
                    seen_at = excluded.seen_at
                RETURNING provider, provider_id, joined_for"
            )
        };
    }
    let bulk = Bulk {
        each: upsert!("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
        together: upsert!(
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::bigint[])"
        ),
        is_searched: false,
    };
    let row = |Account { provider, actor, canonical_id, method, .. }: &Account<'_>| {
        row![
            organisation.as_str().to_owned(),
            (*provider).to_owned(),
            actor.id.clone(),
            canonical_id.clone(),
            actor.name.clone(),
            actor.name.to_lowercase(),
            actor.email.clone(),
            links::email_key(actor.email.as_deref()),
            actor.avatar_url.clone(),
            *method,
            now,
        ]
    };
    let rows: Vec<_> = accounts.iter().map(row).collect();
    let read = |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?), row.get(2)?));
    let joined: Vec<((String, String), Option<String>)> = tx.gather(bulk, &rows, read).await?;
    let joined: HashMap<(String, String), Option<String>> = joined.into_iter().collect();
    let mut new = Vec::new();
    for (place, account) in accounts.iter().enumerate() {
        let email_key = links::email_key(account.actor.email.as_deref());
        let joined_for = joined.get(&(account.provider.to_owned(), account.actor.id.clone())).cloned().flatten();
        if joined_for.as_deref().is_none_or(|known| email_key.as_deref().is_some_and(|email| email != known)) {
            new.push((place, email_key));
        }
    }
    let sql = "UPDATE actor_identity SET joined_for = COALESCE($4, joined_for, '')
        WHERE organisation_id = $1 AND provider = $2 AND provider_id = $3";
    let rows: Vec<_> = new
        .iter()
        .map(|(place, email)| {
            let Account { provider, actor, .. } = &accounts[*place];
            row![organisation.as_str(), *provider, &actor.id, email.as_deref()]
        })
        .collect();
    tx.execute_many(sql, &rows).await?;
    Ok(new.into_iter().map(|(place, _)| place).collect())
}

/// The accounts of a provider that had these names last, by name.
pub(super) async fn by_usernames(
    tx: &mut Tx,
    organisation: &OrganisationId,
    provider: &str,
    usernames: &[&str],
) -> Result<HashMap<String, String>> {
    let bulk = Bulk {
        each: "SELECT username, canonical_id, seen_at FROM actor_identity
            WHERE organisation_id = $1 AND provider = $2 AND username = $3",
        together: "SELECT identity.username, identity.canonical_id, identity.seen_at
            FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (organisation, provider, username)
            JOIN actor_identity AS identity ON identity.organisation_id = asked.organisation
                AND identity.provider = asked.provider AND identity.username = asked.username",
        is_searched: false,
    };
    let rows: Vec<_> = usernames.iter().map(|name| row![organisation.as_str(), provider, *name]).collect();
    let read = |row: &Row<'_>| Ok((row.get(2)?, row.get(0)?, row.get(1)?));
    let mut found: Vec<(Timestamp, String, String)> = tx.gather(bulk, &rows, read).await?;
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, username, canonical_id)| (username, canonical_id)).collect())
}

/// The actors who pushed these commits first, according to GitHub's push events, by commit.
pub(super) async fn pushers_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    commits: &[&str],
) -> Result<HashMap<String, String>> {
    let bulk = Bulk {
        each: "SELECT reference.key, observation.id, observation.actor_id FROM observation_reference AS reference
            JOIN observation ON observation.id = reference.observation_id
            WHERE reference.workspace_id = $1 AND reference.kind = 'commit' AND reference.key = $2
                AND reference.role = 'subject' AND observation.provider = 'github' AND observation.type = 'push'
                AND observation.actor_id IS NOT NULL",
        together: "SELECT reference.key, observation.id, observation.actor_id
            FROM unnest($1::text[], $2::text[]) AS asked (workspace, key)
            JOIN observation_reference AS reference ON reference.workspace_id = asked.workspace
                AND reference.kind = 'commit' AND reference.key = asked.key
            JOIN observation ON observation.id = reference.observation_id
            WHERE reference.role = 'subject' AND observation.provider = 'github' AND observation.type = 'push'
                AND observation.actor_id IS NOT NULL",
        is_searched: false,
    };
    let rows: Vec<_> = commits.iter().map(|commit| row![workspace.as_str(), *commit]).collect();
    let read = |row: &Row<'_>| Ok((row.get(1)?, row.get(0)?, row.get(2)?));
    let mut found: Vec<(String, String, String)> = tx.gather(bulk, &rows, read).await?;
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found.into_iter().map(|(_, commit, pusher)| (commit, pusher)).collect())
}

/// A stored observation with its actor.
pub(super) type Deployment = (String, ObservedActor);

/// The deployments of some commits whose actor was identified by the login only, by commit, and what was
/// counted of each.
pub(super) async fn deployments_by_login(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    commits: &BTreeSet<&str>,
) -> Result<HashMap<String, Vec<(Deployment, Removed)>>> {
    macro_rules! deployments {
        ($from:literal) => {
            concat!(
                "SELECT reference.key, observation.id, observation.actor, observation.actor_id, observation.provider,
                    observation.type, observation.topics, observation.occurred_at ",
                $from,
                " JOIN observation ON observation.id = reference.observation_id
                WHERE observation.provider = 'vercel' AND observation.actor_method = 'username'
                    AND observation.actor_id IS NOT NULL"
            )
        };
    }
    let bulk = Bulk {
        each: concat!(
            deployments!("FROM observation_reference AS reference"),
            " AND reference.workspace_id = $1 AND reference.kind = 'commit' AND reference.key = $2"
        ),
        together: deployments!(
            "FROM unnest($1::text[], $2::text[]) AS asked (workspace, key)
            JOIN observation_reference AS reference ON reference.workspace_id = asked.workspace
                AND reference.kind = 'commit' AND reference.key = asked.key"
        ),
        is_searched: false,
    };
    let read = |row: &Row<'_>| {
        let counted = Removed {
            actor_id: row.get(3)?,
            provider: row.get(4)?,
            event_type: row.get(5)?,
            topics: row.json(6)?,
            occurred_at: row.get(7)?,
        };
        Ok((row.get::<String>(0)?, ((row.get(1)?, row.json(2)?), counted)))
    };
    let rows: Vec<_> = commits.iter().map(|commit| row![workspace.as_str(), *commit]).collect();
    let mut found: HashMap<String, Vec<(Deployment, Removed)>> = HashMap::new();
    for (commit, deployment) in tx.gather(bulk, &rows, read).await? {
        found.entry(commit).or_default().push(deployment);
    }
    Ok(found)
}

/// Sets the actor of observations to the one who was identified by a commit.
pub(super) async fn set_actor(tx: &mut Tx, deployments: Vec<Deployment>, canonical_id: &str) -> Result<()> {
    let sql = "UPDATE observation SET actor_id = $2, actor = $3, actor_method = $4 WHERE id = $1";
    let rows: Vec<_> = deployments
        .into_iter()
        .map(|(id, actor)| {
            let actor = ObservedActor { actor_id: canonical_id.to_owned(), ..actor };
            row![id, canonical_id, json_text(&actor), BY_COMMIT]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}
