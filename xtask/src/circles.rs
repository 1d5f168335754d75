//! Looks for modules of a crate that import each other in a circle.
//!
//! Modules form floors: types and their SQL below, operations that change several of them above,
//! and the crate's `lib.rs` as its door. Imports from a module's own ancestors are not counted: a
//! folder's `mod.rs` and the files in the folder belong together. A name is followed through
//! re-exports to the file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::chore::Outcome;

/// The path of a module in its crate: `["store", "runs"]`. The crate's root is empty.
type Place = Vec<String>;

/// Fails if any crate has a circle. Prints each circle: its files, and the names that they import.
pub fn check() -> Outcome {
    let crates = fs::read_dir("crates").map_err(|e| e.to_string())?;
    let mut names: Vec<String> = crates.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let mut found = 0;
    for name in names {
        let tree = Tree::read(&Path::new("crates").join(&name).join("src"))?;
        for circle in tree.circles() {
            eprintln!("✗ a circle in {name}:\n{}", tree.describe(&circle));
            found += 1;
        }
    }
    match found {
        0 => Ok(()),
        n => Err(format!("{n} circles of modules")),
    }
}

/// The modules of a crate and the names in them.
#[derive(Default)]
struct Tree {
    files: BTreeMap<Place, PathBuf>,
    /// Paths in a module, as they are written.
    paths: BTreeMap<Place, Vec<Vec<String>>>,
    /// Names that a module imports with `use`, and their paths.
    aliases: BTreeMap<(Place, String), Vec<String>>,
    /// The number of times that a word occurs in a module.
    words: BTreeMap<(Place, String), usize>,
    /// Paths that a module re-exports, with the name of each. They count as an import only if the
    /// module uses the name itself.
    offered: BTreeMap<Place, Vec<(String, Vec<String>)>>,
}

impl Tree {
    fn read(root: &Path) -> Outcome<Self> {
        let mut tree = Self::default();
        tree.find_files(root, &[])?;
        for (place, file) in tree.files.clone() {
            let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            let tokens: TokenStream = text.parse().map_err(|e| format!("{}: {e}", file.display()))?;
            tree.scan(&place, tokens);
        }
        Ok(tree)
    }

