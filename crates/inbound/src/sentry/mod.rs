//! Sentry: signed in `sentry-hook-signature`; the resource stands in a header, the action in the
//! body.
//!
//! # Identity of a delivery
//! `resource:timestamp` alone would make two errors of the same second one delivery, so a part of
//! the body's hash belongs to it.

use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result, sha256_hex};
use serde_json::{Value, json};

use crate::deliveries::Delivery;
use crate::payload::{Read, metadata};
use crate::provider::{Envelope, Headers, Outline, header, required};
use crate::{IngestError, Normalised};

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

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<Normalised> {
    let (resource, action) = event.split_once('.').unwrap_or((event, ""));
    let data = payload.at("data").ok_or_else(|| Error::invalid("the payload has no data"))?;
    let remembered = match resource {
        "issue" => issue(action, data, payload, delivery)?,
        "error" => error(data, delivery)?,
        "event_alert" => event_alert(data, delivery)?,
        "metric_alert" => metric_alert(action, data, delivery)?,
        other => return Ok(Normalised::Skipped(format!("{other} events are not remembered"))),
    };
    Ok(Normalised::Events { events: vec![remembered], changes: Vec::new() })
}

fn issue(action: &str, data: &Value, payload: &Value, delivery: &Delivery) -> Result<SourceEvent> {
    let issue = data.at("issue").ok_or_else(|| Error::invalid("the payload has no data/issue"))?;
    let short_id = issue.needed("shortId")?;
    let project = issue.text("project/slug").or(issue.text("project/name")).unwrap_or("-");
    let kind = issue.text("metadata/type").or(issue.text("title")).unwrap_or("Error");
    let value = issue.text("metadata/value").unwrap_or_default();
    let mut references = vec![Reference::issue_key(short_id).at(issue.text("permalink").map(Into::into)).subject()];
    references.push(Reference::new(ReferenceKind::Project, project));
    references.extend(assignee(issue));
    let commit = issue.text("statusDetails/inCommit/commit");
    references.extend(commit.map(|sha| Reference::commit(sha).labelled("resolved_by")));
    Ok(SourceEvent {
        provider: "sentry".into(),
        event_type: format!("issue.{action}"),
        source_id: format!("sentry-issue:{project}:{short_id}:{action}"),
        title: cut(&format!("[Issue {}] {kind}: {}", crate::payload::title_case(action), cut(value, 80)), 200),
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
        occurred_at: issue.time("lastSeen").unwrap_or(delivery.received_at),
        references,
        metadata: metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("issueId", issue.at("id").cloned()),
            ("shortId", Some(json!(short_id))),
            ("projectId", issue.at("project/id").cloned()),
            ("project", Some(json!(project))),
            ("level", issue.at("level").cloned()),
            ("status", issue.at("status").cloned()),
            ("url", issue.at("permalink").cloned()),
        ]),
    })
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
        references: vec![Reference::new(ReferenceKind::Project, &project)],
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
        references: vec![Reference::new(ReferenceKind::Project, &project)],
        metadata: event_metadata(event, delivery),
    })
}

fn metric_alert(action: &str, data: &Value, delivery: &Delivery) -> Result<SourceEvent> {
    let alert = data.at("metric_alert").ok_or_else(|| Error::invalid("the payload has no data/metric_alert"))?;
    let id = alert.id("id").ok_or_else(|| Error::invalid("the payload has no data/metric_alert/id"))?;
    let organisation = alert.id("alert_rule/organization_id").or(alert.id("organization_id"));
    let name = alert.text("alert_rule/name").or(alert.text("title")).unwrap_or("Metric alert");
    Ok(SourceEvent {
        provider: "sentry".into(),
        event_type: format!("metric_alert.{action}"),
        source_id: format!("sentry-metric-alert:{}:{id}:{action}", organisation.as_deref().unwrap_or("-")),
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
        occurred_at: alert.time("date_detected").or(alert.time("date_started")).unwrap_or(delivery.received_at),
        references: Vec::new(),
        metadata: metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("alertId", Some(json!(id))),
            ("organizationId", organisation.map(|id| json!(id))),
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
        ("url", event.at("web_url").cloned()),
    ])
}

/// `Name: value` for what there is; a fact without a name stands by itself.
fn facts(facts: &[(&str, Option<String>)]) -> String {
    let present = facts.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let lines = present.map(|(name, value)| if name.is_empty() { value.clone() } else { format!("{name}: {value}") });
    lines.collect::<Vec<_>>().join("\n")
}
