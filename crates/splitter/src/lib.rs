//! Splits documents into passages: pieces that are small enough to be found and read on their own.
//! Pure: no storage, no clock.
//!
//! # The steps
//! 1. The *text* of the document is made: without front matter, and without the tags of HTML and
//!    MDX. All ranges are bytes of this text.
//! 2. Its *outline* is read: sections by their headings, and in each section the blocks, such as
//!    paragraphs, items of lists, tables and fenced code.
//! 3. The blocks of each section are *packed* into pieces up to a size. A block is cut only if it is
//!    too large alone: prose at sentences, code and tables at lines.
//!
//! A piece has a path of headings: the title of the document, and the headings under which it
//! stands. Sections are packed on their own, so that a change in one leaves the pieces of the
//! others as they are.

mod code;
mod cut;
mod format;
mod front_matter;
mod html;
mod markdown;
mod mdx;
mod outline;
mod pack;
mod plain;
#[cfg(test)]
mod tests;
mod title;
mod tokens;

use std::ops::Range;

pub use code::is_generated;
pub use format::Format;
pub use title::{LONGEST_SLUG, is_slug, slug_of_path, title_of_path};
pub use tokens::count as count_tokens;

use front_matter::FrontMatter;
use outline::Outline;

/// The version of the rules. Documents that were split by others are split again.
pub const VERSION: u32 = 1;

/// The sizes of pieces, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Blocks are packed up to this size.
    pub target: usize,
    /// The largest piece, its headings included.
    pub most: usize,
    /// The end of a piece that the next one begins with, within a block that had to be cut.
    pub overlap: usize,
    /// A smaller section joins the one before it.
    pub least: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { target: 180, most: 240, overlap: 40, least: 24 }
    }
}

/// A document to split.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    /// The content.
    pub content: &'s str,
    /// The markup.
    pub format: Format,
    /// The place of the document, such as `docs/02-deploy.md`.
    pub path: &'s str,
    /// The title, if it is known from elsewhere.
    pub title: Option<&'s str>,
}

/// A document that was split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitDocument {
    /// The title, of one line.
    pub title: String,
    /// The last part of an address.
    pub slug: String,
    /// The description in the front matter.
    pub description: Option<String>,
    /// The tags in the front matter.
    pub tags: Vec<String>,
    /// The text that the ranges are of.
    pub text: String,
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The title of the document, and the headings under which it stands.
    pub headings: Vec<String>,
    /// The bytes.
    pub range: Range<usize>,
    /// Its size, without the headings.
    pub tokens: usize,
}

/// Splits a document.
pub fn split(source: Source<'_>, sizes: Sizes) -> SplitDocument {
    let content = source.content.strip_prefix('\u{feff}').unwrap_or(source.content);
    let (front_matter, body) = match source.format {
        Format::Markdown | Format::Mdx => front_matter::read(content),
        _ => (FrontMatter::default(), content),
    };
    let (text, outline) = read(source.format, body);
    let first_heading = outline.title().filter(|_| source.format != Format::Code);
    let title = title::choose(source.title, front_matter.title.as_deref(), first_heading, source.path);
    let slug = title::slug(front_matter.slug.as_deref(), source.path, &title);
    let mut pieces = pack::pack(&text, &outline, &title, sizes);
    if pieces.is_empty() {
        // Nothing but headings: they are the text.
        pieces = pack::pack(&text, &plain::paragraphs(&text), &title, sizes);
    }
    SplitDocument { title, slug, description: front_matter.description, tags: front_matter.tags, text, pieces }
}

fn read(format: Format, body: &str) -> (String, Outline) {
    let with = |read: fn(&str) -> Outline, text: String| {
        let outline = read(&text);
        (text, outline)
    };
    match format {
        Format::Markdown => with(markdown::outline, body.to_owned()),
        Format::Mdx => with(markdown::outline, mdx::without_tags(body)),
        Format::Html => html::read(body),
        Format::Rst => with(plain::restructured, body.to_owned()),
        Format::Asciidoc => with(plain::asciidoc, body.to_owned()),
        Format::Code => with(code::outline, body.to_owned()),
        Format::Text => with(plain::paragraphs, body.to_owned()),
    }
}
