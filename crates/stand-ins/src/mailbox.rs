//! An SMTP server on this machine that keeps the mails it gets. It supports only the commands of a
//! client without TLS and without a password.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 128;

/// A received mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The recipients of the envelope.
    pub recipients: Vec<String>,
    /// Headers and body.
    pub content: String,
}

impl Mail {
    /// The subject as written in the header, with folded lines joined.
    pub fn subject(&self) -> String {
        let mut lines = self.content.lines().skip_while(|line| !line.to_ascii_lowercase().starts_with("subject:"));
        let first = lines.next().unwrap_or_default();
        let rest = lines.take_while(|line| line.starts_with([' ', '\t'])).map(str::trim);
        let text = first.split_once(':').map_or("", |(_, text)| text.trim());
        std::iter::once(text).chain(rest).collect::<Vec<_>>().join(" ")
    }
}

/// A listening mail server. When it is dropped, it takes no more connections.
pub struct Mailbox {
    /// The address on which it listens.
    pub address: SocketAddr,
    /// The received mails, in the order of arrival.
    pub mails: mpsc::UnboundedReceiver<Mail>,
    task: JoinHandle<()>,
}

impl Mailbox {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        AwayMailbox::bind().comes_back()
    }

    /// The value for `CAMPANILE_SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }
}

/// A mail server that is away: its port refuses connections, and nobody else can take it.
pub struct AwayMailbox(TcpSocket);

impl AwayMailbox {
    /// Takes a free port without listening on it.
    ///
    /// # Panics
    /// When no port is free.
    pub fn bind() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
        Self(socket)
    }

    /// The value for `CAMPANILE_SMTP_URL`.
    ///
    /// # Panics
    /// Never: the socket is bound.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.0.local_addr().expect("a bound socket has an address"))
    }

    /// Begins to listen.
    ///
    /// # Panics
    /// When the system refuses to listen.
    pub fn comes_back(self) -> Mailbox {
        let listener = self.0.listen(BACKLOG).expect("a bound socket can listen");
        let address = listener.local_addr().expect("a listener has an address");
        let (sender, mails) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, sender.clone()));
            }
        });
        Mailbox { address, mails, task }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(stream: TcpStream, sender: mpsc::UnboundedSender<Mail>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mailbox\r\n").await?;
    let mut recipients = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let verb = command.get(..4).unwrap_or(command).to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "RCPT" => {
                let address = command.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                recipients.extend(address.map(|(address, _)| address.to_owned()));
                b"250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let content = read_content(&mut stream).await?;
                let _ = sender.send(Mail { recipients: std::mem::take(&mut recipients), content });
                b"250 kept\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
    }
}

async fn read_content(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut content = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim_end() == "." {
            return Ok(content);
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
