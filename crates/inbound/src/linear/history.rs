//! Linear's history: issues, comments, projects, cycles and project updates of a team.
//!
//! Each node becomes the events that its webhooks would have been: *created* at its `createdAt`, and
//! *updated* at its `updatedAt` if that is later. The updates between are not to be had. Their times are
//! part of their identities, so an event that a webhook has told is known.
//!
//! A query costs Linear's points: 50 nodes with their labels and attachments about 2,500 of 10,000.
//! Nodes come in the order of `updatedAt`, the newest first, and each page is told oldest first.

use campanile_base::Timestamp;
use serde_json::{Map, Value, json};

use crate::payload::Read;
use crate::remote::{HistoryKind, HistoryPage, HistoryPlace, Trouble};

const TEAM: &str = "team";

pub(super) const KINDS: &[HistoryKind] =
    &[kind("issue"), kind("comment"), kind("project"), kind("cycle"), kind("project_update")];

const fn kind(name: &'static str) -> HistoryKind {
    HistoryKind { name, resource: TEAM, is_default: true, has_total: false }
}

/// The number of nodes of a page.
pub(super) const PAGE: u32 = 50;

/// Builds a query of a connection of nodes.
macro_rules! query {
    ($name:literal, $filter:literal, $node:literal) => {
        concat!(
            "query History($first: Int!, $after: String, $since: DateTimeOrDuration!, $team: ID!) {
  organization { id }
  nodes: ",
            $name,
            "(first: $first, after: $after, orderBy: updatedAt, includeArchived: true,
      filter: { updatedAt: { gte: $since }, ",
            $filter,
            " }) {
    nodes { id createdAt updatedAt ",
            $node,
            " }
    pageInfo { hasNextPage endCursor }
  }
}"
        )
    };
}

const ISSUES: &str = query!(
    "issues",
    "team: { id: { eq: $team } }",
    "identifier previousIdentifiers title description priority priorityLabel estimate dueDate url branchName
      team { id key name } state { id name type color } project { id name url } cycle { id number name startsAt endsAt }
      assignee { id name email avatarUrl url } creator { id name email avatarUrl url }
      labels(first: 20) { nodes { id name color } }
      attachments(first: 20) { nodes { id url title sourceType metadata } }"
);
const COMMENTS: &str = query!(
    "comments",
    "issue: { team: { id: { eq: $team } } }",
    "body url user { id name email avatarUrl url } externalUser { id name email avatarUrl }
      issue { id identifier title url }"
);
const PROJECTS: &str = query!(
    "projects",
    "accessibleTeams: { some: { id: { eq: $team } } }",
    "name slugId description health progress scope startDate targetDate startedAt completedAt canceledAt url
      status { id name type } lead { id name email avatarUrl url } teams(first: 20) { nodes { id key name } }"
);
const CYCLES: &str = query!(
    "cycles",
    "team: { id: { eq: $team } }",
    "number name startsAt endsAt completedAt progress scopeHistory completedScopeHistory team { id key name }"
);
const PROJECT_UPDATES: &str = query!(
    "projectUpdates",
    "project: { accessibleTeams: { some: { id: { eq: $team } } } }",
    "body health url user { id name email avatarUrl url } project { id name url }"
);

/// The query of a kind, the type of its webhooks, and the field with the person who made the thing.
fn source(kind: &str) -> Option<(&'static str, &'static str, Option<&'static str>)> {
    Some(match kind {
        "issue" => (ISSUES, "Issue", Some("creator")),
        "comment" => (COMMENTS, "Comment", Some("user")),
        "project" => (PROJECTS, "Project", None),
        "cycle" => (CYCLES, "Cycle", None),
        "project_update" => (PROJECT_UPDATES, "ProjectUpdate", Some("user")),
        _ => return None,
    })
}

/// The query and the variables of a page.
pub(super) fn question(place: HistoryPlace<'_>, cursor: Option<&str>) -> Result<(&'static str, Value), Trouble> {
    let (query, ..) = source(place.kind).ok_or_else(|| unknown(place.kind))?;
    let since = place.since.to_string();
    Ok((query, json!({ "first": PAGE, "after": cursor, "since": since, "team": place.resource })))
}

fn unknown(kind: &str) -> Trouble {
    Trouble::Invalid(format!("there is no history of {kind}"))
}

/// The page that an answer has, in the shape of webhooks.
pub(super) fn page(place: HistoryPlace<'_>, data: &Value) -> Result<HistoryPage, Trouble> {
    let (_, kind, maker) = source(place.kind).ok_or_else(|| unknown(place.kind))?;
    let answer = &data["nodes"];
    let nodes = answer["nodes"].as_array().ok_or_else(|| Trouble::Invalid("it has no nodes".to_owned()))?;
    let next = match answer["pageInfo"]["hasNextPage"].as_bool() {
        Some(true) => {
            let cursor = answer["pageInfo"]["endCursor"].as_str().filter(|cursor| !cursor.is_empty());
            Some(cursor.ok_or_else(|| Trouble::Invalid("it has no cursor".to_owned()))?.to_owned())
        }
        _ => None,
    };
    let organisation = &data["organization"]["id"];
    // The newest node comes first.
    let events = nodes.iter().rev().flat_map(|node| events(node, kind, maker, organisation, place.since));
    Ok(HistoryPage { items: events.collect(), next })
}

/// The events that a node's webhooks would have been.
fn events(
    node: &Value,
    kind: &str,
    maker: Option<&str>,
    organisation: &Value,
    since: Timestamp,
) -> Vec<(String, Value)> {
    let (created, updated) = (node.time("createdAt"), node.time("updatedAt"));
    let event = |action: &str, at: &Value, actor: Value| {
        let mut data = plain(node);
        data.insert("updatedAt".to_owned(), at.clone());
        let body = json!({
            "action": action, "type": kind, "actor": actor, "createdAt": at, "data": data, "url": node["url"],
            "organizationId": organisation,
        });
        (format!("{kind}:{action}"), body)
    };
    let mut events = Vec::new();
    // Older things have changed lately, and were made before the history that is asked for.
    if created.is_none_or(|created| created >= since) {
        let actor = maker.map(|field| node[field].clone()).unwrap_or_default();
        events.push(event("create", &node["createdAt"], actor));
    }
    if updated > created {
        // Nothing tells the person who updated it.
        events.push(event("update", &node["updatedAt"], Value::Null));
    }
    events
}

/// A node with plain lists, as webhooks have them.
fn plain(node: &Value) -> Map<String, Value> {
    let mut plain = node.as_object().cloned().unwrap_or_default();
    for value in plain.values_mut() {
        if let Some(nodes) = value.get("nodes").filter(|nodes| nodes.is_array()) {
            *value = nodes.clone();
        }
    }
    plain.retain(|_, value| !value.is_null());
    plain
}

#[cfg(test)]
mod tests;
