//! What is attached to issues: pull requests, issues of other tools.

use campanile_base::Result;
use campanile_base::source_event::{Reference, ReferenceKind, cut};
use serde_json::{Value, json};

use super::{Parts, by_id, person};
use crate::payload::{Read, title_case};

/// An attachment, which Linear tells in an event of its own: it names its issue by the id alone.
pub(super) fn attachment(data: &Value, _: &Value, action: &str) -> Result<Parts> {
    let (id, issue) = (data.needed("id")?, data.needed("issueId")?);
    let title = data.text("title").or(data.text("url")).unwrap_or("a link");
    let source = data.text("sourceType").unwrap_or("link");
    let mut references = vec![by_id(issue).labelled("attachment")];
    references.extend(reference(data));
    Ok(Parts {
        noun: "attachment",
        identity: format!("linear-attachment:{id}"),
        title: format!("[Attachment {}] {}", title_case(action), cut(title, 100)),
        body: [data.text("title"), data.text("subtitle"), data.text("url")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n"),
        whose: person(data, "creator"),
        references,
        metadata: vec![
            ("attachmentId", Some(json!(id))),
            ("issueId", Some(json!(issue))),
            ("sourceType", Some(json!(source))),
            ("url", data.at("url").cloned()),
        ],
    })
}

/// An attached pull request or issue. The repository is read from the address.
pub(super) fn reference(attachment: &Value) -> Option<Reference> {
    let url = attachment.text("url")?;
    match attachment.text("sourceType").or(attachment.text("source")).unwrap_or_default() {
        "githubPr" | "github_pr" => pull_request(url),
        "githubIssue" | "github_issue" => issue(url),
        // Linear's events name the tool alone.
        "github" => pull_request(url).or_else(|| issue(url)),
        "sentryIssue" | "sentry" => {
            let short = attachment.text("metadata/shortId")?;
            Some(Reference::issue_key(short).at(Some(url.into())).labelled("linked"))
        }
        _ => None,
    }
}

fn pull_request(url: &str) -> Option<Reference> {
    let (repository, number) = github_thing(url, "/pull/")?;
    Some(Reference::numbered(ReferenceKind::Pr, &repository, number).at(Some(url.into())).labelled("tracked_in"))
}

fn issue(url: &str) -> Option<Reference> {
    let (repository, number) = github_thing(url, "/issues/")?;
    Some(Reference::numbered(ReferenceKind::Issue, &repository, number).at(Some(url.into())).labelled("linked"))
}

/// `owner/name` and the number from `https://github.com/owner/name/pull/12`.
fn github_thing(url: &str, marker: &str) -> Option<(String, u64)> {
    let (before, after) = url.split_once(marker)?;
    let mut parts = before.rsplit('/');
    let (name, owner) = (parts.next()?, parts.next()?);
    let number = after.split(['/', '?', '#']).next()?.parse().ok()?;
    Some((format!("{owner}/{name}"), number))
}
