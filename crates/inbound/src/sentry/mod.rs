//! Sentry: deliveries are signed in `sentry-hook-signature`. The resource is in a header, the
//! action in the body.
//!
//! # Identity of a delivery
//! `resource:timestamp` alone would be the same for two errors in one second. So a part of the
//! body's hash is added.
//!
//! # Identity of an event
//! An issue can be resolved, regress and be resolved again. Its payload does not contain the time
//! of these actions, so the delivery's timestamp is used. Several actions may happen in one second.
//! So the identity also contains the time at which the issue was last seen, and its assignee. History has an
//! entry for the action instead, whose number is the identity.

mod history;
pub(crate) mod remote;
#[cfg(test)]
mod remote_tests;

use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result, Timestamp, sha256_hex};
use serde_json::{Value, json};

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Headers, Outline, header, required};
use crate::payload::{Read, facts, metadata};
use crate::{IngestError, NormalForm};

pub(crate) fn envelope(headers: &Headers, body: &[u8], outline: &Outline) -> Result<Envelope, IngestError> {
    let resource = required(headers, "sentry-hook-resource")?;
    let timestamp = header(headers, "sentry-hook-timestamp").unwrap_or("-");
    let event = match Outline::text(&outline.action) {
        Some(action) => format!("{resource}.{action}"),
        None => resource.to_owned(),
    };
    let delivery_id = format!("{resource}:{timestamp}:{}", &sha256_hex(body)[..16]);
    // The header's timestamp is not covered by the signature.
    Ok(Envelope { event, delivery_id, sent_at: None })
}

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    let (resource, action) = event.split_once('.').unwrap_or((event, ""));
    let data = || payload.at("data").ok_or_else(|| Error::invalid("the payload has no data"));
    let remembered = match resource {
        "issue" => issue(action, data()?, payload, delivery)?,
        "error" => error(data()?, delivery)?,
        "event_alert" => event_alert(data()?, delivery)?,
        "metric_alert" => metric_alert(action, data()?, delivery)?,
        "comment" => comment(action, data()?, payload, delivery)?,
        other => return Ok(NormalForm::Skipped(format!("{other} events are not remembered"))),
    };
    Ok(NormalForm::Events { events: vec![remembered], changes: Vec::new(), push: None })
}

