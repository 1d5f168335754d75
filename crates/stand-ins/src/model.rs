//! A language model that answers as it is told to, over both APIs: Anthropic's messages at `/v1/messages`, and
//! chat completions at `/chat/completions`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::request;

/// The behaviour of the model.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// It writes this text, in pieces of a few characters.
    Writes(String),
    /// It writes this text and then nothing for a long time.
    Stalls(String),
    /// It writes this text, and the connection ends without the last event.
    BreaksOff(String),
    /// It answers 429, with this value of `Retry-After`.
    Busy(u64),
    /// It answers 500.
    Fails,
    /// It sends an event that is no JSON.
    Babbles,
}

/// A listening model; it stops when dropped.
pub struct Model {
    /// The base of its addresses.
    pub url: String,
    behaviour: Arc<Mutex<Behaviour>>,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Model {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address: SocketAddr = listener.local_addr().expect("a listener has an address");
        let (behaviour, requests) = (Arc::new(Mutex::new(behaviour)), Arc::new(Mutex::new(Vec::new())));
        let (told, noted) = (behaviour.clone(), requests.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, told.clone(), noted.clone()));
            }
        });
        Self { url: format!("http://{address}"), behaviour, requests, task }
    }

    /// Changes its behaviour from the next request on.
    ///
    /// # Panics
    /// When a request has panicked.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().expect("no request panics") = behaviour;
    }

    /// The requests so far: the head and the body of each.
    ///
    /// # Panics
    /// When a request has panicked.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no request panics").clone()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(stream: TcpStream, behaviour: Arc<Mutex<Behaviour>>, requests: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let Some((head, body)) = request::read(&mut stream).await else { return };
    let is_anthropic = head.contains(" /v1/messages ");
    requests.lock().expect("no request panics").push(format!("{head}\n{body}"));
    let behaviour = behaviour.lock().expect("no request panics").clone();
    let _ = answer(stream.get_mut(), is_anthropic, behaviour).await;
}

async fn answer(stream: &mut TcpStream, is_anthropic: bool, behaviour: Behaviour) -> std::io::Result<()> {
    const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let (text, ends, stalls) = match behaviour {
        Behaviour::Busy(seconds) => {
            let head =
                format!("HTTP/1.1 429 X\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            return stream.write_all(head.as_bytes()).await;
        }
        Behaviour::Fails => {
            return stream.write_all(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        }
        Behaviour::Babbles => {
            return stream.write_all(format!("{STREAM}data: {{\"type\": oops\n\n").as_bytes()).await;
        }
        Behaviour::Writes(text) => (text, true, false),
        Behaviour::Stalls(text) => (text, false, true),
        Behaviour::BreaksOff(text) => (text, false, false),
    };
    stream.write_all(STREAM.as_bytes()).await?;
    if is_anthropic {
        stream
            .write_all(
                event(r#"{"type":"message_start","message":{"usage":{"input_tokens":100,"output_tokens":1}}}"#)
                    .as_bytes(),
            )
            .await?;
    }
    let characters: Vec<char> = text.chars().collect();
    for piece in characters.chunks(7) {
        let piece = quoted(&piece.iter().collect::<String>());
        let data = match is_anthropic {
            true => {
                format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{piece}}}}}"#)
            }
            false => format!(r#"{{"choices":[{{"index":0,"delta":{{"content":{piece}}}}}]}}"#),
        };
        stream.write_all(event(&data).as_bytes()).await?;
        stream.flush().await?;
    }
    if stalls {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
    if ends {
        let last = match is_anthropic {
            true => {
                event(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":20}}"#)
                    + &event(r#"{"type":"message_stop"}"#)
            }
            false => {
                event(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
                    + &event(r#"{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20}}"#)
                    + &event("[DONE]")
            }
        };
        stream.write_all(last.as_bytes()).await?;
    }
    stream.shutdown().await
}

fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    let escaped = text.chars().flat_map(|c| match c {
        '"' => vec!['\\', '"'],
        '\\' => vec!['\\', '\\'],
        '\n' => vec!['\\', 'n'],
        c => vec![c],
    });
    format!("\"{}\"", escaped.collect::<String>())
}
