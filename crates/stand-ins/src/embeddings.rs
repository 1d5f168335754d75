//! A provider of vectors and of orders that answers as it is told to: `/embeddings`, `/v2/embed`, `/v2/rerank`,
//! `/v1/rerank` and `/rerank`.
//!
//! A vector counts the groups of three letters of a text, so texts with the same words are near each other.
//! The order is that of the texts, turned around: whoever takes it can be told from whoever does not.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::request;

/// The behaviour of the provider.
#[derive(Debug, Clone)]
pub enum Conduct {
    /// It answers.
    Works,
    /// It answers, with its results in another order than the texts.
    Shuffled,
    /// It answers after this time.
    Slow(Duration),
    /// It answers vectors with so many numbers.
    Dimensions(usize),
    /// It answers a number that is none.
    NotANumber,
    /// It answers the first index twice, and the last one never.
    DoubledIndex,
    /// It answers 429, with this value of `Retry-After`.
    Busy(u64),
    /// It answers this status.
    Refuses(u16),
    /// It answers half of a reply.
    CutOff,
    /// It takes the request and closes the connection.
    HangsUp,
}

/// A listening provider; it stops when dropped.
pub struct EmbeddingServer {
    /// The base of its addresses.
    pub url: String,
    conduct: Arc<Mutex<Conduct>>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
    task: JoinHandle<()>,
}

impl EmbeddingServer {
    /// Listens on a free port. Its vectors have so many numbers.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(dimensions: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (conduct, requests) = (Arc::new(Mutex::new(Conduct::Works)), Arc::new(Mutex::new(Vec::new())));
        let (told, noted) = (conduct.clone(), requests.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, dimensions, told.clone(), noted.clone()));
            }
        });
        Self { url: format!("http://{address}"), conduct, requests, task }
    }

    /// Changes its behaviour from the next request on.
    ///
    /// # Panics
    /// When a request has panicked.
    pub fn conduct(&self, conduct: Conduct) {
        *self.conduct.lock().expect("no request panics") = conduct;
    }

    /// The requests so far: the head and the body of each.
    ///
    /// # Panics
    /// When a request has panicked.
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.requests.lock().expect("no request panics").clone()
    }
}

impl Drop for EmbeddingServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    dimensions: usize,
    conduct: Arc<Mutex<Conduct>>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
) {
    let mut stream = BufReader::new(stream);
    while let Some((head, body)) = request::read(&mut stream).await {
        let Ok(body) = serde_json::from_str::<Value>(&body) else { return };
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        requests.lock().expect("no request panics").push((head, body.clone()));
        let conduct = conduct.lock().expect("no request panics").clone();
        let dimensions = match (&conduct, body["dimensions"].as_u64().or(body["output_dimension"].as_u64())) {
            (Conduct::Dimensions(dimensions), _) => *dimensions,
            (_, Some(asked)) => asked as usize,
            _ => dimensions,
        };
        if let Conduct::Slow(time) = conduct {
            tokio::time::sleep(time).await;
        }
        let (status, retry_after) = match conduct {
            Conduct::HangsUp => return,
            Conduct::Busy(seconds) => (429, format!("retry-after: {seconds}\r\n")),
            Conduct::Refuses(status) => (status, String::new()),
            _ => (200, String::new()),
        };
        let reply = if status == 200 { reply(&path, &body, dimensions, &conduct) } else { "{}".to_owned() };
        let sent = if matches!(conduct, Conduct::CutOff) { &reply[..reply.len() / 2] } else { reply.as_str() };
        let head = format!("HTTP/1.1 {status} X\r\n{retry_after}content-length: {}\r\n\r\n", reply.len());
        let written = stream.get_mut().write_all(format!("{head}{sent}").as_bytes()).await;
        if written.is_err() || sent.len() < reply.len() {
            return;
        }
    }
}

fn reply(path: &str, body: &Value, dimensions: usize, conduct: &Conduct) -> String {
    let list = ["input", "texts", "documents"].iter().find_map(|name| body[*name].as_array());
    let texts: Vec<&str> = list.map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let mut indexes: Vec<usize> = (0..texts.len()).collect();
    match conduct {
        Conduct::Shuffled => indexes.rotate_left(1),
        Conduct::DoubledIndex => indexes.rotate_right(1),
        _ => {}
    }
    let told =
        |index: usize| if matches!(conduct, Conduct::DoubledIndex) && index + 1 == texts.len() { 0 } else { index };
    let text = match path {
        "/embeddings" => {
            let data: Vec<Value> = indexes
                .iter()
                .map(|index| json!({ "index": told(*index), "embedding": vector(texts[*index], dimensions) }))
                .collect();
            json!({ "data": data, "usage": { "prompt_tokens": 7, "total_tokens": 7 } })
        }
        "/v2/embed" => {
            let vectors: Vec<Vec<f32>> = texts.iter().map(|text| vector(text, dimensions)).collect();
            json!({ "embeddings": { "float": vectors }, "meta": { "billed_units": { "input_tokens": 7 } } })
        }
        _ => {
            let relevance = |index: usize| (index + 1) as f32 / (texts.len() + 1) as f32;
            let name = if path == "/rerank" { "score" } else { "relevance_score" };
            let results: Vec<Value> =
                indexes.iter().map(|index| json!({ "index": told(*index), name: relevance(*index) })).collect();
            match path {
                "/rerank" => results.into(),
                _ if body["top_k"].is_number() => json!({ "data": results, "usage": { "total_tokens": 7 } }),
                _ => json!({ "results": results, "usage": { "total_tokens": 7 } }),
            }
        }
    };
    let text = text.to_string();
    match conduct {
        // As servers that are written in Python send it.
        Conduct::NotANumber => text.replacen("0.", "NaN,0.", 1),
        _ => text,
    }
}

/// The groups of three letters of a text, counted in as many places.
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut numbers = vec![0.001_f32; dimensions];
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        let letters: Vec<char> = format!(" {word} ").chars().collect();
        for group in letters.windows(3) {
            let mut hasher = DefaultHasher::new();
            group.hash(&mut hasher);
            numbers[(hasher.finish() % dimensions.max(1) as u64) as usize] += 1.0;
        }
    }
    numbers
}
