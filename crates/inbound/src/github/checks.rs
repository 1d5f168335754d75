//! Events of machines that look at code: suites of checks, runs of workflows, and what became of a
//! deployment.
//!
//! They are many, and most say that all is well. Of checks and workflows only those are remembered that
//! failed or wait for somebody.

use campanile_base::source_event::{Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result};
use serde_json::{Map, Value, json};

use super::EventReading;
use super::events::{BODY, HEADLINE, TITLE, person, with_repository};
use crate::deliveries::Delivery;
use crate::payload::{Read, metadata, title_case};

/// The conclusions that somebody should know of.
const BAD: [&str; 4] = ["failure", "timed_out", "action_required", "startup_failure"];
/// The application that runs workflows, which are told by events of their own.
const ACTIONS: &str = "github-actions";

pub(super) fn check_suite(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let suite = payload.at("check_suite").ok_or_else(|| Error::invalid("the payload has no check_suite"))?;
    let Some(conclusion) = concluded(payload, suite) else {
        return Ok(EventReading::Nothing("checks are remembered when they fail or wait for somebody"));
    };
    if suite.text("app/slug") == Some(ACTIONS) {
        return Ok(EventReading::Nothing(
            "runs of GitHub Actions are remembered when workflow_run events tell of them",
        ));
    }
    let repository = payload.needed("repository/full_name")?;
    let id = suite.id("id").ok_or_else(|| Error::invalid("the payload has no check_suite/id"))?;
    let app = suite.text("app/name").unwrap_or("checks");
    let about = Run { payload, run: suite, repository };
    let own = metadata([
        ("conclusion", Some(json!(conclusion))),
        ("appSlug", suite.at("app/slug").cloned()),
        ("url", about.page_of_checks().map(Value::String)),
    ]);
    Ok(EventReading::from(SourceEvent {
        provider: "github".into(),
        event_type: format!("check_suite.{conclusion}"),
        source_id: format!("check-suite:{repository}:{id}:{conclusion}"),
        title: about.title("Checks", conclusion, app),
        body: cut(suite.text("head_commit/message").unwrap_or_default(), BODY),
        actor: person(payload, "sender"),
        occurred_at: suite.time("updated_at").unwrap_or(delivery.received_at),
        repository: Some(repository.to_owned()),
        references: about.references(),
        metadata: about.metadata(delivery, own),
    }))
}

pub(super) fn workflow_run(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let run = payload.at("workflow_run").ok_or_else(|| Error::invalid("the payload has no workflow_run"))?;
    let Some(conclusion) = concluded(payload, run) else {
        return Ok(EventReading::Nothing("runs of workflows are remembered when they fail or wait for somebody"));
    };
    let repository = payload.needed("repository/full_name")?;
    let id = run.id("id").ok_or_else(|| Error::invalid("the payload has no workflow_run/id"))?;
    let attempt = run.number("run_attempt").unwrap_or(1);
    let name = run.text("name").or(payload.text("workflow/name")).unwrap_or("workflow");
    let number = run.number("run_number").map(|number| format!(" #{number}")).unwrap_or_default();
    let about = Run { payload, run, repository };
    let own = metadata([
        ("conclusion", Some(json!(conclusion))),
        ("workflow", Some(json!(name))),
        ("runNumber", run.at("run_number").cloned()),
        ("runAttempt", Some(json!(attempt))),
        ("event", run.at("event").cloned()),
        ("url", run.at("html_url").cloned()),
    ]);
    Ok(EventReading::from(SourceEvent {
        provider: "github".into(),
        event_type: format!("workflow_run.{conclusion}"),
        source_id: format!("workflow:{repository}:{id}:{attempt}:{conclusion}"),
        title: about.title("Workflow", conclusion, &format!("{name}{number}")),
        body: cut(run.text("display_title").or(run.text("head_commit/message")).unwrap_or_default(), BODY),
        actor: person(run, "actor").or(person(payload, "sender")),
        occurred_at: run.time("updated_at").unwrap_or(delivery.received_at),
        repository: Some(repository.to_owned()),
        references: about.references(),
        metadata: about.metadata(delivery, own),
    }))
}

