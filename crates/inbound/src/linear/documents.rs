//! Linear's documents: those of a team, of the projects that the team works on, and of its issues.
//! Their content is Markdown.
//!
//! A document that is archived or in the trash is not listed, and so it is deleted here. Pictures that
//! Linear keeps need the token; their links stay as they are.

use std::collections::BTreeSet;

use async_trait::async_trait;
use campanile_base::{Clock, Timestamp};
use serde_json::{Value, json};

use super::remote::{GRAPHQL, Linear};
use crate::payload::Read as _;
use crate::remote::{
    Api, DocumentListing, DocumentReading, DocumentRemote, EditedDocuments, FetchedDocument, ResourcePlace,
    ResourceRef, Trouble, needed_text,
};
use crate::sync::configuration::ConfigFinding;
use crate::sync::plan::{Coverage, ListedDocument};
use crate::sync::skips::{SkipCounts, SkipReason};

const TEAM: &str = "query Team($id: String!) { team(id: $id) { id name } }";
const DOCUMENTS: &str = "query Documents($first: Int!, $after: String, $team: ID!) {
  documents(first: $first, after: $after, includeArchived: false, filter: { or: [
    { team: { id: { eq: $team } } }
    { project: { accessibleTeams: { some: { id: { eq: $team } } } } }
    { issue: { team: { id: { eq: $team } } } }
  ] }) {
    nodes { id updatedAt trashed archivedAt }
    pageInfo { hasNextPage endCursor }
  }
}";
const EDITED: &str = "query Edited($first: Int!, $since: DateTimeOrDuration!, $team: ID!) {
  documents(first: $first, orderBy: updatedAt, includeArchived: true, filter: { updatedAt: { gte: $since }, or: [
    { team: { id: { eq: $team } } }
    { project: { accessibleTeams: { some: { id: { eq: $team } } } } }
    { issue: { team: { id: { eq: $team } } } }
  ] }) { nodes { id } pageInfo { hasNextPage endCursor } }
}";
const VERSION: &str = "query Version($id: String!) { document(id: $id) { id updatedAt trashed archivedAt } }";
const DOCUMENT: &str = "query Document($id: String!) {
  document(id: $id) { id title url content trashed archivedAt project { name } issue { identifier } }
}";
/// The documents of a page.
const PAGE: u32 = 100;
/// The most pages of a team.
const PAGES: usize = 500;
/// The longest part of a path, in characters.
const NAME: usize = 200;

#[async_trait]
impl DocumentRemote for Linear {
    fn has_documents(&self, kind: &str) -> bool {
        kind == "team"
    }

    async fn place(&self, api: &Api, resource: &ResourceRef, clock: &Clock) -> Result<ResourcePlace, Trouble> {
        let ResourceRef { kind, id } = resource.clone();
        let data = api.graphql(GRAPHQL, TEAM, json!({ "id": id }), clock.now()).await?;
        let name = needed_text(&data["team"], "name")?;
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
            return some(api, keys, clock).await;
        }
        let (mut documents, mut after) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let variables = json!({ "first": PAGE, "after": after, "team": place.id });
            let data = api.graphql(GRAPHQL, DOCUMENTS, variables, clock.now()).await?;
            let page = &data["documents"];
            let nodes = page["nodes"].as_array().ok_or_else(|| Trouble::Invalid("it has no documents".to_owned()))?;
            for node in nodes.iter().filter(|node| !is_gone(node)) {
                documents
                    .push(ListedDocument { key: needed_text(node, "id")?, version: needed_text(node, "updatedAt")? });
            }
            if !page.flag("pageInfo/hasNextPage") {
                return Ok(listing(documents, Coverage::Complete, None));
            }
            let next = Some(needed_text(&page["pageInfo"], "endCursor")?);
            if next == after {
                return Err(Trouble::Invalid("its pages lead in a circle".to_owned()));
            }
            after = next;
        }
        Ok(listing(documents, Coverage::Incomplete, Some("the team has too many documents; nothing is deleted")))
    }

    async fn edited_since(
        &self,
        api: &Api,
        resource: &ResourceRef,
        since: Timestamp,
        clock: &Clock,
    ) -> Result<EditedDocuments, Trouble> {
        let variables = json!({ "first": PAGE, "since": since.to_string(), "team": resource.id });
        let data = api.graphql(GRAPHQL, EDITED, variables, clock.now()).await?;
        let nodes = data["documents"]["nodes"].as_array();
        let nodes = nodes.ok_or_else(|| Trouble::Invalid("it has no documents".to_owned()))?;
        if data["documents"].flag("pageInfo/hasNextPage") {
            return Ok(EditedDocuments::Many);
        }
        nodes.iter().map(|node| needed_text(node, "id")).collect::<Result<_, _>>().map(EditedDocuments::Keys)
    }

    async fn read(
        &self,
        api: &Api,
        _: &ResourcePlace,
        document: &ListedDocument,
        clock: &Clock,
    ) -> Result<DocumentReading, Trouble> {
        let asked = api.graphql(GRAPHQL, DOCUMENT, json!({ "id": document.key }), clock.now()).await;
        let found = match asked {
            // Linear has no code of its own for it.
            Err(Trouble::Invalid(said)) if said.to_lowercase().contains("not found") => Value::Null,
            answer => answer?["document"].clone(),
        };
        if found.is_null() || is_gone(&found) {
            return Ok(DocumentReading::Skipped(SkipReason::Gone));
        }
        let content = found.text("content").unwrap_or_default().to_owned();
        if content.trim().is_empty() {
            return Ok(DocumentReading::Skipped(SkipReason::Empty));
        }
        let title = needed_text(&found, "title")?;
        let above = found.text("project/name").or_else(|| found.text("issue/identifier"));
        let path = above.into_iter().chain([title.as_str()]).map(step).collect::<Vec<_>>().join("/");
        let url = found.text("url").map(str::to_owned);
        let (format, skipped) = (Some("markdown"), SkipCounts::default());
        let fetched = FetchedDocument { path, title: Some(title), url, format, content, skipped };
        Ok(DocumentReading::Document(Box::new(fetched)))
    }

    fn address(&self, _: &ResourcePlace, _: &str) -> Option<String> {
        None
    }
}

/// The documents with these ids that are there.
async fn some(api: &Api, keys: &BTreeSet<String>, clock: &Clock) -> Result<DocumentListing, Trouble> {
    let mut documents = Vec::new();
    for key in keys {
        let asked = api.graphql(GRAPHQL, VERSION, json!({ "id": key }), clock.now()).await;
        let found = match asked {
            Err(Trouble::Invalid(said)) if said.to_lowercase().contains("not found") => continue,
            answer => answer?["document"].clone(),
        };
        if !found.is_null() && !is_gone(&found) {
            documents.push(ListedDocument { key: key.clone(), version: needed_text(&found, "updatedAt")? });
        }
    }
    Ok(listing(documents, Coverage::Keys(keys.clone()), None))
}

fn listing(documents: Vec<ListedDocument>, coverage: Coverage, reason: Option<&str>) -> DocumentListing {
    let (skipped, config) = (SkipCounts::default(), ConfigFinding::default());
    DocumentListing { documents, skipped, coverage, config, reason: reason.map(str::to_owned) }
}

fn is_gone(document: &Value) -> bool {
    document.flag("trashed") || document.text("archivedAt").is_some()
}

/// A name as a part of a path.
fn step(name: &str) -> String {
    name.replace('/', "-").chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME).collect()
}
