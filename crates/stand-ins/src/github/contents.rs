//! The files of repositories: the head of a branch, trees and blobs.
//!
//! A blob's hash is that of its content. The hash of a tree has the commit and the directory in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::GithubServer;
use super::exchange::{Answer, ApiRequest};

/// The files of repositories, by the number of the repository.
#[derive(Default)]
pub(super) struct State {
    files: HashMap<u64, Files>,
    /// The entries of a tree from which on it is cut.
    cut: Option<usize>,
    /// The status with which trees are refused.
    refused: Option<u16>,
}

#[derive(Default)]
struct Files {
    /// The commits so far.
    commits: usize,
    now: BTreeMap<String, Vec<u8>>,
    /// Contents by hash: those of old commits too.
    blobs: HashMap<String, Vec<u8>>,
}

impl Files {
    fn head(&self) -> String {
        format!("c0ffee{:034}", self.commits)
    }
}

impl GithubServer {
    /// Makes a commit, after which a repository has exactly these files. Returns the commits before and
    /// after it.
    ///
    /// # Panics
    /// When there is no such repository.
    pub fn commit<C: AsRef<[u8]>>(
        &self,
        repository: &str,
        files: impl IntoIterator<Item = (String, C)>,
    ) -> (String, String) {
        let number = self.number_of(repository);
        let mut state = self.state();
        let of = state.contents.files.entry(number).or_default();
        let before = of.head();
        of.now = files.into_iter().map(|(path, content)| (path, content.as_ref().to_vec())).collect();
        let blobs: Vec<_> = of.now.values().map(|content| (hash(content), content.clone())).collect();
        of.blobs.extend(blobs);
        of.commits += 1;
        (before, of.head())
    }

    /// Cuts trees that have more than this number of entries, as GitHub does at 100,000.
    pub fn cut_trees(&self, at: Option<usize>) {
        self.state().contents.cut = at;
    }

    /// Refuses trees with a status.
    pub fn refuse_trees(&self, status: Option<u16>) {
        self.state().contents.refused = status;
    }

    /// The number of files that were read so far.
    pub fn blobs_read(&self) -> usize {
        self.asked().iter().filter(|asked| asked.path.contains("/git/blobs/")).count()
    }
}

fn hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:040x}", hasher.finish())
}

pub(super) fn answer(state: &mut super::State, asked: &ApiRequest) -> Option<Answer> {
    let steps = asked.steps();
    let found = match steps.as_slice() {
        ["repositories", id] => state.repositories.iter().find(|it| it.id.to_string() == *id),
        ["repos", owner, name, ..] => {
            let full = format!("{owner}/{name}");
            state.repositories.iter().find(|it| it.full_name == full)
        }
        _ => return None,
    };
    if !state.people.accepts(asked.token()) {
        return Some(Answer::refusal(401, "Bad credentials"));
    }
    let repository = found?;
    let contents = &state.contents;
    let files = contents.files.get(&repository.id);
    match steps.as_slice() {
        ["repositories", _] | ["repos", _, _] => Some(Answer::ok(repository.json())),
        ["repos", _, _, "git", "ref", "heads", branch @ ..] if branch.join("/") == repository.default_branch => {
            Some(match files {
                Some(files) => Answer::ok(json!({ "ref": "refs/heads/main", "object": { "sha": files.head() } })),
                None => Answer::refusal(409, "Git Repository is empty."),
            })
        }
        ["repos", _, _, "git", "trees", sha] => Some(match contents.refused {
            Some(status) => Answer::refusal(status, "refused"),
            None => tree(files?, sha, asked.query.contains_key("recursive"), contents.cut)?,
        }),
        ["repos", _, _, "git", "blobs", sha] => {
            let content = files?.blobs.get(*sha)?;
            let body = json!({
                "sha": sha, "size": content.len(), "encoding": "base64", "content": STANDARD.encode(content),
            });
            Some(Answer::ok(body))
        }
        _ => None,
    }
}

/// The tree of a commit, or of a directory of it.
fn tree(files: &Files, sha: &str, is_recursive: bool, cut: Option<usize>) -> Option<Answer> {
    let (commit, directory) = sha.split_once('-').unwrap_or((sha, ""));
    if commit != files.head() {
        return None;
    }
    let directory = String::from_utf8(hex::decode(directory).ok()?).ok()?;
    let (mut entries, mut directories) = (Vec::<Value>::new(), BTreeSet::new());
    for (path, content) in files.now.range(directory.clone()..) {
        let Some(rest) = path.strip_prefix(&directory) else { break };
        match rest.split_once('/').filter(|_| !is_recursive) {
            Some((name, _)) => {
                if directories.insert(name) {
                    let sha = format!("{commit}-{}", hex::encode(format!("{directory}{name}/")));
                    entries.push(json!({ "path": name, "mode": "040000", "type": "tree", "sha": sha }));
                }
            }
            None => entries.push(json!({
                "path": rest, "mode": "100644", "type": "blob", "sha": hash(content), "size": content.len(),
            })),
        }
    }
    let truncated = cut.is_some_and(|most| entries.len() > most);
    entries.truncate(cut.unwrap_or(usize::MAX));
    Some(Answer::ok(json!({ "sha": sha, "tree": entries, "truncated": truncated })))
}