fn issue(action: &str, data: &Value, payload: &Value, delivery: &Delivery) -> Result<SourceEvent> {
    let issue = data.at("issue").ok_or_else(|| Error::invalid("the payload has no data/issue"))?;
    let short_id = issue.needed("shortId")?;
    let project = issue.text("project/slug").or(issue.text("project/name")).unwrap_or("-");
    let kind = issue.text("metadata/type").or(issue.text("title")).unwrap_or("Error");
    let value = issue.text("metadata/value").unwrap_or_default();
    let url = issue.text("permalink").or(issue.text("web_url"));
    let id = issue.id("id");
    let mut references = vec![Reference::issue_key(short_id).at(url.map(Into::into)).subject()];
    references.extend(id.as_deref().map(|id| numbered_issue(id).at(url.map(Into::into)).subject()));
    references.push(Reference::new(ReferenceKind::Project, project));
    references.extend(assignee(issue));
    // The short id contains the project's name, which can change.
    let thing = id.unwrap_or_else(|| format!("{project}:{short_id}"));
    let what = match (action, issue.text("substatus")) {
        ("unresolved", Some(substatus @ ("regressed" | "escalating"))) => crate::payload::title_case(substatus),
        _ => crate::payload::title_case(action),
    };
    let commit = issue.text("statusDetails/inCommit/commit");
    references.extend(commit.map(|sha| Reference::commit(sha).labelled("resolved_by")));
    Ok(SourceEvent {
        provider: "sentry".into(),
        event_type: format!("issue.{action}"),
        source_id: match (action, payload.id("activity/id")) {
            ("created", _) => format!("sentry-issue:{thing}:created"),
            (_, Some(entry)) => format!("sentry-issue:{thing}:{action}:activity:{entry}"),
            _ => [hook_time(delivery), issue.text("lastSeen"), given_to(issue)]
                .into_iter()
                .flatten()
                .fold(format!("sentry-issue:{thing}:{action}"), |known, part| format!("{known}:{part}")),
        },
        title: match cut(value, 80) {
            value if value.is_empty() => cut(&format!("[Issue {what}] {kind}"), 200),
            value => cut(&format!("[Issue {what}] {kind}: {value}"), 200),
        },
        body: cut(
            &facts(&[
                ("", issue.text("title").map(Into::into)),
                ("", (!value.is_empty()).then(|| value.to_owned())),
                ("Location", issue.text("metadata/filename").or(issue.text("culprit")).map(Into::into)),
                ("Function", issue.text("metadata/function").map(Into::into)),
                ("Level", issue.text("level").map(Into::into)),
                ("Platform", issue.text("platform").map(Into::into)),
                ("Occurrences", issue.id("count")),
                ("Users affected", issue.id("userCount")),
            ]),
            10_000,
        ),
        actor: actor(payload),
        occurred_at: payload.time("activity/dateCreated").unwrap_or_else(|| time_of(action, issue, delivery)),
        repository: None,
        references,
        metadata: metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("issueId", issue.at("id").cloned()),
            ("shortId", Some(json!(short_id))),
            ("projectId", issue.at("project/id").cloned()),
            ("project", Some(json!(project))),
            ("level", issue.at("level").cloned()),
            ("status", issue.at("status").cloned()),
            ("substatus", issue.at("substatus").cloned()),
            ("url", url.map(|url| json!(url))),
        ]),
    })
}

/// An issue by Sentry's numeric id, which errors and alerts contain, too.
fn numbered_issue(id: &str) -> Reference {
    Reference { key: Some(format!("sentry:{id}")), ..Reference::new(ReferenceKind::Issue, id) }
}

/// The issue of an error or an alert: by its id, or by the last part of its address.
fn issue_of(event: &Value) -> Option<Reference> {
    let in_address = || {
        let address = event.text("issue_url")?.trim_end_matches('/');
        let id = address.rsplit('/').next()?;
        id.bytes().all(|byte| byte.is_ascii_digit()).then(|| id.to_owned())
    };
    event.id("issue_id").or_else(in_address).map(|id| numbered_issue(&id))
}

/// The time of an action. An issue comes back with an event, which is the last one that was seen. Of other
/// actions the body has no time: they happened when the hook was sent, and after the last event in any case.
fn time_of(action: &str, issue: &Value, delivery: &Delivery) -> Timestamp {
    let comes_back = action == "unresolved" && matches!(issue.text("substatus"), Some("regressed" | "escalating"));
    let found = match action {
        "created" => issue.time("firstSeen").or(issue.time("lastSeen")),
        _ if comes_back => issue.time("lastSeen").or_else(|| sent_at(delivery)),
        _ => sent_at(delivery).or(issue.time("lastSeen")),
    };
    found.unwrap_or(delivery.received_at)
}

/// The delivery's time, in seconds since 1970. Sentry does not sign it, and the signed body
/// contains no time.
fn hook_time(delivery: &Delivery) -> Option<&str> {
    header(&delivery.headers, "sentry-hook-timestamp").filter(|time| !time.is_empty())
}

/// The time at which the hook was sent: seconds or milliseconds since 1970, or RFC 3339.
fn sent_at(delivery: &Delivery) -> Option<Timestamp> {
    let text = hook_time(delivery)?;
    let number = text.split('.').next().and_then(|whole| whole.parse::<i64>().ok());
    json!({ "at": number.map_or_else(|| json!(text), |number| json!(number)) }).time("at")
}

fn given_to(issue: &Value) -> Option<&str> {
    ["id", "email", "name"].iter().find_map(|field| issue.text(&format!("assignedTo/{field}")))
}

