//! Scores the importance of an event, from 0 to 100.
//!
//! The score is a base by the kind of event, plus a weight for each group of words that occurs,
//! plus a little for references and length. The product defines the weights;
//! `memory::significance::tests` fixes them.

use std::sync::LazyLock;

use campanile_base::source_event::{Reference, SourceEvent};
use regex::Regex;

/// The base of an event that is not in the table.
const UNKNOWN: i64 = 35;

/// The base by provider and type. The first matching row counts; `*` matches every action.
const BASE: &[(&str, &str, i64)] = &[
    ("github", "push", 30),
    ("github", "pull_request.opened", 50),
    ("github", "pull_request.closed", 45),
    ("github", "pull_request.merged", 60),
    ("github", "pull_request.reopened", 40),
    ("github", "pull_request.ready_for_review", 45),
    ("github", "issues.opened", 45),
    ("github", "issues.closed", 40),
    ("github", "issues.reopened", 40),
    ("github", "release.published", 75),
    ("github", "release.created", 70),
    ("github", "discussion.created", 35),
    ("github", "discussion.answered", 40),
    ("github", "issue_comment.created", 25),
    ("github", "issue_comment.edited", 20),
    ("github", "issue_comment.deleted", 20),
    ("github", "pull_request_review.approved", 40),
    ("github", "pull_request_review.changes_requested", 50),
    ("github", "pull_request_review.commented", 25),
    ("github", "pull_request_review.dismissed", 30),
    ("github", "pull_request_review_comment.created", 25),
    ("github", "pull_request_review_comment.*", 20),
    ("github", "discussion_comment.created", 25),
    ("github", "discussion_comment.*", 20),
    ("github", "commit_comment.*", 20),
    ("github", "check_suite.action_required", 40),
    ("github", "check_suite.*", 50),
    ("github", "workflow_run.action_required", 40),
    ("github", "workflow_run.*", 50),
    ("github", "deployment_status.success", 40),
    ("github", "deployment_status.*", 65),
    ("github", "repository.deleted", 60),
    ("github", "repository.publicized", 70),
    ("github", "repository.archived", 45),
    ("github", "repository.transferred", 45),
    ("github", "repository.renamed", 30),
    ("vercel", "deployment.created", 30),
    ("vercel", "deployment.succeeded", 40),
    ("vercel", "deployment.ready", 40),
    ("vercel", "deployment.error", 70),
    ("vercel", "deployment.canceled", 65),
    ("vercel", "deployment.check-rerequested", 25),
    ("sentry", "issue.created", 55),
    ("sentry", "issue.resolved", 50),
    ("sentry", "issue.assigned", 30),
    ("sentry", "issue.ignored", 25),
    ("sentry", "issue.archived", 25),
    ("sentry", "issue.unresolved", 45),
    ("sentry", "error", 45),
    ("sentry", "event_alert.*", 65),
    ("sentry", "metric_alert.*", 70),
    ("linear", "issue.created", 50),
    ("linear", "issue.updated", 35),
    ("linear", "issue.deleted", 40),
    ("linear", "comment.created", 25),
    ("linear", "comment.*", 20),
    ("linear", "project.created", 45),
    ("linear", "project.updated", 35),
    ("linear", "project.deleted", 40),
    ("linear", "cycle.created", 40),
    ("linear", "cycle.updated", 30),
    ("linear", "cycle.deleted", 35),
    ("linear", "project_update.created", 45),
    ("linear", "project_update.updated", 30),
    ("linear", "project_update.deleted", 25),
    ("linear", "attachment.*", 20),
    ("linear", "document.created", 35),
    ("linear", "document.updated", 20),
    ("linear", "document.deleted", 30),
    ("linear", "initiative.created", 45),
    ("linear", "initiative.updated", 35),
    ("linear", "initiative.deleted", 40),
    ("linear", "initiative_update.created", 45),
    ("linear", "initiative_update.updated", 30),
    ("linear", "initiative_update.deleted", 25),
    ("linear", "release.created", 60),
    ("linear", "issue_sla.breached", 75),
    ("linear", "issue_sla.high_risk", 60),
    ("sentry", "comment.*", 25),
    ("vercel", "deployment.promoted", 55),
    ("vercel", "deployment.rollback", 75),
    ("vercel", "deployment.blocked", 60),
    ("vercel", "deployment.checks.failed", 55),
    ("vercel", "project.created", 35),
    ("vercel", "project.removed", 55),
    ("vercel", "project.renamed", 25),
    ("vercel", "project.env-variable.*", 40),
    ("vercel", "domain.certificate.*", 65),
    ("vercel", "alerts.triggered", 70),
    ("vercel", "firewall.attack", 85),
    ("vercel", "budget.reached", 60),
    ("vercel", "rolling-release.started", 40),
    ("vercel", "rolling-release.aborted", 70),
    ("vercel", "rolling-release.*", 50),
    ("vercel", "observability.*", 60),
    ("vercel", "integration-configuration.removed", 50),
    ("notion", "page.created", 30),
    ("notion", "page.content_updated", 20),
    ("notion", "page.moved", 20),
    ("notion", "page.deleted", 35),
    ("notion", "page.undeleted", 30),
    ("notion", "data_source.schema_updated", 30),
    ("notion", "comment.created", 25),
    ("pagerduty", "incident.triggered", 80),
    ("pagerduty", "incident.escalated", 70),
    ("pagerduty", "incident.reopened", 70),
    ("pagerduty", "incident.resolved", 55),
    ("pagerduty", "incident.priority_updated", 55),
    ("pagerduty", "incident.status_update_published", 55),
    ("pagerduty", "incident.acknowledged", 40),
    ("pagerduty", "*", 30),
    ("gitlab", "push", 30),
    ("gitlab", "merge_request.opened", 50),
    ("gitlab", "merge_request.closed", 45),
    ("gitlab", "merge_request.merged", 60),
    ("gitlab", "merge_request.reopened", 40),
    ("gitlab", "merge_request.appro*", 40),
    ("gitlab", "merge_request.ready_for_review", 45),
    ("gitlab", "merge_request.*", 30),
    ("gitlab", "issue.opened", 45),
    ("gitlab", "issue.closed", 40),
    ("gitlab", "issue.reopened", 40),
    ("gitlab", "note.created", 25),
    ("gitlab", "note.*", 20),
    ("gitlab", "pipeline.*", 50),
    ("gitlab", "deployment.success", 40),
    ("gitlab", "deployment.*", 65),
    ("gitlab", "release.created", 75),
];

