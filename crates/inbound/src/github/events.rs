//! Events in a repository: pushes, pull requests, issues, releases, discussions.

use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result, Timestamp};
use serde_json::{Map, Value, json};

use super::EventReading;
use crate::commits;
use crate::deliveries::Delivery;
use crate::links::closed_issues;
use crate::payload::{Read, metadata, title_case};

pub(super) const BODY: usize = 10_000;
pub(super) const TITLE: usize = 200;
/// The maximum length of a user's text within a title, in characters.
pub(super) const HEADLINE: usize = 100;

/// Actions that happen to an object only once.
const ONCE: [&str; 4] = ["opened", "created", "merged", "deleted"];

pub(super) fn push(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let repository = payload.needed("repository/full_name")?;
    let (before, after) = (payload.needed("before")?, payload.needed("after")?);
    let git_ref = payload.needed("ref")?;
    let tag = git_ref.strip_prefix("refs/tags/");
    let name = tag.or(git_ref.strip_prefix("refs/heads/")).unwrap_or(git_ref);
    let message = payload.text("head_commit/message").unwrap_or_default();
    let deleted = payload.flag("deleted");
    let headline = match (deleted, message.lines().next()) {
        (true, _) => format!("Deleted {name}"),
        (false, _) if tag.is_some() => format!("Tag {name}"),
        (false, Some(line)) if !line.trim().is_empty() => cut(line, HEADLINE),
        _ => format!("Push to {name}"),
    };
    let default_branch = payload.text("repository/default_branch").or(payload.text("repository/master_branch"));
    let mut references = Vec::new();
    if !deleted {
        references.push(Reference::commit(after).at(payload.text("head_commit/url").map(Into::into)).subject());
    }
    if tag.is_none() {
        references.push(Reference::branch(name, default_branch));
    }
    references.extend(commits::contained(payload, after));
    // One commit may be pushed to several branches, and a branch may return to an earlier commit.
    let to = if deleted { "deleted" } else { after };
    let pushed_at = payload.id("repository/pushed_at").map(|at| format!("{at}:")).unwrap_or_default();
    let source_id = format!("push:{repository}:{git_ref}:{pushed_at}{before}:{to}");
    let files = |kind: &str| payload.list("commits").iter().map(|commit| commit.list(kind).len()).sum::<usize>();
    let mut actor = person(payload, "sender");
    if let Some(actor) = &mut actor {
        actor.email = payload.text("pusher/email").map(Into::into);
    }
    Ok(EventReading::from(SourceEvent {
        provider: "github".into(),
        event_type: "push".into(),
        source_id,
        title: cut(&format!("[Push] {headline}"), TITLE),
        body: cut(message, BODY),
        actor,
        occurred_at: payload.time("head_commit/timestamp").unwrap_or(delivery.received_at),
        repository: Some(repository.to_owned()),
        references,
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("branch", tag.is_none().then(|| json!(name))),
                ("tag", tag.map(|tag| json!(tag))),
                ("defaultBranch", default_branch.map(|branch| json!(tag.is_none() && branch == name))),
                ("beforeSha", Some(json!(before))),
                ("afterSha", Some(json!(after))),
                ("commitCount", Some(json!(payload.list("commits").len()))),
                ("fileCount", Some(json!(files("added") + files("modified") + files("removed")))),
                ("authors", commits::authors(payload)),
                ("url", address_of_push(payload, deleted)),
                ("forced", Some(json!(payload.flag("forced")))),
                ("deleted", deleted.then(|| json!(true))),
            ]),
        ),
    }))
}

/// The address of a push: its last commit, the comparison with the state before, or the repository.
fn address_of_push(payload: &Value, is_deletion: bool) -> Option<Value> {
    let of_commits = payload.at("head_commit/url").or(payload.at("compare")).filter(|_| !is_deletion);
    of_commits.or(payload.at("repository/html_url")).cloned()
}

pub(super) fn pull_request(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let repository = payload.needed("repository/full_name")?;
    let (pr, number) = numbered(payload, "pull_request")?;
    let merged = payload.text("action") == Some("closed") && pr.flag("merged");
    let action = if merged { "merged" } else { payload.needed("action")? };
    let kind = match action {
        "review_requested" => "Review Requested".into(),
        "ready_for_review" => "Ready for Review".into(),
        other => format!("PR {}", title_case(other)),
    };
    Ok(EventReading::from(SourceEvent {
        provider: "github".into(),
        event_type: format!("pull_request.{action}"),
        source_id: identity(payload, delivery, &format!("pr:{repository}#{number}"), action, pr),
        title: headline(&kind, pr)?,
        body: titled_body(pr),
        actor: person(pr, "user"),
        occurred_at: time_of(action, pr, delivery),
        repository: Some(repository.to_owned()),
        references: pull_request_references(payload, pr, repository, number),
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("prNumber", Some(json!(number))),
                ("action", Some(json!(action))),
                ("merged", Some(json!(merged || pr.flag("merged")))),
                ("draft", Some(json!(pr.flag("draft")))),
                ("additions", pr.at("additions").cloned()),
                ("deletions", pr.at("deletions").cloned()),
                ("changedFiles", pr.at("changed_files").cloned()),
                ("headRef", pr.at("head/ref").cloned()),
                ("baseRef", pr.at("base/ref").cloned()),
                ("headSha", pr.at("head/sha").cloned()),
                ("mergeCommitSha", pr.at("merge_commit_sha").cloned()),
                ("authorLogin", pr.at("user/login").cloned()),
                ("authorId", pr.at("user/id").cloned()),
                ("mergedBy", pr.at("merged_by/login").cloned()),
                ("milestone", pr.at("milestone/title").cloned()),
                ("url", pr.at("html_url").cloned()),
            ]),
        ),
    }))
}

