//! `campanile workflows …`: keeps notification documents as files under version control.
//!
//! A folder has `workflows/<key>/workflow.json`, `email_layouts/<key>/email_layout.json`,
//! `partials/<key>/partial.json`, `translations/<locale>.<namespace>.<tenant>/translation.json` and
//! `channel_groups/<key>/channel_group.json`. A long text is in a file of its own, next to the
//! document. Then the field's name ends in `@` and its value is the path, as
//! `"html_body@": "mail.html_body.html"`.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Map, Value, json};

use crate::remote::{Refusal, Remote, arguments, segment};

/// The kinds of documents: the name of the folder and of the API's path, and the word that wraps a
/// document in a request.
const KINDS: [(&str, &str); 5] = [
    ("workflows", "workflow"),
    ("email_layouts", "email_layout"),
    ("partials", "partial"),
    (TRANSLATIONS, "translation"),
    ("channel_groups", "channel_group"),
];
/// The one kind that is addressed by locale, namespace and tenant instead of a key.
const TRANSLATIONS: &str = "translations";
/// Fields that the server adds to a document; they are left out of the file. `active` is among
/// them: switching a workflow on or off does not change its file.
const ADDED: [&str; 8] = ["key", "active", "valid", "sha", "environment", "created_at", "inserted_at", "updated_at"];
/// Fields whose long texts get a file of their own, and the file's extension.
const TEXTS: [(&str, &str); 8] = [
    ("html_body", "html"),
    ("text_body", "txt"),
    ("markdown_body", "md"),
    ("json_body", "json"),
    ("body", "txt"),
    ("html_layout", "html"),
    ("text_layout", "txt"),
    ("content", "liquid"),
];

/// A subcommand with its arguments, and the server to call.
pub(crate) struct Documents {
    remote: Remote,
    asked: ArgMatches,
}

/// The command `workflows` with its subcommands.
pub(crate) fn command() -> clap::Command {
    let folder = || {
        Arg::new("folder")
            .long("folder")
            .value_name("FOLDER")
            .default_value("notifications")
            .help("Where the files are")
    };
    let read = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("JSON").default_value("{}").help(help)
    };
    clap::Command::new("workflows")
        .about("Keep workflows, layouts, partials, translations and groups of channels as files")
        .arg_required_else_help(true)
        .subcommand_required(true)
        .args(arguments())
        .subcommand(clap::Command::new("pull").about("Write what the server has into files").arg(folder()))
        .subcommand(
            clap::Command::new("push")
                .about("Give the server what the files say; it counts when it is committed")
                .args([
                    folder(),
                    Arg::new("commit").long("commit").action(ArgAction::SetTrue).help("Let it count at once"),
                    Arg::new("message").long("message").short('m').value_name("TEXT").help("Why"),
                ]),
        )
        .subcommand(clap::Command::new("validate").about("Say what is wrong with the files").arg(folder()))
        .subcommand(
            clap::Command::new("preview")
                .about("Show what a step of a workflow would say; of the server's draft")
                .args([
                    Arg::new("workflow").value_name("WORKFLOW").required(true),
                    Arg::new("step").value_name("STEP").required(true),
                    read("data", "What the trigger would bring"),
                    read("recipient", "To whom: a user with their properties"),
                ]),
        )
}

impl Documents {
    pub(crate) fn new(given: &ArgMatches) -> Self {
        Self { remote: Remote::new(given), asked: given.clone() }
    }

    pub(crate) async fn run(self) -> Result<(), String> {
        let (what, given) = self.asked.subcommand().expect("the command line asks for a subcommand");
        let text = |name: &str| given.try_get_one::<String>(name).ok().flatten().cloned();
        let folder = PathBuf::from(text("folder").unwrap_or_default());
        match what {
            "pull" => self.pull(&folder).await,
            "push" => self.push(&folder, given.get_flag("commit"), text("message").as_deref()).await,
            "validate" => self.validate(&folder).await,
            _ => self.preview(given).await,
        }
    }

