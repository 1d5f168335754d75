//! Events of people who talk about code: reviews, and comments on lines, commits and discussions.

use campanile_base::source_event::{Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result};
use serde_json::{Value, json};

use super::events::{BODY, HEADLINE, TITLE, identity, numbered, person, time_of, with_repository};
use super::{Reading, Told, told};
use crate::deliveries::Delivery;
use crate::payload::{Read, metadata, title_case};

/// The lines of the code around a comment that are kept.
const LINES_OF_CODE: usize = 20;

pub(super) fn review(payload: &Value, delivery: &Delivery) -> Result<Told> {
    let repository = payload.needed("repository/full_name")?;
    let (pr, number) = numbered(payload, "pull_request")?;
    let review = payload.at("review").ok_or_else(|| Error::invalid("the payload has no review"))?;
    let id = review.id("id").ok_or_else(|| Error::invalid("the payload has no review/id"))?;
    let action = payload.needed("action")?;
    // The API writes the state in capitals.
    let state = review.needed("state")?.to_ascii_lowercase();
    let (kind, verb) = match (action, state.as_str()) {
        ("dismissed", _) => ("dismissed", "Review Dismissed"),
        ("submitted", "approved") => ("approved", "PR Approved"),
        ("submitted", "changes_requested") => ("changes_requested", "Changes Requested"),
        ("submitted", _) => ("commented", "PR Reviewed"),
        _ => return Ok(Told::Nothing("what a review says is remembered when it is submitted")),
    };
    let title = pr.text("title").unwrap_or_default();
    let mut references = about(pr, repository, number, "review");
    references.extend(review.text("commit_id").map(Reference::commit));
    Ok(told(SourceEvent {
        provider: "github".into(),
        event_type: format!("pull_request_review.{kind}"),
        source_id: format!("review:{repository}#{number}:{id}:{kind}"),
        title: cut(&format!("[{verb}] #{number} {}", cut(title, HEADLINE)), TITLE),
        body: cut(review.text("body").unwrap_or_default(), BODY),
        actor: person(review, "user"),
        occurred_at: review.time("submitted_at").filter(|_| kind != "dismissed").unwrap_or(delivery.received_at),
        repository: Some(repository.to_owned()),
        references,
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("prNumber", Some(json!(number))),
                ("prTitle", pr.at("title").cloned()),
                ("prAuthor", pr.at("user/login").cloned()),
                ("reviewId", review.at("id").cloned()),
                ("state", Some(json!(state))),
                ("url", review.at("html_url").cloned()),
            ]),
        ),
    }))
}

pub(super) fn review_comment(payload: &Value, delivery: &Delivery) -> Result<Told> {
    let repository = payload.needed("repository/full_name")?;
    let (pr, number) = numbered(payload, "pull_request")?;
    let (comment, id) = comment(payload)?;
    let action = payload.needed("action")?;
    let path = comment.text("path").unwrap_or_default();
    let place = match comment.number("line").or(comment.number("original_line")) {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    };
    let said = comment.text("body").unwrap_or_default();
    let code: Vec<&str> = comment.text("diff_hunk").unwrap_or_default().lines().collect();
    let code = code[code.len().saturating_sub(LINES_OF_CODE)..].join("\n");
    let mut references = about(pr, repository, number, "comment");
    references.extend(comment.text("commit_id").map(Reference::commit));
    Ok(told(SourceEvent {
        provider: "github".into(),
        event_type: format!("pull_request_review_comment.{action}"),
        source_id: identity(payload, delivery, &format!("review-comment:{repository}#{number}:{id}"), action, comment),
        title: headline(action, "Review Comment", &place, said),
        body: cut(&format!("{said}\n\n{code}"), BODY),
        actor: person(comment, "user"),
        occurred_at: time_of(action, comment, delivery),
        repository: Some(repository.to_owned()),
        references,
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("prNumber", Some(json!(number))),
                ("prTitle", pr.at("title").cloned()),
                ("commentId", comment.at("id").cloned()),
                ("reviewId", comment.at("pull_request_review_id").cloned()),
                ("inReplyTo", comment.at("in_reply_to_id").cloned()),
                ("path", comment.at("path").cloned()),
                ("line", comment.at("line").cloned()),
                ("side", comment.at("side").cloned()),
                ("action", Some(json!(action))),
                ("url", comment.at("html_url").cloned()),
            ]),
        ),
    }))
}

