//! Linear: deliveries are signed in `linear-signature`, and their id is in `linear-delivery`.
//! Linear is the one provider that signs the time of sending (`webhookTimestamp`).

mod attachments;
mod documents;
mod history;
mod planning;
pub(crate) mod remote;

use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result, Timestamp, sha256_hex};
use serde_json::{Value, json};

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Headers, Outline, header};
use crate::payload::{Read, metadata};
use crate::{Code, IngestError, NormalForm};

pub(crate) fn envelope(headers: &Headers, body: &[u8], outline: &Outline) -> Result<Envelope, IngestError> {
    let (Some(kind), Some(action)) = (Outline::text(&outline.r#type), Outline::text(&outline.action)) else {
        return Err(IngestError::new(Code::InvalidPayload, "the body has no type or no action"));
    };
    // Without the header, the hash of the body is the id: the body contains the time of sending.
    let delivery_id = header(headers, "linear-delivery").map_or_else(|| sha256_hex(body), Into::into);
    let unreadable = || IngestError::new(Code::TimestampInvalid, "webhookTimestamp is not a time in milliseconds");
    let sent_at = match &outline.webhook_timestamp {
        None => None,
        Some(millis) => Some(Timestamp::from_millis(millis.as_i64().ok_or_else(unreadable)?)),
    };
    Ok(Envelope { event: format!("{kind}:{action}"), delivery_id, sent_at })
}

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    let (kind, action) = event.split_once(':').unwrap_or((event, ""));
    if kind == "IssueSLA" {
        if payload.text("issueData/identifier").is_none() {
            return Ok(NormalForm::Skipped("the deadline names no issue".into()));
        }
        let action = if action == "highRisk" { "high_risk" } else { action };
        let parts = planning::deadline(payload, action)?;
        return Ok(remembered(parts, action, payload, delivery));
    }
    // Some kinds have no data, so unknown kinds are skipped before the data is required.
    let read: fn(&Value, &Value, &str) -> Result<Parts> = match kind {
        "Issue" => issue,
        "Comment" => comment,
        "Project" => project,
        "Cycle" => cycle,
        "ProjectUpdate" => project_update,
        "Attachment" => attachments::attachment,
        "Document" => planning::document,
        "Initiative" => planning::initiative,
        "InitiativeUpdate" => planning::initiative_update,
        "Release" => planning::release,
        other => return Ok(NormalForm::Skipped(format!("{other} events are not remembered"))),
    };
    let action = match action {
        "create" => "created",
        "update" => "updated",
        "remove" => "deleted",
        other => return Ok(NormalForm::Skipped(format!("{kind} {other} events are not remembered"))),
    };
    let data = payload.at("data").ok_or_else(|| Error::invalid("the payload has no data"))?;
    if action == "updated" && kind == "Issue" && changes_order_alone(payload) {
        return Ok(NormalForm::Skipped("only the place of the issue in a list has changed".into()));
    }
    Ok(remembered(read(data, payload, action)?, action, payload, delivery))
}

/// The fields of an issue that change when somebody sorts a board or follows the issue.
const ORDER: [&str; 6] =
    ["sortOrder", "subIssueSortOrder", "prioritySortOrder", "boardOrder", "subscriberIds", "reactionData"];

/// The fields that an update has changed.
fn changed(payload: &Value) -> impl Iterator<Item = &str> {
    let before = payload.at("updatedFrom").and_then(Value::as_object);
    before.into_iter().flat_map(|fields| fields.keys()).map(String::as_str).filter(|field| *field != "updatedAt")
}

/// True if an update has changed nothing that says something about the issue.
fn changes_order_alone(payload: &Value) -> bool {
    changed(payload).next().is_some() && changed(payload).all(|field| ORDER.contains(&field))
}

