//! The pages of Notion as documents.
//!
//! The version of a page is the time of its last edit and its parent. That time has minutes only: the
//! version of a page that was edited a moment ago says so, and the next sync reads it again.
//!
//! Search may miss pages for a while. So a page is deleted only when two complete listings, one after
//! the other, do not have it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use campanile_base::{Clock, Timestamp};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::markdown::{BLOCKS, Block, DEPTH, render};
use super::properties;
use super::remote::{Notion, get, is_in_trash, me, search, workspace_of};
use crate::payload::Read as _;
use crate::remote::{
    Api, DocumentListing, DocumentReading, DocumentRemote, EditedDocuments, FetchedDocument, ResourcePlace,
    ResourceRef, Trouble,
};
use crate::sync::configuration::ConfigFinding;
use crate::sync::plan::{Coverage, ListedDocument};
use crate::sync::skips::{SkipCounts, SkipReason};

/// The most pages of a search.
const SEARCHES: usize = 1_000;
/// The most pages of a search for edits. With more, everything is compared.
const EDITED_SEARCHES: usize = 10;
/// The time of an edit has minutes only.
const COARSE: Duration = Duration::from_secs(120);
/// The time for which an edit counts as recent.
const RECENT: Duration = Duration::from_secs(150);
/// The most objects above a page.
const ABOVE: usize = 64;
/// The longest path, in characters.
const PATH: usize = 480;
const NOTHING: &str = "Notion shows no page to the integration: open a page in Notion, and add the integration there \
    under the three dots, Connections";
const CUT: &str = "Notion did not list everything; nothing is deleted because of it";

#[async_trait]
impl DocumentRemote for Notion {
    fn has_documents(&self, kind: &str) -> bool {
        matches!(kind, "workspace" | "page" | "database")
    }

    async fn place(&self, api: &Api, resource: &ResourceRef, clock: &Clock) -> Result<ResourcePlace, Trouble> {
        let name = workspace_of(&me(api, clock).await?);
        let ResourceRef { kind, id } = resource.clone();
        Ok(ResourcePlace { kind, id, name, ..ResourcePlace::default() })
    }

    async fn list(
        &self,
        api: &Api,
        place: &ResourcePlace,
        only: Option<&BTreeSet<String>>,
        clock: &Clock,
    ) -> Result<DocumentListing, Trouble> {
        if let Some(keys) = only {
            return some(api, place, keys, clock).await;
        }
        let (objects, mut is_complete) = all(api, clock).await?;
        let mut parents: BTreeMap<String, Option<String>> = objects.iter().filter_map(parent_of).collect();
        let mut documents = Vec::new();
        for page in objects.iter().filter(|object| object["object"] == "page") {
            let Some(id) = page.text("id") else { continue };
            match place.kind.as_str() {
                "workspace" => {}
                _ => match is_below(api, id, &place.id, &mut parents, clock).await? {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        is_complete = false;
                        continue;
                    }
                },
            }
            documents.push(ListedDocument { key: id.to_owned(), version: version_of(page, clock) });
        }
        let (coverage, reason) = match is_complete {
            _ if documents.is_empty() => (Coverage::Incomplete, Some(NOTHING.to_owned())),
            true => (Coverage::CompleteIfRepeated, None),
            false => (Coverage::Incomplete, Some(CUT.to_owned())),
        };
        let (skipped, config) = (SkipCounts::default(), ConfigFinding::default());
        Ok(DocumentListing { documents, skipped, coverage, config, reason })
    }

    async fn edited_since(
        &self,
        api: &Api,
        _: &ResourceRef,
        since: Timestamp,
        clock: &Clock,
    ) -> Result<EditedDocuments, Trouble> {
        let (mut keys, mut after, since) = (BTreeSet::new(), None::<String>, since.minus(COARSE));
        for _ in 0..EDITED_SEARCHES {
            let found = search(api, after.as_deref(), clock.now()).await?;
            for object in &found.results {
                // The newest edits come first.
                if object.time("last_edited_time").is_some_and(|at| at < since) {
                    return Ok(EditedDocuments::Keys(keys));
                }
                if let Some(id) = object.text("id").filter(|_| object["object"] == "page") {
                    keys.insert(id.to_owned());
                }
            }
            match found.next {
                None => return Ok(EditedDocuments::Keys(keys)),
                next => after = next,
            }
        }
        Ok(EditedDocuments::Many)
    }

    async fn read(
        &self,
        api: &Api,
        _: &ResourcePlace,
        document: &ListedDocument,
        clock: &Clock,
    ) -> Result<DocumentReading, Trouble> {
        let page = get(api, &format!("/v1/pages/{}", document.key), clock).await?;
        if is_in_trash(&page) {
            return Ok(DocumentReading::Skipped(SkipReason::Gone));
        }
        let mut reader = BlockReader { api, clock, number: 0, copied: HashSet::new() };
        let rendered = render(&reader.children(document.key.clone(), 0).await?);
        let lines = properties::lines(&page);
        let parts: Vec<&str> =
            [lines.as_str(), rendered.markdown.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return Ok(DocumentReading::Skipped(SkipReason::Empty));
        }
        let title = properties::title(&page).unwrap_or_else(|| "Untitled".to_owned());
        let path: String = title.replace('/', "-").chars().filter(|c| !c.is_control()).take(PATH).collect();
        let (url, content) = (page.text("url").map(str::to_owned), parts.join("\n\n"));
        let (title, format, skipped) = (Some(title), Some("markdown"), rendered.skipped);
        Ok(DocumentReading::Document(Box::new(FetchedDocument { path, title, url, format, content, skipped })))
    }

    fn address(&self, _: &ResourcePlace, _: &str) -> Option<String> {
        None
    }
}

