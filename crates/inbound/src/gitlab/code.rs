//! Events of code: pushes, pipelines, deployments and releases.
//!
//! Most pipelines say that all is well. Those are remembered that failed.

use campanile_base::source_event::{Reference, ReferenceKind, cut};
use campanile_base::{Error, Result};
use serde_json::{Value, json};

use super::{EventReading, HEADLINE, Parts, Project, at, time};
use crate::commits;
use crate::payload::{Read, facts, metadata};

/// The commit of a branch that is not there, before or after a push.
const NOTHING: &str = "0000000000000000000000000000000000000000";

pub(super) fn push(project: &Project<'_>, payload: &Value, _: &str) -> Result<EventReading> {
    let (before, after, git_ref) = (payload.needed("before")?, payload.needed("after")?, payload.needed("ref")?);
    let tag = git_ref.strip_prefix("refs/tags/");
    let name = tag.or(git_ref.strip_prefix("refs/heads/")).unwrap_or(git_ref);
    let is_deletion = after == NOTHING;
    // A tag with a message has an object of its own, which is no commit.
    let commit = payload.text("checkout_sha").unwrap_or(after);
    let last = payload.list("commits").iter().find(|it| it.text("id") == Some(commit)).unwrap_or(&Value::Null);
    let message = last.text("message").or(payload.text("message")).unwrap_or_default();
    let headline = match message.lines().next().filter(|line| !line.trim().is_empty()) {
        _ if is_deletion => format!("Deleted {name}"),
        _ if tag.is_some() => format!("Tag {name}"),
        Some(line) => cut(line, HEADLINE),
        None => format!("Push to {name}"),
    };
    let mut references = Vec::new();
    if !is_deletion {
        references.push(Reference::commit(commit).at(last.text("url").map(Into::into)).subject());
    }
    if tag.is_none() {
        references.push(project.branch(name));
    }
    references.extend(commits::contained(payload, commit));
    let is_default = project.default_branch.map(|branch| json!(tag.is_none() && branch == name));
    Ok(EventReading::from(Parts {
        event_type: "push".into(),
        source_id: format!("gitlab-push:{}:{git_ref}:{before}:{after}", project.id),
        title: format!("[Push] {headline}"),
        body: message.to_owned(),
        occurred_at: time(last, "timestamp"),
        references,
        metadata: metadata([
            ("branch", tag.is_none().then(|| json!(name))),
            ("tag", tag.map(|tag| json!(tag))),
            ("defaultBranch", is_default),
            ("beforeSha", Some(json!(before))),
            ("afterSha", Some(json!(after))),
            ("commitCount", payload.at("total_commits_count").cloned()),
            ("authors", commits::authors(payload)),
            ("deleted", is_deletion.then(|| json!(true))),
            ("url", last.at("url").or(payload.at("project/web_url")).cloned()),
        ]),
    }))
}

pub(super) fn pipeline(project: &Project<'_>, payload: &Value, status: &str) -> Result<EventReading> {
    if status != "failed" {
        return Ok(EventReading::Nothing("pipelines are remembered when they fail"));
    }
    let pipeline = object(payload)?;
    let id = pipeline.id("id").ok_or_else(|| Error::invalid("the payload has no object_attributes/id"))?;
    let (name, is_tag) = (pipeline.text("ref").unwrap_or("-"), pipeline.flag("tag"));
    let ended = time(pipeline, "finished_at");
    let commit = pipeline.text("sha");
    let mut references: Vec<Reference> =
        commit.map(|sha| Reference::commit(sha).labelled("checks")).into_iter().collect();
    if !is_tag {
        references.push(project.branch(name));
    }
    let request = payload.number("merge_request/iid");
    references.extend(request.map(|number| project.merge_request(number).labelled("checks")));
    let failed = payload.list("builds").iter().filter(|job| job.text("status") == Some("failed"));
    let jobs: Vec<&str> = failed.filter(|job| !job.flag("allow_failure")).filter_map(|job| job.text("name")).collect();
    Ok(EventReading::from(Parts {
        event_type: "pipeline.failed".into(),
        // A pipeline whose jobs are tried again can fail again.
        source_id: format!("gitlab-pipeline:{}:{id}:failed:{}", project.id, at(ended)),
        title: format!("[Pipeline Failed] {} on {name}", project.path),
        body: facts(&[
            ("", payload.text("commit/message").map(Into::into)),
            ("Failed jobs", (!jobs.is_empty()).then(|| jobs.join(", "))),
        ]),
        occurred_at: ended,
        references,
        metadata: metadata([
            ("branch", (!is_tag).then(|| json!(name))),
            ("defaultBranch", project.default_branch.map(|branch| json!(!is_tag && branch == name))),
            ("headSha", commit.map(|sha| json!(sha))),
            ("source", pipeline.at("source").cloned()),
            ("url", pipeline.at("url").cloned()),
        ]),
    }))
}

