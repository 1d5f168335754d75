//! `campanile runs …`: the operator's commands for a running server, over its API.

use std::io::Write as _;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Map, Value, json};

use crate::remote::{Remote, arguments, segment};

/// A subcommand with its arguments, and the server to call.
pub(crate) struct Operator {
    remote: Remote,
    as_json: bool,
    asked: ArgMatches,
}

/// The command `runs` with its subcommands.
pub(crate) fn command() -> clap::Command {
    let id = || Arg::new("id").value_name("RUN").required(true).num_args(1..);
    let name = || Arg::new("name").value_name("NAME").required(true);
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let jobs = || Arg::new("jobs").long("jobs").action(ArgAction::SetTrue).help("Jobs in place of workflows");
    let global = |arg: Arg| arg.global(true);
    let of_name = || flag("of", "NAME", "Of one workflow or kind of job");
    let times = [
        flag("after", "TIME", "Asked for at this time or later, as 2026-02-04T10:00:00Z"),
        flag("before", "TIME", "Asked for before this time"),
    ];
    clap::Command::new("runs")
        .about("Look after the work of a running server")
        .arg_required_else_help(true)
        .subcommand_required(true)
        .args(arguments())
        .arg(global(
            Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print what the server answers, as JSON"),
        ))
        .subcommand(
            clap::Command::new("list")
                .about("Runs, newest first")
                .args([jobs(), of_name()])
                .arg(flag("status", "STATUS", "queued, running, waiting, completed, failed or cancelled"))
                .args(times.clone())
                .arg(flag("limit", "NUMBER", "How many at most").default_value("50")),
        )
        .subcommand(clap::Command::new("show").about("A run with its steps and their attempts").arg(id().num_args(1)))
        .subcommand(
            clap::Command::new("start")
                .about("Start a workflow")
                .arg(name())
                .arg(Arg::new("input").value_name("JSON").default_value("null")),
        )
        .subcommand(clap::Command::new("cancel").about("Call runs off").arg(id()).arg(flag(
            "reason",
            "TEXT",
            "Shown with the run",
        )))
        .subcommand(
            clap::Command::new("cancel-all").about("Call off all active runs of a name").arg(name()).args(times),
        )
        .subcommand(clap::Command::new("retry").about("Let runs that failed or were cancelled go on").arg(id()))
        .subcommand(
            clap::Command::new("replay")
                .about("Start a new run with the input of another")
                .arg(id().num_args(1))
                .arg(flag("from-step", "STEP", "Take over what came before this step"))
                .arg(flag("input", "JSON", "An input of its own")),
        )
        .subcommand(clap::Command::new("workflows").about("Everything that can be run, and what is paused"))
        .subcommand(clap::Command::new("pause").about("Start nothing more of a name").arg(name()))
        .subcommand(clap::Command::new("resume").about("Go on with it").arg(name()))
        .subcommand(
            clap::Command::new("stats")
                .about("Counts, success rate and durations")
                .args([jobs(), of_name()])
                .arg(flag("window", "SPAN", "24h, 7d or 30d").default_value("24h")),
        )
}

impl Operator {
    pub(crate) fn new(given: &ArgMatches) -> Self {
        Self { remote: Remote::new(given), as_json: given.get_flag("json"), asked: given.clone() }
    }

    /// Calls the server, and prints the answer.
    pub(crate) async fn run(self) -> Result<(), String> {
        let (what, given) = self.asked.subcommand().expect("the command line asks for a subcommand");
        let text = |name: &str| given.get_one::<String>(name).map(String::as_str);
        let ids = || given.get_many::<String>("id").expect("it is required").map(String::as_str);
        let first = |name: &str| given.get_one::<String>(name).expect("it is required").as_str();
        match what {
            "list" => self.list(given).await,
            "show" => self.show(first("id")).await,
            "start" => {
                let input = read_json(first("input"))?;
                self.say(self.post(&format!("/api/workflows/{}/runs", segment(first("name"))), input).await?)
            }
            "cancel" => {
                for id in ids() {
                    let reason = json!({ "reason": text("reason") });
                    self.say(self.post(&format!("/api/runs/{}/cancel", segment(id)), reason).await?)?;
                }
                Ok(())
            }
            "cancel-all" => self.cancel_all(given).await,
            "retry" => {
                for id in ids() {
                    self.say(self.post(&format!("/api/runs/{}/retry", segment(id)), json!({})).await?)?;
                }
                Ok(())
            }
            "replay" => {
                let mut body = Map::new();
                if let Some(step) = text("from-step") {
                    body.insert("fromStep".into(), step.into());
                }
                if let Some(input) = text("input") {
                    body.insert("input".into(), read_json(input)?);
                }
                self.say(self.post(&format!("/api/runs/{}/replay", segment(first("id"))), Value::Object(body)).await?)
            }
            "workflows" => {
                let page = self.get("/api/workflows").await?;
                self.table(&page["data"], &["name", "version", "paused_at"])
            }
            "pause" | "resume" => {
                self.say(self.post(&format!("/api/workflows/{}/{what}", segment(first("name"))), json!({})).await?)
            }
            _ => {
                let query = query(&[("name", text("of")), ("window", text("window"))]);
                self.say(self.get(&format!("/api/{}/statistics{query}", kind(given))).await?)
            }
        }
    }