    async fn pull(&self, folder: &Path) -> Result<(), String> {
        for (kind, word) in KINDS {
            let mut after = None;
            loop {
                let cursor = after.as_deref().map(|after| format!("?after={}", segment(after))).unwrap_or_default();
                let page = self.remote.get(&format!("/v1/{kind}{cursor}")).await?;
                for document in page["entries"].as_array().into_iter().flatten() {
                    let key = document["key"].as_str().ok_or("a document has no key")?;
                    let place = folder.join(kind).join(key.replace('/', "."));
                    write(&place, word, document).map_err(|e| format!("{}: {e}", place.display()))?;
                    println!("{}", place.display());
                }
                after = page["page_info"]["after"].as_str().map(str::to_owned);
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn push(&self, folder: &Path, commits: bool, why: Option<&str>) -> Result<(), String> {
        let mut query = vec![("commit", if commits { "true" } else { "false" })];
        query.extend(why.map(|why| ("commit_message", why)));
        let mut faults = 0;
        // In reverse order, so that a document is written before the workflows that use it.
        for (kind, word) in KINDS.into_iter().rev() {
            for (key, document) in read_all(folder, kind, word)? {
                let path = address(kind, &key, &document, "", &query);
                match self.remote.put(&path, &json!({ word: document })).await {
                    Ok(_) => println!("{kind}/{key}"),
                    Err(refused) => faults += tell(kind, &key, &refused),
                }
            }
        }
        none_of(faults)
    }

    async fn validate(&self, folder: &Path) -> Result<(), String> {
        let mut faults = 0;
        for (kind, word) in KINDS {
            for (key, document) in read_all(folder, kind, word)? {
                let path = address(kind, &key, &document, "/validate", &[]);
                match self.remote.put(&path, &json!({ word: document })).await {
                    Ok(_) => println!("{kind}/{key} is fine"),
                    Err(refused) => faults += tell(kind, &key, &refused),
                }
            }
        }
        none_of(faults)
    }

    async fn preview(&self, given: &ArgMatches) -> Result<(), String> {
        let first = |name: &str| given.get_one::<String>(name).expect("it is required or has a default").as_str();
        let json =
            |name: &str| serde_json::from_str::<Value>(first(name)).map_err(|e| format!("--{name} is not JSON: {e}"));
        let path =
            format!("/v1/workflows/{}/steps/{}/preview_template", segment(first("workflow")), segment(first("step")));
        let asked = json!({ "data": json("data")?, "recipient": json("recipient")? });
        let shown = self.remote.post(&path, &asked).await?;
        match shown["result"].as_str() {
            Some("success") => {
                println!("{:#}", shown["template"]);
                Ok(())
            }
            _ => Err(shown["errors"][0]["message"].as_str().unwrap_or("it could not be rendered").to_owned()),
        }
    }
}

/// The path of a document on the server.
fn address(kind: &str, key: &str, document: &Value, action: &str, query: &[(&str, &str)]) -> String {
    let word = |name: &str| document[name].as_str().filter(|word| !word.is_empty());
    let mut query = query.to_vec();
    let key = match (kind, word("locale_code")) {
        (TRANSLATIONS, Some(locale)) => {
            // The namespace `default` is the server's default, so it is left out.
            query.extend(word("namespace").filter(|namespace| *namespace != "default").map(|word| ("namespace", word)));
            query.extend(word("tenant").map(|tenant| ("tenant", tenant)));
            locale
        }
        _ => key,
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/v1/{kind}/{}{action}{mark}{query}", segment(key))
}

/// Prints the faults of a document. Returns their number.
fn tell(kind: &str, key: &str, refused: &Refusal) -> usize {
    for (field, message) in &refused.fields {
        eprintln!("{kind}/{key}: {field}: {message}");
    }
    if refused.fields.is_empty() {
        eprintln!("{kind}/{key}: {}", refused.why);
    }
    refused.fields.len().max(1)
}

fn none_of(faults: usize) -> Result<(), String> {
    match faults {
        0 => Ok(()),
        1 => Err("there is one fault".into()),
        n => Err(format!("there are {n} faults")),
    }
}

/// Writes a document and its texts.
fn write(place: &Path, word: &str, document: &Value) -> std::io::Result<()> {
    std::fs::create_dir_all(place)?;
    let mut document = document.clone();
    if let Value::Object(map) = &mut document {
        map.retain(|name, _| !ADDED.contains(&name.as_str()));
        texts_out(map, "", place)?;
    }
    std::fs::write(place.join(format!("{word}.json")), format!("{document:#}\n"))
}

/// Moves long texts into files. `prefix` is the `ref` of the step that they belong to.
fn texts_out(map: &mut Map<String, Value>, prefix: &str, place: &Path) -> std::io::Result<()> {
    let own = map.get("ref").and_then(Value::as_str).map(|step| format!("{step}."));
    let prefix = own.as_deref().unwrap_or(prefix).to_owned();
    for name in map.keys().cloned().collect::<Vec<_>>() {
        let ending = TEXTS.into_iter().find(|(known, _)| *known == name).map(|(_, ending)| ending);
        match (ending, map.get_mut(&name)) {
            (Some(ending), Some(Value::String(text))) if text.contains('\n') || text.len() > 80 => {
                let file = format!("{prefix}{name}.{ending}");
                std::fs::write(place.join(&file), text.as_bytes())?;
                map.remove(&name);
                map.insert(format!("{name}@"), Value::String(file));
            }
            (_, Some(Value::Object(inner))) => texts_out(inner, &prefix, place)?,
            (_, Some(Value::Array(list))) => {
                for inner in list.iter_mut().filter_map(Value::as_object_mut) {
                    texts_out(inner, &prefix, place)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The documents of a kind, by key.
fn read_all(folder: &Path, kind: &str, word: &str) -> Result<Vec<(String, Value)>, String> {
    let place = folder.join(kind);
    if !folder.exists() {
        return Err(format!("there is no folder {}", folder.display()));
    }
    let Ok(entries) = std::fs::read_dir(&place) else { return Ok(Vec::new()) };
    let mut keys: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    keys.sort();
    let one = |key: String| {
        let place = place.join(&key);
        let path = place.join(format!("{word}.json"));
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut document = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        texts_in(&mut document, &place)?;
        Ok((key, document))
    };
    keys.into_iter().map(one).collect()
}

/// Puts the texts of files back into the document. A path that leaves the document's folder is
/// refused.
fn texts_in(value: &mut Value, place: &Path) -> Result<(), String> {
    match value {
        Value::Array(list) => list.iter_mut().try_for_each(|inner| texts_in(inner, place)),
        Value::Object(map) => {
            for name in map.keys().cloned().collect::<Vec<_>>() {
                let Some(bare) = name.strip_suffix('@') else { continue };
                let file = map.remove(&name).and_then(|file| file.as_str().map(PathBuf::from));
                let file =
                    file.filter(|file| file.components().all(|part| matches!(part, std::path::Component::Normal(_))));
                let file = file.ok_or_else(|| format!("{}: {name} must be a path within it", place.display()))?;
                let path = place.join(file);
                let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                map.insert(bare.to_owned(), Value::String(text));
            }
            map.values_mut().try_for_each(|inner| texts_in(inner, place))
        }
        _ => Ok(()),
    }
}
