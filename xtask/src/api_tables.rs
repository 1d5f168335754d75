//! The tables of operations in the documentation, made from the API document.
//!
//! A page has a table between two comments. The first names the tags of the operations in it:
//! `<!-- operations: jobs, runs -->`, the second ends it: `<!-- end of operations -->`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::chore::Outcome;

/// The API document. A test of the crate `web` compares it with what is served.
const DOCUMENT: &str = "docs/openapi.json";
const BEGIN: &str = "<!-- operations: ";
const BEGIN_CLOSES: &str = " -->\n";
const END: &str = "<!-- end of operations -->";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Writes all tables anew.
pub fn write() -> Outcome {
    for (path, _, wanted) in pages()? {
        fs::write(&path, wanted).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

/// Fails if a table differs from the API document, or if operations stand in no table.
pub fn are_current() -> Outcome {
    let stale: Vec<String> = pages()?
        .into_iter()
        .filter(|(_, text, wanted)| text != wanted)
        .map(|(path, ..)| format!("  {}", path.display()))
        .collect();
    match stale.is_empty() {
        true => Ok(()),
        false => Err(format!("run `cargo xtask api-tables`; these tables are not current:\n{}", stale.join("\n"))),
    }
}

/// The pages of the documentation with tables: path, text, and the text with current tables.
fn pages() -> Outcome<Vec<(PathBuf, String, String)>> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let document: Value = serde_json::from_str(&read(Path::new(DOCUMENT))?).map_err(|e| format!("{DOCUMENT}: {e}"))?;
    let operations = operations_of(&document);
    let mut shown = BTreeSet::new();
    let mut pages = Vec::new();
    for entry in fs::read_dir("docs").map_err(|e| e.to_string())?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "md") {
            let text = read(&path)?;
            let wanted = with_tables(&text, &operations, &mut shown).map_err(|e| format!("{}: {e}", path.display()))?;
            pages.push((path, text, wanted));
        }
    }
    pages.sort();
    let missing: BTreeSet<&str> = operations.iter().map(|operation| operation.tag.as_str()).collect();
    match missing.iter().find(|tag| !shown.contains(**tag)) {
        Some(tag) => Err(format!("no table in docs/ has the operations with the tag {tag:?}")),
        None => Ok(pages),
    }
}

/// An operation of the document.
struct Operation {
    tag: String,
    method: &'static str,
    path: String,
    about: String,
    parameters: Vec<String>,
}

fn operations_of(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut all: Vec<Operation> = paths
        .flat_map(|(path, item)| {
            METHODS.into_iter().filter_map(move |method| {
                let operation = item.get(method)?;
                let text = |name: &str| operation[name].as_str().unwrap_or_default().trim().to_owned();
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let parameters = parameters.filter(|parameter| parameter["in"] == "query");
                Some(Operation {
                    tag: operation["tags"][0].as_str().unwrap_or_default().to_owned(),
                    method,
                    path: path.clone(),
                    about: format!("{} {}", text("summary"), text("description")).trim().to_owned(),
                    parameters: parameters.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect(),
                })
            })
        })
        .collect();
    all.sort_by(|one, other| (&one.path, place(one)).cmp(&(&other.path, place(other))));
    all
}

fn place(operation: &Operation) -> Option<usize> {
    METHODS.iter().position(|method| *method == operation.method)
}

/// The text with the tables that the operations make. Adds the tags of its tables to `shown`.
fn with_tables(text: &str, operations: &[Operation], shown: &mut BTreeSet<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (tags, after) = after.split_once(BEGIN_CLOSES).ok_or("a table's first comment does not end")?;
        let (_, after) = after.split_once(END).ok_or_else(|| format!("the table of {tags} has no {END}"))?;
        let named: Vec<&str> = tags.split(", ").collect();
        let of_it: Vec<&Operation> = operations.iter().filter(|one| named.contains(&one.tag.as_str())).collect();
        out.push_str(&format!("{before}{BEGIN}{tags}{BEGIN_CLOSES}\n{}\n{END}", table(&of_it)));
        shown.extend(named.into_iter().map(str::to_owned));
        rest = after;
    }
    Ok(out + rest)
}

fn table(operations: &[&Operation]) -> String {
    let has_parameters = operations.iter().any(|operation| !operation.parameters.is_empty());
    let mut text = String::from(if has_parameters {
        "| operation | what it does | parameters |\n|---|---|---|\n"
    } else {
        "| operation | what it does |\n|---|---|\n"
    });
    for operation in operations {
        let about = operation.about.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        text.push_str(&format!("| `{} {}` | {about} |", operation.method.to_uppercase(), operation.path));
        if has_parameters {
            let names: Vec<String> = operation.parameters.iter().map(|name| format!("`{name}`")).collect();
            text.push_str(&format!(" {} |", names.join(", ")));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_the_operations_of_its_tags_in_the_order_of_their_paths() {
        let operation = |tag: &str, summary: &str| json!({ "tags": [tag], "summary": summary });
        let mut list = operation("jobs", "Jobs,\nnewest first.");
        list["parameters"] = json!([{ "in": "query", "name": "limit" }, { "in": "path", "name": "id" }]);
        let document = json!({ "paths": {
            "/jobs/{id}": { "delete": operation("jobs", "Removes a job | all of it."), "get": operation("jobs", "A job.") },
            "/jobs": { "get": list },
            "/keys": { "get": operation("accounts", "Keys.") },
        } });
        let operations = operations_of(&document);
        let mut shown = BTreeSet::new();
        let text = format!("Before.\n\n{BEGIN}jobs{BEGIN_CLOSES}old\n{END}\n\nAfter.\n");
        let wanted = "Before.\n\n<!-- operations: jobs -->\n\n\
            | operation | what it does | parameters |\n|---|---|---|\n\
            | `GET /jobs` | Jobs, newest first. | `limit` |\n\
            | `GET /jobs/{id}` | A job. |  |\n\
            | `DELETE /jobs/{id}` | Removes a job \\| all of it. |  |\n\
            \n<!-- end of operations -->\n\nAfter.\n";
        let made = with_tables(&text, &operations, &mut shown).unwrap();
        assert_eq!(made, wanted);
        assert_eq!(with_tables(&made, &operations, &mut shown).unwrap(), wanted, "it stays the same");
        assert_eq!(shown, BTreeSet::from(["jobs".to_owned()]));
        assert!(with_tables("<!-- operations: jobs -->\n", &operations, &mut shown).is_err());
    }
}