fn pull_request_references(payload: &Value, pr: &Value, repository: &str, number: u64) -> Vec<Reference> {
    let url = pr.text("html_url").map(Into::into);
    let mut references = vec![Reference::numbered(ReferenceKind::Pr, repository, number).at(url).subject()];
    if let Some(branch) = pr.text("head/ref") {
        references.push(Reference::branch(branch, payload.text("repository/default_branch")));
    }
    if let Some(sha) = pr.text("head/sha") {
        references.push(Reference::commit(sha));
    }
    // Before the merge this is the commit of a test merge, which no other event refers to.
    if let Some(sha) = pr.text("merge_commit_sha").filter(|_| pr.flag("merged")) {
        references.push(Reference::commit(sha).labelled("merge"));
    }
    let text = [pr.text("title").unwrap_or_default(), pr.text("body").unwrap_or_default()].join("\n");
    references.extend(closed_issues(&text, repository));
    references.extend(people(pr, "requested_reviewers", ReferenceKind::Reviewer));
    references.extend(people(pr, "assignees", ReferenceKind::Assignee));
    references.extend(labels(pr));
    references
}

pub(super) fn issue(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let repository = payload.needed("repository/full_name")?;
    let (issue, number) = numbered(payload, "issue")?;
    let action = payload.needed("action")?;
    let url = issue.text("html_url").map(Into::into);
    let mut references = vec![Reference::numbered(ReferenceKind::Issue, repository, number).at(url).subject()];
    references.extend(people(issue, "assignees", ReferenceKind::Assignee));
    references.extend(labels(issue));
    Ok(EventReading::from(SourceEvent {
        provider: "github".into(),
        event_type: format!("issues.{action}"),
        source_id: identity(payload, delivery, &format!("issue:{repository}#{number}"), action, issue),
        title: headline(&format!("Issue {}", title_case(action)), issue)?,
        body: titled_body(issue),
        actor: person(issue, "user"),
        occurred_at: time_of(action, issue, delivery),
        repository: Some(repository.to_owned()),
        references,
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("issueNumber", Some(json!(number))),
                ("action", Some(json!(action))),
                ("state", issue.at("state").cloned()),
                ("milestone", issue.at("milestone/title").cloned()),
                ("authorLogin", issue.at("user/login").cloned()),
                ("authorId", issue.at("user/id").cloned()),
                ("url", issue.at("html_url").cloned()),
            ]),
        ),
    }))
}

pub(super) fn release(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let repository = payload.needed("repository/full_name")?;
    let release = payload.at("release").ok_or_else(|| Error::invalid("the payload has no release"))?;
    let tag = release.needed("tag_name")?;
    let action = payload.needed("action")?;
    let name = release.text("name").unwrap_or(tag);
    // The same tag may be released again.
    let thing = match release.id("id") {
        Some(id) => format!("release:{repository}:{tag}:{id}"),
        None => format!("release:{repository}:{tag}"),
    };
    let target = release.text("target_commitish");
    let references = target.map(|branch| Reference::branch(branch, payload.text("repository/default_branch")));
    Ok(EventReading::from(SourceEvent {
        provider: "github".into(),
        event_type: format!("release.{action}"),
        source_id: identity(payload, delivery, &thing, action, release),
        title: cut(&format!("[Release {}] {}", title_case(action), cut(name, HEADLINE)), TITLE),
        body: cut(release.text("body").unwrap_or_default(), BODY),
        actor: person(release, "author"),
        occurred_at: release.time("published_at").or(release.time("created_at")).unwrap_or(delivery.received_at),
        repository: Some(repository.to_owned()),
        references: references.into_iter().collect(),
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("tagName", Some(json!(tag))),
                ("targetCommitish", target.map(|target| json!(target))),
                ("prerelease", Some(json!(release.flag("prerelease")))),
                ("draft", Some(json!(release.flag("draft")))),
                ("url", release.at("html_url").cloned()),
            ]),
        ),
    }))
}