/// The weight of checks and workflows that fail on the default branch, where they concern everybody.
const ON_DEFAULT_BRANCH: i64 = 15;
/// The weight that an incident of low urgency lacks.
const LOW_URGENCY: i64 = 20;

/// Groups of words, with their weights. Each group counts once, however many of its words occur.
static WORDS: LazyLock<Vec<(Regex, i64)>> = LazyLock::new(|| {
    let groups = [
        (r"breaking|critical|urgent|security|vulnerability|cve-\d+", 20),
        (r"hotfix|emergency|incident|outage|downtime", 15),
        (r"major|important|significant|release|deploy", 10),
        (r"feature|feat|new", 8),
        (r"fix|bug|patch|resolve", 5),
        (r"chore|deps|dependencies|bump|update|upgrade", -10),
        (r"typo|whitespace|formatting|lint", -15),
        (r"wip|draft|temp|test", -10),
    ];
    let compiled = groups
        .into_iter()
        .map(|(words, weight)| (Regex::new(&format!(r"\b(?:{words})\b")).expect("the patterns are constants"), weight));
    compiled.collect()
});

/// The significance of an event.
pub fn score(event: &SourceEvent) -> i64 {
    let text = format!("{} {}", event.title, event.body).to_lowercase();
    let words: i64 = WORDS.iter().filter(|(group, _)| group.is_match(&text)).map(|(_, weight)| weight).sum();
    // The commits of a push say how large it is, and a second name of a thing is no second thing.
    let is_tie = |reference: &&Reference| !matches!(reference.label.as_deref(), Some("contains" | "id" | "earlier"));
    let references = (3 * event.references.iter().filter(is_tie).count() as i64).min(15);
    let length = match event.body.chars().count() {
        0..=200 => 0,
        201..=500 => 2,
        _ => 5,
    };
    (base(event) + on_default_branch(event) - by_urgency(event) + words + references + length).clamp(0, 100)
}

