//! GitHub's history of a repository: pull requests, issues, comments on both, comments on lines, and
//! releases.
//!
//! Each item becomes the events that its webhooks would have been, as far as the lists tell them: opened,
//! closed and merged at their times, comments as created, releases as published. What happened between,
//! such as labels or a reopening, is not in the lists. Their times are part of their identities, so an
//! event that a webhook has told is known.

use campanile_base::Timestamp;
use serde_json::{Value, json};

use crate::payload::Read as _;
use crate::remote::{Api, HistoryKind, HistoryPage, HistoryPlace, RestPage, Trouble, items};

pub(super) const KINDS: &[HistoryKind] = &[
    kind("pull_request", false),
    kind("issue", true),
    kind("issue_comment", true),
    kind("review_comment", true),
    kind("release", false),
];

const fn kind(name: &'static str, has_total: bool) -> HistoryKind {
    HistoryKind { name, resource: "repository", is_default: true, has_total }
}

/// The permission of an app, or of a fine-grained token, without which a kind cannot be read.
pub(super) fn permission_for(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "pull_request" | "review_comment" => "pull_requests:read",
        "issue" | "issue_comment" => "issues:read",
        "release" => "contents:read",
        _ => return None,
    })
}

/// A list of a repository.
struct List {
    /// The path behind that of the repository, with its query. The size of a page follows.
    path: &'static str,
    /// True if the list takes a time to begin at. The others come newest first, and end behind it.
    takes_since: bool,
    events: fn(&Value, &About<'_>) -> Vec<(String, Value)>,
}

/// The repository that items are of.
struct About<'a> {
    repository: &'a Value,
    since: Timestamp,
}

fn list(kind: &str) -> Result<List, Trouble> {
    let since = |path, events| List { path, takes_since: true, events };
    let newest = |path, events| List { path, takes_since: false, events };
    Ok(match kind {
        "pull_request" => newest("pulls?state=all&sort=updated&direction=desc", pull_request),
        "issue" => since("issues?state=all&sort=updated&direction=asc", issue),
        "issue_comment" => since("issues/comments?sort=updated&direction=asc", issue_comment),
        "review_comment" => since("pulls/comments?sort=updated&direction=asc", review_comment),
        "release" => newest("releases?", release),
        other => return Err(Trouble::Invalid(format!("there is no history of {other}"))),
    })
}

/// The path of a repository.
fn home(place: HistoryPlace<'_>) -> Result<String, Trouble> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let parts = place.name.and_then(|name| name.split_once('/'));
    match parts {
        Some((owner, name)) if owner.chars().chain(name.chars()).all(plain) => Ok(format!("/repos/{owner}/{name}")),
        _ => Err(Trouble::Invalid("the repository has no name as owner/name".to_owned())),
    }
}

fn first_path(place: HistoryPlace<'_>, list: &List, size: u32) -> Result<String, Trouble> {
    let since = match list.takes_since {
        true => format!("&since={}", place.since),
        false => String::new(),
    };
    Ok(format!("{}/{}&per_page={size}{since}", home(place)?, list.path))
}

/// A page behind a cursor, which is the path that GitHub named.
pub(super) async fn page(
    api: &Api,
    place: HistoryPlace<'_>,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<HistoryPage, Trouble> {
    let list = list(place.kind)?;
    let path = match cursor {
        Some(cursor) => cursor.to_owned(),
        None => first_path(place, &list, 100)?,
    };
    let page = match api.get(&path, now).await {
        // Issues or releases are switched off there.
        Err(Trouble::Gone | Trouble::Empty) => return Ok(HistoryPage { items: Vec::new(), next: None }),
        page => page?,
    };
    let mut repository = json!({ "id": place.resource.parse::<u64>().ok(), "full_name": place.name });
    // A reference to the default branch ties nothing, and a release names its branch alone.
    if place.kind == "release" && page.body.as_array().is_some_and(|items| items.iter().any(|it| !is_past(it, place))) {
        repository["default_branch"] = api.get(&home(place)?, now).await?.body["default_branch"].clone();
    }
    read(&page, place, &list, &repository)
}

fn read(page: &RestPage, place: HistoryPlace<'_>, list: &List, repository: &Value) -> Result<HistoryPage, Trouble> {
    let items = items(&page.body)?;
    let about = About { repository, since: place.since };
    let is_whole = !list.takes_since && items.last().is_some_and(|item| is_past(item, place));
    let next = page.next.clone().filter(|_| !is_whole);
    let mut items: Vec<(String, Value)> = items.iter().flat_map(|item| (list.events)(item, &about)).collect();
    if !list.takes_since {
        // The newest comes first.
        items.reverse();
    }
    Ok(HistoryPage { items, next })
}