fn assignee(issue: &Value) -> Option<Reference> {
    let name = issue.text("assignedTo/email").or(issue.text("assignedTo/name"))?;
    Some(Reference::new(ReferenceKind::Assignee, name))
}

fn error(data: &Value, delivery: &Delivery) -> Result<SourceEvent> {
    let event = data.at("error").or(data.at("event")).ok_or_else(|| Error::invalid("the payload has no data/error"))?;
    let (project, id) = (event.id("project").unwrap_or_else(|| "-".into()), event.needed("event_id")?);
    let title = event.text("title").or(event.text("message")).unwrap_or("Error");
    Ok(SourceEvent {
        provider: "sentry".into(),
        event_type: "error".into(),
        source_id: format!("sentry-error:{project}:{id}"),
        title: cut(&format!("[Error] {title}"), 200),
        body: cut(
            &[
                facts(&[
                    ("", event.text("message").or(event.text("title")).map(Into::into)),
                    ("Location", event.text("location").map(Into::into)),
                    ("Function", event.text("culprit").map(Into::into)),
                    ("Platform", event.text("platform").map(Into::into)),
                ]),
                stack(event),
            ]
            .join("\n"),
            10_000,
        ),
        actor: None,
        occurred_at: event.time("datetime").or(event.time("timestamp")).unwrap_or(delivery.received_at),
        repository: None,
        references: issue_of(event).into_iter().chain([Reference::new(ReferenceKind::Project, &project)]).collect(),
        metadata: event_metadata(event, delivery),
    })
}

/// The five innermost frames, innermost first.
fn stack(event: &Value) -> String {
    let frames = event.list("exception/values").iter().flat_map(|value| value.list("stacktrace/frames"));
    let mut shown: Vec<String> = frames
        .map(|frame| {
            let (file, function) = (frame.text("filename").unwrap_or("?"), frame.text("function").unwrap_or("?"));
            format!("  at {function} ({file}:{})", frame.number("lineno").unwrap_or(0))
        })
        .collect();
    shown.reverse();
    shown.truncate(5);
    shown.join("\n")
}

fn event_alert(data: &Value, delivery: &Delivery) -> Result<SourceEvent> {
    let event = data.at("event").ok_or_else(|| Error::invalid("the payload has no data/event"))?;
    let (project, id) = (event.id("project").unwrap_or_else(|| "-".into()), event.needed("event_id")?);
    let rule = data.text("triggered_rule").unwrap_or("Alert");
    let dashed = rule.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    Ok(SourceEvent {
        provider: "sentry".into(),
        event_type: "event_alert.triggered".into(),
        source_id: format!("sentry-alert:{project}:{id}:{dashed}"),
        title: cut(&format!("[Alert Triggered] {rule}"), 200),
        body: cut(
            &facts(&[
                ("Rule", Some(rule.to_owned())),
                ("", event.text("title").or(event.text("message")).map(Into::into)),
                ("Location", event.text("location").map(Into::into)),
            ]),
            10_000,
        ),
        actor: None,
        occurred_at: event.time("datetime").or(event.time("timestamp")).unwrap_or(delivery.received_at),
        repository: None,
        references: issue_of(event).into_iter().chain([Reference::new(ReferenceKind::Project, &project)]).collect(),
        metadata: event_metadata(event, delivery),
    })
}

