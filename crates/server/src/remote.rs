//! The client by which commands call a running server over its API.

use std::time::Duration;

use campanile_net::{AddressRules, Client, Request};
use clap::{Arg, ArgMatches};
use serde_json::Value;

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
        let refused = |why: String| Refusal { why, fields: Vec::new() };
        if self.key.is_empty() {
            return Err(refused("a secret key is needed: --key, or CAMPANILE_CLI_KEY".into()));
        }
        // The operator chooses this URL, so any address is allowed.
        let anywhere = ["0.0.0.0/0", "::/0"].map(|range| range.parse().expect("a constant range")).to_vec();
        let request = Request {
            method,
            url: format!("{}{path}", self.server),
            headers: vec![
                ("authorization".into(), format!("Bearer {}", self.key)),
                ("content-type".into(), "application/json".into()),
            ],
            body: body.into(),
            timeout: Duration::from_secs(30),
            keep: 64 * 1024 * 1024,
            tls: None,
        };
        let sent = Client::new(AddressRules::allowing(anywhere)).send(request).await;
        let answer = sent.map_err(|e| refused(format!("{} does not answer: {e}", self.server)))?;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match answer.status {
            200..300 => Ok(json),
            status => {
                let why = json["message"].as_str().unwrap_or("no reason is given");
                let word = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
                let fields = json["errors"].as_array().into_iter().flatten();
                let fields = fields.map(|error| (word(error, "field"), word(error, "message"))).collect();
                Err(Refusal { why: format!("the server answered {status}: {why}"), fields })
            }
        }
    }
}

/// Encodes a text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
