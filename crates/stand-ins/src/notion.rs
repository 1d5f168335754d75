//! A workspace at Notion, as an internal integration sees it: pages that are shared with it, each with
//! its blocks.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::request;

/// The secret of the integration.
pub const TOKEN: &str = "ntn_0123456789";
/// The public integration that is registered.
pub const CLIENT: (&str, &str) = ("notion-client", "notion-secret");
/// The token that a person's consent gives.
const CONSENTED: &str = "ntn_of_consent";
/// The results of a page of a search, whatever is asked for.
const PAGE: usize = 3;

/// A page.
#[derive(Debug, Clone)]
pub struct NotionPage {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its parent, such as `{"type": "page_id", "page_id": "…"}`.
    pub parent: Value,
    /// The time of the last edit.
    pub edited: String,
    /// Its blocks, as Notion answers them; those with a field `below` have children.
    pub blocks: Vec<Value>,
}

impl NotionPage {
    /// A page with one paragraph, below the workspace.
    pub fn new(id: &str, title: &str, text: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            parent: json!({ "type": "workspace", "workspace": true }),
            edited: "2026-01-02T03:04:00.000Z".to_owned(),
            blocks: vec![paragraph(&format!("{id}-text"), text)],
        }
    }
}

/// A paragraph, as Notion answers it.
pub fn paragraph(id: &str, text: &str) -> Value {
    json!({ "object": "block", "id": id, "type": "paragraph", "has_children": false, "paragraph": { "rich_text": rich(text) } })
}

fn rich(text: &str) -> Value {
    json!([{ "type": "text", "plain_text": text, "annotations": {}, "href": null }])
}

#[derive(Default)]
struct State {
    pages: Vec<NotionPage>,
    /// The ids that a search does not have for now.
    hidden: Vec<String>,
    is_incomplete: bool,
    /// The number of further calls that are refused for a second.
    refusals: usize,
    asked: Vec<String>,
    /// The ids of pages in the trash.
    trash: Vec<String>,
    comments: Vec<(String, String)>,
    /// The address of return of each code that was not exchanged yet.
    codes: Vec<(String, String)>,
    revoked: Vec<String>,
}

/// The listening provider; it stops when dropped.
pub struct NotionServer {
    /// The base of its API.
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl NotionServer {
    /// Listens on a free port, with no page shared.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, shared.clone()));
            }
        });
        Self { url, state, task }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no request panics")
    }

    /// Replaces the shared pages.
    pub fn set_pages(&self, pages: Vec<NotionPage>) {
        self.state().pages = pages;
    }

    /// Puts pages into the trash; they can still be read, and say so.
    pub fn trash(&self, ids: &[&str]) {
        self.state().trash = ids.iter().map(|id| (*id).to_owned()).collect();
    }

    /// Adds a comment with this id and text.
    pub fn add_comment(&self, id: &str, text: &str) {
        self.state().comments.push((id.to_owned(), text.to_owned()));
    }

    /// Consents to the request behind this address. Returns the address that the person is led to.
    ///
    /// # Panics
    /// When the address lacks a parameter.
    pub fn consent(&self, address: &str) -> String {
        let url = url::Url::parse(address).expect("it is a URL");
        let query: std::collections::HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((query["client_id"].as_str(), query["owner"].as_str()), (CLIENT.0, "user"));
        assert!(!query.contains_key("code_challenge"), "Notion has no PKCE");
        let (code, to) = (campanile_base::random_token("code_"), query["redirect_uri"].clone());
        self.state().codes.push((code.clone(), to.clone()));
        let mut back = url::Url::parse(&to).expect("the address of return is a URL");
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &query["state"]);
        back.into()
    }

    /// The tokens that were revoked.
    pub fn revoked(&self) -> Vec<String> {
        self.state().revoked.clone()
    }

    /// Hides pages from search; they can still be read.
    pub fn hide(&self, ids: &[&str]) {
        self.state().hidden = ids.iter().map(|id| (*id).to_owned()).collect();
    }

    /// Says of each search that it is not complete.
    pub fn cut_searches(&self, is_incomplete: bool) {
        self.state().is_incomplete = is_incomplete;
    }

    /// Refuses the next calls, and wants a pause of a second.
    pub fn limit(&self, calls: usize) {
        self.state().refusals = calls;
    }

    /// Accepts the revoked tokens again.
    pub fn forget_revocations(&self) {
        self.state().revoked.clear();
    }

    /// The number of searches so far.
    pub fn searches(&self) -> usize {
        self.state().asked.iter().filter(|path| *path == "/v1/search").count()
    }

    /// The number of pages that were read so far.
    pub fn pages_read(&self) -> usize {
        self.state().asked.iter().filter(|path| path.starts_with("/v1/pages/")).count()
    }
}

