use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::sync::paths::PathRules;

/// The most entries of a tree that GitHub does not cut.
const CUT: usize = 100_000;

/// A repository: its paths, each with a mode and a size.
#[derive(Default)]
struct Repository {
    files: BTreeMap<String, (&'static str, u64)>,
    calls: usize,
}

impl Repository {
    fn with(paths: impl IntoIterator<Item = String>) -> Self {
        Self { files: paths.into_iter().map(|path| (path, ("100644", 10))).collect(), calls: 0 }
    }

    /// The tree of a directory, whose hash is its path.
    fn tree(&mut self, directory: &str, is_recursive: bool) -> Tree {
        self.calls += 1;
        let (mut tree, mut directories) = (Vec::new(), BTreeSet::new());
        let mut truncated = false;
        for (path, (mode, size)) in self.files.range(directory.to_owned()..) {
            let Some(rest) = path.strip_prefix(directory) else { break };
            if tree.len() == CUT {
                truncated = true;
                break;
            }
            match rest.split_once('/').filter(|_| !is_recursive) {
                Some((name, _)) => {
                    if directories.insert(name.to_owned()) {
                        tree.push(entry(name, "040000", "tree", &format!("{directory}{name}/"), None));
                    }
                }
                None => {
                    let kind = if *mode == "160000" { "commit" } else { "blob" };
                    tree.push(entry(rest, mode, kind, &format!("sha of {path}"), Some(*size)));
                }
            }
        }
        Tree { tree, truncated }
    }