/// Everything that is shared and not in the trash, and whether Notion has listed all of it.
async fn all(api: &Api, clock: &Clock) -> Result<(Vec<Value>, bool), Trouble> {
    let (mut objects, mut after, mut is_complete) = (Vec::new(), None::<String>, true);
    for _ in 0..SEARCHES {
        let found = search(api, after.as_deref(), clock.now()).await?;
        is_complete &= found.is_complete;
        objects.extend(found.results.into_iter().filter(|object| !is_in_trash(object)));
        match found.next {
            None => return Ok((objects, is_complete)),
            next if next == after => return Err(Trouble::Invalid("its pages lead in a circle".to_owned())),
            next => after = next,
        }
    }
    Ok((objects, false))
}

/// The pages with these ids that are there and belong to a place. One that Notion does not know any more,
/// or not for us, is gone.
async fn some(
    api: &Api,
    place: &ResourcePlace,
    keys: &BTreeSet<String>,
    clock: &Clock,
) -> Result<DocumentListing, Trouble> {
    let (mut documents, mut parents) = (Vec::new(), BTreeMap::new());
    for key in keys {
        let page = match get(api, &format!("/v1/pages/{key}"), clock).await {
            Err(Trouble::Missing) => continue,
            page => page?,
        };
        if is_in_trash(&page) {
            continue;
        }
        parents.extend(parent_of(&page));
        let is_row = page.text("parent/data_source_id") == Some(place.id.as_str());
        let belongs = place.kind == "workspace" || is_row;
        if belongs || is_below(api, key, &place.id, &mut parents, clock).await? == Some(true) {
            documents.push(ListedDocument { key: key.clone(), version: version_of(&page, clock) });
        }
    }
    let (skipped, config, coverage) = (SkipCounts::default(), ConfigFinding::default(), Coverage::Keys(keys.clone()));
    Ok(DocumentListing { documents, skipped, coverage, config, reason: None })
}

/// The id of an object, and that of its parent.
fn parent_of(object: &Value) -> Option<(String, Option<String>)> {
    let parent = &object["parent"];
    let kind = parent["type"].as_str().unwrap_or_default();
    // A row names its data source and, beside it, its database.
    let parent = parent.text("database_id").or_else(|| parent.text(kind)).map(str::to_owned);
    Some((object.text("id")?.to_owned(), parent))
}

