//! A request as an API reads it, its answer, and a listener for both.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::{Url, form_urlencoded};

use crate::request;

/// The items of a page, if the request does not say.
const PAGE: usize = 30;
/// The most items of a page.
const LARGEST_PAGE: usize = 100;

/// A request.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The parameters of the query.
    pub query: HashMap<String, String>,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body: JSON, a form as an object, or null.
    pub body: Value,
}

impl ApiRequest {
    pub(crate) fn parse(head: &str, body: &str) -> Self {
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let url = Url::parse("http://localhost").and_then(|base| base.join(target)).expect("a path is a URL");
        let headers = lines.filter_map(|line| line.split_once(':'));
        let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let body = match serde_json::from_str(body) {
            Ok(read) => read,
            Err(_) if form.is_empty() => Value::Null,
            Err(_) => json!(form),
        };
        Self {
            method: method.to_owned(),
            path: url.path().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect(),
            body,
        }
    }

    /// A header's value, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The token of the request, or an empty text.
    pub fn token(&self) -> &str {
        self.header("authorization").strip_prefix("Bearer ").unwrap_or_default()
    }

    /// The steps of the path.
    pub fn steps(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    /// A parameter of the query that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.query.get(name)?.parse().ok()
    }
}

/// An answer.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn refusal(status: u16, message: &str) -> Self {
        Self::new(status, json!({ "message": message }))
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A page of a list. `wrap` makes the body of its items. The header `link` names the next page
    /// with its number, as GitHub does for lists without a cursor.
    pub(crate) fn page<T>(base: &str, asked: &ApiRequest, items: &[T], wrap: impl Fn(&[T]) -> Value) -> Self {
        let size = asked.number("per_page").unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
        let number = asked.number("page").unwrap_or(1).max(1);
        let (from, until) = ((number - 1) * size, (number * size).min(items.len()));
        let answer = Self::ok(wrap(items.get(from..until).unwrap_or_default()));
        if until >= items.len() {
            return answer;
        }
        let address = |number: usize| {
            let mut url = Url::parse(&format!("{base}{}", asked.path)).expect("it is a URL");
            let kept = asked.query.iter().filter(|(name, _)| *name != "page");
            url.query_pairs_mut().extend_pairs(kept).append_pair("page", &number.to_string());
            url.to_string()
        };
        let last = items.len().div_ceil(size);
        let link = format!("<{}>; rel=\"next\", <{}>; rel=\"last\"", address(number + 1), address(last));
        answer.with("link", &link)
    }

    pub(crate) fn text(&self) -> String {
        let body = if self.body.is_null() { String::new() } else { self.body.to_string() };
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let status = self.status;
        format!("HTTP/1.1 {status} X\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }
}

/// Listens on a free port, and answers each request from a state. Returns the base of its addresses.
///
/// # Panics
/// When no port is free.
pub(crate) async fn listen<S: Send + 'static>(
    state: Arc<Mutex<S>>,
    answer: fn(&mut S, &ApiRequest) -> Answer,
) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, state.clone(), answer));
        }
    });
    (url, task)
}

async fn converse<S>(stream: TcpStream, state: Arc<Mutex<S>>, answer: fn(&mut S, &ApiRequest) -> Answer) {
    let mut stream = BufReader::new(stream);
    let Some((head, body)) = request::read(&mut stream).await else { return };
    let answer = answer(&mut state.lock().expect("no request panics"), &ApiRequest::parse(&head, &body)).text();
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
