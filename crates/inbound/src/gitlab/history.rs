//! GitLab's history of a project: merge requests, issues and releases.
//!
//! Each item becomes the events that its webhooks would have been, as far as the lists tell them: opened,
//! closed and merged at their times. What happened between is not in the lists, nor are notes. Issues that are
//! confidential are left out: a webhook tells them only where somebody has chosen that.
//!
//! Things are listed in the order of their creation, so that one that changes meanwhile moves no other to a
//! page that was read before.

use campanile_base::Timestamp;
use serde_json::{Value, json};

use crate::payload::Read as _;
use crate::remote::{Api, HistoryKind, HistoryPage, HistoryPlace, RestPage, Trouble, items};

pub(super) const KINDS: &[HistoryKind] = &[kind("merge_request", true), kind("issue", true), kind("release", false)];

const fn kind(name: &'static str, has_total: bool) -> HistoryKind {
    HistoryKind { name, resource: "project", is_default: true, has_total }
}

/// A list of a project.
struct List {
    /// The path behind that of the project.
    path: &'static str,
    query: &'static str,
    /// True if the list takes a time to begin at. The other one comes newest first, and ends behind it.
    takes_since: bool,
    /// The field of a project that says if the list is switched off there.
    access: &'static str,
    events: fn(&Value, &About<'_>) -> Vec<(String, Value)>,
}

/// The project that items are of.
struct About<'a> {
    project: &'a Value,
    since: Timestamp,
}

fn list(kind: &str) -> Result<List, Trouble> {
    let created = "scope=all&order_by=created_at&sort=asc";
    let since = |path, access, events| List { path, query: created, takes_since: true, access, events };
    Ok(match kind {
        "merge_request" => since("merge_requests", "merge_requests_access_level", merge_request),
        "issue" => since("issues", "issues_access_level", issue),
        "release" => List {
            path: "releases",
            query: "order_by=released_at&sort=desc",
            takes_since: false,
            access: "releases_access_level",
            events: release,
        },
        other => return Err(Trouble::Invalid(format!("there is no history of {other}"))),
    })
}

/// The path of a project.
fn home(place: HistoryPlace<'_>) -> Result<String, Trouble> {
    let id: u64 = place.resource.parse().map_err(|_| Trouble::Invalid("the project has no number".to_owned()))?;
    Ok(format!("/projects/{id}"))
}

fn first_path(place: HistoryPlace<'_>, list: &List, size: u32) -> Result<String, Trouble> {
    let since = match list.takes_since {
        true => format!("&updated_after={}", place.since),
        false => String::new(),
    };
    Ok(format!("{}/{}?{}&per_page={size}{since}", home(place)?, list.path, list.query))
}

/// A page behind a cursor, which is the path that GitLab named.
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
        Err(refusal @ (Trouble::Forbidden(_) | Trouble::Missing)) => {
            let project = api.get(&home(place)?, now).await?.body;
            return match project.text(list.access) {
                Some("disabled") => Ok(HistoryPage { items: Vec::new(), next: None }),
                _ => Err(refusal),
            };
        }
        page => page?,
    };
    read(&page, place, &list)
}

fn read(page: &RestPage, place: HistoryPlace<'_>, list: &List) -> Result<HistoryPage, Trouble> {
    let items = items(&page.body)?;
    let project = json!({ "id": place.resource.parse::<u64>().ok(), "path_with_namespace": place.name });
    let about = About { project: &project, since: place.since };
    let is_past = |item: &Value| item.time("released_at").is_some_and(|at| at < place.since);
    let is_whole = !list.takes_since && items.last().is_some_and(is_past);
    let next = page.next.clone().filter(|_| !is_whole);
    let mut items: Vec<(String, Value)> = items.iter().flat_map(|item| (list.events)(item, &about)).collect();
    if !list.takes_since {
        // The newest comes first.
        items.reverse();
    }
    Ok(HistoryPage { items, next })
}

/// The number of items of a list, which a header tells unless there are very many.
pub(super) async fn total(api: &Api, place: HistoryPlace<'_>, now: Timestamp) -> Result<Option<i64>, Trouble> {
    let page = api.get(&first_path(place, &list(place.kind)?, 1)?, now).await?;
    Ok(page.header("x-total").and_then(|total| total.trim().parse().ok()))
}

impl About<'_> {
    /// True for a time that is not before the history that is asked for.
    fn has(&self, thing: &Value, field: &str) -> bool {
        thing.time(field).is_some_and(|at| at >= self.since)
    }

    /// The event of a merge request or an issue, at the time of a field.
    fn event(&self, kind: &str, action: &str, thing: &Value, (by, when): (&str, &str)) -> (String, Value) {
        let mut object = json!({ "action": action, "url": thing["web_url"], "updated_at": thing[when] });
        let same = [
            "id",
            "iid",
            "title",
            "description",
            "source_branch",
            "target_branch",
            "draft",
            "merge_commit_sha",
            "created_at",
            "closed_at",
            "confidential",
            "state",
        ];
        for field in same {
            object[field] = thing[field].clone();
        }
        if thing["sha"].is_string() {
            object["last_commit"] = json!({ "id": thing["sha"] });
        }
        let labels: Vec<Value> = thing.list("labels").iter().map(|label| json!({ "title": label })).collect();
        let body = json!({
            "object_kind": kind, "object_attributes": object, "project": self.project, "user": thing[by],
            "labels": labels, "assignees": thing["assignees"], "reviewers": thing["reviewers"],
        });
        (format!("{kind}.{action}"), body)
    }
}

fn merge_request(request: &Value, about: &About<'_>) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    if about.has(request, "created_at") {
        let mut opened = request.clone();
        // It came later.
        opened["merge_commit_sha"] = Value::Null;
        events.push(about.event("merge_request", "open", &opened, ("author", "created_at")));
    }
    if about.has(request, "closed_at") {
        events.push(about.event("merge_request", "close", request, ("closed_by", "closed_at")));
    }
    if about.has(request, "merged_at") {
        let by = if request["merge_user"].is_object() { "merge_user" } else { "merged_by" };
        events.push(about.event("merge_request", "merge", request, (by, "merged_at")));
    }
    events
}

fn issue(issue: &Value, about: &About<'_>) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    if issue.flag("confidential") {
        return events;
    }
    if about.has(issue, "created_at") {
        events.push(about.event("issue", "open", issue, ("author", "created_at")));
    }
    if about.has(issue, "closed_at") {
        events.push(about.event("issue", "close", issue, ("closed_by", "closed_at")));
    }
    events
}

fn release(release: &Value, about: &About<'_>) -> Vec<(String, Value)> {
    if !about.has(release, "released_at") || release.flag("upcoming_release") {
        return Vec::new();
    }
    let body = json!({
        "object_kind": "release", "action": "create", "tag": release["tag_name"], "name": release["name"],
        "description": release["description"], "released_at": release["released_at"],
        "created_at": release["created_at"], "url": release["_links"]["self"], "commit": release["commit"],
        "project": about.project, "user": release["author"],
    });
    vec![("release.create".to_owned(), body)]
}

#[cfg(test)]
mod tests;