/// True if an object is another, or stands below it. `None` if an object between them is not shared.
async fn is_below(
    api: &Api,
    id: &str,
    top: &str,
    parents: &mut BTreeMap<String, Option<String>>,
    clock: &Clock,
) -> Result<Option<bool>, Trouble> {
    let mut at = id.to_owned();
    for _ in 0..ABOVE {
        if at == top {
            return Ok(Some(true));
        }
        let parent = match parents.get(&at) {
            Some(parent) => parent.clone(),
            None => {
                // A page may stand in a column or below a toggle.
                let block = match get(api, &format!("/v1/blocks/{at}"), clock).await {
                    Err(Trouble::Missing) => get(api, &format!("/v1/databases/{at}"), clock).await,
                    block => block,
                };
                let block = match block {
                    Err(Trouble::Missing | Trouble::Forbidden(_)) => return Ok(None),
                    block => block?,
                };
                let parent = parent_of(&block).and_then(|(_, parent)| parent);
                parents.insert(at.clone(), parent.clone());
                parent
            }
        };
        match parent {
            Some(parent) => at = parent,
            None => return Ok(Some(false)),
        }
    }
    Ok(Some(false))
}

fn version_of(page: &Value, clock: &Clock) -> String {
    let edited = page.text("last_edited_time").unwrap_or_default();
    let parent = parent_of(page).and_then(|(_, parent)| parent).unwrap_or_default();
    let is_recent = page.time("last_edited_time").is_some_and(|at| clock.now().since(at) < RECENT);
    format!("{edited} {parent}{}", if is_recent { " recent" } else { "" })
}

/// Reads the blocks of a page.
struct BlockReader<'a> {
    api: &'a Api,
    clock: &'a Clock,
    /// The blocks so far.
    number: usize,
    /// The originals whose children were read, because a copy shows them.
    copied: HashSet<String>,
}

impl BlockReader<'_> {
    /// The blocks below a block or a page, with all below them.
    fn children(&mut self, id: String, depth: usize) -> BoxFuture<'_, Result<Vec<Block>, Trouble>> {
        async move {
            let (mut blocks, mut after) = (Vec::new(), String::new());
            loop {
                let page = get(self.api, &format!("/v1/blocks/{id}/children?page_size=100{after}"), self.clock).await?;
                for answer in page["results"].as_array().into_iter().flatten() {
                    let Some(mut block) = Block::of(answer) else { continue };
                    self.number += 1;
                    if answer.flag("has_children") {
                        self.fill(&mut block, depth).await?;
                    }
                    blocks.push(block);
                }
                // One more than is shown, so that the page says that some are left out.
                match page.text("next_cursor").filter(|_| page.flag("has_more") && self.number <= BLOCKS) {
                    Some(cursor) => after = format!("&start_cursor={cursor}"),
                    None => return Ok(blocks),
                }
            }
        }
        .boxed()
    }

    /// Reads the children of a block, if they are shown.
    async fn fill(&mut self, block: &mut Block, depth: usize) -> Result<(), Trouble> {
        let is_document = matches!(block.kind.as_str(), "child_page" | "child_database");
        let is_copy = block.children_id() != block.id;
        if is_document || depth > DEPTH || self.number > BLOCKS {
            return Ok(());
        }
        if is_copy && !self.copied.insert(block.children_id().to_owned()) {
            return Ok(());
        }
        for id in shown_below(block) {
            match self.children(id, depth + 1).await {
                Ok(children) => block.children.extend(children),
                Err(Trouble::Missing | Trouble::Forbidden(_)) => block.missing = Some(SkipReason::NotShared),
                Err(Trouble::Invalid(_)) => block.missing = Some(SkipReason::Unreadable),
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }
}

/// The blocks whose children a block shows: itself, its original, or the summary and the notes of a
/// meeting.
fn shown_below(block: &Block) -> Vec<String> {
    let of_meeting = ["summary_block_id", "notes_block_id"].map(|name| block.content["children"][name].as_str());
    let of_meeting: Vec<String> = of_meeting.into_iter().flatten().map(str::to_owned).collect();
    match block.kind.as_str() {
        "meeting_notes" | "transcription" if !of_meeting.is_empty() => of_meeting,
        _ => vec![block.children_id().to_owned()],
    }
}