    fn listed(&mut self, rules: &PathRules, only: Option<&BTreeSet<String>>) -> TreeListing {
        let root = self.tree("", false);
        let mut walk = TreeWalk::new(Selection { rules, only }, "", root);
        while let Some(request) = walk.next_request() {
            let answer = self.tree(&request.sha, request.is_recursive);
            walk.take(request, answer);
        }
        walk.finish()
    }
}

fn entry(path: &str, mode: &str, kind: &str, sha: &str, size: Option<u64>) -> TreeEntry {
    let own = str::to_owned;
    TreeEntry { path: own(path), mode: own(mode), kind: own(kind), sha: own(sha), size }
}

fn rules(include: &[&str]) -> PathRules {
    PathRules::new(&include.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>(), &[]).unwrap()
}

fn keys(listing: &TreeListing) -> Vec<&str> {
    let mut keys: Vec<&str> = listing.documents.iter().map(|document| document.key.as_str()).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_tree_of_250_000_files_needs_few_calls() {
    let code = (0..249_000).map(|n| format!("packages/p{}/src/f{n}.ts", n % 400));
    let mut repository = Repository::with(code.chain((0..1_000).map(|n| format!("docs/d{}/f{n}.md", n % 20))));
    let listing = repository.listed(&rules(&["docs/**"]), None);
    assert!(listing.is_complete);
    assert_eq!(listing.documents.len(), 1_000);
    assert!(repository.calls <= 10, "{}", repository.calls);
}

#[test]
fn a_cut_tree_is_read_directory_by_directory() {
    let code = (0..250_000).map(|n| format!("p{}/src/f{n}.ts", n % 50));
    let readmes = (0..50).map(|n| format!("p{n}/README.md"));
    let mut repository = Repository::with(code.chain(readmes).chain(["README.md".to_owned()]));
    let listing = repository.listed(&rules(&["README.md", "*/README.md"]), None);
    assert!(listing.is_complete);
    assert_eq!(listing.documents.len(), 51);
    assert_eq!(repository.calls, 52, "the root twice, and each directory");
}

#[test]
fn a_directory_that_is_cut_by_itself_makes_the_listing_incomplete() {
    let mut repository = Repository::with((0..CUT + 5).map(|n| format!("docs/f{n}.md")));
    let listing = repository.listed(&rules(&["docs/**"]), None);
    assert!(!listing.is_complete);
    assert_eq!(listing.documents.len(), CUT);
}

#[test]
fn a_small_repository_is_one_or_two_calls() {
    let paths = ["README.md", "a/x.md", "b/x.md", "c/d/x.md", "e/x.md", "e/x.ts"];
    let mut repository = Repository::with(paths.map(str::to_owned));
    let listing = repository.listed(&rules(&["**/*.md"]), None);
    assert_eq!((keys(&listing), repository.calls), (vec!["README.md", "a/x.md", "b/x.md", "c/d/x.md", "e/x.md"], 2));
    let version = listing.documents.iter().find(|document| document.key == "c/d/x.md").map(|found| &found.version);
    assert_eq!(version.map(String::as_str), Some("sha of c/d/x.md"));
    repository.calls = 0;
    assert_eq!(keys(&repository.listed(&rules(&["README.md"]), None)), ["README.md"]);
    assert_eq!(repository.calls, 1);
}

#[test]
fn only_the_changed_paths_are_looked_for() {
    let mut repository = Repository::with((0..300_000).map(|n| format!("d{}/f{n}.md", n % 100)));
    let only: BTreeSet<String> = ["d7/f7.md", "d7/gone.md", "d9/f9.txt"].map(str::to_owned).into();
    let listing = repository.listed(&rules(&["**/*.md"]), Some(&only));
    assert_eq!((keys(&listing), repository.calls), (vec!["d7/f7.md"], 3));
}

#[test]
fn files_that_are_no_documents_are_counted_by_reason() {
    let mut repository = Repository::default();
    let long = format!("docs/{}.md", "x".repeat(PATH));
    let cases = [
        ("docs/a.md", "100644", 10),
        ("docs/run.sh", "100755", 10),
        ("docs/link.md", "120000", 10),
        ("docs/module", "160000", 0),
        ("docs/huge.md", "100644", KEPT_DOCUMENT_BYTES as u64 + 1),
        ("docs/none.md", "100644", 0),
        ("docs/logo.PNG", "100644", 10),
        (long.as_str(), "100644", 10),
        ("other/link", "120000", 10),
    ];
    repository.files = cases.map(|(path, mode, size)| (path.to_owned(), (mode, size))).into();
    let listing = repository.listed(&rules(&["docs/**"]), None);
    assert_eq!(keys(&listing), ["docs/a.md", "docs/run.sh"]);
    use SkipReason::{BadName, Binary, Empty, Submodule, Symlink, TooLarge};
    for reason in [Symlink, Submodule, TooLarge, Empty, Binary, BadName] {
        assert_eq!(listing.skipped.of(reason), 1, "{reason:?}");
    }
}

#[test]
fn the_first_configuration_file_is_read_and_a_link_is_none() {
    let root = |names: &[(&str, &str)]| Tree {
        tree: names.iter().map(|(name, mode)| entry(name, mode, "blob", name, Some(1))).collect(),
        truncated: false,
    };
    let found = |root: &Tree| config_file(root).map(|entry| entry.path.clone());
    let both = root(&[("campanile.yml", "100644"), (".lightfast.yaml", "100644"), ("README.md", "100644")]);
    assert_eq!(found(&both).as_deref(), Some(".lightfast.yaml"));
    let linked = root(&[("lightfast.yml", "120000"), ("campanile.yml", "100644")]);
    assert_eq!(found(&linked).as_deref(), Some("campanile.yml"));
    assert_eq!(found(&root(&[("README.md", "100644")])), None);
}

#[test]
fn a_content_says_why_it_is_no_document() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    assert_eq!(reason_to_skip(pointer), Some(SkipReason::LfsPointer));
    assert_eq!(reason_to_skip(b"\xff\xfe"), Some(SkipReason::Binary));
    assert_eq!(reason_to_skip(b"a\0b"), Some(SkipReason::Binary));
    assert_eq!(reason_to_skip(b" \n"), Some(SkipReason::Empty));
    assert_eq!(reason_to_skip(&vec![b'a'; KEPT_DOCUMENT_BYTES + 1]), Some(SkipReason::TooLarge));
    assert_eq!(reason_to_skip(b"# A page"), None);
}
