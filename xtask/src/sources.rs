//! Rules about the sources that the compiler does not check: SQL stays in its files, and every
//! dependency is used.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use crate::chore::Outcome;

/// The first words of SQL statements.
const STATEMENTS: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];

/// Fails if SQL is in a wrong file, and lists these files. SQL belongs in `queries.rs`, in a `store`
/// folder, or in `retention.rs`, which says what is removed of which table. The crate `db` is about
/// SQL, and tests may look into tables.
pub fn sql_has_its_places() -> Outcome {
    let has_place = |path: &Path| {
        let words: Vec<String> = path.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let is_of = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
        let name = words.last().map(String::as_str).unwrap_or_default();
        is_of(&["db", "testkit", "tests", "benches", "store"])
            || matches!(name, "queries.rs" | "retention.rs" | "tests.rs")
            || name.ends_with("_tests.rs")
    };
    let mut strays = Vec::new();
    for path in rust_files(Path::new("crates"))?.into_iter().filter(|path| !has_place(path)) {
        let tokens: TokenStream = read(&path)?.parse().map_err(|e| format!("{}: {e}", path.display()))?;
        if let Some(sql) = first_statement(tokens) {
            strays.push(format!("  {}: {}…", path.display(), sql.chars().take(60).collect::<String>()));
        }
    }
    match strays.is_empty() {
        true => Ok(()),
        false => Err(format!("SQL stands outside queries.rs, stores and retention.rs:\n{}", strays.join("\n"))),
    }
}

/// The first string in these tokens that is a statement.
fn first_statement(tokens: TokenStream) -> Option<String> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => first_statement(group.stream()),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let text = text.trim_start_matches(['r', '#', '"']).trim_start();
            STATEMENTS.iter().any(|word| text.starts_with(word)).then(|| text.to_owned())
        }
        _ => None,
    })
}

/// Files that read JSON of others leniently: of requests, providers, people and scripts. None reads
/// a column. Each has the number of such places.
const LENIENT: [(&str, usize); 19] = [
    // Arguments of conditions, and times as people write them.
    ("crates/documents/src/conditions/mod.rs", 1),
    ("crates/documents/src/calendar.rs", 1),
    // Words that are looked up in an enum.
    ("crates/documents/src/channel_type.rs", 1),
    ("crates/notify/src/messages/mod.rs", 1),
    // Answers and reports of providers, and settings that are JSON or text.
    ("crates/channels/src/request.rs", 1),
    ("crates/channels/src/email/resend.rs", 1),
    ("crates/channels/src/push/fcm.rs", 1),
    ("crates/inbound/src/remote/api.rs", 1),
    ("crates/net/src/oauth/answer.rs", 1),
    // Links in mails.
    ("crates/notify/src/tracking.rs", 1),
    // Rendered templates, and results of scripts. Payloads of messages may be any text.
    ("crates/notify/src/runs/advance.rs", 1),
    ("crates/webhooks/src/transformations.rs", 2),
    ("crates/webhooks/src/lines/order.rs", 1),
    ("crates/webhooks/src/model/messages/mod.rs", 1),
    // Requests, and answers of a server.
    ("crates/wire-knock/src/slack.rs", 2),
    ("crates/wire-knock/src/guides.rs", 1),
    ("crates/wire-knock/src/socket/frames.rs", 1),
    ("crates/wire-svix/src/poller.rs", 1),
    ("crates/server/src/remote.rs", 1),
];

/// Methods that replace an error by a value.
const FORGIVING: [&str; 6] = ["ok", "unwrap_or", "unwrap_or_default", "unwrap_or_else", "map_or", "is_ok_and"];

/// Fails if a `queries.rs` parses JSON itself, or another file parses JSON and ignores the error,
/// and lists these files. `Row::json`, or `stored_json`, must be used: they return an error for
/// invalid JSON.
pub fn stored_json_is_read_or_refused() -> Outcome {
    let mut strays = Vec::new();
    let is_product = |path: &PathBuf| {
        let text = path.to_string_lossy();
        !["tests", "testkit", "fuzz_targets"].iter().any(|word| text.contains(word))
    };
    for path in rust_files(Path::new("crates"))?.into_iter().filter(is_product) {
        let tokens: TokenStream = read(&path)?.parse().map_err(|e| format!("{}: {e}", path.display()))?;
        let allowed = LENIENT.iter().find(|(file, _)| path == Path::new(file)).map_or(0, |(_, places)| *places);
        let places = lenient_parses(&tokens);
        if places != allowed {
            strays.push(format!("  {}: {places} places ignore invalid JSON, not {allowed}", path.display()));
        }
        let mut words = std::collections::BTreeSet::new();
        gather_words(tokens, &mut words);
        if path.ends_with("queries.rs") && (words.contains("from_str") || words.contains("from_slice")) {
            strays.push(format!("  {}", path.display()));
        }
    }
    match strays.is_empty() {
        true => Ok(()),
        false => Err(format!("JSON is read without Row::json or stored_json:\n{}", strays.join("\n"))),
    }
}

