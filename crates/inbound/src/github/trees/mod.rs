//! Git trees: which files of a commit are documents.
//!
//! GitHub cuts a tree with more than 100,000 entries. A cut tree is not used. Its directories are
//! asked for one by one, and only those in which a document can be. If just a few directories at the
//! root can have documents, only these are asked for.
//!
//! Pure: [`TreeWalk`] says which tree to ask for next, and takes the answer.

#[cfg(test)]
mod tests;

use campanile_base::bounds::KEPT_DOCUMENT_BYTES;
use serde::Deserialize;

use crate::sync::config::FILE_NAMES;
use crate::sync::paths::Selection;
use crate::sync::plan::ListedDocument;
use crate::sync::skips::{SkipCounts, SkipReason};

/// The number of directories at the root up to which each is asked for on its own.
const FEW: usize = 3;
/// The most trees of one listing. A listing that needs more is incomplete.
const TREES: usize = 2_000;
/// The most documents of one listing. A listing with more is incomplete.
const DOCUMENTS: usize = 200_000;
/// The longest path, in characters.
const PATH: usize = 500;
/// The endings of files that are no text.
const BINARY: &[&str] = &[
    "7z", "avif", "bin", "bmp", "class", "dll", "doc", "docx", "dylib", "eot", "exe", "gif", "gz", "heic", "icns",
    "ico", "jar", "jpeg", "jpg", "mov", "mp3", "mp4", "o", "odt", "otf", "parquet", "pdf", "png", "ppt", "pptx", "pyc",
    "so", "sqlite", "tar", "tgz", "tiff", "ttf", "wasm", "wav", "webm", "webp", "woff", "woff2", "xls", "xlsx", "xz",
    "zip", "zst",
];
/// The beginning of a pointer of Git LFS, which stands in place of a file.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";
/// The largest pointer.
const LFS_BYTES: usize = 1_024;

/// A tree as GitHub answers.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Tree {
    /// The entries. Their paths begin at this tree.
    pub tree: Vec<TreeEntry>,
    /// True if entries are missing.
    #[serde(default)]
    pub truncated: bool,
}

/// An entry of a tree.
#[derive(Debug, Clone, Deserialize)]
pub struct TreeEntry {
    /// The path within the tree.
    pub path: String,
    /// The mode, such as `100644`.
    pub mode: String,
    /// `blob`, `tree`, or `commit` for another repository.
    #[serde(rename = "type")]
    pub kind: String,
    /// The hash of the content.
    pub sha: String,
    /// The size of a file in bytes.
    #[serde(default)]
    pub size: Option<u64>,
}

/// A tree that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRequest {
    /// Its hash.
    pub sha: String,
    /// True if everything below it is wanted too.
    pub is_recursive: bool,
    /// Its path, with a slash at the end; empty for the root.
    directory: String,
}

/// The documents of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeListing {
    /// The documents, each with the hash of its content.
    pub documents: Vec<ListedDocument>,
    /// The files that match and are no documents.
    pub skipped: SkipCounts,
    /// False if there may be others.
    pub is_complete: bool,
}

/// A walk through the trees of a commit.
#[derive(Debug)]
pub struct TreeWalk<'s> {
    selection: Selection<'s>,
    root: Vec<TreeEntry>,
    pending: Vec<TreeRequest>,
    asked: usize,
    listing: TreeListing,
}

/// The configuration file among the entries of the root: the first of its names that is there.
pub fn config_file(root: &Tree) -> Option<&TreeEntry> {
    let named = |name: &str| root.tree.iter().find(|entry| entry.path == name && is_file(entry));
    FILE_NAMES.into_iter().find_map(named)
}

/// The reason why the content of a file is not kept, as far as its bytes say it.
pub fn reason_to_skip(content: &[u8]) -> Option<SkipReason> {
    if content.len() <= LFS_BYTES && content.starts_with(LFS_POINTER) {
        return Some(SkipReason::LfsPointer);
    }
    match std::str::from_utf8(content) {
        Err(_) => Some(SkipReason::Binary),
        Ok(text) if text.contains('\0') => Some(SkipReason::Binary),
        Ok(text) if text.trim().is_empty() => Some(SkipReason::Empty),
        Ok(_) if content.len() > KEPT_DOCUMENT_BYTES => Some(SkipReason::TooLarge),
        Ok(_) => None,
    }
}

