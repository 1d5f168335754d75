//! PagerDuty's history: the incidents of a service, each with its log.
//!
//! An entry of the log becomes the event that its webhook would have been. An incident is told as it is now,
//! but for its status, which an entry says. Assignments are left out: the log does not tell the first one,
//! which is part of the triggering, from those that somebody makes.
//!
//! Incidents are listed by the time of their creation, the oldest first. So those that were created before the
//! time that is asked for are not found, even if something happened to them since.

use campanile_base::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::lists::{LAST_OFFSET, list};
use crate::payload::{Read as _, to_the_second};
use crate::remote::{Api, HistoryKind, HistoryPage, HistoryPlace, Trouble};

pub(super) const KINDS: &[HistoryKind] =
    &[HistoryKind { name: "incident", resource: "service", is_default: true, has_total: true }];

/// The incidents of a page: each costs a call for its log.
const PAGE: u64 = 20;
/// The entries of a page of a log, and the most pages of one log.
const ENTRIES: usize = 100;
const LOG_PAGES: usize = 10;

/// A place in the list: incidents since a time, behind so many.
struct Cursor {
    since: Timestamp,
    offset: u64,
}

impl Cursor {
    fn read(text: Option<&str>, since: Timestamp) -> Result<Self, Trouble> {
        let Some(text) = text else { return Ok(Self { since, offset: 0 }) };
        let read = text
            .split_once('+')
            .and_then(|(since, offset)| Some(Self { since: Timestamp::parse(since)?, offset: offset.parse().ok()? }));
        read.ok_or_else(|| Trouble::Invalid(format!("{text:?} is no place in a list of incidents")))
    }

    fn written(&self) -> String {
        format!("{}+{}", self.since, self.offset)
    }

    /// The place behind a page. Near the end of what PagerDuty lists, the list begins anew at the last incident.
    fn behind(self, page: &[Value]) -> Self {
        let offset = self.offset + page.len() as u64;
        match page.last().and_then(|last| last.time("created_at")) {
            Some(last) if offset + PAGE > LAST_OFFSET => Self { since: last, offset: 0 },
            _ => Self { offset, ..self },
        }
    }
}

fn path(place: HistoryPlace<'_>, cursor: &Cursor, limit: u64, now: Timestamp) -> Result<String, Trouble> {
    if place.kind != "incident" {
        return Err(Trouble::Invalid(format!("there is no history of {}", place.kind)));
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("service_ids[]", place.resource)
        .append_pair("since", &to_the_second(cursor.since))
        .append_pair("until", &to_the_second(now))
        .append_pair("time_zone", "UTC")
        .append_pair("sort_by", "created_at:asc")
        .append_pair("limit", &limit.to_string())
        .append_pair("offset", &cursor.offset.to_string())
        .finish();
    Ok(format!("/incidents?{query}"))
}

pub(super) async fn page(
    api: &Api,
    place: HistoryPlace<'_>,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<HistoryPage, Trouble> {
    let cursor = Cursor::read(cursor, place.since)?;
    let page = api.get(&path(place, &cursor, PAGE, now)?, now).await?.body;
    let incidents = list(&page, "incidents")?;
    let mut items = Vec::new();
    for incident in incidents {
        for entry in log(api, incident, now).await? {
            items.extend(event(incident, &entry));
        }
    }
    let has_more = page.flag("more") && !incidents.is_empty();
    Ok(HistoryPage { items, next: has_more.then(|| cursor.behind(incidents).written()) })
}

pub(super) async fn total(api: &Api, place: HistoryPlace<'_>, now: Timestamp) -> Result<Option<i64>, Trouble> {
    let path = path(place, &Cursor { since: place.since, offset: 0 }, 1, now)?;
    Ok(api.get(&format!("{path}&total=true"), now).await?.body.number("total"))
}

/// The entries of an incident's log, the oldest first.
async fn log(api: &Api, incident: &Value, now: Timestamp) -> Result<Vec<Value>, Trouble> {
    let id = incident.text("id").ok_or_else(|| Trouble::Invalid("an incident has no id".to_owned()))?;
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Trouble::Invalid(format!("{id:?} is no id of an incident")));
    }
    let mut entries: Vec<Value> = Vec::new();
    for _ in 0..LOG_PAGES {
        let place = format!("limit={ENTRIES}&offset={}&is_overview=true&time_zone=UTC", entries.len());
        let page = api.get(&format!("/incidents/{id}/log_entries?{place}"), now).await?.body;
        let read = list(&page, "log_entries")?;
        entries.extend_from_slice(read);
        if read.is_empty() || !page.flag("more") {
            break;
        }
    }
    entries.sort_by_key(|entry| entry.time("created_at"));
    Ok(entries)
}

/// The event that an entry's webhook would have been; `None` for an entry without one.
fn event(incident: &Value, entry: &Value) -> Option<(String, Value)> {
    let (action, status) = match entry.text("type")?.strip_suffix("_log_entry")? {
        "trigger" => ("triggered", Some("triggered")),
        "acknowledge" => ("acknowledged", Some("acknowledged")),
        "unacknowledge" => ("unacknowledged", Some("triggered")),
        "escalate" => ("escalated", None),
        "delegate" => ("delegated", None),
        "resolve" => ("resolved", Some("resolved")),
        "annotate" => ("annotated", None),
        _ => return None,
    };
    let name = format!("incident.{action}");
    let data = match action {
        "annotated" => note(incident, entry),
        _ => as_sent(incident, status),
    };
    let body = json!({ "event": {
        "event_type": name, "resource_type": "incident", "occurred_at": entry["created_at"],
        "agent": entry["agent"], "data": data,
    } });
    Some((name, body))
}

/// An incident in the shape of webhooks.
fn as_sent(incident: &Value, status: Option<&str>) -> Value {
    let assignees: Vec<&Value> = incident.list("assignments").iter().filter_map(|it| it.at("assignee")).collect();
    let mut sent = json!({ "number": incident["incident_number"], "assignees": assignees, "status": status });
    let same = ["id", "type", "html_url", "title", "service", "escalation_policy", "teams", "priority", "urgency"];
    for field in same {
        sent[field] = incident[field].clone();
    }
    sent
}

fn note(incident: &Value, entry: &Value) -> Value {
    let text = ["note", "channel/summary", "event_details/description", "summary"];
    let content = text.iter().find_map(|field| entry.text(field)).unwrap_or_default();
    let title = incident.text("title").or(incident.text("summary"));
    let about = json!({ "id": incident["id"], "summary": title, "html_url": incident["html_url"] });
    json!({ "type": "incident_note", "content": content, "incident": about })
}

#[cfg(test)]
mod tests;
