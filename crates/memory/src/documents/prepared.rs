//! Checks a document and splits it, before anything is stored.

use std::collections::HashSet;

use campanile_base::bounds::{KEPT_DOCUMENT_BYTES, KEPT_DOCUMENT_PASSAGES};
use campanile_base::{Error, LONGEST_ADDRESS, Result, is_web_address};
use campanile_splitter::{Format, Piece, Sizes, Source, SplitDocument, VERSION, is_generated, split};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// The longest name of a document in its source, and the longest path, in characters.
const LONGEST_NAME: usize = 500;
/// The longest title, in characters.
const LONGEST_TITLE: usize = 300;

/// A document to be stored.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentInput {
    /// Its name in its source, by which it is found again: at most 500 characters. The path when
    /// absent.
    pub external_id: Option<String>,
    /// Its place, such as `docs/deploy.md`: at most 500 characters. The external id when absent.
    pub path: Option<String>,
    /// The title. When absent, that of the front matter, the first heading, or the name of the file.
    pub title: Option<String>,
    /// The address at which people read it: `http` or `https`.
    pub url: Option<String>,
    /// The markup: `markdown`, `mdx`, `html`, `rst`, `asciidoc`, `code` or `text`. By the ending of
    /// the path when absent.
    pub format: Option<String>,
    /// The document below which it stands: its id, or its external id.
    pub parent: Option<String>,
    /// The text: at most 2 MiB.
    pub content: String,
}

/// A document that was checked and split.
#[derive(Debug, Clone)]
pub struct PreparedDocument {
    pub(super) external_id: String,
    pub(super) path: String,
    pub(super) url: Option<String>,
    pub(super) format: Format,
    pub(super) parent: Option<String>,
    pub(super) content_hash: String,
    pub(super) config_hash: String,
    pub(super) split: SplitDocument,
    /// The hash of each piece; no two are equal.
    pub(super) hashes: Vec<String>,
}

impl PreparedDocument {
    /// The name in its source.
    pub fn external_id(&self) -> &str {
        &self.external_id
    }
}

/// The text of a file.
///
/// # Errors
/// `Invalid` for a file that is no text.
pub fn text_of(bytes: Vec<u8>) -> Result<String> {
    let text = String::from_utf8(bytes).map_err(|_| Error::invalid_field("content", "must be UTF-8"))?;
    check_content(&text).map(|()| text)
}

/// True for code that a program has written or shortened, by its path and its text. Nobody searches it.
pub fn is_generated_code(path: &str, content: &str) -> bool {
    Format::of_path(path) == Format::Code && is_generated(content)
}

/// Checks a document and splits it. It may take some hundred milliseconds: call it away from the
/// threads that serve requests.
///
/// # Errors
/// `Invalid` for a value out of bounds, a text that is none, or one with too many passages.
pub fn prepare(input: DocumentInput) -> Result<PreparedDocument> {
    let DocumentInput { external_id, path, title, url, format, parent, content } = input;
    check_content(&content)?;
    let path = path.map(|path| path.trim().trim_start_matches('/').to_owned());
    let (external_id, path) = match (external_id, path) {
        (Some(id), Some(path)) => (id, path),
        (Some(id), None) => (id.clone(), id),
        (None, Some(path)) => (path.clone(), path),
        (None, None) => return Err(Error::invalid_field("externalId", "or path must be set")),
    };
    check_line("externalId", &external_id, LONGEST_NAME)?;
    check_line("path", &path, LONGEST_NAME)?;
    if let Some(title) = &title {
        check_line("title", title, LONGEST_TITLE)?;
    }
    if let Some(url) = &url {
        check_url(url)?;
    }
    let format = format_of(format.as_deref(), &path)?;
    if format == Format::Code && is_generated(&content) {
        return Err(Error::invalid_field("content", "is generated or minified code, which nobody searches"));
    }
    let content_hash = hash([format.as_str(), &content]);
    let sizes = Sizes::default();
    let Sizes { target, most, overlap, least } = sizes;
    let config_hash = hash([format!("{VERSION} {target} {most} {overlap} {least}").as_str()]);
    let source = Source { content: &content, format, path: &path, title: title.as_deref() };
    let mut split = split(source, sizes);
    let mut seen = HashSet::new();
    let text = &split.text;
    // Equal pieces under equal headings are found once.
    split.pieces.retain(|piece| seen.insert(hash_of(format, piece, text)));
    if split.pieces.len() > KEPT_DOCUMENT_PASSAGES {
        let why = format!("has more than {KEPT_DOCUMENT_PASSAGES} passages; divide it into several documents");
        return Err(Error::invalid_field("content", why));
    }
    let hashes = split.pieces.iter().map(|piece| hash_of(format, piece, &split.text)).collect();
    Ok(PreparedDocument { external_id, path, url, format, parent, content_hash, config_hash, split, hashes })
}

fn check_content(content: &str) -> Result<()> {
    if content.len() > KEPT_DOCUMENT_BYTES {
        return Err(Error::invalid_field("content", format!("must have at most {KEPT_DOCUMENT_BYTES} bytes")));
    }
    // No database stores it in a text, and no text has it.
    if let Some(at) = content.find('\0') {
        return Err(Error::invalid_field("content", format!("has a NUL at byte {at}: it is no text")));
    }
    match content.trim().is_empty() {
        true => Err(Error::invalid_field("content", "must not be empty")),
        false => Ok(()),
    }
}

fn check_line(field: &'static str, text: &str, longest: usize) -> Result<()> {
    let is_line = !text.trim().is_empty() && !text.contains(char::is_control);
    match is_line && text.chars().count() <= longest {
        true => Ok(()),
        false => Err(Error::invalid_field(field, format!("must be one line of 1 to {longest} characters"))),
    }
}

fn check_url(url: &str) -> Result<()> {
    match is_web_address(url) {
        true => Ok(()),
        false => {
            Err(Error::invalid_field("url", format!("must be http or https, of at most {LONGEST_ADDRESS} characters")))
        }
    }
}

fn format_of(named: Option<&str>, path: &str) -> Result<Format> {
    let Some(named) = named else { return Ok(Format::of_path(path)) };
    Format::parse(named).ok_or_else(|| {
        let known = Format::ALL.map(Format::as_str).join(", ");
        Error::invalid_field("format", format!("must be one of {known}"))
    })
}

/// The identity of a chunk. The format is part of it, because chunks are filtered by it.
fn hash_of(format: Format, piece: &Piece, text: &str) -> String {
    let headings = piece.headings.iter().map(String::as_str);
    let version = VERSION.to_string();
    hash([version.as_str(), format.as_str()].into_iter().chain(headings).chain([&text[piece.range.clone()]]))
}

/// The SHA-256 of some texts, each with its length.
fn hash<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    hex::encode(hasher.finalize())
}
