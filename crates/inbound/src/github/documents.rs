//! The files of a repository as documents.
//!
//! A repository is asked for by its number, which survives renames. The default branch is read, at the
//! commit that is its head when the listing begins. Files are read by the hashes of their contents, so
//! a push in between changes nothing.

use std::collections::BTreeSet;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_base::Clock;
use campanile_base::bounds::KEPT_DOCUMENT_BYTES;
use serde::Deserialize;
use url::Url;

use super::remote::Github;
use super::trees::{Tree, TreeWalk, config_file, reason_to_skip};
use crate::payload::Read as _;
use crate::remote::{
    Api, DocumentListing, DocumentReading, DocumentRemote, FetchedDocument, ResourcePlace, ResourceRef, Trouble,
    needed_text,
};
use crate::sync::config::{self, FILE_BYTES};
use crate::sync::configuration::{ConfigFinding, ConfigStatus};
use crate::sync::paths::{PathRules, Selection};
use crate::sync::plan::{Coverage, ListedDocument};
use crate::sync::skips::SkipCounts;

const REPOSITORY: &str = "repository";
/// The longest answer with a tree, in bytes. GitHub cuts trees at seven megabytes.
const TREE_BYTES: usize = 16 * 1024 * 1024;
/// The longest answer with a file, in bytes: the largest document in base64.
const FILE_ANSWER_BYTES: usize = 2 * KEPT_DOCUMENT_BYTES;

/// A file as GitHub answers.
#[derive(Deserialize)]
struct Blob {
    content: String,
}

#[async_trait]
impl DocumentRemote for Github {
    fn has_documents(&self, kind: &str) -> bool {
        kind == REPOSITORY
    }

    async fn place(&self, api: &Api, resource: &ResourceRef, clock: &Clock) -> Result<ResourcePlace, Trouble> {
        let ResourceRef { kind, id } = resource.clone();
        let found = api.get(&path(["repositories", &id]), clock.now()).await?.body;
        let (name, branch) = (needed_text(&found, "full_name")?, needed_text(&found, "default_branch")?);
        let reference = format!("{}/{}", path(["repos"].into_iter().chain(name.split('/'))), "git/ref/heads");
        let head = api.get(&format!("{reference}{}", path(branch.split('/'))), clock.now()).await;
        let head = match head {
            Ok(head) => Some(
                head.body
                    .text("object/sha")
                    .map(str::to_owned)
                    .ok_or_else(|| Trouble::Invalid("the head of the default branch has no commit".to_owned()))?,
            ),
            // It says the same of a repository that it cannot read at the moment.
            Err(Trouble::Empty) => None,
            Err(trouble) => return Err(trouble),
        };
        Ok(ResourcePlace { kind, id, name, branch: Some(branch), head })
    }

    async fn configuration(&self, api: &Api, place: &ResourcePlace, clock: &Clock) -> Result<ConfigFinding, Trouble> {
        let Some(head) = place.head() else { return Ok(ConfigFinding::default()) };
        let root = tree(api, place, head, false, clock).await?;
        Ok(rules_of(api, place, &root, clock).await?.0)
    }

    async fn list(
        &self,
        api: &Api,
        place: &ResourcePlace,
        only: Option<&BTreeSet<String>>,
        clock: &Clock,
    ) -> Result<DocumentListing, Trouble> {
        let Some(head) = place.head() else { return Ok(nothing(ConfigFinding::default(), "the repository is empty")) };
        let root = tree(api, place, head, false, clock).await?;
        let (config, rules) = rules_of(api, place, &root, clock).await?;
        let Some(rules) = rules else {
            let fault = config.error.clone().unwrap_or_default();
            let file = config.path.clone().unwrap_or_default();
            return Ok(nothing(config, &format!("{file}, {fault}")));
        };
        let mut walk = TreeWalk::new(Selection { rules: &rules, only }, head, root);
        while let Some(request) = walk.next_request() {
            let answer = tree(api, place, &request.sha, request.is_recursive, clock).await?;
            walk.take(request, answer);
        }
        let listing = walk.finish();
        let coverage = match (listing.is_complete, only) {
            (false, _) => Coverage::Incomplete,
            (true, None) => Coverage::Complete,
            (true, Some(only)) => Coverage::Keys(only.clone()),
        };
        let cut = "GitHub cut the list of files; nothing is deleted because of it";
        let reason = (!listing.is_complete).then(|| cut.to_owned());
        Ok(DocumentListing { documents: listing.documents, skipped: listing.skipped, coverage, config, reason })
    }

