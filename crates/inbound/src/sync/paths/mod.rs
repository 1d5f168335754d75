//! The rules that say which files of a repository are documents.
//!
//! A file is a document if one of the globs to include matches its path and none of those to exclude
//! does. `*` stands for a part of one name, `**` for any number of directories. A glob to exclude
//! also excludes everything below the path that it matches.
//!
//! Directories with built or installed files are never read. Names that begin with a dot are matched
//! only by a part of a glob that begins with a dot itself.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

/// The globs of a repository without a configuration file.
const DEFAULT_INCLUDE: [&str; 3] = ["docs/**/*.md", "docs/**/*.mdx", "README.md"];
/// The directories that are never read.
const NEVER: [&str; 6] = ["node_modules", ".git", "dist", "build", ".next", ".turbo"];
/// The most globs.
const GLOBS: usize = 100;
/// The longest glob, in bytes.
const GLOB_BYTES: usize = 200;

/// The rules, ready to match.
#[derive(Debug, Clone)]
pub struct PathRules {
    include: GlobSet,
    /// The globs of `include`, by names.
    names: Vec<GlobNames>,
    exclude: GlobSet,
}

/// A glob by the names between its slashes.
#[derive(Debug, Clone)]
struct GlobNames {
    names: Vec<NamePattern>,
    /// The patterns that begin with a dot.
    hidden: Vec<GlobMatcher>,
}

/// A pattern for a name of a path.
#[derive(Debug, Clone)]
enum NamePattern {
    /// Matches one name.
    One(GlobMatcher),
    /// Matches any number of names.
    Any,
}

/// The files that one listing looks for.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'s> {
    /// The rules of the repository.
    pub rules: &'s PathRules,
    /// The paths that are of interest; `None` for all.
    pub only: Option<&'s BTreeSet<String>>,
}

/// The reason why rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum RuleError {
    #[error("the field include must have at least one glob")]
    NoInclude,
    #[error("there must be at most {GLOBS} globs")]
    TooMany,
    #[error("the glob {glob:?} {rule}")]
    Include { at: usize, glob: String, rule: String },
    #[error("the glob {glob:?} {rule}")]
    Exclude { at: usize, glob: String, rule: String },
}

impl Selection<'_> {
    /// True if the file at this path is a document, and of interest.
    pub fn is_document(&self, path: &str) -> bool {
        self.only.is_none_or(|only| only.contains(path)) && self.rules.is_document(path)
    }

    /// True if a document that is of interest can be somewhere below this directory.
    pub fn may_hold_documents(&self, directory: &str) -> bool {
        let below = format!("{directory}/");
        let has_any =
            |only: &BTreeSet<String>| only.range(below.clone()..).next().is_some_and(|p| p.starts_with(&below));
        self.only.is_none_or(has_any) && self.rules.may_hold_documents(directory)
    }
}

impl Default for PathRules {
    fn default() -> Self {
        Self::new(&DEFAULT_INCLUDE.map(str::to_owned), &[]).expect("the default globs are good")
    }
}

impl PathRules {
    /// Rules of these globs.
    ///
    /// # Errors
    /// When there is no glob to include, when there are too many, or when one cannot be read.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, RuleError> {
        if include.is_empty() {
            return Err(RuleError::NoInclude);
        }
        if include.len() + exclude.len() > GLOBS {
            return Err(RuleError::TooMany);
        }
        let mut includes = GlobSetBuilder::new();
        for (at, glob) in include.iter().enumerate() {
            let built = built(glob).map_err(|rule| RuleError::Include { at, glob: glob.clone(), rule })?;
            includes.add(built);
        }
        let mut excludes = GlobSetBuilder::new();
        for (at, glob) in exclude.iter().enumerate() {
            let refused = |rule| RuleError::Exclude { at, glob: glob.clone(), rule };
            excludes.add(built(above(glob)).map_err(refused)?);
        }
        let set = |globs: GlobSetBuilder| globs.build().map_err(|_| RuleError::TooMany);
        let names = include.iter().map(|glob| GlobNames::of(glob)).collect();
        Ok(Self { include: set(includes)?, names, exclude: set(excludes)? })
    }

    /// True if the file at this path is a document.
    pub fn is_document(&self, path: &str) -> bool {
        let hidden: Vec<&str> = hidden_names(path).collect();
        !is_never_read(path)
            && self.include.matches(path).into_iter().any(|at| self.names[at].names_all(&hidden))
            && !self.is_excluded(path)
    }

    /// True if a file somewhere below this directory can be a document. The root is the empty path.
    pub fn may_hold_documents(&self, directory: &str) -> bool {
        if directory.is_empty() {
            return true;
        }
        !is_never_read(directory)
            && !self.is_excluded(directory)
            && self.names.iter().any(|glob| glob.can_match_below(directory))
    }

    /// True if the path, or a directory above it, is excluded.
    fn is_excluded(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        !self.exclude.is_empty() && ends.into_iter().any(|end| self.exclude.is_match(&path[..end]))
    }
}

