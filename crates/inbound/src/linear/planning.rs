//! What is planned and shipped beside issues: documents, initiatives, releases, and deadlines.

use campanile_base::source_event::{Reference, ReferenceKind, cut};
use campanile_base::{Error, Result};
use serde_json::{Value, json};

use super::{Parts, by_id, lines, person};
use crate::payload::{Read, title_case};

/// The first characters of a long text that become the body.
const EXCERPT: usize = 4_000;

pub(super) fn document(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let (id, title) = (data.needed("id")?, data.needed("title")?);
    Ok(Parts {
        noun: "document",
        identity: format!("linear-document:{id}"),
        title: format!("[Document {}] {title}", title_case(action)),
        body: cut(data.text("content").unwrap_or_default(), EXCERPT),
        whose: person(data, "updatedBy").or_else(|| person(data, "creator")),
        references: data
            .text("project/name")
            .map(|name| Reference::new(ReferenceKind::Project, name))
            .into_iter()
            .collect(),
        metadata: vec![
            ("documentId", Some(json!(id))),
            ("projectId", data.at("projectId").cloned()),
            ("initiativeId", data.at("initiativeId").cloned()),
        ],
    })
}

pub(super) fn initiative(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let (id, name) = (data.needed("id")?, data.needed("name")?);
    let projects = data.list("projects").iter().filter_map(|project| project.text("name"));
    Ok(Parts {
        noun: "initiative",
        identity: format!("linear-initiative:{id}"),
        title: format!("[Initiative {}] {name}", title_case(action)),
        body: lines(
            Some(data.text("description").unwrap_or(name)),
            &[
                ("Status", data.text("status").map(Into::into)),
                ("Health", data.text("health").map(Into::into)),
                ("Owner", data.text("owner/name").map(Into::into)),
                ("Target", data.text("targetDate").map(Into::into)),
            ],
        ),
        whose: person(data, "owner").or_else(|| person(data, "creator")),
        references: projects.map(|name| Reference::new(ReferenceKind::Project, name)).collect(),
        metadata: vec![
            ("initiativeId", Some(json!(id))),
            ("status", data.at("status").cloned()),
            ("health", data.at("health").cloned()),
        ],
    })
}

pub(super) fn initiative_update(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let (id, body) = (data.needed("id")?, data.text("body").unwrap_or_default());
    let initiative = data.text("initiative/name").unwrap_or("-");
    let first_line = body.lines().next().unwrap_or_default();
    Ok(Parts {
        noun: "initiative_update",
        identity: format!("linear-initiative-update:{id}"),
        title: format!("[Initiative Update {}] {initiative}: {}", title_case(action), cut(first_line, 60)),
        body: lines(
            Some(body),
            &[("Initiative", Some(initiative.into())), ("Health", data.text("health").map(Into::into))],
        ),
        whose: person(data, "user"),
        references: Vec::new(),
        metadata: vec![("health", data.at("health").cloned()), ("initiativeId", data.at("initiative/id").cloned())],
    })
}

pub(super) fn release(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let (id, name) = (data.needed("id")?, data.text("name").or(data.text("version")).unwrap_or("a release"));
    let stage = data.text("stage/name").or(data.text("stage"));
    let mut references: Vec<Reference> = data.text("commitSha").map(Reference::commit).into_iter().collect();
    let identifiers = data.list("issues").iter().filter_map(|issue| issue.text("identifier"));
    references.extend(identifiers.map(|identifier| Reference::issue_key(identifier).labelled("released")));
    Ok(Parts {
        noun: "release",
        identity: format!("linear-release:{id}"),
        title: format!("[Release {}] {name}", title_case(action)),
        body: lines(
            data.text("description"),
            &[
                ("Version", data.text("version").map(Into::into)),
                ("Stage", stage.map(Into::into)),
                ("Pipeline", data.text("pipeline/name").or(data.text("pipeline")).map(Into::into)),
            ],
        ),
        whose: person(data, "creator"),
        references,
        metadata: vec![
            ("releaseId", Some(json!(id))),
            ("version", data.at("version").cloned()),
            ("stage", stage.map(|stage| json!(stage))),
            ("commitSha", data.at("commitSha").cloned()),
        ],
    })
}

/// A deadline of an issue that was set, is near, or has passed. It has no data, but the issue beside it.
pub(super) fn deadline(payload: &Value, action: &str) -> Result<Parts> {
    let issue = payload.at("issueData").ok_or_else(|| Error::invalid("the payload has no issueData"))?;
    let identifier = issue.needed("identifier")?;
    let title = issue.text("title").unwrap_or_default();
    let verb = match action {
        "high_risk" => "at Risk".to_owned(),
        other => title_case(other),
    };
    let url = issue.text("url").map(Into::into);
    let mut references = vec![Reference::issue_key(identifier).at(url).labelled("deadline")];
    references.extend(issue.text("id").map(|id| by_id(id).labelled("deadline")));
    Ok(Parts {
        noun: "issue_sla",
        identity: format!("linear-sla:{}", issue.text("id").unwrap_or(identifier)),
        title: format!("[SLA {verb}] {identifier}: {}", cut(title, 100)),
        body: lines(
            Some(title),
            &[
                ("Due", issue.text("slaBreachesAt").map(Into::into)),
                ("Assignee", issue.text("assignee/name").map(Into::into)),
                ("Priority", issue.text("priorityLabel").map(Into::into)),
            ],
        ),
        whose: None,
        references,
        metadata: vec![
            ("identifier", Some(json!(identifier))),
            ("breachesAt", issue.at("slaBreachesAt").cloned()),
            ("url", issue.at("url").cloned()),
        ],
    })
}