    async fn list(&self, given: &ArgMatches) -> Result<(), String> {
        let text = |name: &str| given.get_one::<String>(name).map(String::as_str);
        let limit = text("limit").and_then(|limit| limit.parse().ok()).ok_or("--limit must be a number")?;
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        while found.len() < limit {
            let page = (limit - found.len()).min(200).to_string();
            let query = query(&[
                ("name", text("of")),
                ("status", text("status")),
                ("after", text("after")),
                ("before", text("before")),
                ("limit", Some(&page)),
                ("cursor", cursor.as_deref()),
            ]);
            let mut page = self.get(&format!("/api/{}{query}", kind(given))).await?;
            found.extend(page["data"].as_array_mut().map(std::mem::take).unwrap_or_default());
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        self.table(&Value::Array(found), &["id", "name", "status", "failures", "queued_at", "ended_at", "error"])
    }

    async fn show(&self, id: &str) -> Result<(), String> {
        let run = self.get(&format!("/api/runs/{}", segment(id))).await?;
        if self.as_json {
            return self.say(run);
        }
        let Value::Object(mut run) = run else { return Err("the server's answer is no run".into()) };
        let steps = run.remove("steps").unwrap_or_default();
        self.say(Value::Object(run))?;
        self.table(&steps, &["key", "kind", "status", "started_at", "ended_at", "due", "output", "error"])
    }

    /// Starts the cancellation, and shows its progress until it has finished.
    async fn cancel_all(&self, given: &ArgMatches) -> Result<(), String> {
        let text = |name: &str| given.get_one::<String>(name);
        let asked = json!({ "name": text("name"), "after": text("after"), "before": text("before") });
        let mut opened = self.post("/api/runs/cancellations", asked).await?;
        let id = opened["id"].as_str().ok_or("the server's answer has no id")?.to_owned();
        while opened["finished_at"].is_null() {
            eprintln!("{} called off so far", opened["cancelled"]);
            tokio::time::sleep(Duration::from_millis(500)).await;
            opened = self.get(&format!("/api/runs/cancellations/{id}")).await?;
        }
        self.say(opened)
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        Ok(self.remote.get(path).await?)
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        Ok(self.remote.post(path, &body).await?)
    }

    /// Prints one item: a line for each field, or JSON.
    fn say(&self, answer: Value) -> Result<(), String> {
        match answer {
            Value::Object(fields) if !self.as_json => {
                let width = fields.keys().map(String::len).max().unwrap_or(0);
                let lines = fields.iter().filter(|(_, value)| !value.is_null());
                print(&lines.map(|(name, value)| format!("{name:<width$}  {}\n", plain(value))).collect::<String>())
            }
            answer => print(&format!("{answer:#}\n")),
        }
    }

    /// Prints a list: a line for each item, or JSON.
    fn table(&self, rows: &Value, columns: &[&str]) -> Result<(), String> {
        if self.as_json {
            return print(&format!("{rows:#}\n"));
        }
        let heads = columns.iter().map(|column| column.to_uppercase().replace('_', " ")).collect();
        let mut lines: Vec<Vec<String>> = vec![heads];
        for row in rows.as_array().into_iter().flatten() {
            lines.push(columns.iter().map(|column| plain(&row[*column])).collect());
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns.len()).map(width).collect();
        let mut text = String::new();
        for line in &lines {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        print(&text)
    }
}

/// Prints to standard output. A closed pipe is no error: the reader, such as `head`, has ended.
fn print(text: &str) -> Result<(), String> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// A value in one line of text.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace('\n', " "),
        other => other.to_string(),
    }
}

fn kind(given: &ArgMatches) -> &'static str {
    if given.get_flag("jobs") { "jobs" } else { "runs" }
}

fn read_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("{text:?} is not JSON: {e}"))
}

fn query(parameters: &[(&str, Option<&str>)]) -> String {
    let given = parameters.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if text.is_empty() { text } else { format!("?{text}") }
}