    fn find_files(&mut self, folder: &Path, place: &[String]) -> Outcome {
        for entry in fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?.flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let stem = name.strip_suffix(".rs").unwrap_or(&name);
            if stem == "tests" || stem.ends_with("_tests") || stem == "bin" {
                continue;
            }
            let mut inner = place.to_vec();
            if !matches!(stem, "mod" | "lib" | "main") {
                inner.push(stem.to_owned());
            }
            if path.is_dir() {
                self.find_files(&path, &inner)?;
            } else if name.ends_with(".rs") {
                self.files.insert(inner, path);
            }
        }
        Ok(())
    }

    /// Records every path in the tokens, and in their groups.
    fn scan(&mut self, place: &Place, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let (mut is_use, mut is_offer, mut follows_path) = (false, false, false);
        while at < tokens.len() {
            if let TokenTree::Ident(word) = &tokens[at] {
                *self.words.entry((place.clone(), word.to_string())).or_default() += 1;
            }
            match &tokens[at] {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_for_tests(tokens.get(at + 1)) => {
                    at = end_of_item(&tokens, at + 2);
                    continue;
                }
                TokenTree::Ident(word) if word == "use" => (is_use, is_offer) = (true, follows_visibility(&tokens, at)),
                TokenTree::Punct(mark) if mark.as_char() == ';' => (is_use, is_offer) = (false, false),
                TokenTree::Ident(word) if !follows_path && self.begins_path(place, &word.to_string()) => {
                    at = self.take_path(place, Vec::new(), &tokens, at, (is_use, is_offer));
                    follows_path = false;
                    continue;
                }
                TokenTree::Group(group) => self.scan(place, group.stream()),
                _ => {}
            }
            follows_path =
                matches!(&tokens[at], TokenTree::Punct(mark) if mark.as_char() == ':' || mark.as_char() == '$');
            at += 1;
        }
    }

    fn begins_path(&self, place: &Place, word: &str) -> bool {
        matches!(word, "crate" | "super" | "self") || self.is_child(place, word)
    }

    fn is_child(&self, place: &Place, word: &str) -> bool {
        self.files.contains_key(&[place.as_slice(), &[word.to_owned()]].concat())
    }

    /// Reads a path, or a tree of paths, from `at` on. Returns the index after it.
    fn take_path(
        &mut self,
        place: &Place,
        mut path: Vec<String>,
        tokens: &[TokenTree],
        mut at: usize,
        (is_use, is_offer): (bool, bool),
    ) -> usize {
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(word)) => path.push(word.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && is_use => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let mut from = 0;
                    while from < inner.len() {
                        from = self.take_path(place, path.clone(), &inner, from, (is_use, is_offer)) + 1;
                    }
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
            match (is_colon(tokens.get(at)), is_colon(tokens.get(at + 1))) {
                (true, true) => at += 2,
                _ => break,
            }
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if matches!(tokens.get(at), Some(TokenTree::Ident(word)) if word == "as") {
            name = tokens.get(at + 1).map_or(name, ToString::to_string);
            at += 2;
        }
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
            name = path.last().cloned().unwrap_or_default();
        }
        // Skip to the end of this part of a group, or of the path.
        while is_use && !matches!(tokens.get(at), None | Some(TokenTree::Punct(_))) {
            at += 1;
        }
        if is_use {
            self.aliases.insert((place.clone(), name.clone()), path.clone());
        }
        if is_offer {
            self.offered.entry(place.clone()).or_default().push((name, path));
        } else if path.len() > 1 || is_use {
            self.paths.entry(place.clone()).or_default().push(path);
        }
        at
    }

    /// The module that a path leads to, and the name in that module.
    fn resolve(&self, place: &Place, path: &[String], depth: usize) -> Option<(Place, String)> {
        let (mut module, mut rest) = match path.first()?.as_str() {
            "crate" => (Place::new(), &path[1..]),
            "self" => (place.clone(), &path[1..]),
            "super" => (place.clone(), path),
            word if self.is_child(place, word) => (place.clone(), path),
            _ => return None,
        };
        while rest.first().is_some_and(|word| word == "super") {
            module.pop()?;
            rest = &rest[1..];
        }
        while let Some((word, after)) = rest.split_first() {
            if self.is_child(&module, word) {
                module.push(word.clone());
                rest = after;
                continue;
            }
            let alias = self.aliases.get(&(module.clone(), word.clone()));
            if let Some(alias) = alias.filter(|_| depth < 8) {
                let whole = [alias.as_slice(), after].concat();
                return self.resolve(&module, &whole, depth + 1);
            }
            return Some((module, word.clone()));
        }
        let name = module.last().cloned().unwrap_or_default();
        Some((module, name))
    }

    /// For each module, the names that it imports from every other module, except its own ancestors.
    fn arrows(&self) -> BTreeMap<&Place, BTreeMap<Place, BTreeSet<String>>> {
        let mut arrows: BTreeMap<&Place, BTreeMap<Place, BTreeSet<String>>> = BTreeMap::new();
        let is_used = |place: &Place, name: &String| self.words.contains_key(&(place.clone(), name.clone()));
        for place in self.files.keys() {
            let offered = self.offered.get(place).into_iter().flatten();
            let used = offered.filter(|(name, _)| is_used(place, name)).map(|(_, path)| path);
            let paths = self.paths.get(place).into_iter().flatten().chain(used);
            for (to, name) in paths.filter_map(|path| self.resolve(place, path, 0)) {
                if !place.starts_with(&to) && self.files.contains_key(&to) {
                    arrows.entry(place).or_default().entry(to).or_default().insert(name);
                }
            }
        }
        arrows
    }

    /// The groups of two or more modules that reach each other.
    fn circles(&self) -> Vec<BTreeSet<Place>> {
        let arrows = self.arrows();
        let reach = |from: &Place| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(place) = next.pop() {
                for to in arrows.get(&place).into_iter().flat_map(BTreeMap::keys) {
                    if seen.insert(to.clone()) {
                        next.push(to.clone());
                    }
                }
            }
            seen
        };
        let reached: BTreeMap<&Place, BTreeSet<Place>> = self.files.keys().map(|place| (place, reach(place))).collect();
        let mut circles: Vec<BTreeSet<Place>> = Vec::new();
        for (place, seen) in &reached {
            if seen.contains(*place) && !circles.iter().any(|circle| circle.contains(*place)) {
                circles.push(seen.iter().filter(|other| reached[other].contains(*place)).cloned().collect());
            }
        }
        circles
    }

    fn describe(&self, circle: &BTreeSet<Place>) -> String {
        let mut lines = Vec::new();
        for (from, to, names) in
            self.arrows().into_iter().flat_map(|(from, all)| all.into_iter().map(move |(to, names)| (from, to, names)))
        {
            if circle.contains(from) && circle.contains(&to) {
                let names: Vec<String> = names.into_iter().collect();
                let file = |place: &Place| self.files[place].display().to_string();
                lines.push(format!("  {} → {}: {}", file(from), file(&to), names.join(", ")));
            }
        }
        lines.join("\n")
    }
}

/// True if the `use` at this index re-exports: `pub use`, `pub(crate) use`.
fn follows_visibility(tokens: &[TokenTree], at: usize) -> bool {
    let is_pub = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Ident(word)) if word == "pub");
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    is_pub(before(1)) || (matches!(before(1), Some(TokenTree::Group(_))) && is_pub(before(2)))
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':')
}

fn is_for_tests(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// The index after the item that begins at `at`: after its semicolon or its braces.
fn end_of_item(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens[at..].iter().position(ends).map_or(tokens.len(), |length| at + length + 1)
}