pub(super) fn deployment(project: &Project<'_>, payload: &Value, status: &str) -> Result<EventReading> {
    if !matches!(status, "success" | "failed") {
        return Ok(EventReading::Nothing("deployments are remembered when they succeed or fail"));
    }
    let id = payload.id("deployment_id").ok_or_else(|| Error::invalid("the payload has no deployment_id"))?;
    let environment = payload.text("environment").unwrap_or("an environment");
    let address = payload.text("deployable_url");
    let key = format!("gitlab:{}:{id}", project.id);
    let deployment = Reference { key: Some(key), ..Reference::new(ReferenceKind::Deployment, id.clone()) };
    let mut references = vec![deployment.at(address.map(Into::into)).subject()];
    // The whole hash is in the address alone.
    let commit = payload.text("commit_url").and_then(|url| url.rsplit_once("/commit/")).map(|(_, sha)| sha);
    let commit = commit.filter(|sha| sha.len() == 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit()));
    references.extend(commit.map(Reference::commit));
    references.extend(payload.text("ref").map(|name| project.branch(name)));
    let verb = if status == "success" { "Succeeded" } else { "Failed" };
    Ok(EventReading::from(Parts {
        event_type: format!("deployment.{status}"),
        source_id: format!("gitlab-deployment:{}:{id}:{status}", project.id),
        title: format!("[Deployment {verb}] {} to {environment}", project.path),
        body: facts(&[
            ("", payload.text("commit_title").map(Into::into)),
            ("Environment", payload.text("environment").map(Into::into)),
            ("Address", payload.text("environment_external_url").map(Into::into)),
        ]),
        occurred_at: time(payload, "status_changed_at"),
        references,
        metadata: metadata([
            ("deploymentId", Some(json!(id))),
            ("environment", payload.at("environment").cloned()),
            ("gitCommitSha", commit.map(|sha| json!(sha))),
            ("url", address.map(|url| json!(url))),
        ]),
    }))
}

pub(super) fn release(project: &Project<'_>, payload: &Value, action: &str) -> Result<EventReading> {
    if action != "create" {
        return Ok(EventReading::Nothing("releases are remembered when they are created"));
    }
    let tag = payload.needed("tag")?;
    let name = payload.text("name").unwrap_or(tag);
    let commit = payload.text("commit/id");
    Ok(EventReading::from(Parts {
        event_type: "release.created".into(),
        source_id: format!("gitlab-release:{}:{tag}:created", project.id),
        title: format!("[Release Published] {name}"),
        body: payload.text("description").unwrap_or_default().to_owned(),
        occurred_at: time(payload, "released_at").or_else(|| time(payload, "created_at")),
        references: commit.map(|sha| Reference::commit(sha).labelled("release")).into_iter().collect(),
        metadata: metadata([("tagName", Some(json!(tag))), ("url", payload.at("url").cloned())]),
    }))
}

/// The thing that most events are about.
pub(super) fn object(payload: &Value) -> Result<&Value> {
    payload.at("object_attributes").ok_or_else(|| Error::invalid("the payload has no object_attributes"))
}