/// The number of places that parse JSON and ignore its errors: `serde_json::from_…(…)`, also with
/// the type in angle brackets, and then a forgiving method.
fn lenient_parses(tokens: &TokenStream) -> usize {
    let all: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let within = all.iter().map(|token| match token {
        TokenTree::Group(group) => lenient_parses(&group.stream()),
        _ => 0,
    });
    let here = all
        .iter()
        .enumerate()
        .filter(|(at, token)| is_word(token, &["serde_json"]) && parses(&all[at + 1..]).is_some_and(is_forgiven));
    within.sum::<usize>() + here.count()
}

/// The tokens behind the call of a function that parses JSON; `None` if these tokens are none.
fn parses(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let name = tokens.iter().position(|token| !is_colon(token))?;
    is_word(&tokens[name], &["from_str", "from_slice", "from_value"]).then_some(())?;
    let call = tokens[name..].iter().position(|token| matches!(token, TokenTree::Group(_)))?;
    let is_type = tokens[name + 1..name + call].first().is_none_or(is_colon);
    is_type.then(|| &tokens[name + call + 1..])
}

fn is_forgiven(after: &[TokenTree]) -> bool {
    matches!(after, [TokenTree::Punct(dot), method, ..] if dot.as_char() == '.' && is_word(method, &FORGIVING))
}

fn is_word(token: &TokenTree, words: &[&str]) -> bool {
    matches!(token, TokenTree::Ident(word) if words.iter().any(|known| word == known))
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':')
}

/// Fails if a dependency is named in no file of its crate, and lists these dependencies.
pub fn dependencies_are_used() -> Outcome {
    let mut unused = Vec::new();
    for manifest in manifests()? {
        let folder = manifest.parent().expect("a manifest is in a folder");
        let mut words = std::collections::BTreeSet::new();
        for path in rust_files(folder)? {
            let tokens: TokenStream = read(&path)?.parse().map_err(|e| format!("{}: {e}", path.display()))?;
            gather_words(tokens, &mut words);
        }
        let names = read(&manifest)?;
        let unnamed = dependencies_of(&names).into_iter().filter(|name| !words.contains(&library_of(name)));
        unused.extend(unnamed.map(|name| format!("  {}: {name}", manifest.display())));
    }
    match unused.is_empty() {
        true => Ok(()),
        false => Err(format!("dependencies that nothing names:\n{}", unused.join("\n"))),
    }
}

/// The name by which code refers to a dependency.
fn library_of(name: &str) -> String {
    match name {
        "md-5" => "md5".to_owned(),
        name => name.replace('-', "_"),
    }
}

/// The names in all `[…dependencies]` sections of a manifest.
fn dependencies_of(manifest: &str) -> Vec<String> {
    let mut is_within = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        match line.strip_prefix('[') {
            Some(section) => is_within = section.trim_end_matches(']').ends_with("dependencies"),
            None if is_within => {
                let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
                if !name.is_empty() && !name.starts_with('#') {
                    names.push(name.to_owned());
                }
            }
            None => {}
        }
    }
    names
}

fn gather_words(tokens: TokenStream, words: &mut std::collections::BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => drop(words.insert(word.to_string())),
            TokenTree::Group(group) => gather_words(group.stream(), words),
            _ => {}
        }
    }
}

fn manifests() -> Outcome<Vec<PathBuf>> {
    let crates = fs::read_dir("crates").map_err(|e| e.to_string())?;
    let mut manifests: Vec<PathBuf> = crates.flatten().map(|entry| entry.path().join("Cargo.toml")).collect();
    manifests.push("xtask/Cargo.toml".into());
    manifests.sort();
    Ok(manifests)
}

fn rust_files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::lenient_parses;

    #[test]
    fn json_that_is_read_with_a_default_is_found() {
        let found = |text: &str| lenient_parses(&text.parse().unwrap());
        for text in [
            "let own: Value = serde_json::from_str(&run.input).unwrap_or_default();",
            "{ items.map(|item| serde_json::from_str::<Vec<u8>>(item).unwrap_or_default()) }",
            "let mut event = serde_json::from_str::<Event>(&run.input).ok();",
            "serde_json::from_slice(&payload).unwrap_or_else(|_| json!(0))",
        ] {
            assert_eq!(found(text), 1, "{text}");
        }
        for text in [
            "serde_json::from_str(&text).map_err(Error::internal)?",
            "serde_json::to_string(&text).unwrap_or_default()",
            "match serde_json::from_str(&text) { Ok(it) => it, Err(_) => other.unwrap_or_default() }",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }
}