/// The observation of what happened to a thing.
fn remembered(parts: Parts, action: &str, payload: &Value, delivery: &Delivery) -> NormalForm {
    let nothing = Value::Null;
    let data = payload.at("data").unwrap_or(&nothing);
    // An object is updated many times, and may be removed, restored and removed again. Each such
    // event has its own time, which is part of its identity.
    let at = data.text("updatedAt").or(payload.text("createdAt"));
    let source_id = match (action, at) {
        ("created", _) | (_, None) => format!("{}:{action}", parts.identity),
        (_, Some(at)) => format!("{}:{action}:{at}", parts.identity),
    };
    let fields_changed: Vec<&str> = if action == "updated" { changed(payload).collect() } else { Vec::new() };
    let mut fields = metadata([
        ("deliveryId", Some(json!(delivery.delivery_id))),
        ("organizationId", payload.at("organizationId").cloned()),
        ("action", Some(json!(action))),
        ("changed", (!fields_changed.is_empty()).then(|| json!(fields_changed))),
        ("url", payload.at("url").or(data.at("url")).cloned()),
    ]);
    fields.extend(metadata(parts.metadata));
    let event = SourceEvent {
        provider: "linear".into(),
        event_type: format!("{}.{action}", parts.noun),
        source_id,
        title: cut(&parts.title, 200),
        body: cut(&parts.body, 10_000),
        actor: actor(payload, action, parts.whose),
        occurred_at: data.time("updatedAt").or(payload.time("createdAt")).unwrap_or(delivery.received_at),
        repository: None,
        references: parts.references,
        metadata: fields,
    };
    NormalForm::Events { events: vec![event], changes: Vec::new(), push: None }
}

/// The person who acted. Older deliveries have none; then the owner of the object is taken. History
/// says that nobody knows who updated a thing.
fn actor(payload: &Value, action: &str, owner: Option<EventActor>) -> Option<EventActor> {
    let is_unknown = action == "updated" && payload.at("actor").is_some_and(Value::is_null);
    person(payload, "actor").or(owner.filter(|_| !is_unknown))
}

