//! Events of people who talk about code: reviews, and comments on lines, commits and discussions.

use campanile_base::source_event::{Reference, ReferenceKind, SourceEvent, cut};
use campanile_base::{Error, Result};
use serde_json::{Map, Value, json};

use super::EventReading;
use super::events::{BODY, HEADLINE, TITLE, identity, numbered, person, time_of, with_repository};
use crate::deliveries::Delivery;
use crate::payload::{Read, metadata, title_case};

/// The lines of the code around a comment that are kept.
const LINES_OF_CODE: usize = 20;
/// The characters of a SHA that people read.
const SHORT_SHA: usize = 7;

pub(super) fn review(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
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
        _ => return Ok(EventReading::Nothing("what a review says is remembered when it is submitted")),
    };
    let title = pr.text("title").unwrap_or_default();
    let mut references = about(pr, repository, number, "review");
    references.extend(review.text("commit_id").map(Reference::commit));
    Ok(EventReading::from(SourceEvent {
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

/// A comment on something.
struct Comment<'p> {
    payload: &'p Value,
    delivery: &'p Delivery,
    comment: &'p Value,
    /// GitHub's id of it.
    id: String,
    action: &'p str,
    repository: &'p str,
}

impl<'p> Comment<'p> {
    fn of(payload: &'p Value, delivery: &'p Delivery) -> Result<Self> {
        let comment = payload.at("comment").ok_or_else(|| Error::invalid("the payload has no comment"))?;
        let id = comment.id("id").ok_or_else(|| Error::invalid("the payload has no comment/id"))?;
        let (action, repository) = (payload.needed("action")?, payload.needed("repository/full_name")?);
        Ok(Self { payload, delivery, comment, id, action, repository })
    }

    fn text(&self) -> &'p str {
        self.comment.text("body").unwrap_or_default()
    }

    /// The title: `[Review Comment] src/pay.rs:12 Why not …`, with the action unless it is new.
    fn title(&self, kind: &str, place: &str) -> String {
        let kind = match self.action {
            "created" => kind.to_owned(),
            other => format!("{kind} {}", title_case(other)),
        };
        cut(&format!("[{kind}] {place} {}", self.first_line()), TITLE)
    }

    fn first_line(&self) -> String {
        cut(self.text().lines().next().unwrap_or_default(), HEADLINE)
    }

    /// The observation of what happened to it. `noun` is the name of the event, `thing` its identity without the
    /// action.
    fn observation(
        &self,
        (noun, thing): (&str, &str),
        title: String,
        body: &str,
        references: Vec<Reference>,
        own: Map<String, Value>,
    ) -> EventReading {
        let Self { payload, delivery, comment, action, repository, .. } = self;
        let mut fields = metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("commentId", comment.at("id").cloned()),
            ("action", Some(json!(action))),
            ("url", comment.at("html_url").cloned()),
        ]);
        fields.extend(own);
        EventReading::from(SourceEvent {
            provider: "github".into(),
            event_type: format!("{noun}.{action}"),
            source_id: identity(payload, delivery, thing, action, comment),
            title,
            body: cut(body, BODY),
            actor: person(comment, "user"),
            occurred_at: time_of(action, comment, delivery),
            repository: Some((*repository).to_owned()),
            references,
            metadata: with_repository(payload, fields),
        })
    }
}

pub(super) fn issue_comment(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let comment = Comment::of(payload, delivery)?;
    let (issue, number) = numbered(payload, "issue")?;
    // GitHub reports comments on pull requests in the same event.
    let kind =
        if issue.at("pull_request").is_some_and(Value::is_object) { ReferenceKind::Pr } else { ReferenceKind::Issue };
    let url = issue.text("html_url").map(Into::into);
    let title = format!("[Comment {}] #{number}: {}", title_case(comment.action), comment.first_line());
    let reference = Reference::numbered(kind, comment.repository, number).at(url).labelled("comment");
    let own = metadata([("issueNumber", Some(json!(number))), ("issueTitle", issue.at("title").cloned())]);
    let thing = format!("comment:{}#{number}:{}", comment.repository, comment.id);
    let names = ("issue_comment", thing.as_str());
    Ok(comment.observation(names, cut(&title, TITLE), comment.text(), vec![reference], own))
}

