//! Merge requests, issues, and the notes on both and on commits.

use campanile_base::source_event::{Reference, ReferenceKind, cut};
use campanile_base::{Error, Result};
use serde_json::{Value, json};

use super::code::object;
use super::{EventReading, HEADLINE, Parts, Project, at, time};
use crate::links::closed_issues;
use crate::payload::{Read, metadata, title_case};

pub(super) fn merge_request(project: &Project<'_>, payload: &Value, action: &str) -> Result<EventReading> {
    let request = object(payload)?;
    let action = match action {
        "open" => "opened",
        "close" => "closed",
        "reopen" => "reopened",
        "merge" => "merged",
        "approved" | "approval" | "unapproved" | "unapproval" => action,
        "update" if is_ready_now(payload) => "ready_for_review",
        _ => {
            return Ok(EventReading::Nothing("an update of a merge request is remembered when it is ready for review"));
        }
    };
    let (number, title) = (numbered(request)?, request.needed("title")?);
    let (url, description) = (request.text("url"), request.text("description").unwrap_or_default());
    let kind = match action {
        "ready_for_review" => "Ready for Review".to_owned(),
        other => format!("MR {}", title_case(other)),
    };
    let mut references = vec![project.merge_request(number).at(url.map(Into::into)).subject()];
    references.extend(request.text("source_branch").map(|branch| project.branch(branch)));
    references.extend(request.text("last_commit/id").map(Reference::commit));
    references.extend(request.text("merge_commit_sha").map(|sha| Reference::commit(sha).labelled("merge")));
    references.extend(closed_issues(&format!("{title}\n{description}"), project.path));
    references.extend(people(payload, "reviewers", ReferenceKind::Reviewer));
    references.extend(people(payload, "assignees", ReferenceKind::Assignee));
    references.extend(labels(payload));
    let thing = format!("gitlab-mr:{}!{number}", project.id);
    let when = if action == "opened" { "created_at" } else { "updated_at" };
    let occurred_at = time(request, when);
    Ok(EventReading::from(Parts {
        event_type: format!("merge_request.{action}"),
        source_id: match action {
            "opened" | "merged" => format!("{thing}:{action}"),
            _ => format!("{thing}:{action}:{}", at(occurred_at)),
        },
        title: format!("[{kind}] {}", cut(title, HEADLINE)),
        body: format!("{title}\n{description}"),
        occurred_at,
        references,
        metadata: metadata([
            ("prNumber", Some(json!(number))),
            ("action", Some(json!(action))),
            ("merged", Some(json!(action == "merged"))),
            ("draft", request.at("draft").cloned()),
            ("headRef", request.at("source_branch").cloned()),
            ("baseRef", request.at("target_branch").cloned()),
            ("headSha", request.at("last_commit/id").cloned()),
            ("url", request.at("url").cloned()),
        ]),
    }))
}

/// True if an update has made a draft ready.
fn is_ready_now(payload: &Value) -> bool {
    payload.flag("changes/draft/previous") && !payload.flag("changes/draft/current")
}

pub(super) fn issue(project: &Project<'_>, payload: &Value, action: &str) -> Result<EventReading> {
    let issue = object(payload)?;
    let (action, when) = match action {
        "open" => ("opened", "created_at"),
        "close" => ("closed", "closed_at"),
        "reopen" => ("reopened", "updated_at"),
        _ => return Ok(EventReading::Nothing("issues are remembered when they are opened, closed or opened again")),
    };
    let (number, title) = (numbered(issue)?, issue.needed("title")?);
    let occurred_at = time(issue, when).or_else(|| time(issue, "updated_at"));
    let mut references = vec![project.issue(number).at(issue.text("url").map(Into::into)).subject()];
    references.extend(people(payload, "assignees", ReferenceKind::Assignee));
    references.extend(labels(payload));
    let thing = format!("gitlab-issue:{}#{number}", project.id);
    Ok(EventReading::from(Parts {
        event_type: format!("issue.{action}"),
        source_id: match action {
            "opened" => format!("{thing}:{action}"),
            _ => format!("{thing}:{action}:{}", at(occurred_at)),
        },
        title: format!("[Issue {}] {}", title_case(action), cut(title, HEADLINE)),
        body: format!("{title}\n{}", issue.text("description").unwrap_or_default()),
        occurred_at,
        references,
        metadata: metadata([
            ("issueNumber", Some(json!(number))),
            ("action", Some(json!(action))),
            ("state", issue.at("state").cloned()),
            ("confidential", issue.flag("confidential").then(|| json!(true))),
            ("url", issue.at("url").cloned()),
        ]),
    }))
}

pub(super) fn note(project: &Project<'_>, payload: &Value, action: &str) -> Result<EventReading> {
    let note = object(payload)?;
    let id = note.id("id").ok_or_else(|| Error::invalid("the payload has no object_attributes/id"))?;
    let said = note.text("note").unwrap_or_default();
    // Older versions tell no action, and new notes alone.
    let is_edit = action == "update";
    let (kind, when) = if is_edit { ("updated", "updated_at") } else { ("created", "created_at") };
    let occurred_at = time(note, when);
    let (on, references) = subject_of(project, payload);
    Ok(EventReading::from(Parts {
        event_type: format!("note.{kind}"),
        source_id: match is_edit {
            true => format!("gitlab-note:{id}:updated:{}", at(occurred_at)),
            false => format!("gitlab-note:{id}:created"),
        },
        title: format!("[Comment {}] {}", title_case(kind), cut(&said.replace('\n', " "), HEADLINE)),
        body: on.map_or_else(|| said.to_owned(), |on| format!("{said}\n\nOn: {on}")),
        occurred_at,
        references,
        metadata: metadata([
            ("commentId", Some(json!(id))),
            ("on", note.at("noteable_type").cloned()),
            ("url", note.at("url").cloned()),
        ]),
    }))
}

/// The thing that a note is on, in words and as a reference. A snippet is none that is known.
fn subject_of(project: &Project<'_>, payload: &Value) -> (Option<String>, Vec<Reference>) {
    let titled = |field: &str, sign: char| {
        let (number, title) = (payload.number(&format!("{field}/iid"))?, payload.text(&format!("{field}/title"))?);
        Some((number, format!("{sign}{number} {title}")))
    };
    if let Some((number, words)) = titled("merge_request", '!') {
        let mut references = vec![project.merge_request(number).labelled("comment")];
        references.extend(payload.text("merge_request/source_branch").map(|branch| project.branch(branch)));
        return (Some(words), references);
    }
    if let Some((number, words)) = titled("issue", '#') {
        return (Some(words), vec![project.issue(number).labelled("comment")]);
    }
    let commit = payload.text("commit/id").map(|sha| Reference::commit(sha).labelled("comment"));
    (payload.text("commit/title").map(Into::into), commit.into_iter().collect())
}

fn numbered(thing: &Value) -> Result<i64> {
    thing.number("iid").ok_or_else(|| Error::invalid("the payload has no object_attributes/iid"))
}

fn people(payload: &Value, field: &str, kind: ReferenceKind) -> Vec<Reference> {
    let names = payload.list(field).iter().filter_map(|person| person.text("username").or(person.text("name")));
    names.map(|name| Reference::new(kind, name)).collect()
}

fn labels(payload: &Value) -> Vec<Reference> {
    let titles = payload.list("labels").iter().filter_map(|label| label.text("title"));
    titles.map(|title| Reference::new(ReferenceKind::Label, title)).collect()
}