    async fn read(
        &self,
        api: &Api,
        place: &ResourcePlace,
        document: &ListedDocument,
        clock: &Clock,
    ) -> Result<DocumentReading, Trouble> {
        let content = blob(api, place, &document.version, FILE_ANSWER_BYTES, clock).await?;
        if let Some(reason) = reason_to_skip(&content) {
            return Ok(DocumentReading::Skipped(reason));
        }
        let content = String::from_utf8(content).map_err(|_| Trouble::Invalid("the file is no text".to_owned()))?;
        let url = self.address(place, &document.key);
        let fetched = FetchedDocument { path: document.key.clone(), url, content, ..FetchedDocument::default() };
        Ok(DocumentReading::Document(Box::new(fetched)))
    }

    fn address(&self, place: &ResourcePlace, key: &str) -> Option<String> {
        let mut url = Url::parse(self.web_url()).ok()?;
        let branch = place.branch.as_deref().unwrap_or("HEAD");
        let steps = place.name.split('/').chain(["blob"]).chain(branch.split('/')).chain(key.split('/'));
        url.path_segments_mut().ok()?.pop_if_empty().extend(steps);
        Some(url.to_string())
    }
}

/// A listing that deletes nothing.
fn nothing(config: ConfigFinding, reason: &str) -> DocumentListing {
    let (documents, skipped, coverage) = (Vec::new(), SkipCounts::default(), Coverage::Incomplete);
    DocumentListing { documents, skipped, coverage, config, reason: Some(reason.to_owned()) }
}

/// The finding about the configuration file, and the rules; `None` if the file is invalid.
async fn rules_of(
    api: &Api,
    place: &ResourcePlace,
    root: &Tree,
    clock: &Clock,
) -> Result<(ConfigFinding, Option<PathRules>), Trouble> {
    let Some(file) = config_file(root) else { return Ok((ConfigFinding::default(), Some(PathRules::default()))) };
    let name = Some(file.path.clone());
    let invalid =
        |error: String| ConfigFinding { status: ConfigStatus::Invalid, path: name.clone(), error: Some(error) };
    if file.size.is_some_and(|size| size > FILE_BYTES as u64) {
        return Ok((invalid(format!("line 1: the file must have at most {FILE_BYTES} bytes")), None));
    }
    let content = blob(api, place, &file.sha, FILE_ANSWER_BYTES, clock).await?;
    Ok(match config::read(&content) {
        Ok(read) => {
            let finding = ConfigFinding { status: ConfigStatus::Configured, path: name.clone(), error: None };
            (finding, Some(read.rules))
        }
        Err(error) => (invalid(error.to_string()), None),
    })
}

async fn tree(api: &Api, place: &ResourcePlace, sha: &str, is_recursive: bool, clock: &Clock) -> Result<Tree, Trouble> {
    let query = if is_recursive { "?recursive=1" } else { "" };
    api.read(&format!("{}{query}", within(place, ["git", "trees", sha])), TREE_BYTES, clock.now()).await
}

async fn blob(api: &Api, place: &ResourcePlace, sha: &str, most: usize, clock: &Clock) -> Result<Vec<u8>, Trouble> {
    let answer: Blob = api.read(&within(place, ["git", "blobs", sha]), most, clock.now()).await?;
    let text: String = answer.content.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|_| Trouble::Invalid("the file is not in base64".to_owned()))
}

/// A path within a repository.
fn within(place: &ResourcePlace, steps: [&str; 3]) -> String {
    path(["repos"].into_iter().chain(place.name.split('/')).chain(steps))
}

/// A path of these steps, which may have any characters.
fn path<'s>(steps: impl IntoIterator<Item = &'s str>) -> String {
    let mut url = Url::parse("http://api").expect("it is a URL");
    url.path_segments_mut().expect("it has a path").extend(steps);
    url.path().to_owned()
}
