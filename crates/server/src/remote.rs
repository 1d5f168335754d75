//! A running server, as commands ask it over its API.

use std::time::Duration;

use campanile_net::{AddressRules, Client, Request};
use clap::{Arg, ArgMatches};
use serde_json::Value;

/// Where the server is, and by which key it knows the caller.
pub(crate) struct Remote {
    server: String,
    key: String,
}

/// What the server answered that was no success.
pub(crate) struct Refused {
    /// In a sentence.
    pub(crate) why: String,
    /// What was wrong, field by field, where it says that.
    pub(crate) fields: Vec<(String, String)>,
}

impl From<Refused> for String {
    fn from(refused: Refused) -> Self {
        refused.why
    }
}

/// The arguments that say where the server is.
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

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Refused> {
        self.ask("GET", path, Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        self.ask("POST", path, body.to_string().into_bytes()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        self.ask("PUT", path, body.to_string().into_bytes()).await
    }

    async fn ask(&self, method: &'static str, path: &str, body: Vec<u8>) -> Result<Value, Refused> {
        let refused = |why: String| Refused { why, fields: Vec::new() };
        if self.key.is_empty() {
            return Err(refused("a secret key is needed: --key, or CAMPANILE_CLI_KEY".into()));
        }
        // The operator decides where this goes, not somebody's data.
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
                Err(Refused { why: format!("the server answered {status}: {why}"), fields })
            }
        }
    }
}

/// A part of a path, whatever is in it.
pub(crate) fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