/// The parts of an observation that differ between the kinds.
struct Parts {
    noun: &'static str,
    identity: String,
    title: String,
    body: String,
    /// The creator, author or lead of the object.
    whose: Option<EventActor>,
    references: Vec<Reference>,
    metadata: Vec<(&'static str, Option<Value>)>,
}

/// The most earlier identifiers of an issue that are kept.
const MOST_IDENTIFIERS: usize = 10;

/// An issue by Linear's id of it.
fn by_id(id: &str) -> Reference {
    Reference { key: Some(format!("linear:{id}")), ..Reference::new(ReferenceKind::Issue, id) }
}

fn issue(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let identifier = data.needed("identifier")?;
    let mut references = vec![Reference::issue_key(identifier).at(data.text("url").map(Into::into)).subject()];
    // Attachments name the issue by its id, and it had other identifiers before it moved to another team.
    references.extend(data.text("id").map(|id| by_id(id).labelled("id").subject()));
    let earlier = data.list("previousIdentifiers").iter().filter_map(Value::as_str).take(MOST_IDENTIFIERS);
    references.extend(earlier.map(|identifier| Reference::issue_key(identifier).labelled("earlier").subject()));
    references.extend(named(data, "team/key", ReferenceKind::Team));
    references.extend(named(data, "project/name", ReferenceKind::Project));
    references.extend(named(data, "cycle/name", ReferenceKind::Cycle));
    references.extend(named(data, "assignee/email", ReferenceKind::Assignee));
    references.extend(
        data.list("labels").iter().filter_map(|label| Some(Reference::new(ReferenceKind::Label, label.text("name")?))),
    );
    references.extend(data.text("branchName").map(|branch| Reference::branch(branch, None)));
    references.extend(data.list("attachments").iter().filter_map(attachments::reference));
    let labels: Vec<&str> = data.list("labels").iter().filter_map(|label| label.text("name")).collect();
    Ok(Parts {
        noun: "issue",
        // The identifier changes when an issue moves to another team; the id does not.
        identity: format!("linear-issue:{}", data.text("id").unwrap_or(identifier)),
        title: format!("[Issue {}] {identifier}: {}", cased(action), cut(data.needed("title")?, 80)),
        body: lines(
            data.text("description"),
            &[
                ("Team", data.text("team/name").map(Into::into)),
                ("State", data.text("state/name").map(Into::into)),
                ("Priority", data.text("priorityLabel").map(Into::into)),
                ("Project", data.text("project/name").map(Into::into)),
                ("Cycle", data.text("cycle/name").map(Into::into)),
                ("Assignee", data.text("assignee/name").map(Into::into)),
                ("Labels", (!labels.is_empty()).then(|| labels.join(", "))),
                ("Estimate", data.id("estimate")),
                ("Due", data.text("dueDate").map(Into::into)),
            ],
        ),
        whose: person(data, "creator").or_else(|| person(data, "assignee")),
        references,
        metadata: vec![
            ("identifier", Some(json!(identifier))),
            ("state", data.at("state/name").cloned()),
            ("priority", data.at("priority").cloned()),
            ("priorityLabel", data.at("priorityLabel").cloned()),
            ("assignee", data.text("assignee/displayName").or(data.text("assignee/name")).map(|name| json!(name))),
            ("teamKey", data.at("team/key").cloned()),
            ("creator", data.text("creator/name").map(|name| json!(name))),
        ],
    })
}

fn comment(data: &Value, payload: &Value, _: &str) -> Result<Parts> {
    let (id, body) = (data.needed("id")?, data.text("body").unwrap_or_default());
    // In older deliveries, only the address contains the identifier.
    let address = payload.text("url").or(data.text("url")).or(data.text("issue/url"));
    let identifier = data.text("issue/identifier").or(address.and_then(identifier_in));
    let issue = identifier.or(data.text("issue/id"));
    let about = identifier.map(Reference::issue_key);
    let on = ["projectUpdate/project/name", "documentContent/document/title", "initiativeUpdate/initiative/name"];
    let title = data.text("issue/title").or(on.iter().find_map(|path| data.text(path))).unwrap_or_default();
    Ok(Parts {
        noun: "comment",
        identity: format!("linear-comment:{id}"),
        title: cut(&body.replace('\n', " "), 60),
        body: match issue {
            Some(issue) => format!("{body}\n\nIssue: {issue} {title}"),
            None => format!("{body}\n\nOn: {title}"),
        },
        whose: person(data, "user").or_else(|| person(data, "externalUser")),
        references: about
            .map(|r| r.at(data.text("issue/url").map(Into::into)).labelled("comment"))
            .into_iter()
            .collect(),
        metadata: vec![("commentId", Some(json!(id))), ("issueIdentifier", issue.map(|issue| json!(issue)))],
    })
}

/// `ENG-1` from `https://linear.app/acme/issue/ENG-1/its-title#comment-1`.
fn identifier_in(address: &str) -> Option<&str> {
    let identifier = address.split_once("/issue/")?.1.split(['/', '#', '?']).next()?;
    let (team, number) = identifier.rsplit_once('-')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (!team.is_empty() && is_number).then_some(identifier)
}

fn project(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let name = data.needed("name")?;
    let id = data.text("id").or(data.text("slugId")).unwrap_or("-");
    let teams: Vec<&str> =
        data.list("teams").iter().filter_map(|team| team.text("key").or(team.text("name"))).collect();
    let lead = data.text("lead/email").or(data.text("lead/name"));
    let mut references = vec![Reference::new(ReferenceKind::Project, name)];
    references.extend(lead.map(|lead| Reference::new(ReferenceKind::Assignee, lead).labelled("lead")));
    references.extend(teams.iter().map(|team| Reference::new(ReferenceKind::Team, *team)));
    Ok(Parts {
        noun: "project",
        identity: format!("linear-project:{id}"),
        title: format!("[Project {}] Project: {name}", cased(action)),
        body: lines(
            Some(&format!("{name}\n{}", data.text("description").unwrap_or_default())),
            &[
                ("State", data.text("status/name").or(data.text("state")).map(Into::into)),
                ("Progress", percent(data)),
                ("Target", data.text("targetDate").map(Into::into)),
                ("Lead", data.text("lead/name").map(Into::into)),
                ("Teams", (!teams.is_empty()).then(|| teams.join(", "))),
            ],
        ),
        whose: person(data, "lead"),
        references,
        metadata: [
            ("scope", "scope"),
            ("startDate", "startDate"),
            ("startedAt", "startedAt"),
            ("completedAt", "completedAt"),
            ("canceledAt", "canceledAt"),
            ("teamIds", "teamIds"),
            ("memberIds", "memberIds"),
        ]
        .into_iter()
        .map(|(name, path)| (name, data.at(path).cloned()))
        .chain([
            ("projectId", data.at("id").cloned()),
            ("status", data.text("status/name").or(data.text("state")).map(|status| json!(status))),
            ("progress", percent(data).map(|progress| json!(progress))),
            ("health", data.at("health").cloned()),
            ("lead", data.text("lead/name").map(|lead| json!(lead))),
        ])
        .collect(),
    })
}

fn cycle(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let number = data.id("number").ok_or_else(|| Error::invalid("the payload has no data/number"))?;
    // Linear's own deliveries contain only the team's id.
    let team = data.text("team/key").or(data.text("teamId")).unwrap_or("-");
    let identity = match data.text("id") {
        Some(id) => format!("linear-cycle:{id}"),
        None => format!("linear-cycle:{team}:{number}"),
    };
    let name = data.text("name").map_or_else(|| format!("Cycle {number}"), Into::into);
    let mut references = vec![Reference::new(ReferenceKind::Cycle, &name)];
    references.extend(named(data, "team/key", ReferenceKind::Team));
    Ok(Parts {
        noun: "cycle",
        identity,
        title: match data.text("team/name").or(data.text("team/key")) {
            Some(team) => format!("[Cycle {}] {name} ({team})", cased(action)),
            None => format!("[Cycle {}] {name}", cased(action)),
        },
        body: lines(
            None,
            &[
                ("Team", data.text("team/name").map(Into::into)),
                ("Starts", data.text("startsAt").map(Into::into)),
                ("Ends", data.text("endsAt").map(Into::into)),
                ("Progress", percent(data).or_else(|| cycle_progress(data))),
                (
                    "Scope points",
                    data.id("scope").or_else(|| last(data, "scopeHistory").map(|scope| scope.to_string())),
                ),
            ],
        ),
        whose: None,
        references,
        metadata: vec![
            ("cycleNumber", data.at("number").cloned()),
            ("teamKey", data.at("team/key").cloned()),
            ("teamId", data.at("teamId").or(data.at("team/id")).cloned()),
        ],
    })
}

fn project_update(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let (id, body) = (data.needed("id")?, data.text("body").unwrap_or_default());
    let project = data.text("project/name").unwrap_or("-");
    let verb = match action {
        "created" => "Posted",
        "updated" => "Edited",
        _ => "Deleted",
    };
    let health = data.text("health").map(|health| match health {
        "onTrack" => "+ onTrack",
        "atRisk" => "! atRisk",
        "offTrack" => "x offTrack",
        other => other,
    });
    Ok(Parts {
        noun: "project_update",
        identity: format!("linear-project-update:{id}"),
        title: format!(
            "[Project Update {verb}] {project}: {}...",
            body.chars().take(60).collect::<String>().replace('\n', " ")
        ),
        body: lines(Some(body), &[("Project", Some(project.into())), ("Health", health.map(Into::into))]),
        whose: person(data, "user"),
        references: vec![Reference::new(ReferenceKind::Project, project)],
        metadata: vec![("health", data.at("health").cloned()), ("projectId", data.at("project/id").cloned())],
    })
}

fn cased(action: &str) -> String {
    crate::payload::title_case(action)
}

fn named(data: &Value, path: &str, kind: ReferenceKind) -> Option<Reference> {
    data.text(path).map(|name| Reference::new(kind, name))
}

/// The newest entry of a history. An entry is a number, or a pair of time and number.
fn last(data: &Value, path: &str) -> Option<f64> {
    let newest = data.list(path).last()?;
    newest.as_f64().or_else(|| newest.as_array()?.last()?.as_f64())
}

fn cycle_progress(data: &Value) -> Option<String> {
    let (done, scope) = (last(data, "completedScopeHistory")?, last(data, "scopeHistory")?);
    (scope > 0.0).then(|| format!("{}%", (done / scope * 100.0).round()))
}

/// Linear sends progress as a fraction of one.
fn percent(data: &Value) -> Option<String> {
    let progress = data.at("progress")?.as_f64()?;
    Some(format!("{}%", (if progress <= 1.0 { progress * 100.0 } else { progress }).round()))
}

fn person(data: &Value, path: &str) -> Option<EventActor> {
    let person = data.at(path)?;
    Some(EventActor {
        id: person.id("id")?,
        name: person.text("displayName").or(person.text("name")).or(person.text("service"))?.to_owned(),
        email: person.text("email").map(Into::into),
        avatar_url: person.text("avatarUrl").map(Into::into),
    })
}

fn lines(text: Option<&str>, facts: &[(&str, Option<String>)]) -> String {
    let facts = facts.iter().filter_map(|(name, value)| Some(format!("{name}: {}", value.as_ref()?)));
    text.map(|text| format!("{text}\n")).into_iter().chain(facts).collect::<Vec<_>>().join("\n")
}
