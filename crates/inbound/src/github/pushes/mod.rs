//! Pushes: which files of the default branch a push has changed.
//!
//! The commits of a push name their files. They are used only if they tell all of the push: not after
//! a forced push, not for a new branch, and not if GitHub has cut the list of commits. Otherwise the
//! trees are compared.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The number of commits at which GitHub cuts the list.
const CUT: usize = 2_048;

/// A push to the default branch of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultBranchPush {
    /// GitHub's number of the repository.
    pub repository: i64,
    /// The commit before the push.
    pub before: String,
    /// The commit that is now the head of the branch.
    pub head: String,
    /// The changed files; `None` if the push does not tell all of them.
    pub changes: Option<FileChanges>,
}

/// The files that the commits of a push name, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileChanges {
    /// The files that are there after the push.
    pub changed: Vec<String>,
    /// The files that are not.
    pub removed: Vec<String>,
}

#[derive(Deserialize)]
struct Payload {
    r#ref: String,
    before: String,
    after: String,
    #[serde(default)]
    created: bool,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    forced: bool,
    #[serde(default)]
    commits: Vec<Commit>,
    repository: Repository,
}

#[derive(Deserialize)]
struct Repository {
    id: i64,
    default_branch: String,
}

#[derive(Deserialize)]
struct Commit {
    #[serde(default)]
    added: Vec<String>,
    #[serde(default)]
    modified: Vec<String>,
    #[serde(default)]
    removed: Vec<String>,
}

/// Reads the payload of a push. Returns `None` for another branch, for a branch that is deleted, and for
/// a payload that is no push.
pub(crate) fn of_default_branch(payload: &Value) -> Option<DefaultBranchPush> {
    let payload = Payload::deserialize(payload).ok()?;
    let branch = payload.r#ref.strip_prefix("refs/heads/")?;
    if branch != payload.repository.default_branch || payload.deleted {
        return None;
    }
    let is_new = payload.created || payload.before.bytes().all(|byte| byte == b'0');
    let tells_all = !payload.forced && !is_new && (1..CUT).contains(&payload.commits.len());
    let changes = tells_all.then(|| last_changes(payload.commits));
    let (repository, before, head) = (payload.repository.id, payload.before, payload.after);
    Some(DefaultBranchPush { repository, before, head, changes })
}

/// The last change of each file.
fn last_changes(commits: Vec<Commit>) -> FileChanges {
    let mut is_there: BTreeMap<String, bool> = BTreeMap::new();
    for commit in commits {
        is_there.extend(commit.removed.into_iter().map(|path| (path, false)));
        is_there.extend(commit.added.into_iter().chain(commit.modified).map(|path| (path, true)));
    }
    let (changed, removed): (Vec<_>, Vec<_>) = is_there.into_iter().partition(|(_, is_there)| *is_there);
    let paths = |changes: Vec<(String, bool)>| changes.into_iter().map(|(path, _)| path).collect();
    FileChanges { changed: paths(changed), removed: paths(removed) }
}
