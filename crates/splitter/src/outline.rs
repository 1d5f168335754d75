//! The outline of a text: its sections by headings, and the blocks of each.

use std::ops::Range;

use crate::title::one_line;

/// The lowest headings that are told apart.
const DEEPEST: u8 = 6;

/// The places at which a block may be cut if it is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// At sentences, or else between words.
    Sentences,
    /// At the ends of lines: code, and the rows of tables.
    Lines,
}

/// A block of text, such as a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) range: Range<usize>,
    pub(crate) cut: Cut,
}

/// The text below a heading, up to the next heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Section {
    /// The headings under which it stands, its own included. None before the first heading.
    pub(crate) path: Vec<String>,
    pub(crate) blocks: Vec<Block>,
}

/// The sections of a text, in order.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    pub(crate) sections: Vec<Section>,
    /// The headings that are open: level and text.
    open: Vec<(u8, String)>,
    title: Option<String>,
}

impl Outline {
    pub(crate) fn new() -> Self {
        Self { sections: vec![Section::default()], open: Vec::new(), title: None }
    }

    /// The first heading of the highest level, if the text begins its headings with one.
    pub(crate) fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Begins the section of a heading.
    pub(crate) fn heading(&mut self, level: u8, text: &str) {
        let (level, text) = (level.clamp(1, DEEPEST), one_line(text));
        if text.is_empty() {
            return;
        }
        if level == 1 && self.title.is_none() {
            self.title = Some(text.clone());
        }
        self.open.retain(|(other, _)| *other < level);
        self.open.push((level, text));
        let path = self.open.iter().map(|(_, text)| text.clone()).collect();
        self.sections.push(Section { path, blocks: Vec::new() });
    }

    /// Adds a block to the section that is open, without the blank lines around it.
    pub(crate) fn block(&mut self, text: &str, range: Range<usize>, cut: Cut) {
        let inner = &text[range.clone()];
        let trimmed = inner.trim();
        // The indentation of its first line is part of a block.
        let before = inner.len() - inner.trim_start().len();
        let line = inner[..before].rfind('\n').map_or(0, |at| at + 1);
        if !trimmed.is_empty()
            && let Some(section) = self.sections.last_mut()
        {
            section.blocks.push(Block { range: range.start + line..range.start + before + trimmed.len(), cut });
        }
    }
}