impl Drop for NotionServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let Some((head, body)) = request::read(&mut stream).await else { return };
    let (status, answer) = answer(&mut state.lock().expect("no request panics"), &head, &body);
    let body = answer.to_string();
    let pause = if status == 429 { "retry-after: 1\r\n" } else { "" };
    let head = format!("HTTP/1.1 {status} X\r\n{pause}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn answer(state: &mut State, head: &str, body: &str) -> (u16, Value) {
    let error = |status: u16, code: &str| (status, json!({ "object": "error", "code": code, "message": code }));
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    if let Some(of_oauth) = path.strip_prefix("/v1/oauth/") {
        let is_ours = header("authorization") == Some(&campanile_net::oauth::basic_authorization(CLIENT.0, CLIENT.1));
        let (true, Ok(asked)) = (is_ours, serde_json::from_str::<Value>(body)) else {
            return (401, json!({ "error": "invalid_client" }));
        };
        return oauth(state, of_oauth, &asked);
    }
    let is_known = |token: &str| header("authorization") == Some(&format!("Bearer {token}"));
    let is_revoked = state.revoked.iter().any(|token| token == CONSENTED);
    if !(is_known(TOKEN) || (is_known(CONSENTED) && !is_revoked)) {
        return error(401, "unauthorized");
    }
    if header("notion-version").is_none() {
        return error(400, "missing_version");
    }
    if state.refusals > 0 {
        state.refusals -= 1;
        return error(429, "rate_limited");
    }
    state.asked.push(path.to_owned());
    let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let found = match steps.as_slice() {
        ["v1", "users", "me"] => Some(json!({
            "object": "user", "id": "bot-1", "type": "bot", "name": "Campanile", "bot": { "workspace_name": "Acme" },
        })),
        ["v1", "search"] => match serde_json::from_str(body) {
            Ok(asked) => Some(search(state, &asked)),
            Err(_) => return error(400, "invalid_json"),
        },
        ["v1", "users", id] => Some(json!({ "object": "user", "id": id, "type": "person", "name": "Ann" })),
        ["v1", "comments", id] => state
            .comments
            .iter()
            .find(|(known, _)| known == id)
            .map(|(id, text)| json!({ "object": "comment", "id": id, "rich_text": rich(text) })),
        ["v1", "pages", id] => state.pages.iter().find(|page| page.id == *id).map(|it| page(state, it)),
        ["v1", "blocks", id] => state
            .pages
            .iter()
            .find(|page| below(&page.blocks, id).is_some())
            .map(|page| json!({ "object": "block", "id": id, "parent": { "type": "page_id", "page_id": page.id } })),
        ["v1", "blocks", id, "children"] => {
            children(state, id).map(|blocks| json!({ "results": blocks, "has_more": false }))
        }
        _ => None,
    };
    found.map_or_else(|| error(404, "object_not_found"), |found| (200, found))
}

/// The answers of the endpoints for tokens.
fn oauth(state: &mut State, endpoint: &str, asked: &Value) -> (u16, Value) {
    match endpoint {
        "token" => {
            let at = state.codes.iter().position(|(code, to)| asked["code"] == **code && asked["redirect_uri"] == **to);
            let Some(at) = at.filter(|_| asked["grant_type"] == "authorization_code") else {
                return (400, json!({ "error": "invalid_grant" }));
            };
            state.codes.remove(at);
            (
                200,
                json!({
                    "access_token": CONSENTED, "token_type": "bearer", "refresh_token": null, "bot_id": "bot-2",
                    "workspace_id": "space-1", "workspace_name": "Acme", "workspace_icon": null, "owner": { "type": "user" },
                }),
            )
        }
        "revoke" => {
            state.revoked.extend(asked["token"].as_str().map(str::to_owned));
            (200, json!({ "request_id": "r" }))
        }
        _ => (404, json!({ "error": "not_found" })),
    }
}

fn page(state: &State, page: &NotionPage) -> Value {
    json!({
        "object": "page", "id": page.id, "parent": page.parent, "last_edited_time": page.edited,
        "in_trash": state.trash.contains(&page.id),
        "url": format!("https://www.notion.so/{}", page.id),
        "properties": { "Name": { "type": "title", "title": rich(&page.title) } },
    })
}

fn search(state: &State, asked: &Value) -> Value {
    let is_hidden = |it: &&NotionPage| state.hidden.contains(&it.id) || state.trash.contains(&it.id);
    let mut found: Vec<&NotionPage> = state.pages.iter().filter(|it| !is_hidden(it)).collect();
    found.sort_by(|a, b| b.edited.cmp(&a.edited));
    let shown: Vec<Value> = found.into_iter().map(|it| page(state, it)).collect();
    let from = asked["start_cursor"].as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0_usize);
    let until = (from + PAGE).min(shown.len());
    let kind = if state.is_incomplete { "incomplete" } else { "complete" };
    json!({
        "object": "list", "results": shown[from.min(until)..until], "has_more": until < shown.len(),
        "next_cursor": (until < shown.len()).then(|| until.to_string()), "request_status": { "type": kind },
    })
}

/// The blocks below a page or a block.
fn children(state: &State, id: &str) -> Option<Vec<Value>> {
    let page = state.pages.iter().find(|page| page.id == id).map(|page| page.blocks.clone());
    page.or_else(|| state.pages.iter().find_map(|page| below(&page.blocks, id)))
}

/// The blocks below the one with this id, wherever it stands.
fn below(blocks: &[Value], id: &str) -> Option<Vec<Value>> {
    blocks.iter().find_map(|block| {
        let below_it = block["below"].as_array().cloned().unwrap_or_default();
        if block["id"] == id { Some(below_it) } else { below(&below_it, id) }
    })
}
