//! `campanile answer …`: asks a running server a question, over its API.

use std::io::Write as _;

use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Value, json};

use campanile_base::plain_text::plain_lines;

use crate::remote::{Remote, arguments};

/// A question, and the server to ask.
pub(crate) struct Question {
    remote: Remote,
    as_json: bool,
    question: String,
    workspace: Option<String>,
    session: Option<String>,
}

/// The command `answer`.
pub(crate) fn command() -> clap::Command {
    clap::Command::new("answer")
        .about("Ask a running server about what it remembers")
        .args(arguments())
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the whole answer, as JSON"))
        .arg(Arg::new("workspace").long("workspace").value_name("ID").help("The workspace; the first one if absent"))
        .arg(Arg::new("session").long("session").value_name("ID").help("The session to go on with"))
        .arg(Arg::new("question").value_name("QUESTION").num_args(1..).required(true).help("The question"))
}

impl Question {
    pub(crate) fn new(given: &ArgMatches) -> Self {
        let words: Vec<&str> =
            given.get_many::<String>("question").into_iter().flatten().map(|word| word.as_str()).collect();
        Self {
            remote: Remote::new(given),
            as_json: given.get_flag("json"),
            question: words.join(" "),
            workspace: given.get_one::<String>("workspace").cloned(),
            session: given.get_one::<String>("session").cloned(),
        }
    }

    /// Asks, and prints the answer while it comes.
    pub(crate) async fn run(self) -> Result<(), String> {
        let place = self.workspace.iter().map(|id| ("workspace", id));
        let place = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(place).finish();
        let path = if place.is_empty() { "/api/answer".to_owned() } else { format!("/api/answer?{place}") };
        let body = json!({ "question": self.question, "session": self.session });
        let mut events = self.remote.stream("POST", &path, &[], body.to_string().into_bytes()).await?;
        let mut out = std::io::stdout().lock();
        let print = |out: &mut std::io::StdoutLock<'_>, text: &str| {
            write!(out, "{text}").and_then(|()| out.flush()).map_err(|error| error.to_string())
        };
        while let Some(event) = events.next().await? {
            let data = event.data;
            match event.name.as_str() {
                "text" if !self.as_json => {
                    let mark = if data["replaces"] == true { "\n\nInstead of this:\n" } else { "" };
                    print(&mut out, &plain_lines(&format!("{mark}{}", data["delta"].as_str().unwrap_or_default())))?;
                }
                "done" if self.as_json => return print(&mut out, &format!("{data:#}\n")),
                "done" => return print(&mut out, &plain_lines(&format!("\n{}", sources(&data)))),
                "error" => return Err(data["message"].as_str().unwrap_or("there is no answer").to_owned()),
                _ => {}
            }
        }
        Err("the answer broke off".to_owned())
    }
}

/// The passages that an answer cites, and its session.
fn sources(answer: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cited = answer["citations"].as_array().cloned().unwrap_or_default();
    let passages = answer["passages"].as_array().into_iter().flatten().filter(|passage| cited.contains(&passage["n"]));
    let lines =
        passages.map(|passage| format!("[{}] {}  {}", passage["n"], word(&passage["title"]), word(&passage["url"])));
    let reason = answer["reason"].as_str().map(|reason| format!("({reason})"));
    let session = format!("Session {}", word(&answer["session"]));
    let all: Vec<String> = lines.chain(reason).chain([session]).collect();
    format!("\n{}\n", all.join("\n"))
}
