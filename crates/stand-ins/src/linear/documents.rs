//! The documents of teams, two a page.

use serde_json::{Value, json};

use super::{LinearServer, State};

/// A document of a team.
#[derive(Debug, Clone)]
pub struct LinearDocument {
    /// Its id.
    pub id: String,
    /// The id of its team.
    pub team: String,
    /// Its title.
    pub title: String,
    /// Its text in Markdown.
    pub content: String,
    /// The time of the last edit.
    pub updated_at: String,
    /// True if it is in the trash.
    pub is_trashed: bool,
}

impl LinearServer {
    /// Replaces all documents.
    pub fn set_documents(&self, documents: Vec<LinearDocument>) {
        self.state().documents = documents;
    }
}

fn instant(text: &str) -> i64 {
    campanile_base::Timestamp::parse(text).expect("an RFC 3339 time").as_micros()
}

/// The answer to a question about documents, or about one team.
pub(super) fn answer(state: &State, asked: &Value) -> Option<Value> {
    let query = asked["query"].as_str()?;
    let variable = |name: &str| asked["variables"][name].as_str().unwrap_or_default();
    let not_found = || json!({ "data": null, "errors": [{ "message": "Entity not found: Document" }] });
    if query.contains("team(id:") {
        let team = state.teams.iter().find(|(id, _)| id == variable("id"));
        return Some(
            team.map_or_else(not_found, |(id, name)| json!({ "data": { "team": { "id": id, "name": name } } })),
        );
    }
    if query.contains("document(id:") {
        let found = state.documents.iter().find(|document| document.id == variable("id"));
        return Some(found.map_or_else(not_found, |document| {
            json!({ "data": { "document": {
                "id": document.id, "title": document.title, "content": document.content, "trashed": document.is_trashed,
                "archivedAt": null, "updatedAt": document.updated_at, "project": { "name": "Launch" }, "issue": null,
                "url": format!("https://linear.app/acme/document/{}", document.id),
            } } })
        }));
    }
    if !query.contains("documents(") {
        return None;
    }
    let since = asked["variables"]["since"].as_str().map(instant);
    let is_asked = |it: &&LinearDocument| {
        it.team == variable("team") && since.is_none_or(|since| instant(&it.updated_at) >= since)
    };
    let of_team: Vec<&LinearDocument> = state.documents.iter().filter(is_asked).collect();
    let from = variable("after").parse().unwrap_or(0_usize);
    // Two a page, whatever is asked for.
    let until = (from + 2).min(of_team.len());
    let node = |document: &&LinearDocument| json!({ "id": document.id, "updatedAt": document.updated_at, "trashed": document.is_trashed, "archivedAt": null });
    let nodes: Vec<Value> = of_team[from..until].iter().map(node).collect();
    let page = json!({ "hasNextPage": until < of_team.len(), "endCursor": until.to_string() });
    Some(json!({ "data": { "documents": { "nodes": nodes, "pageInfo": page } } }))
}