impl GlobNames {
    fn of(glob: &str) -> Self {
        let names: Vec<NamePattern> = parts(glob).into_iter().map(NamePattern::of).collect();
        let hidden = parts(glob).into_iter().filter(|part| part.starts_with('.'));
        let hidden = hidden.filter_map(|part| built(part).ok()).map(|glob| glob.compile_matcher()).collect();
        Self { names, hidden }
    }

    /// True if the glob has a pattern for each of these hidden names.
    fn names_all(&self, hidden: &[&str]) -> bool {
        hidden.iter().all(|name| self.hidden.iter().any(|pattern| pattern.is_match(name)))
    }

    fn can_match_below(&self, directory: &str) -> bool {
        let hidden: Vec<&str> = hidden_names(directory).collect();
        if !self.names_all(&hidden) {
            return false;
        }
        let mut patterns = self.names.iter();
        for name in directory.split('/') {
            match patterns.next() {
                Some(NamePattern::Any) => return true,
                Some(NamePattern::One(pattern)) if pattern.is_match(name) => {}
                _ => return false,
            }
        }
        patterns.next().is_some()
    }
}

impl NamePattern {
    fn of(part: &str) -> Self {
        // Braces and brackets with a slash are not taken apart.
        let is_plain = !part.contains("**") && !part.contains('/');
        match built(part).ok().filter(|_| is_plain) {
            Some(glob) => Self::One(glob.compile_matcher()),
            None => Self::Any,
        }
    }
}

/// The parts of a glob between its slashes. A slash within braces or brackets does not divide.
fn parts(glob: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in glob.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                parts.push(&glob[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&glob[from..]);
    parts
}

/// A glob without the end that stands for everything below.
fn above(glob: &str) -> &str {
    glob.strip_suffix("/**").unwrap_or(glob).trim_end_matches('/')
}

fn built(glob: &str) -> Result<Glob, String> {
    let has_drive = glob.as_bytes().get(1) == Some(&b':') && glob.as_bytes()[0].is_ascii_alphabetic();
    let rule = match glob {
        _ if glob.trim().is_empty() => "must not be empty",
        _ if glob.len() > GLOB_BYTES => return Err(format!("must have at most {GLOB_BYTES} bytes")),
        _ if glob.contains(char::is_control) => "must have no control characters",
        _ if glob.starts_with('/') => "must not begin with a slash: paths begin at the root of the repository",
        _ if glob.starts_with('!') => "must not begin with an exclamation mark: name it under exclude",
        _ if has_drive || glob.contains('\\') => "must have slashes between names, and no drive",
        _ if glob.split('/').any(|name| matches!(name, "." | "..")) => "must not have . or .. between slashes",
        _ => "",
    };
    if !rule.is_empty() {
        return Err(rule.to_owned());
    }
    let glob = GlobBuilder::new(glob).literal_separator(true).build();
    glob.map_err(|error| format!("cannot be read: {}", error.kind()))
}

fn is_never_read(path: &str) -> bool {
    path.split('/').any(|name| NEVER.contains(&name))
}

fn hidden_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| name.starts_with('.'))
}