pub(super) fn review_comment(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let comment = Comment::of(payload, delivery)?;
    let (pr, number) = numbered(payload, "pull_request")?;
    let line = comment.comment.number("line").or(comment.comment.number("original_line"));
    let place = place(comment.comment.text("path").unwrap_or_default(), line);
    let code: Vec<&str> = comment.comment.text("diff_hunk").unwrap_or_default().lines().collect();
    let code = code[code.len().saturating_sub(LINES_OF_CODE)..].join("\n");
    let mut references = about(pr, comment.repository, number, "comment");
    references.extend(comment.comment.text("commit_id").map(Reference::commit));
    let own = metadata([
        ("prNumber", Some(json!(number))),
        ("prTitle", pr.at("title").cloned()),
        ("reviewId", comment.comment.at("pull_request_review_id").cloned()),
        ("inReplyTo", comment.comment.at("in_reply_to_id").cloned()),
        ("path", comment.comment.at("path").cloned()),
        ("line", comment.comment.at("line").cloned()),
        ("side", comment.comment.at("side").cloned()),
    ]);
    let thing = format!("review-comment:{}#{number}:{}", comment.repository, comment.id);
    let (names, body) = (("pull_request_review_comment", thing.as_str()), format!("{}\n\n{code}", comment.text()));
    Ok(comment.observation(names, comment.title("Review Comment", &place), &body, references, own))
}

pub(super) fn discussion_comment(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let comment = Comment::of(payload, delivery)?;
    let (discussion, number) = numbered(payload, "discussion")?;
    let url = discussion.text("html_url").map(Into::into);
    let reference = Reference::numbered(ReferenceKind::Issue, comment.repository, number).at(url).labelled("comment");
    let own = metadata([
        ("discussionNumber", Some(json!(number))),
        ("discussionTitle", discussion.at("title").cloned()),
        ("inReplyTo", comment.comment.at("parent_id").cloned()),
    ]);
    let thing = format!("discussion-comment:{}#{number}:{}", comment.repository, comment.id);
    let (names, title) =
        (("discussion_comment", thing.as_str()), comment.title("Discussion Comment", &format!("#{number}")));
    Ok(comment.observation(names, title, comment.text(), vec![reference], own))
}

pub(super) fn commit_comment(payload: &Value, delivery: &Delivery) -> Result<EventReading> {
    let comment = Comment::of(payload, delivery)?;
    let commit = comment.comment.needed("commit_id")?;
    let place = match (comment.comment.text("path"), comment.comment.number("line")) {
        (Some(path), Some(line)) => place(path, Some(line)),
        _ => commit.chars().take(SHORT_SHA).collect(),
    };
    let own = metadata([
        ("commitSha", Some(json!(commit))),
        ("path", comment.comment.at("path").cloned()),
        ("line", comment.comment.at("line").cloned()),
    ]);
    let thing = format!("commit-comment:{}:{}", comment.repository, comment.id);
    let (names, reference) = (("commit_comment", thing.as_str()), Reference::commit(commit).labelled("comment"));
    Ok(comment.observation(names, comment.title("Commit Comment", &place), comment.text(), vec![reference], own))
}

/// A line of a file, as `src/pay.rs:12`.
fn place(path: &str, line: Option<i64>) -> String {
    line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"))
}

/// The pull request that is talked about, and its branch.
fn about(pr: &Value, repository: &str, number: u64, label: &str) -> Vec<Reference> {
    let url = pr.text("html_url").map(Into::into);
    let pull_request = Reference::numbered(ReferenceKind::Pr, repository, number).at(url).labelled(label);
    let default_branch = pr.text("base/repo/default_branch");
    let branch = pr.text("head/ref").map(|branch| Reference::branch(branch, default_branch));
    [pull_request].into_iter().chain(branch).collect()
}
