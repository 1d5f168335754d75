//! An HTTP endpoint on this machine that records the requests it gets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A received request.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method and the path, as `POST /hook`.
    pub target: String,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// The time at which it was there, whole.
    pub at: Instant,
}

impl Received {
    /// A header's value, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// A listening endpoint; it stops when dropped.
pub struct Receiver {
    /// The address on which it listens.
    pub address: SocketAddr,
    /// The received requests, in the order of arrival.
    pub requests: mpsc::UnboundedReceiver<Received>,
    task: JoinHandle<()>,
}

/// A function that chooses the status of the answer.
pub type Answer = Arc<dyn Fn(&Received) -> u16 + Send + Sync>;
/// A function that chooses the status and the body of the answer.
pub type Reply = Arc<dyn Fn(&Received) -> (u16, String) + Send + Sync>;
/// A function that chooses the status, the headers and the body of the answer.
pub type ReplyWithHeaders = Arc<dyn Fn(&Received) -> (u16, Vec<(String, String)>, String) + Send + Sync>;

impl Receiver {
    /// Listens on a free port and answers everything with 204.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        Self::answering(Arc::new(|_| 204)).await
    }

    /// Listens on a free port and answers with the status that `answer` chooses.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn answering(answer: Answer) -> Self {
        Self::replying(Arc::new(move |request| (answer(request), String::new()))).await
    }

    /// Listens on a free port and answers with the status and body that `answer` chooses.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn replying(answer: Reply) -> Self {
        let answer = move |request: &Received| {
            let (status, body) = answer(request);
            (status, Vec::new(), body)
        };
        Self::replying_with_headers(Arc::new(answer)).await
    }

    /// Listens on a free port and answers with the status, headers and body that `answer` chooses.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn replying_with_headers(answer: ReplyWithHeaders) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (sender, requests) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, sender.clone(), answer.clone()));
            }
        });
        Self { address, requests, task }
    }

    /// The URL to register.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(stream: TcpStream, sender: mpsc::UnboundedSender<Received>, answer: ReplyWithHeaders) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let (status, headers, body) = answer(&request);
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let _ = sender.send(request);
        let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut headers = Vec::new();
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let target = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { target, headers, body, at: Instant::now() })
}