impl<'s> TreeWalk<'s> {
    /// A walk from the root, whose own entries are known already.
    pub fn new(selection: Selection<'s>, sha: &str, root: Tree) -> Self {
        let listing = TreeListing { is_complete: !root.truncated, ..TreeListing::default() };
        let mut walk = Self { selection, root: root.tree, pending: Vec::new(), asked: 0, listing };
        let wanted = walk.root.iter().filter(|entry| entry.kind == "tree" && selection.may_hold_documents(&entry.path));
        match wanted.count() {
            0..=FEW => walk.enter_root(),
            _ => walk.pending.push(TreeRequest { sha: sha.to_owned(), is_recursive: true, directory: String::new() }),
        }
        walk
    }

    /// The next tree to ask for; `None` at the end.
    pub fn next_request(&mut self) -> Option<TreeRequest> {
        let next = self.pending.pop()?;
        if self.asked == TREES || self.listing.documents.len() > DOCUMENTS {
            self.listing.is_complete = false;
            return None;
        }
        self.asked += 1;
        Some(next)
    }

    /// Takes the answer to a request.
    pub fn take(&mut self, request: TreeRequest, answer: Tree) {
        let TreeRequest { sha, is_recursive, directory } = request;
        match (is_recursive, answer.truncated) {
            (true, true) if directory.is_empty() => self.enter_root(),
            (true, true) => self.pending.push(TreeRequest { sha, is_recursive: false, directory }),
            (true, false) => answer.tree.into_iter().for_each(|entry| self.take_file(&directory, entry)),
            (false, is_cut) => {
                self.listing.is_complete &= !is_cut;
                self.enter(&directory, answer.tree);
            }
        }
    }

    /// The documents that were found.
    pub fn finish(self) -> TreeListing {
        self.listing
    }

    fn enter_root(&mut self) {
        let root = std::mem::take(&mut self.root);
        self.enter("", root);
    }

    /// Takes the files of a directory, and plans its directories.
    fn enter(&mut self, directory: &str, entries: Vec<TreeEntry>) {
        for entry in entries {
            if entry.kind != "tree" {
                self.take_file(directory, entry);
                continue;
            }
            let path = format!("{directory}{}", entry.path);
            if self.selection.may_hold_documents(&path) {
                self.pending.push(TreeRequest { sha: entry.sha, is_recursive: true, directory: format!("{path}/") });
            }
        }
    }

    fn take_file(&mut self, directory: &str, entry: TreeEntry) {
        let path = format!("{directory}{}", entry.path);
        let is_wanted = match entry.kind.as_str() {
            "commit" => self.selection.may_hold_documents(&path),
            "blob" => self.selection.is_document(&path),
            _ => false,
        };
        if !is_wanted {
            return;
        }
        match skip_of(&path, &entry) {
            Some(reason) => self.listing.skipped.add(reason),
            None => self.listing.documents.push(ListedDocument { key: path, version: entry.sha }),
        }
    }
}

fn is_file(entry: &TreeEntry) -> bool {
    entry.kind == "blob" && entry.mode != "120000"
}

/// The reason to leave a file out before its content is known.
fn skip_of(path: &str, entry: &TreeEntry) -> Option<SkipReason> {
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    let is_binary = ending.is_some_and(|ending| BINARY.contains(&ending.to_ascii_lowercase().as_str()));
    match entry {
        TreeEntry { kind, .. } if kind == "commit" => Some(SkipReason::Submodule),
        TreeEntry { mode, .. } if mode == "120000" => Some(SkipReason::Symlink),
        _ if path.contains(char::is_control) || path.chars().count() > PATH => Some(SkipReason::BadName),
        _ if is_binary => Some(SkipReason::Binary),
        TreeEntry { size: Some(0), .. } => Some(SkipReason::Empty),
        TreeEntry { size: Some(size), .. } if *size > KEPT_DOCUMENT_BYTES as u64 => Some(SkipReason::TooLarge),
        _ => None,
    }
}