pub(super) fn discussion(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let repository = payload.needed("repository/full_name")?;
    let (discussion, number) = numbered(payload, "discussion")?;
    let action = payload.needed("action")?;
    let category = discussion.text("category/name");
    let references = category.map(|name| Reference::new(ReferenceKind::Label, name).labelled("category"));
    Ok(EventReading::from(SourceEvent {
        provider: "github".into(),
        event_type: format!("discussion.{action}"),
        source_id: identity(payload, delivery, &format!("discussion:{repository}#{number}"), action, discussion),
        title: headline(&format!("Discussion {}", title_case(action)), discussion)?,
        body: titled_body(discussion),
        actor: person(discussion, "user"),
        occurred_at: time_of(action, discussion, delivery),
        repository: Some(repository.to_owned()),
        references: references.into_iter().collect(),
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("discussionNumber", Some(json!(number))),
                ("category", category.map(|name| json!(name))),
                ("answered", Some(json!(discussion.text("answer_html_url").is_some()))),
                ("url", discussion.at("html_url").cloned()),
            ]),
        ),
    }))
}

/// The identity of an event: `{thing}:{action}`. If the action can be repeated, its time follows,
/// and the one label, person, team or milestone that it concerns, since several can change at the
/// same moment. If no time is known, the delivery's id takes its place.
pub(super) fn identity(payload: &Value, delivery: &Delivery, thing: &str, action: &str, changed: &Value) -> String {
    if ONCE.contains(&action) {
        return format!("{thing}:{action}");
    }
    const ABOUT: [&str; 5] =
        ["label/name", "assignee/login", "requested_reviewer/login", "requested_team/slug", "milestone/title"];
    let about = ABOUT.iter().find_map(|path| payload.text(path));
    let at = instant(action, changed).or_else(|| changed.text("updated_at")).unwrap_or(&delivery.delivery_id);
    [Some(at), about].into_iter().flatten().fold(format!("{thing}:{action}"), |known, part| format!("{known}:{part}"))
}

/// The time of this action, if the payload has a field for it. The provider's API has the same
/// field.
fn instant<'t>(action: &str, thing: &'t Value) -> Option<&'t str> {
    let field = match action {
        "opened" | "created" => "created_at",
        "closed" => "closed_at",
        "merged" => "merged_at",
        "published" | "released" | "prereleased" => "published_at",
        "answered" => "answer_chosen_at",
        _ => return None,
    };
    thing.text(field)
}

/// The time of an action. A deletion has no time in the payload, so the time of arrival is used.
pub(super) fn time_of(action: &str, thing: &Value, delivery: &Delivery) -> Timestamp {
    let own = instant(action, thing).and_then(Timestamp::parse);
    let changed = || thing.time("updated_at").filter(|_| action != "deleted");
    own.or_else(changed).unwrap_or(delivery.received_at)
}

pub(super) fn numbered<'p>(payload: &'p Value, thing: &str) -> Result<(&'p Value, u64)> {
    let found = payload.at(thing).ok_or_else(|| Error::invalid(format!("the payload has no {thing}")))?;
    let number = found.number("number").and_then(|number| u64::try_from(number).ok());
    Ok((found, number.ok_or_else(|| Error::invalid(format!("the payload has no {thing}/number")))?))
}

fn headline(kind: &str, thing: &Value) -> Result<String> {
    Ok(cut(&format!("[{kind}] {}", cut(thing.needed("title")?, HEADLINE)), TITLE))
}

fn titled_body(thing: &Value) -> String {
    let text = format!("{}\n{}", thing.text("title").unwrap_or_default(), thing.text("body").unwrap_or_default());
    cut(&text, BODY)
}

pub(super) fn person(payload: &Value, path: &str) -> Option<EventActor> {
    let person = payload.at(path)?;
    Some(EventActor {
        id: person.id("id")?,
        name: person.text("login")?.to_owned(),
        email: person.text("email").map(Into::into),
        avatar_url: person.text("avatar_url").map(Into::into),
    })
}

fn people(thing: &Value, path: &str, kind: ReferenceKind) -> impl Iterator<Item = Reference> {
    thing.list(path).iter().filter_map(move |person| Some(Reference::new(kind, person.text("login")?)))
}

fn labels(thing: &Value) -> impl Iterator<Item = Reference> {
    thing.list("labels").iter().filter_map(|label| Some(Reference::new(ReferenceKind::Label, label.text("name")?)))
}

pub(super) fn with_repository(payload: &Value, mut metadata: Map<String, Value>) -> Map<String, Value> {
    let paths = [
        ("repoFullName", "repository/full_name"),
        ("repoId", "repository/id"),
        ("senderLogin", "sender/login"),
        ("senderId", "sender/id"),
    ];
    for (name, path) in paths {
        if let Some(value) = payload.at(path) {
            metadata.insert(name.to_owned(), value.clone());
        }
    }
    metadata
}
