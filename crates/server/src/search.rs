//! `campanile search …`: searches what a running server remembers, over its API.

use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Value, json};

use campanile_base::plain_text::plain_lines;

use crate::remote::{Remote, arguments};

/// A search, and the server to ask.
pub(crate) struct Search {
    remote: Remote,
    as_json: bool,
    query: String,
    workspace: Option<String>,
    limit: usize,
}

/// The command `search`.
pub(crate) fn command() -> clap::Command {
    clap::Command::new("search")
        .about("Search what a running server remembers")
        .args(arguments())
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print what the server answers, as JSON"))
        .arg(Arg::new("workspace").long("workspace").value_name("ID").help("The workspace; the first one if absent"))
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("NUMBER")
                .value_parser(clap::value_parser!(u8).range(1..=100))
                .default_value("10")
                .help("How many at most"),
        )
        .arg(
            Arg::new("query")
                .value_name("WORDS")
                .num_args(1..)
                .required(true)
                .help("Words, \"phrases\", and filters such as source:github or after:2026-10-01"),
        )
}

impl Search {
    pub(crate) fn new(given: &ArgMatches) -> Self {
        let words: Vec<&str> =
            given.get_many::<String>("query").into_iter().flatten().map(|word| word.as_str()).collect();
        Self {
            remote: Remote::new(given),
            as_json: given.get_flag("json"),
            query: words.join(" "),
            workspace: given.get_one::<String>("workspace").cloned(),
            limit: usize::from(given.get_one::<u8>("limit").copied().unwrap_or(10)),
        }
    }

    /// Asks the server. Returns the answer as it is printed.
    pub(crate) async fn run(self) -> Result<String, String> {
        let place = self.workspace.iter().map(|id| ("workspace", id));
        let place = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(place).finish();
        let path = if place.is_empty() { "/api/search".to_owned() } else { format!("/api/search?{place}") };
        let found = self.remote.post(&path, &json!({ "query": self.query, "limit": self.limit })).await?;
        Ok(if self.as_json { format!("{found:#}") } else { plain_lines(&listed(&found)) })
    }
}

/// Each result in a few lines: when, where and who, the title, and the part of the text that fits.
fn listed(found: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for hit in found["data"].as_array().into_iter().flatten() {
        let actor = hit["actor"]["name"].as_str().map(|name| format!("  {name}")).unwrap_or_default();
        let day: String = word(&hit["occurredAt"]).chars().take(10).collect();
        lines.push(format!("{day}  {}  {}{actor}  {}", word(&hit["source"]), word(&hit["type"]), word(&hit["id"])));
        lines.push(format!("  {}", word(&hit["title"])));
        let snippet = word(&hit["snippet"]);
        lines.extend(Some(format!("  {snippet}")).filter(|_| !snippet.trim().is_empty()));
    }
    let total = found["meta"]["total"].as_u64().unwrap_or(0);
    lines.push(match (total, found["meta"]["confidence"].as_str()) {
        (0, _) => "Nothing fits.".to_owned(),
        (_, Some("none")) => "Nothing fits well; these are the nearest.".to_owned(),
        (1, _) => "1 passage fits.".to_owned(),
        (total, _) => format!("{total} passages fit."),
    });
    lines.join("\n")
}
