//! The commits of a push: which they are, and who wrote them.

use campanile_base::source_event::Reference;
use serde_json::{Value, json};

use crate::payload::Read;

/// The most commits of a push that become references. A push has up to 2,048.
const MOST_COMMITS: usize = 50;
/// The most authors of a push.
const MOST_AUTHORS: usize = 50;
/// The line of a message that names a further author: `Co-authored-by: Ada <ada@acme.example>`.
const TRAILER: &str = "co-authored-by:";

/// The commits of a push beside the last one, the newest first.
pub(crate) fn contained<'p>(payload: &'p Value, last: &'p str) -> impl Iterator<Item = Reference> + 'p {
    let commits = payload.list("commits").iter().rev().filter(move |commit| commit.text("id") != Some(last));
    let reference = |commit: &Value| {
        let reference = Reference::commit(commit.text("id")?).labelled("contains");
        Some(reference.at(commit.text("url").map(Into::into)))
    };
    commits.take(MOST_COMMITS).filter_map(reference)
}

/// The people who wrote the commits of a push, each once; `None` if no commit names one.
pub(crate) fn authors(payload: &Value) -> Option<Value> {
    let mut authors: Vec<Value> = Vec::new();
    for commit in payload.list("commits") {
        let author = commit.at("author").filter(|author| author.text("name").is_some());
        let author = author.map(|author| {
            json!({ "name": author.at("name"), "email": author.at("email"), "username": author.at("username") })
        });
        for author in author.into_iter().chain(further(commit.text("message").unwrap_or_default())) {
            let is_known = authors.iter().any(|known| is_same(known, &author));
            if !is_known && authors.len() < MOST_AUTHORS {
                authors.push(author);
            }
        }
    }
    (!authors.is_empty()).then(|| json!(authors))
}

/// True for two mentions of one person: by their mail address, or by the name where none is told.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.text("email"), other.text("email")) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one.text("name") == other.text("name"),
    }
}

/// The authors whom the last lines of a message name.
fn further(message: &str) -> impl Iterator<Item = Value> {
    message.lines().filter_map(|line| {
        let line = line.trim();
        let named = line.get(..TRAILER.len()).filter(|begin| begin.eq_ignore_ascii_case(TRAILER))?;
        let (name, rest) = line[named.len()..].split_once('<')?;
        let (email, _) = rest.split_once('>')?;
        let name = name.trim();
        (!name.is_empty()).then(|| json!({ "name": name, "email": email.trim() }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_who_wrote_a_commit_is_named_once() {
        let by = |name: &str, email: &str, message: &str| json!({ "id": "a", "author": { "name": name, "email": email, "username": name }, "message": message });
        let payload = json!({ "commits": [
            by("ann", "ann@acme.example", "Pay\n\nCo-authored-by: Bob B <bob@acme.example>\nco-Authored-By:Ann <ANN@acme.example>"),
            by("bob", "bob@acme.example", "Co-authored-by: nobody\nCo-authored-by: <x@y>"),
        ]});
        let authors = authors(&payload).unwrap();
        let names: Vec<&str> = authors.as_array().unwrap().iter().filter_map(|author| author.text("name")).collect();
        assert_eq!(names, ["ann", "Bob B"]);
        assert_eq!(super::authors(&json!({ "commits": [] })), None);
    }

    #[test]
    fn the_commits_of_a_push_are_contained_in_it_up_to_fifty() {
        let commits: Vec<Value> = (0..80).map(|n| json!({ "id": format!("{n:040}") })).collect();
        let payload = json!({ "commits": commits });
        let last = format!("{:040}", 79);
        let contained: Vec<Reference> = contained(&payload, &last).collect();
        assert_eq!((contained.len(), contained[0].id.as_str()), (50, format!("{:040}", 78).as_str()));
        assert!(contained.iter().all(|reference| reference.label.as_deref() == Some("contains")));
    }
}
