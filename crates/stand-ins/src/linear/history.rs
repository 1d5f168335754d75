//! The history of teams at Linear: things by the time of their last change, page by page.

use serde_json::{Value, json};

/// The things of teams, and the calls for them.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The query of the kind, the team, and the thing.
    pub(super) things: Vec<(&'static str, String, Value)>,
    /// The query, the team and the cursor of each call that was answered.
    pub(super) answered: Vec<HistoryCall>,
    calls: usize,
    pub(super) conduct: HistoryConduct,
}

/// A call for a page of history.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HistoryCall {
    /// The query, such as `issues`.
    pub query: String,
    /// The team.
    pub team: String,
    /// The cursor; empty for the first page.
    pub cursor: String,
}

/// The behaviour of the calls for history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HistoryConduct {
    /// They are answered.
    #[default]
    Works,
    /// Every so many calls one is refused: it wants none for a second.
    LimitsEvery(usize),
    /// The last page leads back to the first.
    Circles,
    /// They are not answered.
    Hangs,
    /// An answer takes this time, in milliseconds.
    Takes(u64),
}

/// True for a call for a page of history.
pub(super) fn is_history(body: &str) -> bool {
    body.contains("query History(")
}

impl History {
    /// The page that a call asks for, the last changed first. `None` if it is refused.
    ///
    /// # Panics
    /// When the call is not as Linear demands.
    pub(super) fn page(&mut self, asked: &Value) -> Option<Value> {
        self.calls += 1;
        if matches!(self.conduct, HistoryConduct::LimitsEvery(number) if self.calls.is_multiple_of(number)) {
            return None;
        }
        let (query, variables) = (asked["query"].as_str().expect("a query"), &asked["variables"]);
        assert!(query.contains("orderBy: updatedAt") && query.contains("includeArchived: true"), "{query}");
        let (_, name) = query.split_once("nodes: ").expect("it asks for nodes");
        let name = name.split('(').next().unwrap_or_default().to_owned();
        let (team, since) = (variables["team"].as_str().expect("a team"), variables["since"].as_str().expect("a time"));
        let (since, first) = (instant(since), variables["first"].as_u64().expect("a number"));
        assert!((1..=250).contains(&first), "Linear gives at most 250 nodes");
        let changed = |node: &Value| node["updatedAt"].as_str().map_or(0, instant);
        let is_asked = |(of, its, node): &&(&str, String, Value)| *of == name && its == team && changed(node) >= since;
        let mut nodes: Vec<&Value> = self.things.iter().filter(is_asked).map(|(_, _, node)| node).collect();
        nodes.sort_by_key(|node| std::cmp::Reverse(changed(node)));
        let cursor = variables["after"].as_str().unwrap_or_default().to_owned();
        let from: usize = if cursor.is_empty() { 0 } else { cursor.parse().expect("a cursor of ours") };
        let to = (from + usize::try_from(first).expect("it is small")).min(nodes.len());
        let page: Vec<&Value> = nodes[from..to].to_vec();
        let has_more = to < nodes.len() || self.conduct == HistoryConduct::Circles;
        let next = if to < nodes.len() { to } else { 0 };
        let page = json!({ "nodes": page, "pageInfo": { "hasNextPage": has_more, "endCursor": next.to_string() } });
        self.answered.push(HistoryCall { query: name, team: team.to_owned(), cursor });
        Some(page)
    }
}

fn instant(text: &str) -> i64 {
    campanile_base::Timestamp::parse(text).expect("an RFC 3339 time").as_micros()
}
