//! Sentry's history: the issues of a project, and its errors.
//!
//! # Issues
//! Issues that had an event within the time are listed, the newest first. Each becomes the webhook
//! *created* of its first event. What was done with it since is not in the list: an issue that is
//! resolved or archived, or has come back, is read with its activity, and each entry becomes the
//! webhook of its action.
//!
//! # Identity
//! *Created* has the issue's number alone, as the webhook has. A webhook of another action does not contain the number of
//! the entry, and is dated when it was sent. So the two have identities of their own, and memory takes
//! them for one when they are about the same action of the same issue within two minutes.
//!
//! # Errors
//! They are many, and Sentry keeps them for 30 or 90 days; they are pulled only when asked for.

use campanile_base::Timestamp;
use serde_json::{Value, json};

use crate::payload::Read as _;
use crate::remote::{self, Api, HistoryKind, HistoryPage, HistoryPlace, RestPage, Trouble, is_plain};

pub(super) const PROJECT: &str = "project";
const ISSUE: &str = "issue";
const EVENT: &str = "event";
pub(super) const KINDS: &[HistoryKind] = &[
    HistoryKind { name: ISSUE, resource: PROJECT, is_default: true, has_total: false },
    HistoryKind { name: EVENT, resource: PROJECT, is_default: false, has_total: false },
];

/// The issues of a page. A page needs a call more for each of them that has an activity to read.
const ISSUES: u32 = 25;
/// The most entries of an activity that are read.
const ENTRIES: usize = 100;

/// A page behind a cursor, which is the path that Sentry named.
pub(super) async fn page(
    api: &Api,
    (organisation, place): (&str, HistoryPlace<'_>),
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<HistoryPage, Trouble> {
    let path = match cursor {
        Some(cursor) => cursor.to_owned(),
        None => first_path(organisation, place, now)?,
    };
    let RestPage { body, next, .. } = api.get(&path, now).await?;
    let things = remote::items(&body)?;
    let mut items = Vec::new();
    for thing in things.iter().rev() {
        match place.kind {
            ISSUE => items.extend(issue(api, (organisation, place), thing, now).await?),
            _ => items.extend(error(thing, place)),
        }
    }
    Ok(HistoryPage { items, next })
}

fn first_path(organisation: &str, place: HistoryPlace<'_>, now: Timestamp) -> Result<String, Trouble> {
    let HistoryPlace { kind, resource, since, .. } = place;
    if !is_plain(resource) {
        return Err(Trouble::Invalid("the project has no number".to_owned()));
    }
    // Whole hours back from now. The filter of an issue is a time of its events, so a page may have
    // more than is asked for.
    let period = format!("statsPeriod={}h", now.since(since).as_secs().div_ceil(3_600).max(1));
    match kind {
        // Without a query, those that are resolved would be left out.
        ISSUE => Ok(format!(
            "/api/0/organizations/{organisation}/issues/?query=&project={resource}&sort=new&limit={ISSUES}&{period}"
        )),
        EVENT => Ok(format!("/api/0/projects/{organisation}/{resource}/events/?{period}")),
        other => Err(Trouble::Invalid(format!("there is no history of {other}"))),
    }
}

/// The events that an issue's webhooks would have been.
async fn issue(
    api: &Api,
    (organisation, place): (&str, HistoryPlace<'_>),
    issue: &Value,
    now: Timestamp,
) -> Result<Vec<(String, Value)>, Trouble> {
    let mut events = Vec::new();
    if issue.time("firstSeen").is_some_and(|at| at >= place.since) {
        events.push(("issue.created".to_owned(), json!({ "action": "created", "data": { "issue": issue } })));
    }
    if !has_activity(issue) {
        return Ok(events);
    }
    let id = issue.id("id").filter(|id| is_plain(id));
    let id = id.ok_or_else(|| Trouble::Invalid("an issue has no number".to_owned()))?;
    match api.get(&format!("/api/0/organizations/{organisation}/issues/{id}/"), now).await {
        Ok(details) => events.extend(actions(issue, &details.body, place.since)),
        // It was deleted or merged a moment ago.
        Err(Trouble::Missing) => {}
        Err(trouble) => return Err(trouble),
    }
    Ok(events)
}

/// True for an issue with which something was done, or that has come back.
fn has_activity(issue: &Value) -> bool {
    let is_open = issue.text("status").is_none_or(|status| status == "unresolved");
    !is_open || matches!(issue.text("substatus"), Some("regressed" | "escalating"))
}

/// The webhooks that the activity of an issue would have been, the oldest first.
fn actions(issue: &Value, details: &Value, since: Timestamp) -> Vec<(String, Value)> {
    // The newest entry comes first.
    let known = details.list("activity").iter().take(ENTRIES).filter_map(|entry| Some((entry, action(entry)?)));
    let mut events: Vec<(String, Value)> = Vec::new();
    for (place, (entry, Action { name, status, substatus })) in known.enumerate() {
        if entry.time("dateCreated").is_none_or(|at| at < since) {
            continue;
        }
        let mut then = issue.clone();
        then["status"] = json!(status);
        then["substatus"] = json!(substatus);
        if place > 0 {
            // They are about the last action.
            then["statusDetails"] = json!({});
        }
        let (id, at) = (&entry["id"], &entry["dateCreated"]);
        let actor = entry.at("user").filter(|user| user.is_object());
        let body = json!({
            "action": name, "data": { "issue": then }, "actor": actor, "activity": { "id": id, "dateCreated": at },
        });
        events.push((format!("issue.{name}"), body));
    }
    events.reverse();
    events
}

/// An action by which the status of an issue changes, and the status after it.
struct Action {
    name: &'static str,
    status: &'static str,
    substatus: Option<&'static str>,
}

fn action(entry: &Value) -> Option<Action> {
    let kind = entry.text("type")?;
    let (name, status, substatus) = match kind {
        _ if kind.starts_with("set_resolved") => ("resolved", "resolved", None),
        "set_ignored" => ("archived", "ignored", None),
        "set_unresolved" => ("unresolved", "unresolved", Some("ongoing")),
        "set_regression" => ("unresolved", "unresolved", Some("regressed")),
        "set_escalating" => ("unresolved", "unresolved", Some("escalating")),
        _ => return None,
    };
    Some(Action { name, status, substatus })
}

/// The webhook that an error would have been. The list spells its ids otherwise.
fn error(event: &Value, place: HistoryPlace<'_>) -> Option<(String, Value)> {
    let is_error = event.text("event.type").is_none_or(|kind| matches!(kind, "error" | "default"));
    let is_asked = event.time("dateCreated").is_some_and(|at| at >= place.since);
    if !is_error || !is_asked {
        return None;
    }
    let tag = |name: &str| event.list("tags").iter().find(|tag| tag.text("key") == Some(name))?.at("value").cloned();
    let body = json!({
        "event_id": event["eventID"], "issue_id": event["groupID"], "project": event.at("projectID").cloned()
            .unwrap_or_else(|| json!(place.resource)),
        "title": event["title"], "message": event["message"], "culprit": event["culprit"], "location": event["location"],
        "platform": event["platform"], "datetime": event["dateCreated"], "level": tag("level"), "release": tag("release"),
        "environment": tag("environment"),
    });
    Some(("error".to_owned(), json!({ "data": { "error": body } })))
}

#[cfg(test)]
mod tests;