pub(super) fn discussion_comment(payload: &Value, delivery: &Delivery) -> Result<Told> {
    let repository = payload.needed("repository/full_name")?;
    let (discussion, number) = numbered(payload, "discussion")?;
    let (comment, id) = comment(payload)?;
    let action = payload.needed("action")?;
    let url = discussion.text("html_url").map(Into::into);
    let said = comment.text("body").unwrap_or_default();
    let source_id = format!("discussion-comment:{repository}#{number}:{id}");
    Ok(told(SourceEvent {
        provider: "github".into(),
        event_type: format!("discussion_comment.{action}"),
        source_id: identity(payload, delivery, &source_id, action, comment),
        title: headline(action, "Discussion Comment", &format!("#{number}"), said),
        body: cut(said, BODY),
        actor: person(comment, "user"),
        occurred_at: time_of(action, comment, delivery),
        repository: Some(repository.to_owned()),
        references: vec![Reference::numbered(ReferenceKind::Issue, repository, number).at(url).labelled("comment")],
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("discussionNumber", Some(json!(number))),
                ("discussionTitle", discussion.at("title").cloned()),
                ("commentId", comment.at("id").cloned()),
                ("inReplyTo", comment.at("parent_id").cloned()),
                ("action", Some(json!(action))),
                ("url", comment.at("html_url").cloned()),
            ]),
        ),
    }))
}

pub(super) fn commit_comment(payload: &Value, delivery: &Delivery) -> Result<Told> {
    let repository = payload.needed("repository/full_name")?;
    let (comment, id) = comment(payload)?;
    let action = payload.needed("action")?;
    let commit = comment.needed("commit_id")?;
    let said = comment.text("body").unwrap_or_default();
    let place = match (comment.text("path"), comment.number("line")) {
        (Some(path), Some(line)) => format!("{path}:{line}"),
        _ => cut(commit, 10).trim_end_matches('.').to_owned(),
    };
    Ok(told(SourceEvent {
        provider: "github".into(),
        event_type: format!("commit_comment.{action}"),
        source_id: identity(payload, delivery, &format!("commit-comment:{repository}:{id}"), action, comment),
        title: headline(action, "Commit Comment", &place, said),
        body: cut(said, BODY),
        actor: person(comment, "user"),
        occurred_at: time_of(action, comment, delivery),
        repository: Some(repository.to_owned()),
        references: vec![Reference::commit(commit).labelled("comment")],
        metadata: with_repository(
            payload,
            metadata([
                ("deliveryId", Some(json!(delivery.delivery_id))),
                ("commentId", comment.at("id").cloned()),
                ("commitSha", Some(json!(commit))),
                ("path", comment.at("path").cloned()),
                ("line", comment.at("line").cloned()),
                ("url", comment.at("html_url").cloned()),
            ]),
        ),
    }))
}

/// The readers of these events.
pub(super) fn reading(event: &str) -> Option<Reading> {
    match event {
        "pull_request_review" => Some(review),
        "pull_request_review_comment" => Some(review_comment),
        "discussion_comment" => Some(discussion_comment),
        "commit_comment" => Some(commit_comment),
        _ => None,
    }
}

fn comment(payload: &Value) -> Result<(&Value, String)> {
    let comment = payload.at("comment").ok_or_else(|| Error::invalid("the payload has no comment"))?;
    let id = comment.id("id").ok_or_else(|| Error::invalid("the payload has no comment/id"))?;
    Ok((comment, id))
}

/// The title of a comment: `[Review Comment] src/pay.rs:12 Why not …`, with the action unless it is new.
fn headline(action: &str, kind: &str, place: &str, said: &str) -> String {
    let kind = match action {
        "created" => kind.to_owned(),
        other => format!("{kind} {}", title_case(other)),
    };
    let first_line = said.lines().next().unwrap_or_default();
    cut(&format!("[{kind}] {place} {}", cut(first_line, HEADLINE)), TITLE)
}

/// The pull request that is talked about, and its branch.
fn about(pr: &Value, repository: &str, number: u64, label: &str) -> Vec<Reference> {
    let url = pr.text("html_url").map(Into::into);
    let pull_request = Reference::numbered(ReferenceKind::Pr, repository, number).at(url).labelled(label);
    let default_branch = pr.text("base/repo/default_branch");
    let branch = pr.text("head/ref").map(|branch| Reference::branch(branch, default_branch));
    [pull_request].into_iter().chain(branch).collect()
}
