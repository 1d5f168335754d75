//! The client by which commands call a running server over its API.

use std::time::Duration;

use campanile_net::{AddressRules, Client, OpenResponse, Request, SendError};
use clap::{Arg, ArgMatches};
use serde_json::Value;

/// The time of a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// The time of a stream, and of a pause in it: the server gives signs of life more often.
const LONGEST_STREAM: Duration = Duration::from_secs(24 * 3_600);
const STREAM_PAUSE: Duration = Duration::from_secs(45);

/// The URL of the server, and the caller's secret key.
pub(crate) struct Remote {
    server: String,
    key: String,
}

/// An answer of the server that is an error.
pub(crate) struct Refusal {
    /// The reason, as a sentence.
    pub(crate) why: String,
    /// The faults of each field, as (field, message), if the server names any.
    pub(crate) fields: Vec<(String, String)>,
    /// True if the same request would be refused again.
    pub(crate) is_final: bool,
}

impl From<Refusal> for String {
    fn from(refused: Refusal) -> Self {
        refused.why
    }
}

/// The arguments with the server's URL and the key.
pub(crate) fn arguments() -> [Arg; 2] {
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help).global(true)
    };
    [
        flag("server", "URL", "Where the server is").env("CAMPANILE_CLI_SERVER").default_value("http://127.0.0.1:4400"),
        flag("key", "KEY", "A secret key of the organisation").env("CAMPANILE_CLI_KEY").hide_env_values(true),
    ]
}

impl Remote {
    pub(crate) fn new(given: &ArgMatches) -> Self {
        let text = |name: &str| given.get_one::<String>(name).cloned().unwrap_or_default();
        Self { server: text("server").trim_end_matches('/').to_owned(), key: text("key") }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Refusal> {
        self.ask("GET", path, Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        self.ask("POST", path, body.to_string().into_bytes()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        self.ask("PUT", path, body.to_string().into_bytes()).await
    }

    async fn ask(&self, method: &'static str, path: &str, body: Vec<u8>) -> Result<Value, Refusal> {
        let request = self.request(method, path, &[], body, PATIENCE)?;
        let answer = client().send(request).await.map_err(|error| self.silent(&error))?;
        match answer.status {
            200..300 => Ok(read(&answer.body)),
            status => Err(refusal(status, &answer.body)),
        }
    }

    /// Opens a stream of server-sent events.
    pub(crate) async fn stream(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Events, Refusal> {
        let request = self.request(method, path, headers, body, LONGEST_STREAM)?;
        let mut answer = client().open(request, STREAM_PAUSE).await.map_err(|error| self.silent(&error))?;
        match answer.status {
            200..300 => Ok(Events { answer, rest: Vec::new() }),
            status => {
                let mut body = Vec::new();
                while let Ok(Some(piece)) = answer.next().await {
                    body.extend_from_slice(&piece);
                }
                Err(refusal(status, &body))
            }
        }
    }

    fn request(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<Request, Refusal> {
        if self.key.is_empty() {
            let why = "a secret key is needed: --key, or CAMPANILE_CLI_KEY".to_owned();
            return Err(Refusal { why, fields: Vec::new(), is_final: true });
        }
        let own = [("authorization", format!("Bearer {}", self.key)), ("content-type", "application/json".to_owned())];
        let further = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(Request {
            method,
            url: format!("{}{path}", self.server),
            headers: own.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(further).collect(),
            body: body.into(),
            timeout,
            keep: 64 * 1024 * 1024,
            tls: None,
        })
    }

    fn silent(&self, error: &SendError) -> Refusal {
        let why = format!("{} does not answer: {error}", self.server);
        Refusal { why, fields: Vec::new(), is_final: false }
    }
}

/// A client for any address: the operator chooses the server.
fn client() -> Client {
    let anywhere = ["0.0.0.0/0", "::/0"].map(|range| range.parse().expect("a constant range")).to_vec();
    Client::new(AddressRules::allowing(anywhere))
}

/// The JSON of an answer; `null` if it has none.
fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn refusal(status: u16, body: &[u8]) -> Refusal {
    let json = read(body);
    let why = json["message"].as_str().unwrap_or("no reason is given");
    let word = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let fields = json["errors"].as_array().into_iter().flatten();
    let fields = fields.map(|error| (word(error, "field"), word(error, "message"))).collect();
    let is_final = (400..500).contains(&status) && status != 429;
    Refusal { why: format!("the server answered {status}: {why}"), fields, is_final }
}

/// A stream of server-sent events.
pub(crate) struct Events {
    answer: OpenResponse,
    rest: Vec<u8>,
}

/// A server-sent event.
#[derive(Debug, Default)]
pub(crate) struct ServerEvent {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Events {
    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<ServerEvent>, String> {
        loop {
            if let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.rest.drain(..end + 2).collect();
                // A sign of life has no data.
                match event(&String::from_utf8_lossy(&block))? {
                    Some(event) => return Ok(Some(event)),
                    None => continue,
                }
            }
            match self.answer.next().await.map_err(|error| error.to_string())? {
                Some(piece) => self.rest.extend_from_slice(&piece),
                None => return Ok(None),
            }
        }
    }
}

/// Reads an event; `None` if it has no data.
fn event(block: &str) -> Result<Option<ServerEvent>, String> {
    let (mut event, mut has_data) = (ServerEvent::default(), false);
    for (field, value) in block.lines().filter_map(|line| line.split_once(':')) {
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event.name = value.to_owned(),
            "id" => event.id = Some(value.to_owned()),
            "data" => {
                has_data = true;
                let unreadable = |error| format!("the server sent an event that cannot be read: {error}");
                event.data = serde_json::from_str(value).map_err(unreadable)?;
            }
            _ => {}
        }
    }
    Ok(has_data.then_some(event))
}

/// Encodes a text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