fn metric_alert(action: &str, data: &Value, delivery: &Delivery) -> Result<SourceEvent> {
    let alert = data.at("metric_alert").ok_or_else(|| Error::invalid("the payload has no data/metric_alert"))?;
    let id = alert.id("id").ok_or_else(|| Error::invalid("the payload has no data/metric_alert/id"))?;
    let organisation = alert.id("alert_rule/organization_id").or(alert.id("organization_id"));
    let name = data
        .text("description_title")
        .or(alert.text("alert_rule/name"))
        .or(alert.text("title"))
        .unwrap_or("Metric alert");
    Ok(SourceEvent {
        provider: "sentry".into(),
        event_type: format!("metric_alert.{action}"),
        // A metric may become critical, recover, and become critical again.
        source_id: format!(
            "sentry-metric-alert:{}:{id}:{action}:{}",
            organisation.as_deref().unwrap_or("-"),
            hook_time(delivery).unwrap_or(&delivery.delivery_id)
        ),
        title: cut(&format!("[Metric Alert {}] {name}", crate::payload::title_case(action)), 200),
        body: cut(
            &facts(&[
                ("Alert", Some(name.to_owned())),
                ("Query", alert.text("alert_rule/query").map(Into::into)),
                ("Aggregate", alert.text("alert_rule/aggregate").map(Into::into)),
                ("Time Window", alert.id("alert_rule/time_window")),
                ("Threshold", alert.id("alert_rule/resolve_threshold")),
                ("Started", alert.text("date_started").map(Into::into)),
                ("Detected", alert.text("date_detected").map(Into::into)),
                ("Closed", alert.text("date_closed").map(Into::into)),
            ]),
            10_000,
        ),
        actor: None,
        occurred_at: match action {
            "resolved" => alert.time("date_closed").or_else(|| sent_at(delivery)).unwrap_or(delivery.received_at),
            _ => alert
                .time("date_detected")
                .or(alert.time("date_started"))
                .or_else(|| sent_at(delivery))
                .unwrap_or(delivery.received_at),
        },
        repository: None,
        references: Vec::new(),
        metadata: metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("alertId", Some(json!(id))),
            ("organizationId", organisation.map(|id| json!(id))),
            ("url", data.at("web_url").cloned()),
        ]),
    })
}

fn comment(action: &str, data: &Value, payload: &Value, delivery: &Delivery) -> Result<SourceEvent> {
    let id = data.id("comment_id").ok_or_else(|| Error::invalid("the payload has no data/comment_id"))?;
    let issue = data.id("issue_id").ok_or_else(|| Error::invalid("the payload has no data/issue_id"))?;
    let said = data.text("comment").unwrap_or_default();
    let project = data.text("project_slug").unwrap_or("-");
    let thing = format!("sentry-comment:{id}:{action}");
    Ok(SourceEvent {
        provider: "sentry".into(),
        event_type: format!("comment.{action}"),
        source_id: match action {
            "created" | "deleted" => thing,
            _ => format!("{thing}:{}", hook_time(delivery).unwrap_or(&delivery.delivery_id)),
        },
        title: cut(&format!("[Comment {}] {}", crate::payload::title_case(action), cut(said, 100)), 200),
        body: cut(said, 10_000),
        actor: actor(payload),
        occurred_at: data.time("timestamp").or_else(|| sent_at(delivery)).unwrap_or(delivery.received_at),
        repository: None,
        references: vec![numbered_issue(&issue).labelled("comment"), Reference::new(ReferenceKind::Project, project)],
        metadata: metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("commentId", Some(json!(id))),
            ("issueId", Some(json!(issue))),
            ("project", Some(json!(project))),
        ]),
    })
}

fn actor(payload: &Value) -> Option<EventActor> {
    let actor = payload.at("actor")?;
    Some(EventActor {
        id: actor.id("id")?,
        name: actor.text("name")?.to_owned(),
        email: actor.text("email").map(Into::into),
        avatar_url: None,
    })
}

fn event_metadata(event: &Value, delivery: &Delivery) -> serde_json::Map<String, Value> {
    metadata([
        ("deliveryId", Some(json!(delivery.delivery_id))),
        ("eventId", event.at("event_id").cloned()),
        ("projectId", event.at("project").cloned()),
        ("level", event.at("level").cloned()),
        ("url", event.at("web_url").or(event.at("url")).cloned()),
        ("environment", event.at("environment").cloned()),
        ("release", event.at("release").cloned()),
    ])
}