fn on_default_branch(event: &SourceEvent) -> i64 {
    let is_check = ["check_suite.", "workflow_run.", "pipeline."].iter().any(|noun| event.event_type.starts_with(noun));
    let is_default = event.metadata.get("defaultBranch") == Some(&serde_json::Value::Bool(true));
    if is_check && is_default { ON_DEFAULT_BRANCH } else { 0 }
}

/// The weight that a triggered incident lacks if it may wait.
fn by_urgency(event: &SourceEvent) -> i64 {
    let is_low = event.metadata.get("urgency").is_some_and(|urgency| urgency == "low");
    if event.event_type == "incident.triggered" && is_low { LOW_URGENCY } else { 0 }
}

fn base(event: &SourceEvent) -> i64 {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => event.event_type.starts_with(prefix),
        None => event.event_type == pattern,
    };
    BASE.iter().find(|(provider, kind, _)| *provider == event.provider && fits(kind)).map_or(UNKNOWN, |row| row.2)
}

#[cfg(test)]
mod tests {
    use campanile_base::Timestamp;
    use campanile_base::source_event::ReferenceKind;

    use super::*;

    fn event(kind: &str, title: &str, body: &str) -> SourceEvent {
        SourceEvent {
            provider: "github".into(),
            event_type: kind.into(),
            source_id: "x".into(),
            title: title.into(),
            body: body.into(),
            actor: None,
            occurred_at: Timestamp::from_seconds(0),
            repository: None,
            references: Vec::new(),
            metadata: serde_json::Map::new(),
        }
    }

    #[test]
    fn the_base_is_told_by_the_kind() {
        assert_eq!(score(&event("push", "x", "")), 30);
        assert_eq!(score(&event("pull_request.merged", "x", "")), 60);
        assert_eq!(score(&event("something.else", "x", "")), 35);
        assert_eq!(score(&SourceEvent { provider: "sentry".into(), ..event("metric_alert.critical", "x", "") }), 70);
    }

    #[test]
    fn a_workflow_that_fails_where_all_work_weighs_more() {
        let failed = |branch: bool| {
            let mut failed = event("workflow_run.failure", "x", "");
            failed.metadata.insert("defaultBranch".to_owned(), branch.into());
            score(&failed)
        };
        assert_eq!((failed(false), failed(true)), (50, 65));
    }

    #[test]
    fn an_incident_that_may_wait_weighs_less() {
        let triggered = |urgency: &str| {
            let mut event = SourceEvent { provider: "pagerduty".into(), ..event("incident.triggered", "x", "") };
            event.metadata.insert("urgency".to_owned(), urgency.into());
            score(&event)
        };
        assert_eq!((triggered("high"), triggered("low")), (80, 60));
    }

    #[test]
    fn a_push_of_many_commits_weighs_what_one_of_one_commit_does() {
        let mut push = event("push", "x", "");
        push.references = vec![Reference::commit("a"); 9].into_iter().map(|it| it.labelled("contains")).collect();
        assert_eq!(score(&push), 30);
    }

    #[test]
    fn each_group_of_words_counts_once_and_whole_words_only() {
        assert_eq!(score(&event("push", "Critical security", "CVE-2026-1")), 50);
        assert_eq!(score(&event("push", "hotfix outage", "")), 45);
        assert_eq!(score(&event("push", "fix typo", "")), 30 + 5 - 15);
        assert_eq!(score(&event("push", "prefix renewed latest", "")), 30);
    }

    #[test]
    fn references_and_length_add_a_little_and_the_score_stays_within_bounds() {
        let mut much = event("release.published", "security incident release feature fix", &"long ".repeat(200));
        much.references = vec![Reference::new(ReferenceKind::Label, "x"); 9];
        assert_eq!(score(&much), 100);
        let mut some = event("push", "x", &"y".repeat(201));
        some.references = vec![Reference::new(ReferenceKind::Label, "x"); 2];
        assert_eq!(score(&some), 30 + 6 + 2);
        assert_eq!(score(&event("issue_comment.edited", "typo chore wip", "")), 0);
    }
}
