//! The configuration file of a repository: which of its files become documents.
//!
//! ```yaml
//! version: 1
//! store: docs
//! include:
//!   - docs/**/*.md
//!   - README.md
//! exclude:
//!   - docs/drafts/**
//! ```
//!
//! A file that cannot be used is refused as a whole. The error names the line and what is expected
//! there. A repository without such a file has the [default rules](PathRules::default).

#[cfg(test)]
mod tests;
mod yaml;

use super::paths::{PathRules, RuleError};
use yaml::{Field, Item, Value};

/// The names of the file, at the root of a repository. The first one that exists is read.
pub const FILE_NAMES: [&str; 8] = [
    "lightfast.yml",
    ".lightfast.yml",
    "lightfast.yaml",
    ".lightfast.yaml",
    "campanile.yml",
    ".campanile.yml",
    "campanile.yaml",
    ".campanile.yaml",
];
/// The largest file that is read, in bytes.
pub const FILE_BYTES: usize = 64 * 1024;
/// The version of the format.
const VERSION: &str = "1";
/// The longest name of a store.
const STORE_LENGTH: usize = 20;
/// The fields of the file.
const FIELDS: &str = "version, store, include and exclude";

/// A configuration file that was read.
#[derive(Debug, Clone)]
pub struct SyncConfig {
    /// The name of a store. It is checked, and has no effect: documents go to the workspace of the
    /// source.
    pub store: Option<String>,
    /// The files that are documents.
    pub rules: PathRules,
}

/// The fault of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ConfigError {
    /// The line, counted from one.
    pub line: usize,
    /// A sentence that says what is expected.
    pub message: String,
}

impl ConfigError {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// Reads a configuration file.
///
/// # Errors
/// When the file is too large, is no YAML, or has a field that is unknown or out of bounds.
pub fn read(content: &[u8]) -> Result<SyncConfig, ConfigError> {
    if content.len() > FILE_BYTES {
        return Err(ConfigError::new(1, format!("the file must have at most {FILE_BYTES} bytes")));
    }
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = 1 + content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        ConfigError::new(line, "the file must be UTF-8")
    })?;
    let fields = yaml::fields(text)?;
    for (at, field) in fields.iter().enumerate() {
        let Field { name, line, .. } = field;
        if !matches!(name.as_str(), "version" | "store" | "include" | "exclude") {
            return Err(ConfigError::new(*line, format!("the field {name:?} is unknown; the fields are {FIELDS}")));
        }
        if fields[..at].iter().any(|earlier| earlier.name == *name) {
            return Err(ConfigError::new(*line, format!("the field {name} is there twice")));
        }
    }
    let field = |name: &str| fields.iter().find(|field| field.name == name);
    check_version(field("version"))?;
    let store = field("store").map(store_of).transpose()?;
    let missing = || ConfigError::new(1, "the field include is missing; it must be a list of globs");
    let include = globs_of(field("include").ok_or_else(missing)?)?;
    let exclude = field("exclude").map_or(Ok(Vec::new()), globs_of)?;
    let line_of = |error: &RuleError| match error {
        RuleError::Include { at, .. } => include.get(*at).map(|item| item.line),
        RuleError::Exclude { at, .. } => exclude.get(*at).map(|item| item.line),
        RuleError::NoInclude | RuleError::TooMany => field("include").map(|field| field.line),
    };
    let texts = |items: &[Item]| items.iter().map(|item| item.text.clone()).collect::<Vec<_>>();
    let rules = PathRules::new(&texts(&include), &texts(&exclude));
    let rules = rules.map_err(|error| ConfigError::new(line_of(&error).unwrap_or(1), error.to_string()))?;
    Ok(SyncConfig { store, rules })
}

fn check_version(field: Option<&Field>) -> Result<(), ConfigError> {
    let expected = format!("the field version must be {VERSION}");
    match field {
        Some(Field { value: Value::Text(text), .. }) if text == VERSION => Ok(()),
        Some(field) => Err(ConfigError::new(field.line, expected)),
        None => Err(ConfigError::new(1, format!("{expected}; it is missing"))),
    }
}

fn store_of(field: &Field) -> Result<String, ConfigError> {
    let is_name = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_framed = text.starts_with('-') || text.ends_with('-') || text.contains("--");
        (1..=STORE_LENGTH).contains(&text.len()) && text.bytes().all(plain) && !is_framed
    };
    match &field.value {
        Value::Text(text) if is_name(text) => Ok(text.clone()),
        _ => {
            let expected = format!(
                "the field store must be 1 to {STORE_LENGTH} small letters, digits and single hyphens between them"
            );
            Err(ConfigError::new(field.line, expected))
        }
    }
}

fn globs_of(field: &Field) -> Result<Vec<Item>, ConfigError> {
    match &field.value {
        Value::List(items) => Ok(items.clone()),
        _ => Err(ConfigError::new(field.line, format!("the field {} must be a list of globs", field.name))),
    }
}