/// True if an item was last changed before the time from which on things are told.
fn is_past(item: &Value, place: HistoryPlace<'_>) -> bool {
    item.time("updated_at").or(item.time("created_at")).is_some_and(|at| at < place.since)
}

/// About the number of items of a list: the number of the last page of one item each.
pub(super) async fn total(api: &Api, place: HistoryPlace<'_>, now: Timestamp) -> Result<Option<i64>, Trouble> {
    let page = api.get(&first_path(place, &list(place.kind)?, 1)?, now).await?;
    let Some(links) = page.header("link") else { return Ok(page.body.as_array().map(|items| items.len() as i64)) };
    let last = links.split(',').find(|link| link.contains("rel=\"last\""));
    Ok(last.and_then(|link| {
        let (_, number) = link.split_once("&page=").or_else(|| link.split_once("?page="))?;
        number.split(['&', '>']).next()?.parse().ok()
    }))
}

impl About<'_> {
    /// True for a time that is not before the history that is asked for.
    fn has(&self, thing: &Value, field: &str) -> bool {
        thing.time(field).is_some_and(|at| at >= self.since)
    }

    fn event(&self, event: &str, action: &str, field: &str, thing: Value) -> (String, Value) {
        (event.to_owned(), json!({ "action": action, field: thing, "repository": self.repository }))
    }
}

fn with(thing: &Value, field: &str, value: impl Into<Value>) -> Value {
    let mut thing = thing.clone();
    thing[field] = value.into();
    thing
}

fn pull_request(pr: &Value, about: &About<'_>) -> Vec<(String, Value)> {
    // The list has no `merged`; and the base knows the default branch.
    let is_merged = pr["merged_at"].is_string();
    let base = &pr["base"]["repo"]["default_branch"];
    let repository = with(about.repository, "default_branch", base.clone());
    let about = About { repository: &repository, since: about.since };
    let mut events = Vec::new();
    if about.has(pr, "closed_at") {
        events.push(about.event("pull_request", "closed", "pull_request", with(pr, "merged", is_merged)));
    }
    if about.has(pr, "created_at") {
        events.push(about.event("pull_request", "opened", "pull_request", with(pr, "merged", false)));
    }
    events
}

fn issue(issue: &Value, about: &About<'_>) -> Vec<(String, Value)> {
    // Pull requests are in this list too, and have one of their own.
    if issue["pull_request"].is_object() {
        return Vec::new();
    }
    let mut events = Vec::new();
    if about.has(issue, "created_at") {
        events.push(about.event("issues", "opened", "issue", issue.clone()));
    }
    if about.has(issue, "closed_at") {
        events.push(about.event("issues", "closed", "issue", issue.clone()));
    }
    events
}

/// The number at the end of an address of the API.
fn number_in(comment: &Value, field: &str) -> Option<u64> {
    comment.text(field)?.rsplit('/').next()?.parse().ok()
}

/// The page of the thing that a comment is on.
fn page_of(comment: &Value) -> Option<&str> {
    comment.text("html_url")?.split('#').next()
}

fn issue_comment(comment: &Value, about: &About<'_>) -> Vec<(String, Value)> {
    if !about.has(comment, "created_at") {
        return Vec::new();
    }
    let page = page_of(comment);
    let mut issue = json!({ "number": number_in(comment, "issue_url"), "html_url": page });
    if page.is_some_and(|page| page.contains("/pull/")) {
        issue["pull_request"] = json!({ "html_url": page });
    }
    let (event, mut body) = about.event("issue_comment", "created", "comment", comment.clone());
    body["issue"] = issue;
    vec![(event, body)]
}

fn review_comment(comment: &Value, about: &About<'_>) -> Vec<(String, Value)> {
    if !about.has(comment, "created_at") {
        return Vec::new();
    }
    let (event, mut body) = about.event("pull_request_review_comment", "created", "comment", comment.clone());
    body["pull_request"] = json!({ "number": number_in(comment, "pull_request_url"), "html_url": page_of(comment) });
    vec![(event, body)]
}

fn release(release: &Value, about: &About<'_>) -> Vec<(String, Value)> {
    match about.has(release, "published_at") && !release.flag("draft") {
        true => vec![about.event("release", "published", "release", release.clone())],
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