pub(super) fn deployment_status(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let status =
        payload.at("deployment_status").ok_or_else(|| Error::invalid("the payload has no deployment_status"))?;
    let deployment = payload.at("deployment").ok_or_else(|| Error::invalid("the payload has no deployment"))?;
    let state = status.needed("state")?;
    if !["success", "failure", "error"].contains(&state) {
        return Ok(EventReading::Nothing("a deployment is remembered when it has succeeded or failed"));
    }
    let repository = payload.needed("repository/full_name")?;
    let (id, of) = (status.id("id"), deployment.id("id"));
    let (id, of) = id.zip(of).ok_or_else(|| Error::invalid("the payload has no ids of its deployment"))?;
    let environment = status.text("environment").or(deployment.text("environment")).unwrap_or("an environment");
    let default_branch = payload.text("repository/default_branch");
    let commit = deployment.text("sha").map(Reference::commit);
    let branch = deployment.text("ref").filter(|name| deployment.text("sha") != Some(*name));
    let branch = branch.map(|name| Reference::branch(name, default_branch));
    let verb = if state == "success" { "Succeeded" } else { "Failed" };
    Ok(EventReading::from(SourceEvent {
        provider: "github".into(),
        event_type: format!("deployment_status.{state}"),
        source_id: format!("deployment:{repository}:{of}:{id}"),
        title: cut(&format!("[Deployment {verb}] {repository} to {environment}"), TITLE),
        body: cut(status.text("description").or(deployment.text("description")).unwrap_or_default(), BODY),
        actor: person(status, "creator").or(person(deployment, "creator")),
        occurred_at: status.time("created_at").unwrap_or(delivery.received_at),
        repository: Some(repository.to_owned()),
        references: commit.into_iter().chain(branch).collect(),
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("deploymentId", deployment.at("id").cloned()),
                ("state", Some(json!(state))),
                ("environment", Some(json!(environment))),
                ("environmentUrl", status.at("environment_url").cloned()),
                ("logUrl", status.at("log_url").cloned()),
                ("url", status.at("log_url").or(status.at("target_url")).cloned()),
            ]),
        ),
    }))
}

/// The conclusion, if it is one that somebody should know of.
fn concluded<'p>(payload: &Value, run: &'p Value) -> Option<&'p str> {
    let conclusion = run.text("conclusion")?;
    (payload.text("action") == Some("completed") && BAD.contains(&conclusion)).then_some(conclusion)
}

/// A suite of checks or a run of a workflow.
struct Run<'p> {
    payload: &'p Value,
    run: &'p Value,
    repository: &'p str,
}

impl Run<'_> {
    fn default_branch(&self) -> Option<&str> {
        self.payload.text("repository/default_branch")
    }

    /// `[Workflow Failed] Release #12 on main`.
    fn title(&self, kind: &str, conclusion: &str, name: &str) -> String {
        let verb = match conclusion {
            "failure" | "startup_failure" => "Failed".to_owned(),
            other => title_case(other),
        };
        let branch = self.run.text("head_branch").map(|branch| format!(" on {branch}")).unwrap_or_default();
        cut(&format!("[{kind} {verb}] {}{branch}", cut(name, HEADLINE)), TITLE)
    }

    fn references(&self) -> Vec<Reference> {
        let commit = self.run.text("head_sha").map(Reference::commit);
        let branch = self.run.text("head_branch").map(|branch| Reference::branch(branch, self.default_branch()));
        let numbers = self.run.list("pull_requests").iter().filter_map(|pr| u64::try_from(pr.number("number")?).ok());
        let pull_requests =
            numbers.map(|number| Reference::numbered(ReferenceKind::Pr, self.repository, number).labelled("checks"));
        commit.into_iter().chain(branch).chain(pull_requests).collect()
    }

    fn page_of_checks(&self) -> Option<String> {
        let repository = self.payload.text("repository/html_url")?;
        Some(format!("{repository}/commit/{}/checks", self.run.text("head_sha")?))
    }

    fn metadata(&self, delivery: &Delivery, mut own: Map<String, Value>) -> Map<String, Value> {
        own.insert("deliveryId".to_owned(), json!(delivery.delivery_id));
        if let Some(branch) = self.run.text("head_branch") {
            own.insert("branch".to_owned(), json!(branch));
            own.insert("defaultBranch".to_owned(), json!(Some(branch) == self.default_branch()));
        }
        if let Some(commit) = self.run.text("head_sha") {
            own.insert("headSha".to_owned(), json!(commit));
        }
        with_repository(self.payload, own)
    }
}
