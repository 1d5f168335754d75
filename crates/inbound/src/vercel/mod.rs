//! Vercel: deliveries are signed with HMAC-SHA1 in `x-vercel-signature`. Event type and id are in
//! the body.

mod account;
mod history;
pub(crate) mod remote;
#[cfg(test)]
mod remote_tests;

use campanile_base::Result;
use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent, cut};
use serde_json::{Value, json};

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Outline};
use crate::payload::{Read, metadata};
use crate::{IngestError, NormalForm};

pub(crate) fn envelope(outline: &Outline) -> Result<Envelope, IngestError> {
    // `createdAt` is the time of the event, not of sending.
    outline.envelope()
}

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    // Older integrations write `deployment-ready`.
    let dotted = event.strip_prefix("deployment-").map(|action| format!("deployment.{action}"));
    let event = dotted.as_deref().unwrap_or(event);
    let (symbol, words) = match event {
        "deployment.created" => ("▶", "Deployment Started"),
        "deployment.succeeded" => ("✓", "Deployment Succeeded"),
        "deployment.ready" => ("✓", "Deployment Ready"),
        "deployment.error" => ("✗", "Deployment Failed"),
        "deployment.canceled" => ("■", "Deployment Canceled"),
        "deployment.check-rerequested" => ("↻", "Check Re-requested"),
        "deployment.promoted" => ("▲", "Deployment Promoted"),
        "deployment.rollback" => ("↩", "Deployment Rolled Back"),
        "deployment.blocked" => ("✗", "Deployment Blocked"),
        "deployment.checks.failed" => ("✗", "Deployment Checks Failed"),
        other => {
            return Ok(match account::event(other, payload, delivery) {
                Some(event) => NormalForm::Events { events: vec![event], changes: Vec::new(), push: None },
                None => NormalForm::Skipped(format!("{other} events are not remembered")),
            });
        }
    };
    let id = payload.needed("payload/deployment/id")?;
    let project = payload.text("payload/project/name").or(payload.text("payload/deployment/name")).unwrap_or(id);
    let meta = |name: &str| host(payload, name);
    let branch = meta("CommitRef");
    let from = branch.map(|branch| format!(" from {branch}")).unwrap_or_default();
    let title = format!("[{words}] {project}{from}");
    let message = meta("CommitMessage").unwrap_or_default();
    let remembered = SourceEvent {
        provider: "vercel".into(),
        event_type: event.to_owned(),
        source_id: match (CAN_RECUR.contains(&event), payload.text("id")) {
            (true, Some(delivered)) => format!("vercel:deployment:{id}:{event}:{delivered}"),
            _ => format!("vercel:deployment:{id}:{event}"),
        },
        body: cut(&format!("{symbol} {title}\n{message}"), 10_000),
        title: cut(&title, 200),
        actor: meta("CommitAuthorLogin").or(meta("CommitAuthorName")).map(author),
        occurred_at: payload.time("createdAt").unwrap_or(delivery.received_at),
        repository: None,
        references: references(payload, id),
        metadata: metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("webhookId", payload.at("id").cloned()),
            ("deploymentId", Some(json!(id))),
            ("deploymentUrl", payload.at("payload/deployment/url").cloned()),
            ("url", payload.at("payload/links/deployment").or(payload.at("payload/deployment/inspectorUrl")).cloned()),
            ("projectId", payload.at("payload/project/id").cloned()),
            ("projectName", Some(json!(project))),
            ("teamId", payload.at("payload/team/id").cloned()),
            ("environment", Some(json!(environment(payload)))),
            ("gitCommitSha", meta("CommitSha").map(|sha| json!(sha))),
            ("gitCommitRef", branch.map(|branch| json!(branch))),
            ("gitCommitMessage", Some(json!(cut(message, 500)))),
            ("gitCommitAuthor", meta("CommitAuthorName").map(|name| json!(name))),
            ("gitRepo", meta("Repo").map(|name| json!(name))),
            ("gitOrg", meta("Org").map(|name| json!(name))),
            ("branch", branch.map(|branch| json!(branch))),
            ("region", payload.at("region").cloned()),
        ]),
    };
    Ok(NormalForm::Events { events: vec![remembered], changes: Vec::new(), push: None })
}

/// The events that can happen to a deployment again: it is promoted, rolled back and promoted again.
const CAN_RECUR: [&str; 3] = ["deployment.promoted", "deployment.rollback", "deployment.checks.failed"];

/// The code hosts that deployments come from.
const HOSTS: [&str; 3] = ["github", "gitlab", "bitbucket"];

/// A field that the code host adds to a deployment: `CommitSha` of GitHub is the field
/// `githubCommitSha`.
fn host<'p>(payload: &'p Value, name: &str) -> Option<&'p str> {
    HOSTS.iter().find_map(|host| payload.text(&format!("payload/deployment/meta/{host}{name}")))
}

fn author(login: &str) -> EventActor {
    EventActor { id: login.to_owned(), name: login.to_owned(), email: None, avatar_url: None }
}

fn environment(payload: &Value) -> &'static str {
    let target = payload.text("payload/target").or(payload.text("payload/deployment/target"));
    if target == Some("production") { "production" } else { "preview" }
}

fn references(payload: &Value, deployment: &str) -> Vec<Reference> {
    let meta = |name: &str| host(payload, name);
    let url = payload.text("payload/links/deployment").map(Into::into);
    let mut references = vec![Reference {
        key: Some(deployment.to_owned()),
        ..Reference::new(ReferenceKind::Deployment, deployment).at(url).subject()
    }];
    references.extend(meta("CommitSha").map(Reference::commit));
    references.extend(meta("CommitRef").map(|branch| Reference::branch(branch, None)));
    // Only GitHub deployments contain the pull request.
    let number = payload.number("payload/deployment/meta/githubPrId").and_then(|number| u64::try_from(number).ok());
    if let (Some(number), Some(owner), Some(name)) = (number, meta("Org"), meta("Repo")) {
        references.push(Reference::numbered(ReferenceKind::Pr, &format!("{owner}/{name}"), number));
    }
    references.extend(payload.text("payload/project/id").map(|id| Reference::new(ReferenceKind::Project, id)));
    references
}
