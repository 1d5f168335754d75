//! Events about installations and repositories: created, renamed, suspended, deleted.

use campanile_base::source_event::{SourceEvent, cut};
use campanile_base::{Error, Result};
use serde_json::{Value, json};

use super::events::{person, with_repository};
use crate::deliveries::Delivery;
use crate::payload::{Read, metadata, title_case};
use crate::repositories::RepositoryChange;

pub(super) fn normalise(
    event: &str,
    payload: &Value,
    delivery: &Delivery,
) -> Result<(SourceEvent, Vec<RepositoryChange>)> {
    let action = payload.needed("action")?;
    let (identity, name, changes) = match event {
        "repository" => repository(action, payload)?,
        _ => installation(event, action, payload)?,
    };
    let kind = event.replace("installation_repositories", "repositories");
    let remembered = SourceEvent {
        provider: "github".into(),
        event_type: format!("{event}.{action}"),
        // These events have no time of their own, and may be repeated. The delivery's id tells them
        // apart.
        source_id: format!("{event}:{identity}:{action}:{}", delivery.delivery_id),
        title: cut(&format!("[{} {}] {name}", title_case(&kind), title_case(action)), 200),
        body: names(payload).join("\n"),
        actor: person(payload, "sender"),
        occurred_at: delivery.received_at,
        repository: payload.text("repository/full_name").map(Into::into),
        references: Vec::new(),
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("action", Some(json!(action))),
                ("installationId", payload.at("installation/id").cloned()),
                ("account", payload.at("installation/account/login").cloned()),
                ("url", payload.at("repository/html_url").or(payload.at("installation/html_url")).cloned()),
            ]),
        ),
    };
    Ok((remembered, changes))
}

type Lifecycle = (String, String, Vec<RepositoryChange>);

fn repository(action: &str, payload: &Value) -> Result<Lifecycle> {
    let id = payload.number("repository/id").ok_or_else(|| Error::invalid("the payload has no repository/id"))?;
    let full_name = payload.needed("repository/full_name")?.to_owned();
    let change = match action {
        "deleted" => RepositoryChange::Deleted(id),
        "archived" => RepositoryChange::Inactive(id),
        _ => {
            let installation = payload.number("installation/id");
            RepositoryChange::Active { id, installation, full_name: full_name.clone() }
        }
    };
    Ok((id.to_string(), full_name, vec![change]))
}

fn installation(event: &str, action: &str, payload: &Value) -> Result<Lifecycle> {
    let id = payload.number("installation/id").ok_or_else(|| Error::invalid("the payload has no installation/id"))?;
    let account = payload.text("installation/account/login").map_or_else(|| id.to_string(), Into::into);
    let given = match event {
        "installation" => "repositories",
        _ => "repositories_added",
    };
    let changes = match (event, action) {
        ("installation", "deleted") => vec![RepositoryChange::InstallationGone(id)],
        ("installation", "suspend") => vec![RepositoryChange::InstallationSuspended(id)],
        ("installation", "unsuspend") => vec![RepositoryChange::InstallationResumed(id)],
        _ => {
            let added = payload.list(given).iter().filter_map(|repository| {
                let (number, full_name) = (repository.number("id")?, repository.text("full_name")?.to_owned());
                Some(RepositoryChange::Active { id: number, installation: Some(id), full_name })
            });
            let removed = payload.list("repositories_removed").iter();
            added
                .chain(removed.filter_map(|repository| repository.number("id").map(RepositoryChange::Inactive)))
                .collect()
        }
    };
    Ok((id.to_string(), account, changes))
}

/// The names of the repositories in the event, at most 100.
fn names(payload: &Value) -> Vec<String> {
    let lists = ["repositories", "repositories_added", "repositories_removed"];
    let all = lists.iter().flat_map(|list| payload.list(list)).filter_map(|repository| repository.text("full_name"));
    all.take(100).map(Into::into).collect()
}
