//! Vercel's history: the deployments of a project.
//!
//! Each becomes the events that its webhooks would have been: *created*, and *succeeded*, *error*
//! or *canceled* once it has ended. The deployment and the event are the identity, so one that a
//! webhook has told is known. Promotions, rollbacks and checks are in no list. Vercel deletes old
//! deployments: one that is missing means nothing.

use campanile_base::Timestamp;
use serde_json::{Value, json};

use crate::payload::Read as _;
use crate::remote::{HistoryKind, HistoryPage, HistoryPlace, Trouble, is_plain};

pub(super) const PROJECT: &str = "project";
pub(super) const KINDS: &[HistoryKind] =
    &[HistoryKind { name: "deployment", resource: PROJECT, is_default: true, has_total: false }];

/// The path of a page. A cursor is the time before which its deployments were made.
pub(super) fn path(place: HistoryPlace<'_>, cursor: Option<&str>) -> Result<String, Trouble> {
    if place.kind != KINDS[0].name || !is_plain(place.resource) {
        return Err(Trouble::Invalid(format!("there is no history of {}", place.kind)));
    }
    let since = place.since.as_micros() / 1_000;
    let until = cursor.map(|cursor| format!("&until={cursor}")).unwrap_or_default();
    Ok(format!("/v7/deployments?projectId={}&since={since}&limit=100{until}", place.resource))
}

/// The page that an answer has, in the shape of webhooks.
pub(super) fn page(place: HistoryPlace<'_>, team: Option<&str>, answer: &Value) -> Result<HistoryPage, Trouble> {
    let deployments = answer["deployments"].as_array();
    let deployments = deployments.ok_or_else(|| Trouble::Invalid("it has no deployments".to_owned()))?;
    // The newest comes first.
    let items = deployments.iter().rev().flat_map(|deployment| events(deployment, place, team)).collect();
    Ok(HistoryPage { items, next: next(answer)? })
}

/// The time at which the next page begins.
pub(super) fn next(page: &Value) -> Result<Option<String>, Trouble> {
    match page.at("pagination/next") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => {
            let next = page.id("pagination/next").filter(|next| next.bytes().all(|byte| byte.is_ascii_digit()));
            next.map(Some).ok_or_else(|| Trouble::Invalid("its next page has no time".to_owned()))
        }
    }
}

/// The events that a deployment's webhooks would have been.
fn events(deployment: &Value, place: HistoryPlace<'_>, team: Option<&str>) -> Vec<(String, Value)> {
    let state = deployment.text("state").or(deployment.text("readyState"));
    let end = match state {
        Some("READY") => Some("deployment.succeeded"),
        Some("ERROR") => Some("deployment.error"),
        Some("CANCELED") => Some("deployment.canceled"),
        _ => None,
    };
    let created = deployment.number("created").or_else(|| deployment.number("createdAt"));
    // The list has no time of a failure or of an end by hand, only the last time before it.
    let times = ["ready", "canceledAt", "buildingAt"].map(|field| deployment.number(field));
    let ended = times.into_iter().flatten().next().or(created).max(created);
    let body = |event: &str, at: Option<i64>| {
        json!({
            "type": event, "createdAt": at,
            "payload": {
                "deployment": {
                    "id": deployment["uid"], "name": deployment["name"], "url": deployment["url"],
                    "inspectorUrl": deployment["inspectorUrl"], "meta": deployment["meta"],
                },
                "links": { "deployment": deployment["inspectorUrl"] },
                "project": { "id": place.resource, "name": place.name.or(deployment.text("name")) },
                "target": deployment["target"], "team": team.map(|id| json!({ "id": id })),
            },
        })
    };
    let is_asked = |at: Option<i64>| at.is_some_and(|at| Timestamp::from_millis(at) >= place.since);
    let created = is_asked(created).then(|| ("deployment.created".to_owned(), body("deployment.created", created)));
    let end = end.filter(|_| is_asked(ended)).map(|event| (event.to_owned(), body(event, ended)));
    created.into_iter().chain(end).collect()
}

#[cfg(test)]
mod tests;
